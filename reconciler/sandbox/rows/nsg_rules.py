"""Rules of network security groups: the six that every group has, and what is made of one that was sent."""

from collections.abc import Mapping
from typing import Any

from reconciler.sandbox.wire import Refusal
from reconciler.sandbox.world import World

_TYPE = "Microsoft.Network/networkSecurityGroups/defaultSecurityRules"
_PAIRS = (
    ("sourcePortRange", "sourcePortRanges"),
    ("destinationPortRange", "destinationPortRanges"),
    ("sourceAddressPrefix", "sourceAddressPrefixes"),
    ("destinationAddressPrefix", "destinationAddressPrefixes"),
)
_GROUPS = (
    ("sourceAddressPrefix", "sourceApplicationSecurityGroups"),
    ("destinationAddressPrefix", "destinationApplicationSecurityGroups"),
)
_PROTOCOLS = ("*", "tcp", "udp", "icmp", "esp", "ah")
_DEFAULTS = (
    ("AllowVnetInBound", "Allow inbound traffic from all VMs in VNET", "VirtualNetwork", "VirtualNetwork", 65000),
    (
        "AllowAzureLoadBalancerInBound",
        "Allow inbound traffic from azure load balancer",
        "AzureLoadBalancer",
        "*",
        65001,
    ),
    ("DenyAllInBound", "Deny all inbound traffic", "*", "*", 65500),
    (
        "AllowVnetOutBound",
        "Allow outbound traffic from all VMs to all VMs in VNET",
        "VirtualNetwork",
        "VirtualNetwork",
        65000,
    ),
    ("AllowInternetOutBound", "Allow outbound traffic from all VMs to Internet", "*", "Internet", 65001),
    ("DenyAllOutBound", "Deny all outbound traffic", "*", "*", 65500),
)


def default_rules(nsg_id: str) -> list[dict[str, Any]]:
    """Always these six, in this order (nsg-list-2020)."""
    return [_default(nsg_id, *entry) for entry in _DEFAULTS]


def _default(nsg_id: str, name: str, description: str, source: str, destination: str, priority: int) -> dict[str, Any]:
    return {
        "name": name,
        "id": f"{nsg_id}/defaultSecurityRules/{name}",
        "etag": "",
        "type": _TYPE,
        "properties": {
            "provisioningState": "Succeeded",
            "description": description,
            "protocol": "*",
            "sourcePortRange": "*",
            "destinationPortRange": "*",
            "sourceAddressPrefix": source,
            "destinationAddressPrefix": destination,
            "access": "Allow" if name.startswith("Allow") else "Deny",
            "priority": priority,
            "direction": "Inbound" if name.endswith("InBound") else "Outbound",
            **{plural: [] for _, plural in _PAIRS},
        },
    }


def complete_rule(world: World, id: str, sent: Mapping[str, Any]) -> dict[str, Any]:
    """The four plural lists are always there; a singular is absent when its plural was used (nsgrule-put-201-2021).

    Prefixes are not judged: the service took "789" there.

    Raises:
        Refusal: 400, a value is missing or out of its range.
    """
    name = id.rsplit("/", 1)[1]
    priority, protocol = sent.get("priority"), sent.get("protocol")
    if not isinstance(priority, int) or not 100 <= priority <= 4096:
        said = f"Security rule has invalid Priority. Value provided: {priority} Allowed range 100-4096."
        raise Refusal(400, "SecurityRuleInvalidPriority", said)
    if str(protocol).lower() not in _PROTOCOLS:
        raise _missing(name, "Protocol", protocol)
    for value, allowed in (("access", ("Allow", "Deny")), ("direction", ("Inbound", "Outbound"))):
        if sent.get(value) not in allowed:
            raise _missing(name, value.capitalize(), sent.get(value))
    kept: dict[str, Any] = {"description": sent["description"]} if sent.get("description") else {}
    kept["protocol"] = protocol
    groups = {prefix: sent.get(group) for prefix, group in _GROUPS}
    for singular, plural in _PAIRS:
        if not sent.get(plural) and not groups.get(singular):
            if not sent.get(singular):
                raise _missing(name, singular[0].upper() + singular[1:], None)
            kept[singular] = str(sent[singular])
    for singular, plural in _PAIRS[:2]:
        for value in [*(sent.get(plural) or []), *([kept[singular]] if singular in kept else [])]:
            if not _is_port_range(str(value)):
                said = (
                    f"Security rule has invalid Port range. Value provided: {value}. Value should be an integer OR integer "
                    "range with '-' delimiter. Valid range 0-65535."
                )
                raise Refusal(400, "SecurityRuleInvalidPortRange", said)
    kept |= {"access": sent["access"], "priority": priority, "direction": sent["direction"]}
    kept |= {plural: sent.get(plural) or [] for _, plural in _PAIRS}
    return kept | {group: sent[group] for _, group in _GROUPS if sent.get(group)}


def _is_port_range(value: str) -> bool:
    first, dash, last = value.partition("-")
    ends = [first, last] if dash else [first]
    return value == "*" or (
        all(end.isdecimal() and int(end) <= 65535 for end in ends) and int(ends[0]) <= int(ends[-1])
    )


def _missing(name: str, field: str, value: Any) -> Refusal:
    said = f"Security rule {name} has invalid {field}. Value provided: {value}"
    return Refusal(400, f"SecurityRuleInvalid{field}", said)


def refuse_conflicts(rules: list[dict[str, Any]]) -> None:
    """Raises:
    Refusal: 400, two rules of one direction have the same priority.
    """
    seen: dict[tuple[str, int], str] = {}
    for rule in rules:
        place = (rule["properties"]["direction"], rule["properties"]["priority"])
        if place in seen:
            said = (
                f"Security rule {rule['name']} conflicts with rule {seen[place]}. "
                "Rules cannot have the same Priority and Direction."
            )
            raise Refusal(400, "SecurityRuleConflict", said)
        seen[place] = rule["name"]
