"""A priority for an allow rule: before every deny that would match, and the same on every run (backup-rules D.3)."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from reconciler.core.nsg import FIRST_PRIORITY, LAST_PRIORITY, SecurityRule, Traffic
from reconciler.core.places import NetworkSpace

# Where nothing denies: before the place where people put their own last deny.
_UNOPPOSED = 4000


@dataclass(frozen=True, slots=True)
class NoRoom:
    """Every number before the first deny that matches is taken; `deny` is None when simply every number is."""

    deny: SecurityRule | None


def free_priority(
    rules: Collection[SecurityRule],
    wanted: Traffic,
    name: str,
    space: NetworkSpace | None = None,
    reserved: Iterable[int] = (),
) -> int | NoRoom:
    """The priority for the allow rule `name` in the group with these rules.

    The rule keeps the number it has if that still comes before every deny that takes any of the traffic; else it gets the highest
    free one that does. `reserved`: numbers already given to other rules of the same plan. Names compare without case.
    """
    custom = [rule for rule in rules if rule.direction == wanted.direction and rule.priority <= LAST_PRIORITY]
    own = next((rule for rule in custom if rule.name.lower() == name.lower()), None)
    known = space or NetworkSpace()
    denies = [rule for rule in custom if rule.access == "Deny" and rule is not own and rule.cover(wanted, known)]
    first = min(denies, key=lambda rule: rule.priority, default=None)
    if own is not None and (first is None or own.priority < first.priority):
        return own.priority
    taken = {rule.priority for rule in custom} | set(reserved)
    numbers = [*range(first.priority - 1 if first else _UNOPPOSED, FIRST_PRIORITY - 1, -1)]
    if first is None:
        numbers += range(_UNOPPOSED + 1, LAST_PRIORITY + 1)
    free: int | None = next((number for number in numbers if number not in taken), None)
    if free is None:
        return NoRoom(first)
    return free


def make_room(
    rules: Iterable[SecurityRule], first: int, count: int, kept: Collection[int] = ()
) -> tuple[tuple[SecurityRule, int], ...]:
    """The rules of one direction that have to get other numbers so that `count` more of them are free before the rule at `first`.

    Each with its new number, which is a higher one; their order stays as it is, and the last one comes first, so that each number is free
    when it is needed. `kept`: numbers that nobody may take. Empty when that would lead beyond the last number.
    """
    moves: list[tuple[SecurityRule, int]] = []
    number, missing = first, count
    while missing:
        missing -= number not in kept
        number += 1
    for rule in sorted((rule for rule in rules if rule.priority >= first), key=lambda rule: rule.priority):
        if rule.priority in kept:
            continue
        while number in kept:
            number += 1
        if rule.priority >= number:
            break
        moves.insert(0, (rule, number))
        number += 1
    return tuple(moves) if number <= LAST_PRIORITY + 1 else ()
