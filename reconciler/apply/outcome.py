"""What became of each step of a plan, as a value."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from typing import Literal

from reconciler.core.errors import Problem
from reconciler.core.plan import Step

Status = Literal["done", "skipped", "failed", "blocked", "unknown", "not_started"]


@dataclass(frozen=True, slots=True)
class StepResult:
    """`skipped`: Azure already was as wanted, nothing was sent. `unknown`: something was sent, its effect is not known.

    `cause` is the address that keeps a blocked or held-back step from running: its problem is reported there, once.
    """

    step: Step
    status: Status
    problem: Problem | None = None
    cause: str = ""
    seconds: float = 0.0
    request_ids: tuple[str, ...] = ()

    def document(self) -> dict[str, object]:
        return {
            "address": self.step.address,
            "kind": self.step.kind,
            "action": self.step.action,
            "class": self.step.step_class.word,
            "status": self.status,
            "cause": self.cause,
            "problem": asdict(self.problem) if self.problem else None,
            "seconds": round(self.seconds, 3),
            "requestIds": list(self.request_ids),
        }


@dataclass(frozen=True, slots=True)
class Outcome:
    """One result a step, in the order of the plan. `problems` are those of the run itself: a journal that is full."""

    results: tuple[StepResult, ...]
    interrupted: bool = False
    seconds: float = 0.0
    problems: tuple[Problem, ...] = ()

    @property
    def landed(self) -> bool:
        """Whether Azure is now as every step wanted."""
        return all(result.status in {"done", "skipped"} for result in self.results)

    @property
    def touched(self) -> frozenset[str]:
        """Ids of the resources whose steps came to a request or a look, as far as their writes name one."""
        apart = ("blocked", "not_started")
        return frozenset(each.step.write.resource_id for each in self.results if each.status not in apart) - {""}

    def counts(self) -> dict[str, int]:
        """How many steps ended in which status; statuses that did not occur are left out."""
        return dict(sorted(Counter(result.status for result in self.results).items()))

    def document(self) -> dict[str, object]:
        return {
            "interrupted": self.interrupted,
            "seconds": round(self.seconds, 3),
            "counts": self.counts(),
            "problems": [asdict(problem) for problem in self.problems],
            "steps": [result.document() for result in self.results],
        }
