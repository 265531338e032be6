"""How long apply waits for what, in seconds."""

from __future__ import annotations

from collections.abc import Iterator

BUSY_LIMIT_SECONDS = 15 * 60.0  # another operation holds the resource (reliability F-14)
GRACE_SECONDS = 5 * 60.0  # a write that was accepted shows up in reads (F-18)
OPERATION_LIMIT_SECONDS = 60 * 60.0  # an operation and its job come to an end (F-26)
FIRST_BACKUP_LIMIT_SECONDS = 24 * 60 * 60.0  # the job of a first backup copies every disk
LONGEST_PAUSE_SECONDS = 300.0  # a Retry-After beyond this is not believed (F-10)


def pauses() -> Iterator[float]:
    """5, 10, 20, 40, and then 60 for ever."""
    seconds = 5.0
    while True:
        yield seconds
        seconds = min(2 * seconds, 60.0)


def polite(retry_after_seconds: float, otherwise_seconds: float) -> float:
    """What the service asks for, within 1 to 300 seconds; the other value when it asks for nothing sensible."""
    if not retry_after_seconds > 0:  # also NaN
        return otherwise_seconds
    return min(max(retry_after_seconds, 1.0), LONGEST_PAUSE_SECONDS)
