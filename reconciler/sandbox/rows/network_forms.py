"""How network resources are written down: the order of their keys, and what older api-versions leave out."""

from collections.abc import Mapping
from typing import Any

# The order in which the service writes the properties of an interface, a public address and a subnet.
ORDERS: dict[str, tuple[str, ...]] = {
    "networkInterfaces": (
        "provisioningState", "resourceGuid", "ipConfigurations", "dnsSettings", "macAddress",
        "enableAcceleratedNetworking", "vnetEncryptionSupported", "enableIPForwarding", "networkSecurityGroup",
        "primary", "virtualMachine", "hostedWorkloads", "tapConfigurations", "nicType",
    ),
    "publicIPAddresses": (
        "provisioningState", "resourceGuid", "ipAddress", "publicIPAddressVersion", "publicIPAllocationMethod",
        "idleTimeoutInMinutes", "dnsSettings", "ipTags", "ipConfiguration", "ddosSettings",
    ),
    "subnets": (
        "provisioningState", "addressPrefix", "addressPrefixes", "networkSecurityGroup", "routeTable", "natGateway",
        "ipConfigurations",
    ),
}  # fmt: skip

# Since when a property is there; with a value other than the default it is shown to older versions too.
_SINCE: dict[str, dict[str, tuple[str, Any]]] = {
    "virtualNetworks": {"privateEndpointVNetPolicies": ("2024", "Disabled")},
    "networkInterfaces": {
        "enableAcceleratedNetworking": ("2022", False),
        "vnetEncryptionSupported": ("2021", False),
        "hostedWorkloads": ("2019", []),
        "tapConfigurations": ("2019", []),
        "nicType": ("2020", "Standard"),
    },
    "publicIPAddresses": {"ddosSettings": ("2022", {"protectionMode": "VirtualNetworkInherited"})},
}


def in_order(segment: str, properties: Mapping[str, Any]) -> dict[str, Any]:
    """The properties in the service's order; what the order does not name comes last."""
    first = [name for name in ORDERS.get(segment, ()) if name in properties]
    return {name: properties[name] for name in (*first, *(name for name in properties if name not in first))}


def as_of(segment: str, properties: Mapping[str, Any], version: str) -> dict[str, Any]:
    """What an api-version shows of the properties, which are kept in their newest form."""
    since = _SINCE.get(segment, {})
    return {
        name: value
        for name, value in in_order(segment, properties).items()
        if name not in since or version >= since[name][0] or value != since[name][1]
    }
