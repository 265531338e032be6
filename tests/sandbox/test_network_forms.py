"""How network resources are written down, as recordings of 2022 to 2025 show them; names and values are our own."""

from typing import Any

import pytest

from tests.sandbox.lab import HEADERS, Lab, code

NETWORK = "/subscriptions/{}/resourceGroups/rg/providers/Microsoft.Network"
HEAD = ["name", "id", "etag", "type", "location", "properties"]
SPACE = {"addressSpace": {"addressPrefixes": ["10.8.0.0/16"]}}
SUBNETS = [{"name": "apps", "properties": {"addressPrefix": "10.8.1.0/24"}}]


@pytest.fixture
def lab() -> Lab:
    """A network with one subnet, settled."""
    lab = Lab()
    body = {"location": "westeurope", "properties": SPACE | {"subnets": SUBNETS}}
    lab.ok("PUT", path(lab, "virtualNetworks/vnet"), body)
    lab.world.advance(60)
    return lab


def path(lab: Lab, rest: str) -> str:
    return f"{NETWORK.format(lab.subscription)}/{rest}"


def interface(lab: Lab, **properties: Any) -> Any:
    subnet = {"id": path(lab, "virtualNetworks/vnet/subnets/apps")}
    configuration = {"name": "first", "properties": {"subnet": subnet, **properties}}
    return {"location": "westeurope", "properties": {"ipConfigurations": [configuration]}}


@pytest.mark.parametrize(
    ("name", "body", "inner"),
    [
        ("networkSecurityGroups/nsg", {}, "defaultSecurityRules"),
        ("virtualNetworks/other", SPACE | {"subnets": SUBNETS}, "subnets"),
    ],
)
def test_what_lies_inside_a_new_resource_is_on_its_way_too(lab: Lab, name: str, body: object, inner: str) -> None:
    """So said the 201 of an NSG (2021-08-01) and of a network (2022-01-01)."""
    sent = lab.send("PUT", path(lab, name), {"location": "westeurope", "properties": body})
    assert (sent.status, list(sent.json())) == (201, HEAD)
    assert {entry["properties"]["provisioningState"] for entry in sent.json()["properties"][inner]} == {"Updating"}
    lab.world.advance(60)
    found = lab.ok("GET", path(lab, name))["properties"][inner]
    assert {entry["properties"]["provisioningState"] for entry in found} == {"Succeeded"}


def test_a_subnet_and_a_route_name_their_type_last(lab: Lab) -> None:
    subnet = lab.ok("GET", path(lab, "virtualNetworks/vnet/subnets/apps"))
    assert list(subnet) == ["name", "id", "etag", "properties", "type"]
    policies = ["privateEndpointNetworkPolicies", "privateLinkServiceNetworkPolicies"]
    assert list(subnet["properties"]) == ["provisioningState", "addressPrefix", "delegations", *policies]
    lab.ok("PUT", path(lab, "routeTables/rt"), {"location": "westeurope"})
    lab.world.advance(60)
    route = {"properties": {"addressPrefix": "10.9.0.0/16", "nextHopType": "None"}}
    assert list(lab.ok("PUT", path(lab, "routeTables/rt/routes/away"), route)) == list(subnet)


def test_a_subnet_knows_the_addresses_in_it(lab: Lab) -> None:
    nic = lab.ok("PUT", path(lab, "networkInterfaces/nic"), interface(lab))
    found = lab.ok("GET", path(lab, "virtualNetworks/vnet"))["properties"]["subnets"][0]["properties"]
    assert list(found)[:4] == ["provisioningState", "addressPrefix", "ipConfigurations", "delegations"]
    assert found["ipConfigurations"] == [{"id": nic["properties"]["ipConfigurations"][0]["id"]}]


def test_a_network_has_a_policy_for_endpoints_since_2024(lab: Lab) -> None:
    old, new = (
        lab.ok("GET", path(lab, "virtualNetworks/vnet"), version=version) for version in ("2022-01-01", "2024-05-01")
    )
    assert "privateEndpointVNetPolicies" not in old["properties"]
    names = ["provisioningState", "resourceGuid", "addressSpace", "privateEndpointVNetPolicies"]
    assert list(new["properties"])[:4] == names


