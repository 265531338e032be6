"""Network resources: what the recorded service makes of them, restated as cases of our own."""

import json
from pathlib import Path
from typing import Any

import pytest

from reconciler.sandbox.app import handle
from reconciler.sandbox.rows import groups, network
from reconciler.sandbox.wire import Request
from reconciler.sandbox.world import World
from tests.sandbox_serve.asking import NETWORK, SUBSCRIPTION, Asker, rule

EXCHANGES = Path(__file__).parents[3] / "shared" / "azure" / "exchanges"
NSG = f"{NETWORK}/networkSecurityGroups/nsg-1"
VNET = f"{NETWORK}/virtualNetworks/vnet-1"
NIC = f"{NETWORK}/networkInterfaces/nic-1"


@pytest.fixture
def asker() -> Asker:
    return Asker()


def made(asker: Asker) -> None:
    """A network with a subnet and an interface in it, both under one security group."""
    asker.put(NSG, {"location": "westeurope"})
    subnet = {"name": "app", "properties": {"addressPrefix": "10.0.1.0/24", "networkSecurityGroup": {"id": NSG}}}
    asker.put(VNET, {"location": "westeurope", "properties": {"subnets": [subnet]}})
    configuration = {"name": "one", "properties": {"subnet": {"id": f"{VNET}/subnets/app"}}}
    properties = {"networkSecurityGroup": {"id": NSG}, "ipConfigurations": [configuration]}
    asker.put(NIC, {"location": "westeurope", "properties": properties})


def test_a_new_group_has_the_six_rules_of_every_group(asker: Asker) -> None:
    asker.put(NSG, {"location": "westeurope"})
    body = asker.get(NSG)
    names = [each["name"] for each in body["properties"]["defaultSecurityRules"]]
    assert names == [
        "AllowVnetInBound", "AllowAzureLoadBalancerInBound", "DenyAllInBound",
        "AllowVnetOutBound", "AllowInternetOutBound", "DenyAllOutBound",
    ]  # fmt: skip
    assert {each["etag"] for each in body["properties"]["defaultSecurityRules"]} == {body["etag"]}


def test_a_rule_is_updating_first_and_then_succeeded_with_another_etag(asker: Asker) -> None:
    asker.put(NSG, {"location": "westeurope"})
    sent = asker.ask("PUT", f"{NSG}/securityRules/web", rule(900))
    assert sent.status == 201
    assert sent.json()["properties"]["provisioningState"] == "Updating"
    assert sent.headers["Azure-AsyncNotification"] == "Enabled"
    path = sent.headers["Azure-AsyncOperation"].removeprefix("https://management.azure.com").partition("?")[0]
    assert asker.get(path) == {"status": "InProgress"}
    asker.world.advance(10)
    assert asker.get(path) == {"status": "Succeeded"}
    settled = asker.get(f"{NSG}/securityRules/WEB")
    assert settled["properties"]["provisioningState"] == "Succeeded"
    assert settled["etag"] != sent.json()["etag"]
    assert asker.get(NSG)["properties"]["securityRules"] == [settled]


def test_plural_lists_are_always_there_and_a_singular_only_when_used(asker: Asker) -> None:
    asker.put(NSG, {"location": "westeurope"})
    body = rule(900, destinationPortRanges=["443", "8443"])
    del body["properties"]["destinationPortRange"]
    kept = asker.put(f"{NSG}/securityRules/web", body)["properties"]
    assert kept["destinationPortRanges"] == ["443", "8443"]
    assert "destinationPortRange" not in kept
    assert kept["sourceAddressPrefixes"] == []


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (rule(99), "SecurityRuleInvalidPriority"),
        (rule(4097), "SecurityRuleInvalidPriority"),
        (rule(900, protocol="Smoke"), "SecurityRuleInvalidProtocol"),
        (rule(900, access="Maybe"), "SecurityRuleInvalidAccess"),
        (rule(900, direction="Sideways"), "SecurityRuleInvalidDirection"),
        (rule(900, destinationAddressPrefix=None), "SecurityRuleInvalidDestinationAddressPrefix"),
        (rule(100), "SecurityRuleConflict"),
    ],
)
def test_rules_that_are_refused(asker: Asker, body: dict[str, Any], code: str) -> None:
    asker.put(NSG, {"location": "westeurope", "properties": {"securityRules": [{"name": "first", **rule(100)}]}})
    assert asker.refused("PUT", f"{NSG}/securityRules/second", body) == (400, code)
    assert [each["name"] for each in asker.get(NSG)["properties"]["securityRules"]] == ["first"]


