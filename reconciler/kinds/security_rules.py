"""Rules that azbackup keeps in the network security groups of others: child resources, never a write of the whole group.

What is compared is what a rule says, in its own words; priorities are given out for all egresses of the spec in a fixed order, so that a
number doesn't depend on which of them has landed first (see nsg_priority).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from reconciler.core.canonical import digest
from reconciler.core.compare import differences
from reconciler.core.desired import Egress
from reconciler.core.live import Live, Wire
from reconciler.core.nsg import Direction, End, SecurityGroup, Traffic, Verdict, judge
from reconciler.core.nsg_priority import NoRoom, free_priority
from reconciler.core.nsg_wire import security_group
from reconciler.core.places import NetworkSpace
from reconciler.core.plan import Change, Finding, Step, Write
from reconciler.core.spans import Span
from reconciler.core.wire import dig, dig_list, dig_object, dig_text
from reconciler.kinds.addresses import egress_address
from reconciler.kinds.egress import finding_of, is_anyones, is_own, missing, owner_text

_SIDES = ("source", "destination")
_NOTHING_KNOWN = NetworkSpace()


@dataclass(frozen=True, slots=True)
class WantedRule:
    """An allow rule, any source port, TCP. `ports` is what has to pass; an own rule that already passes more keeps it.

    `space` is what is surely in the virtual network.
    """

    egress: Egress
    group_id: str
    purpose: str
    direction: Direction
    source: str
    destination: str
    ports: tuple[int, ...]
    effect: str
    space: NetworkSpace = _NOTHING_KNOWN

    @property
    def name(self) -> str:
        return f"azbackup-{self.egress.name}-{self.purpose}"

    def traffic(self) -> Iterable[Traffic]:
        source, destination = End.at(self.source), End.at(self.destination)
        return (Traffic(self.direction, "Tcp", source, destination, Span(port, port)) for port in self.ports)


@dataclass(slots=True)
class GroupState:
    """A live group, and the priorities that rules of this plan have got in it so far."""

    body: Wire
    group: SecurityGroup
    reserved: dict[Direction, set[int]] = field(default_factory=lambda: {"Inbound": set(), "Outbound": set()})

    @classmethod
    def of(cls, body: Wire) -> GroupState:
        return cls(body, security_group(body))

    def rule(self, name: str) -> Wire | None:
        return next((rule for rule in custom_rules(self.body) if dig_text(rule, "name").lower() == name.lower()), None)

    def place(self, wanted: WantedRule) -> Placing:
        own = self.rule(wanted.name)
        if own is not None and not _owned(own, wanted.egress):
            return Placing("taken")
        if own is None and (verdicts := self._others_allow(wanted)):
            return Placing("allowed", verdicts=verdicts)
        reserved = self.reserved[wanted.direction]
        found = [
            free_priority(self.group.rules, each, wanted.name, wanted.space, reserved) for each in wanted.traffic()
        ]
        if full := next((each for each in found if isinstance(each, NoRoom)), None):
            return Placing("full", full=full)
        priority = min(each for each in found if isinstance(each, int))  # before the denies of every port
        reserved.add(priority)
        return Placing("placed", priority, own)

    def _others_allow(self, wanted: WantedRule) -> tuple[Verdict, ...]:
        """Why all of the traffic passes without any rule of azbackup's; empty when not all of it does."""
        made = {
            dig_text(rule, "name").lower()
            for rule in custom_rules(self.body)
            if is_anyones(dig_text(rule, "name"), dig_text(rule, "properties", "description"))
        }
        rules = [rule for rule in self.group.rules if rule.name.lower() not in made]
        others = SecurityGroup.of(self.group.id, rules)
        verdicts = tuple(judge(others, each, wanted.space) for each in wanted.traffic())
        return verdicts if all(verdict.result == "allowed" for verdict in verdicts) else ()


@dataclass(frozen=True, slots=True)
class Placing:
    """What is to be made of a wanted rule; `own` is the live rule of azbackup's, when it is there."""

    state: Literal["placed", "allowed", "full", "taken"]
    priority: int = 0
    own: Wire | None = None
    verdicts: tuple[Verdict, ...] = ()
    full: NoRoom | None = None


def rule_steps(
    wanted: Sequence[WantedRule], of_all: Sequence[WantedRule], live: Live
) -> tuple[tuple[Step, ...], tuple[Finding, ...]]:
    """What is left to do for the rules of one egress; `of_all` are those of all egresses of the spec, in their order."""
    steps: list[Step] = []
    findings: list[Finding] = []
    states = _states((*of_all, *wanted), live)
    for rule in of_all:
        state = states[rule.group_id.lower()]
        placing = state.place(rule) if state else None
        if rule not in wanted:
            continue
        if state is None or placing is None:
            findings.append(missing(rule.egress, "P201", "network security group", rule.group_id))
        elif placing.state == "placed":
            steps += _put(rule, placing)
        else:
            findings.append(_nothing_sent(rule, placing))
    return tuple(steps), tuple(dict.fromkeys(findings))


