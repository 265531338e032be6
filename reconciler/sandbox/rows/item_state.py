"""Protected items: what is known of one, and the body that each api-version shows of it (wire-facts 5.3)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zlib import crc32

from reconciler.sandbox.times import NEVER, dotnet_span, parse, text
from reconciler.sandbox.wire import Refusal
from reconciler.sandbox.world import Row

Meta = dict[str, Any]

TYPE = "Microsoft.RecoveryServices/vaults/backupFabrics/protectionContainers/protectedItems"
VM = "Microsoft.Compute/virtualMachines"
_HEALTHY = (400239, "IaasVmHealthGreenDefault", "Backup pre-check status of this virtual machine is OK.")
_VM_GONE = (400136, "UserErrorVmNotFoundV2", "The Azure Virtual Machine wasn't found.")


@dataclass(frozen=True, slots=True)
class Names:
    """The names the service makes from a VM's id; group and VM are lower case in them (wire-facts 5.1)."""

    group: str
    vm: str

    @classmethod
    def of(cls, vm_id: str) -> "Names":
        parts = vm_id.split("/")
        return cls(parts[4].lower(), parts[8].lower())

    @property
    def bare(self) -> str:
        return f"iaasvmcontainerv2;{self.group};{self.vm}"

    @property
    def container(self) -> str:
        return f"IaasVMContainer;{self.bare}"

    @property
    def item(self) -> str:
        return f"VM;{self.bare}"

    def container_id(self, vault_id: str) -> str:
        return f"{vault_id}/backupFabrics/Azure/protectionContainers/{self.container}"

    def item_id(self, vault_id: str) -> str:
        return f"{self.container_id(vault_id)}/protectedItems/{self.item}"


def check_names(container: str, item: str) -> None:
    """Raises:
    Refusal: a name is not of the form that Azure VMs have.
    """
    for name, first, code in (
        (container, "iaasvmcontainer", "BMSUserErrorContainerNameIncorrectFormat"),
        (item, "vm", "BMSUserErrorProtectedItemNameIncorrectFormat"),
    ):
        parts = name.lower().split(";")
        if len(parts) != 4 or parts[:2] != [first, "iaasvmcontainerv2"] or not all(parts):
            raise Refusal(400, code, f"The name {name} is not in the correct format.")


def fresh(vault: Row, vm_id: str, friendly_name: str) -> Meta:
    """An item seconds after its first enabling: no backup yet."""
    return {
        "vaultId": vault.body["id"],
        "location": vault.meta["location"],
        "vmId": vm_id,
        "friendlyName": friendly_name,
        "state": "IRPending",
        "policyId": "",
        "policyName": "",
        "v2": False,
        "vmGone": False,
        "lastBackupStatus": "",
        "lastBackupTime": NEVER,
        "lastPoint": None,
        "disks": None,
        "deletedAt": None,
        "softDeleteDays": 0,
        "registeredAt": None,
    }


def item_row(meta: Meta) -> Row:
    """The row of an item: found by its VM (`subject`) and, while it is active, by its policy (`link`).

    The body is the newest form; a soft-deleted item is live, because its remaining time shrinks.
    """
    id = Names.of(meta["vmId"]).item_id(meta["vaultId"])
    body = {
        "id": id,
        "name": id.rsplit("/", 1)[1],
        "type": TYPE,
        "properties": properties(meta, None, "9999"),
    }
    collection = f"{meta['vaultId'].lower()}/backupprotecteditems"
    deleted = meta["deletedAt"] is not None
    return Row(id.lower(), collection, body, meta, meta["vmId"].lower(), meta["policyId"].lower(), deleted)


def container_row(vault: Row, item: Meta) -> Row:
    """The container that comes with an item and stays as long as it does."""
    names = Names.of(item["vmId"])
    id = names.container_id(vault.body["id"])
    body = {
        "id": id,
        "name": names.container,
        "type": TYPE.removesuffix("/protectedItems"),
        "properties": {
            "virtualMachineId": item["vmId"],
            "virtualMachineVersion": "Compute",
            "resourceGroup": item["vmId"].split("/")[4],
            "friendlyName": item["friendlyName"],
            "backupManagementType": "AzureIaasVM",
            "registrationStatus": "SoftDeleted" if item["deletedAt"] else "Registered",
            "healthStatus": "Healthy",
            "containerType": VM,
            "protectableObjectType": VM,
            "sourceLocation": vault.meta["location"],
        },
    }
    return Row(id.lower(), f"{vault.key}/backupprotectioncontainers", body, subject=item["vmId"].lower())


def active(meta: Meta) -> bool:
    return bool(meta["policyId"])


