"""Key vaults and role assignments of the sandbox, from estate files and over the wire."""

import pytest

from reconciler.cloud.azure import Azure
from reconciler.core.desired import Spec
from reconciler.core.wire import dig, dig_text
from reconciler.sandbox.estate import EstateError, load_estate_text
from reconciler.sandbox.transport import SandboxClock, SandboxCredential, SandboxTransport
from tests.sandbox.lab import Lab

ESTATE = """
resourceGroups:
  rg-kv:
    location: northeurope
    keyVaults:
      kv-one: {accessPolicies: [{objectId: someone, secrets: [get, list], keys: [all]}]}
      kv-two: {location: westeurope, rbac: true, roleAssignments: [{principalId: someone, role: key vault administrator, type: Group}]}
  rg-app:
    virtualMachines:
      vm1: {os: windows, encryption: {keyVault: rg-kv/kv-one, keyEncryptionKey: true}}
      vm2: {encryption: {keyVault: rg-kv/kv-two, pass: dual}}
"""
VERSION = "2023-07-01"


@pytest.fixture
def lab() -> Lab:
    lab = Lab()
    load_estate_text(lab.world, ESTATE, "estate.yaml")
    return lab


def test_an_estate_has_key_vaults_roles_and_encrypted_vms(lab: Lab) -> None:
    azure = Azure(SandboxCredential(), SandboxTransport(lab.world), SandboxClock(lab.world), read_only=True)
    survey = azure.survey(Spec("d"))
    one, two = survey.resources(lab.subscription, "Microsoft.KeyVault/vaults")
    assert (one["location"], two["location"]) == ("northeurope", "westeurope")
    assert dig(one, "properties", "accessPolicies") == [
        {"tenantId": "00000000-0000-4000-8000-00000000000a", "objectId": "someone",
         "permissions": {"secrets": ["get", "list"], "keys": ["all"], "certificates": []}}
    ]  # fmt: skip
    assert (dig(one, "properties", "enableSoftDelete"), dig_text(one, "properties", "vaultUri")) == (
        True,
        "https://kv-one.vault.azure.net/",
    )
    assert list(survey.role_assignments(dig_text(one, "id"))) == []
    (assignment,) = survey.role_assignments(dig_text(two, "id"))
    roles = {dig_text(role, "id"): role for role in survey.role_definitions(lab.subscription)}
    role = roles[dig_text(assignment, "properties", "roleDefinitionId")]
    assert dig_text(role, "properties", "roleName") == "Key Vault Administrator"
    assert azure.requests == {"GET": 4}
    machines = lab.ok("GET", f"/subscriptions/{lab.subscription}/providers/Microsoft.Compute/virtualMachines")["value"]
    (extension,) = machines[0]["resources"]
    assert extension["properties"]["type"] == "AzureDiskEncryption"
    assert extension["properties"]["settings"]["KekVaultResourceId"] == one["id"]
    settings = machines[1]["properties"]["storageProfile"]["osDisk"]["encryptionSettings"]
    assert (settings["enabled"], settings["diskEncryptionKey"]["sourceVault"]["id"]) == (True, two["id"])
    assert "keyEncryptionKey" not in settings


def test_a_deleted_key_vault_keeps_its_name_until_it_is_recovered(lab: Lab) -> None:
    path = f"/subscriptions/{lab.subscription}/resourceGroups/rg-kv/providers/Microsoft.KeyVault/vaults"
    made = lab.send(
        "PUT", f"{path}/kv-new", {"location": "West Europe", "properties": {"sku": {"name": "premium"}}}, VERSION
    )
    assert (made.status, made.json()["location"]) == (201, "westeurope")
    assert lab.send("PUT", f"{path}/kv-new", {"location": "westeurope"}, VERSION).status == 200
    assert [each["name"] for each in lab.ok("GET", path, version=VERSION)["value"]] == ["kv-one", "kv-two", "kv-new"]
    assert lab.send("DELETE", f"{path}/kv-new", version=VERSION).status == 200
    assert lab.send("DELETE", f"{path}/kv-new", version=VERSION).status == 204
    assert lab.send("GET", f"{path}/kv-new", version=VERSION).status == 404
    again = lab.send("PUT", f"{path}/kv-new", {"location": "westeurope"}, VERSION)
    assert (again.status, again.json()["error"]["code"]) == (409, "ConflictError")
    recovery = {"location": "westeurope", "properties": {"createMode": "recover"}}
    assert lab.send("PUT", f"{path}/kv-new", recovery, VERSION).status == 201
    assert lab.send("PUT", f"{path}/no_name", recovery, VERSION).status == 400
    elsewhere = path.replace("rg-kv", "rg-app")
    assert (
        lab.send("PUT", f"{elsewhere}/KV-one", {"location": "westeurope"}, VERSION).json()["error"]["code"]
        == "VaultAlreadyExists"
    )


def test_assignments_count_at_and_above_a_scope(lab: Lab) -> None:
    subscription = f"/subscriptions/{lab.subscription}"
    group, below = f"{subscription}/resourceGroups/rg-kv", "providers/Microsoft.Authorization/roleAssignments"
    vault = f"{group}/providers/Microsoft.KeyVault/vaults/kv-one"
    owner = f"{subscription}/providers/Microsoft.Authorization/roleDefinitions/8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
    body = {"properties": {"roleDefinitionId": owner, "principalId": "p"}}
    for scope, name in ((subscription, "a"), (group, "b"), (vault, "c")):
        assert lab.send("PUT", f"{scope}/{below}/{name}", body).status == 201
        assert lab.ok("GET", f"{scope}/{below}/{name}")["properties"]["scope"] == scope

    def names(scope: str, condition: str = "") -> list[str]:
        found = lab.ok("GET", f"{scope}/{below}" + (f"?$filter={condition}" if condition else ""))["value"]
        return [each["name"] for each in found if each["properties"]["principalId"] == "p"]

    assert (names(vault, "atScope()"), names(group, "atScope()"), names(group)) == (
        ["a", "b", "c"],
        ["a", "b"],
        ["a", "b", "c"],
    )
    assert (names(group, "principalId eq 'P'"), names(group, "principalId eq 'x'")) == (["a", "b", "c"], [])
    assert lab.send("PUT", f"{group}/{below}/d", body).json()["error"]["code"] == "RoleAssignmentExists"
    unknown = {"properties": {**body["properties"], "roleDefinitionId": f"{owner}x"}}
    assert lab.send("PUT", f"{group}/{below}/d", unknown).json()["error"]["code"] == "RoleDefinitionDoesNotExist"
    assert lab.send("DELETE", f"{group}/{below}/b").status == 200
    assert lab.send("DELETE", f"{group}/{below}/b").status == 204
    assert lab.send("GET", f"{group}/{below}/b").status == 404


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("rg-kv/kv-one, key", "rg-kv/kv-none, key", "rg-kv/kv-none names no key vault"),
        ("kv-one: {", "kv_one: {", "Azure would refuse it"),
        ("role: key vault administrator, ", "", "role is missing"),
    ],
)
def test_mistakes_are_told(old: str, new: str, said: str) -> None:
    with pytest.raises(EstateError, match=said):
        load_estate_text(Lab().world, ESTATE.replace(old, new), "estate.yaml")