def test_one_change_at_a_time(asker: Asker) -> None:
    asker.put(NSG, {"location": "westeurope"})
    assert asker.ask("PUT", f"{NSG}/securityRules/one", rule(900)).status == 201
    assert asker.refused("PUT", f"{NSG}/securityRules/two", rule(901)) == (409, "AnotherOperationInProgress")


def test_the_group_names_what_it_guards_and_cannot_go_before(asker: Asker) -> None:
    made(asker)
    properties = asker.get(NSG)["properties"]
    assert properties["networkInterfaces"] == [{"id": NIC}]
    assert properties["subnets"] == [{"id": f"{VNET}/subnets/app"}]
    assert asker.refused("DELETE", NSG) == (400, "InUseNetworkSecurityGroupCannotBeDeleted")
    assert asker.refused("DELETE", VNET)[0] == 400


def test_interfaces_get_the_free_addresses_of_their_subnet_and_keep_them(asker: Asker) -> None:
    made(asker)
    configuration = {"name": "one", "properties": {"subnet": {"id": f"{VNET}/subnets/app"}}}
    body = {"location": "westeurope", "properties": {"ipConfigurations": [configuration]}}
    asker.put(f"{NETWORK}/networkInterfaces/nic-2", body)
    asker.put(NIC, body)
    addresses = [
        asker.get(f"{NETWORK}/networkInterfaces/{name}")["properties"]["ipConfigurations"][0]["properties"]
        for name in ("nic-1", "nic-2")
    ]
    assert [each["privateIPAddress"] for each in addresses] == ["10.0.1.4", "10.0.1.5"]
    subnet = asker.get(f"{VNET}/subnets/app")
    assert len(subnet["properties"]["ipConfigurations"]) == 2


def test_a_reference_to_nothing_is_refused(asker: Asker) -> None:
    configuration = {"name": "one", "properties": {"subnet": {"id": f"{VNET}/subnets/none"}}}
    body = {"location": "westeurope", "properties": {"ipConfigurations": [configuration]}}
    assert asker.refused("PUT", NIC, body) == (400, "InvalidResourceReference")


def test_a_delete_polls_and_then_the_gateway_says_not_found(asker: Asker) -> None:
    asker.put(NSG, {"location": "westeurope"})
    assert asker.ask("DELETE", NSG).status == 202
    asker.world.advance(30)
    assert asker.refused("GET", NSG) == (404, "ResourceNotFound")
    assert asker.ask("DELETE", NSG).status == 204


def test_lists_by_group_and_subscription(asker: Asker) -> None:
    asker.put(NSG, {"location": "westeurope"})
    asker.put(f"{SUBSCRIPTION}/resourceGroups/rg-other", {"location": "westeurope"})
    other = NSG.replace("rg-net", "rg-other")
    asker.put(other, {"location": "westeurope"})
    assert len(asker.get(f"{SUBSCRIPTION}/providers/Microsoft.Network/networkSecurityGroups")["value"]) == 2
    assert [each["id"] for each in asker.get(f"{NETWORK}/networkSecurityGroups")["value"]] == [NSG]


def test_a_route_table_names_its_subnets(asker: Asker) -> None:
    table = f"{NETWORK}/routeTables/rt-1"
    route = {"name": "out", "properties": {"addressPrefix": "0.0.0.0/0", "nextHopType": "VirtualAppliance"}}
    asker.put(table, {"location": "westeurope", "properties": {"routes": [route]}})
    subnet = {"name": "app", "properties": {"addressPrefix": "10.0.1.0/24", "routeTable": {"id": table}}}
    asker.put(VNET, {"location": "westeurope", "properties": {"subnets": [subnet]}})
    properties = asker.get(table)["properties"]
    assert properties["subnets"] == [{"id": f"{VNET}/subnets/app"}]
    assert properties["disableBgpRoutePropagation"] is False


