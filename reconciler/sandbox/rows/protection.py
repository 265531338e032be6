"""Rows that change a protected item: enable, change of policy, stop, undelete, resume, delete (wire-facts 5.4-5.7)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from reconciler.sandbox import operations
from reconciler.sandbox.call import Call
from reconciler.sandbox.rows import jobs
from reconciler.sandbox.rows.backups import collect
from reconciler.sandbox.rows.item_state import VM, Names, active, check_names, container_row, fresh, item_row
from reconciler.sandbox.rows.policy_rules import enhanced
from reconciler.sandbox.rows.vault_state import region
from reconciler.sandbox.schedule import reduces
from reconciler.sandbox.table import ITEM, Route
from reconciler.sandbox.times import text
from reconciler.sandbox.wire import Refusal, Response, empty
from reconciler.sandbox.world import Row, World, effect

_BAD_REQUEST = (
    "Input for configure protection is not in proper format\r\n"
    "Please ensure that container exists and other parameters are in valid format"
)
_ELSEWHERE = (
    "Virtual machine is already registered\\registering with another recovery services vault "
    "Please select a different virtual machine for registration."
)
_FIRST_SECONDS, _KNOWN_SECONDS, _DELETE_SECONDS, _PURGE_SECONDS = 91, 5, 11, 111


@dataclass(frozen=True, slots=True)
class _Step:
    """What one accepted request will have done at its end."""

    operation: str  # of the job: ConfigureBackup, DisableBackup, DeleteBackupData, Undelete
    bag: Mapping[str, str]
    changes: Mapping[str, Any]
    seconds: float


def put(call: Call) -> Response:
    check_names(call.names["container"], call.names["item"])
    vm_id = call.properties.get("sourceResourceId")
    if call.properties.get("protectedItemType") != VM or not isinstance(vm_id, str) or vm_id.count("/") != 8:
        raise _bad()
    names = Names.of(vm_id)
    if [call.names["container"].lower(), call.names["item"].lower()] != [names.container.lower(), names.item.lower()]:
        raise _bad()
    item = call.world.get(names.item_id(call.vault_id))
    if call.properties.get("isRehydrate"):
        return _run(call, _found(item), _undelete(_found(item)), "item")
    stops = call.properties.get("protectionState") in ("ProtectionStopped", "BackupsSuspended")
    if stops or call.properties.get("policyId") == "":
        return _run(call, _found(item), _stop(call, _found(item)), "item")
    meta = item.meta if item else _new_item(call, vm_id)
    return _run(call, meta, _protect(call, meta, known=item is not None), "item")


def _bad(said: str = _BAD_REQUEST) -> Refusal:
    return Refusal(400, "BMSUserErrorInvalidConfigureProtectionRequest", said)


def _found(item: Row | None) -> dict[str, Any]:
    if item is None:
        raise _bad()
    return item.meta


def _new_item(call: Call, vm_id: str) -> dict[str, Any]:
    """The VM must exist, in the region and subscription of the vault (backup-rules A.1)."""
    vm = call.world.get(vm_id)
    if vm is None or vm_id.split("/")[2].lower() != call.names["subscription"].lower():
        raise _bad()
    if region(vm.body["location"]) != region(call.vault.meta["location"]):
        raise _bad()
    return fresh(call.vault, vm_id, vm.body["name"])


def _protect(call: Call, meta: Mapping[str, Any], *, known: bool) -> _Step:
    """Enable, change of policy and resume are the same request."""
    _refuse_soft_deleted(meta)
    policy_id = call.properties.get("policyId")
    policy = call.world.get(policy_id) if isinstance(policy_id, str) else None
    if policy is None or not policy.key.startswith(f"{call.vault_key}/backuppolicies/"):
        raise _bad()
    properties = policy.body["properties"]
    if properties["backupManagementType"] != "AzureIaasVM":
        raise _bad()
    if known and meta["v2"] and not enhanced(properties):
        raise _bad("Protection cannot be changed from an enhanced to a standard policy.")
    old = call.world.get(meta["policyId"]) if meta["policyId"] else None
    guarded = call.vault.meta["immutability"] in ("Unlocked", "Locked")
    if guarded and old and reduces(old.body["properties"], properties):
        raise immutable()
    disks = (call.properties.get("extendedProperties") or {}).get("diskExclusionProperties")
    changes = {
        "state": "Protected" if meta["lastPoint"] else "IRPending",
        "policyId": policy.body["id"],
        "policyName": policy.body["name"],
        "v2": enhanced(properties),
        "disks": disks,
    }
    bag = {"Policy Name": policy.body["name"]}
    seen = known or bool(call.world.listed(subject=meta["vmId"]))
    return _Step("ConfigureBackup", bag, changes, _KNOWN_SECONDS if seen else _FIRST_SECONDS)


def _refuse_soft_deleted(meta: Mapping[str, Any]) -> None:
    if meta["deletedAt"]:
        said = "The item is in soft deleted state. Undelete it before configuring protection."
        raise Refusal(400, "UserErrorItemInSoftDeletedState", said)


def immutable() -> Refusal:
    said = (
        "The Vault and Backup Item is in Immutable state where destructive operations are not supported. "
        "Refer to the documentation to learn more: https://aka.ms/AB-ImmutableVaults-States"
    )
    return Refusal(400, "UserErrorOperationDeniedOnImmutableItem", said)


def _stop(call: Call, meta: Mapping[str, Any]) -> _Step:
    _refuse_soft_deleted(meta)
    state = call.properties.get("protectionState", "ProtectionStopped")
    if state == "BackupsSuspended" and call.vault.meta["immutability"] not in ("Unlocked", "Locked"):
        raise immutable()  # the service says so of vaults that are not immutable, too (reliability F-31)
    changes = {"state": state, "policyId": "", "policyName": ""}
    return _Step("DisableBackup", {"Policy Name": ""}, changes, _KNOWN_SECONDS)


def _undelete(meta: Mapping[str, Any]) -> _Step:
    if not meta["deletedAt"]:
        raise _bad("The item is not in soft deleted state.")
    changes = {"state": "ProtectionStopped", "deletedAt": None, "softDeleteDays": 0}
    return _Step("Undelete", {"Undelete flag": "True"}, changes, _DELETE_SECONDS)


def delete(call: Call) -> Response:
    """Polls at vault level; what an immutable vault has to say comes only with the operation's end."""
    path = f"protectioncontainers/{call.names['container']}/protecteditems/{call.names['item']}"
    item = call.world.get(f"{call.vault_key}/backupfabrics/azure/{path}")
    if item is None:
        return empty(204)
    points = len(call.world.listed(f"{item.key}/recoverypoints"))
    soft = call.vault.meta["softDelete"]
    changes: dict[str, Any] = {}
    if not item.meta["deletedAt"]:
        changes = {"state": "ProtectionStopped", "policyId": "", "policyName": ""}
        if soft["state"] != "Disabled":
            changes |= {"deletedAt": text(call.now()), "softDeleteDays": soft["days"]}
        else:
            changes["gone"] = True
    seconds = _PURGE_SECONDS if changes.get("gone") else _DELETE_SECONDS
    step = _Step("DeleteBackupData", {"Number of Recovery Points": str(points)}, changes, seconds)
    return _run(call, item.meta, step, "vault")


