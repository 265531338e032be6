"""The meaning of a spec as one hash: what is wanted, without where it is written."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any

from reconciler.core.ids import ResourceRef


def digest(parts: Iterable[Iterable[object]]) -> str:
    """`sha256:` and 64 hex digits over canonical JSON of the meaning. The parts must be sorted already."""
    canonical = json.dumps([[meaning(value) for value in part] for part in parts], sort_keys=True, ensure_ascii=True)
    return "sha256:" + hashlib.sha256(canonical.encode("ascii")).hexdigest()


def meaning(value: object) -> Any:
    """A desired value as JSON: references by their caseless id, places left out."""
    if value is None or isinstance(value, str | int):
        return value
    if isinstance(value, ResourceRef):
        return value.key
    if isinstance(value, tuple | list):
        return [meaning(inner) for inner in value]
    if isinstance(value, Mapping):
        return {str(key): meaning(inner) for key, inner in value.items()}
    if is_dataclass(value):
        return {name: meaning(getattr(value, name)) for name in _names(value.__class__)}
    return str(value)  # dates


@cache
def _names(kind: type[Any]) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind) if field.name != "place")