def test_a_firewall_policy_and_its_rule_collection_group(asker: Asker) -> None:
    policy = f"{NETWORK}/firewallPolicies/policy-1"
    asker.put(policy, {"location": "westeurope"})
    rules = [{"ruleType": "NetworkRule", "name": "out", "ipProtocols": ["TCP"], "destinationPorts": ["443"]}]
    collection = {"ruleCollectionType": "FirewallPolicyFilterRuleCollection", "name": "one", "rules": rules}
    sent = asker.ask(
        "PUT",
        f"{policy}/ruleCollectionGroups/backup",
        {"properties": {"priority": 300, "ruleCollections": [collection]}},
    )
    assert sent.status == 201
    assert "/nfvOperations/" in sent.headers["Azure-AsyncOperation"]
    assert sent.headers["ETag"] == f'"{sent.json()["etag"]}"'
    assert sent.json()["type"] == "Microsoft.Network/FirewallPolicies/RuleCollectionGroups"
    kept = sent.json()["properties"]["ruleCollections"][0]["rules"][0]
    assert kept["ipv6Rule"] is False
    assert kept["sourceAddresses"] == kept["destinationAddresses"] == kept["destinationIpGroups"] == []
    asker.world.advance(60)
    body = asker.get(policy)["properties"]
    assert body["ruleCollectionGroups"] == [{"id": f"{policy}/ruleCollectionGroups/backup"}]
    assert body["sku"] == {"tier": "Standard"}
    assert body["threatIntelMode"] == "Alert"


@pytest.mark.parametrize("name", ["nsgrule-put-201-2021", "firewallpolicy-rcg-put-201-2022"])
def test_recorded_exchanges(name: str) -> None:
    path = EXCHANGES / f"{name}.json"
    if not path.is_file():
        print(f"{path.name} is not beside the checkout; the cases above restate it")
        assert not EXCHANGES.is_dir()
        return
    recorded = json.loads(path.read_text(encoding="utf-8"))
    request, wanted = recorded["request"], recorded["response"]
    subscription, group, parent = (request["path"].split("/")[index] for index in (2, 4, 8))
    world = World.open(subscription=subscription)
    groups.create(world, subscription, group, "westus2")
    kind = "networkSecurityGroups" if "nsg" in name else "firewallPolicies"
    owner = f"/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Network/{kind}/{parent}"
    for target, body in (
        (f"{owner}?api-version=2022-01-01", {"location": "westus2"}),
        (request["path"], request["body"]),
    ):
        url, sent = f"https://management.azure.com{target}", json.dumps(body).encode()
        answer = handle(world, Request("PUT", url, {"Authorization": "Bearer x"}, sent))
        world.advance(60)
    assert answer.status == wanted["status"]
    body, answered = wanted["body"], answer.json()
    assert {**answered, "etag": ""} == {**body, "etag": ""}
    assert list(answered) == list(body)
    assert {name.lower() for name in answer.headers} >= {"azure-asyncoperation", "content-type"}


def bare(value: Any) -> Any:
    """Without what is new in every world: etags and GUIDs."""
    if isinstance(value, dict):
        return {name: bare(each) for name, each in value.items() if name not in ("etag", "resourceGuid")}
    return [bare(each) for each in value] if isinstance(value, list) else value


def test_the_recorded_list_of_groups() -> None:
    path = EXCHANGES / "nsg-list-2020.json"
    if not path.is_file():
        print(f"{path.name} is not beside the checkout; the cases above restate it")
        assert not EXCHANGES.is_dir()
        return
    recorded = json.loads(path.read_text(encoding="utf-8"))
    wanted = recorded["response"]["body"]["value"][0]
    subscription, group = wanted["id"].split("/")[2], wanted["id"].split("/")[4]
    world = World.open(subscription=subscription)
    groups.create(world, subscription, group, "eastus")
    rules = [{"name": each["name"], "properties": each["properties"]} for each in wanted["properties"]["securityRules"]]
    network.create(world, wanted["id"], {"location": "eastus", "properties": {"securityRules": rules}})
    url = f"https://management.azure.com{recorded['request']['path']}"
    answer = handle(world, Request("GET", url, {"Authorization": "Bearer x"}))
    found = answer.json()["value"][0]
    assert bare(found) == bare(wanted)
    assert list(found) == list(wanted)
    assert list(found["properties"]["securityRules"][0]["properties"]) == list(rules[0]["properties"])


