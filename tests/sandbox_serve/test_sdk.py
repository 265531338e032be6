"""The real SDK clients against the network and compute rows: accepted codes, pollers that end, models that fit."""

from typing import Any

import pytest
from azure.mgmt.compute import ComputeManagementClient
from azure.mgmt.network import NetworkManagementClient

from reconciler.sandbox.transport import SandboxCredential, SandboxTransport
from reconciler.sandbox.world import DEFAULT_SUBSCRIPTION, World
from tests.sandbox_serve.asking import GROUP, NETWORK, Asker, rule

SUBNET = f"{NETWORK}/virtualNetworks/vnet/subnets/app"
CONFIGURATION = {"name": "one", "properties": {"subnet": {"id": SUBNET}}}
HERE = {"location": "westeurope"}
KINDS: dict[str, Any] = {
    "network_security_groups": {"properties": {"securityRules": [{"name": "one", **rule(200)}]}},
    "application_security_groups": {},
    "virtual_networks": {
        "properties": {
            "addressSpace": {"addressPrefixes": ["10.0.0.0/16"]},
            "subnets": [{"name": "app", "properties": {"addressPrefix": "10.0.1.0/24"}}],
        }
    },
    "network_interfaces": {"properties": {"ipConfigurations": [CONFIGURATION]}},
    "public_ip_addresses": {"sku": {"name": "Standard"}, "properties": {"publicIPAllocationMethod": "Static"}},
    "route_tables": {},
    "azure_firewalls": {"properties": {"networkRuleCollections": []}},
    "firewall_policies": {"properties": {"sku": {"tier": "Premium"}}},
}


@pytest.fixture
def world() -> World:
    return Asker().world


@pytest.fixture
def network(world: World) -> NetworkManagementClient:
    return NetworkManagementClient(SandboxCredential(), DEFAULT_SUBSCRIPTION, transport=SandboxTransport(world))


@pytest.fixture
def compute(world: World) -> ComputeManagementClient:
    return ComputeManagementClient(SandboxCredential(), DEFAULT_SUBSCRIPTION, transport=SandboxTransport(world))


@pytest.mark.parametrize("kind", KINDS)
def test_a_network_resource_from_make_to_delete(network: NetworkManagementClient, kind: str) -> None:
    if kind == "network_interfaces":
        network.virtual_networks.begin_create_or_update("rg-net", "vnet", KINDS["virtual_networks"] | HERE).result()
    operations = getattr(network, kind)
    made = operations.begin_create_or_update("rg-net", "one", KINDS[kind] | HERE).result()
    assert (made.name, made.provisioning_state) == ("one", "Succeeded")
    assert operations.get("rg-net", "one").id == made.id
    assert [each.name for each in operations.list_all()] == ["one"]
    operations.begin_delete("rg-net", "one").result()
    assert list(operations.list("rg-net")) == []


def test_children(network: NetworkManagementClient) -> None:
    network.network_security_groups.begin_create_or_update("rg-net", "nsg", HERE).result()  # type: ignore[call-overload]
    network.security_rules.begin_create_or_update("rg-net", "nsg", "one", rule(300)).result()  # type: ignore[call-overload]
    assert network.security_rules.get("rg-net", "nsg", "one").priority == 300
    assert [each.name for each in network.security_rules.list("rg-net", "nsg")] == ["one"]
    network.security_rules.begin_delete("rg-net", "nsg", "one").result()
    assert list(network.security_rules.list("rg-net", "nsg")) == []
    network.firewall_policies.begin_create_or_update("rg-net", "policy", HERE).result()  # type: ignore[call-overload]
    groups = network.firewall_policy_rule_collection_groups
    made = groups.begin_create_or_update("rg-net", "policy", "backup", {"properties": {"priority": 300}}).result()  # type: ignore[call-overload]
    assert (made.priority, made.provisioning_state) == (300, "Succeeded")
    groups.begin_delete("rg-net", "policy", "backup").result()
    assert list(groups.list("rg-net", "policy")) == []


def test_machines_run_commands_and_disks(compute: ComputeManagementClient, world: World) -> None:
    profile = {"networkInterfaces": [{"id": f"{NETWORK}/networkInterfaces/nic"}]}
    properties = {"hardwareProfile": {"vmSize": "Standard_D2s_v5"}, "networkProfile": profile}
    machine = compute.virtual_machines.begin_create_or_update(
        "rg-net", "vm", {**HERE, "properties": properties}
    ).result()  # type: ignore[call-overload]
    assert machine.provisioning_state == "Succeeded"
    script = {**HERE, "properties": {"source": {"script": "true"}}}
    commands = compute.virtual_machine_run_commands
    assert commands.begin_create_or_update("rg-net", "vm", "one", script).result().provisioning_state == "Succeeded"  # type: ignore[call-overload]
    view = commands.get_by_virtual_machine("rg-net", "vm", "one", expand="instanceView").instance_view
    assert view is not None
    assert view.exit_code == 0
    compute.virtual_machines.begin_deallocate("rg-net", "vm").result()
    statuses = compute.virtual_machines.instance_view("rg-net", "vm").statuses or []
    assert [each.code for each in statuses][1] == "PowerState/deallocated"
    compute.virtual_machines.begin_delete("rg-net", "vm").result()
    assert not world.has(f"{GROUP}/providers/microsoft.compute/virtualmachines/vm")
    made = compute.disks.begin_create_or_update("rg-net", "disk", {**HERE, "properties": {"diskSizeGB": 8}}).result()  # type: ignore[call-overload]
    assert made.disk_size_gb == 8
    compute.disks.begin_delete("rg-net", "disk").result()
    assert list(compute.disks.list()) == []
