"""The row of Resource Graph queries, over what the world holds at this moment."""

from collections.abc import Iterable, Mapping
from typing import Any

from reconciler.sandbox import kql
from reconciler.sandbox.call import Call
from reconciler.sandbox.rows.admin_rules import COLLECTION as ADMIN_RULES
from reconciler.sandbox.rows.any_resource import resources
from reconciler.sandbox.rows.item_state import TYPE as ITEM
from reconciler.sandbox.table import Route
from reconciler.sandbox.wire import Refusal, Response, reply
from reconciler.sandbox.world import Row

_PAGE = 1000
_INNER = ("runcommands",)  # as they are stored: no instance view, no protected parameters
_DELETED_ITEM = "microsoft.recoveryservices/locations/deletedvaults/backupfabrics/protectioncontainers/protecteditems"


def query(call: Call) -> Response:
    """Pages of at most 1,000; a query of a form that is not known is refused, never answered by halves."""
    options = call.body.get("options")
    options = options if isinstance(options, dict) else {}
    named = call.body.get("subscriptions") or options.get("subscriptions") or []  # az names them inside the options
    wanted = [str(each).lower() for each in named]
    try:
        found = kql.run(str(call.body.get("query", "")), lambda table: _table(call, table, wanted))
    except kql.UnknownQuery as error:
        said = f"The sandbox knows a part of the query language only, and not: {error}"
        raise Refusal(501, "SandboxHasNoSuchQuery", said) from None
    start = _number(options.get("$skipToken") or options.get("$skip"), 0)
    page = found[start : start + min(_number(options.get("$top"), _PAGE), _PAGE)]
    more = start + len(page) < len(found)
    head = {"totalRecords": len(found), "count": len(page), "data": page, "facets": []}
    return reply(head | {"resultTruncated": "false"} | ({"$skipToken": str(start + len(page))} if more else {}))


def _number(value: Any, default: int) -> int:
    return int(value) if str(value or "").isdecimal() else default


def _table(call: Call, name: str, wanted: list[str]) -> Iterable[dict[str, Any]]:
    every = [row for row in call.world.listed("/subscriptions") if not wanted or row.key.split("/")[2] in wanted]
    if name == "resources":
        return [_entry(body) for row in every for body in resources(call.world, row.key, _INNER)]
    if name == "resourcecontainers":
        groups = [group for row in every for group in call.world.listed(f"{row.key}/resourcegroups")]
        return [_entry(group.body | {"type": "microsoft.resources/subscriptions/resourcegroups"}) for group in groups]
    if name == "networkresources":
        return [
            _entry(row.body) for each in every for row in call.world.under(each.key) if row.collection == ADMIN_RULES
        ]
    if name == "recoveryservicesresources":
        return [entry for row in every for entry in _backup(call, row)]
    raise kql.UnknownQuery(name)


def _backup(call: Call, subscription: Row) -> Iterable[dict[str, Any]]:
    for row in call.world.under(subscription.key):
        if row.collection.endswith("/deletedvaults"):
            for kept in row.meta["rows"]:
                if kept["collection"].endswith("/backupprotecteditems"):
                    vault_id = row.meta["rows"][0]["body"]["id"]
                    id = row.body["id"] + kept["body"]["id"][len(vault_id) :]
                    yield _entry(kept["body"] | {"id": id, "type": _DELETED_ITEM, "location": row.body["location"]})
        elif row.collection.endswith(("/backupprotecteditems", "/backuppolicies", "/backupjobs")):
            yield _entry(row.body)


def _entry(body: Mapping[str, Any]) -> dict[str, Any]:
    """Types are lower case in Resource Graph, and every entry says where it belongs."""
    parts = str(body["id"]).split("/")
    group = parts[4] if len(parts) > 4 and parts[3].lower() == "resourcegroups" else ""
    kept = {
        name: body.get(name) for name in ("id", "name", "location", "tags", "properties", "sku", "identity", "zones")
    }
    return kept | {"type": str(body.get("type", ITEM)).lower(), "resourceGroup": group, "subscriptionId": parts[2]}


ROUTES = (
    Route(
        "POST",
        "/providers/Microsoft.ResourceGraph/resources",
        query,
        "SDK",
        "a part of the query language; lags only where a fault says so; systemData and managedBy are left out",
        counter="arm",
    ),
)
