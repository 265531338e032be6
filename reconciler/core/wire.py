"""Reading wire bodies: JSON objects in which any key may be absent or null, which mean the same (wire-facts 4.3)."""

from __future__ import annotations

from collections.abc import Mapping

_EMPTY: Mapping[str, object] = {}


def dig(body: object, *keys: str) -> object:
    """The value below nested objects, or None when any of them is absent, null or not an object."""
    value = body
    for key in keys:
        if not isinstance(value, Mapping):
            return None
        value = value.get(key)
    return value


def dig_text(body: object, *keys: str) -> str:
    """The text at the path, or ""."""
    value = dig(body, *keys)
    return value if isinstance(value, str) else ""


def dig_object(body: object, *keys: str) -> Mapping[str, object]:
    """The object at the path, or an empty one."""
    value = dig(body, *keys)
    return value if isinstance(value, Mapping) else _EMPTY


def dig_list(body: object, *keys: str) -> list[object]:
    """The list at the path, or an empty one."""
    value = dig(body, *keys)
    return value if isinstance(value, list) else []


def dig_int(body: object, *keys: str) -> int | None:
    """The whole number at the path, or None."""
    value = dig(body, *keys)
    return value if isinstance(value, int) and not isinstance(value, bool) else None
