"""What Azure has after a write has landed: a few lines of wire-facts 2, 4.3 and 5, written down apart from the kinds."""

from __future__ import annotations

import json
import re
from copy import deepcopy
from datetime import timedelta
from typing import Any

from reconciler.core.ids import VaultRef
from reconciler.core.plan import Write
from tests.support.fake_survey import FakeSurvey
from tests.support.network_service import land_resource
from tests.support.wire import MODERN_SECURITY, Body, item_body, point_body, policy_body, storage_config, vault_body


def normalised_policy(sent: Body, items: int = 0) -> Body:
    """The properties of a policy as the answer to its PUT shows them (wire-facts 4.3)."""
    text = re.sub(r"\.000Z", "Z", json.dumps(sent))
    kept = {key: value for key, value in _without_nulls(json.loads(text)).items() if key != "protectedItemsCount"}
    kept.pop("instantRpDetails", None)  # a spelling that the service takes and does not return
    kept["instantRPDetails"] = kept.get("instantRPDetails") or {}
    if kept["schedulePolicy"]["schedulePolicyType"] == "SimpleSchedulePolicy":
        kept["schedulePolicy"].setdefault("scheduleWeeklyFrequency", 0)
    if archived := kept.get("tieringPolicy", {}).get("ArchivedRP"):
        kept["tieringPolicy"]["ArchivedRP"] = {"duration": 0, "durationType": "Invalid"} | archived
    return {**kept, "protectedItemsCount": items}


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nulls(each) for key, each in value.items() if each is not None}
    return [_without_nulls(each) for each in value] if isinstance(value, list) else value


def land(survey: FakeSurvey, write: Write) -> None:
    """Puts the effect of one write into the survey, as later reads show it."""
    body: Body = deepcopy(dict(write.body or {}))
    if write.vault is None:
        land_resource(survey, write, body)
        return
    match write.operation:
        case "vault.create":
            _create_vault(survey, write.vault, body)
        case "vault.update":
            vault = survey.vaults[write.vault.key]
            vault["tags"] = body.get("tags", vault.get("tags"))
            _merge(vault["properties"], body.get("properties", {}))
        case "storage_config.update":
            _merge(survey.storage[write.vault.key]["properties"], body["properties"])
        case "vault_config.update":
            _merge(survey.configs[write.vault.key]["properties"], body["properties"])
        case "policy.put":
            items = sum(1 for item in survey.items(write.vault) if item["properties"]["policyName"] == write.policy)
            stored = policy_body(write.vault, write.policy, normalised_policy(body["properties"], items))
            survey.policy_bodies[write.vault.key, write.policy.lower()] = stored
        case _:
            _land_item(survey, write, write.vault, body)


def _create_vault(survey: FakeSurvey, ref: VaultRef, body: Body) -> None:
    vault = vault_body(ref, redundancySettings={
        "standardTierStorageRedundancy": "GeoRedundant", "crossRegionRestore": "Disabled"
    })  # fmt: skip
    vault |= {"location": body["location"], "tags": body.get("tags")}
    vault["properties"]["securitySettings"] = deepcopy(MODERN_SECURITY)
    _merge(vault["properties"], body["properties"])
    survey.vaults[ref.key] = vault
    redundancy = vault["properties"]["redundancySettings"]["standardTierStorageRedundancy"]
    survey.storage[ref.key] = storage_config(redundancy)


def _land_item(survey: FakeSurvey, write: Write, vault: VaultRef, body: Body) -> None:
    assert write.vm is not None
    key = (vault.key, write.vm.key)
    if write.operation == "item.delete":
        survey.item_bodies[key] = item_body(vault, write.vm, "SoftDeleted")
        return
    if write.operation == "item.backup":
        survey.points[key] = [point_body(survey.now - timedelta(minutes=5))]
        survey.item_bodies[key]["properties"] |= {
            "protectionState": "Protected",
            "lastRecoveryPoint": "2026-11-22T11:55:00.1234567Z",
        }
        return
    sent = body["properties"]
    before = survey.item_bodies.get(key)
    if not sent["policyId"]:
        survey.item_bodies[key] = item_body(vault, write.vm, "ProtectionStopped")
        return
    policy = str(sent["policyId"]).rsplit("/", 1)[-1]
    enhanced = survey.policy_bodies[vault.key, policy.lower()]["properties"].get("policyType") == "V2"
    had_points = before is not None and "lastRecoveryPoint" in before["properties"]
    more = {"extendedProperties": sent["extendedProperties"]} if "extendedProperties" in sent else {}
    survey.item_bodies[key] = item_body(
        vault, write.vm, "Protected" if had_points else "IRPending", policy,
        policyType="V2" if enhanced else "", **more,
    )  # fmt: skip


def _merge(into: Body, patch: Body) -> None:
    """A PATCH as the vault API takes it: objects are merged, all else is replaced."""
    for key, value in patch.items():
        if isinstance(value, dict) and isinstance(into.get(key), dict):
            into[key] = {**into[key]}
            _merge(into[key], value)
        else:
            into[key] = value
