"""Near-miss names, and how a found value is shown in a complaint."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

_LONGEST_COMPARED = 80
_LONGEST_SHOWN = 60


def near(word: str, candidates: Iterable[str]) -> str | None:
    """The candidate that `word` most likely meant, compared without case, or None when none is close."""
    by_folded = {candidate.casefold(): candidate for candidate in candidates}
    found = get_close_matches(word[:_LONGEST_COMPARED].casefold(), by_folded, n=1, cutoff=0.6)
    return by_folded[found[0]] if found else None


def did_you_mean(word: str, candidates: Iterable[str]) -> str:
    """A remedy that names the near miss, or else all that may be written; empty when there is nothing to name."""
    names = list(candidates)
    guess = near(word, names)
    if guess is not None:
        return f"did you mean '{guess}'?"
    return f"write one of: {listed(names)}" if names else ""


def listed(names: Iterable[object], most: int = 12) -> str:
    """Names with commas between; after `most` of them, how many more there are."""
    every = [str(name) for name in names]
    rest = len(every) - most
    return ", ".join(every[:most]) + (f" and {rest} more" if rest > 0 else "")


def shown(value: object) -> str:
    """A found value in quotes: cut when long, and with nothing in it that a terminal would obey."""
    if not isinstance(value, str):
        return "a list" if isinstance(value, list) else "a mapping" if isinstance(value, dict) else "no value"
    cut = value if len(value) <= _LONGEST_SHOWN else value[: _LONGEST_SHOWN - 1] + "…"
    safe = "".join(letter if letter.isprintable() else f"\\u{{{ord(letter):04x}}}" for letter in cut)
    return f"'{safe}'"
