"""The network around a VM's first interface: its address and groups, its subnet, the space around it, the routes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeVar, cast

from reconciler.core.live import Survey, Wire
from reconciler.core.nsg import SecurityGroup
from reconciler.core.nsg_wire import security_group
from reconciler.core.places import IPV4, NetworkSpace, ServiceTag, place
from reconciler.core.plan import Plan
from reconciler.core.spans import Span
from reconciler.core.wire import dig, dig_list, dig_object, dig_text
from reconciler.preflight.planned_rules import Planned, planned_rules
from reconciler.preflight.questions import Questions

FIREWALL_TYPE = "Microsoft.Network/azureFirewalls"
_PARTS_OF_ID = 9
Value = TypeVar("Value")


class NotFound(Exception):
    """A resource that another one names is not there. The text says which."""


class NotSeen(Exception):
    """A resource that another one names is not among those that may be seen, and whether it is there is not known."""


@dataclass(frozen=True, slots=True)
class Route:
    name: str
    table: str
    to: Span | ServiceTag
    next_hop: str
    address: str

    def told(self, firewalls: Mapping[str, str]) -> str:
        if self.next_hop.lower() != "virtualappliance":
            return f"route {self.name} of {self.table} leads to {self.next_hop}"
        named = f"Azure Firewall {firewalls[self.address]}" if self.address in firewalls else "the appliance"
        return f"route {self.name} of {self.table} leads to {named} at {self.address}"


@dataclass(frozen=True, slots=True)
class Surroundings:
    """`interface` and `subnet` are the groups as they are, `planned` both as the plan leaves them."""

    address: str
    application_groups: tuple[str, ...]
    interface: SecurityGroup | None
    subnet: SecurityGroup | None
    planned: tuple[SecurityGroup | None, SecurityGroup | None]
    space: NetworkSpace
    routes: tuple[Route, ...]
    network_id: str


@dataclass
class Network:
    """Networks of a survey, each thing read and understood once, whatever the number of VMs behind it."""

    survey: Survey
    plan: Plan
    questions: Questions
    _known: dict[tuple[str, str], object] = field(default_factory=dict)
    _asked: set[str] = field(default_factory=set)

    def around(self, machine: Wire) -> Surroundings:
        """Raises `NotFound` and `NotSeen`, and `Unreadable` for what can't be read."""
        nic_id = _first([dig_object(each) for each in _interfaces(machine)], "the VM names no network interface")
        nic = self._body(dig_text(nic_id, "id"))
        entries = [dig_object(each, "properties") for each in dig_list(nic, "properties", "ipConfigurations")]
        own = _first(entries, f"{dig_text(nic, 'name')} has no address")
        subnet_id = dig_text(own, "subnet", "id")
        subnet, space, routes = self._once("subnet", subnet_id, self._subnet)
        groups = dig_text(nic, "properties", "networkSecurityGroup", "id"), subnet
        now = [self._group(each, planned=False) for each in groups]
        after = [self._group(each, planned=True) for each in groups]
        return Surroundings(
            address=dig_text(own, "privateIPAddress") or "VirtualNetwork",
            application_groups=tuple(dig_text(each, "id") for each in dig_list(own, "applicationSecurityGroups")),
            interface=now[0],
            subnet=now[1],
            planned=(after[0], after[1]),
            space=space,
            routes=routes,
            network_id=subnet_id.rpartition("/subnets/")[0],
        )

    def has_old_agent(self, addresses: Iterable[str]) -> bool:
        """Whether the plan finds the agent at one of these addresses too old: such an agent needs storage (backup-rules D.1)."""
        return not self._old_agents.isdisjoint(address.lower() for address in addresses)

    def firewalls(self, subscription: str) -> Mapping[str, str]:
        """Names of Azure Firewalls by their private addresses."""
        return self._once("firewalls", subscription, self._firewalls)

    def _firewalls(self, subscription: str) -> dict[str, str]:
        return {
            dig_text(entry, "properties", "privateIPAddress"): dig_text(firewall, "name")
            for firewall in self.survey.resources(subscription, FIREWALL_TYPE)
            for entry in dig_list(firewall, "properties", "ipConfigurations")
        }

    def _subnet(self, subnet_id: str) -> tuple[str, NetworkSpace, tuple[Route, ...]]:
        """The id of the subnet's group, the space around it, its routes."""
        network = self._body(subnet_id.rpartition("/subnets/")[0])
        found = (each for each in dig_list(network, "properties", "subnets") if _is(each, subnet_id))
        properties = _first([dig_object(each, "properties") for each in found], f"there is no {subnet_id}")
        table_id = dig_text(properties, "routeTable", "id")
        table = self._body(table_id) if table_id else {}
        peers = [
            dig_list(peering, "properties", key, "addressPrefixes")
            for peering in dig_list(network, "properties", "virtualNetworkPeerings")
            if _connects(peering)
            for key in ("remoteAddressSpace", "remoteVirtualNetworkAddressSpace")
        ]
        known = [dig_list(network, "properties", "addressSpace", "addressPrefixes"), *peers]
        prefixes = [str(prefix) for each in known for prefix in each]
        prefixes += [dig_text(each, "properties", "addressPrefix") for each in dig_list(table, "properties", "routes")]
        group = dig_text(properties, "networkSecurityGroup", "id")
        return group, NetworkSpace.of(filter(None, prefixes)), tuple(_routes(table))

    def _group(self, group_id: str, *, planned: bool) -> SecurityGroup | None:
        if not group_id:
            return None
        group = self._once("group", group_id, lambda key: security_group(self._body(key)))
        return self._once("planned", group_id, lambda key: self._planned.after(group)) if planned else group

    @property
    def _old_agents(self) -> frozenset[str]:
        told = (each for each in self.plan.findings if each.code == "P223")
        return self._once("agents", "", lambda _: frozenset(each.address.lower() for each in told))

    @property
    def _planned(self) -> Planned:
        return self._once("plan", "", lambda _: planned_rules(self.plan))

    def _body(self, resource_id: str) -> Wire:
        """From the list of its type: asking for single ones would cost a request for each VM."""
        parts = resource_id.split("/")
        if len(parts) != _PARTS_OF_ID:
            raise NotFound(f"{resource_id or 'a network resource without an id'} is no network resource")
        listed = self._once("list", f"{parts[2]} {parts[6]}/{parts[7]}", self._list)
        body = listed.get(resource_id.lower())
        if body is None:
            raise NotSeen(resource_id)
        return body

    def told(self, resource_id: str) -> str:
        """What Azure says of a resource that its list lacks: that it does not exist, or "" when that is not known.

        A list leaves out what the identity may not see. Raises `Unreadable` when that is said.
        """
        if resource_id.lower() not in self._asked and not self.questions.take():
            return ""
        self._asked.add(resource_id.lower())
        return "" if self.survey.resource(resource_id) else f"{resource_id} does not exist"

    def _list(self, key: str) -> Mapping[str, Wire]:
        subscription, resource_type = key.split(" ")
        return {dig_text(body, "id").lower(): body for body in self.survey.resources(subscription, resource_type)}

    def _once(self, what: str, key: str, make: Callable[[str], Value]) -> Value:
        place_of = what, key.lower()
        if place_of not in self._known:
            self._known[place_of] = make(key)
        return cast(Value, self._known[place_of])


