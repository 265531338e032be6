"""Rows of network resources: groups, networks, interfaces, addresses, route tables, and what lies inside them."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from reconciler.sandbox.call import Call
from reconciler.sandbox.listing import page
from reconciler.sandbox.rows import arm_operations
from reconciler.sandbox.rows.any_resource import group_of
from reconciler.sandbox.rows.malformed import reading
from reconciler.sandbox.rows.network_forms import as_of, in_order
from reconciler.sandbox.rows.network_kinds import KINDS, Kind, address, child_body
from reconciler.sandbox.rows.subnets import interfaces_in
from reconciler.sandbox.table import GROUP, SUBSCRIPTION, Route
from reconciler.sandbox.wire import Refusal, Response, empty, not_found, reply
from reconciler.sandbox.world import Row, World, effect

UPDATE_SECONDS, _DELETE_SECONDS = 4, 10
_ENVELOPE = ("extendedLocation", "identity")
NOTIFIED = {"Azure-AsyncNotification": "Enabled"}
REMOVAL = NOTIFIED | {"Retry-After": "10"}  # as a subnet's deletion was recorded in 2022
_BY_TYPE = {kind.segment.lower(): kind for kind in KINDS}


def create(world: World, id: str, body: Mapping[str, Any], *, state: str = "Succeeded") -> Row:
    """Stores a network resource of any of the kinds from its id and the body of a PUT.

    Raises:
        Refusal: as the service would.
    """
    _, _, subscription, _, _, _, _, segment, name = id.split("/")
    kind = _BY_TYPE[segment.lower()]
    properties = kind.complete(world, id, body.get("properties") or {})
    fresh = not world.has(id)
    for entry in inner(properties) if fresh else ():
        entry["properties"]["provisioningState"] = state
    own = {"type": kind.type, "kind": "Regular", "sku": _sku(body)} | {field: body.get(field) for field in _ENVELOPE}
    full: dict[str, Any] = {"name": name, "id": id, "etag": "", "type": kind.type, "location": body["location"]}
    if "type" in kind.last:
        del full["type"]
    if body.get("tags") is not None:
        full["tags"] = dict(body["tags"])
    if body.get("zones"):
        full["zones"] = body["zones"]
    full["properties"] = {"provisioningState": state} | properties
    full |= {field: own[field] for field in kind.last if own[field]}
    row = Row(id.lower(), f"/subscriptions/{subscription}/providers/microsoft.network/{segment}".lower(), full)
    if kind.segment == "publicIPAddresses":
        address(row)
    return stored(world, row)


def _sku(body: Mapping[str, Any]) -> dict[str, Any]:
    """Of a public address; Basic was the one that needed no name."""
    sent = body.get("sku") or {}
    return {"name": sent.get("name", "Basic"), "tier": sent.get("tier", "Regional")}


def peering(network_id: str, name: str, properties: Mapping[str, Any]) -> dict[str, Any]:
    """One side of a peering, as it lies in the body of its network."""
    kind = "Microsoft.Network/virtualNetworks/virtualNetworkPeerings"
    return child_body(name, f"{network_id}/virtualNetworkPeerings/{name}", kind, dict(properties))


def stored(world: World, row: Row) -> Row:
    """Every write gives the resource, and all that lies inside it, one new etag."""
    tag = f'W/"{world.guid()}"'
    row.body["etag"] = tag
    properties = row.body["properties"]
    for value in properties.values():
        for entry in value if isinstance(value, list) else ():
            if isinstance(entry, dict) and "etag" in entry:
                entry["etag"] = tag
    if "ipConfigurations" in properties:  # an interface is found by its security group and its subnet
        row.link = (properties.get("networkSecurityGroup") or {}).get("id", "").lower()
        row.subject = properties["ipConfigurations"][0]["properties"]["subnet"]["id"].lower()
    return world.put(row)


def shown(call: Call, kind: Kind, row: Row) -> dict[str, Any]:
    """The body as the asked api-version has it, with what refers to it."""
    row.body["properties"] |= kind.back(call.world, row)
    for subnet in row.body["properties"].get("subnets", []) if kind.segment == "virtualNetworks" else []:
        with_addresses(call.world, subnet)
    row.body["properties"] = as_of(kind.segment, row.body["properties"], call.version)
    if call.version < "2020":
        row.body.pop("kind", None)
    return row.body


def with_addresses(world: World, subnet: dict[str, Any]) -> dict[str, Any]:
    used = [
        {"id": configuration["id"]}
        for nic in interfaces_in(world, subnet["id"].lower())
        for configuration in nic.body["properties"]["ipConfigurations"]
    ]
    if used:
        subnet["properties"] = in_order("subnets", subnet["properties"] | {"ipConfigurations": used})
    return subnet


def find(call: Call, kind: Kind) -> Row:
    row = call.world.get(f"{call.group_key}/providers/{kind.type}/{call.names['name']}")
    if row is None:
        raise not_found(kind.type, call.names["name"], call.names["group"])
    return row


def refuse_when_busy(row: Row) -> None:
    """A resource takes one change at a time."""
    if row.body["properties"]["provisioningState"] in ("Updating", "Deleting"):
        said = f"Another operation on this or dependent resource is in progress. Resource: {row.body['id']}"
        raise Refusal(409, "AnotherOperationInProgress", said)


def refuse_when_changed(call: Call, etag: str) -> None:
    """If-Match makes a write count only for the version that it names. Firewalls have bare etags in their bodies, quoted in headers.

    Raises:
        Refusal: 412, as kubernetes-sigs/cluster-api-provider-azure issue 682 shows it.
    """
    named = call.if_match
    if named not in ("", "*") and _bare(named) != _bare(etag):
        said = f"Etag provided in if-match header {named} does not match etag {etag} of resource {call.path} in NRP data store."
        details = [{"code": "PreconditionFailedEtagMismatch", "message": said}]
        raise Refusal(412, "PreconditionFailed", "Precondition failed.", more={"details": details})


def _bare(etag: str) -> str:
    return etag.removeprefix("W/").strip('"')


def begin(call: Call, row: Row, then: Callable[[World, dict[str, Any]], None], seconds: float) -> dict[str, str]:
    operation, headers = arm_operations.start(call, "Microsoft.Network", row.body["location"])
    call.world.after(seconds, then, {"operation": operation, "resource": row.key})
    return headers


def _get(kind: Kind) -> Callable[[Call], Response]:
    def get(call: Call) -> Response:
        body = shown(call, kind, find(call, kind))
        return reply(body, headers={"ETag": body["etag"]})

    return get


def _list(kind: Kind) -> Callable[[Call], Response]:
    def list_all(call: Call) -> Response:
        def render(key: str, body: dict[str, Any]) -> dict[str, Any] | None:
            row = call.world.get(key)
            return shown(call, kind, row) if row else None

        under = call.group_key if "group" in call.names else ""
        collection = f"{call.subscription_key}/providers/microsoft.network/{kind.segment.lower()}"
        as_stored = kind.segment == "applicationSecurityGroups"
        as_stored = as_stored or (kind.segment == "networkInterfaces" and call.year >= 2022)
        return page(call, collection, render, always=not as_stored, under=under)

    return list_all


def _put(kind: Kind) -> Callable[[Call], Response]:
    def put(call: Call) -> Response:
        old = call.world.get(f"{call.group_key}/providers/{kind.type}/{call.names['name']}")
        if old:
            refuse_when_busy(old)
            refuse_when_changed(call, old.body["etag"])
        location = call.location(old.body["location"] if old else "")
        group = group_of(call)
        id = old.body["id"] if old else f"{group.body['id']}/providers/{kind.type}/{call.names['name']}"
        body = call.body | {"location": location.replace(" ", "").lower()}
        status = 200 if old else 201
        with reading():
            row = create(call.world, id, body, state="Succeeded" if status in kind.at_once else "Updating")
            kind.judge(row.body["properties"])
        headers = begin(call, row, network_settled, UPDATE_SECONDS)
        return reply(shown(call, kind, row), status, headers | NOTIFIED)

    return put


def _patch(kind: Kind) -> Callable[[Call], Response]:
    def patch(call: Call) -> Response:
        """Tags are all that a PATCH changes, at once."""
        row = find(call, kind)
        refuse_when_busy(row)
        row.body["tags"] = call.body.get("tags") or {}
        return reply(shown(call, kind, stored(call.world, row)))

    return patch


def _delete(kind: Kind) -> Callable[[Call], Response]:
    def delete(call: Call) -> Response:
        row = call.world.get(f"{call.group_key}/providers/{kind.type}/{call.names['name']}")
        if row is None:
            return empty(204)
        refuse_when_busy(row)
        _refuse_in_use(call.world, kind, row)
        headers = begin(call, row, network_removed, _DELETE_SECONDS)
        row.body["properties"]["provisioningState"] = "Deleting"
        call.world.put(row)
        return arm_operations.accepted(call, "Microsoft.Network", headers | REMOVAL)

    return delete


def _refuse_in_use(world: World, kind: Kind, row: Row) -> None:
    users = [entry["id"] for value in kind.back(world, row).values() if isinstance(value, list) for entry in value]
    if configuration := kind.back(world, row).get("ipConfiguration"):
        said = f"Public IP address {row.body['id']} can not be deleted since it is still allocated to {configuration['id']}."
        raise Refusal(400, "PublicIPAddressCannotBeDeleted", said)
    if kind.segment == "virtualNetworks":
        users = [nic.body["id"] for subnet in row.body["properties"]["subnets"] for nic in _in_subnet(world, subnet)]
    owner = row.body["properties"].get("virtualMachine")
    users += [owner["id"]] if owner else []
    if users:
        what = kind.segment[0].upper() + kind.segment[1:].removesuffix("s")
        said = f"{what} {row.body['id']} cannot be deleted because it is in use by the following resources: {users}."
        raise Refusal(400, f"InUse{what}CannotBeDeleted", said)


def _in_subnet(world: World, subnet: Mapping[str, Any]) -> list[Row]:
    return interfaces_in(world, subnet["id"].lower())


@effect
def network_settled(world: World, data: dict[str, Any]) -> None:
    """A change is through: the state is Succeeded, with another etag (nsgrule-put-201-2021), unless it was before."""
    row, error = world.get(data["resource"]), arm_operations.finish(world, data["operation"])
    if row is None:
        return
    state = "Failed" if error else "Succeeded"
    properties = row.body["properties"]
    waiting = [
        place
        for place in (properties, *(entry["properties"] for entry in inner(properties)))
        if place.get("provisioningState") == "Updating"
    ]
    for place in waiting or [properties]:
        place["provisioningState"] = state
    if "publicIPAllocationMethod" in properties:
        address(row)
    if waiting:
        stored(world, row)
    elif error:
        world.put(row)


@effect
def network_removed(world: World, data: dict[str, Any]) -> None:
    row, error = world.get(data["resource"]), arm_operations.finish(world, data["operation"])
    if row is None:
        return
    if error:
        row.body["properties"]["provisioningState"] = "Failed"
        world.put(row)
        return
    world.delete(row.key)
    world.delete_under(row.key)


def inner(properties: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """What lies inside a resource and has a state of its own."""
    for value in properties.values():
        for entry in value if isinstance(value, list) else ():
            if isinstance(entry, dict) and "properties" in entry:
                yield entry


def _rows(kind: Kind) -> tuple[Route, ...]:
    one, source = f"{GROUP}/providers/{kind.type}/{{name}}", "nsg-list-2020; wire-facts 8"
    return (
        Route("GET", f"{SUBSCRIPTION}/providers/{kind.type}", _list(kind), source, counter="arm"),
        Route("GET", f"{GROUP}/providers/{kind.type}", _list(kind), source, counter="arm"),
        Route("GET", one, _get(kind), source, counter="arm"),
        Route("PUT", one, _put(kind), source, "few of the checks", counter="arm"),
        Route("PATCH", one, _patch(kind), "SDK", counter="arm"),
        Route("DELETE", one, _delete(kind), source, counter="arm"),
    )


ROUTES = tuple(row for kind in KINDS for row in _rows(kind))
