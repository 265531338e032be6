"""A way out through an Azure Firewall: collections of azbackup's own, beside those of others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from reconciler.core.canonical import digest
from reconciler.core.compare import differences
from reconciler.core.desired import FirewallEgress, Spec
from reconciler.core.destinations import EVER_NEEDED, Destination, destinations
from reconciler.core.errors import Unreadable
from reconciler.core.kind import Assessment
from reconciler.core.live import Live, Wire
from reconciler.core.ownership import is_anyones, is_own, owner_text
from reconciler.core.plan import Change, Finding, Step, Write
from reconciler.core.storage_accounts import Disks
from reconciler.core.wire import dig_list, dig_object, dig_text
from reconciler.kinds.addresses import egress_address
from reconciler.kinds.egress import (
    EgressEntry,
    EgressUse,
    accounts_not_seen,
    disks_of_all,
    entries_of,
    finding_of,
    machines_of,
    missing,
    not_needed,
)
from reconciler.kinds.firewall_findings import allowed_by_others, denied_before, parent_not_seen
from reconciler.kinds.firewall_forms import (
    FAMILIES,
    Collection,
    Family,
    Form,
    family_of,
    in_order,
    live_form,
    wanted_form,
)
from reconciler.kinds.firewall_order import Passing, judge
from reconciler.kinds.firewall_target import Target, free_in_front, target_of


class FirewallRuleKind:
    name = "firewall_rule"

    def entries(self, spec: Spec) -> Iterable[EgressEntry]:
        return entries_of(spec, FirewallEgress)

    def address(self, entry: EgressEntry) -> str:
        return entry.use.address

    def assess(self, entry: EgressEntry, live: Live) -> Assessment:
        egress = entry.use.egress
        if not isinstance(egress, FirewallEgress):
            return Assessment()
        target = target_of(egress, live)
        if target is None:
            gone = missing(egress, "P207", "firewall", egress.firewall.id)
            return Assessment(findings=(gone,) if egress.present else ())
        own = {family: _own(target, egress, family) for family in FAMILIES}
        if not egress.present:
            return Assessment(tuple(_removal(egress, target, own)), busy=target.busy)
        foreign = {family: each for family, each in own.items() if each and not _is_own(each, egress)}
        made = {family: None if family in foreign else each for family, each in own.items()}
        disks = disks_of_all(entry.use, live)
        needed = _Needed.beside_others(egress, target, made, _destinations(entry.use, target, disks, live))
        if taken := [each for family, each in foreign.items() if needed.of(family)]:
            return Assessment(findings=tuple(_taken(egress, each) for each in taken))
        steps, left = _put(entry, egress, target, made, needed, live)
        notes = (*not_needed(entry.use, live), *accounts_not_seen(entry.use, disks))
        return Assessment(steps, (*needed.findings, *left, *notes), target.busy)


@dataclass(frozen=True, slots=True)
class _Needed:
    """What azbackup's own rules have to pass, and the findings about what those of others pass already."""

    own: tuple[Destination, ...]
    findings: tuple[Finding, ...]

    def of(self, family: Family) -> bool:
        return any(family_of(each) == family for each in self.own)

    @classmethod
    def beside_others(
        cls,
        egress: FirewallEgress,
        target: Target,
        own: Mapping[Family, Collection | None],
        wanted: Iterable[Destination],
    ) -> _Needed:
        """A rule that azbackup has made stays; one that it has not is only made where the rules of others don't do."""
        made = {dig_text(rule, "name") for each in own.values() if each is not None for rule in each.rules}
        others = [
            each for each in target.rules() if not is_anyones(each.collection, dig_text(each.body, "description"))
        ]
        needed: list[Destination] = []
        findings: list[Finding] = []
        for each in wanted:
            judged = [judge(others, passing) for passing in Passing.all_of(egress.sources, each)]
            done = each.purpose not in made and not target.unseen and all(one.result == "allowed" for one in judged)
            if done:
                findings.append(allowed_by_others(egress, each, judged))
            else:
                needed.append(each)
        if target.unseen:
            findings.append(parent_not_seen(egress, target.unseen))
        return cls(tuple(needed), tuple(findings))


def _put(
    entry: EgressEntry,
    egress: FirewallEgress,
    target: Target,
    own: Mapping[Family, Collection | None],
    needed: _Needed,
    live: Live,
) -> tuple[tuple[Step, ...], tuple[Finding, ...]]:
    """What is to be written, and what will be in the way of it nevertheless."""
    priorities = _priorities(entry.all, egress, target, live)
    now: dict[str, object] = {family: live_form(found) for family, found in own.items() if found is not None}
    wanted: dict[Family, Form] = {}
    for family in FAMILIES:
        form = wanted_form(family, egress, priorities[family], needed.own)
        if form["rules"]:
            wanted[family] = _like(form, dig_object(now, family))
    forms = {family: wanted.get(family) for family in FAMILIES if family in wanted or family in now}
    write = target.write(egress, forms) if forms else None
    in_the_way = denied_before(egress, target.rules(write), needed.own)
    if write is None or not (found := differences(now, dict[str, object](wanted.items()))):
        return (), in_the_way
    changes = tuple(Change(each.path, each.before, each.after, "NET-09") for each in found)
    why = "the firewall's rules of azbackup are not as the spec needs them"
    return (_step(egress, target, "update" if now else "create", changes, why, write, now),), in_the_way


