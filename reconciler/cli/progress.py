"""What a person sees while a command works: on stderr, on a terminal, and only if it takes longer than a second."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from reconciler.apply import StepResult, Watcher
from reconciler.core.plan import Plan, Step
from reconciler.report.neutralise import plain

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

PATIENCE_SECONDS = 1.0


@contextmanager
def reading(what: str) -> Iterator[None]:
    """A spinner beside `what` for as long as the block runs."""
    if not sys.stderr.isatty():
        yield
        return
    with _shown_late(_bars()) as progress:
        progress.add_task(plain(what), total=None, waits="")
        yield


@contextmanager
def applying(plan: Plan) -> Iterator[Watcher]:
    """A watcher that draws one bar for the whole plan and one for each step under way; silent when stderr is no terminal."""
    if not sys.stderr.isatty():
        yield _Silent()
        return
    with _shown_late(_bars()) as progress:
        yield Bars(progress, len(plan.steps))


class _Silent:
    def started(self, step: Step) -> None:
        """Nobody looks."""

    def progress(self, step: Step, what: str, percent: float | None) -> None:
        """Nobody looks."""

    def finished(self, result: StepResult) -> None:
        """Nobody looks."""


class Bars:
    """Foreign text passes `plain`; the columns take it as it is, without markup."""

    def __init__(self, progress: Progress, steps: int) -> None:
        self._progress = progress
        self._all = progress.add_task("apply", total=steps, waits="")
        self._tasks: dict[int, TaskID] = {}

    def started(self, step: Step) -> None:
        self._tasks[id(step)] = self._progress.add_task(plain(f"{step.action} {step.address}"), total=None, waits="")

    def progress(self, step: Step, what: str, percent: float | None) -> None:
        task = self._tasks[id(step)]
        if percent is not None:
            self._progress.update(task, total=100.0, completed=percent)
        self._progress.update(task, waits=plain(what))

    def finished(self, result: StepResult) -> None:
        if task := self._tasks.pop(id(result.step), None):
            self._progress.remove_task(task)
        self._progress.advance(self._all)


def _bars() -> Progress:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=20),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[waits]}", markup=False),
        console=Console(file=sys.stderr),
        transient=True,
    )


@contextmanager
def _shown_late(progress: Progress) -> Iterator[Progress]:
    timer = threading.Timer(PATIENCE_SECONDS, progress.start)
    timer.daemon = True
    timer.start()
    try:
        yield progress
    finally:
        timer.cancel()
        timer.join()
        progress.stop()
