"""Subnets, and the addresses that network interfaces get in them."""

import ipaddress
from collections.abc import Mapping
from itertools import islice
from typing import Any

from reconciler.sandbox.wire import Refusal
from reconciler.sandbox.world import Row, World

_RESERVED = 4  # the first addresses of a subnet are Azure's own


def complete_subnet(world: World, id: str, sent: Mapping[str, Any]) -> dict[str, Any]:
    """Raises:
    Refusal: 400, it has no prefix that is one.
    """
    prefixes = _prefixes(sent)
    try:
        networks = [ipaddress.ip_network(prefix) for prefix in prefixes]
    except ValueError:
        networks = []
    if not networks:
        said = f"The address prefix {prefixes} of {id} is not a valid IP prefix."
        raise Refusal(400, "InvalidAddressPrefixFormat", said)
    given = "addressPrefixes" if sent.get("addressPrefixes") else "addressPrefix"
    kept = {name: sent[name] for name in ("networkSecurityGroup", "routeTable", "natGateway") if sent.get(name)}
    return {
        given: sent[given],
        **kept,
        **({"serviceEndpoints": sent["serviceEndpoints"]} if sent.get("serviceEndpoints") is not None else {}),
        "delegations": sent.get("delegations") or [],
        "privateEndpointNetworkPolicies": sent.get("privateEndpointNetworkPolicies", "Disabled"),
        "privateLinkServiceNetworkPolicies": sent.get("privateLinkServiceNetworkPolicies", "Enabled"),
        **({"defaultOutboundAccess": sent["defaultOutboundAccess"]} if "defaultOutboundAccess" in sent else {}),
    }


def refuse_misplaced_subnets(network: Mapping[str, Any]) -> None:
    """Raises:
    Refusal: 400, a subnet lies outside its network, or over another.
    """
    spaces = [ipaddress.ip_network(prefix, strict=False) for prefix in network["addressSpace"]["addressPrefixes"]]
    taken: list[ipaddress.IPv4Network | ipaddress.IPv6Network] = []
    for subnet in network["subnets"]:
        place = f"Subnet '{subnet['name']}' is not valid"
        within = f"in virtual network '{subnet['id'].split('/')[8]}'."
        for prefix in _prefixes(subnet["properties"]):
            own = ipaddress.ip_network(prefix)
            if not any(space.version == own.version and own.subnet_of(space) for space in spaces):  # type: ignore[arg-type]
                raise Refusal(400, "NetcfgInvalidSubnet", f"{place} {within}")
            if any(own.overlaps(other) for other in taken):
                said = f"{place} because its IP address range overlaps with that of an existing subnet {within}"
                raise Refusal(400, "NetcfgSubnetRangesOverlap", said)
            taken.append(own)


def refuse_subnet_in_use(world: World, row: Row, subnet: Mapping[str, Any]) -> None:
    """Raises:
    Refusal: 400, a network interface is in it.
    """
    for nic in interfaces_in(world, subnet["id"].lower()):
        user = nic.body["properties"]["ipConfigurations"][0]["id"]
        said = (
            f"Subnet {subnet['name']} is in use by {user} and cannot be deleted. In order to delete the subnet, delete all "
            "the resources within the subnet. See aka.ms/deletesubnet."
        )
        raise Refusal(400, "InUseSubnetCannotBeDeleted", said)


def _prefixes(properties: Mapping[str, Any]) -> list[str]:
    return list(properties.get("addressPrefixes") or filter(None, [properties.get("addressPrefix")]))


def interfaces_in(world: World, subnet_key: str) -> list[Row]:
    """The network interfaces of a subnet: they are filed under it."""
    return world.listed(subject=subnet_key)


def complete_ip_configuration(world: World, id: str, sent: Mapping[str, Any], *, primary: bool) -> dict[str, Any]:
    """An address that stays: the one asked for, the one it has, or the next free one of the subnet."""
    method = sent.get("privateIPAllocationMethod", "Dynamic")
    names = ("publicIPAddress", "applicationSecurityGroups")
    return {
        "privateIPAddress": sent.get("privateIPAddress") or _address(world, id, sent["subnet"]["id"].lower()),
        "privateIPAllocationMethod": method,
        **{name: sent[name] for name in names if sent.get(name)},
        "subnet": {"id": sent["subnet"]["id"]},
        "primary": bool(sent.get("primary", primary)),
        "privateIPAddressVersion": sent.get("privateIPAddressVersion", "IPv4"),
    }


def _address(world: World, id: str, subnet_key: str) -> str:
    taken = set()
    for nic in interfaces_in(world, subnet_key):
        for configuration in nic.body["properties"]["ipConfigurations"]:
            if configuration["id"].lower() == id.lower():
                return str(configuration["properties"]["privateIPAddress"])
            taken.add(configuration["properties"]["privateIPAddress"])
    network_key, _, name = subnet_key.rpartition("/subnets/")
    network = world.get(network_key)
    subnets = network.body["properties"]["subnets"] if network else []
    for subnet in subnets:
        if subnet["name"].lower() == name:
            properties = subnet["properties"]
            prefix = properties.get("addressPrefix") or properties["addressPrefixes"][0]
            for address in islice(ipaddress.ip_network(prefix).hosts(), _RESERVED - 1, None):
                if str(address) not in taken:
                    return str(address)
    raise Refusal(400, "SubnetIsFull", f"Subnet {subnet_key} does not have enough capacity.")
