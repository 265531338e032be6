"""Network security groups as the service sends them (exchanges `nsg-list-2020`, `nsgrule-put-201-2021`) → values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar, cast

from reconciler.core.errors import Problem, Unreadable
from reconciler.core.live import Wire
from reconciler.core.nsg import Access, Direction, SecurityGroup, SecurityRule, Side
from reconciler.core.places import place
from reconciler.core.spans import Span, ports
from reconciler.core.wire import dig, dig_int, dig_list, dig_object, dig_text

Value = TypeVar("Value")


def security_group(body: Wire) -> SecurityGroup:
    """A group from its body. Raises `Unreadable` when a rule lacks what every rule has: a rule overlooked would make the verdict wrong."""
    rules = [*dig_list(body, "properties", "securityRules"), *dig_list(body, "properties", "defaultSecurityRules")]
    read = (security_rule(rule) for rule in rules if isinstance(rule, Mapping))
    return SecurityGroup.of(dig_text(body, "id"), read)


def security_rule(body: Wire) -> SecurityRule:
    """A custom or default rule from its body. Raises `Unreadable`."""
    properties = dig_object(body, "properties")
    priority = dig_int(properties, "priority")
    direction = dig_text(properties, "direction").capitalize()
    access = dig_text(properties, "access").capitalize()
    if priority is None or direction not in {"Inbound", "Outbound"} or access not in {"Allow", "Deny"}:
        raise _unreadable(body, "it has no priority, direction or access")
    return SecurityRule(
        name=dig_text(body, "name"),
        priority=priority,
        direction=cast(Direction, direction),
        access=cast(Access, access),
        protocol=dig_text(properties, "protocol").lower(),
        source=_side(body, "source"),
        source_ports=_ports(body, "source"),
        destination=_side(body, "destination"),
        destination_ports=_ports(body, "destination"),
    )


def _side(body: Wire, side: str) -> Side:
    groups = dig_list(body, "properties", f"{side}ApplicationSecurityGroups")
    if groups:
        return Side(groups=frozenset(dig_text(group, "id").lower() for group in groups))
    return Side(_values(body, f"{side}AddressPrefix", f"{side}AddressPrefixes", place))


def _ports(body: Wire, side: str) -> tuple[Span, ...]:
    return _values(body, f"{side}PortRange", f"{side}PortRanges", ports)


def _values(body: Wire, singular: str, plural: str, read: Callable[[str], Value]) -> tuple[Value, ...]:
    """The values of a condition, from its plural key, which is `[]` when the singular one was used (wire-facts 8)."""
    found = dig_list(body, "properties", plural) or [dig(body, "properties", singular)]
    try:
        return tuple(read(str(text)) for text in found if text not in (None, ""))
    except ValueError as error:
        raise _unreadable(body, f"{singular}: {error}") from error


def _unreadable(body: Wire, why: str) -> Unreadable:
    remedy = "look at the rule in the portal; if it is as it should be, report the case to azbackup"
    return Unreadable(
        Problem("C120", dig_text(body, "id"), "a rule of a network security group can't be read", why, remedy)
    )
