"""Estate files: what exists in the sandbox before anything is done (the format is in docs/sandbox.md)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from reconciler.sandbox.estate_governance import GOVERNANCE_KEYS, place_governance
from reconciler.sandbox.estate_items import ITEM_KEYS, place_item
from reconciler.sandbox.estate_key_vaults import encrypt, place_key_vaults
from reconciler.sandbox.estate_networks import NETWORK_KEYS, PLUG_KEYS, place_locks, place_networks, plug_in
from reconciler.sandbox.estate_policies import POLICY_KEYS, wire_policy
from reconciler.sandbox.marked import EstateError, Places, Section, read_yaml
from reconciler.sandbox.rows import groups, storage_accounts, vault_state, vaults
from reconciler.sandbox.rows.backups import next_run
from reconciler.sandbox.rows.policy_state import policy_row
from reconciler.sandbox.rows.virtual_machines import vm_row
from reconciler.sandbox.times import parse
from reconciler.sandbox.wire import Refusal
from reconciler.sandbox.world import DEFAULT_NOW, DEFAULT_SUBSCRIPTION, Row, World

__all__ = ["EstateError", "load_estate", "load_estate_text", "reset"]

_SWITCHES = ("vaultDeleteStatusVanishes", "crossRegionRestoreResendFails")
_PLACE_KEYS = ("location", "locks", "resourceGroups", "vaults")
_TOP_KEYS = ("now", "subscription", "subscriptions", "behaviour", *_PLACE_KEYS, *GOVERNANCE_KEYS)
_GROUP_KEYS = ("location", "tags", "locks", "virtualMachines", "keyVaults", "storageAccounts", *NETWORK_KEYS)
_VM_KEYS = (
    "location", "os", "size", "tags", "power", "agent", "disks", "nics", "extensions", "provisioningState",
    "encryption", "locks", *PLUG_KEYS,
)  # fmt: skip
_DISK_KEYS = ("lun", "name", "sizeGb", "type", "account")
_EXTENSION_KEYS = ("name", "publisher", "type", "version", "status", "message", "tags", "settings")
_VAULT_KEYS = (
    "resourceGroup", "location", "redundancy", "crossRegionRestore", "softDelete", "immutability", "tags", "legacy",
    "locked", "locks", "publicNetworkAccess", "policies", "items",
)  # fmt: skip
_REDUNDANCY = {
    "LRS": "LocallyRedundant", "ZRS": "ZoneRedundant", "GRS": "GeoRedundant",
    **{name: name for name in vault_state.REDUNDANCIES},
}  # fmt: skip
_POWER = {name: name for name in ("running", "stopped", "deallocated")}


def reset(world: World) -> None:
    """Empties the world; its subscription and its time stay."""
    with world.transaction():
        world.begin(world.now(), world.fact("subscription"))


def load_estate_text(world: World, text: str, name: str) -> None:
    """Makes the world what an estate's YAML says; what it held before is gone.

    Raises:
        EstateError: with file, line and column; the world is then as it was.
    """
    document, places = read_yaml(text, name)
    load_estate(world, document, places)


def load_estate(world: World, document: Mapping[str, Any], places: Places | None = None) -> None:
    """Makes the world what a document says; what it held before is gone.

    Raises:
        EstateError: with the path of the value; the world is then as it was.
    """
    if not isinstance(document, Mapping):
        raise EstateError("SBX002", "estate", "an estate is a mapping", "it has names", "write resourceGroups: …")
    top = Section(document, _TOP_KEYS, (), places or {})
    with world.transaction():
        now, subscription = _now(top), top.text("subscription", DEFAULT_SUBSCRIPTION)
        world.begin(now, subscription)
        for switch in top.section("behaviour", _SWITCHES).value:
            world.set_fact(switch, top.section("behaviour", _SWITCHES).flag(switch))
        place_governance(world, subscription, top)
        _load_subscription(world, subscription, top)
        for other, section in top.named("subscriptions", ("displayName", *_PLACE_KEYS)):
            id = f"/subscriptions/{other}"
            body = {"id": id, "subscriptionId": other, "displayName": section.text("displayName", "Sandbox")}
            world.put(Row(id.lower(), "/subscriptions", body))
            _load_subscription(world, other, section)


def _now(top: Section) -> datetime:
    stamp = top.value.get("now")
    if stamp is None:
        return DEFAULT_NOW
    try:
        return parse(str(stamp))
    except ValueError:
        top.refuse(("now",), f"{stamp} is no timestamp", "the world's clock starts there", "write 2026-11-22T09:00:00Z")


def _load_subscription(world: World, subscription: str, section: Section) -> None:
    region = section.text("location", "westeurope")
    placed = [
        (name, group, group.text("location", region)) for name, group in section.named("resourceGroups", _GROUP_KEYS)
    ]
    for name, group, place in placed:
        groups.create(world, subscription, name, place, group.mapping("tags") or None)
    for name, group, place in placed:
        place_key_vaults(world, subscription, name, group, place)
    place_networks(world, subscription, placed)
    for name, group, place in placed:
        _place_accounts(world, f"/subscriptions/{subscription}/resourceGroups/{name}", group, place)
        for vm_name, vm in group.named("virtualMachines", _VM_KEYS):
            described = _vm(vm) | {"name": vm_name, "location": vm.text("location", place)}
            row = world.put(encrypt(world, vm_row(subscription, name, described, world.now()), vm))
            plug_in(world, row.body["id"], row.body["location"], vm)
            place_locks(world, row.key, vm)
        place_locks(world, f"/subscriptions/{subscription}/resourceGroups/{name}", group)
    for name, vault in section.named("vaults", _VAULT_KEYS):
        _load_vault(world, subscription, name, vault, region)
    place_locks(world, f"/subscriptions/{subscription}", section)


def _vm(vm: Section) -> dict[str, Any]:
    disks = vm.section("disks", ("os", "data"))
    data = [{"lun": place} | _disk(disk) for place, disk in enumerate(disks.entries("data", _DISK_KEYS))]
    agent = vm.section("agent", ("version", "status"))
    statuses = {"ready": "ready", "notReady": "notReady", "missing": "missing"}
    provisioning = {name: name for name in ("Succeeded", "Failed", "Updating")}
    return {
        "os": vm.choice("os", {"windows": "Windows", "linux": "Linux"}, "Linux"),
        "size": vm.text("size", "Standard_D2s_v5"),
        "tags": {name: str(value) for name, value in vm.mapping("tags").items()},
        "power": vm.choice("power", _POWER, "running"),
        "agent": dict(agent.value) | {"status": agent.choice("status", statuses, "ready")},
        "disks": {"os": _disk(disks.section("os", _DISK_KEYS)), "data": data},
        "nics": vm.list("nics"),
        "extensions": [_extension(extension) for extension in vm.entries("extensions", _EXTENSION_KEYS)],
        "provisioningState": vm.choice("provisioningState", provisioning, "Succeeded"),
    }


def _disk(disk: Section) -> dict[str, Any]:
    """An unmanaged disk is a blob of an account, which may also be one of somebody else's: then the estate does not have it."""
    if "account" not in disk.value:
        return dict(disk.value)
    own = "-".join(str(part) for part in disk.path[-4:] if part not in ("virtualMachines", "disks"))
    return dict(disk.value) | {
        "vhd": {"uri": f"https://{disk.text('account')}.{storage_accounts.BLOBS}/vhds/{own}.vhd"}
    }


