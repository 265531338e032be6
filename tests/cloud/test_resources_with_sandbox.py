"""Networks and guests against the sandbox: every write through the real SDK clients, and what survey and look see afterwards."""

import pytest

from reconciler.cloud.guest_scripts import script_text
from reconciler.core.desired import Spec
from reconciler.core.errors import CloudError
from reconciler.core.guest_scripts import LINUX_PROXY, proxy_parameters
from reconciler.core.ids import FirewallRef, NsgRef, VmRef, arm_id
from reconciler.core.live import Live, Survey
from reconciler.core.plan import Write
from reconciler.core.wire import dig, dig_list, dig_object, dig_text
from reconciler.sandbox.rows import firewalls, network
from reconciler.sandbox.world import DEFAULT_SUBSCRIPTION, World
from tests.cloud.test_with_sandbox import VM, Estate

SUBSCRIPTION = DEFAULT_SUBSCRIPTION
NSG = NsgRef.of(SUBSCRIPTION, "rg-app", "nsg-app")
FIREWALL = FirewallRef.of(SUBSCRIPTION, "rg-app", "afw")
POLICY_ID = arm_id(SUBSCRIPTION, "rg-app", "Microsoft.Network/firewallPolicies", "afwp")
VNET_ID = arm_id(SUBSCRIPTION, "rg-app", "Microsoft.Network/virtualNetworks", "vnet")
RULE_ID, GROUP_ID = f"{NSG.id}/securityRules/azbackup-app", f"{POLICY_ID}/ruleCollectionGroups/azbackup"
COMMAND_ID = f"{VM.id}/runCommands/azbackup-proxy"
RULE = {
    "description": "Managed by azbackup: egress app",
    "protocol": "Tcp",
    "sourcePortRange": "*",
    "destinationPortRange": "443",
    "sourceAddressPrefix": "VirtualNetwork",
    "destinationAddressPrefix": "AzureBackup",
    "access": "Allow",
    "priority": 200,
    "direction": "Outbound",
}
COLLECTION = {
    "name": "azbackup-hub",
    "properties": {
        "priority": 300,
        "action": {"type": "Allow"},
        "rules": [
            {
                "name": "backup",
                "sourceAddresses": ["10.0.0.0/16"],
                "protocols": [{"protocolType": "Https", "port": 443}],
                "fqdnTags": ["AzureBackup"],
            }
        ],
    },
}


def networked(world: World) -> None:
    deny = {**RULE, "access": "Deny", "priority": 1000, "destinationAddressPrefix": "*", "description": "others'"}
    rules = [{"name": "deny-all", "properties": deny}]
    network.create(world, NSG.id, {"location": "westeurope", "properties": {"securityRules": rules}})
    subnets = [{"name": "app", "properties": {"addressPrefix": "10.0.0.0/16", "networkSecurityGroup": {"id": NSG.id}}}]
    network.create(world, VNET_ID, {"location": "westeurope", "properties": {"subnets": subnets}})
    theirs = {
        "networkRuleCollections": [{"name": "theirs", "properties": {"priority": 100, "rules": [{"name": "dns"}]}}]
    }
    firewalls.create(world, FIREWALL.id, {"location": "westeurope", "tags": {"a": "b"}, "properties": theirs})
    firewalls.create(world, POLICY_ID, {"location": "westeurope"})


@pytest.fixture
def estate() -> Estate:
    estate = Estate()
    networked(estate.world)
    return estate


def views(estate: Estate) -> tuple[Live, Survey]:
    return estate.azure.look(), estate.azure.survey(Spec("d"))


def test_a_rule_comes_and_goes_and_the_others_stay(estate: Estate) -> None:
    before = dig_list(estate.azure.look().resource(NSG.id), "properties", "securityRules")
    write = Write("security_rule.put", body={"properties": RULE}, resource_id=RULE_ID)
    assert estate.do(write).state == "succeeded"
    for view in views(estate):
        rule = view.resource(RULE_ID)
        assert dict(dig_object(rule, "properties")).items() >= RULE.items()
        assert len(dig_list(view.resource(NSG.id), "properties", "securityRules")) == len(before) + 1
    assert estate.do(Write("security_rule.delete", resource_id=RULE_ID)).state == "succeeded"
    for view in views(estate):
        assert view.resource(RULE_ID) is None
        (left,) = dig_list(view.resource(NSG.id), "properties", "securityRules")
        assert dig_object(left, "properties") == dig_object(before[0], "properties")
    assert estate.do(Write("security_rule.delete", resource_id=RULE_ID)).state == "succeeded"  # gone is gone


