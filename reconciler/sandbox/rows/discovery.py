"""Rows that find out what could be or is protected: containers, protectable items, status calls (wire-facts 5.2, 5.8)."""

from typing import Any

from reconciler.sandbox import operations
from reconciler.sandbox.call import Call
from reconciler.sandbox.listing import page
from reconciler.sandbox.rows.item_state import VM, Names, active
from reconciler.sandbox.rows.policies import missing
from reconciler.sandbox.rows.vault_state import region
from reconciler.sandbox.table import LOCATION, VAULT, Route
from reconciler.sandbox.wire import Refusal, Response, empty, encode, reply
from reconciler.sandbox.world import Row, World

_REFRESH_SECONDS = 15
_FABRIC = f"{VAULT}/backupFabrics/{{fabric}}"


def _needs_filter(call: Call) -> None:
    if not call.filter:
        raise Refusal(400, "BMSUserErrorInvalidInput", "Input provided for the call is invalid: $filter is required")


def containers(call: Call) -> Response:
    """`status eq 'Registered'` also gives soft-deleted ones (protectioncontainers-list-softdeleted-2026)."""
    _needs_filter(call)
    if not call.meant_for(backupManagementType="AzureIaasVM", status="Registered"):
        return reply({"value": []})
    friendly = call.filter.get("friendlyname", "").lower()

    def entry(key: str, body: dict[str, Any]) -> dict[str, Any] | None:
        if friendly not in ("", body["properties"]["friendlyName"].lower()):
            return None
        if call.version < "2026":
            body["properties"].pop("sourceLocation")
        return body

    always = bool(friendly) or call.version < "2026"
    return page(call, f"{call.vault_key}/backupprotectioncontainers", entry, always=always)


def protectable(call: Call) -> Response:
    """The VMs of the vault's region that were there at the last refresh and that no vault protects now."""
    world, vault = call.world, call.vault
    if not call.meant_for(backupManagementType="AzureIaasVM"):
        return reply({"value": []})
    place = region(vault.meta["location"])
    seen = vault.meta.get("discovered")
    values = []
    for row in world.listed(f"{call.subscription_key}/providers/microsoft.compute/virtualmachines"):
        known = seen is None or (row.seq or 0) <= seen
        if known and region(row.body["location"]) == place and not _protected(world, row, vault):
            values.append(_protectable_item(vault.body["id"], row.body["id"], row.body["name"]))
    return reply({"value": values})


def _protected(world: World, vm: Row, vault: Row) -> bool:
    items = _items_of(world, vm.key)
    return any(active(item.meta) or item.meta["vaultId"].lower() == vault.key for item in items)


def _items_of(world: World, vm_key: str) -> list[Row]:
    return [row for row in world.listed(subject=vm_key) if row.collection.endswith("/backupprotecteditems")]


def _protectable_item(vault_id: str, vm_id: str, name: str) -> dict[str, Any]:
    names = Names.of(vm_id)
    return {
        "id": f"{names.container_id(vault_id)}/protectableItems/vm;{names.bare}",
        "name": names.bare,
        "type": "Microsoft.RecoveryServices/vaults/backupFabrics/protectionContainers/protectableItems",
        "properties": {
            "virtualMachineId": vm_id,
            "virtualMachineVersion": "Compute",
            "resourceGroup": vm_id.split("/")[4],
            "backupManagementType": "AzureIaasVM",
            "protectableItemType": VM,
            "friendlyName": name,
            "protectionState": "NotProtected",
        },
    }


def refresh(call: Call) -> Response:
    """The answer's two headers differ in api-version (refreshcontainers-202-2022)."""
    vms = call.world.listed(f"{call.subscription_key}/providers/microsoft.compute/virtualmachines")
    call.vault.meta["discovered"] = max((row.seq or 0 for row in vms), default=0)
    call.world.put(call.vault)
    name = operations.start(call)
    data = {"operation": operations.key(call.vault_key, name)}
    call.world.after(_REFRESH_SECONDS, operations.end_operation, data)
    parent = call.path[: -len("/refreshContainers")]
    status, result = f"{parent}/operationsStatus/{name}", f"{parent}/operationResults/{name}"
    return operations.accepted(call, status, result, version="2019-05-13-preview")


def _refresh_operation(call: Call) -> Row:
    row = call.world.get(operations.key(call.vault_key, call.names["operation"]))
    if row is None:
        raise Refusal(404, "BMSUserErrorOperationNotFound", "The operation was not found.")
    return row


