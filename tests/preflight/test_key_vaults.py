"""Encrypted VMs: where it stands that they are, which key vault they need, and whether anybody may read it."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from reconciler.core.plan import Finding
from reconciler.core.readiness import MachineReadiness
from reconciler.preflight.encryption import KeyVaultUse, encryption_of
from reconciler.preflight.key_vaults import APP, GOVERNMENT_APP
from reconciler.preflight.questions import MOST_QUESTIONS
from tests.preflight.estate import OS_DISK, a_machine_body, an_estate_with, checked, codes, the_vm, with_disks
from tests.support.desired import SUBSCRIPTION, WEB, a_machine, a_spec, a_vm, protect
from tests.support.fake_survey import FakeSurvey
from tests.support.wire import Body

VAULT = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-kv/providers/Microsoft.KeyVault/vaults/kv"
OTHER = f"{VAULT}2"
SECRETS_ONLY, BOTH = (KeyVaultUse(VAULT, secrets=True, keys=is_key) for is_key in (False, True))


def settings(secrets: str = VAULT, keys: str = "", enabled: bool = True) -> Body:
    found: Body = {"enabled": enabled, "diskEncryptionKey": {"sourceVault": {"id": secrets}}}
    return found | ({"keyEncryptionKey": {"sourceVault": {"id": keys}}} if keys else {})


def extension(**values: str) -> Body:
    return {
        "properties": {"type": "AzureDiskEncryption", "settings": {"EncryptionOperation": "EnableEncryption"} | values}
    }


def dual(secrets: str = VAULT, keys: str = "") -> Body:
    return a_machine_body(**with_disks(encryptionSettings=settings(secrets, keys)))


PLAIN = a_machine_body()
NAMED_ONLY = {"resources": [{"id": f"{WEB.id}/extensions/AzureDiskEncryptionForLinux"}]}
KEK_URL = "https://kv.vault.azure.net/keys/kek/1"
SHOWN: Body = {"extensions": [{"type": "Microsoft.Azure.Security.AzureDiskEncryptionForLinux"}]}


@pytest.mark.parametrize(
    ("machine", "view", "disks", "uses"),
    [
        (PLAIN, {}, [], None),
        (dual(), {}, [], (SECRETS_ONLY,)),
        (dual(keys=VAULT.upper()), {}, [], (BOTH,)),
        (dual(keys=OTHER), {}, [], (SECRETS_ONLY, KeyVaultUse(OTHER, secrets=False, keys=True))),
        (PLAIN | {"resources": [extension(KeyVaultResourceId=VAULT)]}, {}, [], (SECRETS_ONLY,)),
        (PLAIN | {"resources": [extension(KeyVaultResourceId=VAULT, KeyEncryptionKeyURL=KEK_URL, KekVaultResourceId=VAULT)]},
         SHOWN, [], (BOTH,)),
        (PLAIN | {"resources": [extension(keyVaultURL="https://kv.vault.azure.net/", KeyEncryptionKeyURL=KEK_URL)]}, {}, [],
         (KeyVaultUse("https://kv.vault.azure.net/", secrets=True, keys=True),)),
        (PLAIN | {"resources": [extension(KeyVaultResourceId=VAULT, EncryptionOperation="DisableEncryption")]}, SHOWN, [], None),
        (PLAIN | NAMED_ONLY, {}, [], ()),
        (PLAIN, SHOWN, [], ()),
        (PLAIN | NAMED_ONLY, {"disks": [{"encryptionSettings": [settings(keys=VAULT)]}]}, [], (BOTH,)),
        (PLAIN, {"disks": [{"encryptionSettings": [settings(enabled=False)]}]}, [], None),
        (PLAIN, {}, [{"properties": {"encryptionSettingsCollection": {"enabled": True, "encryptionSettings": [settings()]}}}],
         (SECRETS_ONLY,)),
        (PLAIN, {}, [{"properties": {"encryptionSettingsCollection": {"enabled": True}}}], ()),
        (PLAIN, {}, [{"properties": {"encryptionSettingsCollection": {"enabled": False, "encryptionSettings": [settings()]}}}],
         None),
    ],
)  # fmt: skip
def test_where_it_stands(machine: Body, view: Body, disks: list[Body], uses: tuple[KeyVaultUse, ...] | None) -> None:
    assert encryption_of(machine, view, disks) == uses


def key_vault(vault_id: str = VAULT, *policies: Body, rbac: bool = False, **more: str) -> Body:
    properties = {
        "vaultUri": f"https://{vault_id.rsplit('/', 1)[-1]}.{more.get('domain', 'vault.azure.net')}/",
        "enableRbacAuthorization": rbac,
        "accessPolicies": list(policies),
    }
    return {"id": vault_id, "location": more.get("location", "West Europe"), "properties": properties}


def may(*secrets: str, keys: tuple[str, ...] = (), who: str = "backup") -> Body:
    return {"objectId": who, "permissions": {"secrets": list(secrets), "keys": list(keys)}}


def role(name: str, *actions: str, denied: tuple[str, ...] = ()) -> Body:
    data = [f"Microsoft.KeyVault/vaults/{action}" for action in actions]
    permission = {"dataActions": data, "notDataActions": [f"Microsoft.KeyVault/vaults/{action}" for action in denied]}
    return {"id": f"/x/roleDefinitions/{name.upper()}", "properties": {"permissions": [permission]}}


def assigned(name: str, who: str = "backup", kind: str = "ServicePrincipal") -> Body:
    return {"properties": {"principalId": who, "principalType": kind, "roleDefinitionId": f"/y/roleDefinitions/{name}"}}


ROLES = [
    role("admin", "*"),
    role("secrets", "secrets/*"),
    role("crypto", "keys/*"),
    role("half", "secrets/getSecret/action", "secrets/readMetadata/action"),
    role("exact", "secrets/backup/action", "secrets/getSecret/action", "secrets/readMetadata/action", "keys/backup/action", "keys/read"),
    role("cut", "*", denied=("keys/backup/action",)),
    {"id": "/x/roleDefinitions/owner", "properties": {"permissions": [{"actions": ["*"], "dataActions": []}]}},
]  # fmt: skip


@dataclass(frozen=True)
class Case:
    """`policies` of a vault with access policies, or `roles` of one with RBAC; `key` is whether the VM uses a key encryption key."""

    name: str
    code: str
    key: bool = False
    policies: tuple[Body, ...] | None = None
    roles: tuple[Body, ...] = field(default=())


CASES = [
    Case("the template", "F264", True, (may("Get", "List", "Backup", keys=("Get", "List", "Backup")),)),
    Case("older instructions", "F264", True, (may("get", "list", keys=("backup", "get", "list")),)),
    Case("everything", "F264", True, (may("all", keys=("All",)),)),
    Case("secrets are enough without a key", "F264", False, (may("get", "list"),)),
    Case("and not with one", "F263", True, (may("get", "list"),)),
    Case("keys without backup", "F263", True, (may("all", keys=("get", "list")),)),
    Case("no list", "F263", False, (may("get", "backup"),)),
    Case("two halves", "F263", True, (may("all"), may(keys=("all",), who="other"))),
    Case("no policy", "F263", False, ()),
    Case("administrator", "F264", True, roles=(assigned("ADMIN"),)),
    Case("a group", "F264", True, roles=(assigned("admin", kind="Group"),)),
    Case("a person is no app", "F263", True, roles=(assigned("admin", kind="User"),)),
    Case("two roles together", "F264", True, roles=(assigned("secrets"), assigned("crypto"))),
    Case("two roles of two", "F263", True, roles=(assigned("secrets"), assigned("crypto", "other"))),
    Case("the documented actions", "F264", True, roles=(assigned("exact"),)),
    Case("an action is missing", "F263", False, roles=(assigned("half"),)),
    Case("an action is taken out", "F263", True, roles=(assigned("cut"),)),
    Case("which does not matter here", "F264", False, roles=(assigned("cut"),)),
    Case("owners do not read data", "F263", False, roles=(assigned("owner"),)),
    Case("an unknown role", "F261", False, roles=(assigned("owner"), assigned("custom"))),
    Case("an unknown role beside a known one", "F264", False, roles=(assigned("custom", "x"), assigned("admin"))),
    Case("no role", "F263", False),
]


def encrypted(survey: FakeSurvey, *, key: bool = False) -> Finding:
    survey.vm_bodies[WEB.key] = dual(keys=VAULT if key else "")
    survey.roles = ROLES
    (found,) = the_vm(checked(survey)).findings
    return found


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_grant(case: Case) -> None:
    survey = an_estate_with()
    survey.add_resource(key_vault(VAULT, *(case.policies or ()), rbac=case.policies is None))
    survey.assignments[VAULT.lower()] = list(case.roles)
    found = encrypted(survey, key=case.key)
    assert found.code == case.code, found.what
    assert ("role assignment create" in found.remedy) is (case.code != "F261" and case.policies is None)
    assert ("--key-permissions" in found.remedy) is (case.key and case.policies is not None)


def test_the_commands_can_be_run_as_they_are() -> None:
    survey = an_estate_with()
    survey.add_resource(key_vault())
    assert (
        encrypted(survey).remedy == f"az keyvault set-policy --name kv --spn {APP} --secret-permissions get list backup"
    )
    survey.add_resource(key_vault(rbac=True))
    assert encrypted(survey).remedy == (
        f"az role assignment create --role 'Key Vault Administrator' --assignee {APP} --scope {VAULT}"
    )
    survey.add_resource(key_vault(VAULT, may("all", who="b"), may("all", who="a")))
    found = encrypted(survey)
    assert found.what == "a, b may read secrets of key vault kv"
    assert found.remedy.startswith(
        f"compare with: az ad sp show --id {APP} --query id; if it is none of these: az keyvault"
    )
    survey.add_resource(key_vault(domain="vault.usgovcloudapi.net"))
    assert f"--spn {GOVERNMENT_APP} " in encrypted(survey).remedy


@pytest.mark.parametrize("read", ["resources", "role_assignments", "role_definitions"])
def test_what_can_not_be_read_is_unknown_for_every_vm(read: str) -> None:
    survey = an_estate_with()
    survey.add_resource(key_vault(rbac=True))
    second = a_vm("vm-api")
    survey.vms[second.key] = a_machine(second)
    survey.vm_bodies[WEB.key] = survey.vm_bodies[second.key] = dual()
    survey.unreadable.add(read)
    machines = checked(survey, a_spec(protect(), protect(second))).machines
    told = [[each.what for each in machine.findings if each.code == "F261"] for machine in machines]
    assert (
        told
        == [[f"its disks are encrypted by Azure Disk Encryption with key vault kv: {read} is forbidden; no permission"]]
        * 2
    )
    assert all(codes(machine) <= {"F261", "F299"} for machine in machines)


def test_a_vault_of_another_region_and_one_that_is_not_there() -> None:
    survey = an_estate_with(machine=dual(keys=OTHER))
    survey.add_resource(key_vault(VAULT, may("all"), location="northeurope"))
    machine: MachineReadiness = the_vm(checked(survey))
    assert [each.code for each in machine.findings] == ["F261", "F262", "F264"]
    assert "kv2: it is not there, or not to be seen" in machine.findings[0].what
    assert machine.findings[1].what == "its key vault kv is in northeurope, and the VM in westeurope"


def test_a_vault_that_only_its_url_names() -> None:
    survey = an_estate_with(machine=PLAIN | {"resources": [extension(KeyVaultURL="https://KV.vault.azure.net")]})
    survey.add_resource(key_vault(VAULT, may("all")))
    assert codes(the_vm(checked(survey))) == {"F264"}


def test_an_encrypted_managed_disk_is_enough() -> None:
    survey = an_estate_with()
    collection = {"enabled": True, "encryptionSettings": [settings()]}
    survey.add_resource({"id": OS_DISK, "properties": {"encryptionSettingsCollection": collection}})
    survey.add_resource(key_vault())
    assert codes(the_vm(checked(survey))) == {"F263"}


def test_without_encrypted_vms_nothing_is_asked_and_with_many_not_much() -> None:
    survey = an_estate_with()
    checked(survey)
    before = survey.asked.count("resources")
    assert {"role_assignments", "role_definitions"}.isdisjoint(survey.asked)
    vms = [a_vm(f"vm-{number:02}") for number in range(2 * MOST_QUESTIONS)]
    for vm in vms:
        survey.vms[vm.key] = a_machine(vm)
        survey.vm_bodies[vm.key] = dual(secrets=f"{VAULT}-{vm.name}", keys=f"{VAULT}-{vm.name}")
        survey.add_resource(key_vault(f"{VAULT}-{vm.name}", rbac=True))
    survey.asked.clear()
    machines = checked(survey, a_spec(*map(protect, vms))).machines
    assert survey.asked.count("resources") == before + 1
    asked = survey.asked.count("role_assignments")
    assert (0 < asked < len(vms), survey.asked.count("role_definitions")) == (True, 1)
    assert [codes(machine) for machine in machines] == [{"F263"}] * asked + [{"F261"}] * (len(vms) - asked)