def test_a_busy_network_is_a_refusal_that_passes(estate: Estate) -> None:
    estate.azure.send(Write("security_rule.put", body={"properties": RULE}, resource_id=RULE_ID), "id-1")
    with pytest.raises(CloudError) as caught:
        estate.azure.send(Write("security_rule.put", body={"properties": RULE}, resource_id=f"{RULE_ID}-2"), "id-2")
    assert (caught.value.service_code, caught.value.transient, caught.value.sent) == (
        "AnotherOperationInProgress",
        True,
        False,
    )


def test_a_priority_that_is_taken_is_a_refusal_that_stays(estate: Estate) -> None:
    taken = {**RULE, "priority": 1000}
    with pytest.raises(CloudError) as caught:
        estate.do(Write("security_rule.put", body={"properties": taken}, resource_id=RULE_ID))
    assert (caught.value.service_code, caught.value.transient) == ("SecurityRuleConflict", False)
    assert "plan again" in caught.value.problem.remedy


def test_a_classic_firewall_is_written_back_as_it_was_read(estate: Estate) -> None:
    read = dict(estate.azure.look().resource(FIREWALL.id) or {})
    properties = {**dig_object(read, "properties"), "applicationRuleCollections": [COLLECTION]}
    write = Write("firewall.put", body={**read, "properties": properties}, resource_id=FIREWALL.id)
    assert estate.do(write).state == "succeeded"
    for view in views(estate):
        now = view.resource(FIREWALL.id)
        assert dig(now, "tags") == {"a": "b"}
        assert dig_list(now, "properties", "networkRuleCollections") == dig_list(
            read, "properties", "networkRuleCollections"
        )
        (made,) = dig_list(now, "properties", "applicationRuleCollections")
        assert dig_object(made, "properties") == COLLECTION["properties"]


def test_a_rule_collection_group_comes_and_goes(estate: Estate) -> None:
    rule = {"ruleType": "ApplicationRule", "name": "backup", "fqdnTags": ["AzureBackup"], "sourceAddresses": ["*"]}
    collection = {"ruleCollectionType": "FirewallPolicyFilterRuleCollection", "name": "azbackup-hub", "rules": [rule]}
    body = {"properties": {"priority": 200, "ruleCollections": [collection]}}
    assert estate.do(Write("rule_collection_group.put", body=body, resource_id=GROUP_ID)).state == "succeeded"
    for view in views(estate):
        (made,) = dig_list(view.resource(GROUP_ID), "properties", "ruleCollections")
        assert dig_text(made, "name") == "azbackup-hub"
    assert estate.do(Write("rule_collection_group.delete", resource_id=GROUP_ID)).state == "succeeded"
    for view in views(estate):
        assert view.resource(GROUP_ID) is None


def test_a_script_runs_in_a_guest_and_is_seen_again(estate: Estate) -> None:
    parameters = proxy_parameters(LINUX_PROXY, "10.0.0.5", 8080)
    properties = {"source": {"script": LINUX_PROXY.name}, "parameters": parameters}
    body = {"location": "westeurope", "properties": properties}
    assert estate.do(Write("run_command.put", body=body, resource_id=COMMAND_ID)).state == "succeeded"
    for view in views(estate):
        found = view.resource(COMMAND_ID)
        assert LINUX_PROXY.is_text(dig_text(found, "properties", "source", "script"))
        assert dig_text(found, "properties", "source", "script") == script_text(LINUX_PROXY)
        assert dig(found, "properties", "parameters") == parameters
        assert dig_text(found, "properties", "provisioningState") == "Succeeded"
    view_of_script = dig(estate.azure.look().resource(COMMAND_ID), "properties", "instanceView")
    assert dig_text(view_of_script, "executionState") == "Succeeded"
    assert estate.do(Write("run_command.delete", resource_id=COMMAND_ID)).state == "succeeded"
    for view in views(estate):
        assert view.resource(COMMAND_ID) is None


def test_the_agent_is_seen_by_survey_and_look(estate: Estate) -> None:
    gone = VmRef.of(SUBSCRIPTION, "rg-app", "vm-gone")
    look, survey = views(estate)
    for view in (look, survey):
        assert dig_text(view.instance_view(VM), "vmAgent", "vmAgentVersion")
        assert dig_text(view.virtual_machine(VM), "properties", "storageProfile", "osDisk", "osType") == "Linux"
        assert view.instance_view(gone) is view.virtual_machine(gone) is None
    assert look.instance_view(VM) == survey.instance_view(VM)
    assert dig_text(survey.resource(f"{VNET_ID}/subnets/app"), "properties", "networkSecurityGroup", "id") == NSG.id
    assert look.resource(f"{VNET_ID}/subnets/app") == survey.resource(f"{VNET_ID}/subnets/app")
