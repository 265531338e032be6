"""Security admin rules of network managers: judged before security groups, asked for sparingly, and never taken for absent."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from reconciler.core.plan import Finding
from reconciler.core.readiness import Readiness
from reconciler.preflight.questions import MOST_QUESTIONS
from tests.network.bodies import admin_body
from tests.preflight.estate import NETWORK, NIC, a_group, an_estate_with, checked, codes, standard_spec, the_vm
from tests.preflight.test_egress import ACCELERATED, APP, DENY, STEPS, STORAGE, of
from tests.support.desired import a_machine, a_spec, a_vm, protect
from tests.support.fake_survey import FakeSurvey
from tests.support.wire import Body

DENY_WEB = "deny-web 10 out deny tcp from * to Internet port 443"
DENIED = "denied by admin rule deny-web (priority 10) of base/all of network manager avnm"


def governed(survey: FakeSurvey, *lines: str) -> FakeSurvey:
    survey.admin_rule_bodies[NETWORK.lower()] = [admin_body(line) for line in lines]
    return survey


@dataclass(frozen=True)
class Case:
    """What becomes of HTTPS to storage; `needs` is a VM with Write Accelerator."""

    name: str
    admin: tuple[str, ...]
    result: str
    evidence: str
    codes: set[str] = field(default_factory=set)
    groups: tuple[Body, ...] = ()
    needs: bool = True


CASES = [
    Case("denied", (DENY_WEB,), "denied", DENIED, {"F306"}),
    Case("denied, not needed", (DENY_WEB,), "denied", DENIED, needs=False),
    Case("always allowed", ("open 5 out always tcp from * to Internet port 443",), "allowed",
         "allowed by admin rule open (priority 5) of base/all of network manager avnm", groups=(a_group("nsg-a", DENY),)),
    Case("allowed", ("ok 5 out allow * from * to *",), "denied", "denied by rule deny-all (priority 1000) of nsg-a", {"F291"},
         (a_group("nsg-a", DENY),)),
    Case("a part", ("part 5 out deny * from * to 52.0.0.0/8",), "uncertain", "may be denied by admin rule part", {"F292"}),
    Case("no rule", (), "allowed", "neither the interface nor the subnet has a network security group"),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_admin_rules_come_first(case: Case) -> None:
    machine = ACCELERATED if case.needs else None
    vm = the_vm(checked(governed(an_estate_with(*case.groups, machine=machine), *case.admin)))
    reach = of(vm.reaches, STORAGE, 443)
    assert (reach.result, reach.needed) == (case.result, case.needs)
    assert case.evidence in reach.evidence
    assert codes(vm) == case.codes


def test_the_rules_that_a_plan_writes_do_not_help_against_an_admin_deny() -> None:
    survey = governed(an_estate_with(a_group("nsg-a", DENY)), DENY_WEB)
    vm = the_vm(checked(survey, standard_spec("app", APP), *STEPS))
    assert codes(vm) == {"F297", "F307"}  # 8443 is held by the group alone
    (told,) = [each for each in vm.findings if each.code == "F307"]
    assert told.what == f"{STORAGE} 443; AzureBackup 443; AzureActiveDirectory 443: {DENIED}"
    assert "ask the owner of the network manager" in told.remedy


def notes(readiness: Readiness) -> list[Finding]:
    return [each for each in readiness.findings if each.code in ("F304", "F305")]


@pytest.mark.parametrize("read", ["governed_networks", "admin_rules"])
@pytest.mark.parametrize(("needs", "code"), [(True, "F304"), (False, "F305")])
def test_rules_that_can_not_be_read_are_told_once_and_not_taken_for_absent(read: str, needs: bool, code: str) -> None:
    survey = governed(an_estate_with(machine=ACCELERATED if needs else None), DENY_WEB)
    survey.unreadable.add(read)
    second = a_vm("vm-api")
    survey.vms[second.key], survey.vm_bodies[second.key] = a_machine(second), survey.vm_bodies[protect().vm.key]
    readiness = checked(survey, a_spec(protect(), protect(second)))
    (note,) = notes(readiness)
    assert (note.code, note.address) == (code, "preflight")
    assert note.what == f"admin rules of virtual network net were not looked at: {read} is forbidden; no permission"
    assert all(codes(machine) == set() for machine in readiness.machines)


def test_a_broken_rule_is_not_overlooked() -> None:
    survey = governed(an_estate_with(machine=ACCELERATED), DENY_WEB)
    del survey.admin_rule_bodies[NETWORK.lower()][0]["properties"]["access"]
    assert [note.code for note in notes(checked(survey))] == ["F304"]


def test_only_governed_networks_are_asked_for_their_rules() -> None:
    survey = an_estate_with()
    readiness = checked(survey)
    assert (survey.asked.count("governed_networks"), survey.asked.count("admin_rules")) == (1, 0)
    assert notes(readiness) == []


def test_only_the_first_few_governed_networks_are_asked() -> None:
    survey = an_estate_with()
    vms = [a_vm(f"vm-{number:02}") for number in range(2 * MOST_QUESTIONS)]
    nic, network = survey.resource_bodies[NIC.lower()], survey.resource_bodies[NETWORK.lower()]
    for vm in vms:
        name = vm.name
        subnet = {**network["properties"]["subnets"][0], "id": f"{NETWORK}-{name}/subnets/app"}
        survey.add_resource({"id": f"{NETWORK}-{name}", "properties": {**network["properties"], "subnets": [subnet]}})
        address = {"properties": {"privateIPAddress": "10.0.1.4", "subnet": {"id": subnet["id"]}}}
        survey.add_resource({"id": f"{nic['id']}-{name}", "name": name, "properties": {"ipConfigurations": [address]}})
        body = survey.vm_bodies[protect().vm.key]
        interfaces = {"networkInterfaces": [{"id": f"{nic['id']}-{name}"}]}
        survey.vms[vm.key] = a_machine(vm)
        survey.vm_bodies[vm.key] = {**body, "properties": {**body["properties"], "networkProfile": interfaces}}
        survey.admin_rule_bodies[f"{NETWORK}-{name}".lower()] = [admin_body(DENY_WEB)]
    readiness = checked(survey, a_spec(*map(protect, vms)))
    seen = survey.asked.count("admin_rules")
    assert 0 < seen < len(vms)
    results = [of(machine.reaches, STORAGE, 443).result for machine in readiness.machines]
    assert results == ["denied"] * seen + ["allowed"] * (len(vms) - seen)
    (note,) = notes(readiness)
    assert note.code == "F305"
    assert "were not looked at: they take a request for each network" in note.what
