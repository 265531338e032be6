"""Rows of managed disks (Compute's published API)."""

from typing import Any

from reconciler.sandbox.call import Call
from reconciler.sandbox.listing import page
from reconciler.sandbox.rows import arm_operations
from reconciler.sandbox.rows.any_resource import group_of
from reconciler.sandbox.table import GROUP, SUBSCRIPTION, Route
from reconciler.sandbox.wire import Refusal, Response, empty, not_found, reply
from reconciler.sandbox.world import Row, World, effect, guid_of

DISK = "Microsoft.Compute/disks"
_SECONDS = 3


def _key(call: Call) -> str:
    return f"{call.group_key}/providers/{DISK}/{call.names['name']}".lower()


def get(call: Call) -> Response:
    row = call.world.get(_key(call))
    if row is None:
        raise not_found(DISK, call.names["name"], call.names["group"])
    return reply(row.body)


def list_disks(call: Call) -> Response:
    under = call.group_key if "group" in call.names else ""
    return page(call, f"{call.subscription_key}/providers/{DISK}", lambda key, body: body, under=under)


def put(call: Call) -> Response:
    """202 with the disk as it will be: the SDKs take 200 and 202 only."""
    location, size = call.location(), call.properties.get("diskSizeGB", 32)
    if not isinstance(size, int) or not 1 <= size <= 65536:
        raise Refusal(400, "InvalidParameter", f"The value '{size}' of parameter 'disk.diskSizeGB' is out of range.")
    id = f"{group_of(call).body['id']}/providers/{DISK}/{call.names['name']}"
    known = {
        "osType": call.properties.get("osType"),
        "creationData": call.properties.get("creationData") or {"createOption": "Empty"},
        "diskSizeGB": size,
        "diskSizeBytes": size * 2**30,
        "encryption": call.properties.get("encryption") or {"type": "EncryptionAtRestWithPlatformKey"},
        "networkAccessPolicy": call.properties.get("networkAccessPolicy", "AllowAll"),
        "publicNetworkAccess": call.properties.get("publicNetworkAccess", "Enabled"),
        "diskState": "Unattached",
        "uniqueId": guid_of(id.lower()),
        "provisioningState": "Updating",
    }
    body: dict[str, Any] = {
        "name": call.names["name"],
        "id": id,
        "type": DISK,
        "location": location.replace(" ", "").lower(),
    }
    body |= {name: call.body[name] for name in ("tags", "zones") if call.body.get(name)}
    body["sku"] = call.body.get("sku") or {"name": "Standard_LRS"}
    body["properties"] = {name: value for name, value in known.items() if value is not None}
    call.world.put(Row(id.lower(), f"{call.subscription_key}/providers/{DISK.lower()}", body))
    operation, headers = arm_operations.start(call, "Microsoft.Compute", body["location"], makes=id.lower())
    call.world.after(_SECONDS, disk_settled, {"operation": operation, "disk": id.lower()})
    location_header = arm_operations.accepted(call, "Microsoft.Compute", headers).headers
    return reply(body, 202, location_header)


@effect
def disk_settled(world: World, data: dict[str, Any]) -> None:
    row, error = world.get(data["disk"]), arm_operations.finish(world, data["operation"])
    if row is not None:
        row.body["properties"]["provisioningState"] = "Failed" if error else "Succeeded"
        world.put(row)


def delete(call: Call) -> Response:
    row = call.world.get(_key(call))
    if row is None:
        return empty(204)
    operation, headers = arm_operations.start(call, "Microsoft.Compute", row.body["location"])
    call.world.after(_SECONDS, disk_removed, {"operation": operation, "disk": row.key})
    return arm_operations.accepted(call, "Microsoft.Compute", headers)


@effect
def disk_removed(world: World, data: dict[str, Any]) -> None:
    if arm_operations.finish(world, data["operation"]) is None:
        world.delete(data["disk"])


_ONE = f"{GROUP}/providers/{DISK}/{{name}}"
ROUTES = (
    Route("GET", f"{SUBSCRIPTION}/providers/{DISK}", list_disks, "SDK", counter="compute"),
    Route("GET", f"{GROUP}/providers/{DISK}", list_disks, "SDK", counter="compute"),
    Route("GET", _ONE, get, "SDK", "disks of an estate's VMs are named by those only", counter="compute"),
    Route("PUT", _ONE, put, "SDK", "what a disk is made from is not looked up", counter="compute"),
    Route("DELETE", _ONE, delete, "SDK", counter="compute"),
)
