"""Short builders for bodies as the service sends them (wire-facts 2, 3, 4 and 5)."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from reconciler.core.ids import VaultRef, VmRef

Body = dict[str, Any]
ItemState = Literal["IRPending", "Protected", "ProtectionStopped", "BackupsSuspended", "SoftDeleted"]

MODERN_SECURITY: Body = {
    "softDeleteSettings": {
        "softDeleteRetentionPeriodInDays": 14,
        "softDeleteState": "AlwaysON",
        "enhancedSecurityState": "AlwaysON",
    },
    "multiUserAuthorization": "Disabled",
    "sourceScanConfiguration": {"state": "Disabled"},
}


def stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S") + ".1234567Z"


def vault_body(ref: VaultRef, *, legacy: bool = False, **properties: Any) -> Body:
    """A vault of a current api-version, or with `legacy` one of 2021, whose settings lie in its child resources."""
    modern: Body = {
        "securitySettings": MODERN_SECURITY,
        "redundancySettings": {"standardTierStorageRedundancy": "LocallyRedundant", "crossRegionRestore": "Disabled"},
        "publicNetworkAccess": "Enabled",
        "restoreSettings": {"crossSubscriptionRestoreSettings": {"crossSubscriptionRestoreState": "Enabled"}},
        "secureScore": "Adequate",
        "bcdrSecurityLevel": "Good",
    }
    old: Body = {"networkSettings": {"publicNetworkAccess": "Enabled"}}
    return {
        "id": ref.id,
        "name": ref.name,
        "type": "Microsoft.RecoveryServices/vaults",
        "location": "westeurope",
        "etag": "W/\"datetime'2026-09-09T13%3A19%3A09.3026308Z'\"",
        "sku": {"name": "RS0", "tier": "Standard"},
        "properties": {"provisioningState": "Succeeded", **(old if legacy else modern), **properties},
    }


def storage_config(kind: str = "GeoRedundant", *, state: str = "Unlocked", across: bool = False) -> Body:
    return {
        "name": "vaultstorageconfig",
        "properties": {
            "storageModelType": kind,
            "storageType": kind,
            "dedupState": "Disabled",
            "xcoolState": "Disabled",
            "storageTypeState": state,
            "crossRegionRestoreFlag": across,
        },
    }


def vault_config(state: str = "Enabled", days: int | None = None) -> Body:
    properties: Body = {
        "enhancedSecurityState": state,
        "softDeleteFeatureState": state,
        "isSoftDeleteFeatureStateEditable": True,
    }
    return {
        "name": "vaultconfig",
        "properties": properties | ({"softDeleteRetentionPeriodInDays": days} if days else {}),
    }


def policy_body(vault: VaultRef, name: str, properties: Body) -> Body:
    kind = "Microsoft.RecoveryServices/vaults/backupPolicies"
    return {"id": vault.policy_id(name), "name": name, "type": kind, "properties": properties}


def item_body(
    vault: VaultRef, vm: VmRef, state: ItemState = "Protected", policy: str = "daily", **properties: Any
) -> Body:
    """A VM item. Stopped and soft-deleted ones have an empty policyId; IRPending ones no recovery point."""
    deleted, active = state == "SoftDeleted", state in ("IRPending", "Protected")
    found: Body = {
        "friendlyName": vm.name,
        "virtualMachineId": vm.id,
        "protectionStatus": "Healthy",
        "protectionState": "ProtectionStopped" if deleted else state,
        "healthStatus": "Passed",
        "lastBackupStatus": "" if state == "IRPending" else "Completed",
        "lastBackupTime": "2001-01-01T00:00:00Z",
        "policyType": "",
        "protectedItemType": "Microsoft.Compute/virtualMachines",
        "backupManagementType": "AzureIaasVM",
        "workloadType": "VM",
        "sourceResourceId": vm.id,
        "policyId": vault.policy_id(policy) if active else "",
        "policyName": policy if active else "",
        "vaultId": f"https://management.azure.com{vault.id}",
        "softDeleteRetentionPeriod": 14 if deleted else 0,
    }
    if state != "IRPending":
        found["lastRecoveryPoint"] = "2026-11-21T23:07:05.3710625Z"
    if deleted:
        found |= {"isScheduledForDeferredDelete": True, "deferredDeleteTimeRemaining": "13.23:59:45.7545917"}
    return {"id": vm.item_id(vault), "name": vm.item, "properties": found | properties}


def job_body(operation: str, status: str, started: str = "2026-11-22T09:00:00.5Z") -> Body:
    return {"name": "8eece52b", "properties": {"operation": operation, "status": status, "startTime": started}}


def point_body(moment: datetime) -> Body:
    return {"name": "160718578227609", "properties": {"recoveryPointTime": stamp(moment)}}
