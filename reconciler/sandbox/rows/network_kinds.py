"""Microsoft.Network as a table of kinds: what each makes of the properties that were sent (wire-facts 8)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from reconciler.sandbox.rows.network_forms import in_order
from reconciler.sandbox.rows.nsg_rules import complete_rule, default_rules, refuse_conflicts
from reconciler.sandbox.rows.peerings import complete_peering, peering_removed, refuse_second_peering
from reconciler.sandbox.rows.subnets import (
    complete_ip_configuration,
    complete_subnet,
    refuse_misplaced_subnets,
    refuse_subnet_in_use,
)
from reconciler.sandbox.wire import Refusal
from reconciler.sandbox.world import Row, World, guid_of

Properties = dict[str, Any]
Complete = Callable[[World, str, Mapping[str, Any]], Properties]
"""From the world, the resource's id and the properties that were sent to those that are kept."""


@dataclass(frozen=True, slots=True)
class Child:
    """A collection that lives inside its parent's body and has paths of its own, such as the rules of an NSG.

    `names` are the properties of an entry that name another resource, `removed` is told of an entry that goes.
    """

    segment: str
    complete: Complete
    check: Callable[[list[dict[str, Any]]], None] = lambda entries: None
    names: tuple[str, ...] = ()
    removed: Callable[[World, Row, dict[str, Any]], None] = lambda world, row, entry: None


@dataclass(frozen=True, slots=True)
class Kind:
    """One resource type. `back` are the properties that name what refers to it, which are found at every read.

    `judge` refuses a resource that clients would leave so (what an estate says is taken as it is).
    `at_once` are the statuses of a PUT whose answer shows the resource as it will stay, `last` the keys of the body
    that come after its properties.
    """

    segment: str
    complete: Complete
    children: tuple[Child, ...] = ()
    back: Callable[[World, Row], Properties] = lambda world, row: {}
    judge: Callable[[Properties], None] = lambda properties: None
    at_once: tuple[int, ...] = ()
    last: tuple[str, ...] = ("extendedLocation", "identity")

    @property
    def type(self) -> str:
        return f"Microsoft.Network/{self.segment}"


def must_exist(world: World, owner: str, reference: Any) -> None:
    """Raises:
    Refusal: a resource names another one that is not there.
    """
    wanted = reference.get("id", "") if isinstance(reference, Mapping) else ""
    key = wanted.lower()
    parent, _, name = key.rpartition("/subnets/")
    found = world.get(parent) if parent else world.get(key)
    subnets = found.body["properties"].get("subnets", []) if found and parent else []
    if found is None or (parent and all(subnet["name"].lower() != name for subnet in subnets)):
        said = (
            f"Resource {wanted} referenced by resource {owner} was not found. Please make sure that the referenced "
            "resource exists, and that both resources are in the same region."
        )
        raise Refusal(400, "InvalidResourceReference", said)


def children(kind_type: str, parent_id: str, child: Child, sent: Any, world: World) -> list[dict[str, Any]]:
    """The entries of an embedded collection, each with the head that Azure gives it."""
    entries = []
    for entry in sent or []:
        id = f"{parent_id}/{child.segment}/{entry['name']}"
        properties = child.complete(world, id, entry.get("properties") or {})
        entries.append(child_body(entry["name"], id, f"{kind_type}/{child.segment}", properties))
    child.check(entries)
    return entries


def child_body(name: str, id: str, type: str, properties: Properties) -> dict[str, Any]:
    """Subnets and routes name their type last, the others before their properties."""
    kept = {"provisioningState": "Succeeded"} | properties
    head = {"name": name, "id": id, "etag": ""}
    if type.endswith(("/subnets", "/routes")):
        return head | {"properties": kept, "type": type}
    return head | {"type": type, "properties": kept}


def _security_group(world: World, id: str, sent: Mapping[str, Any]) -> Properties:
    return {
        "resourceGuid": guid_of(id.lower()),
        "securityRules": children(
            "Microsoft.Network/networkSecurityGroups", id, RULES, sent.get("securityRules"), world
        ),
        "defaultSecurityRules": default_rules(id),
    }


