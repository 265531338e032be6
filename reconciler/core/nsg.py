"""Network security groups: what becomes of traffic, and which rule says so.

The semantics (backup-rules D.3): rules count by priority, the lowest number first, and the first that matches ends it. Outbound traffic
passes the interface's group and then the subnet's, inbound the other way round; both must allow it, and an absent group allows all.
The host's addresses 168.63.129.16 and 169.254.169.254 are not filtered, save by the tags AzurePlatformDNS and AzurePlatformIMDS.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from reconciler.core.places import (
    ANYWHERE,
    HOST_ADDRESS,
    INTERNET,
    METADATA_ADDRESS,
    VIRTUAL_NETWORK,
    NetworkSpace,
    Place,
    ServiceTag,
    addresses,
    cover_of_places,
    place,
)
from reconciler.core.spans import ANY_PORT, Cover, Span, cover_of

Direction = Literal["Inbound", "Outbound"]
Access = Literal["Allow", "Deny"]
Result = Literal["allowed", "denied", "uncertain"]
Stage = Literal["interface", "subnet"]

FIRST_PRIORITY, LAST_PRIORITY = 100, 4096  # of rules that people make

_NOWHERE_KNOWN = NetworkSpace()
_HOST_SERVICES = {  # what may be denied of the host's addresses: tag -> address, port
    ServiceTag("azureplatformdns"): (addresses(HOST_ADDRESS), 53),
    ServiceTag("azureplatformimds"): (addresses(METADATA_ADDRESS), 80),
}
_HOST = frozenset(address for address, _ in _HOST_SERVICES.values())


@dataclass(frozen=True, slots=True)
class End:
    """One end of traffic: an address, a block or a tag, and the lower-cased ids of its application security groups (None: not known)."""

    place: Place
    groups: frozenset[str] | None = None

    @classmethod
    def at(cls, name: str, groups: Iterable[str] | None = None) -> End:
        return cls(place(name), None if groups is None else frozenset(group.lower() for group in groups))


@dataclass(frozen=True, slots=True)
class Traffic:
    """What wants to pass. `protocol` as rules write it (Tcp, Udp, Icmp, Esp, Ah); ports of protocols without any are `ANY_PORT`."""

    direction: Direction
    protocol: str
    source: End
    destination: End
    destination_ports: Span
    source_ports: Span = ANY_PORT


@dataclass(frozen=True, slots=True)
class Side:
    """Where a rule looks for one end: places, or application security groups by their lower-cased ids.

    Admin rules may name network groups beside places (`has_network_groups`); whose addresses are in them is not known.
    """

    places: tuple[Place, ...] = ()
    groups: frozenset[str] = frozenset()
    has_network_groups: bool = False

    def cover(self, end: End, space: NetworkSpace) -> Cover:
        if not self.groups:
            # A service's addresses are in no network group: those are made of virtual networks and subnets.
            in_a_group = self.has_network_groups and (isinstance(end.place, Span) or end.place == VIRTUAL_NETWORK)
            return max(Cover.SOME if in_a_group else Cover.NONE, cover_of_places(self.places, end.place, space))
        if end.groups is not None:
            return Cover.NONE if self.groups.isdisjoint(end.groups) else Cover.ALL
        # The groups of somebody else's interface are not known, but an interface is always in a virtual network.
        return min(Cover.SOME, cover_of_places([VIRTUAL_NETWORK], end.place, space))


@dataclass(frozen=True, slots=True)
class SecurityRule:
    """A rule of a network security group; `protocol` is lower-cased, `*` for any."""

    name: str
    priority: int
    direction: Direction
    access: Access
    protocol: str = "*"
    source: Side = Side((ANYWHERE,))
    source_ports: tuple[Span, ...] = (ANY_PORT,)
    destination: Side = Side((ANYWHERE,))
    destination_ports: tuple[Span, ...] = (ANY_PORT,)

    def cover(self, traffic: Traffic, space: NetworkSpace = _NOWHERE_KNOWN) -> Cover:
        """How much of the traffic the rule takes."""
        if self.direction != traffic.direction or self.protocol not in {"*", traffic.protocol.lower()}:
            return Cover.NONE
        to_host = traffic.direction == "Outbound" and traffic.destination.place in _HOST
        return min(
            self.source.cover(traffic.source, space),
            self._cover_of_host(traffic) if to_host else self.destination.cover(traffic.destination, space),
            cover_of(self.source_ports, traffic.source_ports),
            cover_of(self.destination_ports, traffic.destination_ports),
        )

    def _cover_of_host(self, traffic: Traffic) -> Cover:
        for tag, (address, port) in _HOST_SERVICES.items():
            if tag in self.destination.places and address == traffic.destination.place:
                return cover_of([Span(port, port)], traffic.destination_ports)
        return Cover.NONE

    def __str__(self) -> str:
        return f"rule {self.name} (priority {self.priority})"


_IN_NETWORK, _FROM_BALANCER = Side((VIRTUAL_NETWORK,)), Side((addresses(HOST_ADDRESS),))
DEFAULT_RULES = (  # every group has them, and nobody can remove them
    SecurityRule("AllowVnetInBound", 65000, "Inbound", "Allow", source=_IN_NETWORK, destination=_IN_NETWORK),
    SecurityRule("AllowAzureLoadBalancerInBound", 65001, "Inbound", "Allow", source=_FROM_BALANCER),
    SecurityRule("DenyAllInBound", 65500, "Inbound", "Deny"),
    SecurityRule("AllowVnetOutBound", 65000, "Outbound", "Allow", source=_IN_NETWORK, destination=_IN_NETWORK),
    SecurityRule("AllowInternetOutBound", 65001, "Outbound", "Allow", destination=Side((INTERNET,))),
    SecurityRule("DenyAllOutBound", 65500, "Outbound", "Deny"),
)


@dataclass(frozen=True, slots=True)
class SecurityGroup:
    """A network security group with its custom and default rules, the first to count first."""

    id: str
    rules: tuple[SecurityRule, ...]

    @classmethod
    def of(cls, group_id: str, rules: Iterable[SecurityRule]) -> SecurityGroup:
        """From rules in any order; the default ones are added where there are none."""
        known = tuple(rules)
        defaults = () if any(rule.priority > LAST_PRIORITY for rule in known) else DEFAULT_RULES
        return cls(group_id, tuple(sorted((*known, *defaults), key=lambda rule: (rule.priority, rule.name))))

    @property
    def name(self) -> str:
        return self.id.rstrip("/").rsplit("/", 1)[-1]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one group does. `rule` decides; `doubts` are earlier rules of the other kind that take, or may take, a part of the traffic.

    `rule` is None for traffic to the host's addresses, which no rule has to allow.
    """

    stage: Stage
    group: SecurityGroup
    rule: SecurityRule | None
    doubts: tuple[SecurityRule, ...] = ()

    @property
    def result(self) -> Result:
        if self.doubts:
            return "uncertain"
        return _word(self.rule)

    def __str__(self) -> str:
        if self.rule is None and not self.doubts:
            return f"allowed: {self.group.name} does not filter the addresses of the host"
        if not self.doubts:
            return f"{self.result} by {self.rule} of {self.group.name}"
        otherwise = _word(self.rule) + (f" by {self.rule}" if self.rule else "")
        return f"may be {_word(self.doubts[0])} by {self.doubts[0]} of {self.group.name}, else {otherwise}"


