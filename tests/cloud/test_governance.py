"""What others impose: network managers and their rules, by POSTs that read, and roles."""

import pytest

from reconciler.cloud.azure import Azure
from reconciler.core.desired import Spec
from reconciler.core.errors import Unreadable
from reconciler.core.ids import arm_id
from reconciler.core.live import Survey, Wire
from reconciler.sandbox.estate import load_estate_text
from reconciler.sandbox.transport import SandboxClock, SandboxCredential, SandboxTransport
from reconciler.sandbox.world import World
from tests.cloud.canned import SUBSCRIPTION, VAULT, VM, Canned, Reply

NETWORK = arm_id(SUBSCRIPTION, "rg-net", "Microsoft.Network/virtualNetworks", "vnet")
ROW = {"id": f"{NETWORK}/providers/Microsoft.Network/effectiveSecurityAdminRules/default".replace("vnet", "VNET")}
GRAPH = "/providers/Microsoft.ResourceGraph/resources"
ENDLESS = {"totalRecords": 9, "data": [ROW], "$skipToken": "1"}
CUT = {"totalRecords": 2, "data": [ROW], "resultTruncated": "true", "value": "x", "skipToken": 1}
RULES = f"{NETWORK}/listNetworkManagerEffectiveSecurityAdminRules"


def survey(*replies: Reply) -> tuple[Canned, Survey]:
    canned = Canned(*replies, read_only=True)
    return canned, canned.azure.survey(Spec("d"))


def test_one_query_for_all_subscriptions_with_all_its_pages() -> None:
    first = {"totalRecords": 1, "data": [ROW], "resultTruncated": "true", "$skipToken": "next"}
    canned, found = survey(Reply(200, first), Reply(200, {"totalRecords": 1, "data": [], "resultTruncated": "false"}))
    subscriptions = [SUBSCRIPTION, "11111111-2222-4333-8444-555555555555"]
    for _ in range(2):
        assert found.governed_networks(subscriptions) == {NETWORK.lower()}
    assert [(sent.method, sent.path) for sent in canned.sent] == [("POST", GRAPH)] * 2
    assert [sent.body["subscriptions"] for sent in canned.sent] == [sorted(subscriptions)] * 2
    assert [sent.body["options"].get("$skipToken") for sent in canned.sent] == [None, "next"]
    assert "networkresources" in canned.sent[0].body["query"]


def test_the_rules_of_a_network_with_all_their_pages() -> None:
    canned, found = survey(Reply(200, {"value": [{"id": "a"}], "skipToken": "2"}), Reply(200, {"value": [{"id": "b"}]}))
    assert [rule["id"] for rule in found.admin_rules(NETWORK)] == ["a", "b"]
    assert [(sent.method, sent.path, sent.body) for sent in canned.sent] == [
        ("POST", RULES, {}),
        ("POST", RULES, {"skipToken": "2"}),
    ]


@pytest.mark.parametrize(
    ("replies", "code"),
    [
        ([Reply(403, {"error": {"code": "AuthorizationFailed", "message": "no"}})], "C104"),
        ([Reply(404, {"error": {"code": "ResourceNotFound", "message": "gone"}})], "C103"),
        ([Reply(200, {"value": ["x"], "data": ["x"]})], "C102"),
        ([Reply(200, {"value": [], "skipToken": "1", **ENDLESS})] * 2, "C102"),
        ([Reply(200, CUT)], "C102"),
    ],
    ids=["forbidden", "gone", "no resources", "no end", "cut short"],
)
def test_what_is_no_whole_answer_is_unknown(replies: list[Reply], code: str) -> None:
    with pytest.raises(Unreadable, match=code):
        survey(*replies)[1].governed_networks([SUBSCRIPTION])
    if replies[0].body != CUT:
        with pytest.raises(Unreadable, match=code):
            survey(*replies)[1].admin_rules(NETWORK)


def test_role_assignments_are_those_at_a_resource_and_above_it() -> None:
    canned, found = survey(Reply(200, {"value": [{"id": "a"}]}))
    assert [each["id"] for each in found.role_assignments(NETWORK)] == ["a"]
    assert canned.sent[0].url.endswith(
        f"{NETWORK}/providers/Microsoft.Authorization/roleAssignments?api-version=2022-04-01&%24filter=atScope%28%29"
    )


def test_a_refusal_of_a_typed_read_is_told_as_one() -> None:
    """As of every other request: Azure's code, and the role that is missing."""
    action = "Microsoft.RecoveryServices/locations/backupPreValidateProtection/action"
    message = f"no authorization to perform action '{action}' over scope '{VAULT.id}'"
    refused = Reply(403, {"error": {"code": "AuthorizationFailed", "message": message}})
    _, found = survey(Reply(200, {"value": [{"id": VM.id, "location": "westeurope"}]}), refused)
    with pytest.raises(Unreadable, match=r"C104 Azure refused POST with 403 AuthorizationFailed(.|\n)*Backup Operator"):
        found.prevalidation(VAULT, VM)


ESTATE = """
resourceGroups:
  rg-net:
    virtualNetworks:
      free: {subnets: {a: {prefix: 10.0.1.0/24}}}
      vnet:
        adminRules:
          deny-web: {priority: 10, protocol: tcp, to: Internet, ports: [443, 8000-8080]}
          let:
            {priority: 5, access: alwaysAllow, direction: inbound, from: [10.0.0.0/8, networkGroup/spokes],
             collection: base/all, manager: m}
"""


def properties(rule: Wire) -> object:
    return rule["properties"]


def test_the_rules_of_an_estate_arrive() -> None:
    world = World.open(subscription=SUBSCRIPTION)
    load_estate_text(world, ESTATE, "estate.yaml")
    azure = Azure(SandboxCredential(), SandboxTransport(world), SandboxClock(world), read_only=True)
    found = azure.survey(Spec("d"))
    assert found.governed_networks([SUBSCRIPTION]) == {NETWORK.lower()}
    assert found.admin_rules(NETWORK.replace("vnet", "free")) == ()
    deny, let = found.admin_rules(NETWORK)
    manager = arm_id(SUBSCRIPTION, "rg-network-manager", "Microsoft.Network/networkManagers", "m")
    assert let["id"] == f"{manager}/securityAdminConfigurations/base/ruleCollections/all/rules/let"
    assert properties(deny) == {
        "description": "",
        "protocol": "Tcp",
        "sources": [{"addressPrefixType": "IPPrefix", "addressPrefix": "*"}],
        "destinations": [{"addressPrefixType": "ServiceTag", "addressPrefix": "Internet"}],
        "sourcePortRanges": ["0-65535"],
        "destinationPortRanges": ["443", "8000-8080"],
        "access": "Deny",
        "priority": 10,
        "direction": "Outbound",
        "provisioningState": "Succeeded",
    }
    typed = azure._clients.network(SUBSCRIPTION).list_network_manager_effective_security_admin_rules(
        "rg-net", "vnet", {}, top=1, meant=f"{NETWORK}/listNetworkManagerEffectiveSecurityAdminRules"
    )
    assert [(rule.kind, rule["properties"]["access"]) for rule in typed.value or []] == [("Custom", "Deny")]
    assert typed.skip_token == "1"
