"""What the cases can't say of ways out and agents: who waits for whom, and what may not be touched at one time."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.core.desired import Criteria, FirewallEgress, NsgEgress, ProxyEgress, Selection, Spec
from reconciler.core.destinations import storage_tag
from reconciler.core.errors import Problem, Unreadable
from reconciler.core.ids import FirewallRef, NsgRef
from reconciler.core.plan import Plan
from reconciler.kinds import KINDS
from reconciler.kinds.nsg_rule import NsgRuleKind
from reconciler.plan import make_plan
from tests.support.desired import (
    PLACE,
    SUBSCRIPTION,
    VAULT,
    WEB,
    a_machine,
    a_policy,
    a_spec,
    a_vm,
    an_estate,
    live_item,
    protect,
)
from tests.support.fake_survey import FakeSurvey
from tests.support.landing import land_plan
from tests.support.network import DENY_ALL, group_body, instance_view, vm_body
from tests.support.wire import Body

NSG = NsgRef.of(SUBSCRIPTION, "rg-net", "nsg-app")
PROXY = ProxyEgress("out", "10.0.0.5", 8080, PLACE, SUBSCRIPTION, nsg=NSG, configure_guests=True)
GUEST, AGENT, VM = "guest_proxy/out/rg-app/vm-web", "vm_agent/rg-app/vm-web", "protected_vm/rsv/rg-app/vm-web"


def _estate() -> FakeSurvey:
    survey = an_estate()
    survey.add_resource(group_body(NSG.id, DENY_ALL))
    return survey


def _needs(plan: Plan) -> dict[str, tuple[str, ...]]:
    return {step.address: step.needs for step in plan.steps}


def test_the_way_out_comes_before_the_guest_the_agent_and_the_backup() -> None:
    survey, spec = _estate(), a_spec(protect(egress="out", agent="update"), egresses=(PROXY,))
    plan = make_plan(spec, survey, KINDS)
    assert [step.address for step in plan.steps] == ["proxy/out", GUEST, AGENT, VM]
    assert _needs(plan) == {
        "proxy/out": (), GUEST: ("proxy/out",), AGENT: (GUEST, "proxy/out"), VM: (GUEST, "proxy/out", AGENT),
    }  # fmt: skip
    assert [step.lane for step in plan.steps] == [f"nsg:{NSG.key}", f"vm:{WEB.key}", f"vm:{WEB.key}", ""]


def test_the_machine_of_a_proxy_is_not_told_to_use_it() -> None:
    proxy = replace(PROXY, address="10.0.0.4", vm=WEB)
    plan = make_plan(a_spec(protect(egress="out"), egresses=(proxy,)), _estate(), KINDS)
    assert GUEST not in {step.address for step in plan.steps}
    assert not proxy.serves(WEB)


def test_a_plan_names_the_subscriptions_of_its_networks_too() -> None:
    hub, dmz = "22222222-2222-4333-8444-555555555555", "33333333-2222-4333-8444-555555555555"
    firewall = FirewallEgress("hub", FirewallRef.of(hub.upper(), "rg-hub", "afw"), ("10.0.0.0/16",), PLACE)
    proxy = replace(PROXY, nsg=NsgRef.of(dmz, "rg-net", "nsg"))
    spec = a_spec(protect(egress="out"), egresses=(proxy, firewall))
    assert spec.subscriptions == tuple(sorted((SUBSCRIPTION.lower(), hub, dmz)))


def test_removal_goes_the_other_way_round() -> None:
    survey, spec = _estate(), a_spec(protect(egress="out"), egresses=(PROXY,))
    list(land_plan(make_plan(spec, survey, KINDS), spec, survey))
    absent = replace(spec, egresses=(replace(PROXY, present=False),))
    plan = make_plan(absent, survey, KINDS)
    told = [(step.action, step.address, step.needs) for step in plan.steps]
    assert told == [("update", GUEST, ()), ("delete", GUEST, (GUEST,)), ("delete", "proxy/out", (GUEST,))]


def test_a_protected_vm_changes_its_policy_whatever_its_network_is_like() -> None:
    survey = _estate()
    survey.add_resource(group_body(NSG.id, {**DENY_ALL, "priority": 100}))  # no room: blocking
    survey.views[WEB.key] = instance_view(ready=False, version="Unknown")
    live_item(survey, WEB, "Protected", "daily")
    wanted = (a_policy(), a_policy("other"))
    plan = make_plan(a_spec(protect(policy="other", egress="out"), policies=wanted, egresses=(PROXY,)), survey, KINDS)
    assert [step.address for step in plan.steps] == ["policy/rsv/other", VM]
    assert VM not in plan.blocked


def test_rules_of_one_group_wait_for_each_other_and_for_their_own_group_only() -> None:
    egress = NsgEgress("app", NSG, PLACE)
    steps = make_plan(a_spec(protect(egress="app"), egresses=(egress,)), _estate(), KINDS).steps
    assert [step.needs for step in steps[:3]] == [(), ("nsg_rule/app",), ("nsg_rule/app",)]
    assert {step.lane for step in steps[:3]} == {f"nsg:{NSG.key}"}


def test_what_a_selection_says_of_egress_and_agent_holds_for_the_vms_it_finds() -> None:
    survey = _estate()
    chosen = Selection(VAULT, "westeurope", "daily", Criteria(), PLACE, egress="out", agent="update")
    spec = replace(a_spec(egresses=(PROXY,)), selections=(chosen,))
    assert [step.address for step in make_plan(spec, survey, KINDS).steps] == ["proxy/out", GUEST, AGENT, VM]


@pytest.mark.parametrize("other", [{"egress": "out"}, {"agent": "update"}])
def test_selections_that_differ_in_egress_or_agent_contradict_each_other(other: dict[str, str]) -> None:
    first = Selection(VAULT, "westeurope", "daily", Criteria(), PLACE)
    second = replace(first, **other)  # type: ignore[arg-type]
    spec: Spec = replace(a_spec(egresses=(PROXY,)), selections=(first, second))
    codes = [each.code for each in make_plan(spec, _estate(), KINDS).findings if each.severity == "blocking"]
    assert codes == ["P161"]


@pytest.mark.parametrize("agentless", [True, False])
def test_an_update_without_an_agent_is_a_finding(agentless: bool) -> None:
    survey = _estate()
    survey.views[WEB.key] = instance_view(ready=False, version="Unknown")
    policy = a_policy(crash_consistent_only=True) if agentless else a_policy()
    plan = make_plan(a_spec(protect(agent="update"), policies=(policy,)), survey, KINDS)
    found = [(each.code, each.severity) for each in plan.findings if each.address == AGENT]
    assert found == [("P221", "warning" if agentless else "blocking")]


@pytest.mark.parametrize(
    ("location", "tag"),
    [
        ("westeurope", "Storage.WestEurope"),
        ("West Europe", "Storage.WestEurope"),
        ("francecentral", "Storage.CentralFrance"),
        ("germanywestcentral", "Storage.GermanyWC"),
        ("marsnorth", "Storage.marsnorth"),
    ],
)
def test_storage_tags_are_spelled_as_people_know_them(location: str, tag: str) -> None:
    assert storage_tag(location) == tag


def test_a_vm_that_is_gone_is_said_once() -> None:
    survey, spec = _estate(), a_spec(protect(a_vm("vm-gone"), egress="out", agent="update"), egresses=(PROXY,))
    plan = make_plan(spec, survey, KINDS)
    assert [each.code for each in plan.findings] == ["P141"]
    assert [step.address for step in plan.steps] == ["proxy/out"]


def test_each_egress_has_rules_of_its_own_so_that_either_can_go() -> None:
    survey, also = _estate(), replace(PROXY, name="also", port=3128, configure_guests=False)
    both = a_spec(egresses=(PROXY, also))
    first = replace(both, egresses=(PROXY,))
    list(land_plan(make_plan(first, survey, KINDS), first, survey))
    assert [step.address for step in make_plan(both, survey, KINDS).steps] == ["proxy/also"]


class _HalfBlind(FakeSurvey):
    """A survey that may not read what has a word in its id."""

    word = "hidden"
    status = 403

    def resource(self, resource_id: str) -> Body | None:
        if self.word in resource_id:
            raise Unreadable(
                Problem("Z403", resource_id, "forbidden", "no permission", "ask for it"), status=self.status
            )
        return super().resource(resource_id)


def test_an_egress_that_cannot_be_read_keeps_no_other_from_its_rules() -> None:
    survey, hidden = _HalfBlind(), a_vm("vm-proxy")
    survey.vms[hidden.key] = a_machine(hidden)
    survey.vm_bodies[hidden.key] = vm_body(hidden.id, "/nic-hidden")
    firewall = FirewallRef.of(SUBSCRIPTION, "rg-net", "fw")
    survey.add_resource({"id": firewall.id, "location": "westeurope", "properties": {}})
    survey.add_resource(group_body(NSG.id, DENY_ALL))
    unseen = FirewallEgress("b", FirewallRef.of(SUBSCRIPTION, "rg-net", "fw-hidden"), ("10.0.0.0/16",), PLACE)
    egresses = (
        replace(PROXY, name="a", vm=hidden),
        unseen,
        NsgEgress("c", NSG, PLACE),
        replace(unseen, name="d", firewall=firewall),
    )
    plan = make_plan(Spec("sha256:spec", egresses=egresses), survey, KINDS)
    assert {step.address for step in plan.steps} == {"nsg_rule/c", "firewall_rule/d"}
    assert [(each.code, each.address) for each in plan.findings] == [("P901", "firewall_rule/b"), ("P901", "proxy/a")]


def test_a_parent_policy_that_may_not_be_read_is_said_and_nothing_is_concluded_from_the_rest() -> None:
    survey, network = _HalfBlind(), f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-net/providers/Microsoft.Network"
    policy = f"{network}/firewallPolicies/pol"
    firewall = FirewallRef.of(SUBSCRIPTION, "rg-net", "fw")
    survey.add_resource({"id": firewall.id, "location": "westeurope", "properties": {"firewallPolicy": {"id": policy}}})
    rule = {"ruleType": "NetworkRule", "name": "r", "ipProtocols": ["Any"], "destinationPorts": ["*"]}
    rule |= {"sourceAddresses": ["*"], "destinationAddresses": ["*"]}
    collection = {"name": "c", "priority": 100, "action": {"type": "Allow"}, "rules": [rule]}
    group = {"id": f"{policy}/ruleCollectionGroups/g", "properties": {"priority": 9, "ruleCollections": [collection]}}
    survey.add_resource(group)
    known: Body = {"ruleCollectionGroups": [{"id": group["id"]}]}
    survey.add_resource({"id": policy, "properties": known})
    spec = Spec("sha256:spec", egresses=(FirewallEgress("e", firewall, ("10.0.0.0/16",), PLACE),))
    assert [each.code for each in make_plan(spec, survey, KINDS).findings] == ["P204"] * 3
    known["basePolicy"] = {"id": f"{network}/firewallPolicies/base-hidden"}
    plan = make_plan(spec, survey, KINDS)
    assert ([step.action for step in plan.steps], [each.code for each in plan.findings]) == (["create"], ["P210"])
    survey.status = 503
    assert [each.code for each in make_plan(spec, survey, KINDS).findings] == ["P901"]


def test_many_vms_of_an_egress_are_read_by_lists() -> None:
    """A fresh look would ask for each VM before and after each rule."""
    survey = _estate()
    vms = [a_vm(f"vm-{number}") for number in range(11)]
    for vm in vms[1:]:
        survey.vms[vm.key] = a_machine(vm)
        survey.add_resource(vm_body(vm.id))
    egress = NsgEgress("app", NSG, PLACE)
    (entry,) = NsgRuleKind().entries(a_spec(*(protect(vm, egress="app") for vm in vms), egresses=(egress,)))
    assert len(NsgRuleKind().assess(entry, survey).steps) == 3
    assert "resources" in survey.asked
    assert survey.asked.count("virtual_machine") < len(vms)  # the one that its list lacks
