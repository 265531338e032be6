"""Network security groups and traffic, written in one line each, as the wire bodies and values that the code reads.

A rule: `NAME PRIORITY in|out allow|deny PROTOCOL from PLACES [sport PORTS] to PLACES [port PORTS]`, lists with commas,
application security groups as `asg:NAME`.
An admin rule is written alike, with `always` as a third access, `group:NAME` for a network group, and `by MANAGER` at the end.
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


def admin_body(line: str) -> dict[str, Any]:
    """The rule as the list of effective admin rules shows it."""
    name, priority, direction, access, protocol, *words = line.split()
    given = dict(zip(words[::2], words[1::2], strict=True))
    manager = f"{PREFIX}/networkManagers/{given.get('by', 'avnm')}"
    properties = {
        "protocol": "Any" if protocol == "*" else protocol.capitalize(),
        "sources": _address_items(manager, given["from"]),
        "destinations": _address_items(manager, given["to"]),
        "sourcePortRanges": given.get("sport", "0-65535").replace("*", "0-65535").split(","),
        "destinationPortRanges": given.get("port", "0-65535").replace("*", "0-65535").split(","),
        "access": {"always": "AlwaysAllow"}.get(access, access.capitalize()),
        "priority": int(priority),
        "direction": DIRECTIONS[direction],
    }
    rule_id = f"{manager}/securityAdminConfigurations/base/ruleCollections/all/rules/{name}"
    return {"id": rule_id, "kind": "Custom", "properties": properties}


def _address_items(manager: str, text: str) -> list[dict[str, str]]:
    kinds = {True: "IPPrefix", False: "ServiceTag"}
    return [
        {"addressPrefixType": "NetworkGroup", "addressPrefix": f"{manager}/networkGroups/{value[6:]}"}
        if value.startswith("group:")
        else {"addressPrefixType": kinds[value[0] in "*0123456789"], "addressPrefix": value}
        for value in text.split(",")
    ]


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
