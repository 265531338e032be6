"""When which task goes on: needs, lanes, pauses, and how many run at once. Knows nothing of steps or of Azure."""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Generator, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from dataclasses import dataclass
from typing import Protocol

from reconciler.apply.outcome import Status
from reconciler.core.errors import Problem
from reconciler.core.ports import Clock


@dataclass(frozen=True, slots=True)
class Pause:
    """A task waits for something outside; `percent` is how far that is, if it says."""

    seconds: float
    what: str
    percent: float | None = None


@dataclass(frozen=True, slots=True)
class Ending:
    """How a task ended; `cause` is the name of the task that is to blame, if it is another one."""

    status: Status
    problem: Problem | None = None
    cause: str = ""

    @property
    def landed(self) -> bool:
        return self.status in {"done", "skipped"}


Course = Generator[Pause, None, Ending]
"""Blocks (sends requests) between two yields, and never waits itself: it yields what it waits for."""


@dataclass(frozen=True, slots=True)
class Task:
    """`needs` are positions of earlier tasks that must have landed; tasks of one non-empty lane never overlap."""

    name: str
    course: Course
    needs: tuple[int, ...] = ()
    lane: str = ""


class Listener(Protocol):
    """Called from the scheduler's own thread, with the position of the task."""

    def held(self, position: int) -> Ending | None:
        """Asked just before a task starts: how it ends if it may not."""
        ...

    def started(self, position: int) -> None: ...

    def paused(self, position: int, pause: Pause) -> None: ...

    def ended(self, position: int, ending: Ending) -> None: ...

    def interrupted(self) -> None:
        """From here on nothing new may be sent."""
        ...


class Scheduler:
    """Runs tasks. With an inline executor, what comes next depends on their order and on the clock alone."""

    def __init__(
        self, tasks: Sequence[Task], executor: Executor, clock: Clock, in_flight: int, listener: Listener
    ) -> None:
        if in_flight < 1:
            raise ValueError("in_flight must be at least 1")
        self._tasks = tasks
        self._executor = executor
        self._clock = clock
        self._in_flight = in_flight
        self._listener = listener
        self._ended: set[int] = set()
        self._started: set[int] = set()
        self._needs_left = [len(task.needs) for task in tasks]
        self._dependents: list[list[int]] = [[] for _ in tasks]
        self._waiting: list[tuple[float, int]] = []  # heap of (moment of waking, position)
        self._running: dict[Future[Pause | Ending], int] = {}
        self._lanes: dict[str, list[int]] = {}  # taken lanes, and a heap of who waits for each
        for position, task in enumerate(tasks):
            for need in task.needs:
                if not 0 <= need < position:
                    raise ValueError(f"{task.name} comes before what it needs")
                self._dependents[need].append(position)

    def run(self) -> bool:
        """True when every task has ended, False when an interruption came first: then nothing new starts, running calls end.

        Anything else that a task raises comes out of here.
        """
        try:
            for position, task in enumerate(self._tasks):
                if not task.needs:
                    self._offer(position)
            while self._waiting or self._running:
                self._submit()
                self._collect()
        except KeyboardInterrupt:
            self._listener.interrupted()
            self._drain()
            return False
        return True

    def _now(self) -> float:
        return self._clock.now().timestamp()

    def _offer(self, position: int) -> None:
        """All that the task needs has landed: it goes on now, or when its lane is free."""
        lane = self._tasks[position].lane
        if lane and lane in self._lanes:
            heapq.heappush(self._lanes[lane], position)
            return
        if lane:
            self._lanes[lane] = []
        heapq.heappush(self._waiting, (self._now(), position))

    def _submit(self) -> None:
        now = self._now()
        while self._waiting and self._waiting[0][0] <= now and len(self._running) < self._in_flight:
            _, position = heapq.heappop(self._waiting)
            if position not in self._started:
                held = self._listener.held(position)
                if held:
                    self._end(position, held)
                    continue
                self._started.add(position)
                self._listener.started(position)
            future = self._executor.submit(_advance, self._tasks[position].course)
            self._running[future] = position
            if future.done():  # an inline executor: what the call raised must stop the next one from being made
                self._take(future)

    def _collect(self) -> None:
        if not self._running:
            if self._waiting:
                self._sleep_until(self._waiting[0][0])
            return
        timeout = None
        if self._waiting and len(self._running) < self._in_flight:
            timeout = max(self._waiting[0][0] - self._now(), 0.0)
        done, _ = wait(self._running, timeout, FIRST_COMPLETED)
        for future in sorted(done, key=self._running.__getitem__):
            self._take(future)

    def _sleep_until(self, moment: float) -> None:
        seconds = moment - self._now()
        if seconds > 0:
            self._clock.sleep(seconds)

    def _take(self, future: Future[Pause | Ending]) -> None:
        position = self._running.pop(future)
        answer = future.result()
        if isinstance(answer, Ending):
            self._end(position, answer)
        else:
            heapq.heappush(self._waiting, (self._now() + answer.seconds, position))
            self._listener.paused(position, answer)

    def _end(self, position: int, ending: Ending) -> None:
        """Ends a task, and with it everything that needs it and now can't start."""
        self._free(self._tasks[position].lane)
        endings = deque([(position, ending)])
        while endings:
            position, ending = endings.popleft()
            if position in self._ended:
                continue
            self._ended.add(position)
            self._listener.ended(position, ending)
            for dependent in self._dependents[position]:
                if ending.landed:
                    self._needs_left[dependent] -= 1
                    if not self._needs_left[dependent]:
                        self._offer(dependent)
                else:
                    cause = ending.cause or self._tasks[position].name
                    endings.append((dependent, Ending("blocked", cause=cause)))

    def _free(self, lane: str) -> None:
        if not lane:
            return
        queue = self._lanes.pop(lane)
        if queue:
            following = heapq.heappop(queue)
            self._lanes[lane] = queue
            heapq.heappush(self._waiting, (self._now(), following))

    def _drain(self) -> None:
        """Waits for the calls that are under way. A second interruption ends that too."""
        try:
            while self._running:
                done, _ = wait(self._running, return_when=FIRST_COMPLETED)
                for future in sorted(done, key=self._running.__getitem__):
                    self._take(future)
        except KeyboardInterrupt:
            return


def _advance(course: Course) -> Pause | Ending:
    """Runs a task up to its next pause or its end."""
    try:
        return next(course)
    except StopIteration as end:
        ending: Ending = end.value
        return ending
