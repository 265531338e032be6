"""Which files make a spec, and their bytes. A folder is read without ever leaving it (security requirement S-12)."""

from __future__ import annotations

import os
import stat
import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path

from reconciler.core.errors import Place
from reconciler.spec.source import Complaints
from reconciler.spec.text import MOST_BYTES

MOST_FILES = 500
_SUFFIXES = (".yaml", ".yml")
_SKIPPED = "sandbox"  # estates of the local Azure live there


def read_files(paths: Sequence[str | Path], complaints: Complaints) -> dict[str, bytes]:
    """The bytes of every file that the paths name, by the name that complaints use; each file once."""
    found: dict[str, Path] = {}  # by real path, so that a file named twice is read once
    for path in map(Path, paths):
        if path.is_dir():
            files = list(_files_of(path, complaints))
            _refuse_same_elsewhere(files, complaints)
            if not files:
                complaints.add("E854", Place(str(path), 1, 1), "the folder holds no .yaml or .yml file")
        else:
            files = [path]
        for file in files:
            found.setdefault(_real(file), file)
    if not paths:
        complaints.add("E854", Place(".", 1, 1), "no file or folder is given")
    if len(found) > MOST_FILES:
        complaints.add("E853", Place(str(paths[0]), 1, 1), f"{len(found)} files; a spec has at most {MOST_FILES}")
        return {}
    contents: dict[str, bytes] = {}
    for real, file in found.items():
        content = _read(real, file, complaints)
        if content is not None:
            contents[str(file)] = content
    return contents


def _real(file: Path) -> str:
    try:
        return os.path.realpath(file)
    except (OSError, ValueError):  # opening it will say why
        return str(file)


def _files_of(root: Path, complaints: Complaints) -> Iterator[Path]:
    """The spec files below a folder, sorted, without following links to other folders."""
    real_root = root.resolve()
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if name != _SKIPPED and not name.startswith("."))
        for name in sorted([*names, *folders]):
            file = Path(folder) / name
            is_folder = name in folders
            if name.startswith(".") or not (is_folder or name.endswith(_SUFFIXES)):
                continue
            if file.is_symlink() and not _stays(file, real_root):
                complaints.add(
                    "E852", Place(str(file), 1, 1), "a symbolic link that leaves the folder or leads nowhere"
                )
            elif not is_folder:
                yield file


def _stays(link: Path, real_root: Path) -> bool:
    try:
        return link.resolve(strict=True).is_relative_to(real_root)
    except (OSError, RuntimeError):  # missing, or a loop
        return False


def _refuse_same_elsewhere(files: Sequence[Path], complaints: Complaints) -> None:
    first: dict[str, Path] = {}
    for file in files:
        earlier = first.setdefault(unicodedata.normalize("NFC", str(file)).casefold(), file)
        if earlier is not file:
            complaints.add("E855", Place(str(file), 1, 1), f"the name differs from {earlier} only by case or form")


def _read(real: str, file: Path, complaints: Complaints) -> bytes | None:
    """At most one byte more than is allowed. Opened without waiting and without following a link that came meanwhile."""
    try:
        handle = os.open(real, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0))
        with os.fdopen(handle, "rb") as stream:
            if stat.S_ISREG(os.fstat(handle).st_mode):
                return stream.read(MOST_BYTES + 1)
        reason = "it is no regular file"
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "its name can't be used"
    complaints.add("E113", Place(str(file), 1, 1), f"the file can't be read: {reason}")
    return None
