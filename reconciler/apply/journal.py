"""The journal: what was about to be sent, and how it ended. Audit and intent; the truth is in Azure."""

from __future__ import annotations

import json
import os
import stat
import threading
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from reconciler.core.canonical import canonical_json
from reconciler.core.errors import Problem, ReconcilerError
from reconciler.core.wire import dig_text


class FileJournal:
    """JSON lines, only ever appended, readable by their owner alone; on disk before `note` returns.

    Makes a missing folder. Raises `ReconcilerError` when the path is a link, no plain file, or can't be written.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()

    def note(self, event: str, fields: Mapping[str, object]) -> None:
        line = canonical_json({**fields, "event": event}).encode() + b"\n"
        with self._lock:
            try:
                self._append(line)
            except OSError as error:
                raise self._unusable(error.strerror or type(error).__name__) from error

    def unended(self) -> dict[str, datetime]:
        """For `apply_plan`: the triggers that an earlier run was about to send and whose end it did not note."""
        with self._lock:
            plain = self._path.is_file() and not self._path.is_symlink()
            try:
                text = self._path.read_text(encoding="utf-8", errors="replace") if plain else ""
            except OSError as error:
                raise self._unusable(error.strerror or type(error).__name__) from error
        return _unended(_parse(line) for line in text.split("\n"))

    def _append(self, line: bytes) -> None:
        if self._path.is_symlink():
            raise self._unusable("it is a symbolic link")
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # NOFOLLOW closes the gap after the check above, NONBLOCK keeps a pipe from holding us up; Windows has neither.
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
        descriptor = os.open(self._path, flags, 0o600)
        try:
            state = os.fstat(descriptor)
            if not stat.S_ISREG(state.st_mode):
                raise self._unusable("it is not a plain file")
            if state.st_size and os.lseek(descriptor, -1, os.SEEK_END) >= 0 and os.read(descriptor, 1) != b"\n":
                line = b"\n" + line  # a crash cut the last line off: it must not spoil this one
            if os.write(descriptor, line) != len(line):
                raise self._unusable("the disk is full")
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def _unusable(self, reason: str) -> ReconcilerError:
        return ReconcilerError(
            Problem(
                code="A120",
                where=str(self._path),
                what=f"the journal can't be used: {reason}",
                why="what is about to be sent is written down first, so that a lost answer can be traced",
                remedy="make the file readable and writable, or name another one",
            )
        )


class MemoryJournal:
    """Keeps the lines in a list: for runs that nobody audits."""

    def __init__(self) -> None:
        self.lines: list[dict[str, object]] = []

    def note(self, event: str, fields: Mapping[str, object]) -> None:
        self.lines.append(json.loads(canonical_json({**fields, "event": event})))

    def unended(self) -> dict[str, datetime]:
        return _unended(self.lines)


def _parse(line: str) -> object:
    try:
        return json.loads(line)
    except ValueError:  # cut off by a crash
        return None


def _unended(lines: Iterable[object]) -> dict[str, datetime]:
    """Address → when it was about to be sent."""
    found: dict[str, datetime] = {}
    for line in lines:
        if dig_text(line, "event") == "sending" and dig_text(line, "step", "action") == "trigger":
            with suppress(ValueError):
                found[dig_text(line, "step", "address")] = datetime.fromisoformat(dig_text(line, "at"))
        elif dig_text(line, "event") == "ended":
            found.pop(dig_text(line, "address"), None)
    return found
