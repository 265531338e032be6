"""Key vaults of estate files, who may read them, and VMs that Azure Disk Encryption has encrypted with them."""

from typing import Any

from reconciler.sandbox.marked import Section
from reconciler.sandbox.rows import key_vaults, role_assignments
from reconciler.sandbox.rows.subscriptions import TENANT
from reconciler.sandbox.wire import Refusal
from reconciler.sandbox.world import Row, World, guid_of

KEY_VAULT_KEYS = ("location", "tags", "rbac", "accessPolicies", "roleAssignments")
_POLICY_KEYS = ("objectId", "secrets", "keys")
_ASSIGNMENT_KEYS = ("principalId", "role", "type")
_KINDS = {name: name for name in ("ServicePrincipal", "Group", "User")}
_ROLES = {role[1]: role[0] for role in role_assignments.ROLES}
_ENCRYPTION_KEYS = ("keyVault", "keyEncryptionKey", "pass")


def place_key_vaults(world: World, subscription: str, name: str, group: Section, region: str) -> None:
    root = f"/subscriptions/{subscription}/resourceGroups/{name}"
    for own, section in group.named("keyVaults", KEY_VAULT_KEYS):
        policies = [_policy(entry) for entry in section.entries("accessPolicies", _POLICY_KEYS)]
        properties = {
            "enabledForDiskEncryption": True,
            "enableRbacAuthorization": section.flag("rbac"),
            "accessPolicies": policies,
        }
        tags = {key: str(value) for key, value in section.mapping("tags").items()}
        body = {"location": section.text("location", region), "tags": tags, "properties": properties}
        try:
            row = key_vaults.create(world, f"{root}/providers/{key_vaults.TYPE}/{own}", body)
        except Refusal as refusal:
            section.refuse(
                (), f"Azure would refuse it: {refusal}", "estates hold what Azure would take", "correct the name"
            )
        for entry in section.entries("roleAssignments", _ASSIGNMENT_KEYS):
            _assign(world, subscription, row, entry)


def _policy(entry: Section) -> dict[str, Any]:
    permissions = {name: [str(each) for each in entry.list(name)] for name in ("secrets", "keys")}
    return {"tenantId": TENANT, "objectId": entry.text("objectId"), "permissions": permissions | {"certificates": []}}


def _assign(world: World, subscription: str, vault: Row, entry: Section) -> None:
    who, role = entry.text("principalId"), entry.choice("role", _ROLES)
    if role is None:
        entry.refuse((), "role is missing", "an assignment gives a role", f"write role: one of {', '.join(_ROLES)}")
    kind = entry.choice("type", _KINDS, "ServicePrincipal")
    name = guid_of(f"{vault.key} {who} {role}".lower())
    role_assignments.assign(world, vault, name, who, kind, role_assignments.role_id(subscription, role))


def encrypt(world: World, row: Row, vm: Section) -> Row:
    """Gives a VM with `encryption` what Azure Disk Encryption leaves in it: of one pass an extension, of two settings of its OS disk."""
    if "encryption" not in vm.value:
        return row
    section = vm.section("encryption", _ENCRYPTION_KEYS)
    vault = _vault(world, row, section)
    has_key = section.flag("keyEncryptionKey")
    secret_url = f"{vault.body['properties']['vaultUri']}secrets/{guid_of(f'{row.key} secret')}/1"
    key_url = f"{vault.body['properties']['vaultUri']}keys/kek/1"
    if section.choice("pass", {"single": False, "dual": True}, False):
        source = {"id": vault.body["id"]}
        settings: dict[str, Any] = {"diskEncryptionKey": {"secretUrl": secret_url, "sourceVault": source}}
        if has_key:
            settings["keyEncryptionKey"] = {"keyUrl": key_url, "sourceVault": source}
        row.body["properties"]["storageProfile"]["osDisk"]["encryptionSettings"] = settings | {"enabled": True}
        return row
    row.body.setdefault("resources", []).append(_extension(row, vault, key_url if has_key else ""))
    return row


def _extension(row: Row, vault: Row, key_url: str) -> dict[str, Any]:
    kind = "AzureDiskEncryption" + ("ForLinux" if row.meta["facts"]["os"] == "Linux" else "")
    settings = {
        "EncryptionOperation": "EnableEncryption",
        "KeyVaultURL": vault.body["properties"]["vaultUri"],
        "KeyVaultResourceId": vault.body["id"],
        "KeyEncryptionKeyURL": key_url,
        "KekVaultResourceId": vault.body["id"] if key_url else "",
        "KeyEncryptionAlgorithm": "RSA-OAEP" if key_url else "",
        "VolumeType": "All",
    }
    return {
        "name": kind,
        "id": f"{row.body['id']}/extensions/{kind}",
        "type": "Microsoft.Compute/virtualMachines/extensions",
        "location": row.body["location"],
        "properties": {
            "autoUpgradeMinorVersion": True,
            "provisioningState": "Succeeded",
            "publisher": "Microsoft.Azure.Security",
            "type": kind,
            "typeHandlerVersion": "1.1" if kind.endswith("Linux") else "2.2",
            "settings": settings,
        },
    }


def _vault(world: World, row: Row, section: Section) -> Row:
    group, slash, name = section.text("keyVault").partition("/")
    root = row.key.split("/resourcegroups/")[0]
    found = world.get(f"{root}/resourcegroups/{group}/providers/{key_vaults.TYPE}/{name}") if slash else None
    if found is None:
        section.refuse(
            ("keyVault",),
            f"{section.value['keyVault']} names no key vault",
            "it must be in the estate",
            "write GROUP/NAME",
        )
    return found
