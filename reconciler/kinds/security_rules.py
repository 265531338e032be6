"""Rules that azbackup keeps in the network security groups of others: child resources, never a write of the whole group.

What is compared is what a rule says, in its own words; priorities are given out for all egresses of the spec in a fixed order, so that a
number doesn't depend on which of them has landed first (see rule_places).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from reconciler.core.canonical import digest
from reconciler.core.compare import differences
from reconciler.core.desired import Egress
from reconciler.core.live import Live, Wire
from reconciler.core.ownership import owner_text
from reconciler.core.plan import Change, Finding, Step, Write
from reconciler.core.wire import dig, dig_list, dig_object, dig_text
from reconciler.kinds.addresses import egress_address
from reconciler.kinds.egress import finding_of, missing
from reconciler.kinds.rule_places import Placed, Placing, WantedRule, custom_rules, owned, place_all

_SIDES = ("source", "destination")


def rule_steps(
    wanted: Sequence[WantedRule], of_all: Sequence[WantedRule], live: Live
) -> tuple[tuple[Step, ...], tuple[Finding, ...]]:
    """What is left to do for the rules of one egress; `of_all` are those of all egresses of the spec, in their order."""
    steps: list[Step] = []
    later: list[Step] = []
    findings: list[Finding] = []
    for rules in _by_group((*of_all, *wanted)).values():
        own = [rule for rule in rules if rule in wanted]
        body = live.resource(rules[0].group_id) if own else None
        if body is None:
            findings += [missing(rule.egress, "P201", "network security group", rule.group_id) for rule in own]
            continue
        placed = place_all(body, rules)
        for rule in own:
            placing = placed.of[rule]
            if placing.state != "placed":
                findings += [] if placing.state == "full" else [_nothing_sent(rule, placing)]
            elif placing.waits_for is None:
                steps += _put(rule, placing)
            else:
                later += _put(rule, placing)
        findings += _no_room(own, placed)
    return (*steps, *later), tuple(dict.fromkeys(findings))


def _by_group(rules: Iterable[WantedRule]) -> dict[str, list[WantedRule]]:
    """Each rule once, by the lower-cased id of its group."""
    found: dict[str, list[WantedRule]] = {}
    for rule in dict.fromkeys(rules):
        found.setdefault(rule.group_id.lower(), []).append(rule)
    return found


def removal_steps(
    egress: Egress, group_ids: Iterable[str], live: Live, needs: tuple[str, ...] = ()
) -> tuple[Step, ...]:
    """Everything that azbackup has made in these groups for an egress that is to be absent, and nothing else."""
    steps: list[Step] = []
    for group_id in {each.lower(): each for each in group_ids}.values():
        for rule in custom_rules(live.resource(group_id)):
            if not owned(rule, egress):
                continue
            name, now = dig_text(rule, "name"), _live_form(rule)
            change = Change(f"{_name(group_id)}.{name}", now, None, "NET-04")
            write = Write("security_rule.delete", resource_id=f"{group_id}/securityRules/{name}")
            why = "the spec wants this egress absent, and azbackup made the rule"
            steps.append(_step(egress, group_id, "delete", (change,), why, write, digest(now), needs))
    return tuple(steps)


def _put(rule: WantedRule, placing: Placing) -> Iterable[Step]:
    now = _live_form(placing.own) if placing.own is not None else None
    wanted = _wanted_form(rule, placing.priority, now)
    path, group = f"{_name(rule.group_id)}.{rule.name}", rule.group_id
    needs = (egress_address(placing.waits_for.egress),) if placing.waits_for else ()
    write = Write("security_rule.put", body=_body(rule, wanted), resource_id=f"{group}/securityRules/{rule.name}")
    if now is None:
        change = Change(path, None, wanted, rule.effect)
        why = f"{_name(group)} does not surely let this traffic pass"
        yield _step(rule.egress, group, "create", (change,), why, write, digest(None), needs)
    elif found := differences(now, wanted):
        changes = tuple(Change(f"{path}.{each.path}", each.before, each.after, rule.effect) for each in found)
        why = "azbackup's rule is not as the spec needs it"
        yield _step(rule.egress, group, "update", changes, why, write, digest(now), needs)


def _step(
    egress: Egress,
    group_id: str,
    action: Literal["create", "update", "delete"],
    changes: tuple[Change, ...],
    why: str,
    write: Write,
    expects: str,
    needs: tuple[str, ...] = (),
) -> Step:
    address = egress_address(egress)
    lane = f"nsg:{group_id.lower()}"
    return Step(address, address.partition("/")[0], action, changes, why, write, expects, (*needs, address), lane)


def _live_form(rule: Wire) -> dict[str, object]:
    properties = dig_object(rule, "properties")
    form: dict[str, object] = {key: properties.get(key) for key in ("priority", "direction", "access", "protocol")}
    for side in _SIDES:
        form[side] = _values(properties, f"{side}AddressPrefix") + [
            dig_text(group, "id") for group in dig_list(properties, f"{side}ApplicationSecurityGroups")
        ]
    form["sourcePorts"] = _values(properties, "sourcePortRange")
    form["ports"] = sorted(_values(properties, "destinationPortRange"), key=lambda port: (len(port), port))
    return form


def _values(properties: Wire, key: str) -> list[str]:
    plural = f"{key}es" if key.endswith("Prefix") else f"{key}s"
    return [str(each) for each in dig_list(properties, plural) or [dig(properties, key)] if each]


def _wanted_form(rule: WantedRule, priority: int, now: Mapping[str, object] | None) -> dict[str, object]:
    """In the spelling that Azure has where only case differs; that a VM has left the spec takes no port away."""
    kept = {str(port) for port in rule.kept}.intersection(map(str, dig_list(now, "ports")))
    ports = kept | {str(port) for port in rule.ports}
    wanted: dict[str, object] = {
        "priority": priority,
        "direction": rule.direction,
        "access": "Allow",
        "protocol": "Tcp",
        "source": [rule.source],
        "destination": [rule.destination],
        "sourcePorts": ["*"],
        "ports": sorted(ports, key=lambda port: (len(port), port)),
    }
    same = {key for key in wanted if now is not None and str(now[key]).lower() == str(wanted[key]).lower()}
    return {key: now[key] if now is not None and key in same else value for key, value in wanted.items()}


def _body(rule: WantedRule, wanted: Mapping[str, object]) -> dict[str, object]:
    """One port goes as text and several as a list, as the service takes them (nsgrule-put-201-2021)."""
    ports = dig_list(wanted, "ports")
    properties: dict[str, object] = {
        "description": owner_text(rule.egress),
        "protocol": "Tcp",
        "sourcePortRange": "*",
        "sourceAddressPrefix": rule.source,
        "destinationAddressPrefix": rule.destination,
        "access": "Allow",
        "priority": wanted["priority"],
        "direction": rule.direction,
    }
    properties |= {"destinationPortRange": ports[0]} if len(ports) == 1 else {"destinationPortRanges": ports}
    return {"name": rule.name, "properties": properties}


def _nothing_sent(rule: WantedRule, placing: Placing) -> Finding:
    if placing.state == "allowed":
        said = "; ".join(dict.fromkeys(str(verdict) for verdict in placing.verdicts))
        return finding_of(
            rule.egress,
            "P204",
            f"{_traffic(rule)}: {said}",
            "somebody else's rule already lets it pass",
            "none needed",
            "info",
        )
    return finding_of(
        rule.egress, "P203",
        f"{_name(rule.group_id)} has a rule {dig_text(placing.own, 'name')} that azbackup has not made",
        f"its description is not {owner_text(rule.egress)!r}, and rules of others are never changed",
        "give the egress another name, or that rule",
    )  # fmt: skip


def _no_room(own: Sequence[WantedRule], placed: Placed) -> Iterable[Finding]:
    """One finding for each direction, with the rules to be renumbered once, for the rules of all egresses together."""
    for direction, room in placed.rooms.items():
        rules = [rule for rule in own if rule.direction == direction and placed.of[rule].state == "full"]
        if not rules:
            continue
        before = f" before {room.deny}" if room.deny else ""
        moves = ", ".join(f"{each.name} to {number}" for each, number in room.renumber)
        yield finding_of(
            rules[0].egress, "P202",
            f"{_name(rules[0].group_id)} has no free priority{before} for {'; '.join(map(_traffic, rules))}",
            "a rule counts only before every deny that matches, and each priority is used once in a direction (backup-rules D.3)",
            f"make room for {_rules(room.count)}: renumber, from the last one on, {moves}" if moves
            else f"remove {_rules(room.count)} that {'is' if room.count == 1 else 'are'} not needed any more",
        )  # fmt: skip


def _rules(count: int) -> str:
    return f"{count} rule{'' if count == 1 else 's'}"


def _traffic(rule: WantedRule) -> str:
    return f"{rule.source} to {rule.destination}, TCP {', '.join(map(str, rule.ports))}"


def _name(group_id: str) -> str:
    return group_id.rstrip("/").rsplit("/", 1)[-1]