def _removal(egress: FirewallEgress, target: Target, own: Mapping[Family, Collection | None]) -> Iterable[Step]:
    made = {family: found for family, found in own.items() if found is not None and _is_own(found, egress)}
    if made:
        now = {family: live_form(found) for family, found in made.items()}
        changes = tuple(Change(family, form, None, "NET-09") for family, form in now.items())
        why = "the spec wants this egress absent, and azbackup made these rules"
        yield _step(egress, target, "delete", changes, why, target.write(egress, dict.fromkeys(made)), now)


def _priorities(uses: Iterable[EgressUse], egress: FirewallEgress, target: Target, live: Live) -> dict[Family, int]:
    """Given out for all egresses with the same target in a fixed order, so that it does not count which has landed first."""
    taken = {family: {each.priority or 0 for each in target.collections(family)} for family in FAMILIES}
    if target.policy_id:  # one list of numbers for both
        taken["network"] = taken["application"]
    found: dict[Family, int] = {}
    for use in uses:
        if not isinstance(use.egress, FirewallEgress) or not use.egress.present:
            continue
        if not _same_target(use.egress, target, live):
            continue
        for family in FAMILIES:
            own = _own(target, use.egress, family)
            number = own.priority if own and own.priority else free_in_front(taken[family])
            taken[family].add(number)
            if use.egress == egress:
                found[family] = number
    return found


def _same_target(egress: FirewallEgress, target: Target, live: Live) -> bool:
    try:
        other = target_of(egress, live)
    except Unreadable:  # said where that egress itself is assessed
        return False
    return other is not None and other.id.lower() == target.id.lower()


def _own(target: Target, egress: FirewallEgress, family: Family) -> Collection | None:
    name = target.name(egress, family).lower()
    return next((each for each in target.collections(family) if each.name.lower() == name), None)


def _is_own(collection: Collection, egress: FirewallEgress) -> bool:
    """A collection has no description; its rules have."""
    name = f"azbackup-{egress.name}"
    return bool(collection.rules) and all(is_own(name, each, egress) for each in collection.descriptions)


def _destinations(use: EgressUse, target: Target, disks: Disks, live: Live) -> tuple[Destination, ...]:
    """A firewall has VMs of any region behind it, and each of them goes to the storage of its own."""
    regions = {dig_text(body, "location").replace(" ", "").lower() for body in machines_of(use, live)} - {""}
    found = (each for region in sorted(regions) or [target.location] for each in destinations(region, disks.kinds))
    return tuple(dict.fromkeys(found))


def _like(wanted: Form, now: Wire) -> Form:
    """Ports of other disks and storage of other regions stay where an own rule has them: that a VM has left the spec removes nothing."""
    rules: dict[str, object] = {}
    for name, rule in dig_object(wanted, "rules").items():
        form = dict(dig_object(wanted, "rules", name))
        for key, is_kept in (("ports", _EVER.__contains__), ("destinations", _is_storage)):
            if key in form:
                kept = {str(each) for each in dig_list(now, "rules", name, key) if is_kept(str(each))}
                known = {each.lower() for each in kept}
                new = (str(each) for each in dig_list(rule, key) if str(each).lower() not in known)
                form[key] = in_order({*kept, *new})
        rules[name] = form
    return {**wanted, "rules": rules}


_EVER = {str(port) for port in EVER_NEEDED}


def _is_storage(tag: str) -> bool:
    return tag.lower().startswith("storage.")


def _step(
    egress: FirewallEgress,
    target: Target,
    action: Literal["create", "update", "delete"],
    changes: tuple[Change, ...],
    why: str,
    write: Write,
    now: object,
) -> Step:
    address = egress_address(egress)
    lane = f"firewall:{(target.policy_id or target.id).lower()}"
    return Step(address, FirewallRuleKind.name, action, changes, why, write, digest(now), lane=lane)


def _taken(egress: FirewallEgress, foreign: Collection) -> Finding:
    return finding_of(
        egress, "P203", f"there is a rule collection {foreign.name} with rules that azbackup has not made",
        f"their description is not {owner_text(egress)!r}, and rules of others are never changed",
        "give the egress another name, or that collection",
    )  # fmt: skip
