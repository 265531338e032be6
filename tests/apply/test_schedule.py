"""Which task goes on when: properties over any graph, lanes, pauses and endings."""

from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from threading import Event
from typing import ParamSpec, TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.apply.inline import InlineExecutor
from reconciler.apply.outcome import Status
from reconciler.apply.patience import pauses, polite
from reconciler.apply.schedule import Course, Ending, Pause, Scheduler, Task
from tests.apply.toy import ToyClock

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True)
class Made:
    """A task to be made: how long it pauses, one after the other, and how it ends."""

    needs: tuple[int, ...]
    lane: str
    pauses: tuple[float, ...]
    status: Status
    held: bool


@st.composite
def graphs(draw: st.DrawFn) -> list[Made]:
    made = []
    for position in range(draw(st.integers(1, 12))):
        earlier = st.sets(st.integers(0, position - 1), max_size=3) if position else st.just(set[int]())
        made.append(
            Made(
                needs=tuple(sorted(draw(earlier))),
                lane=draw(st.sampled_from(["", "", "x", "y"])),
                pauses=tuple(draw(st.lists(st.sampled_from([0.0, 1.0, 2.5, 60.0]), max_size=3))),
                status=draw(st.sampled_from(["done", "done", "done", "skipped", "failed", "unknown"])),
                held=draw(st.integers(0, 9)) == 0,
            )
        )
    return made


@dataclass
class Log:
    """A listener that writes everything down."""

    made: list[Made]
    clock: ToyClock = field(default_factory=ToyClock)
    events: list[tuple[str, int]] = field(default_factory=list)
    endings: dict[int, Ending] = field(default_factory=dict)

    def held(self, position: int) -> Ending | None:
        return Ending("not_started") if self.made[position].held else None

    def started(self, position: int) -> None:
        self.events.append(("started", position))

    def paused(self, position: int, pause: Pause) -> None:
        self.events.append(("paused", position))

    def ended(self, position: int, ending: Ending) -> None:
        assert position not in self.endings
        self.endings[position] = ending
        self.events.append(("ended", position))

    def interrupted(self) -> None:
        self.events.append(("interrupted", -1))

    def course(self, made: Made) -> Course:
        for seconds in made.pauses:
            yield Pause(seconds, "waits")
        return Ending(made.status)

    def run(self, in_flight: int = 3) -> bool:
        tasks = [Task(str(at), self.course(made), made.needs, made.lane) for at, made in enumerate(self.made)]
        return Scheduler(tasks, InlineExecutor(), self.clock, in_flight, self).run()


@given(graphs())
def test_every_task_ends_once_and_after_what_it_needs(made: list[Made]) -> None:
    log = Log(made)
    assert log.run()
    assert set(log.endings) == set(range(len(made)))
    for position, task in enumerate(made):
        landed = all(log.endings[need].landed for need in task.needs)
        started = ("started", position) in log.events
        if not landed:
            assert (log.endings[position].status, started) == ("blocked", False)
            continue
        assert log.endings[position].status == ("not_started" if task.held else task.status)
        assert started is not task.held
        if started:
            begin = log.events.index(("started", position))
            assert all(log.events.index(("ended", need)) < begin for need in task.needs)


@given(graphs())
def test_the_cause_of_what_is_blocked_did_not_land_itself_and_is_not_blocked(made: list[Made]) -> None:
    log = Log(made)
    log.run()
    for ending in log.endings.values():
        if ending.status == "blocked":
            cause = log.endings[int(ending.cause)]
            assert not cause.landed
            assert cause.status != "blocked"


@given(graphs())
def test_tasks_of_one_lane_never_overlap(made: list[Made]) -> None:
    log = Log(made)
    log.run()
    for lane in ("x", "y"):
        inside: set[int] = set()
        for event, position in log.events:
            if made[position].lane == lane and event == "started":
                assert not inside
                inside.add(position)
            elif event == "ended":
                inside.discard(position)


@given(graphs())
def test_no_more_time_passes_than_the_longest_chain_and_lanes_need(made: list[Made]) -> None:
    log = Log(made)
    log.run()
    assert log.clock.seconds <= sum(sum(task.pauses) for task in made)
    if not any(task.lane for task in made):
        ends: list[float] = []
        for task in made:
            ends.append(max((ends[need] for need in task.needs), default=0.0) + sum(task.pauses))
        assert log.clock.seconds <= max(ends)


@given(graphs(), st.integers(1, 4))
def test_the_same_tasks_give_the_same_events(made: list[Made], in_flight: int) -> None:
    first, second = Log(made), Log(made)
    first.run(in_flight)
    second.run(in_flight)
    assert first.events == second.events


