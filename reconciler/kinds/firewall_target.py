"""Where the collections of an egress lie: in the firewall itself, or in azbackup's own group of the firewall's policy."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from reconciler.core.desired import FirewallEgress
from reconciler.core.errors import Unreadable
from reconciler.core.live import Live, Wire
from reconciler.core.plan import Write
from reconciler.core.wire import dig_int, dig_list, dig_object, dig_text
from reconciler.kinds.egress import busy_of
from reconciler.kinds.firewall_forms import (
    Collection,
    Family,
    Form,
    classic_body,
    classic_collections,
    collection_name,
    policy_body,
    policy_collections,
)
from reconciler.kinds.firewall_order import Rule, classic_rules, policy_rules

FIRST_PRIORITY, LAST_PRIORITY, _ALONE = 100, 65000, 1000
_GROUP = "azbackup"


@dataclass(frozen=True, slots=True)
class Target:
    """What one PUT writes. `body` is the firewall, or the group; None for a group that is not there yet.

    `policy_id` is "" for a classic firewall; `groups` are the policy's other groups, `inherited` those of each parent, the topmost
    first. `unseen` is the id of a parent that may not be read, or "".
    """

    id: str
    body: Wire | None
    location: str
    policy_id: str = ""
    groups: tuple[Wire, ...] = ()
    inherited: tuple[tuple[Wire, ...], ...] = ()
    unseen: str = ""
    busy: str = ""

    def name(self, egress: FirewallEgress, family: Family) -> str:
        return collection_name(egress, family, in_policy=bool(self.policy_id))

    def collections(self, family: Family) -> list[Collection]:
        """All among which a priority of this family is used once: in a group those of both."""
        return policy_collections(self.body) if self.policy_id else classic_collections(self.body or {}, family)

    def rules(self, write: Write | None = None) -> tuple[Rule, ...]:
        """All rules in their order, as they are or as a write of this target leaves them."""
        body = write.body if write is not None else self.body
        if not self.policy_id:
            return classic_rules(body or {})
        own = () if body is None else ({**body, "id": self.id},)
        return policy_rules((*self.inherited, (*self.groups, *own)))

    def write(self, egress: FirewallEgress, forms: Mapping[Family, Form | None]) -> Write:
        """Everything else as it was read, byte for byte; a form that is None takes the collection of its family away."""
        if self.policy_id:
            return self._write_group(egress, forms)
        properties = dict(dig_object(self.body, "properties"))
        for family, form in forms.items():
            name, key = self.name(egress, family), f"{family}RuleCollections"
            new = classic_body(name, family, form, egress) if form is not None else None
            properties[key] = _replaced(dig_list(properties, key), name, new)
        return Write("firewall.put", body={**(self.body or {}), "properties": properties}, resource_id=self.id)

    def _write_group(self, egress: FirewallEgress, forms: Mapping[Family, Form | None]) -> Write:
        properties = dig_object(self.body, "properties")
        collections = dig_list(properties, "ruleCollections")
        for family, form in forms.items():
            name = self.name(egress, family)
            new = policy_body(name, family, form, egress) if form is not None else None
            collections = _replaced(collections, name, new)
        etag = dig_text(self.body, "etag")
        as_read = {"etag": etag} if etag else {}
        if not collections:
            return Write("rule_collection_group.delete", body=as_read or None, resource_id=self.id)
        taken = [number for each in self.groups if (number := dig_int(each, "properties", "priority")) is not None]
        priority = dig_int(properties, "priority") or free_in_front(taken)
        body = {"name": _GROUP, "properties": {"priority": priority, "ruleCollections": collections}, **as_read}
        return Write("rule_collection_group.put", body=body, resource_id=self.id)


def target_of(egress: FirewallEgress, live: Live) -> Target | None:
    """None when there is no such firewall."""
    firewall = live.resource(egress.firewall.id)
    if firewall is None:
        return None
    location = dig_text(firewall, "location")
    policy_id = dig_text(firewall, "properties", "firewallPolicy", "id")
    if not policy_id:
        return Target(egress.firewall.id, firewall, location, busy=busy_of(firewall))
    policy, group_id = live.resource(policy_id), f"{policy_id}/ruleCollectionGroups/{_GROUP}"
    group, groups = live.resource(group_id), _groups(policy, live, but=group_id)
    inherited, unseen = _inherited(policy, live, {policy_id.lower()})
    busy = next((busy for each in (policy, group, *groups) if (busy := busy_of(each))), "")
    return Target(group_id, group, location, policy_id, groups, inherited, unseen, busy)


def _groups(policy: Wire | None, live: Live, but: str = "") -> tuple[Wire, ...]:
    ids = [dig_text(each, "id") for each in dig_list(policy, "properties", "ruleCollectionGroups")]
    found = (live.resource(each) for each in ids if each and each.lower() != but.lower())
    return tuple(each for each in found if each is not None)


def _inherited(policy: Wire | None, live: Live, seen: set[str]) -> tuple[tuple[tuple[Wire, ...], ...], str]:
    """The groups of the parents of a policy, the topmost first, and the id of one that may not be read, or ""."""
    parent_id = dig_text(policy, "properties", "basePolicy", "id")
    if not parent_id or parent_id.lower() in seen:
        return (), ""
    try:
        parent = live.resource(parent_id)
        groups = _groups(parent, live)
    except (
        Unreadable
    ) as error:  # parents are often another team's; they are asked for what they say, not to write there
        if error.status != 403:
            raise
        return (), parent_id
    above, unseen = _inherited(parent, live, {*seen, parent_id.lower()})
    return (*above, groups), unseen


def free_in_front(taken: Iterable[int]) -> int:
    """A number before all that are taken; where the first is taken, the first free one. Lower numbers count first."""
    numbers = set(taken)
    if not numbers:
        return _ALONE
    if min(numbers) > FIRST_PRIORITY:
        return min(numbers) - 1
    return next(number for number in range(FIRST_PRIORITY, LAST_PRIORITY + 1) if number not in numbers)


def _replaced(entries: Iterable[object], name: str, new: Mapping[str, object] | None) -> list[object]:
    """The list with this entry put in its place, at the end when it is new, or left out."""
    known = list(entries)
    places = [index for index, each in enumerate(known) if dig_text(each, "name").lower() == name.lower()]
    if places:
        known[places[0] : places[0] + 1] = [] if new is None else [new]
    elif new is not None:
        known.append(new)
    return known
