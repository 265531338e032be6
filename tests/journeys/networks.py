"""What a world's networks and guests hold, in the words of the wire, without what changes at every write."""

from __future__ import annotations

import json
from typing import Any

from reconciler.sandbox.world import Row, World

_MOVING = frozenset({"etag", "provisioningState"})
_MARK = "azbackup"


def networks(world: World) -> dict[str, Any]:
    """Bodies of everything below Microsoft.Network, by id."""
    return {row.key: _still(row.body) for row in _rows(world) if "/providers/microsoft.network/" in row.key}


def of_others(bodies: dict[str, Any]) -> dict[str, Any]:
    """The same without whatever is named as azbackup names its own."""
    return {key: _without_own(body) for key, body in bodies.items() if not _is_own(body)}


def run_commands(world: World) -> dict[str, dict[str, Any]]:
    """The managed run commands by id: what they are, and how often they have run."""
    found = [row for row in _rows(world) if "/runcommands/" in row.key]
    return {row.key: {"properties": _still(row.body["properties"]), "runs": row.meta["runs"]} for row in found}


def _rows(world: World) -> list[Row]:
    return [row for row in world.under("/subscriptions") if "/resourcegroups/" in row.key]


def _still(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _still(inner) for key, inner in value.items() if key not in _MOVING}
    if isinstance(value, list):  # rules stand in the order of their creation, which means nothing
        return sorted((_still(inner) for inner in value), key=lambda inner: json.dumps(inner, sort_keys=True))
    return value


def _without_own(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_own(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_without_own(inner) for inner in value if not _is_own(inner)]
    return value


def _is_own(value: Any) -> bool:
    return isinstance(value, dict) and str(value.get("name", "")).startswith(_MARK)
