"""The gate of the sandbox: rights and Azure Policy of an estate act on every request, and are told as Azure tells them."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.sandbox.access import action_of
from reconciler.sandbox.azure_policies import GROUP_TYPE
from reconciler.sandbox.estate import EstateError, load_estate, load_estate_text
from reconciler.sandbox.world import World
from tests.sandbox.lab import Lab

VAULTS = "Microsoft.RecoveryServices/vaults"
ITEMS = f"{VAULTS}/backupFabrics/protectionContainers/protectedItems"
CHECK = "providers/Microsoft.PolicyInsights/checkPolicyRestrictions"
READ = {"actions": ["*/read"]}


class Governed(Lab):
    """A group `rg` with a VM, under the rights and policies of an estate."""

    def __init__(self, **governance: Any) -> None:
        super().__init__()
        groups: dict[str, Any] = {"rg": {"virtualMachines": {"vm": {}}}, "rg-other": {}}
        load_estate(self.world, {"resourceGroups": groups, **governance})
        self.root = f"/subscriptions/{self.subscription}"
        self.rg = f"{self.root}/resourceGroups/rg"
        self.vm_id = f"{self.rg}/providers/Microsoft.Compute/virtualMachines/vm"

    def refused(self, method: str, path: str, body: Any = None) -> tuple[int, dict[str, Any]]:
        response = self.send(method, path, body)
        return response.status, response.json()["error"]


G = "/subscriptions/s/resourceGroups/g"
V = f"{G}/providers/{VAULTS}/rsv"
I = f"{V}/backupFabrics/Azure/protectionContainers/c/protectedItems/i"  # noqa: E741


@pytest.mark.parametrize(
    ("method", "path", "action"),
    [
        ("GET", V, f"{VAULTS}/read"),
        ("PATCH", V, f"{VAULTS}/write"),
        ("GET", f"{V}/backupProtectedItems", f"{VAULTS}/backupProtectedItems/read"),
        ("PUT", f"{V}/backupPolicies/p", f"{VAULTS}/backupPolicies/write"),
        ("GET", f"{V}/backupPolicies/p/operations/1", f"{VAULTS}/backupPolicies/operations/read"),
        ("PUT", f"{V}/backupstorageconfig/vaultstorageconfig", f"{VAULTS}/backupstorageconfig/write"),
        ("DELETE", I, f"{ITEMS}/delete"),
        ("POST", f"{I}/backup", f"{ITEMS}/backup/action"),
        ("GET", "/subscriptions/s", "Microsoft.Resources/subscriptions/read"),
        ("PUT", G, "Microsoft.Resources/subscriptions/resourceGroups/write"),
        ("GET", f"{G}/providers/Microsoft.Compute/virtualMachines/v/instanceView",
         "Microsoft.Compute/virtualMachines/instanceView/read"),
        ("POST", "/subscriptions/s/providers/Microsoft.RecoveryServices/locations/l/backupStatus",
         "Microsoft.RecoveryServices/locations/backupStatus/action"),
        ("PUT", f"{V}/providers/Microsoft.Authorization/locks/x", "Microsoft.Authorization/locks/write"),
        ("POST", f"{G}/{CHECK}", "Microsoft.PolicyInsights/checkPolicyRestrictions/read"),
        ("GET", "/subscriptions", ""),
        ("POST", "/providers/Microsoft.ResourceGraph/resources", ""),
        ("GET", "/subscriptions/s/providers/Microsoft.Network/locations/l/operations/1", ""),
    ],
)  # fmt: skip
def test_the_action_of_a_request(method: str, path: str, action: str) -> None:
    assert action_of(method, path) == action


def test_without_a_word_everything_is_allowed() -> None:
    lab = Governed()
    lab.make_vault()
    assert lab.ok("GET", f"{lab.vault}/providers/Microsoft.Authorization/permissions")["value"] == [
        {"actions": ["*"], "notActions": [], "dataActions": [], "notDataActions": []}
    ]


def test_what_is_not_given_is_refused_and_permissions_say_so_before() -> None:
    given = [READ, {"scope": "rg", "actions": [f"{VAULTS}/*"], "notActions": ["*/delete"]}]
    lab = Governed(callerPermissions=given)
    lab.make_vault()
    status, error = lab.refused("DELETE", lab.vault)
    assert (status, error["code"]) == (403, "AuthorizationFailed")
    assert f"perform action '{VAULTS}/delete' over scope '{lab.vault}'" in error["message"]
    other = lab.vault.replace("/rg/", "/rg-other/")
    assert lab.refused("PUT", other, {"location": "westeurope"})[0] == 403
    told = lab.ok("GET", f"{lab.rg}/providers/Microsoft.Authorization/permissions")["value"]
    assert [each["actions"] for each in told] == [["*/read"], [f"{VAULTS}/*"]]
    assert told[1]["notActions"] == ["*/delete"]
    (only,) = lab.ok("GET", f"{lab.root}/providers/Microsoft.Authorization/permissions")["value"]
    assert only["actions"] == ["*/read"]


def test_a_caller_without_rights_may_not_even_read() -> None:
    assert Governed(callerPermissions=[]).refused("GET", f"/subscriptions/{Lab().subscription}")[0] == 403


def test_rights_come_before_what_is_there() -> None:
    lab = Governed(callerPermissions=[{"scope": "rg", "actions": ["*"]}])
    assert lab.refused("GET", f"{lab.root}/resourceGroups/none")[1]["code"] == "AuthorizationFailed"


@pytest.mark.parametrize(("scope", "allowed"), [("rg", True), ("rg-other", False)])
def test_protecting_a_vm_takes_a_right_on_the_vm_too(scope: str, allowed: bool) -> None:
    given = [
        {"actions": [f"{VAULTS}/*", "*/read"]},
        {"scope": scope, "actions": ["Microsoft.Compute/virtualMachines/*"]},
    ]
    lab = Governed(callerPermissions=given)
    lab.make_vault()
    response = lab.protect(lab.vm_id)
    assert (response.status == 202) is allowed
    if not allowed:
        error = response.json()["error"]
        assert error["code"] == "LinkedAuthorizationFailed"
        linked = f"'Microsoft.Compute/virtualMachines/write' on the linked scope(s) '{lab.vm_id}'"
        assert linked in error["message"]


def test_what_a_policy_denies_is_refused_and_told_before() -> None:
    rule = {"types": [VAULTS], "missingTag": "Owner", "displayName": "Owners are named"}
    lab = Governed(policyAssignments={"owners": rule})
    body = {"location": "westeurope", "sku": {"name": "Standard"}, "properties": {}}
    question = {"resourceDetails": {"resourceContent": {"type": VAULTS, "name": "rsv", **body}}}
    told = lab.ok("POST", f"{lab.rg}/{CHECK}", question)["contentEvaluationResult"]["policyEvaluations"]
    status, error = lab.refused("PUT", lab.vault, body)
    assert (status, error["code"], error["target"]) == (403, "RequestDisallowedByPolicy", "rsv")
    assert '"name":"Owners are named"' in error["message"]
    (violation,) = error["additionalInfo"]
    info = violation["info"]
    assert (violation["type"], info["policyDefinitionEffect"]) == ("PolicyViolation", "Deny")
    assert info["policyAssignmentId"] == told[0]["policyInfo"]["policyAssignmentId"]
    assert info["evaluationDetails"] == told[0]["evaluationDetails"]
    assert [each["path"] for each in info["evaluationDetails"]["evaluatedExpressions"]] == ["type", "tags[Owner]"]
    lab.ok("PUT", lab.vault, body | {"tags": {"owner": "me"}})
    lab.world.advance(60)
    lab.ok("PATCH", lab.vault, {"properties": {"publicNetworkAccess": "Disabled"}})
    lab.world.advance(60)
    assert lab.refused("PATCH", lab.vault, {"tags": {}})[1]["code"] == "RequestDisallowedByPolicy"


@pytest.mark.parametrize(
    ("rule", "content", "denied"),
    [
        ({"locations": ["West Europe"]}, {"type": VAULTS, "location": "westeurope"}, False),
        ({"locations": ["westeurope"]}, {"type": VAULTS, "location": "northeurope"}, True),
        ({"locations": ["westeurope"]}, {"type": f"{VAULTS}/backupPolicies"}, False),
        ({"missingTag": "owner"}, {"type": GROUP_TYPE.lower()}, True),
        ({"missingTag": "owner", "locations": ["westeurope"]}, {"type": VAULTS, "location": "westeurope"}, False),
        ({"missingTag": "owner", "locations": ["westeurope"]}, {"type": VAULTS, "location": "northeurope"}, True),
        ({"missingTag": "owner"}, {"type": GROUP_TYPE, "tags": {"OWNER": "x"}}, False),
        ({"types": [f"{VAULTS}/backupPolicies"]}, {"type": f"{VAULTS}/BackupPolicies"}, True),
        ({"types": [GROUP_TYPE]}, {"type": VAULTS}, False),
        ({"types": [VAULTS], "scope": "rg-other"}, {"type": VAULTS}, False),
        ({"types": [VAULTS], "effect": "audit"}, {"type": VAULTS}, False),
    ],
)
def test_what_a_rule_is_about(rule: dict[str, Any], content: dict[str, Any], denied: bool) -> None:
    lab = Governed(policyAssignments={"rule": rule})
    answer = lab.ok("POST", f"{lab.rg}/{CHECK}", {"resourceDetails": {"resourceContent": {"name": "x", **content}}})
    assert bool(answer["contentEvaluationResult"]["policyEvaluations"]) is denied


def test_an_audit_is_told_when_asked_for_and_refuses_nothing() -> None:
    lab = Governed(policyAssignments={"rule": {"types": [VAULTS], "effect": "audit"}})
    lab.make_vault()
    question = {"resourceDetails": {"resourceContent": {"type": VAULTS}}, "includeAuditEffect": True}
    (told,) = lab.ok("POST", f"{lab.rg}/{CHECK}", question)["contentEvaluationResult"]["policyEvaluations"]
    assert told["effectDetails"] == {"policyEffect": "Audit"}


def test_a_question_without_a_type_or_of_a_group_that_is_not_there_is_refused() -> None:
    lab = Governed()
    assert lab.refused("POST", f"{lab.rg}/{CHECK}", {"resourceDetails": {"resourceContent": {}}})[0] == 400
    question = {"resourceDetails": {"resourceContent": {"type": VAULTS}}}
    status, error = lab.refused("POST", f"{lab.root}/resourceGroups/none/{CHECK}", question)
    assert (status, error["code"]) == (404, "ResourceGroupNotFound")


def test_tags_and_locks_of_a_resource_are_no_resources_to_policies() -> None:
    lab = Governed(policyAssignments={"rule": {"missingTag": "owner"}})
    lab.ok("PUT", f"{lab.rg}/providers/Microsoft.Resources/tags/default", {"properties": {"tags": {"owner": "x"}}})
    lock = {"properties": {"level": "CanNotDelete"}}
    assert lab.ok("PUT", f"{lab.rg}/providers/Microsoft.Authorization/locks/hold", lock)["name"] == "hold"


@pytest.mark.parametrize(
    ("rule", "groups", "status"),
    [
        ({"types": [GROUP_TYPE], "missingTag": "owner"}, {}, "Failed"),
        ({"types": [GROUP_TYPE], "missingTag": "owner"}, {"AzureBackupRG_westeurope_1": {}}, "Completed"),
        ({"types": ["Microsoft.Compute/restorePointCollections"]}, {"AzureBackupRG_westeurope_1": {}}, "Failed"),
        ({"types": ["Microsoft.Compute/restorePointCollections"], "effect": "audit"}, {}, "Completed"),
    ],
)
def test_a_backup_fails_when_its_snapshots_are_denied(
    rule: dict[str, Any], groups: dict[str, Any], status: str
) -> None:
    vault = {
        "resourceGroup": "rg",
        "items": [{"vm": "rg/vm", "state": "irPending", "policy": "DefaultPolicy", "running": "backup"}],
    }
    estate = {"resourceGroups": {"rg": {"virtualMachines": {"vm": {}}}, **groups}, "vaults": {"rsv": vault}}
    lab = Lab()
    load_estate(lab.world, estate | {"policyAssignments": {"rule": rule}})
    lab.world.advance(7200)
    (job,) = lab.ok("GET", f"{lab.vault}/backupJobs")["value"]
    assert job["properties"]["status"] == status
    if status == "Failed":
        found = lab.ok("GET", f"{lab.vault}/backupJobs/{job['name']}")["properties"]["errorDetails"]
        assert "preventing Snapshot" in str(found)


@pytest.mark.parametrize(
    "text",
    [
        "callerPermissions: {actions: ['*']}",
        "callerPermissions: [{action: ['*']}]",
        "policyAssignments: {x: {effect: modify}}",
        "policyAssignments: {x: {tag: owner}}",
        "policyAssignments: [x]",
    ],
)
def test_an_estate_that_is_wrong_is_refused(text: str) -> None:
    with pytest.raises(EstateError, match="SBX002"):
        load_estate_text(World.open(), text, "estate.yaml")


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", ["all", "here"]),
        ("atExactScope()", ["here"]),
        ("atScope()", ["all", "here"]),
        ("atScopeAndBelow()", ["all", "here"]),
    ],
)
def test_assignments_are_listed_by_scope(query: str, names: list[str]) -> None:
    rule = {"types": [VAULTS]}
    lab = Governed(
        policyAssignments={"all": rule, "here": rule | {"scope": "rg"}, "there": rule | {"scope": "rg-other"}}
    )
    path = "providers/Microsoft.Authorization/policyAssignments"
    listed = lab.ok("GET", f"{lab.rg}/{path}" + (f"?$filter={query}" if query else ""))["value"]
    assert [each["name"] for each in listed] == names
    assert listed[-1]["id"] == f"{lab.rg}/{path}/here"
    if not query:
        assert len(lab.ok("GET", f"{lab.root}/{path}")["value"]) == 3
