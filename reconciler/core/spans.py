"""Spans of whole numbers (ports, addresses as numbers) and how much of one span others cover."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum


class Cover(IntEnum):
    """How much of something a condition takes. `min` joins conditions that must all hold, `max` those of which one is enough."""

    NONE = 0
    SOME = 1  # a part, or it can't be known
    ALL = 2


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """The whole numbers from `first` to `last`, both included."""

    first: int
    last: int


def cover_of(spans: Iterable[Span], wanted: Span) -> Cover:
    """How much of `wanted` the spans take together."""
    overlapping = sorted(span for span in spans if span.first <= wanted.last and span.last >= wanted.first)
    if not overlapping:
        return Cover.NONE
    missing = wanted.first
    for span in overlapping:
        if span.first > missing:
            return Cover.SOME
        missing = max(missing, span.last + 1)
    return Cover.ALL if missing > wanted.last else Cover.SOME


def ports(text: str) -> Span:
    """The ports of a rule: `443`, `10000-10005` or `*`. Raises ValueError for anything else."""
    if text.strip() in {"*", "Any", "any"}:
        return ANY_PORT
    first, dash, last = text.partition("-")
    return Span(int(first), int(last if dash else first))


ANY_PORT = Span(0, 65535)
