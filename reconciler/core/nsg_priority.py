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
    """Every number before the first deny that matches is taken; `deny` is None when simply every number is.

    `renumber`: the rules that would have to move, each with its new number; their order stays as it is. Empty when that would not help.
    """

    deny: SecurityRule | None
    renumber: tuple[tuple[SecurityRule, int], ...]


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
        return NoRoom(first, _moved_up(custom, first, taken) if first else ())
    return free


def _moved_up(
    rules: Iterable[SecurityRule], first: SecurityRule, taken: Collection[int]
) -> tuple[tuple[SecurityRule, int], ...]:
    """The run of rules from `first` to the next gap, each one number up: that frees the number of `first`."""
    gap = next((number for number in range(first.priority, LAST_PRIORITY + 1) if number not in taken), 0)
    run = sorted((rule for rule in rules if first.priority <= rule.priority < gap), key=lambda rule: rule.priority)
    return tuple((rule, rule.priority + 1) for rule in run)