def _routes(table: Wire) -> Iterator[Route]:
    for each in dig_list(table, "properties", "routes"):
        yield Route(
            name=dig_text(each, "name"),
            table=dig_text(table, "name"),
            to=place(dig_text(each, "properties", "addressPrefix")),
            next_hop=dig_text(each, "properties", "nextHopType"),
            address=dig_text(each, "properties", "nextHopIpAddress"),
        )


def route_to(routes: Iterable[Route], target: Span | ServiceTag) -> Route | None:
    """The most exact of a table's own routes that leads to an address or to the addresses of a tag; None leaves it to Azure.

    A route to the tag of a service is more exact than one to everything, for the tag stands for its prefixes (backup-rules D.3).
    """
    fitting = [route for route in routes if _leads(route, target)]
    return min(fitting, key=lambda route: _width(route.to), default=None)


def _leads(route: Route, target: Span | ServiceTag) -> bool:
    if isinstance(route.to, Span):
        everything = route.to.first == IPV4.first and route.to.last >= IPV4.last
        inside = isinstance(target, Span) and route.to.first <= target.first and target.last <= route.to.last
        return everything or inside
    if isinstance(target, Span):
        return False
    pairs = zip(route.to.scope, target.scope, strict=True)
    return all(wide is None or wide == narrow for wide, narrow in pairs)


def _width(to: Span | ServiceTag) -> int:
    return 1 if isinstance(to, ServiceTag) else to.last - to.first + 1


def _interfaces(machine: Wire) -> list[object]:
    """Those of the VM, the primary one first: the only one that has a default route of its own."""
    found = dig_list(machine, "properties", "networkProfile", "networkInterfaces")
    return sorted(found, key=lambda each: dig(each, "properties", "primary") is not True)


def _first(values: list[Wire], otherwise: str) -> Wire:
    primary = [each for each in values if each.get("primary") is True]
    if not values:
        raise NotFound(otherwise)
    return (primary or values)[0]


def _connects(peering: object) -> bool:
    """Whether the tag VirtualNetwork holds the other network, too (service-tags-overview)."""
    state = dig_text(peering, "properties", "peeringState").lower()
    return state in ("", "connected") and dig(peering, "properties", "allowVirtualNetworkAccess") is not False


def _is(body: object, resource_id: str) -> bool:
    return dig_text(body, "id").lower() == resource_id.lower()
