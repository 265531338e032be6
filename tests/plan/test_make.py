"""The planner beyond single cases: what can't be read, what is blocked by what, and targets."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.core.desired import Criteria, NsgEgress, Retention, Selection, SoftDelete, Spec
from reconciler.core.errors import SpecError
from reconciler.core.ids import NsgRef
from reconciler.core.plan import Plan
from reconciler.kinds import KINDS
from reconciler.plan import make_plan, posture
from tests.support.desired import (
    PLACE,
    SUBSCRIPTION,
    VAULT,
    WEB,
    a_machine,
    a_policy,
    a_spec,
    a_vault,
    a_vm,
    an_estate,
    live_item,
    live_policy,
    protect,
)
from tests.support.fake_survey import READS, FakeSurvey
from tests.support.network import DENY_ALL, group_body
from tests.support.wire import vault_body

DB = a_vm("vm-db")
VM = "protected_vm/rsv/rg-app/vm-web"


def _everything() -> tuple[Spec, FakeSurvey]:
    """A spec for which every read is needed: a new VM, a stopped one with a job, a selection, an old vault."""
    survey = an_estate(vms=(WEB, DB))
    survey.vaults[VAULT.key] = vault_body(VAULT, legacy=True)
    live_policy(survey, a_policy("other", retention=Retention(daily_days=60)))
    live_item(survey, DB, "IRPending", "other")
    live_item(survey, a_vm("vm-back"), "ProtectionStopped")
    survey.vms[a_vm("vm-back").key] = a_machine(a_vm("vm-back"))
    vault = a_vault(redundancy="ZoneRedundant", soft_delete=SoftDelete("AlwaysON", 30), tags={"a": "b"})
    chosen = Selection(VAULT, "westeurope", "daily", Criteria(names=("vm-db",)), PLACE, initial_backup_days=7)
    both = (protect(initial_backup_days=7), protect(a_vm("vm-back")))
    return a_spec(*both, vaults=(vault,), selections=(chosen,)), survey


def _with_a_way_out() -> tuple[Spec, FakeSurvey]:
    spec, survey = _everything()
    nsg = NsgRef.of(SUBSCRIPTION, "rg-net", "nsg-app")
    survey.add_resource(group_body(nsg.id, DENY_ALL))
    new, back = spec.protections
    return replace(
        spec, protections=(replace(new, egress="app"), back), egresses=(NsgEgress("app", nsg, PLACE),)
    ), survey


def _without(read: str) -> tuple[Plan, Plan, FakeSurvey]:
    spec, survey = _with_a_way_out()
    whole = make_plan(spec, survey, KINDS)
    survey.unreadable.add(read)
    survey.asked.clear()
    return whole, make_plan(spec, survey, KINDS), survey


@pytest.mark.parametrize(
    "read",
    sorted(
        {*READS}
        - {"group_missing", "items", "policies", "resources"}
        - {"locks", "prevalidation", "permissions", "policy_restrictions"}  # of preflight
    ),
)
def test_what_could_not_be_read_blocks_and_never_becomes_a_step(read: str) -> None:
    whole, plan, survey = _without(read)
    assert read in survey.asked
    unread = {finding.address for finding in plan.findings if finding.code == "P901"}
    assert unread
    assert plan.is_blocked
    planned = {step.address for step in plan.steps}
    assert not planned & unread
    assert planned < {step.address for step in whole.steps}
    assert all("forbidden" in finding.what for finding in plan.findings if finding.code == "P901")


def test_a_group_that_could_not_be_read_blocks_its_vault() -> None:
    survey = FakeSurvey(unreadable={"group_missing"})
    plan = make_plan(a_spec(), survey, KINDS)
    assert plan.steps == ()
    assert [(each.code, each.address) for each in plan.findings] == [("P901", "vault/rsv")]
    assert plan.blocked == {"policy/rsv/daily": "vault/rsv"}


@pytest.mark.parametrize("read", ["items", "policies"])
def test_lists_of_what_is_not_in_the_spec_block_nothing(read: str) -> None:
    whole, plan, survey = _without(read)
    assert read in survey.asked
    assert plan.steps == whole.steps


@pytest.mark.parametrize("read", ["items", "machine", "machines"])
def test_posture_says_that_it_could_not_look(read: str) -> None:
    spec, survey = _everything()
    survey.unreadable.add(read)
    codes = [finding.code for finding in posture(spec, survey)]
    assert codes == (["P901"] if read != "machines" else ["D401", "D404"])


def test_what_is_blocked_names_its_cause_along_the_whole_way() -> None:
    spec, survey = _everything()
    survey.vaults[VAULT.key]["location"] = "northeurope"
    plan = make_plan(spec, survey, KINDS)
    assert plan.steps == ()
    assert set(plan.blocked.values()) == {"vault/rsv"}
    assert sorted(plan.blocked) == [
        "initial_backup/rsv/rg-app/vm-db",
        "initial_backup/rsv/rg-app/vm-web",
        "protected_vm/rsv/rg-app/vm-back",
        "protected_vm/rsv/rg-app/vm-db",
        VM,
        "replication/rsv",
        "vault_security/rsv",
    ]


def test_a_blocked_policy_blocks_the_vms_that_follow_it_and_no_others() -> None:
    survey = an_estate(a_policy(), vms=(WEB, DB))
    survey.policy_bodies[VAULT.key, "sql"] = {"name": "sql", "properties": {"backupManagementType": "AzureWorkload"}}
    spec = a_spec(protect(WEB, "sql", initial_backup_days=7), protect(DB), policies=(a_policy("sql"), a_policy()))
    plan = make_plan(spec, survey, KINDS)
    assert [step.address for step in plan.steps] == ["protected_vm/rsv/rg-app/vm-db"]
    assert plan.blocked == {VM: "policy/rsv/sql", "initial_backup/rsv/rg-app/vm-web": "policy/rsv/sql"}


def test_targets_take_what_they_need_along() -> None:
    spec, survey = _everything()
    plan = make_plan(spec, survey, KINDS, ["INITIAL_BACKUP/rsv/rg-app/vm-web"])
    assert [step.address for step in plan.steps] == [
        "vault/rsv",
        "replication/rsv",
        "vault_security/rsv",
        VM,
        "initial_backup/rsv/rg-app/vm-web",
    ]


def test_targets_leave_out_what_they_do_not_need() -> None:
    spec, survey = _everything()
    plan = make_plan(spec, survey, KINDS, ["vault/rsv"])
    assert [step.address for step in plan.steps] == ["vault/rsv"]
    assert {finding.address for finding in plan.findings} <= {"vault/rsv"}


def test_a_blocked_target_keeps_the_finding_that_blocks_it() -> None:
    spec, survey = _everything()
    survey.vaults[VAULT.key]["location"] = "northeurope"
    plan = make_plan(spec, survey, KINDS, [VM])
    assert plan.steps == ()
    assert plan.is_blocked
    assert "P102" in [finding.code for finding in plan.findings]
    assert plan.blocked == {VM: "vault/rsv"}


def test_an_unknown_target_is_refused_with_the_nearest_address() -> None:
    spec, survey = _everything()
    with pytest.raises(SpecError) as refused:
        make_plan(spec, survey, KINDS, ["protected_vm/rsv/rg-app/vm-wev", "x"])
    assert [(each.code, each.remedy) for each in refused.value.problems] == [
        ("P002", f"did you mean {VM}?"),
        ("P002", "run plan without --target to see the addresses"),
    ]


def test_findings_are_sorted_and_said_once() -> None:
    spec, survey = _everything()
    live_item(survey, a_vm("vm-stranger"))
    plan = make_plan(spec, survey, KINDS)
    keys = [(each.address.lower(), each.code, each.what) for each in plan.findings]
    assert keys == sorted(set(keys))


def test_what_is_not_in_the_spec_is_named_with_its_number() -> None:
    survey = an_estate(*(a_policy(f"policy-{number}") for number in range(7)))
    for number in range(2):
        live_item(survey, a_vm(f"vm-{number}"))
    live_item(survey, a_vm("vm-broken"), sourceResourceId="not an id")
    found = make_plan(a_spec(policies=()), survey, KINDS).findings
    assert [each.what for each in found] == [
        "7 policies not in the spec: policy-0, policy-1, policy-2, policy-3, policy-4 and 2 more",
        "2 protected items not in the spec: rg-app/vm-0, rg-app/vm-1",
    ]


def test_items_and_policies_of_the_spec_are_no_strangers_whatever_their_case() -> None:
    survey = an_estate(a_policy("Daily"))
    live_item(survey, WEB, policy="Daily")
    spec = a_spec(protect(a_vm("VM-WEB", "RG-APP"), "daily"))
    assert make_plan(spec, survey, KINDS) == replace(make_plan(spec, survey, KINDS), steps=(), findings=())