def properties(meta: Meta, now: datetime | None, version: str) -> dict[str, Any]:
    """The properties in the service's order. `now` is only needed for a soft-deleted item."""
    new = version >= "2025"
    bare = Names.of(meta["vmId"]).bare
    body: dict[str, Any] = {} if new else {"kpisHealths": _kpis(meta)}
    body |= {
        "friendlyName": meta["friendlyName"],
        "virtualMachineId": meta["vmId"],
        "protectionStatus": "Unhealthy" if meta["vmGone"] else "Healthy",
        "protectionState": meta["state"],
        "healthStatus": "ActionRequired" if meta["vmGone"] else "Passed",
    }
    if meta["lastBackupStatus"]:
        body["healthDetails"] = [_detail(*(_VM_GONE if meta["vmGone"] else _HEALTHY))]
    data_id = crc32(meta["vaultId"].lower().encode()) * 4_294_967_296 + crc32(bare.encode())
    body |= {
        "lastBackupStatus": meta["lastBackupStatus"],
        "lastBackupTime": meta["lastBackupTime"],
        "protectedItemDataId": str(data_id),
    }
    if meta["disks"] or (new and meta["lastPoint"] and not meta["vmGone"]):
        body["extendedProperties"] = {"diskExclusionProperties": meta["disks"]} if meta["disks"] else {}
    if new:
        body["policyType"] = "V2" if meta["v2"] else ""
    body |= {
        "protectedItemType": VM,
        "backupManagementType": "AzureIaasVM",
        "workloadType": "VM",
        "containerName": bare,
        "sourceResourceId": meta["vmId"],
        "policyId": meta["policyId"],
        "policyName": meta["policyName"],
    }
    if meta["lastPoint"]:
        body["lastRecoveryPoint"] = meta["lastPoint"]
    if new:
        body["vaultId"] = f"https://management.azure.com{meta['vaultId']}"
    return body | _ending(meta, now, version)


def _ending(meta: Meta, now: datetime | None, version: str) -> dict[str, Any]:
    body: dict[str, Any] = {}
    if meta["deletedAt"]:
        purge = parse(meta["deletedAt"]) + timedelta(days=meta["softDeleteDays"])
        left = purge - (now or parse(meta["deletedAt"]))
        body = {
            "deferredDeleteTimeInUTC": meta["deletedAt"],
            "isScheduledForDeferredDelete": True,
            "deferredDeleteTimeRemaining": dotnet_span(left),
        }
    body["isArchiveEnabled"] = False
    if version >= "2025":
        body["softDeleteRetentionPeriod"] = meta["softDeleteDays"]
    if version >= "2026":
        body["sourceLocation"] = meta["location"]
        body["sourceSideScanInfo"] = {"sourceSideScanStatus": "NotConfigured", "sourceSideScanSummary": "Unknown"}
    return body


def _detail(code: int, title: str, message: str) -> dict[str, Any]:
    return {"code": code, "title": title, "message": message, "recommendations": []}


def _kpis(meta: Meta) -> dict[str, Any]:
    if meta["lastBackupStatus"] != "Completed":
        return {}
    detail = {"code": 0, "title": "Success", "message": "", "recommendations": []}
    return {"BackupOperationStatusKPI": {"resourceHealthStatus": "Healthy", "resourceHealthDetails": [detail]}}


_SINCE_2025 = {"securityType": "None", "isPrivateAccessEnabledOnAnyDisk": False}


def point_shown(body: dict[str, Any], version: str) -> dict[str, Any]:
    """A recovery point as an api-version shows it: before 2025 tiers are numbers and less is said of the VM."""
    properties = body["properties"]
    if version < "2025":
        properties["recoveryPointTierDetails"] = [{"type": 1, "status": 1}, {"type": 2, "status": 1}]
        for name in (*_SINCE_2025, "createdWithPolicyType"):
            properties.pop(name)
    return body


def recovery_point_row(item: Row, number: str, taken: datetime, vm: Mapping[str, Any], expiry: datetime | None) -> Row:
    """A recovery point in its newest form, which was recorded in July 2026 under 2025-02-01.

    `expiry` is set when the point was asked for by hand; the policy decides about the others.
    """
    id = f"{item.body['id']}/recoveryPoints/{number}"
    waiting = (
        "Recovery point cannot be moved to Archive tier due to insufficient retention duration specified in policy.. "
        "Update policy on the protected item with appropriate retention setting and try again."
    )
    body = {
        "id": id,
        "name": number,
        "type": f"{TYPE}/recoveryPoints",
        "properties": {
            "objectType": "IaasVMRecoveryPoint",
            "recoveryPointType": "AppConsistent" if vm["running"] else "CrashConsistent",
            "recoveryPointTime": text(taken),
            "recoveryPointAdditionalInfo": "",
            "sourceVMStorageType": "PremiumVMOnPartialPremiumStorage",
            "isSourceVMEncrypted": False,
            "isInstantIlrSessionActive": False,
            "recoveryPointTierDetails": [
                {"type": "InstantRP", "status": "Valid"},
                {"type": "HardenedRP", "status": "Valid"},
            ],
            "isManagedVirtualMachine": True,
            "virtualMachineSize": vm["size"],
            "originalStorageAccountOption": False,
            "osType": vm["os"],
            "recoveryPointMoveReadinessInfo": {
                "ArchivedRP": {"isReadyForMove": False, "additionalInfo": waiting},
            },
            **_SINCE_2025,
            "createdWithPolicyType": "V2" if item.meta["v2"] else "V1",
        },
    }
    meta = {"taken": text(taken), "expiry": text(expiry) if expiry else None}
    newest_first = -int(taken.timestamp() * 1000)
    return Row(id.lower(), f"{item.key}/recoverypoints", body, meta, position=newest_first)
