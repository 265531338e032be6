"""Any JSON document as an outline for people: `sandbox show`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from reconciler.report.neutralise import Line, Span, line
from reconciler.report.words import value_text


def outline(document: object, indent: str = "") -> Iterator[Line]:
    """Keys and values, nested ones indented; objects and lists that hold only values stand on one line."""
    if isinstance(document, Mapping):
        for key, value in document.items():
            if _is_flat(value):
                yield line(indent, Span(f"{key}: ", "dim"), _on_one_line(value))
            else:
                yield line(indent, Span(f"{key}:", "bold"))
                yield from outline(value, indent + "  ")
    elif isinstance(document, list):
        for value in document:
            yield from _entry(value, indent)
    else:
        yield line(indent, _on_one_line(document))


def _entry(value: object, indent: str) -> Iterator[Line]:
    """A list entry on one line with what is flat in it; what is nested follows, indented."""
    if not isinstance(value, Mapping):
        yield line(indent, "- ", _on_one_line(value))
        return
    yield line(indent, "- ", _on_one_line({key: each for key, each in value.items() if _is_flat(each)}))
    yield from outline({key: each for key, each in value.items() if not _is_flat(each)}, indent + "    ")


def _is_flat(value: object) -> bool:
    inner = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    return not any(isinstance(each, (Mapping, list)) for each in inner)


def _on_one_line(value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key}={value_text(each)}" for key, each in value.items()) or "(none)"
    if isinstance(value, list):
        return ", ".join(map(value_text, value)) or "(none)"
    return value_text(value)
