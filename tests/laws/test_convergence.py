"""Laws of the whole planner: what is applied is done with, order means nothing, and equal inputs give equal bytes."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.core.desired import Criteria, Selection, Spec
from reconciler.core.kind import AnyKind
from reconciler.core.plan import Plan, Step
from reconciler.core.taxonomy import StepClass, effect_of
from reconciler.kinds import KINDS
from reconciler.plan import entries_by_address, make_plan, posture, saved
from tests.support.desired import PLACE, VAULT, WEB, a_machine, a_vault, a_vm, an_estate, live_item, live_policy
from tests.support.fake_survey import NOW, FakeSurvey
from tests.support.service import land
from tests.support.strategies import policies, specs, vaults
from tests.support.wire import MODERN_SECURITY, point_body, storage_config, vault_body, vault_config

STATES: tuple[Any, ...] = ("IRPending", "Protected", "ProtectionStopped", "BackupsSuspended", "SoftDeleted")


@st.composite
def estates(draw: st.DrawFn) -> FakeSurvey:
    """No vault, an old or a current one; random policies in it; VMs that exist or not, with items in any state."""
    survey = FakeSurvey()
    kind = draw(st.sampled_from(["absent", "legacy", "modern"]))
    for number in range(4):
        if draw(st.booleans()):
            location = draw(st.sampled_from(["westeurope", "westeurope", "West Europe", "northeurope"]))
            survey.vms[a_vm(f"vm-{number}").key] = a_machine(a_vm(f"vm-{number}"), location=location)
    if kind == "absent":
        return survey
    immutability = draw(st.sampled_from([None, "Disabled", "Unlocked", "Locked"]))
    security = {} if immutability is None else {"immutabilitySettings": {"state": immutability}}
    if kind == "modern":
        security = {**MODERN_SECURITY, **security}
    survey.vaults[VAULT.key] = vault_body(VAULT, legacy=kind == "legacy", securitySettings=security)
    redundancy = "LocallyRedundant" if kind == "modern" else "GeoRedundant"
    survey.storage[VAULT.key] = storage_config(redundancy, state=draw(st.sampled_from(["Locked", "Unlocked"])))
    survey.configs[VAULT.key] = vault_config(draw(st.sampled_from(["Disabled", "Enabled", "AlwaysON"])))
    names: list[tuple[str, Any]] = [("daily", "standard"), ("hourly", "enhanced"), ("other", None)]
    for name, tier in names:
        if draw(st.booleans()):
            live_policy(survey, draw(policies(name, tier)))
    for number in range(4):
        if draw(st.booleans()):
            vm = a_vm(f"vm-{number}")
            live_item(survey, vm, draw(st.sampled_from(STATES)), draw(st.sampled_from(["daily", "hourly", "other"])))
            survey.points[VAULT.key, vm.key] = [point_body(NOW) for _ in range(draw(st.integers(0, 2)))]
    return survey


def _document(plan: Plan) -> str:
    return json.dumps(saved.document(plan, target={"kind": "test"}, requests={"GET": 3}, now=NOW))


def _landed(spec: Spec, survey: FakeSurvey) -> Plan:
    """Applies a plan as the executor does: each step is derived again from a fresh look before it is sent."""
    plan = make_plan(spec, survey, KINDS)
    entries = entries_by_address(spec, survey, KINDS)
    for step in plan.steps:
        kind, entry = entries[step.address]
        fresh = kind.assess(entry, survey)
        if step.identity in {each.identity for each in fresh.steps}:
            land(survey, step.write)
    return plan


@settings(max_examples=80)
@given(specs(), estates())
def test_a_plan_that_has_landed_leaves_only_what_was_blocked(spec: Spec, survey: FakeSurvey) -> None:
    first = _landed(spec, survey)
    _landed(spec, survey)  # a vault that becomes immutable in the first round may refuse what is left of it
    last = make_plan(spec, survey, KINDS)
    blocked = {finding.address for finding in last.findings if finding.severity == "blocking"}
    assert [step.address for step in last.steps if step.address not in {*blocked, *first.blocked}] == []


@settings(max_examples=40)
@given(specs(), estates(), st.randoms(use_true_random=False))
def test_the_order_of_entries_items_and_machines_means_nothing(spec: Spec, survey: FakeSurvey, random: Any) -> None:
    def mixed(values: Any) -> Any:
        return tuple(random.sample(list(values), len(values)))

    before = _document(make_plan(spec, survey, KINDS))
    assert _document(make_plan(spec, survey, KINDS)) == before
    shuffled = replace(spec, policies=mixed(spec.policies), protections=mixed(spec.protections))
    for name in ("item_bodies", "policy_bodies", "vms", "jobs", "points"):
        setattr(survey, name, dict(mixed(getattr(survey, name).items())))
    assert _document(make_plan(shuffled, survey, KINDS)) == before
    assert [each.document() for each in posture(shuffled, survey)] == [
        each.document() for each in posture(spec, survey)
    ]


@settings(max_examples=40)
@given(specs(), estates())
def test_needs_point_to_earlier_steps_and_classes_hide_nothing(spec: Spec, survey: FakeSurvey) -> None:
    plan = make_plan(spec, survey, KINDS)
    seen: set[str] = set()
    for step in plan.steps:
        assert set(step.needs) <= seen
        assert step.changes
        assert step.step_class is max(effect_of(change.effect).step_class for change in step.changes)
        assert step.step_class is StepClass.DESTRUCTIVE or not _loses_points(step)
        seen.add(step.address)
    blocking = {finding.address for finding in plan.findings if finding.severity == "blocking"}
    assert not seen & (blocking | set(plan.blocked))


def _loses_points(step: Step) -> bool:
    """A judge of its own, beside the taxonomy: a delete, and any tier of a policy that keeps points for less time."""
    tiers = ("retain.daily", "retain.weekly.weeks", "retain.monthly.months", "retain.yearly.years")
    shorter = any(
        change.path in tiers and isinstance(change.before, int) and (change.after or 0) < change.before  # type: ignore[operator]
        for change in step.changes
    )
    gone = any(change.path.startswith("retain") and change.after is None for change in step.changes)
    return step.action == "delete" or shorter or gone


@settings(max_examples=40)
@given(specs(), estates())
def test_nothing_is_planned_for_what_the_spec_leaves_out(spec: Spec, survey: FakeSurvey) -> None:
    empty = replace(spec, vaults=(replace(spec.vaults[0], tags=None),), policies=(), protections=())
    bare = Spec("sha256:bare", tuple(type(each)(each.ref, each.location, each.place) for each in empty.vaults))
    steps = make_plan(bare, survey, KINDS).steps
    assert [step.address for step in steps] == ([] if VAULT.key in survey.vaults else ["vault/rsv"])
    mentioned = {f"protected_vm/rsv/rg-app/{each.vm.name}" for each in spec.protections}
    planned = {step.address for step in make_plan(spec, survey, KINDS).steps if step.kind == "protected_vm"}
    assert planned <= mentioned


@pytest.mark.parametrize("kind", KINDS, ids=[kind.name for kind in KINDS])
@settings(max_examples=25)
@given(spec=specs(), survey=estates())
def test_each_kind_assesses_what_it_asked_for_to_nothing(kind: AnyKind, spec: Spec, survey: FakeSurvey) -> None:
    for first in KINDS[: KINDS.index(kind)]:
        for entry in first.entries(spec):
            _land_all(first, entry, survey)
    for entry in kind.entries(spec):
        assert kind.address(entry).startswith(f"{kind.name}/")
        _land_all(kind, entry, survey)
        assert kind.assess(entry, survey).steps == ()


def _land_all(kind: AnyKind, entry: object, survey: FakeSurvey) -> None:
    """Steps of one entry, as far as what they need is there: a VM whose policy is refused stays as it is."""
    for step in kind.assess(entry, survey).steps:
        vm = step.write.vm
        if step.write.operation == "item.backup":
            assert vm is not None
            if (VAULT.key, vm.key) not in survey.item_bodies:
                live_item(survey, vm, "IRPending")
        land(survey, step.write)


@given(vaults(), vaults())
def test_a_vault_of_any_settings_becomes_one_of_any_other(first: Any, second: Any) -> None:
    survey = FakeSurvey()
    for wanted in (first, second, second):
        _landed(Spec("sha256:spec", (wanted,)), survey)
    assert make_plan(Spec("sha256:spec", (second,)), survey, KINDS).steps == ()


def test_kinds_are_named_once_and_in_the_order_of_their_needs() -> None:
    names = [kind.name for kind in KINDS]
    of_vault, before_vms = ["vault", "replication", "vault_security", "policy"], ["guest_proxy", "vm_agent"]
    ways_out = ["nsg_rule", "proxy", "firewall_rule"]
    assert names == [*of_vault, *ways_out, *before_vms, "protected_vm", "initial_backup"]


def test_selected_and_written_entries_have_addresses() -> None:
    survey = an_estate()
    spec = Spec("s", selections=(Selection(VAULT, "westeurope", "daily", Criteria(), PLACE),))
    spec = replace(spec, vaults=(a_vault(),))
    kind, entry = entries_by_address(spec, survey, KINDS)["protected_vm/rsv/rg-app/vm-web"]
    assert kind.name == "protected_vm"
    assert kind.assess(entry, survey).steps[0].write.vm == WEB
