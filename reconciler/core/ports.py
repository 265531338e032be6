"""What comes in from outside: the clock, the cloud's writes, the journal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from reconciler.core.ids import VaultRef
from reconciler.core.live import Live
from reconciler.core.plan import Write


class Clock(Protocol):
    def now(self) -> datetime:
        """UTC, aware."""
        ...

    def sleep(self, seconds: float) -> None: ...


@dataclass(frozen=True, slots=True)
class Accepted:
    """The service took a write. `operation_url` is "" when the write was finished at once."""

    operation_url: str = ""
    retry_after_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Progress:
    """Where an operation or a job stands. `percent` is None when the service does not say."""

    state: Literal["running", "succeeded", "failed", "cancelled", "unknown"]
    job_id: str = ""
    code: str = ""
    message: str = ""
    retry_after_seconds: float = 0.0
    percent: float | None = None
    detail: str = ""


class Cloud(Protocol):
    """The writing side of Azure. Every method sends at most a few requests and returns; waiting is the caller's."""

    def look(self) -> Live:
        """A fresh look: every answer is read now, at most once per look."""
        ...

    def send(self, write: Write, request_id: str) -> Accepted:
        """Sends one request. Raises `CloudError`; `sent` in it says whether the effect may have happened."""
        ...

    def operation(self, write: Write, operation_url: str) -> Progress:
        """One look at the polling URL that the answer to a write named."""
        ...

    def job(self, vault: VaultRef, job_id: str) -> Progress: ...


class Journal(Protocol):
    """Audit and intent, append-only; never the truth about Azure."""

    def note(self, event: str, fields: Mapping[str, object]) -> None:
        """Durable when it returns. Raises `ReconcilerError` when it can't be written."""
        ...
