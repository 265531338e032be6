"""What keeps steps from being sent once a run has begun: an interruption, or a careful step that went wrong."""

from __future__ import annotations

from reconciler.apply import problems
from reconciler.apply.schedule import Ending
from reconciler.core.plan import Step


class Brake:
    """Read from the threads that send, pulled from the one that schedules."""

    def __init__(self) -> None:
        self._stopped = False
        self._cause = ""

    def stop(self) -> None:
        """Nothing more is sent."""
        self._stopped = True

    def saw(self, step: Step, ending: Ending) -> None:
        """After the first weakening, irreversible or destructive step that ends badly, no other of those is sent."""
        if step.step_class.needs_allowance and ending.status in {"failed", "unknown"} and not self._cause:
            self._cause = step.address

    def held(self, step: Step) -> Ending | None:
        if self._stopped:
            return Ending("not_started")
        if self._cause and step.step_class.needs_allowance:
            return Ending("not_started", problems.held_back(step, self._cause), self._cause)
        return None
