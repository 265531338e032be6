"""Rows that change virtual machines: PUT, PATCH, DELETE, power (Compute's published API; wire-facts 8)."""

from collections.abc import Callable, Mapping
from typing import Any

from reconciler.sandbox.call import Call
from reconciler.sandbox.rows import arm_operations
from reconciler.sandbox.rows.any_resource import group_of
from reconciler.sandbox.rows.machine_forms import ordered
from reconciler.sandbox.rows.malformed import reading
from reconciler.sandbox.rows.network_kinds import attached
from reconciler.sandbox.rows.virtual_machines import TYPE, find, shown, vm_row
from reconciler.sandbox.table import GROUP, Route
from reconciler.sandbox.wire import Refusal, Response, empty, reply
from reconciler.sandbox.world import Row, World, effect

_WRITE_SECONDS = 20
_POWER = {"start": "running", "restart": "running", "poweroff": "stopped", "deallocate": "deallocated"}
_KEPT = ("hardwareProfile", "networkProfile", "diagnosticsProfile", "securityProfile", "licenseType", "priority")
_ENVELOPE = ("tags", "zones", "identity", "plan")


def put_machine(call: Call) -> Response:
    """A new VM starts running, with an agent that is ready; of an old one, what was sent is kept."""
    old, sent = call.world.get(f"{call.group_key}/providers/{TYPE}/{call.names['vm']}"), call.properties
    location = call.location(old.body["location"] if old else "")
    with reading():
        row = old or _new_machine(call, location, sent)
        row.body["properties"] |= {name: sent[name] for name in _KEPT if sent.get(name)}
        if old and sent.get("storageProfile"):
            storage = row.body["properties"]["storageProfile"]
            storage["dataDisks"] = sent["storageProfile"].get("dataDisks", storage["dataDisks"])
        _keep_envelope(row, call.body)
        row.meta["facts"]["size"] = row.body["properties"]["hardwareProfile"]["vmSize"]
    return _write(call, row, 200 if old else 201, "Updating" if old else "Creating")


def _keep_envelope(row: Row, sent: Mapping[str, Any]) -> None:
    for name in _ENVELOPE:
        if sent.get(name) is not None:
            row.body[name] = sent[name]
    row.body = ordered(row.body)


def _new_machine(call: Call, location: str, sent: Mapping[str, Any]) -> Row:
    os_disk = (sent.get("storageProfile") or {}).get("osDisk") or {}
    windows = os_disk.get("osType") == "Windows" or "windowsConfiguration" in (sent.get("osProfile") or {})
    nics = [nic["id"] for nic in (sent.get("networkProfile") or {}).get("networkInterfaces") or [] if "id" in nic]
    if not sent.get("hardwareProfile") or not nics:
        said = "Required parameter 'hardwareProfile' or 'networkProfile.networkInterfaces' is missing (null)."
        raise Refusal(400, "InvalidParameter", said)
    group = group_of(call)
    facts = {
        "name": call.names["vm"],
        "location": location.replace(" ", "").lower(),
        "os": "Windows" if windows else "Linux",
        "size": sent["hardwareProfile"].get("vmSize", "Standard_D2s_v5"),
        "nics": nics,
        "disks": {"os": {"name": os_disk.get("name") or f"{call.names['vm']}_OsDisk", "vhd": os_disk.get("vhd")}},
    }
    row = vm_row(call.names["subscription"], group.body["name"], facts, call.now())
    data_disks = (sent.get("storageProfile") or {}).get("dataDisks")
    if data_disks:
        row.body["properties"]["storageProfile"]["dataDisks"] = data_disks
    for nic in nics:
        _attach(call.world, nic, row.body["id"])
    return row


def _attach(world: World, nic_id: str, vm_id: str | None) -> None:
    nic = world.get(nic_id)
    if nic is None:
        return
    nic.body["properties"] = attached(nic.key, nic.body["properties"], vm_id)
    world.put(nic)


def _write(call: Call, row: Row, status: int, state: str) -> Response:
    row.body["properties"]["provisioningState"] = state
    if status == 200:
        row.body["etag"] = f'"{int(row.body["etag"].strip(chr(34))) + 1}"'
    call.world.put(row)
    operation, headers = arm_operations.start(call, "Microsoft.Compute", row.body["location"])
    call.world.after(_WRITE_SECONDS, machine_settled, {"operation": operation, "vm": row.key})
    return reply(shown(row, call.version), status, headers)


def patch_machine(call: Call) -> Response:
    row = find(call)
    row.body["properties"] |= {name: call.properties[name] for name in _KEPT if call.properties.get(name)}
    _keep_envelope(row, call.body)
    return _write(call, row, 200, "Updating")


@effect
def machine_settled(world: World, data: dict[str, Any]) -> None:
    row, error = world.get(data["vm"]), arm_operations.finish(world, data["operation"])
    if row is not None:
        row.body["properties"]["provisioningState"] = "Failed" if error else "Succeeded"
        world.put(row)


def delete_machine(call: Call) -> Response:
    row = call.world.get(f"{call.group_key}/providers/{TYPE}/{call.names['vm']}")
    if row is None:
        return empty(204)
    operation, headers = arm_operations.start(call, "Microsoft.Compute", row.body["location"])
    call.world.after(_WRITE_SECONDS, machine_removed, {"operation": operation, "vm": row.key})
    return arm_operations.accepted(call, "Microsoft.Compute", headers)


@effect
def machine_removed(world: World, data: dict[str, Any]) -> None:
    """The VM goes, its interfaces are free again; its backup stays, as an orphan."""
    row = world.get(data["vm"])
    if arm_operations.finish(world, data["operation"]) or row is None:
        return
    for nic in row.body["properties"]["networkProfile"]["networkInterfaces"]:
        _attach(world, nic["id"], None)
    world.delete(row.key)
    world.delete_under(row.key)


def _power(action: str) -> Callable[[Call], Response]:
    def change(call: Call) -> Response:
        row = find(call)
        operation, headers = arm_operations.start(call, "Microsoft.Compute", row.body["location"])
        data = {"operation": operation, "vm": row.key, "power": _POWER[action.lower()]}
        call.world.after(_WRITE_SECONDS, power_changed, data)
        return arm_operations.accepted(call, "Microsoft.Compute", headers)

    return change


@effect
def power_changed(world: World, data: dict[str, Any]) -> None:
    """The view is that of a VM made anew with this power state."""
    row = world.get(data["vm"])
    if arm_operations.finish(world, data["operation"]) or row is None:
        return
    parts, facts = row.body["id"].split("/"), row.meta["facts"]
    described = {"name": row.body["name"], "location": row.body["location"], "os": facts["os"], "power": data["power"]}
    fresh = vm_row(parts[2], parts[4], described, world.now()).meta["view"]
    row.meta["view"] = fresh | {"disks": row.meta["view"]["disks"]}
    facts["running"] = data["power"] == "running"
    world.put(row)


_VM, _SOURCE = f"{GROUP}/providers/{TYPE}/{{vm}}", "SDK; wire-facts 8"
ROUTES = (
    Route("PUT", _VM, put_machine, _SOURCE, "images are not looked up; any size is one", counter="compute"),
    Route("PATCH", _VM, patch_machine, _SOURCE, counter="compute"),
    Route("DELETE", _VM, delete_machine, _SOURCE, counter="compute"),
    *(
        Route("POST", f"{_VM}/{action}", _power(action), _SOURCE, counter="compute")
        for action in ("start", "restart", "powerOff", "deallocate")
    ),
)
