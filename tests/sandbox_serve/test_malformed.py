"""Bodies of wrong kinds are refused, and never break the sandbox."""

from typing import Any

import pytest

from tests.sandbox_serve.asking import GROUP, NETWORK, SUBSCRIPTION, Asker, rule

COMPUTE = f"{GROUP}/providers/Microsoft.Compute"
PLACES = (
    f"{NETWORK}/networkSecurityGroups/new",
    f"{NETWORK}/networkSecurityGroups/nsg/securityRules/new",
    f"{NETWORK}/virtualNetworks/new",
    f"{NETWORK}/virtualNetworks/vnet/subnets/new",
    f"{NETWORK}/networkInterfaces/new",
    f"{NETWORK}/publicIPAddresses/new",
    f"{NETWORK}/routeTables/new",
    f"{NETWORK}/azureFirewalls/new",
    f"{NETWORK}/firewallPolicies/new",
    f"{NETWORK}/firewallPolicies/policy/ruleCollectionGroups/new",
    f"{COMPUTE}/virtualMachines/new",
    f"{COMPUTE}/disks/new",
    f"{COMPUTE}/virtualMachines/vm/runCommands/new",
    f"{GROUP}/providers/Microsoft.Resources/tags/default",
    f"{GROUP}/providers/Microsoft.Authorization/locks/new",
)
HERE = {"location": "westeurope"}
BODIES: tuple[Any, ...] = (
    [],
    "text",
    None,
    {"location": 7},
    {**HERE, "properties": []},
    {
        **HERE,
        "properties": {"securityRules": 7, "subnets": 7, "ipConfigurations": 7, "routes": 7, "ruleCollections": 7},
    },
    {**HERE, "properties": {"securityRules": [{}], "subnets": [{}], "ipConfigurations": [{}], "routes": [{}]}},
    {**HERE, "properties": {"ipConfigurations": [{"name": "x", "properties": {"subnet": "text"}}], "priority": "high"}},
    {**HERE, "properties": {"hardwareProfile": "big", "networkProfile": [], "storageProfile": 3}},
    {**HERE, "properties": {"hardwareProfile": {}, "networkProfile": {"networkInterfaces": [3]}}},
    {**HERE, "properties": {"diskSizeGB": "huge", "source": 7, "tags": [], "level": [], "addressPrefix": 7}},
    {**HERE, "properties": rule(200)["properties"] | {"priority": "200"}},
    {**HERE, "properties": {"networkRuleCollections": [{}], "ruleCollections": [{"rules": [7]}], "priority": 300}},
)


@pytest.fixture(scope="module")
def asker() -> Asker:
    made = Asker()
    made.put(f"{NETWORK}/networkSecurityGroups/nsg", HERE)
    made.put(f"{NETWORK}/virtualNetworks/vnet", HERE)
    made.put(f"{NETWORK}/firewallPolicies/policy", HERE)
    profile = {"networkInterfaces": [{"id": f"{NETWORK}/networkInterfaces/nic"}]}
    sizes = {"hardwareProfile": {"vmSize": "Standard_D2s_v5"}, "networkProfile": profile}
    made.put(f"{COMPUTE}/virtualMachines/vm", {**HERE, "properties": sizes})
    return made


@pytest.mark.parametrize("path", PLACES, ids=lambda path: "/".join(path.split("/")[7:]) or "group")
def test_every_answer_is_one_of_the_service(asker: Asker, path: str) -> None:
    """Accepted or refused with a code; what is refused leaves nothing behind."""
    for body in BODIES:
        existed = asker.ask("GET", path).status == 200
        answer = asker.ask("PUT", path, body)
        asker.world.advance(60)
        assert answer.status in (200, 201, 202, 400), (body, answer.body)
        if answer.status == 400:
            assert answer.json()["error"]["code"], body
            assert (asker.ask("GET", path).status == 200) == existed


@pytest.mark.parametrize(
    "body", [{}, {"query": 7}, {"query": "resources", "options": []}, {"query": "resources | take x"}]
)
def test_graph_queries(asker: Asker, body: Any) -> None:
    assert asker.ask("POST", "/providers/Microsoft.ResourceGraph/resources", body).status in (200, 501)


@pytest.mark.parametrize("query", ["?$filter=nonsense", "?$top=x", "?$skiptoken=%21", "?$filter=name%20eq%20'"])
def test_queries_of_lists(asker: Asker, query: str) -> None:
    for owner in (f"{SUBSCRIPTION}/resources", f"{NETWORK}/networkSecurityGroups", f"{COMPUTE}/disks"):
        assert asker.ask("GET", f"{owner}{query}").status in (200, 400)
