"""One way to write a value as JSON bytes, so that equal values have equal digests."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from datetime import date


def canonical_json(value: object) -> str:
    """Sorted keys, no blanks, no ASCII escapes. Dataclasses become objects, tuples lists, dates ISO text."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=_plain)


def digest(value: object) -> str:
    """`sha256:` and 64 hex digits over the canonical JSON."""
    return "sha256:" + hashlib.sha256(canonical_json(value).encode(errors="surrogatepass")).hexdigest()


def _plain(value: object) -> object:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, date):  # datetime too
        return value.isoformat()
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    raise TypeError(f"{type(value).__name__} has no canonical JSON form")
