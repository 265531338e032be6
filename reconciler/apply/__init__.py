"""Executes a plan: one step = look, send, follow to the end, look again."""

from reconciler.apply.inline import InlineExecutor
from reconciler.apply.journal import FileJournal, MemoryJournal
from reconciler.apply.outcome import Outcome, Status, StepResult
from reconciler.apply.run import Watcher, apply_plan

__all__ = [
    "FileJournal",
    "InlineExecutor",
    "MemoryJournal",
    "Outcome",
    "Status",
    "StepResult",
    "Watcher",
    "apply_plan",
]
