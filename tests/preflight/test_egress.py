"""The ways out of a VM: through the groups of interface and subnet, the routes, and what the plan is about to change."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import pytest

from reconciler.core.desired import FirewallEgress, NsgEgress, ProxyEgress
from reconciler.core.errors import Problem, Unreadable
from reconciler.core.ids import STORAGE_ACCOUNT_TYPE, FirewallRef, NsgRef, VmRef, arm_id
from reconciler.core.plan import Change, Finding, Step, Write
from reconciler.core.readiness import Reach
from reconciler.preflight.network import Network
from reconciler.preflight.questions import FEWEST_QUESTIONS, Questions
from tests.network.bodies import rule_body
from tests.preflight.estate import (
    NETWORKS,
    NO_GROUP,
    NO_STEPS,
    SUBNET,
    a_group,
    a_machine_body,
    an_estate_with,
    checked,
    codes,
    route,
    standard_spec,
    the_vm,
    with_disks,
)
from tests.support.desired import PLACE, SUBSCRIPTION, WEB
from tests.support.fake_survey import FakeSurvey
from tests.support.network import account_body
from tests.support.wire import Body

ACCELERATED = a_machine_body(**with_disks({"lun": 0, "name": "log", "writeAcceleratorEnabled": True}))
DENY = "deny-all 1000 out deny * from * to *"
OPEN = ("storage 900 out allow tcp from VirtualNetwork to Storage.WestEurope port 443",
        "backup 901 out allow tcp from VirtualNetwork to AzureBackup port 443",
        "identity 902 out allow tcp from VirtualNetwork to AzureActiveDirectory port 443")  # fmt: skip
STORAGE = "Storage.WestEurope"
APP = NsgEgress("app", NsgRef.of(SUBSCRIPTION, "rg-net", "nsg-a"), PLACE)
LOCKDOWN = ProxyEgress("lockdown", "10.0.9.5", 8080, PLACE, SUBSCRIPTION)
HUB = FirewallEgress("hub", FirewallRef.of(SUBSCRIPTION, "rg-hub", "afw-hub"), ("10.0.0.0/16",), PLACE)
AFW: Body = {
    "id": f"{NETWORKS}/azureFirewalls/afw-hub",
    "name": "afw-hub",
    "properties": {"ipConfigurations": [{"properties": {"privateIPAddress": "10.9.0.4"}}]},
}


def of(reaches: tuple[Reach, ...], destination: str, port: int) -> Reach:
    (reach,) = [each for each in reaches if (each.destination, each.port) == (destination, port)]
    return reach


@dataclass(frozen=True)
class Case:
    """What becomes of HTTPS to storage, and what is said of it; `needs` is a VM with Write Accelerator."""

    name: str
    groups: tuple[Body, ...]
    result: str
    evidence: str
    codes: set[str]
    needs: bool = True
    routes: tuple[Body, ...] = ()


CASES = [
    Case("no group", (), "allowed", "neither the interface nor the subnet has a network security group", set()),
    Case("defaults", (a_group("nsg-a"),), "allowed", "allowed by rule AllowInternetOutBound (priority 65001) of nsg-a", set()),
    Case("denied on the interface", (a_group("nsg-a", DENY),), "denied",
         "denied by rule deny-all (priority 1000) of nsg-a", {"F291"}),
    Case("denied on the subnet", (a_group("nsg-a"), a_group("nsg-b", DENY)), "denied",
         "denied by rule deny-all (priority 1000) of nsg-b", {"F291"}),
    Case("only the subnet has one", (NO_GROUP, a_group("nsg-b", DENY)), "denied",
         "denied by rule deny-all (priority 1000) of nsg-b", {"F291"}),
    Case("allowed before the deny", (a_group("nsg-a", DENY, *OPEN),), "allowed",
         "allowed by rule storage (priority 900) of nsg-a", set()),
    Case("both must allow", (a_group("nsg-a", DENY, *OPEN), a_group("nsg-b", DENY)), "denied",
         "denied by rule deny-all (priority 1000) of nsg-b", {"F291"}),
    Case("allowed behind the deny", (a_group("nsg-a", DENY, "late 1001 out allow * from * to *"),), "denied",
         "denied by rule deny-all (priority 1000) of nsg-a", {"F291"}),
    Case("an application group of the VM", (a_group("nsg-a", "web 200 out deny * from asg:web to *"),), "denied",
         "denied by rule web (priority 200) of nsg-a", {"F291"}),
    Case("an application group of others", (a_group("nsg-a", "db 200 out deny * from asg:db to *"),), "allowed",
         "allowed by rule AllowInternetOutBound (priority 65001) of nsg-a", set()),
    Case("augmented", (a_group("nsg-a", "more 200 out deny tcp from 10.0.0.0/16,10.8.0.0/16 to * port 80,443-445"),), "denied",
         "denied by rule more (priority 200) of nsg-a", {"F291"}),
    Case("some of the addresses", (a_group("nsg-a", "part 200 out deny * from * to 52.0.0.0/8"),), "uncertain",
         "may be denied by rule part (priority 200) of nsg-a, else allowed by rule AllowInternetOutBound (priority 65001)",
         {"F292"}),
    Case("not needed", (a_group("nsg-a", DENY),), "denied", "denied by rule deny-all (priority 1000) of nsg-a", set(),
         needs=False),
    Case("through an appliance", (), "allowed", "route to-VirtualAppliance of rt leads to the appliance at 10.9.0.9",
         {"F294"}, routes=(route("0.0.0.0/0", "VirtualAppliance", "10.9.0.9"),)),
    Case("through a firewall", (), "allowed", "leads to Azure Firewall afw-hub at 10.9.0.4",
         {"F294"}, routes=(route("0.0.0.0/0", "VirtualAppliance", "10.9.0.4"),)),
    Case("through a gateway", (), "allowed", "route to-VirtualNetworkGateway of rt leads to VirtualNetworkGateway",
         {"F294"}, routes=(route("0.0.0.0/0", "VirtualNetworkGateway"),)),
    Case("denied before the appliance", (a_group("nsg-a", DENY),), "denied", "denied by rule deny-all", {"F291"},
         routes=(route("0.0.0.0/0", "VirtualAppliance", "10.9.0.9"),)),
    Case("dropped by a route", (), "denied", "denied: route to-None of rt leads to None (allowed: neither", {"F291"},
         routes=(route("0.0.0.0/0", "None"),)),
    Case("a tag beats the default route", (), "allowed", "route to-Internet of rt leads to Internet", {"F291"},
         routes=(route("0.0.0.0/0", "None"), route("Storage", "Internet"))),
    Case("a route elsewhere", (), "allowed", "neither the interface", set(), routes=(route("10.7.0.0/16", "None"),)),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_becomes_of_https_to_storage(case: Case) -> None:
    machine = ACCELERATED if case.needs else a_machine_body()
    survey = an_estate_with(*case.groups, machine=machine, routes=case.routes)
    survey.add_resource(AFW)
    vm = the_vm(checked(survey))
    reach = of(vm.reaches, STORAGE, 443)
    assert (reach.result, reach.needed) == (case.result, case.needs)
    assert case.evidence in reach.evidence
    assert codes(vm) == case.codes


def test_an_agent_that_is_too_old_needs_storage_alone() -> None:
    survey = an_estate_with(a_group("nsg-a", DENY))
    old = Finding("P223", "warning", f"vm_agent/{WEB.resource_group}/{WEB.name}", "old", "why", "update it")
    vm = the_vm(checked(survey, findings=(old,)))
    assert {each.destination for each in vm.reaches if each.needed} == {"168.63.129.16", STORAGE}
    assert not of(vm.reaches, STORAGE, 8443).needed
    assert codes(vm) == {"P223", "F291"}
    assert codes(the_vm(checked(survey))) == set()


@pytest.mark.parametrize(("own", "goal"), [(None, "10.0.9.5"), (WEB, STORAGE)])
def test_the_machine_of_a_proxy_goes_straight_out(own: VmRef | None, goal: str) -> None:
    proxy = replace(LOCKDOWN, vm=own)
    vm = the_vm(checked(an_estate_with(a_group("nsg-a", DENY)), standard_spec("lockdown", proxy)))
    assert {each.destination for each in vm.reaches} >= {goal}
    assert (STORAGE in {each.destination for each in vm.reaches}) == (own is not None)
    assert codes(vm) == (set() if own else {"F297"})


def test_the_host_is_always_looked_at_and_only_its_own_tag_can_close_it() -> None:
    survey = an_estate_with(a_group("nsg-a", DENY))
    for port in (80, 443, 32526):
        reach = of(the_vm(checked(survey)).reaches, "168.63.129.16", port)
        assert (reach.result, reach.needed) == ("allowed", True)
        assert "nsg-a does not filter the addresses of the host" in reach.evidence


@pytest.mark.parametrize(
    ("accounts", "group", "needed", "found"),
    [
        ((True,), "nsg-a", {443}, {"F248", "F291"}),
        ((False,), "nsg-a", {80, 443}, {"F248", "F291"}),
        ((), "nsg-a", {443}, {"F248", "F290", "F291"}),  # an account that is not there: perhaps somebody else's
        ((), "", {443}, {"F248"}),
        (None, "nsg-a", {443}, {"F248", "F290", "F291"}),
    ],
)
def test_the_ports_that_unmanaged_disks_need(
    accounts: tuple[bool, ...] | None, group: str, needed: set[int], found: set[str]
) -> None:
    disk = {"name": "os", "vhd": {"uri": "https://Disks.blob.core.windows.net/vhds/os.vhd"}}
    machine = a_machine_body(storageProfile={"osDisk": disk})
    survey = an_estate_with(*([a_group("nsg-a", DENY)] if group else ()), machine=machine)
    for encrypted in accounts or ():
        survey.add_resource(
            account_body(arm_id(SUBSCRIPTION, "rg-old", STORAGE_ACCOUNT_TYPE, "disks"), encrypted=encrypted)
        )
    if accounts is None:
        survey.unreadable.add(STORAGE_ACCOUNT_TYPE)
    vm = the_vm(checked(survey))
    assert {each.port for each in vm.reaches if each.destination == STORAGE and each.needed} == needed
    assert {each.destination for each in vm.reaches if each.needed} == {
        "168.63.129.16", STORAGE, "AzureBackup", "AzureActiveDirectory",
    }  # fmt: skip
    assert codes(vm) == found


def egress_step(group: str, line: str, *, removes: bool = False) -> Step:
    name = line.split()[0]
    resource_id = f"{NETWORKS}/networkSecurityGroups/{group}/securityRules/{name}"
    write = Write("security_rule.put", body={"properties": rule_body(line)["properties"]}, resource_id=resource_id)
    if removes:
        write = Write("security_rule.delete", resource_id=resource_id)
    return Step("nsg_rule/app", "nsg_rule", "create", (Change("rule", None, line, "NET-01"),), "why", write, "sha256:x")


STEPS = tuple(egress_step("nsg-a", line) for line in OPEN)


def test_what_the_plan_opens_is_told_and_not_held_against_the_vm() -> None:
    survey = an_estate_with(a_group("nsg-a", DENY), machine=ACCELERATED)
    vm = the_vm(checked(survey, standard_spec("app", APP), *STEPS))
    assert of(vm.reaches, STORAGE, 443).document()["result"] == "denied"
    assert of(vm.reaches, STORAGE, 443).document()["afterPlan"] == "allowed"
    assert "afterPlan" not in of(vm.reaches, STORAGE, 8443).document()
    assert codes(vm) == {"F295", "F297"}  # 8443 is declared, and no step opens it
    (told,) = [finding.what for finding in vm.findings if finding.code == "F295"]
    assert told == (
        f"{STORAGE} 443; AzureBackup 443; AzureActiveDirectory 443: denied by rule deny-all (priority 1000) of nsg-a"
    )


def test_a_plan_for_another_group_does_not_help() -> None:
    survey = an_estate_with(a_group("nsg-a", DENY, *OPEN), a_group("nsg-b", DENY), machine=ACCELERATED)
    vm = the_vm(checked(survey, standard_spec("app", APP), *STEPS))
    assert "F291" in codes(vm)
    assert vm.verdict == "blocked"


def test_what_the_plan_closes_is_seen_too() -> None:
    closing = egress_step("nsg-a", OPEN[0], removes=True)
    open_now = an_estate_with(a_group("nsg-a", DENY, *OPEN), machine=ACCELERATED)
    (finding,) = the_vm(checked(open_now, None, closing)).findings
    assert finding.code == "F291"
    assert "Storage.WestEurope 443: after this plan denied by rule deny-all (priority 1000) of nsg-a" in finding.what


def test_a_declared_way_that_is_closed_is_a_warning_where_it_is_not_needed() -> None:
    vm = the_vm(checked(an_estate_with(a_group("nsg-a", DENY)), standard_spec("app", APP)))
    assert codes(vm) == {"F297"}
    assert vm.findings[0].what.startswith(f"{STORAGE} 443, 8443; AzureBackup 443; AzureActiveDirectory 443: denied by ")
    assert vm.verdict == "warnings"


@pytest.mark.parametrize(
    ("lines", "routes", "found"),
    [
        ((), (), set()),
        (("no-proxy 300 out deny tcp from * to 10.0.9.5 port 8080",), (), {"F297"}),
        ((DENY, "proxy 300 out allow tcp from * to 10.0.9.5 port 8080"), (), set()),
        ((), (route("10.0.9.0/24", "None"),), {"F297"}),
    ],
)
def test_behind_a_proxy_only_the_way_to_the_proxy_counts(
    lines: tuple[str, ...], routes: tuple[Body, ...], found: set[str]
) -> None:
    vm = the_vm(checked(an_estate_with(a_group("nsg-a", *lines), routes=routes), standard_spec("lockdown", LOCKDOWN)))
    assert {each.destination for each in vm.reaches} == {"168.63.129.16", "10.0.9.5"}
    assert codes(vm) == found


@pytest.mark.parametrize(
    ("peering", "found"),
    [
        ({}, set()),
        ({"peeringState": "Connected", "allowVirtualNetworkAccess": True}, set()),
        ({"peeringState": "Disconnected"}, {"F292"}),
        ({"peeringState": "Connected", "allowVirtualNetworkAccess": False}, {"F292"}),
    ],
)
def test_a_peer_is_in_the_virtual_network_while_it_is_connected(peering: Body, found: set[str]) -> None:
    """Else its private address may still be on-premises, so it is not certain."""
    survey = an_estate_with(a_group("nsg-a", DENY, "inside 900 out allow * from VirtualNetwork to VirtualNetwork"))
    network = survey.resource_bodies[f"{NETWORKS}/virtualNetworks/net".lower()]
    remote = {"remoteAddressSpace": {"addressPrefixes": ["10.20.0.0/16"]}}
    network["properties"]["virtualNetworkPeerings"] = [{"name": "p", "properties": remote | peering}]
    far = ProxyEgress("lockdown", "10.20.9.5", 8080, PLACE, SUBSCRIPTION)
    assert codes(the_vm(checked(survey, standard_spec("lockdown", far)))) == found


@pytest.mark.parametrize(("address", "found"), [("10.9.0.4", set()), ("10.9.0.9", {"F298"}), ("", {"F298"})])
def test_a_firewall_helps_only_what_is_routed_to_it(address: str, found: set[str]) -> None:
    survey = an_estate_with(routes=(route("0.0.0.0/0", "VirtualAppliance", address),) if address else ())
    survey.add_resource(AFW)
    assert codes(the_vm(checked(survey, standard_spec("hub", HUB)))) == found


def test_the_firewall_of_a_hub_lies_in_a_subscription_of_its_own() -> None:
    survey = an_estate_with(routes=(route("0.0.0.0/0", "VirtualAppliance", "10.9.0.4"),))
    survey.add_resource({**AFW, "id": AFW["id"].replace(SUBSCRIPTION, "other")})
    assert codes(the_vm(checked(survey, standard_spec("hub", HUB)))) == {"F298"}
    hub = replace(HUB, firewall=FirewallRef.of("other", "rg-hub", "afw-hub"))
    assert codes(the_vm(checked(survey, standard_spec("hub", hub)))) == set()


class _Asked(FakeSurvey):
    """Lists leave out what has `lost` in its id, and `status` is what Azure says when it is asked for it."""

    lost, status = "", 404

    def resources(self, subscription: str, resource_type: str) -> list[Body]:
        return [body for body in super().resources(subscription, resource_type) if self.lost not in body["id"]]

    def resource(self, resource_id: str) -> Body | None:
        self.asked.append(resource_id)
        if self.status == 403:
            raise Unreadable(Problem("C104", resource_id, "it may not be read", "no right", "get it"), status=403)
        return None if self.status == 404 else super().resource(resource_id)


@pytest.mark.parametrize("lost", ["networkInterfaces/nic", "virtualNetworks/net"])
@pytest.mark.parametrize(
    ("egress", "status", "code", "says"),
    [
        ("", 404, "F293", "is not in its list"),
        ("app", 404, "F296", "does not exist"),
        ("app", 403, "F299", "its network: it may not be read; no right"),
        ("app", 200, "F299", "is not among those that the identity may list"),
    ],
)
def test_what_a_list_lacks_is_not_there_or_may_not_be_seen(
    lost: str, egress: str, status: int, code: str, says: str
) -> None:
    made = an_estate_with()
    survey = _Asked(**{each.name: getattr(made, each.name) for each in fields(made)})
    survey.lost, survey.status = lost, status
    vm = the_vm(checked(survey, standard_spec(egress, APP)))
    assert codes(vm) == {code}
    assert vm.findings[0].what.endswith(says)
    assert [each for each in survey.asked if "/" in each] == ([f"{NETWORKS}/{lost}"] if egress else [])


def test_a_few_are_asked_about_and_the_rest_is_not_known() -> None:
    made = an_estate_with()
    survey = _Asked(**{each.name: getattr(made, each.name) for each in fields(made)})
    network = Network(survey, NO_STEPS, Questions(1_000))
    told = [network.told(f"{NETWORKS}/networkInterfaces/nic-{number}") for number in [*range(FEWEST_QUESTIONS + 1), 0]]
    assert [text.partition(" ")[2] for text in told] == ["does not exist"] * FEWEST_QUESTIONS + ["", "does not exist"]
    assert len({each for each in survey.asked if "/" in each}) == FEWEST_QUESTIONS


def test_a_subnet_that_its_network_lacks() -> None:
    survey = an_estate_with()
    survey.resource_bodies[f"{NETWORKS}/virtualNetworks/net".lower()]["properties"]["subnets"] = []
    assert f"there is no {SUBNET}" in the_vm(checked(survey)).findings[0].what


def test_a_vm_without_an_interface() -> None:
    survey = an_estate_with(machine=a_machine_body(networkProfile={}))
    assert codes(the_vm(checked(survey))) == {"F293"}


def test_the_primary_interface_counts() -> None:
    other = {"id": f"{NETWORKS}/networkInterfaces/other", "properties": {"primary": False}}
    primary = {"id": f"{NETWORKS}/networkInterfaces/nic", "properties": {"primary": True}}
    survey = an_estate_with(machine=a_machine_body(networkProfile={"networkInterfaces": [other, primary]}))
    assert codes(the_vm(checked(survey))) == set()
