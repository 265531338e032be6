"""Networks of estate files: what lies in a group, what locks it, and where a VM is plugged in."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from reconciler.sandbox.estate_admin_rules import place_admin_rules
from reconciler.sandbox.marked import Section
from reconciler.sandbox.rows import firewalls, locks, network
from reconciler.sandbox.wire import Refusal
from reconciler.sandbox.world import Row, World

_RULE_KEYS = ("priority", "direction", "access", "protocol", "from", "to", "fromPorts", "ports", "description")
NETWORK_KEYS = (  # what is named comes before what names it
    "applicationSecurityGroups", "publicIPAddresses", "networkSecurityGroups", "routeTables", "virtualNetworks",
    "firewallPolicies", "azureFirewalls",
)  # fmt: skip
PLUG_KEYS = ("subnet", "address", "nsg", "asgs", "publicIPAddress")
_PROTOCOLS = {"any": "*", "tcp": "Tcp", "udp": "Udp", "icmp": "Icmp"}
_HOPS = {"internet": "Internet", "none": "None", "gateway": "VirtualNetworkGateway", "network": "VnetLocal"}
_COLLECTIONS = ("applicationRuleCollections", "networkRuleCollections", "natRuleCollections")

Group = tuple[str, Section, str]
"""The name of a resource group, what the estate says of it, and its region."""


def place_networks(world: World, subscription: str, groups: Iterable[Group]) -> None:
    """Stores what VMs are plugged into. A resource may name those of any group: what is named is made first."""
    placed = list(groups)
    for kind in NETWORK_KEYS:
        for name, group, region in placed:
            root = f"/subscriptions/{subscription}/resourceGroups/{name}"
            for own, section in group.named(kind, _KEYS[kind]):
                place = section.text("location", region)
                id = f"{root}/providers/Microsoft.Network/{kind}/{own}"
                _make(world, id, {"location": place, "properties": _BODIES[kind](world, root, section)}, section)
                place_locks(world, id, section)
                if kind == "virtualNetworks":
                    place_admin_rules(world, id, place, section)
                for child, inner in section.named(*_GROUPS) if kind == "firewallPolicies" else ():
                    nested = {"location": place, "properties": dict(inner.value)}
                    _make(world, f"{id}/{_GROUPS[0]}/{child}", nested, inner)
    for name, group, _ in placed:
        for own, section in group.named("virtualNetworks", _KEYS["virtualNetworks"]):
            root = f"/subscriptions/{subscription}/resourceGroups/{name}"
            row = _there(world, f"{root}/providers/Microsoft.Network/virtualNetworks/{own}")
            row.body["properties"]["virtualNetworkPeerings"] = list(_peerings(world, root, row, section))
            network.stored(world, row)


def place_locks(world: World, key: str, section: Section) -> None:
    """The locks that a group or a resource of an estate has."""
    for name, lock in section.named("locks", ("level", "notes")):
        level = lock.choice("level", {each: each for each in locks.LEVELS}, "CanNotDelete")
        locks.create(world, _there(world, key), name, {"level": level, "notes": lock.value.get("notes")})


def _peerings(world: World, root: str, row: Row, section: Section) -> Iterator[dict[str, Any]]:
    """One side of each: the other network has its own, or none. Both are there by now, so they may name each other."""
    states = {each.lower(): each for each in ("Connected", "Initiated", "Disconnected")}
    for name, peering in section.named("peerings", ("to", "state", "access", "forwarded")):
        peering.text("to")
        remote = _there(world, _reference(world, root, peering, "to", "virtualNetwork")["virtualNetwork"]["id"])
        properties = {
            "remoteVirtualNetwork": {"id": remote.body["id"]},
            "remoteAddressSpace": remote.body["properties"]["addressSpace"],
            "peeringState": peering.choice("state", states, "Connected"),
            "allowVirtualNetworkAccess": "access" not in peering.value or peering.flag("access"),
            "allowForwardedTraffic": peering.flag("forwarded"),
        }
        yield network.peering(row.body["id"], name, properties)


def _there(world: World, key: str) -> Row:
    """What the estate has just made."""
    row = world.get(key)
    if row is None:
        raise KeyError(key)
    return row


def plug_in(world: World, vm_id: str, location: str, vm: Section) -> None:
    """Gives a VM the network interface that its body names; without a `subnet` it lies in a network that is made for it."""
    root = vm_id.split("/providers/")[0]
    if "subnet" in vm.value:
        subnet = _subnet(root, vm)
    else:
        for key in PLUG_KEYS:
            if key in vm.value:
                said = f"{key} without subnet"
                vm.refuse((key,), said, "an interface lies in a subnet", "write subnet: GROUP/NETWORK/SUBNET")
        if vm.list("nics"):
            return
        subnet = _default_subnet(world, root, location, vm)
    address = vm.value.get("address")
    placed = {"privateIPAddress": vm.text("address"), "privateIPAllocationMethod": "Static"} if address else {}
    configuration = {
        "subnet": {"id": subnet},
        **placed,
        **_reference(world, root, vm, "publicIPAddress", "publicIPAddress"),
        "applicationSecurityGroups": [_named(world, root, vm, "asgs", each, _ASG) for each in vm.list("asgs")],
    }
    properties = {
        "ipConfigurations": [{"name": "ipconfig1", "properties": configuration}],
        "virtualMachine": {"id": vm_id},
        **_reference(world, root, vm, "nsg", "networkSecurityGroup"),
    }
    id = f"{root}/providers/Microsoft.Network/networkInterfaces/{vm_id.rsplit('/', 1)[1]}-nic"
    _make(world, id, {"location": location, "properties": properties}, vm)


def _default_subnet(world: World, root: str, location: str, vm: Section) -> str:
    """Of a network without any rules, one for each group and region: Azure has no VM without an interface."""
    id = f"{root}/providers/Microsoft.Network/virtualNetworks/vnet-default-{location}"
    if not world.has(id):
        subnets = [{"name": "default", "properties": {"addressPrefix": "10.0.0.0/16"}}]
        space = {"addressPrefixes": ["10.0.0.0/16"]}
        _make(world, id, {"location": location, "properties": {"addressSpace": space, "subnets": subnets}}, vm)
    return f"{id}/subnets/default"


def _make(world: World, id: str, body: Mapping[str, Any], section: Section) -> None:
    make = firewalls.create if "firewall" in id.lower().split("/providers/")[1].split("/")[1] else network.create
    try:
        make(world, id, body)
    except Refusal as refusal:
        section.refuse(
            (), f"Azure would refuse it: {refusal}", "estates hold what Azure would take", "correct the value"
        )


def _security_group(world: World, root: str, section: Section) -> dict[str, Any]:
    rules = [
        {"name": name, "properties": _rule(world, root, rule)} for name, rule in section.named("rules", _RULE_KEYS)
    ]
    return {"securityRules": rules}


def _rule(world: World, root: str, rule: Section) -> dict[str, Any]:
    sides = (
        ("from", "sourceAddressPrefix", "es"),
        ("to", "destinationAddressPrefix", "es"),
        ("fromPorts", "sourcePortRange", "s"),
        ("ports", "destinationPortRange", "s"),
    )
    ends: dict[str, Any] = {}
    for key, singular, plural in sides:
        value = rule.value.get(key, "*")
        texts = [str(one) for one in value] if isinstance(value, list) else [str(value)]
        if texts[0].startswith(_ASG_MARK):
            names = [text.removeprefix(_ASG_MARK) for text in texts]
            groups = [_named(world, root, rule, key, name, _ASG) for name in names]
            ends[singular.replace("AddressPrefix", "ApplicationSecurityGroups")] = groups
        else:
            ends |= {singular + plural: texts} if isinstance(value, list) else {singular: texts[0]}
    return ends | {
        "priority": rule.number("priority", None),
        "direction": rule.choice("direction", {"inbound": "Inbound", "outbound": "Outbound"}, "Outbound"),
        "access": rule.choice("access", {"allow": "Allow", "deny": "Deny"}, "Allow"),
        "protocol": rule.choice("protocol", _PROTOCOLS, "*"),
        "description": rule.value.get("description"),
    }


def _route_table(world: World, root: str, section: Section) -> dict[str, Any]:
    def hop(route: Section) -> dict[str, str]:
        via = route.text("via")
        if via.lower() in _HOPS:
            return {"nextHopType": _HOPS[via.lower()]}
        return {"nextHopType": "VirtualAppliance", "nextHopIpAddress": via}

    routes = section.named("routes", ("to", "via"))
    found = [{"name": name, "properties": {"addressPrefix": each.text("to")} | hop(each)} for name, each in routes]
    return {"routes": found}


def _virtual_network(world: World, root: str, section: Section) -> dict[str, Any]:
    subnets = []
    for name, subnet in section.named("subnets", ("prefix", "nsg", "routeTable")):
        references = _reference(world, root, subnet, "nsg", "networkSecurityGroup") | _reference(
            world, root, subnet, "routeTable", "routeTable"
        )
        subnets.append({"name": name, "properties": {"addressPrefix": subnet.text("prefix")} | references})
    addresses = [str(prefix) for prefix in section.list("addresses")] or ["10.0.0.0/16"]
    return {"addressSpace": {"addressPrefixes": addresses}, "subnets": subnets}


def _application_group(world: World, root: str, section: Section) -> dict[str, Any]:
    return {}


def _public_address(world: World, root: str, section: Section) -> dict[str, Any]:
    method = section.choice("allocation", {"static": "Static", "dynamic": "Dynamic"}, "Static")
    return {"publicIPAllocationMethod": method}


def _firewall_policy(world: World, root: str, section: Section) -> dict[str, Any]:
    """A policy with a `base` inherits the rules of that one, which stands before it."""
    base = _reference(world, root, section, "base", "firewallPolicy")
    return {"sku": {"tier": section.text("tier", "Standard")}, "basePolicy": base.get("firewallPolicy")}


def _firewall(world: World, root: str, section: Section) -> dict[str, Any]:
    address = section.text("address", "10.0.255.4")
    return {
        "sku": {"name": "AZFW_VNet", "tier": section.text("tier", "Standard")},
        "ipConfigurations": [{"name": "ipconfig1", "properties": {"privateIPAddress": address}}],
        **_reference(world, root, section, "policy", "firewallPolicy"),
        **{key: section.list(key) for key in _COLLECTIONS},
    }


_ASG, _ASG_MARK = "applicationSecurityGroup", "asg:"


def _reference(world: World, root: str, section: Section, key: str, property: str) -> dict[str, Any]:
    """GROUP/NAME as the reference of a body, or nothing when the key is not written."""
    if key not in section.value:
        return {}
    return {property: _named(world, root, section, key, section.text(key), property)}


def _named(world: World, root: str, section: Section, key: str, text: object, property: str) -> dict[str, str]:
    group, slash, name = str(text).partition("/")
    types = {"firewallPolicy": "firewallPolicies", "publicIPAddress": "publicIPAddresses"}
    id = f"{root.rsplit('/', 1)[0]}/{group}/providers/Microsoft.Network/{types.get(property, f'{property}s')}/{name}"
    if not slash or not world.has(id):
        section.refuse((key,), f"{text} names no {property}", "it must be in the estate", "write GROUP/NAME")
    return {"id": id}


def _subnet(root: str, vm: Section) -> str:
    parts = vm.text("subnet").split("/")
    if len(parts) != 3:
        vm.refuse(
            ("subnet",),
            f"{vm.value['subnet']} names no subnet",
            "it must be in the estate",
            "write GROUP/NETWORK/SUBNET",
        )
    group, name, subnet = parts
    return f"{root.rsplit('/', 1)[0]}/{group}/providers/Microsoft.Network/virtualNetworks/{name}/subnets/{subnet}"


_GROUPS = ("ruleCollectionGroups", ("priority", "ruleCollections"))
_KEYS = {
    "applicationSecurityGroups": ("location", "locks"),
    "publicIPAddresses": ("location", "locks", "allocation"),
    "networkSecurityGroups": ("location", "locks", "rules"),
    "routeTables": ("location", "locks", "routes"),
    "virtualNetworks": ("location", "locks", "addresses", "subnets", "peerings", "adminRules"),
    "firewallPolicies": ("location", "locks", "tier", "base", _GROUPS[0]),
    "azureFirewalls": ("location", "locks", "tier", "address", "policy", *_COLLECTIONS),
}
_BODIES = {
    "applicationSecurityGroups": _application_group,
    "publicIPAddresses": _public_address,
    "networkSecurityGroups": _security_group,
    "routeTables": _route_table,
    "virtualNetworks": _virtual_network,
    "firewallPolicies": _firewall_policy,
    "azureFirewalls": _firewall,
}
