"""Where rules of azbackup's go in a live network security group: those of all egresses together.

Each gets the highest free number before the denies that would match, which finds room for all of them whenever there is room;
the number that a rule has stays, unless it keeps another rule from the only place that this one can have.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from reconciler.core.desired import Egress
from reconciler.core.live import Wire
from reconciler.core.nsg import LAST_PRIORITY, Direction, End, SecurityGroup, SecurityRule, Traffic, Verdict, judge
from reconciler.core.nsg_priority import NoRoom, free_priority, make_room
from reconciler.core.nsg_wire import security_group
from reconciler.core.ownership import is_anyones, is_own
from reconciler.core.places import NetworkSpace
from reconciler.core.spans import Span
from reconciler.core.wire import dig_int, dig_list, dig_text

_NOTHING_KNOWN = NetworkSpace()


@dataclass(frozen=True, slots=True)
class WantedRule:
    """An allow rule, any source port, TCP. `ports` is what has to pass; those of `kept` an own rule keeps where it has them.

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
    kept: frozenset[int] = frozenset()

    @property
    def name(self) -> str:
        return f"azbackup-{self.egress.name}-{self.purpose}"

    def traffic(self) -> Iterable[Traffic]:
        source, destination = End.at(self.source), End.at(self.destination)
        return (Traffic(self.direction, "Tcp", source, destination, Span(port, port)) for port in self.ports)


@dataclass(frozen=True, slots=True)
class Placing:
    """What is to be made of a wanted rule; `own` is the live rule of azbackup's, when it is there.

    `waits_for` is the rule of azbackup's that has to leave this number first.
    """

    state: Literal["placed", "allowed", "full", "taken"]
    priority: int = 0
    own: Wire | None = None
    verdicts: tuple[Verdict, ...] = ()
    deny: SecurityRule | None = None
    waits_for: WantedRule | None = None

    @property
    def keeps(self) -> bool:
        """Whether it is a live rule that stays where it is."""
        return self.state == "placed" and dig_int(self.own, "properties", "priority") == self.priority


@dataclass(frozen=True, slots=True)
class Room:
    """What is missing in one direction: numbers for `count` rules before `deny`, and the rules that would have to move for them."""

    deny: SecurityRule | None
    count: int
    renumber: tuple[tuple[SecurityRule, int], ...]


@dataclass(frozen=True, slots=True)
class Placed:
    of: Mapping[WantedRule, Placing]
    rooms: Mapping[Direction, Room]


def place_all(body: Wire, wanted: Sequence[WantedRule]) -> Placed:
    """The places of all rules that are wanted in a group, given out in their order."""
    places = _Places(body, security_group(body))
    for rule in wanted:
        places.found[rule] = places.first(rule)
    for rule in wanted:
        if places.found[rule].state == "full":
            places.instead(rule)
    return Placed(places.found, {each: room for each in _DIRECTIONS if (room := places.room(each)) is not None})


_DIRECTIONS: tuple[Direction, ...] = ("Outbound", "Inbound")


def custom_rules(group: Wire | None) -> list[Mapping[str, object]]:
    return [rule for rule in dig_list(group, "properties", "securityRules") if isinstance(rule, Mapping)]


def owned(rule: Wire, egress: Egress) -> bool:
    return is_own(dig_text(rule, "name"), dig_text(rule, "properties", "description"), egress)


@dataclass(slots=True)
class _Places:
    """A live group, and the places that rules of this plan have got in it so far."""

    body: Wire
    group: SecurityGroup
    found: dict[WantedRule, Placing] = field(default_factory=dict)

    def first(self, wanted: WantedRule) -> Placing:
        own = next((each for each in custom_rules(self.body) if _same(dig_text(each, "name"), wanted.name)), None)
        is_own = own is not None and owned(own, wanted.egress)
        if not is_own and (verdicts := self._others_allow(wanted)):
            return Placing("allowed", verdicts=verdicts)
        if own is not None and not is_own:
            return Placing("taken", own=own)
        number = self._number(wanted, wanted.name)
        if isinstance(number, NoRoom):
            return Placing("full", own=own, deny=number.deny)
        return Placing("placed", number, own)

    def instead(self, wanted: WantedRule) -> None:
        """Gives a rule without a place that of another one of azbackup's which can go elsewhere."""
        full = self.found[wanted]
        for other, placing in sorted(self.found.items(), key=lambda each: -each[1].priority):
            before = full.deny is not None and placing.priority < full.deny.priority
            if before and placing.keeps and _may_wait(wanted, other):
                number = self._number(other, "")
                if isinstance(number, int):
                    self.found[other] = replace(placing, priority=number)
                    self.found[wanted] = Placing("placed", placing.priority, full.own, waits_for=other)
                    return

    def room(self, direction: Direction) -> Room | None:
        full = [each for rule, each in self.found.items() if each.state == "full" and rule.direction == direction]
        if not full:
            return None
        denies = [each.deny for each in full if each.deny is not None]
        first = min(denies, key=lambda rule: rule.priority, default=None)
        if first is None:
            return Room(None, len(full), ())
        made = self._made()
        rules = [rule for rule in self.group.rules if rule.direction == direction and rule.priority <= LAST_PRIORITY]
        kept = {rule.priority for rule in rules if rule.name.lower() in made} | set(self._reserved(direction))
        return Room(first, len(full), make_room(rules, first.priority, len(full), kept))

    def _number(self, wanted: WantedRule, name: str) -> int | NoRoom:
        """The number before the denies of every port. Without its `name` it is a new rule's, higher or lower than what it has."""
        reserved = self._reserved(wanted.direction)
        found = [free_priority(self.group.rules, each, name, wanted.space, reserved) for each in wanted.traffic()]
        if full := [each for each in found if isinstance(each, NoRoom)]:
            return min(full, key=lambda each: each.deny.priority if each.deny else LAST_PRIORITY + 1)
        return min(each for each in found if isinstance(each, int))

    def _reserved(self, direction: Direction) -> list[int]:
        return [each.priority for rule, each in self.found.items() if rule.direction == direction and each.priority]

    def _others_allow(self, wanted: WantedRule) -> tuple[Verdict, ...]:
        """Why all of the traffic passes without any rule of azbackup's; empty when not all of it does."""
        made = self._made()
        rules = [rule for rule in self.group.rules if rule.access == "Deny" or rule.name.lower() not in made]
        others = SecurityGroup.of(self.group.id, rules)
        verdicts = tuple(judge(others, each, wanted.space) for each in wanted.traffic())
        return verdicts if all(verdict.result == "allowed" for verdict in verdicts) else ()

    def _made(self) -> set[str]:
        """Lower-cased names of the rules that azbackup has made, for whichever egress."""
        return {
            dig_text(rule, "name").lower()
            for rule in custom_rules(self.body)
            if is_anyones(dig_text(rule, "name"), dig_text(rule, "properties", "description"))
        }


def _may_wait(wanted: WantedRule, other: WantedRule) -> bool:
    """Steps of egresses wait for each other in one order only, or two could wait for each other for ever."""
    same = wanted.direction == other.direction and wanted.group_id.lower() == other.group_id.lower()
    return same and other.egress.name.lower() <= wanted.egress.name.lower()


def _same(left: str, right: str) -> bool:
    return left.lower() == right.lower()
