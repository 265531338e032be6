"""A vault's settings: defaults, what a PUT or PATCH may change, and how each api-version shows them (wire-facts 2)."""

import copy
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from reconciler.sandbox.times import text
from reconciler.sandbox.wire import Refusal

Meta = dict[str, Any]

ALWAYS_ON_SINCE = "2024-09-30"  # backup-rules B.3
REDUNDANCIES = ("LocallyRedundant", "ZoneRedundant", "GeoRedundant")
_LOCAL_BY_DEFAULT = ("eastasia",)  # vault-put-201-async-2026; the other regions seen default to GeoRedundant
_STRENGTH = ("Disabled", "Enabled", "AlwaysON")
_ECHOED = ("monitoringSettings", "costManagementSettings", "encryption")


def region(name: str) -> str:
    """`West Europe` and `westeurope` are one region."""
    return name.replace(" ", "").lower()


def fresh(location: str, version: str) -> Meta:
    """The settings of a vault that is created by this api-version with nothing but a location.

    From 2024 on the vault resource owns redundancy and soft delete; before, the child resources do (wire-facts 2.4).
    """
    modern = version >= "2024"
    soft_delete = "AlwaysON" if version >= ALWAYS_ON_SINCE else "Enabled"
    local = modern and region(location) in _LOCAL_BY_DEFAULT
    return {
        "location": location,
        "sku": {"name": "Standard"},
        "tags": None,
        "identity": None,
        "owns": {"redundancy": modern, "softDelete": modern},
        "locked": False,
        "busy": False,
        "storageVersion": None,
        "provisioning": "Succeeded",
        "redundancy": "LocallyRedundant" if local else "GeoRedundant",
        "crossRegionRestore": False,
        "softDelete": {"days": 14, "state": soft_delete, "enhanced": soft_delete},
        "immutability": None,
        "mua": "Disabled",
        "scan": "Disabled",
        "publicAccess": "Enabled",
        "crossSubscription": "Enabled",
        "extra": {},
    }


def changed(old: Meta, sent: Mapping[str, Any], version: str, *, created: bool, resend_fails: bool = False) -> Meta:
    """The settings after the `properties` of a PUT or PATCH.

    Raises:
        Refusal: with the service's code for what it does not allow.
    """
    meta = copy.deepcopy(old)
    meta["extra"] |= {name: sent[name] for name in _ECHOED if sent.get(name) is not None}
    if sent.get("encryption"):
        meta["extra"]["encryption"] = _encryption(sent["encryption"])
    if sent.get("publicNetworkAccess"):
        meta["publicAccess"] = sent["publicNetworkAccess"]
    restore = (sent.get("restoreSettings") or {}).get("crossSubscriptionRestoreSettings") or {}
    meta["crossSubscription"] = restore.get("crossSubscriptionRestoreState") or meta["crossSubscription"]
    security = sent.get("securitySettings") or {}
    if security.get("softDeleteSettings"):
        soft_delete(meta, security["softDeleteSettings"], version, created=created)
        meta["owns"]["softDelete"] = True
    if security.get("immutabilitySettings"):
        immutability(meta, security["immutabilitySettings"].get("state"))
    if security.get("sourceScanConfiguration"):
        meta["scan"] = security["sourceScanConfiguration"].get("state", meta["scan"])
    if sent.get("redundancySettings"):
        redundancy(meta, sent["redundancySettings"], resend_fails)
        meta["owns"]["redundancy"] = True
    return meta


def _encryption(sent: Mapping[str, Any]) -> Meta:
    """A key of one's own, in the service's order; it lower-cases the id of an identity (lists of 2022)."""
    kek = sent.get("kekIdentity") or {}
    user = kek.get("userAssignedIdentity")
    identity = {
        "useSystemAssignedIdentity": bool(kek.get("useSystemAssignedIdentity", False)),
        "userAssignedIdentity": str(user).lower() if user else None,
    }
    whole = {"keyVaultProperties": sent.get("keyVaultProperties"), "kekIdentity": identity}
    return whole | {"infrastructureEncryption": sent.get("infrastructureEncryption") or "Disabled"}


