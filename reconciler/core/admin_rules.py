"""Security admin rules of Azure Virtual Network Manager: they see traffic before any network security group does.

The semantics (backup-rules D.3; `virtual-network-manager/concept-security-admins.md`): the lowest priority number counts first; `Deny`
stops the traffic and `AlwaysAllow` delivers it, groups or not; `Allow` hands it on to the groups, like traffic that no rule takes.
Several network managers may reach a network, and where they disagree the one of the wider scope counts
(`concept-network-manager-scope.md`). The rules don't tell which one that is, so their disagreement is a doubt, and so is that of
two rules with one priority. A network group stands for addresses that only its manager knows.

Private endpoints, and subnets of gateways and firewalls, are exempt; VMs are in neither. The host's addresses are taken to be as
free as they are for groups; no document says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import cast

from reconciler.core.errors import Problem, Unreadable
from reconciler.core.live import Wire
from reconciler.core.nsg import Access, Direction, Passage, Result, SecurityRule, Side, Traffic
from reconciler.core.places import ANYWHERE, NetworkSpace, Place, place
from reconciler.core.spans import ANY_PORT, Cover, Span, ports
from reconciler.core.wire import dig_int, dig_list, dig_text

_ACCESS: dict[str, tuple[Access, bool]] = {
    "allow": ("Allow", False),
    "alwaysallow": ("Allow", True),
    "deny": ("Deny", False),
}


@dataclass(frozen=True, slots=True)
class AdminRule(SecurityRule):
    """`always` makes of an Allow an AlwaysAllow. `collection` is `CONFIGURATION/COLLECTION`, `manager` the id of the network manager."""

    always: bool = False
    collection: str = ""
    manager: str = ""

    @property
    def ends(self) -> bool:
        """Whether it leaves nothing for the groups to say."""
        return self.always or self.access == "Deny"

    @property
    def result(self) -> Result:
        return "denied" if self.access == "Deny" else "allowed"

    def __str__(self) -> str:
        of = "".join(f" of {part}" for part in (self.collection, self._manager) if part)
        return f"admin rule {self.name} (priority {self.priority}){of}"

    @property
    def _manager(self) -> str:
        return f"network manager {self.manager.rsplit('/', 1)[-1]}" if self.manager else ""


@dataclass(frozen=True, slots=True)
class Governed:
    """What becomes of traffic. `ending` are admin rules that end the evaluation for it, or may; `groups` is what the groups do,
    which counts if `handed_on`, for certain or maybe."""

    groups: Passage
    ending: tuple[AdminRule, ...] = ()
    handed_on: bool = True

    @property
    def results(self) -> set[Result]:
        return {rule.result for rule in self.ending} | ({self.groups.result} if self.handed_on else set())

    @property
    def result(self) -> Result:
        results = self.results
        return results.pop() if len(results) == 1 else "uncertain"

    @property
    def denied_by(self) -> AdminRule | None:
        """The admin rule that denies for certain, whatever the groups say."""
        return self.ending[0] if not self.handed_on and self.result == "denied" else None

    def __str__(self) -> str:
        if self.handed_on:
            against = [rule for rule in self.ending if rule.result != self.groups.result]
            return f"may be {_told(against[0])}, else {self.groups}" if against else str(self.groups)
        first, *others = self.ending
        against = [rule for rule in others if rule.result != first.result]
        return f"may be {_told(first)}, else {_told(against[0])}" if against else _told(first)


def governed(rules: Iterable[AdminRule], traffic: Traffic, groups: Passage, space: NetworkSpace) -> Governed:
    """What admin rules and then groups make of traffic; `rules` are those that reach the virtual network, in any order."""
    candidates: list[AdminRule] = []
    taken = False
    for _, own in groupby(sorted(rules, key=_order), key=lambda rule: rule.manager.lower()):
        found, certain = _of_manager(list(own), traffic, space)
        candidates += found
        taken = taken or certain
    ending = tuple(rule for rule in candidates if rule.ends)
    return Governed(groups, ending, not taken or len(ending) < len(candidates))


def _of_manager(rules: Sequence[AdminRule], traffic: Traffic, space: NetworkSpace) -> tuple[list[AdminRule], bool]:
    """The rules of one manager that may decide, and whether one of them does for certain."""
    candidates: list[AdminRule] = []
    for _, same in groupby(rules, key=lambda rule: rule.priority):
        covers = [(rule, rule.cover(traffic, space)) for rule in same]
        candidates += [rule for rule, cover in covers if cover is not Cover.NONE]
        if any(cover is Cover.ALL for _, cover in covers):
            return candidates, True
    return candidates, False


def _order(rule: AdminRule) -> tuple[str, int, str, str]:
    return rule.manager.lower(), rule.priority, rule.collection, rule.name


def _told(rule: AdminRule) -> str:
    return f"{rule.result} by {rule}"


def admin_rule(body: Wire) -> AdminRule:
    """A rule as `listNetworkManagerEffectiveSecurityAdminRules` shows it, custom or default (the published example of that operation).

    Raises `Unreadable` when it lacks what every rule has: a rule overlooked would make the verdict wrong.
    """
    access = _ACCESS.get(dig_text(body, "properties", "access").lower())
    direction = dig_text(body, "properties", "direction").capitalize()
    priority = dig_int(body, "properties", "priority")
    if access is None or priority is None or direction not in {"Inbound", "Outbound"}:
        raise _unreadable(body, "it has no priority, direction or access")
    manager, names = _place_of(dig_text(body, "id"))
    return AdminRule(
        name=names[-1] if names else dig_text(body, "properties", "flag") or "without a name",
        priority=priority,
        direction=cast(Direction, direction),
        access=access[0],
        protocol=dig_text(body, "properties", "protocol").lower().replace("any", "*") or "*",
        source=_side(body, "sources"),
        source_ports=_ports(body, "sourcePortRanges"),
        destination=_side(body, "destinations"),
        destination_ports=_ports(body, "destinationPortRanges"),
        always=access[1],
        collection="/".join(names[:-1]),
        manager=manager,
    )


def _place_of(rule_id: str) -> tuple[str, list[str]]:
    """The id of the network manager, and the names of configuration, collection and rule below it."""
    at = rule_id.lower().find("/securityadminconfigurations/")
    if at < 0:
        return "", rule_id.rsplit("/", 1)[-1:] if rule_id else []
    parts = rule_id[at + 1 :].split("/")
    kept = ("securityadminconfigurations", "rulecollections", "rules")
    return rule_id[:at], [name for word, name in zip(parts[::2], parts[1::2], strict=False) if word.lower() in kept]


def _side(body: Wire, key: str) -> Side:
    entries = dig_list(body, "properties", key)
    texts = [
        dig_text(entry, "addressPrefix")
        for entry in entries
        if dig_text(entry, "addressPrefixType").lower() != "networkgroup"
    ]
    places: tuple[Place, ...] = tuple(place(text) for text in texts if text)
    return Side(places if entries else (ANYWHERE,), has_network_groups=len(texts) < len(entries))


def _ports(body: Wire, key: str) -> tuple[Span, ...]:
    try:
        return tuple(ports(str(text)) for text in dig_list(body, "properties", key)) or (ANY_PORT,)
    except ValueError as error:
        raise _unreadable(body, f"{key}: {error}") from error


def admin_rules(bodies: Iterable[Wire]) -> tuple[AdminRule, ...]:
    """All rules of a network. Raises `Unreadable`."""
    return tuple(admin_rule(body) for body in bodies)


def _unreadable(body: Wire, why: str) -> Unreadable:
    remedy = "look at the rule in the portal; if it is as it should be, report the case to azbackup"
    return Unreadable(Problem("C120", dig_text(body, "id"), "a security admin rule can't be read", why, remedy))
