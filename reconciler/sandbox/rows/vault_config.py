"""Rows of the two child resources that own redundancy and soft delete of old vaults (wire-facts 2.4, 3)."""

from typing import Any

from reconciler.sandbox.call import Call
from reconciler.sandbox.rows import vault_state
from reconciler.sandbox.table import VAULT, Route
from reconciler.sandbox.wire import Refusal, Response, empty, reply

_GEO_READ = "ReadAccessGeoZoneRedundant"


def _storage(call: Call) -> Response:
    meta = call.vault.meta
    kind = meta["redundancy"]
    properties = {
        "storageModelType": kind,
        "storageType": kind,
        "dedupState": "Disabled",
        "xcoolState": "Disabled",
        "storageTypeState": "Locked" if meta["locked"] else "Unlocked",
        "crossRegionRestoreFlag": meta["crossRegionRestore"],
    }
    return _child(call, "backupstorageconfig", "vaultstorageconfig", properties)


def _child(call: Call, kind: str, name: str, properties: dict[str, Any]) -> Response:
    id, type = f"{call.vault_id}/{kind}/{name}", f"Microsoft.RecoveryServices/vaults/{kind}"
    return reply({"id": id, "name": name, "type": type, "properties": properties})


def get_storage(call: Call) -> Response:
    return _storage(call)


def _change_storage(call: Call) -> None:
    vault = call.vault
    if vault.meta["owns"]["redundancy"]:
        said = (
            "Redundancy settings for this vault cannot be modified using this API. Since the Vault API was previously "
            "used to update the redundancy settings for this vault, you must again use the Vault API to make any "
            "further changes to this property."
        )
        raise Refusal(400, "BMSUserErrorRedundancySettingsUseVaultApi", said)
    sent: dict[str, Any] = {}
    kind = call.properties.get("storageModelType") or call.properties.get("storageType")
    if kind:
        sent["standardTierStorageRedundancy"] = "GeoRedundant" if kind == _GEO_READ else kind
    flag = call.properties.get("crossRegionRestoreFlag")
    if flag is not None:
        sent["crossRegionRestore"] = "Enabled" if flag else "Disabled"
    vault_state.redundancy(vault.meta, sent)
    call.world.put(vault)


def put_storage(call: Call) -> Response:
    _change_storage(call)
    return _storage(call)


def patch_storage(call: Call) -> Response:
    _change_storage(call)
    return empty(204)


def get_config(call: Call) -> Response:
    soft = call.vault.meta["softDelete"]
    properties = {
        "enhancedSecurityState": soft["enhanced"],
        "softDeleteFeatureState": soft["state"],
        "isSoftDeleteFeatureStateEditable": soft["state"] != "AlwaysON",
    }
    if call.version >= "2023":
        properties["softDeleteRetentionPeriodInDays"] = soft["days"]
    return _child(call, "backupconfig", "vaultconfig", properties)


def change_config(call: Call) -> Response:
    """PUT and PATCH, both effective at once (backupconfig-patch-disable-softdelete-2022)."""
    vault = call.vault
    if vault.meta["owns"]["softDelete"]:
        said = (
            "Soft delete settings for this vault cannot be modified using this API. Since the Vault API was previously "
            "used to update the soft delete settings for this vault, you must again use the Vault API."
        )
        raise Refusal(400, "BMSUserErrorSoftDeleteUseVaultApi", said)
    names = {
        "softDeleteFeatureState": "softDeleteState",
        "enhancedSecurityState": "enhancedSecurityState",
        "softDeleteRetentionPeriodInDays": "softDeleteRetentionPeriodInDays",
    }
    sent = {names[name]: value for name, value in call.properties.items() if name in names}
    vault_state.soft_delete(vault.meta, sent, version="2022", created=False)
    call.world.put(vault)
    return get_config(call)


def get_encryption(call: Call) -> Response:
    """A vault without a key of one's own (recorded in July 2026 under 2025-02-01)."""
    properties = {
        "useSystemAssignedIdentity": True,
        "encryptionAtRestType": "MicrosoftManaged",
        "lastUpdateStatus": "NotEnabled",
        "infrastructureEncryptionState": "Disabled",
    }
    return _child(call, "backupEncryptionConfigs", "backupResourceEncryptionConfig", properties)


_STORAGE = f"{VAULT}/backupstorageconfig/vaultstorageconfig"
_CONFIG = f"{VAULT}/backupconfig/vaultconfig"
ROUTES = (
    Route("GET", _STORAGE, get_storage, "wire-facts 3.1", "reads are consistent at once"),
    Route("PUT", _STORAGE, put_storage, "storageconfig-put-lrs-2021; wire-facts 2.4"),
    Route("PATCH", _STORAGE, patch_storage, "SDK; wire-facts 2.4"),
    Route(
        "GET",
        f"{VAULT}/backupEncryptionConfigs/backupResourceEncryptionConfig",
        get_encryption,
        "wire-facts 2.7",
        "always the service's own keys",
    ),
    Route("GET", _CONFIG, get_config, "wire-facts 3.2"),
    Route("PUT", _CONFIG, change_config, "wire-facts 3.2", "message of the refusal is our own"),
    Route("PATCH", _CONFIG, change_config, "backupconfig-patch-disable-softdelete-2022; wire-facts 2.4"),
)