def removal_steps(
    egress: Egress, group_ids: Iterable[str], live: Live, needs: tuple[str, ...] = ()
) -> tuple[Step, ...]:
    """Everything that azbackup has made in these groups for an egress that is to be absent, and nothing else."""
    steps: list[Step] = []
    for group_id in dict.fromkeys(group_ids):
        for rule in custom_rules(live.resource(group_id)):
            if not _owned(rule, egress):
                continue
            name, now = dig_text(rule, "name"), _live_form(rule)
            change = Change(f"{_name(group_id)}.{name}", now, None, "NET-04")
            write = Write("security_rule.delete", resource_id=f"{group_id}/securityRules/{name}")
            why = "the spec wants this egress absent, and azbackup made the rule"
            steps.append(_step(egress, group_id, "delete", (change,), why, write, digest(now), needs))
    return tuple(steps)


def custom_rules(group: Wire | None) -> list[Mapping[str, object]]:
    return [rule for rule in dig_list(group, "properties", "securityRules") if isinstance(rule, Mapping)]


def _owned(rule: Wire, egress: Egress) -> bool:
    return is_own(dig_text(rule, "name"), dig_text(rule, "properties", "description"), egress)


def _states(rules: Iterable[WantedRule], live: Live) -> dict[str, GroupState | None]:
    ids = {rule.group_id.lower(): rule.group_id for rule in rules}
    bodies = {key: live.resource(group_id) for key, group_id in ids.items()}
    return {key: None if body is None else GroupState.of(body) for key, body in bodies.items()}


def _put(rule: WantedRule, placing: Placing) -> Iterable[Step]:
    now = _live_form(placing.own) if placing.own is not None else None
    wanted = _wanted_form(rule, placing.priority, now)
    path, group = f"{_name(rule.group_id)}.{rule.name}", rule.group_id
    write = Write("security_rule.put", body=_body(rule, wanted), resource_id=f"{group}/securityRules/{rule.name}")
    if now is None:
        change = Change(path, None, wanted, rule.effect)
        why = f"{_name(group)} does not surely let this traffic pass"
        yield _step(rule.egress, group, "create", (change,), why, write, digest(None))
    elif found := differences(now, wanted):
        changes = tuple(Change(f"{path}.{each.path}", each.before, each.after, rule.effect) for each in found)
        yield _step(
            rule.egress, group, "update", changes, "azbackup's rule is not as the spec needs it", write, digest(now)
        )


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
    """In the spelling that Azure has where only case differs; ports that an own rule already passes stay (leaving out removes nothing)."""
    ports = {str(port) for port in rule.ports} | {str(port) for port in dig_list(now, "ports") if str(port).isdigit()}
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
    group, ports = _name(rule.group_id), ", ".join(map(str, rule.ports))
    traffic = f"{rule.source} to {rule.destination}, TCP {ports}"
    if placing.state == "allowed":
        said = "; ".join(dict.fromkeys(str(verdict) for verdict in placing.verdicts))
        return finding_of(
            rule.egress,
            "P204",
            f"{traffic}: {said}",
            "somebody else's rule already lets it pass",
            "none needed",
            "info",
        )
    if placing.state == "taken":
        return finding_of(
            rule.egress, "P203", f"{group} has a rule {rule.name} that azbackup has not made",
            f"its description is not {owner_text(rule.egress)!r}, and rules of others are never changed",
            "give the egress another name, or that rule",
        )  # fmt: skip
    return _no_room(rule, placing.full, traffic)


def _no_room(rule: WantedRule, full: NoRoom | None, traffic: str) -> Finding:
    deny = full.deny if full else None
    before = f" before {deny}" if deny else ""
    moves = ", ".join(f"{each.name} to {number}" for each, number in (full.renumber if full else ()))
    return finding_of(
        rule.egress, "P202", f"{_name(rule.group_id)} has no free priority{before} for {traffic}",
        "a rule counts only before every deny that matches, and each priority is used once in a direction (backup-rules D.3)",
        f"renumber from the last one on: {moves}" if moves else "remove a rule that is not needed any more",
    )  # fmt: skip


def _name(group_id: str) -> str:
    return group_id.rstrip("/").rsplit("/", 1)[-1]
