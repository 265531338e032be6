"""The one place through which text that others wrote reaches a terminal, a CI log, JSON or Markdown.

Names, tags and messages of Azure are foreign: they may hold escape sequences, text that turns the line around, CI
commands or Markdown (field/reliability.md S-14 to S-16). Whatever is said leaves through one of the functions below.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Style = Literal["", "bold", "dim", "red", "green", "yellow", "cyan"]

MAX_CHARACTERS = 2000
"""A single value is cut here; no name of Azure is longer than 260, and few messages are longer than this."""

_SGR: dict[Style, str] = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "cyan": "36"}
# Printable by Unicode's categories, and yet nothing to be seen: fillers, joiners, variation selectors.
_INVISIBLE = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]")
_BREAKS_MARKDOWN = re.compile("[|`<]")


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of a line in one style."""

    text: str
    style: Style = ""


Line = tuple[Span, ...]


def line(*parts: str | Span) -> Line:
    return tuple(part if isinstance(part, Span) else Span(part) for part in parts)


def plain(text: str) -> str:
    """One line of at most `MAX_CHARACTERS`: control and invisible characters, and `##`, are shown as `\\u{hex}`."""
    if len(text) > MAX_CHARACTERS:
        text = f"{text[:MAX_CHARACTERS]}… ({len(text) - MAX_CHARACTERS} more characters)"
    if not text.isprintable():
        text = "".join(character if character.isprintable() else _shown(character) for character in text)
    if not text.isascii():
        text = _INVISIBLE.sub(lambda match: _shown(match[0]), text)
    return text.replace("##", "#" + _shown("#"))  # `##[` and `##vso[` are CI commands wherever they stand in a line


def render(lines: Iterable[Line], *, color: bool) -> str:
    """Lines as text, each ended by a line feed. None starts with the CI command `::`, not even after blanks."""
    return "".join(_render_line(spans, color) + "\n" for spans in lines)


def render_json(document: object) -> str:
    """Indented ASCII JSON. `##` and DEL are escaped inside strings, the only place where they can be."""
    text = json.dumps(document, indent=2, ensure_ascii=True)
    return text.replace("##", "#\\u0023").replace("\x7f", "\\u007f") + "\n"


def code(text: str) -> str:
    """Foreign text as a Markdown code span, safe inside a table cell; "" stays empty.

    In a code span nothing is a mention, a reference, a link or an image; what could end the span or the cell, or start
    a comment, is shown as `\\u{hex}`.
    """
    return f"`{_BREAKS_MARKDOWN.sub(lambda match: _shown(match[0]), plain(text))}`" if text.strip() else ""


def _render_line(spans: Line, color: bool) -> str:
    texts = [plain(span.text) for span in spans]
    for index in range(1, len(texts)):  # what is harmless in two spans may be a command once they stand side by side
        if texts[index].startswith("#") and "".join(texts[:index]).endswith("#"):
            texts[index] = _shown("#") + texts[index][1:]
    if "".join(texts).lstrip().startswith("::"):
        first = next(index for index, text in enumerate(texts) if text.strip())
        texts[first] = texts[first].replace(":", _shown(":"), 1)
    if not color:
        return "".join(texts).rstrip()
    return "".join(_styled(text, span.style) for text, span in zip(texts, spans, strict=True)).rstrip()


def _styled(text: str, style: Style) -> str:
    return f"\x1b[{_SGR[style]}m{text}\x1b[0m" if style and text else text


def _shown(character: str) -> str:
    return f"\\u{{{ord(character):x}}}"
