"""Laws of the ways out, over random groups, firewalls and egresses: what is asked for comes true, once, and goes without a trace."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.core.desired import Egress, FirewallEgress, NsgEgress, ProxyEgress, Spec
from reconciler.core.destinations import destinations
from reconciler.core.ids import FirewallRef, NsgRef
from reconciler.core.nsg import End, Traffic, judge
from reconciler.core.nsg_wire import security_group
from reconciler.core.plan import Plan
from reconciler.core.spans import Span
from reconciler.kinds import KINDS
from reconciler.plan import make_plan
from tests.support.desired import PLACE, SUBSCRIPTION, WEB, a_spec, a_vm, an_estate, live_item, protect
from tests.support.fake_survey import FakeSurvey
from tests.support.landing import land_plan
from tests.support.network import group_body, interface_body, vm_body
from tests.support.wire import Body

NETWORK = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-net/providers/Microsoft.Network"
NSGS = tuple(NsgRef.of(SUBSCRIPTION, "rg-net", name) for name in ("nsg-a", "nsg-b"))
FIREWALLS = tuple(FirewallRef.of(SUBSCRIPTION, "rg-net", name) for name in ("fw-a", "fw-b"))
PROXY = a_vm("vm-proxy")
VMS = (WEB, a_vm("vm-db"))
ADDRESS = "10.0.0.5"
_NUMBERS = st.lists(st.integers(100, 108), unique=True, max_size=6)
_TAGS = [
    "*",
    "Internet",
    "Storage",
    "Storage.WestEurope",
    "AzureBackup",
    "AzureCloud",
    "20.0.0.0/8",
    "VirtualNetwork",
    ADDRESS,
]


_NETWORK_RULES = st.lists(
    st.fixed_dictionaries(
        {
            "sourceAddresses": st.sampled_from([["*"], ["10.0.0.0/8"], ["10.0.1.0/24"]]),
            "destinationAddresses": st.sampled_from([[each] for each in _TAGS[:7]]),
            "destinationPorts": st.sampled_from([["*"], ["443"], ["80-8443"]]),
            "protocols": st.sampled_from([["Any"], ["TCP"], ["UDP"]]),
        }
    ),
    max_size=2,
)
_APPLICATION_RULES = st.lists(
    st.fixed_dictionaries(
        {
            "sourceAddresses": st.sampled_from([["*"], ["10.9.0.0/16"]]),
            "protocols": st.just([{"protocolType": "Https", "port": 443}]),
            "fqdnTags": st.sampled_from([["AzureBackup"], ["WindowsUpdate"]]),
        }
    ),
    max_size=2,
)


@st.composite
def groups(draw: st.DrawFn, ref: NsgRef) -> Body:
    """Rules of others, close together, so that numbers run out now and then."""
    places = [(way, number) for way in ("Outbound", "Inbound") for number in draw(_NUMBERS)]
    rules = [
        {
            "name": f"{direction}-{priority}", "priority": priority, "direction": direction,
            "access": draw(st.sampled_from(["Allow", "Deny"])),
            "protocol": draw(st.sampled_from(["*", "Tcp", "Udp"])),
            "destinationAddressPrefix": draw(st.sampled_from(_TAGS)),
            "destinationPortRange": draw(st.sampled_from(["*", "443", "80-8443", "22"])),
        }
        for direction, priority in places
    ]  # fmt: skip
    return group_body(ref.id, *rules)


@st.composite
def estates(draw: st.DrawFn) -> FakeSurvey:
    survey = an_estate(vms=(*VMS, PROXY))
    for vm in VMS:
        survey.vm_bodies[vm.key] = vm_body(
            vm.id, disks=draw(st.sampled_from(["managed", "unmanaged", "managed, accelerated"]))
        )
        live_item(survey, vm)
    for ref in NSGS:
        survey.add_resource(draw(groups(ref)))
    nic, subnet = f"{NETWORK}/networkInterfaces/nic", f"{NETWORK}/virtualNetworks/vnet/subnets/proxy"
    of_nic, of_subnet = (draw(st.sampled_from(["", *(ref.id for ref in NSGS)])) for _ in range(2))
    survey.vm_bodies[PROXY.key] = vm_body(PROXY.id, nic)
    survey.add_resource(interface_body(nic, ADDRESS, subnet, of_nic))
    survey.add_resource({"id": subnet, "properties": {"networkSecurityGroup": {"id": of_subnet}} if of_subnet else {}})
    shared = draw(st.booleans())
    for firewall in FIREWALLS:
        properties: Body = {"firewallPolicy": {"id": f"{NETWORK}/firewallPolicies/pol"}} if shared else {
            "applicationRuleCollections": draw(collections(_APPLICATION_RULES)),
            "networkRuleCollections": draw(collections(_NETWORK_RULES)),
        }  # fmt: skip
        survey.add_resource({"id": firewall.id, "location": "westeurope", "properties": properties})
    priorities = draw(st.lists(st.integers(100, 103), unique=True, max_size=3))
    ids = [f"{NETWORK}/firewallPolicies/pol/ruleCollectionGroups/theirs-{number}" for number in priorities]
    for group_id, number in zip(ids, priorities, strict=True):
        survey.add_resource({"id": group_id, "properties": {"priority": number, "ruleCollections": []}})
    policy = {"ruleCollectionGroups": [{"id": group_id} for group_id in ids]}
    survey.add_resource({"id": f"{NETWORK}/firewallPolicies/pol", "properties": policy})
    return survey


def collections(rules: st.SearchStrategy[list[Any]]) -> st.SearchStrategy[list[Any]]:
    """Of others, as a classic firewall has them: what they allow needs no rule of azbackup's, what they deny may be in its way."""
    actions = st.sampled_from(["Allow", "Deny"])
    entries = st.lists(st.tuples(st.integers(100, 103), actions, rules), unique_by=lambda each: each[0], max_size=3)
    return entries.map(
        lambda found: [
            {"name": f"theirs-{number}", "properties": {"priority": number, "action": {"type": action}, "rules": made}}
            for number, action, made in found
        ]
    )


