"""Whole estates: vaults, the plan's own findings, and how both become verdicts."""

from __future__ import annotations

import pytest

from reconciler.core.errors import Problem, Unreadable
from reconciler.core.ids import VaultRef
from reconciler.core.plan import Action, Change, Finding, Severity, Step, Write
from reconciler.preflight import preflight
from tests.preflight.estate import NO_STEPS, an_estate_with, checked, codes, the_vm
from tests.support.desired import (
    VAULT,
    WEB,
    a_machine,
    a_policy,
    a_spec,
    a_vault,
    a_vm,
    live_item,
    live_policy,
    protect,
)
from tests.support.fake_survey import FakeSurvey
from tests.support.wire import Body, vault_body


def a_finding(address: str, severity: Severity = "blocking") -> Finding:
    return Finding("P999", severity, address, "what", "why", "remedy")


def a_step(effect: str, action: Action = "update", kind: str = "policy", address: str = "policy/rsv/daily") -> Step:
    change = Change("retain.daily", 30, 14, effect)
    return Step(address, kind, action, (change,), "5 protected VMs follow it", Write("policy.put", VAULT), "sha256:x")


@pytest.mark.parametrize(
    ("address", "severity", "verdict"),
    [
        ("protected_vm/rsv/rg-app/vm-web", "blocking", "blocked"),
        ("protected_vm/RSV/rg-app/VM-WEB", "warning", "warnings"),
        ("protected_vm/rsv/rg-app/vm-web", "info", "ready"),
        ("vm_agent/rg-app/vm-web", "blocking", "blocked"),
        ("vault/rsv", "blocking", "blocked"),
        ("policy/rsv/daily", "warning", "warnings"),
        ("policy/rsv/weekly", "blocking", "ready"),
        ("vault/other", "blocking", "ready"),
        ("vault_security/rsv", "blocking", "blocked"),
    ],
)
def test_what_the_plan_says_counts_for_the_vms_that_need_it(address: str, severity: Severity, verdict: str) -> None:
    readiness = checked(an_estate_with(), None, findings=(a_finding(address, severity),))
    assert the_vm(readiness).verdict == verdict
    assert (a_finding(address, severity) in readiness.findings) is not address.lower().endswith("/rg-app/vm-web")
    assert readiness.verdict == {"blocking": "blocked", "warning": "warnings", "info": "ready"}[severity]


def test_what_is_shared_is_told_once_and_informs_no_single_vm() -> None:
    spec = a_spec(protect(), protect(a_vm("vm-sql")))
    survey = an_estate_with()
    survey.vms[a_vm("vm-sql").key] = a_machine(a_vm("vm-sql"))
    shared, note = a_finding("vault/rsv"), a_finding("vault/rsv", "info")
    readiness = checked(survey, spec, findings=(shared, note))
    assert [shared in machine.findings for machine in readiness.machines] == [True, True]
    assert not any(note in machine.findings for machine in readiness.machines)
    assert readiness.findings.count(shared) == readiness.findings.count(note) == 1
    assert list(readiness.all_findings()).count(shared) == 1
    assert readiness.counts() == {"ready": 0, "warnings": 0, "blocked": 2}


def test_an_estate_without_trouble_has_no_findings() -> None:
    assert checked(an_estate_with()).findings == ()


def test_only_vms_that_are_to_be_protected_are_checked() -> None:
    spec = a_spec(protect(state="stopped", policy=""), protect(a_vm("vm-old"), state="deleted", policy=""))
    assert checked(an_estate_with(), spec).machines == ()


def test_a_vm_of_another_subscription() -> None:
    vault = VaultRef.of("11111111-1111-4111-8111-111111111111", "rg-backup", "rsv")
    spec = a_spec(protect(vault=vault), vaults=(a_vault(vault),), policies=(a_policy(vault=vault),))
    assert codes(the_vm(checked(an_estate_with(), spec))) == {"F171"}


def test_a_soft_deleted_item_is_told() -> None:
    survey = an_estate_with()
    live_item(survey, WEB, "SoftDeleted")
    (finding,) = the_vm(checked(survey)).findings
    assert (finding.code, finding.severity) == ("F191", "info")
    assert "purged in 13 d 23 h" in finding.what


