"""Errors as people read them: five parts (code, where, what, why, remedy), and the exit codes of the commands."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class ExitCode(IntEnum):
    """What a command says to the shell (design, section 4)."""

    DONE = 0
    ERROR = 1
    CHANGES = 2
    BLOCKED = 3
    STALE_PLAN = 4
    NO_CONSENT = 5
    PARTLY_DONE = 6
    INTERRUPTED = 130


@dataclass(frozen=True, slots=True)
class Place:
    """A position in a file that a person wrote; line and column count from 1, in characters."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Problem:
    """One complaint. `where` is `file:line:column` or the address or ARM id of a resource."""

    code: str
    where: str
    what: str
    why: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.where}: {self.code} {self.what}\n  why: {self.why}\n  fix: {self.remedy}"


class ReconcilerError(Exception):
    """Anything a user or Azure can cause. Carries every problem found, never only the first."""

    exit_code = ExitCode.ERROR

    def __init__(self, *problems: Problem) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


class SpecError(ReconcilerError):
    """The spec can't be used as it is written."""


class CloudError(ReconcilerError):
    """Azure refused, or could not be reached.

    `status` is the HTTP status (0 when no answer came); `service_code` is Azure's own code; `transient` says
    that the same request may succeed later; `sent` says that the request may have had its effect.
    """

    def __init__(
        self,
        problem: Problem,
        *,
        status: int = 0,
        service_code: str = "",
        transient: bool = False,
        sent: bool = False,
    ) -> None:
        super().__init__(problem)
        self.problem = problem
        self.status = status
        self.service_code = service_code
        self.transient = transient
        self.sent = sent


class Unreadable(CloudError):
    """A resource could not be read. Unknown is not absent: nothing may be concluded about it."""


class StalePlanError(ReconcilerError):
    """A saved plan no longer says what a fresh one says."""

    exit_code = ExitCode.STALE_PLAN


class ConsentError(ReconcilerError):
    """A plan holds steps that nobody has allowed."""

    exit_code = ExitCode.NO_CONSENT
