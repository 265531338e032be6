"""The ways out that a VM has: each destination of the extension, through both groups and the routes (backup-rules D; I.29)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from reconciler.core.admin_rules import AdminRule, Governed, governed
from reconciler.core.desired import FirewallEgress, ProxyEgress
from reconciler.core.destinations import HTTP, HTTPS, destinations, disks_of
from reconciler.core.live import Wire
from reconciler.core.nsg import End, Traffic, passage
from reconciler.core.places import HOST_ADDRESS, place
from reconciler.core.plan import Finding
from reconciler.core.readiness import Reach
from reconciler.core.spans import Span
from reconciler.core.storage_accounts import Lists, disks_among
from reconciler.preflight.admin_rules import AdminRules
from reconciler.preflight.catalogue import finding
from reconciler.preflight.network import Network, Route, Surroundings, route_to
from reconciler.preflight.subject import Subject

HOST_PORTS = (80, HTTPS, 32526)  # backup-rules A.2
_NEED_A_WAY = frozenset({"unmanaged", "writeAccelerated"})


@dataclass(frozen=True, slots=True)
class Goal:
    """Where a VM has to get to. `needed` is what its backup can't do without, `declared` what the spec says should be open.

    `doubt` says why it can't be told whether it is needed, or "".
    """

    place: str
    port: int
    needed: bool
    declared: bool
    doubt: str = ""


def goals(subject: Subject, machine: Wire, lists: Lists, *, old_agent: bool) -> tuple[Goal, ...]:
    """The host always; the services of Azure, or instead of them the proxy, for VMs that need a way out of their own (D.1).

    An agent that is too old needs storage alone. Raises `Unreadable`, where the ports depend on storage accounts that could
    not be listed.
    """
    needed = not _NEED_A_WAY.isdisjoint(disks_of(machine))
    host = tuple(Goal(HOST_ADDRESS, port, needed=True, declared=False) for port in HOST_PORTS)
    if isinstance(subject.egress, ProxyEgress) and subject.egress.present and subject.egress.serves(subject.wanted.vm):
        return (*host, Goal(subject.egress.address, subject.egress.port, needed or old_agent, declared=True))
    declared = subject.egress is not None and subject.egress.present and not isinstance(subject.egress, ProxyEgress)
    disks = disks_among([machine], lists)
    doubts = {HTTP: "; ".join(disks.unseen)}
    services = (
        Goal(
            each.tag,
            port,
            (needed and port in (HTTPS, HTTP) and not doubts.get(port))
            or (old_agent and each.purpose == "storage" and port == HTTPS),
            declared,
            doubts.get(port, ""),
        )
        for each in destinations(subject.vault.location, disks.kinds)
        for port in each.ports
    )
    return (*host, *services)


def needs_network(subject: Subject, machine: Wire, network: Network) -> bool:
    """Whether anything but the host has to be reached: by what the VM is, or by what the spec declares."""
    declared = subject.egress is not None and subject.egress.present
    return declared or not _NEED_A_WAY.isdisjoint(disks_of(machine)) or network.has_old_agent(subject.own_addresses)


def ways_out(
    subject: Subject, machine: Wire, network: Network, admin: AdminRules
) -> tuple[tuple[Reach, ...], tuple[Finding, ...]]:
    """What becomes of the traffic to each goal, and what follows for this VM. Raises `NotFound`, `NotSeen` and `Unreadable`."""
    around = network.around(machine)
    rules = admin.of(around.network_id, needed=needs_network(subject, machine, network))
    routes_lead_on = any(route.next_hop.lower() == "virtualappliance" for route in around.routes)
    firewalls = _firewalls(subject, network) if routes_lead_on else {}
    reaches: list[Reach] = []
    told: dict[tuple[str, str], list[Goal]] = {}  # code, what says so -> goals
    old_agent = network.has_old_agent(subject.own_addresses)
    for goal in goals(subject, machine, network.survey, old_agent=old_agent):
        route = route_to(around.routes, place(goal.place)) if goal.place != HOST_ADDRESS else None
        leads = route.told(firewalls) if route else ""
        now = _reach(goal, _passage(goal, around, rules, planned=False), leads, drops=_drops(route))
        then = _passage(goal, around, rules, planned=True)
        after = _reach(goal, then, leads, drops=_drops(route))
        reaches.append(replace(now, after_plan=after.result))
        for code, evidence in _consequences(goal, now, after, then.denied_by):
            told.setdefault((code, evidence), []).append(goal)
        if goal.needed and route is not None and _leads_through(route) and after.result == "allowed":
            told.setdefault(("F294", leads), []).append(goal)
    found = [_told(subject, code, f"{_named(those)}: {says}") for (code, says), those in told.items()]
    return tuple(reaches), (*found, *_firewall_findings(subject, around.routes, firewalls))


def _firewalls(subject: Subject, network: Network) -> Mapping[str, str]:
    """Those of the VM's subscription, and of that of the firewall that the spec names: a hub often has one of its own."""
    found = dict(network.firewalls(subject.wanted.vm.subscription))
    egress = subject.egress
    if (
        isinstance(egress, FirewallEgress)
        and egress.firewall.subscription.lower() != subject.wanted.vm.subscription.lower()
    ):
        found |= network.firewalls(egress.firewall.subscription)
    return found