def test_a_subscription_that_has_not_registered_the_provider() -> None:
    class Unregistered(FakeSurvey):
        def vault(self, vault: VaultRef) -> Body | None:
            problem = Problem("C103", "rsv", "refused", "not registered", "register it")
            raise Unreadable(problem, status=409, service_code="MissingSubscriptionRegistration")

    survey = an_estate_with()
    survey.__class__ = Unregistered
    assert codes(the_vm(checked(survey))) == {"F161"}


def test_a_vault_that_can_not_be_read_is_left_to_the_plan() -> None:
    survey = an_estate_with()
    survey.unreadable.add("vault")
    assert the_vm(checked(survey)).verdict == "ready"


def test_an_old_vault_owns_its_settings_elsewhere() -> None:
    survey = an_estate_with()
    survey.vaults[VAULT.key] = vault_body(VAULT, legacy=True)
    assert [each.code for each in checked(survey).findings] == ["F211"]


@pytest.mark.parametrize(("vms", "found"), [(100, set()), (101, {"F152"}), (1000, {"F152"}), (1001, {"F151", "F152"})])
def test_room_counts_what_is_there_and_what_is_to_come(vms: int, found: set[str]) -> None:
    survey = an_estate_with()
    for number in range(vms - 1):
        live_item(survey, a_vm(f"vm-{number}"))
    readiness = checked(survey)
    assert {each.code for each in readiness.findings} == found
    assert codes(the_vm(readiness)) == found


@pytest.mark.parametrize(("vms", "found"), [(100, set()), (101, {"F152"})])
def test_a_vm_that_is_protected_already_counts_once_and_by_its_new_policy(vms: int, found: set[str]) -> None:
    survey = an_estate_with()
    live_policy(survey, a_policy("other"))
    for number in range(vms):
        live_item(survey, a_vm(f"vm-{number}"), policy="Other" if number else "daily")
    spec = a_spec(protect(a_vm("vm-0"), policy="other"), policies=(a_policy(), a_policy("other")))
    readiness = preflight(spec, survey, NO_STEPS)
    assert {each.code for each in readiness.findings} == found
    assert {each.address for each in readiness.findings if each.code == "F152"} == {"policy/rsv/other" for _ in found}


@pytest.mark.parametrize(("effect", "found"), [("POL-02", set()), ("POL-05", {"F281"}), ("POL-07", {"F281"})])
def test_an_edit_that_costs_recoverability_is_told_with_its_reach(effect: str, found: set[str]) -> None:
    readiness = checked(an_estate_with(), None, a_step(effect))
    edits = [each for each in readiness.findings if each.address == "policy/rsv/daily"]
    assert {each.code for each in edits} == found
    assert all(f"retain.daily ({effect}); 5 protected VMs follow it" in each.what for each in edits)


@pytest.mark.parametrize(("guard", "effect", "found"), [
    ("Enabled", "POL-07", True), ("Enabled", "POL-02", False), ("Disabled", "POL-07", False),
])  # fmt: skip
def test_a_resource_guard_wants_a_second_person_for_what_costs(guard: str, effect: str, found: bool) -> None:
    survey = an_estate_with()
    settings = {"softDeleteSettings": {"softDeleteState": "AlwaysON"}, "multiUserAuthorization": guard}
    survey.vaults[VAULT.key] = vault_body(VAULT, securitySettings=settings)
    codes_found = {each.code for each in checked(survey, None, a_step(effect)).findings}
    assert ("F282" in codes_found) is found


def test_the_order_of_a_spec_does_not_matter() -> None:
    both = (protect(), protect(a_vm("vm-api")))
    survey = an_estate_with()
    survey.vms[a_vm("vm-api").key] = a_machine(a_vm("vm-api"))
    assert checked(survey, a_spec(*both)) == checked(survey, a_spec(*reversed(both)))


def test_lists_are_read_once_whatever_the_number_of_vms() -> None:
    survey = an_estate_with()
    for number in range(20):
        survey.vms[a_vm(f"vm-{number}").key] = a_machine(a_vm(f"vm-{number}"))
        survey.vm_bodies[a_vm(f"vm-{number}").key] = survey.vm_bodies[WEB.key]
    checked(survey, a_spec(*(protect(a_vm(f"vm-{number}")) for number in range(20))))
    assert survey.asked.count("resources") == 3  # disks, interfaces, networks
    assert survey.asked.count("locks") == 1
    assert "resource" not in survey.asked
