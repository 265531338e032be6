"""Progress is for people at a terminal who have waited a second, and passes on no escape sequence."""

from __future__ import annotations

import sys
import threading
from io import StringIO

import pytest
from rich.console import Console
from rich.progress import Progress, TextColumn

from reconciler.apply import StepResult
from reconciler.cli import progress
from tests.report.plans import a_plan, a_step

STEP = a_step("protected_vm/rsv/rg/web\x1b[2J")


def test_a_pipe_gets_no_progress(capsys: pytest.CaptureFixture[str]) -> None:
    with progress.applying(a_plan(STEP)) as watcher, progress.reading("Azure"):
        watcher.started(STEP)
        watcher.progress(STEP, "the job", 50.0)
        watcher.finished(StepResult(STEP, "done"))
    assert capsys.readouterr().err == ""


def test_a_quick_command_draws_nothing(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with progress.applying(a_plan(STEP)) as watcher, progress.reading("Azure"):
        watcher.started(STEP)
        watcher.finished(StepResult(STEP, "done"))
    assert capsys.readouterr().err.strip() == ""


def test_a_slow_one_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = threading.Event()
    bars = Progress(disable=True)
    monkeypatch.setattr(bars, "start", shown.set)
    monkeypatch.setattr(progress, "PATIENCE_SECONDS", 0.0)
    with progress._shown_late(bars):
        assert shown.wait(30)


def test_bars_show_what_is_under_way_and_what_it_waits_for() -> None:
    screen = StringIO()
    columns = [
        TextColumn(f"{{task.{field}}}", markup=False) for field in ("description", "percentage", "fields[waits]")
    ]
    bars = Progress(*columns, console=Console(file=screen, width=200), auto_refresh=False)
    watcher = progress.Bars(bars, 2)

    def drawn() -> str:
        screen.seek(0)
        screen.truncate()
        bars.console.print(bars.get_renderable())
        return screen.getvalue()

    watcher.started(STEP)
    watcher.progress(STEP, "job [red]x\x1b[31m", 40.0)
    assert "create protected_vm/rsv/rg/web\\u{1b}[2J" in drawn()
    assert "40.0" in drawn()
    assert "job [red]x\\u{1b}[31m" in drawn()
    watcher.progress(STEP, "the next job", None)
    assert "the next job" in drawn()
    watcher.finished(StepResult(STEP, "done"))
    assert "protected_vm" not in drawn()
    watcher.finished(StepResult(a_step("vault/never-started"), "blocked"))
    assert "100.0" in drawn()