@st.composite
def specs(draw: st.DrawFn) -> Spec:
    """Up to two ways out of each kind, and VMs that use them or none."""
    found: list[Egress] = [NsgEgress(f"of-{ref.name}", ref, PLACE) for ref in NSGS if draw(st.booleans())]
    for name, vm in (("proxy", PROXY), ("proxy-b", None)):
        if draw(st.booleans()):
            guests, nsg = draw(st.booleans()), draw(st.sampled_from([None, *NSGS]))
            found.append(ProxyEgress(name, ADDRESS, 8080, PLACE, SUBSCRIPTION, vm, nsg, guests))
    sources = ("10.0.0.0/16",)
    found += [FirewallEgress(f"of-{ref.name}", ref, sources, PLACE) for ref in FIREWALLS if draw(st.booleans())]
    names = st.sampled_from(["", *(each.name for each in found)])
    return a_spec(*(protect(vm, egress=draw(names)) for vm in VMS), egresses=tuple(found))


def _applied(spec: Spec, survey: FakeSurvey) -> Plan:
    plan = make_plan(spec, survey, KINDS)
    states = {verdict.state for _, verdict in land_plan(plan, spec, survey)}
    assert states <= {"ready"}
    return plan


@settings(max_examples=60)
@given(specs(), estates())
def test_a_plan_that_has_landed_leaves_nothing_and_removal_leaves_what_was_there(
    spec: Spec, survey: FakeSurvey
) -> None:
    before = deepcopy(survey.resource_bodies)
    _applied(spec, survey)
    assert make_plan(spec, survey, KINDS).steps == ()
    absent = replace(spec, egresses=tuple(replace(each, present=False) for each in spec.egresses))
    assert {step.action for step in _applied(absent, survey).steps} <= {"update", "delete"}
    assert make_plan(absent, survey, KINDS).steps == ()
    assert survey.resource_bodies == before | _left_empty(before, survey)


def _left_empty(before: dict[str, Body], survey: FakeSurvey) -> dict[str, Body]:
    """A classic firewall that has been written once has both lists, if empty ones."""
    both: Body = {"applicationRuleCollections": [], "networkRuleCollections": []}
    return {
        key: {**body, "properties": {**both, **body["properties"]}}
        for key, body in before.items()
        if "/azurefirewalls/" in key and both.keys() <= survey.resource_bodies[key]["properties"].keys()
    }