def test_the_rows_are_under_a_group_that_exists(asker: Asker) -> None:
    assert asker.refused("GET", NSG.replace("rg-net", "rg-none")) == (404, "ResourceGroupNotFound")


HUB = f"{NETWORK}/virtualNetworks/vnet-hub"


def test_a_peering_is_connected_once_both_networks_have_their_side(asker: Asker) -> None:
    """Through the paths of their own, and in the bodies of the networks."""
    made(asker)
    asker.put(HUB, {"location": "westeurope", "properties": {"addressSpace": {"addressPrefixes": ["10.9.0.0/16"]}}})
    near, far = f"{VNET}/virtualNetworkPeerings/to-hub", f"{HUB}/virtualNetworkPeerings/to-1"
    there, back = ({"properties": {"remoteVirtualNetwork": {"id": id}}} for id in (HUB, VNET))
    assert asker.put(near, there)["properties"]["peeringState"] == "Initiated"
    assert asker.put(far, back)["properties"]["peeringState"] == "Connected"
    shown = asker.get(VNET)["properties"]["virtualNetworkPeerings"]
    assert shown == [asker.get(near)] == asker.get(f"{VNET}/virtualNetworkPeerings")["value"]
    assert shown[0]["properties"]["peeringState"] == "Connected"
    assert shown[0]["properties"]["remoteAddressSpace"] == {"addressPrefixes": ["10.9.0.0/16"]}
    assert asker.refused("PUT", f"{near}-again", there) == (400, "AnotherPeeringAlreadyReferencesRemoteVnet")
    removal = asker.ask("DELETE", near)
    assert (removal.status, removal.headers["Retry-After"]) == (202, "10")
    assert removal.headers["Azure-AsyncNotification"] == "Enabled"
    asker.world.advance(60)
    assert asker.ask("GET", near).status == 404
    assert asker.get(far)["properties"]["peeringState"] == "Disconnected"


def test_networks_that_overlap_cannot_be_peered(asker: Asker) -> None:
    for id in (VNET, HUB):
        asker.put(id, {"location": "westeurope", "properties": {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}}})
    sent = {"properties": {"remoteVirtualNetwork": {"id": HUB}}}
    assert asker.refused("PUT", f"{VNET}/virtualNetworkPeerings/p", sent) == (400, "VnetAddressSpacesOverlap")
    assert asker.get(VNET)["properties"]["virtualNetworkPeerings"] == []


@pytest.mark.parametrize(
    ("prefix", "code"), [("10.0.1.0/25", "NetcfgSubnetRangesOverlap"), ("10.7.0.0/24", "NetcfgInvalidSubnet")]
)
def test_a_subnet_lies_in_its_network_and_beside_the_others(asker: Asker, prefix: str, code: str) -> None:
    made(asker)
    body = {"properties": {"addressPrefix": prefix}}
    assert asker.refused("PUT", f"{VNET}/subnets/other", body) == (400, code)
    whole = asker.get(VNET)
    whole["properties"]["subnets"].append({"name": "other", **body})
    assert asker.refused("PUT", VNET, whole) == (400, code)


def test_a_subnet_with_an_interface_stays(asker: Asker) -> None:
    made(asker)
    assert asker.refused("DELETE", f"{VNET}/subnets/app") == (400, "InUseSubnetCannotBeDeleted")
    assert asker.get(f"{VNET}/subnets/app")["properties"]["provisioningState"] == "Succeeded"


@pytest.mark.parametrize("ports", [{"destinationPortRange": "70000"}, {"sourcePortRanges": ["1", "9-2"]}])
def test_ports_of_a_rule_are_ports(asker: Asker, ports: dict[str, Any]) -> None:
    asker.put(NSG, {"location": "westeurope"})
    assert asker.refused("PUT", f"{NSG}/securityRules/web", rule(900, **ports)) == (400, "SecurityRuleInvalidPortRange")
