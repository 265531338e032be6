"""Short builders for wanted values, and one small estate that most tests start from."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from reconciler.core.desired import (
    Consent,
    DesiredPolicy,
    DesiredProtection,
    DesiredVault,
    Retention,
    Schedule,
    Spec,
)
from reconciler.core.errors import Place
from reconciler.core.ids import VaultRef, VmRef
from reconciler.core.live import Machine
from reconciler.kinds.policy_wire import wanted_form, wire_body
from tests.support.fake_survey import NOW, FakeSurvey
from tests.support.service import normalised_policy
from tests.support.wire import ItemState, item_body, policy_body, storage_config, vault_body

SUBSCRIPTION = "0b1f6471-1bf0-4dda-aec3-cb9272f09590"
PLACE = Place("spec.yaml", 1, 1)
VAULT = VaultRef.of(SUBSCRIPTION, "rg-backup", "rsv")
WEB = VmRef.of(SUBSCRIPTION, "rg-app", "vm-web")


def a_vm(name: str, group: str = "rg-app") -> VmRef:
    return VmRef.of(SUBSCRIPTION, group, name)


def a_machine(vm: VmRef = WEB, *, location: str = "westeurope", os: str = "Linux", **tags: str) -> Machine:
    return Machine(vm, location, os, tags)


def a_vault(ref: VaultRef = VAULT, **wanted: Any) -> DesiredVault:
    return DesiredVault(ref, "westeurope", PLACE, **wanted)


def a_policy(name: str = "daily", *, vault: VaultRef = VAULT, **wanted: Any) -> DesiredPolicy:
    """Standard, daily at 23:00 UTC, 30 days, 2 days of snapshots, unless said otherwise."""
    daily = Schedule("Daily", "23:00")
    return replace(DesiredPolicy(vault, name, "standard", daily, Retention(daily_days=30), 2, PLACE), **wanted)


def an_enhanced(name: str = "hourly", **wanted: Any) -> DesiredPolicy:
    """Enhanced, every 4 hours from 08:00 UTC for 12 hours, 30 days, 7 days of snapshots."""
    schedule = Schedule("Hourly", "08:00", interval_hours=4, window_hours=12)
    return replace(a_policy(name, tier="enhanced", schedule=schedule, snapshot_days=7), **wanted)


def protect(vm: VmRef = WEB, policy: str = "daily", *, vault: VaultRef = VAULT, **wanted: Any) -> DesiredProtection:
    return DesiredProtection(vault, vm, PLACE, policy=policy, **wanted)


def a_spec(*protections: DesiredProtection, policies: tuple[DesiredPolicy, ...] | None = None, **wanted: Any) -> Spec:
    """One vault, one daily policy, and these protections."""
    both = (a_policy(),) if policies is None else policies
    return replace(Spec("sha256:spec", (a_vault(),), both, protections), **wanted)


def a_consent(address: str, change: str, old: object, new: object, expires: date = date(2026, 11, 30)) -> Consent:
    return Consent(address, change, old, new, "reviewed", expires, Place("consents.yaml", 3, 5))


def live_policy(survey: FakeSurvey, policy: DesiredPolicy, *, items: int = 0) -> None:
    """The policy stands in Azure as the spec wants it."""
    sent = wire_body(wanted_form(policy, NOW), {})["properties"]
    assert isinstance(sent, dict)
    body = policy_body(policy.vault, policy.name, normalised_policy(sent, items))
    survey.policy_bodies[policy.vault.key, policy.name.lower()] = body


def live_item(
    survey: FakeSurvey, vm: VmRef = WEB, state: ItemState = "Protected", policy: str = "daily", **more: Any
) -> None:
    vault = more.pop("vault", VAULT)
    survey.item_bodies[vault.key, vm.key] = item_body(vault, vm, state, policy, **more)


def an_estate(*policies: DesiredPolicy, vms: tuple[VmRef, ...] = (WEB,)) -> FakeSurvey:
    """A vault with these policies (the daily one when none is given) and VMs that nothing protects yet."""
    survey = FakeSurvey()
    survey.vaults[VAULT.key] = vault_body(VAULT)
    survey.storage[VAULT.key] = storage_config("LocallyRedundant")
    for policy in policies or (a_policy(),):
        live_policy(survey, policy)
    for vm in vms:
        survey.vms[vm.key] = a_machine(vm)
    return survey
