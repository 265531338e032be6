"""Microsoft.Network as a table of kinds: what each makes of the properties that were sent (wire-facts 8)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from reconciler.sandbox.rows.nsg_rules import complete_rule, default_rules, refuse_conflicts
from reconciler.sandbox.rows.subnets import complete_ip_configuration, complete_subnet
from reconciler.sandbox.wire import Refusal
from reconciler.sandbox.world import Row, World, guid_of

Properties = dict[str, Any]
Complete = Callable[[World, str, Mapping[str, Any]], Properties]
"""From the world, the resource's id and the properties that were sent to those that are kept."""


@dataclass(frozen=True, slots=True)
class Child:
    """A collection that lives inside its parent's body and has paths of its own, such as the rules of an NSG."""

    segment: str
    complete: Complete
    check: Callable[[list[dict[str, Any]]], None] = lambda entries: None


@dataclass(frozen=True, slots=True)
class Kind:
    """One resource type. `back` are the properties that name what refers to it, which are found at every read."""

    segment: str
    complete: Complete
    children: tuple[Child, ...] = ()
    back: Callable[[World, Row], Properties] = lambda world, row: {}

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
    kept = {"provisioningState": "Succeeded"} | properties
    return {"name": name, "id": id, "etag": "", "type": type, "properties": kept}


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
        **({"dhcpOptions": sent["dhcpOptions"]} if sent.get("dhcpOptions") else {}),
        "subnets": children("Microsoft.Network/virtualNetworks", id, SUBNETS, sent.get("subnets"), world),
        "virtualNetworkPeerings": sent.get("virtualNetworkPeerings") or [],
        "enableDdosProtection": bool(sent.get("enableDdosProtection", False)),
    }


def _network_interface(world: World, id: str, sent: Mapping[str, Any]) -> Properties:
    """A new NIC gets the next free address of its subnet."""
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
    kept = {name: sent[name] for name in ("networkSecurityGroup", "virtualMachine") if sent.get(name)}
    old = world.get(id)
    if old and old.body["properties"].get("virtualMachine"):
        kept["virtualMachine"] = old.body["properties"]["virtualMachine"]
    return {
        "resourceGuid": guid_of(id.lower()),
        "ipConfigurations": configurations,
        "dnsSettings": {"dnsServers": [], "appliedDnsServers": []} | (sent.get("dnsSettings") or {}),
        "enableAcceleratedNetworking": bool(sent.get("enableAcceleratedNetworking", False)),
        "vnetEncryptionSupported": False,
        "enableIPForwarding": bool(sent.get("enableIPForwarding", False)),
        **kept,
        **({"primary": True} if "virtualMachine" in kept else {}),
        "hostedWorkloads": [],
        "tapConfigurations": [],
        "nicType": "Standard",
    }


def _public_address(world: World, id: str, sent: Mapping[str, Any]) -> Properties:
    number = sum(guid_of(id.lower()).encode()) % 200 + 10
    fixed = sent.get("publicIPAllocationMethod", "Dynamic") == "Static"
    return {
        "resourceGuid": guid_of(id.lower()),
        **({"ipAddress": f"203.0.113.{number}"} if fixed else {}),  # a block that is kept for documentation
        "publicIPAddressVersion": sent.get("publicIPAddressVersion", "IPv4"),
        "publicIPAllocationMethod": sent.get("publicIPAllocationMethod", "Dynamic"),
        "idleTimeoutInMinutes": sent.get("idleTimeoutInMinutes", 4),
        **({"dnsSettings": sent["dnsSettings"]} if sent.get("dnsSettings") else {}),
        "ipTags": sent.get("ipTags") or [],
    }


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
    return {"resourceGuid": guid_of(id.lower())}


RULES = Child("securityRules", complete_rule, refuse_conflicts)
SUBNETS = Child("subnets", complete_subnet)
ROUTE_ENTRIES = Child("routes", _route)
KINDS = (
    Kind("networkSecurityGroups", _security_group, (RULES,), _security_group_back),
    Kind("applicationSecurityGroups", _application_group),
    Kind("virtualNetworks", _virtual_network, (SUBNETS,)),
    Kind("networkInterfaces", _network_interface),
    Kind("publicIPAddresses", _public_address),
    Kind("routeTables", _route_table, (ROUTE_ENTRIES,), _route_table_back),
)