def _security_group_back(world: World, row: Row) -> Properties:
    nics = [{"id": nic.body["id"]} for nic in world.listed(link=row.key)]
    subscription = row.key.split("/")[2]
    subnets = [
        {"id": subnet["id"]}
        for network in world.listed(f"/subscriptions/{subscription}/providers/microsoft.network/virtualnetworks")
        for subnet in network.body["properties"]["subnets"]
        if refers(subnet["properties"].get("networkSecurityGroup"), row.key)
    ]
    return ({"networkInterfaces": nics} if nics else {}) | ({"subnets": subnets} if subnets else {})


def refers(reference: Any, key: str) -> bool:
    return isinstance(reference, Mapping) and str(reference.get("id", "")).lower() == key


def _virtual_network(world: World, id: str, sent: Mapping[str, Any]) -> Properties:
    return {
        "resourceGuid": guid_of(id.lower()),
        "addressSpace": sent.get("addressSpace") or {"addressPrefixes": ["10.0.0.0/16"]},
        "privateEndpointVNetPolicies": sent.get("privateEndpointVNetPolicies") or "Disabled",
        **({"dhcpOptions": sent["dhcpOptions"]} if sent.get("dhcpOptions") else {}),
        "subnets": children("Microsoft.Network/virtualNetworks", id, SUBNETS, sent.get("subnets"), world),
        "virtualNetworkPeerings": sent.get("virtualNetworkPeerings") or [],
        "enableDdosProtection": bool(sent.get("enableDdosProtection", False)),
    }


def _network_interface(world: World, id: str, sent: Mapping[str, Any]) -> Properties:
    """A new NIC gets the next free address of its subnet; the primary configuration comes first."""
    if sent.get("networkSecurityGroup"):
        must_exist(world, id, sent["networkSecurityGroup"])
    configurations = []
    for number, entry in enumerate(sent.get("ipConfigurations") or []):
        must_exist(world, id, (entry.get("properties") or {}).get("subnet"))
        own = f"{id}/ipConfigurations/{entry['name']}"
        properties = complete_ip_configuration(world, own, entry["properties"], primary=number == 0)
        configurations.append(
            child_body(entry["name"], own, "Microsoft.Network/networkInterfaces/ipConfigurations", properties)
        )
    if not configurations:
        raise Refusal(400, "NetworkInterfaceMustHaveIpConfigurations", f"{id} must have one or more IP configurations.")
    configurations.sort(key=lambda configuration: not configuration["properties"]["primary"])
    kept = {name: sent[name] for name in ("networkSecurityGroup",) if sent.get(name)}
    old = world.get(id)
    owner = (old.body["properties"].get("virtualMachine") if old else None) or sent.get("virtualMachine")
    network = configurations[0]["properties"]["subnet"]["id"].lower().rpartition("/subnets/")[0]
    domain = f"{guid_of(network).replace('-', '')[:26]}.ax.internal.cloudapp.net"
    dns = {"dnsServers": [], "appliedDnsServers": []} | (sent.get("dnsSettings") or {})
    properties = {
        "resourceGuid": guid_of(id.lower()),
        "ipConfigurations": configurations,
        "dnsSettings": dns | {"internalDomainNameSuffix": domain},
        "enableAcceleratedNetworking": bool(sent.get("enableAcceleratedNetworking", False)),
        "vnetEncryptionSupported": False,
        "enableIPForwarding": bool(sent.get("enableIPForwarding", False)),
        **kept,
        "hostedWorkloads": [],
        "tapConfigurations": [],
        "nicType": "Standard",
    }
    return attached(id, properties, owner["id"] if owner else None)


def attached(id: str, properties: Properties, vm_id: str | None) -> Properties:
    """An interface on a VM, or on none: only then it has a MAC address and is the primary one."""
    free = {name: each for name, each in properties.items() if name not in ("macAddress", "primary", "virtualMachine")}
    if vm_id is None:
        return free
    digits = guid_of(id.lower())[:6].upper()
    mac = f"00-0D-3A-{digits[:2]}-{digits[2:4]}-{digits[4:]}"
    return in_order("networkInterfaces", free | {"macAddress": mac, "primary": True, "virtualMachine": {"id": vm_id}})


