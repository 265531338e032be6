"""Executes a plan: makes a task of each step, keeps the results, and decides what may not start any more."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from datetime import datetime
from threading import Lock
from typing import Protocol

from reconciler.apply import problems
from reconciler.apply.brake import Brake
from reconciler.apply.outcome import Outcome, StepResult
from reconciler.apply.patience import GRACE_SECONDS
from reconciler.apply.schedule import Ending, Pause, Scheduler, Task
from reconciler.apply.step import Means, StepRun
from reconciler.core.errors import Problem, ReconcilerError
from reconciler.core.kind import AnyKind
from reconciler.core.plan import Plan, Step
from reconciler.core.ports import Clock, Cloud, Journal


class Watcher(Protocol):
    """Told what happens, from the thread that called `apply_plan`."""

    def started(self, step: Step) -> None: ...

    def progress(self, step: Step, what: str, percent: float | None) -> None:
        """`what` the step waits for; `percent` 0 to 100, None when nobody says."""
        ...

    def finished(self, result: StepResult) -> None:
        """Once for every step, also for one that never started."""
        ...


def apply_plan(
    plan: Plan,
    entries: Mapping[str, tuple[AnyKind, object]],
    cloud: Cloud,
    clock: Clock,
    journal: Journal,
    *,
    allowed: Callable[[Step], bool],
    run: Executor,
    in_flight: int,
    request_ids: Iterator[str] | Callable[[], str],
    watch: Watcher,
    unended: Mapping[str, datetime] | None = None,
) -> Outcome:
    """Executes the steps of a plan and returns how each ended.

    `entries`: kind and entry of every address. `allowed` is asked with the freshly derived step, just before it is sent.
    `run` makes the blocking calls, at most `in_flight` at once; with an `InlineExecutor` the same inputs give the same
    requests. `unended` is what the journal says of triggers that a killed run may have sent: the evidence gets time to show.
    Interrupted once (KeyboardInterrupt) it starts nothing new and returns; operations in Azure go on.

    Raises KeyError, before anything is sent, for an address without an entry. What the calls raise, other than
    `ReconcilerError`, comes out of here.
    """
    brake = Brake()
    means = Means(cloud, clock, journal, allowed, _one_at_a_time(request_ids), brake.held)
    runs = _step_runs(plan.steps, entries, means, unended or {})
    return _Run(runs, means, brake, watch).execute(run, in_flight)


class _Run:
    """Listens to the scheduler, and keeps the results by position in the plan."""

    def __init__(self, runs: Sequence[StepRun], means: Means, brake: Brake, watch: Watcher) -> None:
        self._runs = runs
        self._means = means
        self._brake = brake
        self._watch = watch
        self._began: dict[int, float] = {}
        self._results: dict[int, StepResult] = {}
        self._problems: list[Problem] = []

    def execute(self, executor: Executor, in_flight: int) -> Outcome:
        began = self._means.now()
        needs = needs_of([run.step for run in self._runs])
        tasks = [
            Task(run.step.address, run.course(), needed, run.step.lane)
            for run, needed in zip(self._runs, needs, strict=True)
        ]
        completed = Scheduler(tasks, executor, self._means.clock, in_flight, self).run()
        for position, run in enumerate(self._runs):
            if position not in self._results:  # cut off by an interruption
                problem = problems.interrupted(run.step, run.request_ids) if run.request_ids else None
                self.ended(position, Ending("unknown" if problem else "not_started", problem))
        results = tuple(self._results[position] for position in range(len(tasks)))
        return Outcome(results, not completed, self._means.now() - began, tuple(self._problems))

    def held(self, position: int) -> Ending | None:
        return self._brake.held(self._runs[position].step)

    def started(self, position: int) -> None:
        self._began[position] = self._means.now()
        self._watch.started(self._runs[position].step)

    def paused(self, position: int, pause: Pause) -> None:
        self._watch.progress(self._runs[position].step, pause.what, pause.percent)

    def ended(self, position: int, ending: Ending) -> None:
        run, now = self._runs[position], self._means.now()
        seconds = now - self._began.get(position, now)
        result = StepResult(run.step, ending.status, ending.problem, ending.cause, seconds, tuple(run.request_ids))
        self._results[position] = result
        self._brake.saw(run.step, ending)
        if position in self._began:
            self._note_end(result)
        self._watch.finished(result)

    def interrupted(self) -> None:
        self._brake.stop()

    def _note_end(self, result: StepResult) -> None:
        """What has happened has happened: a journal that fails here is reported, once, and changes no result."""
        problem = result.problem
        try:
            self._means.note(
                "ended",
                address=result.step.address,
                action=result.step.action,
                status=result.status,
                requestIds=result.request_ids,
                problem=f"{problem.code} {problem.what}" if problem else "",
            )
        except ReconcilerError as error:
            self._problems = self._problems or list(error.problems)


def _step_runs(
    steps: Sequence[Step],
    entries: Mapping[str, tuple[AnyKind, object]],
    means: Means,
    unended: Mapping[str, datetime],
) -> list[StepRun]:
    of_address: dict[str, list[Step]] = {}
    for step in steps:
        of_address.setdefault(step.address, []).append(step)
    seen: Counter[str] = Counter()
    runs = []
    for step in steps:
        kind, entry = entries[step.address]
        seen[step.address] += 1
        follows, later = seen[step.address] > 1, of_address[step.address][seen[step.address] :]
        run = StepRun(step, kind, entry, follows, later, means)
        if step.action == "trigger" and step.address in unended:
            intended = unended[step.address].timestamp()
            run.not_before = intended + GRACE_SECONDS if intended <= means.now() else 0.0
        runs.append(run)
    return runs


def needs_of(steps: Sequence[Step]) -> list[tuple[int, ...]]:
    """For each step the positions of the earlier steps of its own address and of those it needs."""
    positions: dict[str, list[int]] = {}
    needs = []
    for position, step in enumerate(steps):
        addresses = {step.address, *step.needs}
        needs.append(tuple(sorted(other for address in addresses for other in positions.get(address, ()))))
        positions.setdefault(step.address, []).append(position)
    return needs


def _one_at_a_time(source: Iterator[str] | Callable[[], str]) -> Callable[[], str]:
    """Request ids for steps that run in several threads: an iterator can't be asked by two at once."""
    lock = Lock()

    def next_id() -> str:
        with lock:
            return source() if callable(source) else next(source)

    return next_id
