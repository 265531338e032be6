"""From live bodies to a spec that says the same, in the language of specs: what an import would write."""

from __future__ import annotations

from itertools import product
from typing import Any

from reconciler.core.ids import parse_vm
from reconciler.kinds.policy_wire import live_form
from tests.support.wire import Body

Data = dict[str, Any]


def policy_entry(properties: Body) -> Data:
    """The entry under `policies:` for the properties of a live policy."""
    form: Data = live_form(properties)
    schedule = {**form["schedule"], **_lowered(form["schedule"], "on")}
    retain: Data = {key: form["retain"][key] for key in ("daily",) if key in form["retain"]}
    for tier, unit in (("weekly", "weeks"), ("monthly", "months"), ("yearly", "years")):
        if rule := form["retain"].get(tier):
            on = [day.lower() for day in rule["on"]] if tier == "weekly" else _point_days(rule["on"])
            retain[tier] = {unit: rule[unit], "on": on, **_lowered(rule, "in")}
    entry = {"tier": form["tier"], "schedule": schedule, "retain": retain, "snapshots": form["snapshots"]}
    return {
        **entry,
        **({"archive": form["archive"], "consistency": form["consistency"]} if form["tier"] == "enhanced" else {}),
    }


def _lowered(rule: Data, key: str) -> Data:
    return {key: [word.lower() for word in rule[key]]} if key in rule else {}


def _point_days(on: Data) -> list[str]:
    if "weeks" in on:
        return [f"{week} {day}".lower() for week, day in product(on["weeks"], on["weekdays"])]
    return [f"day {day}" for day in on["days"]] + (["last day"] if on["last"] else [])


def vault_entry(vault: Body, storage: Body, config: Body) -> Data:
    """The entry under `vaults:` for a live vault and its two child resources. Soft delete that is off can't be written."""
    properties = vault["properties"]
    redundancy = properties.get("redundancySettings")
    security = properties.get("securitySettings", {}).get("softDeleteSettings")
    legacy = storage["properties"]
    network = properties.get("publicNetworkAccess") or properties["networkSettings"]["publicNetworkAccess"]
    restore = properties.get("restoreSettings", {}).get("crossSubscriptionRestoreSettings", {})
    state = security["softDeleteState"] if security else config["properties"]["softDeleteFeatureState"]
    across = redundancy["crossRegionRestore"] == "Enabled" if redundancy else legacy["crossRegionRestoreFlag"]
    entry: Data = {
        "location": vault["location"],
        "replication": redundancy["standardTierStorageRedundancy"] if redundancy else legacy["storageModelType"],
        "crossRegionRestore": across,
        "immutability": "disabled",
        "publicNetworkAccess": network.lower(),
        "crossSubscriptionRestore": restore.get("crossSubscriptionRestoreState", "Enabled").lower(),
    }
    if state != "Disabled":
        days = security["softDeleteRetentionPeriodInDays"] if security else 14
        entry["softDelete"] = {"state": "alwaysOn" if state == "AlwaysON" else "enabled", "days": days}
    return entry


def protect_entry(item: Body) -> Data:
    """The entry under `protect:` for a live item: protected by its policy, stopped, or (soft-deleted) deleted."""
    properties = item["properties"]
    vm = parse_vm(properties["sourceResourceId"])
    assert vm is not None
    entry = {"vm": f"{vm.resource_group}/{vm.name}"}
    if properties.get("isScheduledForDeferredDelete"):
        return {**entry, "state": "deleted"}
    if properties["protectionState"] == "ProtectionStopped":
        return {**entry, "state": "stopped"}
    return {**entry, "policy": properties["policyName"]}
