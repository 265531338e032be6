"""Network security groups and traffic, written in one line each, as the wire bodies and values that the code reads.

A rule: `NAME PRIORITY in|out allow|deny PROTOCOL from PLACES [sport PORTS] to PLACES [port PORTS]`, lists with commas,
application security groups as `asg:NAME`.
Traffic: `in|out PROTOCOL from PLACE [sport PORT] to PLACE [port PORT]`; `PLACE+asg:a+asg:b` gives an end its groups, `PLACE+asg:` none.
"""

from typing import Any

from reconciler.core.nsg import End, SecurityGroup, Traffic
from reconciler.core.nsg_wire import security_group
from reconciler.core.spans import ANY_PORT, ports

PREFIX = "/subscriptions/s/resourceGroups/rg-net/providers/Microsoft.Network"
DIRECTIONS = {"in": "Inbound", "out": "Outbound"}


def rule_body(line: str) -> dict[str, Any]:
    """The rule as the service reports it: with one value the singular key and an empty plural one, with more the plural key alone."""
    name, priority, direction, access, protocol, *words = line.split()
    given = dict(zip(words[::2], words[1::2], strict=True))
    properties: dict[str, Any] = {
        "provisioningState": "Succeeded",
        "protocol": protocol.capitalize(),
        "access": access.capitalize(),
        "priority": int(priority),
        "direction": DIRECTIONS[direction],
    }
    properties |= _condition(given.get("sport", "*"), "sourcePortRange", "sourcePortRanges")
    properties |= _condition(given.get("port", "*"), "destinationPortRange", "destinationPortRanges")
    for key, side in (("from", "source"), ("to", "destination")):
        if given[key].startswith("asg:"):
            properties[f"{side}AddressPrefixes"] = []
            properties[f"{side}ApplicationSecurityGroups"] = [{"id": asg_id(text)} for text in given[key].split(",")]
        else:
            properties |= _condition(given[key], f"{side}AddressPrefix", f"{side}AddressPrefixes")
    return {"name": name, "id": f"{PREFIX}/networkSecurityGroups/nsg/securityRules/{name}", "properties": properties}


def _condition(text: str, singular: str, plural: str) -> dict[str, Any]:
    values = text.split(",")
    return {singular: values[0], plural: []} if len(values) == 1 else {plural: values}


def asg_id(text: str) -> str:
    return f"{PREFIX}/applicationSecurityGroups/{text.removeprefix('asg:')}"


def group_body(name: str, lines: list[str]) -> dict[str, Any]:
    """A group as the service lists it, without its default rules: those are the code's own."""
    return {
        "name": name,
        "id": f"{PREFIX}/networkSecurityGroups/{name}",
        "properties": {"securityRules": [rule_body(line) for line in lines]},
    }


def group(name: str, lines: list[str]) -> SecurityGroup:
    return security_group(group_body(name, lines))


def traffic(line: str) -> Traffic:
    direction, protocol, *words = line.split()
    given = dict(zip(words[::2], words[1::2], strict=True))
    return Traffic(
        direction="Inbound" if direction == "in" else "Outbound",
        protocol=protocol,
        source=_end(given["from"]),
        destination=_end(given["to"]),
        destination_ports=ports(given["port"]) if "port" in given else ANY_PORT,
        source_ports=ports(given["sport"]) if "sport" in given else ANY_PORT,
    )


def _end(text: str) -> End:
    place, *groups = text.split("+")
    return End.at(place, [asg_id(name) for name in groups if name != "asg:"] if groups else None)