def invalid(parameter: str) -> Refusal:
    text = f"{parameter} parameter is invalid. Please provide a valid {parameter}"
    return Refusal(400, "InvalidRestApiParameter", text)


def soft_delete(meta: Meta, sent: Mapping[str, Any], version: str, *, created: bool) -> None:
    """Stronger is always possible, weaker only on old vaults by old versions (wire-facts 2.1)."""
    now = meta["softDelete"]
    wanted = {
        "days": sent.get("softDeleteRetentionPeriodInDays") or now["days"],
        "state": _strength(sent.get("softDeleteState"), now["state"]),
        "enhanced": _strength(sent.get("enhancedSecurityState"), now["enhanced"]),
    }
    if not isinstance(wanted["days"], int) or not 14 <= wanted["days"] <= 180:
        raise invalid("softDeleteSettings")
    current = version >= ALWAYS_ON_SINCE
    if created and current and (wanted["state"], wanted["enhanced"]) != ("AlwaysON", "AlwaysON"):
        said = "Soft delete state and enhanced security state must be set to AlwaysON for this API version"
        raise Refusal(400, "BMSUserErrorSoftDeleteStateNotSetToAlwaysON", said)
    weaker = any(_STRENGTH.index(wanted[name]) < _STRENGTH.index(now[name]) for name in ("state", "enhanced"))
    if not created and weaker and (current or "AlwaysON" in (now["state"], now["enhanced"])):
        said = "Disabling soft delete or enhanced security state is not allowed for this vault."
        raise Refusal(400, "BMSUserErrorDisablingSoftDeleteStateNotAllowed", said)
    meta["softDelete"] = wanted


def _strength(sent: Any, present: str) -> str:
    if sent is None:
        return present
    for known in _STRENGTH:
        if str(sent).lower() == known.lower():
            return known
    raise invalid("softDeleteSettings")


def immutability(meta: Meta, wanted: Any) -> None:
    """Disabled, then Unlocked, then Locked, and never back from there (backup-rules B.4)."""
    if wanted not in ("Disabled", "Unlocked", "Locked"):
        raise invalid("immutabilitySettings")
    present = meta["immutability"] or "Disabled"
    allowed = {"Disabled": ("Disabled", "Unlocked"), "Unlocked": ("Disabled", "Unlocked", "Locked")}
    if wanted not in allowed.get(present, ("Locked",)):
        said = f"Immutability of the vault cannot be changed from {present} to {wanted}."
        raise Refusal(400, "InvalidRestApiParameter", said)
    meta["immutability"] = wanted


def redundancy(meta: Meta, sent: Mapping[str, Any], resend_fails: bool = False) -> None:
    """Open until the first item is protected; cross-region restore needs GRS and has no way back after that."""
    kind = sent.get("standardTierStorageRedundancy") or meta["redundancy"]
    flag = sent.get("crossRegionRestore") or ("Enabled" if meta["crossRegionRestore"] else "Disabled")
    if kind not in REDUNDANCIES or flag not in ("Enabled", "Disabled"):
        raise invalid("redundancySettings")
    across = flag == "Enabled"
    if meta["locked"] and (kind != meta["redundancy"] or (meta["crossRegionRestore"] and not across)):
        said = (
            "Storage Redundancy option is locked when the first machine is registered with the vault, "
            "and cannot be modified thereafter."
        )
        raise Refusal(400, "StorageModelModifyError", said)
    if across and kind != "GeoRedundant":
        raise invalid("redundancySettings")
    if across and meta["crossRegionRestore"] and sent.get("crossRegionRestore") and resend_fails:
        raise Refusal(500, "CloudInternalError", "Microsoft Azure Backup encountered an internal error.")
    meta["redundancy"], meta["crossRegionRestore"] = kind, across


