"""Bad specs as data. `«CODE»` stands where the complaint must point; it is no part of the text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from reconciler.core.errors import SpecError
from reconciler.spec import load_documents

TODAY = date(2026, 11, 22)
TOP = """\
apiVersion: azbackup/v1
subscription: 0b1f6471-1bf0-4dda-aec3-cb9272f09590
location: westeurope
resourceGroup: rg-backup
"""
VAULT = TOP + "vaults:\n  rsv-a:\n"
POLICY = VAULT + "    policies:\n      p-daily:\n"
VMS = POLICY + "        schedule: {every: day, at: 23:00}\n        retain: {daily: 30}\n    protect:\n"
CONSENT = TOP + "consents:\n  - address: vault/rsv-a\n    change: tags\n    old: null\n    new: 3\n"
_PRELUDES = {"@top": TOP, "@vault": VAULT, "@policy": POLICY, "@vms": VMS, "@consent": CONSENT}
_PIECE = re.compile(
    r"«(?P<code>[EWI][0-9]{3})»|‹U\+(?P<character>[0-9A-F]+)›|‹0x(?P<byte>[0-9A-F]{2})›|(?P<text>[\s\S])"
)

Expected = tuple[str, str, int, int]


@dataclass(frozen=True)
class Case:
    """Files by name, and every complaint about them: code, file, line, column."""

    name: str
    files: dict[str, bytes]
    expected: tuple[Expected, ...]


def cases() -> Iterator[Case]:
    for file in sorted(Path(__file__).with_name("corpus").glob("*.txt")):
        for part in file.read_text(encoding="utf-8").split("\n=== ")[1:]:
            name, _, body = part.partition("\n")
            yield _case(name, body)


def _case(name: str, body: str) -> Case:
    files: dict[str, bytes] = {}
    expected: list[Expected] = []
    for index, text in enumerate(re.split(r"^\+\+\+ ", body, flags=re.MULTILINE)):
        file, _, content = ("a.yaml", "", text) if index == 0 else text.partition("\n")
        first, _, rest = content.partition("\n")
        files[file], found = _unmarked(_PRELUDES[first] + rest if first in _PRELUDES else content)
        expected += [(code, file, line, column) for code, line, column in found]
    return Case(name, files, tuple(sorted(expected, key=lambda one: (one[1:], one[0]))))


def _unmarked(text: str) -> tuple[bytes, list[tuple[str, int, int]]]:
    """The bytes of the text without its marks, and the marks by code, line and column."""
    content, marks, line, column = b"", [], 1, 1
    for piece in _PIECE.finditer(text):
        if piece["code"]:
            marks.append((piece["code"], line, column))
            continue
        if piece["byte"]:
            content += bytes([int(piece["byte"], 16)])
        else:
            character = chr(int(piece["character"], 16)) if piece["character"] else piece["text"]
            content += character.encode("utf-8")
        starts_line, is_mark = piece["text"] == "\n", piece["character"] == "FEFF" and not content[3:]
        line, column = (line + 1, 1) if starts_line else (line, column + (0 if is_mark else 1))
    return content, marks


def complaints(files: dict[str, bytes]) -> tuple[Expected, ...]:
    """What the loader says about files: code, file, line, column."""
    try:
        problems = load_documents(files, today=TODAY)[1]
    except SpecError as error:
        problems = error.problems
    found = []
    for problem in problems:
        file, line, column = problem.where.rsplit(":", 2)
        found.append((problem.code, file, int(line), int(column)))
    return tuple(found)