@dataclass(frozen=True, slots=True)
class Passage:
    """What becomes of traffic on its whole way: a verdict for each group, in the order in which they are passed."""

    verdicts: tuple[Verdict, ...]

    @property
    def decisive(self) -> Verdict | None:
        """The first verdict that denies; else the first that is uncertain; else the last one. None where there is no group."""
        for result in ("denied", "uncertain"):
            for verdict in self.verdicts:
                if verdict.result == result:
                    return verdict
        return self.verdicts[-1] if self.verdicts else None

    @property
    def result(self) -> Result:
        return self.decisive.result if self.decisive else "allowed"

    @property
    def allowed(self) -> bool:
        return self.result == "allowed"

    def __str__(self) -> str:
        if self.decisive is None:
            return "allowed: neither the interface nor the subnet has a network security group"
        if self.allowed:
            return ", and ".join(str(verdict) for verdict in self.verdicts)
        return str(self.decisive)


def judge(
    group: SecurityGroup, traffic: Traffic, space: NetworkSpace = _NOWHERE_KNOWN, stage: Stage = "interface"
) -> Verdict:
    """What a group does with traffic. `space` is what is known of the virtual network around the interface."""
    partly: list[SecurityRule] = []
    for rule in group.rules:
        cover = rule.cover(traffic, space)
        if cover is Cover.ALL:
            return Verdict(stage, group, rule, _against(rule, partly))
        if cover is Cover.SOME:
            partly.append(rule)
    # Only traffic to the host gets here: the last default rule of either direction matches all else.
    return Verdict(stage, group, None, _against(None, partly))


def passage(
    traffic: Traffic,
    interface: SecurityGroup | None,
    subnet: SecurityGroup | None,
    space: NetworkSpace = _NOWHERE_KNOWN,
) -> Passage:
    """What becomes of traffic that leaves or reaches a network interface, through the groups of both places."""
    stages: list[tuple[Stage, SecurityGroup | None]] = [("interface", interface), ("subnet", subnet)]
    if traffic.direction == "Inbound":
        stages.reverse()
    return Passage(tuple(judge(group, traffic, space, stage) for stage, group in stages if group is not None))


def _word(rule: SecurityRule | None) -> Literal["allowed", "denied"]:
    return "allowed" if rule is None or rule.access == "Allow" else "denied"


def _against(rule: SecurityRule | None, partly: Iterable[SecurityRule]) -> tuple[SecurityRule, ...]:
    return tuple(earlier for earlier in partly if _word(earlier) != _word(rule))
