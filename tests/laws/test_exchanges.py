"""Recorded answers of the real service, taken as live state and as the source of a spec that says the same: no change."""

from __future__ import annotations

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

from reconciler.core.desired import Spec
from reconciler.core.ids import VaultRef, parse_vault, parse_vm
from reconciler.core.live import Machine
from reconciler.kinds import KINDS
from reconciler.plan import make_plan
from reconciler.spec import load_documents
from tests.support.fake_survey import NOW, FakeSurvey
from tests.support.service import normalised_policy
from tests.support.spec_text import policy_entry, protect_entry, vault_entry
from tests.support.wire import Body, policy_body, storage_config, vault_body, vault_config

EXCHANGES = Path(__file__).parents[2].parent / "shared" / "azure" / "exchanges"
DAILY: Body = {"tier": "standard", "schedule": {"every": "day", "at": "23:00"}, "retain": {"daily": 30}}


def _recorded(resource_type: str) -> dict[str, Body]:
    """Bodies of one type by the name of their exchange; says so in one line where the recordings are not there."""
    if not EXCHANGES.is_dir():
        print("the recorded exchanges are not beside this checkout; tests/cases/recorded restates their facts")
        return {}
    bodies = {path.stem: json.loads(path.read_text("utf-8"))["response"]["body"] for path in EXCHANGES.glob("*.json")}
    return {
        name: body
        for name, body in sorted(bodies.items())
        if isinstance(body, dict) and str(body.get("type", "")).lower() == resource_type.lower()
    }


def _load(ref: VaultRef, vault: Body) -> Spec:
    document = {
        "apiVersion": "azbackup/v1",
        "subscription": "0b1f6471-1bf0-4dda-aec3-cb9272f09590"
        if set(ref.subscription) <= {"0", "-"}
        else ref.subscription,
        "location": "westeurope",
        "resourceGroup": ref.resource_group,
        "vaults": {ref.name: vault},
    }
    return load_documents({"spec.yaml": json.dumps(document, indent=1)}, today=NOW.date())[0]


def _planned(spec: Spec, survey: FakeSurvey) -> list[str]:
    plan = make_plan(spec, survey, KINDS)
    return [*(step.address for step in plan.steps), *(f"{each.code} {each.what}" for each in plan.findings)]


def _moved(body: Body, ref: VaultRef, spec: Spec) -> Body:
    """The body under the subscription of the spec: recordings have it blanked, which a spec refuses."""
    text = json.dumps(body)
    return json.loads(text.replace(ref.subscription, spec.vaults[0].ref.subscription))  # type: ignore[no-any-return]


def _policy_change(body: Body, properties: Body, spec_properties: Body) -> list[str]:
    ref = parse_vault(body["id"])
    assert ref is not None
    spec = _load(ref, {"policies": {body["name"]: policy_entry(spec_properties)}})
    survey = FakeSurvey()
    mine = spec.vaults[0].ref
    survey.vaults[mine.key] = vault_body(mine)
    survey.policy_bodies[mine.key, body["name"].lower()] = policy_body(mine, body["name"], properties)
    return _planned(spec, survey)


def test_every_recorded_policy_is_in_sync_with_a_spec_that_says_the_same() -> None:
    recorded = _recorded("Microsoft.RecoveryServices/vaults/backupPolicies")
    assert recorded or not EXCHANGES.is_dir()
    for name, body in recorded.items():
        if body["properties"]["backupManagementType"] == "AzureIaasVM":
            assert _policy_change(body, body["properties"], body["properties"]) == [], name


def test_every_recorded_policy_request_says_what_its_answer_says() -> None:
    for path in sorted(EXCHANGES.glob("policy-put-*.json")):
        exchange = json.loads(path.read_text("utf-8"))
        sent, answered = exchange["request"]["body"]["properties"], exchange["response"]["body"]
        assert _policy_change(answered, answered["properties"], sent) == [], path.stem
        assert normalised_policy(sent) == answered["properties"], path.stem
    assert list(EXCHANGES.glob("policy-put-*.json")) or not EXCHANGES.is_dir()


def test_every_recorded_vault_is_in_sync_with_a_spec_that_says_the_same() -> None:
    configs = [
        *_recorded("Microsoft.RecoveryServices/vaults/backupconfig").values(),
        vault_config(),
        vault_config("AlwaysON"),
    ]
    storages = [
        *_recorded("Microsoft.RecoveryServices/vaults/backupstorageconfig").values(),
        storage_config(across=True),
    ]
    recorded = _recorded("Microsoft.RecoveryServices/vaults")
    assert recorded or not EXCHANGES.is_dir()
    for name, body in recorded.items():
        ref = parse_vault(body["id"])
        assert ref is not None
        for config in configs:
            for storage in storages:
                spec = _load(ref, vault_entry(body, storage, config))
                key = spec.vaults[0].ref.key
                survey = FakeSurvey(vaults={key: body}, storage={key: storage}, configs={key: config})
                assert _planned(spec, survey) == [], name


def test_every_recorded_item_is_in_sync_with_a_spec_that_says_the_same() -> None:
    names = sorted(EXCHANGES.glob("protecteditems-list-*.json"))
    for path in names:
        for recorded in json.loads(path.read_text("utf-8"))["response"]["body"]["value"]:
            ref, survey = parse_vault(recorded["id"]), FakeSurvey()
            assert ref is not None
            wanted = protect_entry(recorded)
            spec = _load(
                ref, {"policies": {wanted["policy"]: DAILY} if "policy" in wanted else {}, "protect": [wanted]}
            )
            _fill(survey, spec, _moved(recorded, ref, spec))
            assert _planned(spec, survey) == [], path.stem
    assert names or not EXCHANGES.is_dir()


def _fill(survey: FakeSurvey, spec: Spec, item: Body) -> None:
    ref = spec.vaults[0].ref
    vm: Any = parse_vm(item["properties"]["sourceResourceId"])
    survey.vaults[ref.key] = vault_body(ref)
    survey.vms[vm.key] = Machine(vm, "westeurope")
    survey.item_bodies[ref.key, vm.key] = deepcopy(item)
    for policy in spec.policies:
        time = "2022-05-13T23:00:00Z"
        retention = {"retentionDuration": {"count": 30, "durationType": "Days"}, "retentionTimes": [time]}
        survey.policy_bodies[ref.key, policy.name.lower()] = policy_body(
            ref,
            policy.name,
            {
                "backupManagementType": "AzureIaasVM",
                "schedulePolicy": {
                    "schedulePolicyType": "SimpleSchedulePolicy",
                    "scheduleRunFrequency": "Daily",
                    "scheduleRunTimes": [time],
                    "scheduleWeeklyFrequency": 0,
                },
                "retentionPolicy": {"retentionPolicyType": "LongTermRetentionPolicy", "dailySchedule": retention},
                "instantRpRetentionRangeInDays": 2,
                "instantRPDetails": {},
                "timeZone": "UTC",
            },
        )