def _public_address(world: World, id: str, sent: Mapping[str, Any]) -> Properties:
    """A static address comes when the resource is settled (`address`), and stays."""
    old = world.get(id)
    had = old.body["properties"].get("ipAddress") if old else None
    return {
        "resourceGuid": guid_of(id.lower()),
        **({"ipAddress": had} if had and sent.get("publicIPAllocationMethod") == "Static" else {}),
        "publicIPAddressVersion": sent.get("publicIPAddressVersion", "IPv4"),
        "publicIPAllocationMethod": sent.get("publicIPAllocationMethod", "Dynamic"),
        "idleTimeoutInMinutes": sent.get("idleTimeoutInMinutes", 4),
        **({"dnsSettings": sent["dnsSettings"]} if sent.get("dnsSettings") else {}),
        "ipTags": sent.get("ipTags") or [],
        "ddosSettings": sent.get("ddosSettings") or {"protectionMode": "VirtualNetworkInherited"},
    }


def address(row: Row) -> None:
    """Gives a public address its full name, and once it is settled and static the address itself."""
    properties = row.body["properties"]
    label = (properties.get("dnsSettings") or {}).get("domainNameLabel")
    if label:
        properties["dnsSettings"] |= {"fqdn": f"{label}.{row.body['location']}.cloudapp.azure.com"}
    settled = properties["provisioningState"] == "Succeeded"
    if settled and properties["publicIPAllocationMethod"] == "Static" and "ipAddress" not in properties:
        number = sum(guid_of(row.key).encode()) % 200 + 10
        properties["ipAddress"] = f"203.0.113.{number}"  # a block that is kept for documentation


def _public_address_back(world: World, row: Row) -> Properties:
    subscription = row.key.split("/")[2]
    for nic in world.listed(f"/subscriptions/{subscription}/providers/microsoft.network/networkinterfaces"):
        for configuration in nic.body["properties"]["ipConfigurations"]:
            if refers(configuration["properties"].get("publicIPAddress"), row.key):
                return {"ipConfiguration": {"id": configuration["id"]}}
    return {}


def _route_table(world: World, id: str, sent: Mapping[str, Any]) -> Properties:
    return {
        "resourceGuid": guid_of(id.lower()),
        "disableBgpRoutePropagation": bool(sent.get("disableBgpRoutePropagation", False)),
        "routes": children("Microsoft.Network/routeTables", id, ROUTE_ENTRIES, sent.get("routes"), world),
    }


def _route_table_back(world: World, row: Row) -> Properties:
    subscription = row.key.split("/")[2]
    subnets = [
        {"id": subnet["id"]}
        for network in world.listed(f"/subscriptions/{subscription}/providers/microsoft.network/virtualnetworks")
        for subnet in network.body["properties"]["subnets"]
        if refers(subnet["properties"].get("routeTable"), row.key)
    ]
    return {"subnets": subnets} if subnets else {}


def _route(world: World, id: str, sent: Mapping[str, Any]) -> Properties:
    names = ("addressPrefix", "nextHopType", "nextHopIpAddress")
    return {name: sent[name] for name in names if sent.get(name)} | {"hasBgpOverride": False}


def _application_group(world: World, id: str, sent: Mapping[str, Any]) -> Properties:
    return {}


RULES = Child("securityRules", complete_rule, refuse_conflicts)
SUBNETS = Child("subnets", complete_subnet, names=("networkSecurityGroup", "routeTable"), removed=refuse_subnet_in_use)
PEERINGS = Child(
    "virtualNetworkPeerings", complete_peering, refuse_second_peering, ("remoteVirtualNetwork",), peering_removed
)
ROUTE_ENTRIES = Child("routes", _route)
KINDS = (
    Kind("networkSecurityGroups", _security_group, (RULES,), _security_group_back),
    Kind("applicationSecurityGroups", _application_group, at_once=(200,)),
    Kind("virtualNetworks", _virtual_network, (SUBNETS, PEERINGS), judge=refuse_misplaced_subnets),
    Kind("networkInterfaces", _network_interface, at_once=(200, 201), last=("type", "kind")),
    Kind("publicIPAddresses", _public_address, back=_public_address_back, last=("type", "sku")),
    Kind("routeTables", _route_table, (ROUTE_ENTRIES,), _route_table_back),
)
