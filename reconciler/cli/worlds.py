"""Sandbox files: opened as worlds, with complaints that a person can act on."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from reconciler.cli.problems import no_sandbox, not_a_sandbox
from reconciler.sandbox.world import DEFAULT_SUBSCRIPTION, World


@contextmanager
def opened(
    path: Path | None, *, must_exist: bool = True, now: datetime | None = None, subscription: str = DEFAULT_SUBSCRIPTION
) -> Iterator[World]:
    """A new world begins at `now` with one `subscription`.

    Raises `UsageError` for no path, for a file that is none of ours, and for one that is missing though it must exist.
    """
    if path is None or (must_exist and not path.is_file()):
        raise no_sandbox(path)
    try:
        world = World.open(path, now=now, subscription=subscription)
    except sqlite3.Error as error:
        raise not_a_sandbox(path, str(error)) from error
    try:
        yield world
    except sqlite3.Error as error:
        raise not_a_sandbox(path, str(error)) from error
    finally:
        world.close()
