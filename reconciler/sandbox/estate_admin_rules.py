"""Security admin rules of estate files, as network managers bring them to a virtual network."""

from typing import Any

from reconciler.sandbox.marked import Section
from reconciler.sandbox.rows.admin_rules import govern
from reconciler.sandbox.world import World

_KEYS = (
    "priority", "direction", "access", "protocol", "from", "to", "ports", "description", "manager", "collection",
)  # fmt: skip
_PROTOCOLS = {"any": "Any", "tcp": "Tcp", "udp": "Udp", "icmp": "Icmp", "esp": "Esp", "ah": "Ah"}
_ACCESS = {"allow": "Allow", "alwaysAllow": "AlwaysAllow", "deny": "Deny"}
_MANAGERS = "resourceGroups/rg-network-manager/providers/Microsoft.Network/networkManagers"
_GROUP = "networkGroup/"


def place_admin_rules(world: World, network_id: str, location: str, network: Section) -> None:
    """Stores the rules under `adminRules`; without that key nobody governs the network."""
    subscription = network_id.split("/")[2]
    rules = [_rule(subscription, name, rule) for name, rule in network.named("adminRules", _KEYS)]
    if rules:
        govern(world, network_id, location, rules)


def _rule(subscription: str, name: str, rule: Section) -> dict[str, Any]:
    manager = f"/subscriptions/{subscription}/{_MANAGERS}/{rule.text('manager', 'avnm')}"
    configuration, _, collection = rule.text("collection", "security/rules").partition("/")
    group = f"{manager}/networkGroups/governed"
    ends = {
        "sources": _places(manager, rule, "from"),
        "destinations": _places(manager, rule, "to"),
        "sourcePortRanges": ["0-65535"],
        "destinationPortRanges": [str(port) for port in _values(rule, "ports", "0-65535")],
    }
    return {
        "id": f"{manager}/securityAdminConfigurations/{configuration}/ruleCollections/{collection or 'rules'}/rules/{name}",
        "configurationDescription": "",
        "ruleCollectionDescription": "",
        "ruleCollectionAppliesToGroups": [{"networkGroupId": group}],
        "ruleGroups": [{"id": group, "properties": {"provisioningState": "Succeeded"}}],
        "kind": "Custom",
        "properties": {
            "description": rule.value.get("description") or "",
            "protocol": rule.choice("protocol", _PROTOCOLS, "Any"),
            **ends,
            "access": rule.choice("access", _ACCESS, "Deny"),
            "priority": _priority(rule),
            "direction": rule.choice("direction", {"inbound": "Inbound", "outbound": "Outbound"}, "Outbound"),
            "provisioningState": "Succeeded",
        },
    }


def _priority(rule: Section) -> int:
    priority = rule.number("priority", None)
    if priority is None or not 1 <= priority <= 4096:
        rule.refuse(("priority",), f"priority {priority}", "admin rules have 1 to 4096", "write priority: 10")
    return priority


def _places(manager: str, rule: Section, key: str) -> list[dict[str, str]]:
    found = []
    for value in map(str, _values(rule, key, "*")):
        if value.startswith(_GROUP):
            group = f"{manager}/networkGroups/{value.removeprefix(_GROUP)}"
            found.append({"addressPrefixType": "NetworkGroup", "addressPrefix": group})
        else:
            kind = "IPPrefix" if value == "*" or value[0].isdigit() or ":" in value else "ServiceTag"
            found.append({"addressPrefixType": kind, "addressPrefix": value})
    return found


def _values(rule: Section, key: str, default: str) -> list[Any]:
    value = rule.value.get(key, default)
    return value if isinstance(value, list) else [value]