def test_an_application_security_group_has_no_more_than_its_state(lab: Lab) -> None:
    """And a change of tags is done when it is answered, with the etag that stays."""
    asg, body = path(lab, "applicationSecurityGroups/web"), {"location": "westeurope", "tags": {"a": "b"}}
    assert lab.ok("PUT", asg, body)["properties"] == {"provisioningState": "Updating"}
    lab.world.advance(60)
    again = lab.send("PUT", asg, body)
    assert (again.status, again.json()["properties"]) == (200, {"provisioningState": "Succeeded"})
    assert "Azure-AsyncOperation" in again.headers
    lab.world.advance(60)
    assert lab.ok("GET", asg)["etag"] == again.json()["etag"]


def test_an_interface_is_there_when_it_is_answered(lab: Lab) -> None:
    nic = path(lab, "networkInterfaces/nic")
    sent = lab.send("PUT", nic, interface(lab), version="2021-08-01")
    body = sent.json()
    assert (sent.status, body["properties"]["provisioningState"]) == (201, "Succeeded")
    assert list(body) == ["name", "id", "etag", "location", "properties", "type", "kind"]
    assert list(body["properties"]) == [
        "provisioningState",
        "resourceGuid",
        "ipConfigurations",
        "dnsSettings",
        "vnetEncryptionSupported",
        "enableIPForwarding",
        "hostedWorkloads",
        "tapConfigurations",
        "nicType",
    ]
    assert list(body["properties"]["dnsSettings"]) == ["dnsServers", "appliedDnsServers", "internalDomainNameSuffix"]
    lab.world.advance(60)
    assert lab.ok("GET", nic, version="2021-08-01") == body


def test_an_interface_on_a_vm_has_a_mac_address(lab: Lab) -> None:
    nic = path(lab, "networkInterfaces/nic")
    lab.ok("PUT", nic, interface(lab))
    vm = f"/subscriptions/{lab.subscription}/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/vm1"
    profile = {"hardwareProfile": {"vmSize": "Standard_B1s"}, "networkProfile": {"networkInterfaces": [{"id": nic}]}}
    lab.ok("PUT", vm, {"location": "westeurope", "properties": profile})
    old = lab.ok("GET", nic, version="2018-01-01")
    assert list(old["properties"])[3:] == [
        "dnsSettings",
        "macAddress",
        "enableIPForwarding",
        "primary",
        "virtualMachine",
    ]
    assert "kind" not in old
    lab.world.advance(60)
    lab.ok("DELETE", vm)
    lab.world.advance(60)
    free = lab.ok("GET", nic)["properties"]
    assert not {"macAddress", "primary", "virtualMachine"} & free.keys()


def test_the_primary_configuration_of_an_interface_comes_first(lab: Lab) -> None:
    body = interface(lab, primary=False)
    first = body["properties"]["ipConfigurations"][0]
    second = {"name": "second", "properties": first["properties"] | {"primary": True}}
    body["properties"]["ipConfigurations"].append(second)
    made = lab.ok("PUT", path(lab, "networkInterfaces/nic"), body)
    assert [each["name"] for each in made["properties"]["ipConfigurations"]] == ["second", "first"]


def test_a_static_public_address_comes_when_it_is_settled(lab: Lab) -> None:
    pip = path(lab, "publicIPAddresses/front")
    wanted = {"publicIPAllocationMethod": "Static", "dnsSettings": {"domainNameLabel": "front"}}
    sent = lab.ok("PUT", pip, {"location": "westeurope", "properties": wanted}, version="2022-05-01")
    assert list(sent) == ["name", "id", "etag", "location", "properties", "type", "sku"]
    assert sent["sku"] == {"name": "Basic", "tier": "Regional"}
    names = ["publicIPAddressVersion", "publicIPAllocationMethod", "idleTimeoutInMinutes", "dnsSettings", "ipTags"]
    assert list(sent["properties"]) == ["provisioningState", "resourceGuid", *names, "ddosSettings"]
    assert sent["properties"]["dnsSettings"]["fqdn"] == "front.westeurope.cloudapp.azure.com"
    lab.world.advance(60)
    found = lab.ok("GET", pip, version="2022-05-01")["properties"]
    assert list(found) == ["provisioningState", "resourceGuid", "ipAddress", *names, "ddosSettings"]
    lab.ok("PUT", pip, {"location": "westeurope", "tags": {"a": "b"}, "properties": wanted})
    assert lab.ok("GET", pip)["properties"]["ipAddress"] == found["ipAddress"]