def _place_accounts(world: World, root: str, group: Section, region: str) -> None:
    for name, account in group.named("storageAccounts", ("location", "locks", "blobEncryption")):
        services = {"blob": {"enabled": "blobEncryption" not in account.value or account.flag("blobEncryption")}}
        body = {"location": account.text("location", region), "properties": {"encryption": {"services": services}}}
        try:
            row = storage_accounts.create(world, f"{root}/providers/{storage_accounts.ACCOUNT}/{name}", body)
        except Refusal as refusal:
            account.refuse((), f"Azure would refuse it: {refusal}", "estates hold what Azure would take", "correct it")
        place_locks(world, row.key, account)


def _extension(extension: Section) -> dict[str, Any]:
    status = extension.choice("status", {"succeeded": "succeeded", "failed": "failed"}, "succeeded")
    texts = {name: extension.text(name) for name in ("name", "publisher", "type")}
    return dict(extension.value) | texts | {"status": status}


def _load_vault(world: World, subscription: str, name: str, section: Section, region: str) -> None:
    group = section.text("resourceGroup")
    if not world.has(f"/subscriptions/{subscription}/resourcegroups/{group}"):
        groups.create(world, subscription, group, section.text("location", region))
    meta = _vault_meta(section, section.text("location", region))
    vault = vaults.create(world, subscription, group, name, meta)
    place_locks(world, vault.key, section)
    for policy_name, policy in section.named("policies", POLICY_KEYS):
        next_run(world, world.put(policy_row(vault.body["id"], policy_name, wire_policy(policy))))
    for item in section.entries("items", ITEM_KEYS):
        place_item(world, vault, item)


def _vault_meta(section: Section, location: str) -> vault_state.Meta:
    legacy = section.flag("legacy")
    meta = vault_state.fresh(location, "2021-03-01" if legacy else "2026-10-01")
    meta["redundancy"] = section.choice("redundancy", _REDUNDANCY, meta["redundancy"])
    meta["crossRegionRestore"] = section.flag("crossRegionRestore")
    soft = section.section("softDelete", ("state", "days"))
    states = {"disabled": "Disabled", "enabled": "Enabled", "alwaysOn": "AlwaysON"}
    state = soft.choice("state", states, meta["softDelete"]["state"])
    meta["softDelete"] = {"days": soft.number("days", 14), "state": state, "enhanced": state}
    immutability = {"disabled": "Disabled", "unlocked": "Unlocked", "locked": "Locked"}
    meta["immutability"] = section.choice("immutability", immutability)
    meta["tags"] = {name: str(value) for name, value in section.mapping("tags").items()} or None
    meta["locked"] = section.flag("locked") or bool(section.list("items"))
    access = {"enabled": "Enabled", "disabled": "Disabled"}
    meta["publicAccess"] = section.choice("publicNetworkAccess", access, "Enabled")
    meta["storageVersion"] = "Unassigned"
    return meta
