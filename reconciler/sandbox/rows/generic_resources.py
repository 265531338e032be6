"""Rows that list resources of every type, with the filters that clients send."""

import re
from typing import Any

from reconciler.sandbox.call import Call
from reconciler.sandbox.rows.any_resource import has_tag, resources
from reconciler.sandbox.table import GROUP, SUBSCRIPTION, Route
from reconciler.sandbox.wire import Refusal, Response, reply

_HEAD = ("id", "name", "type", "location", "tags", "identity", "sku", "zones")
_FILTERS = ("resourcetype", "name", "location", "resourcegroup", "tagname", "tagvalue")


def list_resources(call: Call) -> Response:
    unknown = [name for name in call.filter if name not in _FILTERS]
    if unknown:
        raise Refusal(400, "InvalidFilterInQueryString", f"Invalid $filter '{', '.join(unknown)}' in the query string.")
    key = call.group_key if "group" in call.names else call.subscription_key
    found = [_entry(call, body) for body in resources(call.world, key) if _fits(call.filter, body)]
    top = call.query.get("$top", "")
    return reply({"value": found[: int(top)] if top.isdecimal() else found})


def _fits(wanted: dict[str, str], body: dict[str, Any]) -> bool:
    values = {
        "resourcetype": body["type"],
        "name": body["name"],
        "location": body.get("location", ""),
        "resourcegroup": body["id"].split("/")[4],
    }
    if any(values[name].lower() != wanted[name].lower() for name in values if name in wanted):
        return False
    return has_tag(wanted, body)


def _entry(call: Call, body: dict[str, Any]) -> dict[str, Any]:
    entry = {name: body[name] for name in _HEAD if body.get(name) is not None}
    asked = re.split(r"\s*,\s*", call.query.get("$expand", ""))
    if "provisioningState" in asked:
        entry["provisioningState"] = body.get("properties", {}).get("provisioningState", "Succeeded")
    return entry


_NOTE = "one page; no createdTime or changedTime"
ROUTES = (
    Route("GET", f"{SUBSCRIPTION}/resources", list_resources, "SDK", _NOTE, counter="arm"),
    Route("GET", f"{GROUP}/resources", list_resources, "SDK", _NOTE, counter="arm"),
)
