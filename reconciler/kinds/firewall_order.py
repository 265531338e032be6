"""All rules of an Azure Firewall in the order in which they count, and what they make of traffic.

The order (`firewall/rule-processing`): network rules before application rules, whatever their numbers; of each kind, those of a parent
policy before those of the policy that inherits them; then by the number of the group, then by that of the collection. The first rule that
matches ends it, and what no rule matches is denied.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from reconciler.core.destinations import HTTP, Destination
from reconciler.core.live import Wire
from reconciler.core.places import NetworkSpace, Place, cover_of_places, place
from reconciler.core.spans import Cover, Span, cover_of, ports
from reconciler.core.wire import dig_int, dig_list, dig_text
from reconciler.kinds.firewall_forms import Collection, Family, classic_collections

_LAST = 1 << 20  # behind every number that there is
_NOTHING_KNOWN = NetworkSpace()
_TAGS = {"backup": "azurebackup"}  # FQDN tags that stand for a purpose


@dataclass(frozen=True, slots=True)
class Passing:
    """Traffic of one source network to one destination and port, over TCP."""

    source: Place
    purpose: str
    tag: Place
    port: int

    @classmethod
    def all_of(cls, sources: Iterable[str], needed: Destination) -> tuple[Passing, ...]:
        return tuple(
            cls(place(each), needed.purpose, place(needed.tag), port) for each in sources for port in needed.ports
        )


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule of anybody's; `told` names it, its collection and where that lies."""

    told: str
    collection: str
    family: Family
    allows: bool
    body: Wire

    def cover(self, traffic: Passing) -> Cover:
        """How much of the traffic the rule takes. Never ALL where that hangs on groups or names that are not known here."""
        match = self._network if self.family == "network" else self._application
        return min(_side(self.body, "source", traffic.source), match(traffic))

    def _network(self, traffic: Passing) -> Cover:
        protocols = {str(each).lower() for key in ("ipProtocols", "protocols") for each in dig_list(self.body, key)}
        if protocols.isdisjoint({"tcp", "any"}):
            return Cover.NONE
        to = max(
            _side(self.body, "destination", traffic.tag),
            Cover.SOME if dig_list(self.body, "destinationFqdns") else Cover.NONE,
        )
        return min(to, cover_of(_ports(self.body), Span(traffic.port, traffic.port)))

    def _application(self, traffic: Passing) -> Cover:
        wanted = ("http" if traffic.port == HTTP else "https", traffic.port)
        listed = dig_list(self.body, "protocols")
        if wanted not in {(dig_text(each, "protocolType").lower(), dig_int(each, "port")) for each in listed}:
            return Cover.NONE
        tags = {str(each).lower() for each in dig_list(self.body, "fqdnTags")}
        whole = "*" in dig_list(self.body, "targetFqdns") or _TAGS.get(traffic.purpose) in tags
        # Names that may be among those of the service; an inspection of TLS breaks the connections of Azure Backup.
        partly = any(dig_list(self.body, key) for key in ("targetFqdns", "targetUrls", "webCategories", "fqdnTags"))
        narrowed = self.body.get("terminateTLS") is True or dig_list(self.body, "destinationAddresses") not in (
            [],
            ["*"],
        )
        if not whole:
            return Cover.SOME if partly else Cover.NONE
        return Cover.SOME if narrowed else Cover.ALL


@dataclass(frozen=True, slots=True)
class Judgement:
    """`rule` decides; None when no rule does, or when it is not certain which."""

    result: Literal["allowed", "denied", "uncertain"]
    rule: Rule | None = None


def judge(rules: Sequence[Rule], traffic: Passing) -> Judgement:
    """What the rules, in their order, make of the traffic."""
    allowing = denying = False  # earlier rules that perhaps take it
    for rule in rules:
        cover = rule.cover(traffic)
        if cover is Cover.ALL:
            doubted = denying if rule.allows else allowing
            return Judgement("uncertain") if doubted else Judgement("allowed" if rule.allows else "denied", rule)
        if cover is Cover.SOME:
            allowing, denying = allowing or rule.allows, denying or not rule.allows
    return Judgement("uncertain" if allowing else "denied")


def classic_rules(firewall: Wire) -> tuple[Rule, ...]:
    """From the body of a firewall that has its rules itself."""
    return tuple(
        rule
        for family in _ORDER
        for each in sorted(classic_collections(firewall, family), key=lambda each: each.priority or _LAST)
        for rule in _rules_of(each, family, "")
    )


def policy_rules(policies: Iterable[Iterable[Wire]]) -> tuple[Rule, ...]:
    """From the groups of each policy, the topmost parent first."""
    ordered = [sorted(groups, key=lambda group: _priority(group, "properties")) for groups in policies]
    return tuple(
        rule for family in _ORDER for groups in ordered for group in groups for rule in _rules_of_group(group, family)
    )


_ORDER: tuple[Family, ...] = ("network", "application")
_RULE_TYPES: dict[Family, str] = {"network": "networkrule", "application": "applicationrule"}


def _rules_of_group(group: Wire, family: Family) -> Iterator[Rule]:
    where = f" of {_named(dig_text(group, 'id'))}"
    entries = sorted(dig_list(group, "properties", "ruleCollections"), key=lambda each: _priority(each))
    for entry in entries:
        rules = [each for each in dig_list(entry, "rules") if dig_text(each, "ruleType").lower() == _RULE_TYPES[family]]
        action = dig_text(entry, "action", "type")
        collection = Collection(dig_text(entry, "name"), _priority(entry), action, _bodies(rules), family)
        yield from _rules_of(collection, family, where)


def _rules_of(collection: Collection, family: Family, where: str) -> Iterator[Rule]:
    allows = collection.action.lower() == "allow"
    for body in collection.rules:
        told = f"{family} rule {dig_text(body, 'name')} of collection {collection.name} (priority {collection.priority}){where}"
        yield Rule(told, collection.name, family, allows, body)


def _bodies(rules: Iterable[object]) -> list[Wire]:
    return [each for each in rules if isinstance(each, dict)]


def _named(group_id: str) -> str:
    """`group shared of afwp-hub`."""
    parts = group_id.split("/")
    return f"group {parts[-1]} of {parts[-3]}" if len(parts) > 2 else f"group {group_id}"


def _priority(body: object, *path: str) -> int:
    number = dig_int(body, *path, "priority")
    return _LAST if number is None else number


def _side(rule: Wire, side: str, wanted: Place) -> Cover:
    named = cover_of_places([place(str(each)) for each in dig_list(rule, f"{side}Addresses")], wanted, _NOTHING_KNOWN)
    return max(named, Cover.SOME if dig_list(rule, f"{side}IpGroups") else Cover.NONE)


def _ports(rule: Wire) -> list[Span]:
    found: list[Span] = []
    for text in dig_list(rule, "destinationPorts"):
        try:
            found.append(ports(str(text)))
        except ValueError:  # no form that is documented: it takes nothing that is known
            continue
    return found