@settings(max_examples=60)
@given(specs(), estates())
def test_whatever_was_denied_passes_afterwards(spec: Spec, survey: FakeSurvey) -> None:
    _applied(spec, survey)
    blocked = {each.address for each in make_plan(spec, survey, KINDS).findings if each.severity == "blocking"}
    for egress in spec.egresses:
        if isinstance(egress, NsgEgress) and f"nsg_rule/{egress.name}" not in blocked:
            used = any(each.egress == egress.name for each in spec.protections)
            group = security_group(survey.resource_bodies[egress.nsg.key])
            for wanted in destinations(
                "westeurope", {"managed"} if used and _managed(spec, survey, egress.name) else ()
            ):
                for port in wanted.ports:
                    ends = End.at("VirtualNetwork"), End.at(wanted.tag)
                    assert judge(group, Traffic("Outbound", "Tcp", *ends, Span(port, port))).result == "allowed"


def _managed(spec: Spec, survey: FakeSurvey, name: str) -> bool:
    disks = [
        survey.vm_bodies[each.vm.key]["properties"]["storageProfile"]
        for each in spec.protections
        if each.egress == name
    ]
    return any("managedDisk" in each["osDisk"] for each in disks)


@settings(max_examples=30)
@given(specs(), estates())
def test_an_egress_that_is_left_out_loses_nothing(spec: Spec, survey: FakeSurvey) -> None:
    _applied(spec, survey)
    bare = replace(spec, egresses=(), protections=tuple(replace(each, egress="") for each in spec.protections))
    assert make_plan(bare, survey, KINDS).steps == ()


@st.composite
def changed(draw: st.DrawFn, spec: Spec) -> Spec:
    """The same egresses with other ports, groups, sources and uses, some of them to go."""
    found: list[Egress] = []
    for each in spec.egresses:
        if isinstance(each, ProxyEgress):
            port, nsg = draw(st.sampled_from([8080, 3128])), draw(st.sampled_from([each.nsg, None, *NSGS]))
            each = replace(each, port=port, nsg=nsg, configure_guests=draw(st.booleans()))
        elif isinstance(each, FirewallEgress):
            each = replace(each, sources=draw(st.sampled_from([("10.0.0.0/16",), ("10.0.1.0/24", "10.0.2.0/24")])))
        found.append(replace(each, present=draw(st.sampled_from([True, True, False]))))
    names = st.sampled_from(["", *(each.name for each in found)])
    protections = tuple(replace(each, egress=draw(names)) for each in spec.protections)
    return replace(spec, egresses=tuple(found), protections=protections)


def _wider_on_its_way(data: st.DataObject) -> list[object]:
    """Rules of azbackup's that are neither of before nor of after a change, while it lands; and steps that it leaves."""
    spec, survey = data.draw(specs()), data.draw(estates())
    _applied(spec, survey)
    other, before = data.draw(changed(spec)), _own_rules(survey)
    plan = make_plan(other, survey, KINDS)
    between = [_own_rules(survey) for _ in land_plan(plan, other, survey)]
    after = _own_rules(survey)
    wider = [
        rule for rules in between for name, rule in rules.items() if rule not in (before.get(name), after.get(name))
    ]
    last = make_plan(other, survey, KINDS)
    findings = (*plan.findings, *last.findings)
    blocked = {each.address for each in findings if each.severity == "blocking"} | {*plan.blocked, *last.blocked}
    return [*wider, *(step.address for step in last.steps if step.address not in blocked)]


def _own_rules(survey: FakeSurvey) -> dict[tuple[str, str], Any]:
    """Rules and collections that azbackup has made, by where they lie and their names."""
    lists = ("securityRules", "applicationRuleCollections", "networkRuleCollections", "ruleCollections")
    return {
        (f"{key} {each}", entry["name"]): deepcopy(entry)
        for key, body in survey.resource_bodies.items()
        for each in lists
        for entry in body.get("properties", {}).get(each) or ()
        if entry["name"].startswith("azbackup-")
    }


@settings(max_examples=10)
@given(st.data())
def test_between_two_steps_of_a_change_nothing_is_open_that_was_not_before_or_is_not_wanted(
    data: st.DataObject,
) -> None:
    assert _wider_on_its_way(data) == []


@pytest.mark.soak
@settings(max_examples=3000)
@given(st.data())
def test_no_change_of_many_is_wider_on_its_way(data: st.DataObject) -> None:
    assert _wider_on_its_way(data) == []