def test_a_public_address_in_use_stays(lab: Lab) -> None:
    pip = path(lab, "publicIPAddresses/front")
    lab.ok("PUT", pip, {"location": "westeurope", "properties": {"publicIPAllocationMethod": "Dynamic"}})
    lab.world.advance(60)
    nic = lab.ok("PUT", path(lab, "networkInterfaces/nic"), interface(lab, publicIPAddress={"id": pip}))
    user = {"id": nic["properties"]["ipConfigurations"][0]["id"]}
    assert lab.ok("GET", pip)["properties"]["ipConfiguration"] == user
    refused = lab.send("DELETE", pip)
    assert (refused.status, refused.json()["error"]["code"]) == (400, "PublicIPAddressCannotBeDeleted")


RULE = {"name": "out", "destinationPorts": ["443"], "ruleType": "NetworkRule", "ipProtocols": ["TCP"]}
WEB = {"name": "web", "targetFqdns": ["contoso.com"], "ruleType": "ApplicationRule", "description": "d"}


def test_rule_collections_are_written_in_the_order_of_the_service(lab: Lab) -> None:
    policy = path(lab, "firewallPolicies/afwp")
    lab.ok("PUT", policy, {"location": "westeurope", "properties": {}})
    lab.world.advance(60)
    collection = {"name": "c", "priority": 500, "rules": [RULE, WEB], "action": {"type": "Allow"}}
    collection |= {"ruleCollectionType": "FirewallPolicyFilterRuleCollection"}
    sent = {"properties": {"priority": 400, "ruleCollections": [collection]}}
    found = lab.ok("PUT", f"{policy}/ruleCollectionGroups/own", sent)["properties"]["ruleCollections"][0]
    assert list(found) == ["ruleCollectionType", "action", "rules", "name", "priority"]
    network, web = found["rules"]
    assert list(network)[:4] == ["ruleType", "ipv6Rule", "name", "ipProtocols"]
    assert list(network)[4:] == [
        "sourceAddresses",
        "sourceIpGroups",
        "destinationAddresses",
        "destinationIpGroups",
        "destinationFqdns",
        "destinationPorts",
    ]
    assert (network["sourceAddresses"], network["destinationPorts"]) == ([], ["443"])
    assert (list(web)[:4], web["terminateTLS"]) == (["ruleType", "name", "description", "protocols"], False)


@pytest.mark.parametrize("what", ["virtualNetworks/vnet", "firewallPolicies/afwp", "networkSecurityGroups/nsg"])
def test_a_write_for_a_version_that_is_gone_is_refused(lab: Lab, what: str) -> None:
    """If-Match, as load balancers and networks answer it; the etags of firewalls are bare in their bodies."""
    body = {"location": "westeurope", "properties": SPACE if "vnet" in what else {}}
    lab.ok("PUT", path(lab, what), body)
    lab.world.advance(60)
    etag = str(lab.ok("GET", path(lab, what))["etag"])
    quoted = etag if etag.endswith('"') else f'"{etag}"'
    gone = quoted.replace(quoted[-3], "x" if quoted[-3] != "x" else "y")
    for method in ("PUT",) if "firewall" not in what else ("PUT", "DELETE"):
        refused = lab.send(method, path(lab, what), body, headers={**HEADERS, "If-Match": gone})
        assert code(refused) == (412, "PreconditionFailed")
        assert lab.ok("GET", path(lab, what))["etag"] == etag
    for named in (quoted, "*"):  # the first write makes another version
        assert lab.send("PUT", path(lab, what), body, headers={**HEADERS, "if-match": named}).status == 200
        lab.world.advance(60)
