"""Resources of any type, as the rows see them that work on all: lists of everything, tags, locks."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from reconciler.sandbox.call import VAULTS, Call
from reconciler.sandbox.rows import vault_state
from reconciler.sandbox.wire import GATEWAY, Refusal, not_found
from reconciler.sandbox.world import Row, World

_DEPTH = 8  # slashes in the id of a resource that lies directly in its group
_NEWEST = "2026-07-01"


def body_of(row: Row) -> dict[str, Any]:
    """The body over the wire; that of a vault is made at every read."""
    if f"/providers/{VAULTS.lower()}/" in row.key:
        return vault_state.shown(row.meta, row.body["id"], _NEWEST, listed=True)
    return row.body


def resources(world: World, key: str, inner: Collection[str] = ()) -> Iterator[dict[str, Any]]:
    """The bodies of all resources under a subscription or group, in order of creation; `inner`: types inside others."""

    def wanted(key: str, collection: str) -> bool:
        lies_there = key.count("/") == _DEPTH or collection.rpartition("/")[2] in inner
        return lies_there and collection.startswith("/subscriptions/")

    return map(body_of, world.under(key if "/resourcegroups/" in key else f"{key}/resourcegroups", wanted))


def scope(call: Call) -> Row:
    """The subscription, group or resource that the path up to the second provider names.

    Raises:
        Refusal: 404.
    """
    if "group" in call.names and "resource" not in call.names:
        return group_of(call)
    row = call.world.get(resource_key(call) if "resource" in call.names else call.subscription_key)
    if row is None:
        raise not_found(f"{call.names['namespace']}/{call.names['type']}", call.names["resource"], call.names["group"])
    return row


def group_of(call: Call) -> Row:
    """The resource group of the path.

    Raises:
        Refusal: 404.
    """
    row = call.world.get(call.group_key)
    if row is None:
        text = f"Resource group '{call.names['group']}' could not be found."
        raise Refusal(404, "ResourceGroupNotFound", text, GATEWAY)
    return row


def resource_key(call: Call) -> str:
    names = call.names
    return f"{call.group_key}/providers/{names['namespace']}/{names['type']}/{names['resource']}".lower()


def tags_of(row: Row) -> dict[str, str]:
    return dict((row.meta.get("tags") if "softDelete" in row.meta else row.body.get("tags")) or {})


def has_tag(wanted: Mapping[str, str], body: Mapping[str, Any]) -> bool:
    """Whether a body has the tag of a filter, `tagname` and `tagvalue`; the case of its name does not matter."""
    tags = {name.lower(): value for name, value in (body.get("tags") or {}).items()}
    value = tags.get(wanted["tagname"].lower()) if "tagname" in wanted else ""
    return value is not None and wanted.get("tagvalue", value) == value


def set_tags(world: World, row: Row, tags: dict[str, str]) -> None:
    if "softDelete" in row.meta:
        row.meta["tags"] = tags
    else:
        row.body["tags"] = tags
    world.put(row)
