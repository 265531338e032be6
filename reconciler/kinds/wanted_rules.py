"""Which rules an egress wants in which network security groups (backup-rules D.2)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from reconciler.core.desired import NsgEgress, ProxyEgress
from reconciler.core.destinations import EVER_NEEDED, destinations
from reconciler.core.errors import Unreadable
from reconciler.core.kind import Assessment
from reconciler.core.live import Live, Wire
from reconciler.core.places import NetworkSpace
from reconciler.core.plan import Finding
from reconciler.core.wire import dig, dig_list, dig_object, dig_text
from reconciler.kinds.addresses import guest_proxy_address
from reconciler.kinds.egress import (
    EgressEntry,
    EgressUse,
    accounts_not_seen,
    busy_of,
    disks_of_all,
    finding_of,
    missing,
    not_needed,
)
from reconciler.kinds.rule_places import WantedRule
from reconciler.kinds.security_rules import removal_steps, rule_steps

_PROXY_PORTS = (80, 443)  # those of the sites that a backup reaches over a proxy


@dataclass(frozen=True, slots=True)
class Wanted:
    """`groups` are all groups in which rules of the egress may lie, by id."""

    rules: tuple[WantedRule, ...] = ()
    groups: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()


def assess_rules(entry: EgressEntry, live: Live) -> Assessment:
    """What is left to do in network security groups for one egress."""
    use, wanted = entry.use, wanted_rules(entry.use, live)
    busy = next((busy for group in wanted.groups if (busy := busy_of(live.resource(group)))), "")
    if not use.egress.present:
        guests = tuple(guest_proxy_address(use.egress.name, vm) for vm in use.vms)
        return Assessment(removal_steps(use.egress, wanted.groups, live, guests), busy=busy)
    steps, findings = rule_steps(wanted.rules, _of_all(entry.all, live), live)
    return Assessment(steps, (*wanted.findings, *findings, *not_needed(use, live)), busy)


def _of_all(uses: Iterable[EgressUse], live: Live) -> tuple[WantedRule, ...]:
    found: list[WantedRule] = []
    for use in uses:
        try:
            found += wanted_rules(use, live).rules if use.egress.present else ()
        except Unreadable:  # said where that egress itself is assessed
            continue
    return tuple(found)


def wanted_rules(use: EgressUse, live: Live) -> Wanted:
    match use.egress:
        case NsgEgress():
            return _of_group(use.egress, use, live)
        case ProxyEgress():
            return _of_proxy(use.egress, live)
        case _:
            return Wanted()


def _of_group(egress: NsgEgress, use: EgressUse, live: Live) -> Wanted:
    """A group is of the region of its interfaces and subnets, and so of the VMs behind them."""
    group, group_id = live.resource(egress.nsg.id), egress.nsg.id
    if group is None:
        gone = missing(egress, "P201", "network security group", group_id)
        return Wanted(findings=(gone,) if egress.present else ())
    if not egress.present:
        return Wanted(groups=(group_id,))
    disks = disks_of_all(use, live)
    places = destinations(dig_text(group, "location"), disks.kinds)
    rules = tuple(
        WantedRule(
            egress,
            group_id,
            each.purpose,
            "Outbound",
            "VirtualNetwork",
            each.tag,
            each.ports,
            "NET-01",
            kept=EVER_NEEDED,
        )
        for each in places
    )
    return Wanted(rules, (group_id,), accounts_not_seen(use, disks))


def _of_proxy(egress: ProxyEgress, live: Live) -> Wanted:
    """Its own way out on the group that locks it down, and the way in to it on those of its machine."""
    inside = NetworkSpace.of((f"{egress.address}/32",))
    out: tuple[WantedRule, ...] = ()
    groups: tuple[str, ...] = ()
    if egress.nsg is not None:
        source, groups = f"{egress.address}/32", (egress.nsg.id,)
        out = (
            WantedRule(egress, groups[0], "internet", "Outbound", source, "Internet", _PROXY_PORTS, "NET-02", inside),
        )
    ways_in, findings = _groups_of_machine(egress, live)
    rules = tuple(
        WantedRule(
            egress, group, "proxy", "Inbound", "VirtualNetwork", egress.address, (egress.port,), "NET-03I", inside
        )
        for group in ways_in
    )
    return Wanted((*out, *rules), (*groups, *ways_in), findings)


def _groups_of_machine(egress: ProxyEgress, live: Live) -> tuple[tuple[str, ...], tuple[Finding, ...]]:
    """The groups that traffic to the proxy passes: the subnet's and the interface's, of which either may be absent."""
    if egress.vm is None:
        return (), ()
    machine = live.virtual_machine(egress.vm)
    references = dig_list(machine, "properties", "networkProfile", "networkInterfaces")
    for reference in references:
        interface = live.resource(dig_text(reference, "id"))
        if (configuration := _configuration(interface, egress.address)) is not None:
            return _groups_of_interface(interface, configuration, live), ()
    if not egress.present:
        return (), ()
    name = f"{egress.vm.resource_group}/{egress.vm.name}"
    what = f"VM {name} does not exist" if machine is None else f"no interface of VM {name} has {egress.address}"
    why = "the rules for the proxy name its address, and would let another machine out"
    return (), (finding_of(egress, "P206", what, why, "correct proxy: address or vm, or leave vm out"),)


def _configuration(interface: Wire | None, address: str) -> object | None:
    configurations: Sequence[object] = dig_list(interface, "properties", "ipConfigurations")
    return next((each for each in configurations if dig(each, "properties", "privateIPAddress") == address), None)


def _groups_of_interface(interface: Wire | None, configuration: object, live: Live) -> tuple[str, ...]:
    subnet = live.resource(dig_text(configuration, "properties", "subnet", "id"))
    places = (dig_object(subnet, "properties"), dig_object(interface, "properties"))
    groups = (dig_text(each, "networkSecurityGroup", "id") for each in places)
    return tuple({group.lower(): group for group in groups if group}.values())  # one group in two spellings is one
