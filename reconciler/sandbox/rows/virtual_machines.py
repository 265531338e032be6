"""Rows of virtual machines: reading them, with their instance view (wire-facts 8, vm-get-instanceview-2020)."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from reconciler.sandbox.call import Call
from reconciler.sandbox.listing import page
from reconciler.sandbox.rows.machine_forms import NEWEST, as_of, ordered
from reconciler.sandbox.table import GROUP, SUBSCRIPTION, Route
from reconciler.sandbox.times import text
from reconciler.sandbox.wire import Response, not_found, reply
from reconciler.sandbox.world import Row, guid_of

TYPE = "Microsoft.Compute/virtualMachines"
_IMAGES = {
    "Windows": ("MicrosoftWindowsServer", "WindowsServer", "2022-datacenter", "20348.2700.240905"),
    "Linux": ("Canonical", "ubuntu-24_04-lts", "server", "24.04.202409120"),
}
_SYSTEMS = {"Windows": ("Windows Server 2022 Datacenter", "10.0.20348"), "Linux": ("ubuntu", "24.04")}
_AGENTS = {"Windows": "2.7.41491.1131", "Linux": "2.11.1.12"}
_SAID = {
    "ready": "Guest Agent is running",
    "notReady": "VM Agent is unresponsive.",
    "missing": "VM status blob is found but not yet populated.",
}
_POWER = {"running": "VM running", "stopped": "VM stopped", "deallocated": "VM deallocated"}


def vm_row(subscription: str, group: str, vm: Mapping[str, Any], now: datetime) -> Row:
    """A VM from its short description: name, location, os, size, tags, power, agent {version, status}, disks
    {os {name, sizeGb, type, vhd}, data [{lun, name, sizeGb, type, vhd}]}, nics (ids), extensions [{name, publisher, type, version,
    status, message}]. Ids keep the group in the case given."""
    os, name = vm.get("os", "Linux"), vm["name"]
    id = f"/subscriptions/{subscription}/resourceGroups/{group}/providers/{TYPE}/{name}"
    body: dict[str, Any] = {"name": name, "id": id, "type": TYPE, "location": vm["location"]}
    if vm.get("tags"):
        body["tags"] = dict(vm["tags"])
    body["properties"] = {
        "vmId": guid_of(id.lower()),
        "hardwareProfile": {"vmSize": vm.get("size", "Standard_D2s_v5")},
        "storageProfile": _storage(id, os, vm),
        "osProfile": _os_profile(name, os),
        "networkProfile": {"networkInterfaces": [{"id": nic} for nic in vm.get("nics") or [_nic(id)]]},
        "diagnosticsProfile": {"bootDiagnostics": {"enabled": True}},
        "provisioningState": vm.get("provisioningState", "Succeeded"),
        "timeCreated": text(now - timedelta(hours=1)).replace("Z", "+00:00"),
    }
    body["etag"] = '"1"'
    extensions = [_extension(body, extension) for extension in vm.get("extensions") or []]
    if extensions:
        body["resources"] = [{"id": extension["id"]} for extension in extensions]
    power = vm.get("power", "running")
    facts = {"running": power == "running", "os": os, "size": vm.get("size", "Standard_D2s_v5")}
    meta = {"facts": facts, "view": _view(body, vm, os, power, now), "extensions": extensions}
    collection = f"/subscriptions/{subscription}/providers/microsoft.compute/virtualmachines".lower()
    return Row(id.lower(), collection, ordered(body), meta)


def _nic(vm_id: str) -> str:
    return vm_id.replace(TYPE, "Microsoft.Network/networkInterfaces") + "-nic"


def _storage(id: str, os: str, vm: Mapping[str, Any]) -> dict[str, Any]:
    publisher, offer, sku, exact = _IMAGES[os]
    image = {"publisher": publisher, "offer": offer, "sku": sku, "version": "latest", "exactVersion": exact}
    disks = vm.get("disks") or {}
    os_disk = disks.get("os") or {}
    root = id.split("/providers/")[0] + "/providers/Microsoft.Compute/disks"
    name = os_disk.get("name", f"{vm['name']}_OsDisk")
    return {
        "imageReference": image,
        "osDisk": {"osType": os} | _disk(root, name, os_disk, "FromImage", "ReadWrite", 127 if os == "Windows" else 30),
        "dataDisks": [
            {"lun": disk["lun"]}
            | _disk(root, disk.get("name", f"{vm['name']}_DataDisk_{disk['lun']}"), disk, "Empty", "None", 128)
            | {"toBeDetached": False}
            for disk in disks.get("data") or []
        ],
        "diskControllerType": "SCSI",
    }


def _disk(root: str, name: str, disk: Mapping[str, Any], option: str, caching: str, gigabytes: int) -> dict[str, Any]:
    managed = {"storageAccountType": disk.get("type", "Premium_LRS"), "id": f"{root}/{name}"}
    return {
        "name": name,
        "createOption": option,
        **({"vhd": disk["vhd"]} if disk.get("vhd") else {}),
        "caching": caching,
        **({} if disk.get("vhd") else {"managedDisk": managed}),
        "deleteOption": "Detach",
        "diskSizeGB": disk.get("sizeGb", gigabytes),
    }


def _os_profile(name: str, os: str) -> dict[str, Any]:
    profile: dict[str, Any] = {"computerName": name[:15], "adminUsername": "azureuser"}
    if os == "Windows":
        profile["windowsConfiguration"] = {
            "provisionVMAgent": True,
            "enableAutomaticUpdates": True,
            "patchSettings": {"patchMode": "AutomaticByOS", "assessmentMode": "ImageDefault"},
            "enableVMAgentPlatformUpdates": True,
        }
    else:
        profile["linuxConfiguration"] = {
            "disablePasswordAuthentication": True,
            "provisionVMAgent": True,
            "patchSettings": {"patchMode": "ImageDefault", "assessmentMode": "ImageDefault"},
            "enableVMAgentPlatformUpdates": False,
        }
    return profile | {"secrets": [], "allowExtensionOperations": True, "requireGuestProvisionSignal": True}


def _view(body: Mapping[str, Any], vm: Mapping[str, Any], os: str, power: str, now: datetime) -> dict[str, Any]:
    """The instance view. A VM that is off, or has no agent, shows nothing of one; an agent that has fallen silent was seen once."""
    described = vm.get("agent") or {}
    status = described.get("status", "ready") if power == "running" else "missing"
    ready = status == "ready"
    stamp = text(now - timedelta(hours=1)).replace("Z", "+00:00")
    agent = {
        "vmAgentVersion": described.get("version", _AGENTS[os]) if status != "missing" else "Unknown",
        "statuses": [
            {
                "code": "ProvisioningState/succeeded" if ready else "ProvisioningState/Unavailable",
                "level": "Info" if ready else "Warning",
                "displayStatus": "Ready" if ready else "Not Ready",
                "message": _SAID[status],
                "time": stamp,
            }
        ],
    }
    done = {"code": "ProvisioningState/succeeded", "level": "Info", "displayStatus": "Provisioning succeeded"}
    storage = body["properties"]["storageProfile"]
    disks = [storage["osDisk"], *storage["dataDisks"]]
    view: dict[str, Any] = {}
    if ready:
        name, version = _SYSTEMS[os]
        view |= {"computerName": vm["name"][:15], "osName": name, "osVersion": version}
        agent["extensionHandlers"] = []
    extensions = vm.get("extensions") or []
    if ready and extensions:
        agent["extensionHandlers"] = [_handler(extension) for extension in extensions]
    powered = {"code": f"PowerState/{power}", "level": "Info", "displayStatus": _POWER[power]}
    return view | {
        "vmAgent": agent,
        "disks": [{"name": disk["name"], "statuses": [done | {"time": stamp}]} for disk in disks],
        "bootDiagnostics": {},
        **({"extensions": [_extension_view(extension) for extension in extensions]} if extensions else {}),
        "hyperVGeneration": "V2",
        "statuses": [done | {"time": stamp}, powered],
    }


def _extension(vm: Mapping[str, Any], extension: Mapping[str, Any]) -> dict[str, Any]:
    body = {
        "name": extension["name"],
        "id": f"{vm['id']}/extensions/{extension['name']}",
        "type": f"{TYPE}/extensions",
        "location": vm["location"],
    }
    if extension.get("tags"):
        body["tags"] = extension["tags"]
    failed = extension.get("status") == "failed"
    body["properties"] = {
        "autoUpgradeMinorVersion": True,
        "provisioningState": "Failed" if failed else "Succeeded",
        "publisher": extension["publisher"],
        "type": extension["type"],
        "typeHandlerVersion": ".".join(extension.get("version", "1.0").split(".")[:2]),
        "settings": extension.get("settings", {}),
    }
    return body


def _outcome(extension: Mapping[str, Any], display: tuple[str, str]) -> dict[str, str]:
    failed = extension.get("status") == "failed"
    code = f"ProvisioningState/{'failed/1' if failed else 'succeeded'}"
    return {"code": code, "level": "Error" if failed else "Info", "displayStatus": display[failed]}


def _handler(extension: Mapping[str, Any]) -> dict[str, Any]:
    kind, version = f"{extension['publisher']}.{extension['type']}", extension.get("version", "1.0.0")
    status = _outcome(extension, ("Ready", "Not Ready")) | {"message": "Plugin enabled"}
    return {"type": kind, "typeHandlerVersion": version, "status": status}


def _extension_view(extension: Mapping[str, Any]) -> dict[str, Any]:
    kind, version = f"{extension['publisher']}.{extension['type']}", extension.get("version", "1.0.0")
    status = _outcome(extension, ("Provisioning succeeded", "Provisioning failed"))
    status |= {"message": extension.get("message", "")}
    return {"name": extension["name"], "type": kind, "typeHandlerVersion": version, "statuses": [status]}


def collection(call: Call) -> str:
    return f"{call.subscription_key}/providers/microsoft.compute/virtualmachines"


def find(call: Call) -> Row:
    row = call.world.get(f"{call.group_key}/providers/{TYPE}/{call.names['vm']}")
    if row is None:
        raise not_found(TYPE, call.names["vm"], call.names["group"])
    return row


def shown(row: Row, version: str, *, expanded: bool = False, listed: bool = False) -> dict[str, Any]:
    """The VM as an api-version shows it; lists name its extensions only, a GET shows them."""
    if expanded:
        row.body["properties"]["instanceView"] = row.meta["view"]
    if row.meta["extensions"] and not listed:
        row.body["resources"] = row.meta["extensions"]
    return as_of(row.body, version)


def get(call: Call) -> Response:
    expanded = call.query.get("$expand", "").lower() == "instanceview"
    return reply(shown(find(call), call.version, expanded=expanded))


def instance_view(call: Call) -> Response:
    return reply(find(call).meta["view"])


def list_vms(call: Call) -> Response:
    """By group or by subscription; `statusOnly=true` or `$expand=instanceView` adds the instance view."""
    expanded = call.query.get("$expand", "").lower() == "instanceview"
    status_only = call.query.get("statusonly", "").lower() == "true"

    def entry(key: str, body: dict[str, Any]) -> dict[str, Any] | None:
        row = call.world.get(key)
        if row is None:
            return None
        if status_only:
            kept = {name: body["properties"][name] for name in ("vmId", "provisioningState")}
            return body | {"properties": kept | {"instanceView": row.meta["view"]}}
        return shown(row, call.version, expanded=expanded, listed=True)

    under = call.group_key if "group" in call.names else ""
    return page(call, collection(call), entry, always=expanded or status_only or call.version < NEWEST, under=under)


_LIST = f"/providers/{TYPE}"
_VM = f"{GROUP}{_LIST}/{{vm}}"
ROUTES = (
    Route("GET", f"{SUBSCRIPTION}{_LIST}", list_vms, "SDK", "shape of statusOnly is assumed", counter="compute"),
    Route("GET", f"{GROUP}{_LIST}", list_vms, "SDK", counter="compute"),
    Route("GET", _VM, get, "vm-get-instanceview-2020", "no boot screenshots", counter="compute"),
    Route("GET", f"{_VM}/instanceView", instance_view, "SDK", counter="compute"),
)
