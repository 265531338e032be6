"""Files that a person names on the command line."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from reconciler.cli.problems import unreadable, unwritable

MAX_BYTES = 256 * 1024 * 1024


def read_text(path: Path) -> str:
    """Raises `OutputError` for anything that is not a readable UTF-8 file of a sensible size."""
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
        if len(content) > MAX_BYTES:
            raise unreadable(path, f"it is larger than {MAX_BYTES // 2**20} MiB")
        return content.decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise unreadable(path, _reason(error)) from error


def write_whole(path: Path, text: str, *, mode: int = 0o600) -> None:
    """Either the whole new content or the old file; a link is refused. Raises `OutputError`."""
    if path.is_symlink() or (path.exists() and not path.is_file()):
        raise unwritable(path, "it is a link" if path.is_symlink() else "it is not a plain file")
    try:
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
                file.write(text)
                file.flush()
                os.fsync(descriptor)
            Path(temporary).chmod(mode)
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
        with suppress(OSError):  # the folder's own entry; not every system can
            folder = os.open(path.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
    except OSError as error:
        raise unwritable(path, _reason(error)) from error


def _reason(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else "it is not UTF-8") or type(error).__name__
