"""A second, slow judge of traffic: it asks of one concrete packet after another, in a world where every tag has known addresses.

It reads wire bodies and shares no code with `reconciler.core`; the default rules are written down a second time.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from itertools import product
from typing import Any

SOURCE_PORTS = (1500, 2500)
DEFAULTS = {
    "Outbound": [("VirtualNetwork", "VirtualNetwork", True), ("*", "Internet", True), ("*", "*", False)],
    "Inbound": [("VirtualNetwork", "VirtualNetwork", True), ("AzureLoadBalancer", "*", True), ("*", "*", False)],
}


@dataclass(frozen=True)
class World:
    """Which service and region each public address belongs to ("" for none), what is connected, who is in which group (ids)."""

    services: Mapping[str, tuple[str, str]]
    connected: frozenset[str]
    groups: Mapping[str, frozenset[str]]

    def holds(self, tag: str, address: str) -> bool:
        service, region = self.services.get(address, ("", ""))
        name, _, wanted_region = tag.partition(".")
        if name == "VirtualNetwork":
            return address in self.connected
        if name == "Internet":
            return address in self.services
        if name == "AzureLoadBalancer":
            return False
        return bool(service) and name in ("AzureCloud", service) and wanted_region in ("", region)

    def addresses(self, name: str) -> list[str]:
        """All addresses of the world that a tag or block means."""
        return [address for address in {*self.services, *self.connected} if self.matches(name, address)]

    def matches(self, name: str, address: str) -> bool:
        if name == "*":
            return True
        if name[0].isdigit():
            return ip_address(address) in ip_network(name)
        return self.holds(name, address)


def passes(
    world: World,
    bodies: Iterable[dict[str, Any]],
    direction: str,
    packet: tuple[str, str, int, str, int],
    admin: Iterable[dict[str, Any]] = (),
) -> bool:
    """Whether admin rules, and then every group, let one packet (protocol, source, port, destination, port) through."""
    for rule in sorted((rule["properties"] for rule in admin), key=lambda rule: int(rule["priority"])):
        if rule["direction"] == direction and _matches(world, _as_group_rule(rule), packet):
            if rule["access"] == "Allow":
                break
            return bool(rule["access"] == "AlwaysAllow")
    return all(_allows(world, body, direction, packet) for body in bodies)


def _allows(world: World, body: dict[str, Any], direction: str, packet: tuple[str, str, int, str, int]) -> bool:
    rules = [rule["properties"] for rule in body["properties"]["securityRules"]]
    for rule in sorted(rules, key=lambda rule: int(rule["priority"])):
        if rule["direction"] == direction and _matches(world, rule, packet):
            return bool(rule["access"] == "Allow")
    _, source, _, destination, _ = packet
    return next(
        allow
        for origin, target, allow in DEFAULTS[direction]
        if world.matches(origin, source) and world.matches(target, destination)
    )


def _as_group_rule(rule: dict[str, Any]) -> dict[str, Any]:
    return {
        "protocol": "*" if rule["protocol"] == "Any" else rule["protocol"],
        "sourceAddressPrefixes": [item["addressPrefix"] for item in rule["sources"]],
        "destinationAddressPrefixes": [item["addressPrefix"] for item in rule["destinations"]],
        "sourcePortRanges": rule["sourcePortRanges"],
        "destinationPortRanges": rule["destinationPortRanges"],
    }


def _matches(world: World, rule: dict[str, Any], packet: tuple[str, str, int, str, int]) -> bool:
    protocol, source, source_port, destination, destination_port = packet
    if rule["protocol"] not in ("*", protocol):
        return False
    for side, address, port in (("source", source, source_port), ("destination", destination, destination_port)):
        groups = {group["id"].lower() for group in rule.get(f"{side}ApplicationSecurityGroups", [])}
        names = rule.get(f"{side}AddressPrefixes") or [rule.get(f"{side}AddressPrefix")]
        if groups and not groups & world.groups.get(address, frozenset()):
            return False
        if not groups and not any(world.matches(name, address) for name in names):
            return False
        ranges = rule.get(f"{side}PortRanges") or [rule.get(f"{side}PortRange")]
        if not any(text == "*" or port in _ports(text) for text in ranges):
            return False
    return True


def _ports(text: str) -> range:
    first, _, last = text.partition("-")
    return range(int(first), int(last or first) + 1)


def outcomes(
    world: World,
    bodies: list[dict[str, Any]],
    direction: str,
    sources: list[str],
    destinations: list[str],
    port: int,
    admin: Sequence[dict[str, Any]] = (),
) -> set[bool]:
    """What becomes of every packet that the traffic may consist of."""
    packets = product(["Tcp"], sources, SOURCE_PORTS, destinations, [port])
    return {passes(world, bodies, direction, packet, admin) for packet in packets}