def _run(call: Call, meta: dict[str, Any], step: _Step, level: str) -> Response:
    """Starts the operation and its job, and plans their end; an item takes one operation at a time."""
    world = call.world
    item_key = Names.of(meta["vmId"]).item_id(meta["vaultId"]).lower()
    lock = f"{item_key}/lock"
    if world.has(lock):
        if step.operation == "ConfigureBackup":
            said = "Another configure protection operation is in progress for this item."
            raise Refusal(409, "BMSUserErrorConflictingProtectionOperation", said)
        raise Refusal(409, "BMSUserErrorObjectLocked", "Another operation is in progress on the selected item.")
    world.put(Row(lock, "", {}))
    job = jobs.job_row(world, meta, step.operation, step.bag, activity=call.client_request_id)
    world.put(job)
    name = operations.start(call, jobs=(job.body["name"],))
    data = {
        "operation": operations.key(call.vault_key, name),
        "job": job.key,
        "item": item_key,
        "vault": call.vault_key,
        "kind": step.operation,
        "changes": dict(step.changes),
        "meta": meta if not world.has(item_key) else None,
    }
    world.after(step.seconds, item_settled, data)
    if level == "vault":
        status, result = f"backupOperations/{name}", f"backupOperationResults/{name}"
        vault_path = call.path[: call.path.lower().index("/backupfabrics/")]
        return operations.accepted(call, f"{vault_path}/{status}", f"{vault_path}/{result}")
    return operations.accepted(call, f"{call.path}/operationsStatus/{name}", f"{call.path}/operationResults/{name}")


