"""One file of a spec: its text, the places in it, and what there is to complain about."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field
from functools import cached_property

from reconciler.core.errors import Place, Problem, SpecError
from reconciler.spec.catalogue import CODES

MOST_SHOWN = 100
_COLUMN_BITS = 20
_LINE_END = re.compile(r"\r\n|\r|\n")


def mark(line: int, column: int) -> int:
    """A position as one number; both count from 0. Numbers sort as positions do, and cost less than tuples."""
    return line << _COLUMN_BITS | column


class Complaints:
    """Every problem found so far. A place that the YAML rules already refused gets no second complaint."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, int, int, str], Problem] = {}
        self._settled: set[tuple[str, int, int]] = set()

    def add(self, code: str, place: Place, what: str, remedy: str = "", *, final: bool = False) -> None:
        spot = (place.file, place.line, place.column)
        if spot in self._settled:
            return
        if final:
            self._settled.add(spot)
        rule = CODES[code]
        why = f"{rule.rule} ({rule.source})"
        self._found.setdefault((*spot, code), Problem(code, str(place), what, why, remedy or rule.remedy))

    def finish(self) -> tuple[Problem, ...]:
        """The warnings and infos, by place. Raises SpecError with all errors (at most 100, then a count)."""
        ordered = [problem for _, problem in sorted(self._found.items(), key=lambda item: item[0])]
        errors = [problem for problem in ordered if problem.code.startswith("E")]
        if len(errors) > MOST_SHOWN:
            more = CODES["E100"]
            what = f"{len(errors) - MOST_SHOWN} more errors are not shown"
            errors[MOST_SHOWN:] = [Problem("E100", errors[MOST_SHOWN].where, what, more.rule, more.remedy)]
        if errors:
            raise SpecError(*errors)
        return tuple(ordered)


@dataclass(frozen=True)
class Source:
    """A file by the name that complaints use, and its decoded text."""

    name: str
    text: str
    complaints: Complaints = field(repr=False)

    @cached_property
    def lines(self) -> list[str]:
        return _LINE_END.split(self.text)

    @cached_property
    def _line_starts(self) -> list[int]:
        return [0, *(end.end() for end in _LINE_END.finditer(self.text))]

    def place(self, at: int) -> Place:
        return Place(self.name, (at >> _COLUMN_BITS) + 1, (at & (1 << _COLUMN_BITS) - 1) + 1)

    def rest_of_line(self, at: int) -> str:
        """The written text from a position to the end of its line."""
        line = at >> _COLUMN_BITS
        return self.lines[line][at & (1 << _COLUMN_BITS) - 1 :] if line < len(self.lines) else ""

    def at_offset(self, offset: int) -> int:
        """The position of a character of the text."""
        line = bisect_right(self._line_starts, offset) - 1
        return mark(line, offset - self._line_starts[line])

    def complain(self, code: str, at: int, what: str, remedy: str = "", *, final: bool = False) -> None:
        """Notes a problem. `final`: nothing else is said about this position afterwards."""
        self.complaints.add(code, self.place(at), what, remedy, final=final)