def refresh_status(call: Call) -> Response:
    return operations.status(_refresh_operation(call))


def refresh_result(call: Call) -> Response:
    if _refresh_operation(call).body["status"] == "InProgress":
        return empty(202, {"Location": operations.polling_url(call, call.path, call.version)})
    return empty(204)


def backup_status(call: Call) -> Response:
    """Whether and where a VM is protected; the names are wholly lower case here (backupstatus-protected-2022)."""
    vm_id = str(call.body.get("resourceId", ""))
    if call.body.get("resourceType") != "VM" or vm_id.count("/") != 8:
        raise Refusal(400, "BMSUserErrorInvalidInput", "Input provided for the call is invalid: resourceId")
    names = Names.of(vm_id)
    items = [item for item in _items_of(call.world, vm_id.lower()) if active(item.meta)]
    body: dict[str, Any] = {"protectionStatus": "Protected" if items else "NotProtected"}
    if items:
        body |= {"vaultId": items[0].meta["vaultId"]}
    body |= {
        "fabricName": "Azure",
        "containerName": names.container.lower(),
        "protectedItemName": names.item.lower(),
    }
    if items:
        body |= {"policyName": items[0].meta["policyName"]}
    body["protectedItemsCount"] = 0
    return reply(body | ({"objectType": "BackupStatusResponse"} if call.version >= "2023" else {}))


def pre_validate(call: Call) -> Response:
    """Whether protecting a VM in a vault would work (published example; the texts are our own)."""
    vm_id, vault_id = str(call.body.get("resourceId", "")), str(call.body.get("vaultId", ""))
    vm, vault = call.world.get(vm_id), call.world.get(vault_id)
    problem: tuple[str, str] | None = None
    if vm is None or vault is None:
        problem = ("BMSUserErrorInvalidInput", "The virtual machine or the vault was not found.")
    elif region(vm.body["location"]) != region(vault.meta["location"]):
        problem = ("UserErrorVaultRegionMismatch", "The virtual machine and the vault are in different regions.")
    elif any(active(item.meta) for item in _items_of(call.world, vm.key)):
        problem = ("UserErrorVmAlreadyProtected", "The virtual machine is already protected.")
    body: dict[str, Any] = {"status": "Failed" if problem else "Succeeded"}
    if problem:
        body |= {"errorCode": problem[0], "errorMessage": problem[1], "recommendation": ""}
    elif vm is not None:
        names = Names.of(vm.body["id"])
        body |= {"containerName": names.container, "protectedItemName": names.item}
    return reply(body)


def validate_features(call: Call) -> Response:
    """Every size and SKU of a VM can be backed up."""
    if call.body.get("featureType") != "AzureVMResourceBackup":
        raise Refusal(400, "BMSUserErrorInvalidInput", "Input provided for the call is invalid: featureType")
    return reply({"supportStatus": "Supported"})


def guard_proxies(call: Call) -> Response:
    """No Resource Guard: the sandbox has no multi-user authorization."""
    return Response(200, {}, encode({"value": []}).encode())


def guard_proxy(call: Call) -> Response:
    """As a policy that is not there: 404 without an envelope (reported by users of Terraform's azapi)."""
    return missing()


ROUTES = (
    Route("GET", f"{VAULT}/backupProtectionContainers", containers, "protectioncontainers-list-softdeleted-2026"),
    Route("GET", f"{VAULT}/backupProtectableItems", protectable, "protectableitems-list-2022", "one page, no filter"),
    Route("POST", f"{_FABRIC}/refreshContainers", refresh, "refreshcontainers-202-2022"),
    Route("GET", f"{_FABRIC}/operationsStatus/{{operation}}", refresh_status, "refreshcontainers-202-2022"),
    Route("GET", f"{_FABRIC}/operationResults/{{operation}}", refresh_result, "refreshcontainers-202-2022"),
    Route("POST", f"{LOCATION}/backupStatus", backup_status, "backupstatus-protected-2022", counter="arm"),
    Route("POST", f"{LOCATION}/backupPreValidateProtection", pre_validate, "wire-facts 5.8", "few of the checks"),
    Route(
        "POST",
        f"{LOCATION}/backupValidateFeatures",
        validate_features,
        "published example",
        "always supported",
        counter="arm",
    ),
    Route("GET", f"{VAULT}/backupResourceGuardProxies", guard_proxies, "wire-facts 2.7", "always empty", counter="arm"),
    Route("GET", f"{VAULT}/backupResourceGuardProxies/{{proxy}}", guard_proxy, "reported", "never one", counter="arm"),
)