def etag(moment: datetime) -> str:
    return f"W/\"datetime'{text(moment).replace(':', '%3A')}'\""


def shown(meta: Meta, id: str, version: str, *, listed: bool = False) -> dict[str, Any]:
    """The vault as an api-version shows it; `listed` is the shorter form of the lists."""
    body: dict[str, Any] = {"location": meta["location"], "name": id.rsplit("/", 1)[1], "etag": meta["etag"]}
    if meta["tags"] is not None:
        body["tags"] = meta["tags"]
    if meta["identity"]:
        body["identity"] = meta["identity"]
    body["properties"] = _old_properties(meta, listed) if version < "2022" else _properties(meta, version, listed)
    return body | {"id": id, "type": "Microsoft.RecoveryServices/vaults", "sku": meta["sku"]}


def _old_properties(meta: Meta, listed: bool) -> dict[str, Any]:
    """The lists of 2021-03-01 had no networkSettings, and showed a vault's key."""
    key = {"encryption": meta["extra"]["encryption"]} if "encryption" in meta["extra"] else {}
    network = {} if listed else {"networkSettings": {"publicNetworkAccess": meta["publicAccess"]}}
    return _first(meta) | key | network


def _first(meta: Meta) -> dict[str, Any]:
    """What every api-version shows."""
    none = {"privateEndpointStateForBackup": "None", "privateEndpointStateForSiteRecovery": "None"}
    return {"provisioningState": meta["provisioning"], **none}


def _properties(meta: Meta, version: str, listed: bool) -> dict[str, Any]:
    properties: dict[str, Any] = _first(meta) | meta["extra"]
    if meta["storageVersion"] and not listed:
        properties["backupStorageVersion"] = meta["storageVersion"]
    security = _security(meta, version)
    if security and not listed:
        properties["securitySettings"] = security
    if meta["owns"]["redundancy"] and not listed:
        properties["redundancySettings"] = {
            "standardTierStorageRedundancy": meta["redundancy"],
            "crossRegionRestore": "Enabled" if meta["crossRegionRestore"] else "Disabled",
        }
    if version >= "2026":
        properties["regionOfChoiceSettings"] = {"status": "Disabled"}
    if version >= "2025":
        properties["secureScore"], properties["bcdrSecurityLevel"] = _scores(meta)
    properties["publicNetworkAccess"] = meta["publicAccess"]
    cross = {"crossSubscriptionRestoreState": meta["crossSubscription"]}
    properties["restoreSettings"] = {"crossSubscriptionRestoreSettings": cross}
    return properties


def _security(meta: Meta, version: str) -> dict[str, Any]:
    security: dict[str, Any] = {}
    if meta["immutability"]:
        never = {} if version >= "2025" else {"disablingAllowedTimeInUTC": None}
        security["immutabilitySettings"] = {"state": meta["immutability"], **never}
    if meta["owns"]["softDelete"]:
        kept = meta["softDelete"]
        security["softDeleteSettings"] = {
            "softDeleteRetentionPeriodInDays": kept["days"],
            "softDeleteState": kept["state"],
            "enhancedSecurityState": kept["enhanced"],
        }
        security["multiUserAuthorization"] = meta["mua"]
        if version >= "2025-08":
            security["sourceScanConfiguration"] = {"state": meta["scan"]}
    return security


def _scores(meta: Meta) -> tuple[str, str]:
    """Computed by the service in a way nobody documents: stronger settings give more, which is all that is promised."""
    strength = min(_STRENGTH.index(meta["softDelete"][name]) for name in ("state", "enhanced"))
    if strength == 2 and meta["immutability"] == "Locked":
        return "Maximum", "Excellent"
    geo = meta["redundancy"] == "GeoRedundant" and meta["immutability"] == "Unlocked"
    return ("None", "Minimum", "Adequate")[strength], "Excellent" if geo else ("Poor", "Fair", "Good")[strength]