def _named(those: Iterable[Goal]) -> str:
    """`Storage.WestEurope 443, 8443; AzureBackup 443`."""
    ports: dict[str, list[str]] = {}
    for goal in those:
        ports.setdefault(goal.place, []).append(str(goal.port))
    return "; ".join(f"{name} {', '.join(numbers)}" for name, numbers in ports.items())


def _passage(goal: Goal, around: Surroundings, rules: tuple[AdminRule, ...], *, planned: bool) -> Governed:
    source = End.at(around.address, around.application_groups)
    traffic = Traffic("Outbound", "Tcp", source, End.at(goal.place), Span(goal.port, goal.port))
    interface, subnet = around.planned if planned else (around.interface, around.subnet)
    return governed(rules, traffic, passage(traffic, interface, subnet, around.space), around.space)


def _reach(goal: Goal, now: Governed, route: str, *, drops: bool) -> Reach:
    if drops:
        return Reach(goal.place, goal.port, "denied", f"denied: {route} ({now})", goal.needed)
    return Reach(goal.place, goal.port, now.result, f"{now}; {route}" if route else str(now), goal.needed)


def _consequences(goal: Goal, now: Reach, after: Reach, denied_by: AdminRule | None) -> Iterator[tuple[str, str]]:
    """Code and evidence. What counts is how it will be once the plan has been applied; no plan changes admin rules."""
    if not (goal.needed or goal.declared):
        if goal.doubt and after.result != "allowed":
            yield "F290", f"{after.evidence} ({goal.doubt})"
        return
    if after.result == "allowed":
        if now.result != "allowed":
            yield "F295", now.evidence
        return
    evidence = now.evidence if now.result == after.result else f"after this plan {after.evidence}"
    if after.result == "uncertain":
        yield "F292", evidence
    elif denied_by is not None:
        yield "F306" if goal.needed else "F307", evidence
    else:
        yield "F291" if goal.needed else "F297", evidence


def _firewall_findings(subject: Subject, routes: Iterable[Route], firewalls: Mapping[str, str]) -> Iterator[Finding]:
    """A rule of a firewall is of use only to VMs whose traffic goes there."""
    egress = subject.egress
    if not isinstance(egress, FirewallEgress) or not egress.present:
        return
    behind = {firewalls.get(route.address, "").lower() for route in routes if _leads_through(route)}
    if egress.firewall.name.lower() not in behind:
        yield _told(subject, "F298", f"no route of its subnet leads to Azure Firewall {egress.firewall.name}")


def _drops(route: Route | None) -> bool:
    return route is not None and route.next_hop.lower() == "none"


def _leads_through(route: Route) -> bool:
    return route.next_hop.lower() in ("virtualappliance", "virtualnetworkgateway")


def _told(subject: Subject, code: str, what: str) -> Finding:
    return finding(code, subject.address, what, where=subject.where)
