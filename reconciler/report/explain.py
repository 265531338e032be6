"""One code, told: `explain`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict

from reconciler.report.catalogue import Explanation
from reconciler.report.neutralise import Line, Span, code, line

_LABELS = ("severity", "rule", "source", "remedy")


def explanation_lines(told: Explanation) -> Iterator[Line]:
    yield line(Span(told.code, "bold"), f"  {told.title}")
    for label in _LABELS:
        yield line("  ", Span(f"{label}: ", "dim"), getattr(told, label))


def explanation_document(told: Explanation) -> dict[str, object]:
    return {"formatVersion": "1", **asdict(told)}


def explanation_markdown(told: Explanation) -> str:
    rows = "".join(f"| {label} | {code(getattr(told, label))} |\n" for label in _LABELS)
    return f"## {told.code}\n\n{code(told.title)}\n\n| | |\n| --- | --- |\n{rows}"