@effect
def item_settled(world: World, data: dict[str, Any]) -> None:
    """The end of an item operation: its effect and its job's end, or its failure, which changes nothing."""
    world.delete(f"{data['item']}/lock")
    job, vault, item = world.get(data["job"]), world.get(data["vault"]), world.get(data["item"])
    meta = item.meta if item else data["meta"]
    if job is None or vault is None or meta is None:
        return
    error = operations.planned_error(world, data["operation"]) or _late_refusal(world, vault, meta, data)
    if error:
        world.put(jobs.end_job(job, "Failed", world.now(), (0, error["code"], error["message"])))
        operations.finish(world, data["operation"], error)
        return
    resumed = meta["state"] == "ProtectionStopped" and data["kind"] == "ConfigureBackup"
    meta |= data["changes"]
    world.put(jobs.end_job(job, "Completed", world.now()))
    operations.finish(world, data["operation"])
    if meta.pop("gone", False):
        forget(world, data["item"])
        return
    row = world.put(item_row(meta))
    world.put(container_row(vault, meta))
    if not vault.meta["locked"]:
        vault.meta["locked"] = True
        world.put(vault)
    if resumed:
        collect(world, row, world.now())
    if data["changes"].get("deletedAt"):
        purge = world.now() + timedelta(days=meta["softDeleteDays"])
        world.schedule(purge, item_purged, {"item": data["item"], "deletedAt": meta["deletedAt"]})


def _late_refusal(world: World, vault: Row, meta: Mapping[str, Any], data: Mapping[str, Any]) -> dict[str, str] | None:
    """What the service accepts first and lets fail later."""
    if data["kind"] == "ConfigureBackup":
        others = [row for row in world.listed(subject=meta["vmId"]) if row.collection.endswith("/backupprotecteditems")]
        if any(active(row.meta) and row.meta["vaultId"].lower() != vault.key for row in others):
            return {"code": "UserErrorVmAlreadyRegisteredWithAnotherVault", "message": _ELSEWHERE}
    if data["kind"] == "DeleteBackupData" and data["changes"] and vault.meta["immutability"] in ("Unlocked", "Locked"):
        said = "The backup item cannot be deleted because the vault is immutable."
        return {"code": "UserErrorDeleteBackupItemOnImmutableItem", "message": said}
    return None


def forget(world: World, item_key: str) -> None:
    """An item goes for good, with its points and its container."""
    world.delete(item_key)
    world.delete_under(item_key)
    world.delete(item_key.split("/protecteditems/")[0])


@effect
def item_purged(world: World, data: dict[str, Any]) -> None:
    """The soft-delete period is over, unless the item was undeleted meanwhile."""
    item = world.get(data["item"])
    if item is not None and item.meta["deletedAt"] == data["deletedAt"]:
        forget(world, data["item"])


ROUTES = (
    Route(
        "PUT",
        ITEM,
        put,
        "protecteditem-put-enable-202-2022, -stop-retain-202-2025, -undelete-202-2022; wire-facts 5.4-5.7",
        "no limits on items per policy, per vault or per day",
    ),
    Route("DELETE", ITEM, delete, "protecteditem-delete-202-2022; wire-facts 5.6"),
)