def test_ready_tasks_go_in_their_order_and_waiting_ones_by_the_clock() -> None:
    log = Log([Made((), "", (5.0,), "done", False), Made((), "", (2.0, 2.0), "done", False)])
    log.run()
    assert [event for event in log.events if event[0] != "paused"] == [
        ("started", 0), ("started", 1), ("ended", 1), ("ended", 0),
    ]  # fmt: skip


def test_a_long_lane_needs_no_deep_stack() -> None:
    log = Log([Made((), "x", (), "done", held=True) for _ in range(5000)])
    assert log.run()
    assert len(log.endings) == 5000


def test_a_task_may_need_only_earlier_ones() -> None:
    with pytest.raises(ValueError, match="before what it needs"):
        Log([Made((1,), "", (), "done", False), Made((), "", (), "done", False)]).run()


def test_at_least_one_at_a_time() -> None:
    with pytest.raises(ValueError, match="in_flight"):
        Log([]).run(in_flight=0)


def test_what_a_task_raises_comes_out_and_no_other_task_goes_on() -> None:
    def broken() -> Course:
        raise RuntimeError("a bug")
        yield Pause(0, "never")

    log = Log([Made((), "", (), "done", False)] * 2)
    tasks = [Task("broken", broken()), Task("fine", log.course(log.made[1]))]
    with pytest.raises(RuntimeError, match="a bug"):
        Scheduler(tasks, InlineExecutor(), log.clock, 4, log).run()
    assert log.events == [("started", 0)]


class Late(Executor):
    """Makes the calls only when somebody waits for one, and then all of them: the last that was submitted is done first."""

    def __init__(self) -> None:
        self.open: list[tuple[Future[object], Callable[[], object]]] = []
        self.most = 0

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        future: Future[T] = Future()
        self.open.append((future, partial(fn, *args, **kwargs)))  # type: ignore[arg-type]
        self.most = max(self.most, len(self.open))
        return future

    def wait(self, *arguments: object) -> tuple[list[Future[object]], None]:
        done = []
        while self.open:
            future, call = self.open.pop()
            future.set_result(call())
            done.append(future)
        return done, None


@pytest.mark.parametrize("in_flight", [1, 3, 6])
def test_no_more_calls_at_once_than_allowed_and_no_fewer(in_flight: int, monkeypatch: pytest.MonkeyPatch) -> None:
    late, log = Late(), Log([Made((), "", (1.0,), "done", False)] * 6)
    monkeypatch.setattr("reconciler.apply.schedule.wait", late.wait)
    tasks = [Task(str(position), log.course(made)) for position, made in enumerate(log.made)]
    assert Scheduler(tasks, late, log.clock, in_flight, log).run()
    assert late.most == in_flight
    assert [position for event, position in log.events if event == "ended"] == [0, 1, 2, 3, 4, 5]


def test_while_a_call_runs_a_pause_does_not_hold_up_what_else_ends() -> None:
    """In threads: the second call ends only after the first task has begun to pause."""
    paused = Event()

    def second() -> Course:
        assert paused.wait(10)
        return Ending("done")
        yield Pause(0, "never")

    class Notes(Log):
        def paused(self, position: int, pause: Pause) -> None:
            paused.set()

    log = Notes([Made((), "", (30.0,), "done", False)] * 2)
    with ThreadPoolExecutor(2) as pool:
        Scheduler([Task("0", log.course(log.made[0])), Task("1", second())], pool, log.clock, 3, log).run()
    assert [position for event, position in log.events if event == "ended"] == [1, 0]
    assert log.clock.seconds == 30


def test_interrupted_while_it_waits() -> None:
    class Interrupted(ToyClock):
        def sleep(self, seconds: float) -> None:
            raise KeyboardInterrupt

    log = Log([Made((), "", (5.0,), "done", False)], clock=Interrupted())
    assert not log.run()
    assert log.events == [("started", 0), ("paused", 0), ("interrupted", -1)]


def test_interrupted_twice_it_no_longer_waits_for_calls_that_run(monkeypatch: pytest.MonkeyPatch) -> None:
    class Stuck(InlineExecutor):
        def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
            return Future()

    def interrupt(*arguments: object, **options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("reconciler.apply.schedule.wait", interrupt)
    log = Log([Made((), "", (), "done", False)])
    assert not Scheduler([Task("0", log.course(log.made[0]))], Stuck(), log.clock, 1, log).run()
    assert log.events == [("started", 0), ("interrupted", -1)]


def test_pauses_grow_and_then_stay() -> None:
    waits: Iterator[float] = pauses()
    assert [next(waits) for _ in range(7)] == [5, 10, 20, 40, 60, 60, 60]


@pytest.mark.parametrize(
    ("asked", "waited"),
    [(0, 7), (-1, 7), (float("nan"), 7), (0.2, 1), (17, 17), (300, 300), (86400, 300), (float("inf"), 300)],
)
def test_what_the_service_asks_for_is_clamped(asked: float, waited: float) -> None:
    assert polite(asked, otherwise_seconds=7) == waited
