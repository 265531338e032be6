"""What vaults show in each api-version, their identities and keys, and how deleted ones come back (wire-facts 2)."""

from tests.sandbox.lab import NEW, Lab, code


def test_identities_have_ids_and_a_type_with_a_blank() -> None:
    lab = Lab()
    user = "/subscriptions/s/resourcegroups/rg/providers/microsoft.managedidentity/userassignedidentities/me"
    sent = {"type": "SystemAssigned,UserAssigned", "userAssignedIdentities": {user: {}}}
    lab.ok("PUT", lab.vault, {"location": "westeurope", "identity": sent})
    lab.world.advance(60)
    identity = lab.ok("GET", lab.vault)["identity"]
    assert list(identity) == ["tenantId", "principalId", "type", "userAssignedIdentities"]
    assert identity["type"] == "SystemAssigned, UserAssigned"
    assert list(identity["userAssignedIdentities"][user]) == ["clientId", "principalId"]
    lab.ok("PATCH", lab.vault, {"tags": {"a": "b"}})
    lab.world.advance(60)
    assert lab.ok("GET", lab.vault)["identity"] == identity
    lab.ok("PATCH", lab.vault, {"identity": {"type": "systemassigned"}})
    lab.world.advance(120)
    assert lab.ok("GET", lab.vault)["identity"] == {name: identity[name] for name in list(identity)[:2]} | {
        "type": "SystemAssigned"
    }
    lab.ok("PATCH", lab.vault, {"identity": {"type": "None"}})
    lab.world.advance(60)
    assert "identity" not in lab.ok("GET", lab.vault)


def test_what_versions_show_of_security() -> None:
    """2024-02 (immutability, PowerShell's recording) had no scores and a null; 2025-08 neither null nor regions."""
    lab = Lab()
    lab.make_vault(securitySettings={"immutabilitySettings": {"state": "Unlocked"}})
    old, newer, new = (
        lab.ok("GET", lab.vault, version=version)["properties"] for version in ("2024-02-01", "2025-08-01", NEW)
    )
    state, soft_delete = ("immutabilitySettings", "softDeleteSettings")
    assert list(old["securitySettings"]) == [state, soft_delete, "multiUserAuthorization"]
    assert list(newer["securitySettings"]) == [*old["securitySettings"], "sourceScanConfiguration"]
    assert old["securitySettings"][state] == {"state": "Unlocked", "disablingAllowedTimeInUTC": None}
    assert newer["securitySettings"][state] == {"state": "Unlocked"}
    assert newer.keys() - old.keys() == {"secureScore", "bcdrSecurityLevel"}
    assert new.keys() - newer.keys() == {"regionOfChoiceSettings"}


def test_a_weakened_vault_has_the_lowest_score() -> None:
    lab = Lab()
    lab.make_vault("2021-03-01")
    states = {"softDeleteFeatureState": "Enabled", "enhancedSecurityState": "Disabled"}
    lab.ok("PATCH", f"{lab.vault}/backupconfig/vaultconfig", {"properties": states}, "2022-02-01")
    found = lab.ok("GET", lab.vault, version="2025-08-01")["properties"]
    assert (found["secureScore"], found["bcdrSecurityLevel"]) == ("None", "Poor")


def test_a_deleted_vault_does_not_come_back_over_another_one_or_without_its_group() -> None:
    lab = Lab()
    lab.make_vault()
    lab.ok("DELETE", lab.vault)
    lab.world.advance(60)
    place = f"/subscriptions/{lab.subscription}/providers/Microsoft.RecoveryServices/locations/westeurope/deletedVaults"
    deleted = lab.ok("GET", place)["value"][0]["id"]
    lab.make_vault()
    etag = lab.ok("GET", lab.vault)["etag"]
    assert code(lab.send("POST", f"{deleted}/undelete", {})) == (409, "UserErrorVaultNameInUse")
    lab.world.advance(60)
    assert lab.ok("GET", lab.vault)["etag"] == etag
    lab.ok("DELETE", lab.vault)
    lab.ok("DELETE", lab.vault.split("/providers/")[0])
    lab.world.advance(300)
    assert code(lab.send("POST", f"{deleted}/undelete", {})) == (404, "ResourceGroupNotFound")


def test_a_vault_is_encrypted_with_the_keys_of_the_service() -> None:
    lab = Lab()
    lab.make_vault()
    found = lab.ok("GET", f"{lab.vault}/backupEncryptionConfigs/backupResourceEncryptionConfig")
    assert found["type"] == "Microsoft.RecoveryServices/vaults/backupEncryptionConfigs"
    assert found["properties"] == {
        "useSystemAssignedIdentity": True,
        "encryptionAtRestType": "MicrosoftManaged",
        "lastUpdateStatus": "NotEnabled",
        "infrastructureEncryptionState": "Disabled",
    }


def test_a_key_of_ones_own_has_all_its_parts() -> None:
    """The lists of 2021-03-01 showed it, with the identity in lower case, and no networkSettings."""
    lab = Lab()
    user = "/subscriptions/s/resourceGroups/RG/providers/Microsoft.ManagedIdentity/userAssignedIdentities/me"
    keys = {"keyUri": "https://keys.vault.azure.net/keys/own"}
    lab.make_vault("2021-03-01", encryption={"kekIdentity": {"userAssignedIdentity": user}, "keyVaultProperties": keys})
    listed = lab.ok("GET", lab.vault.rsplit("/", 1)[0], version="2021-03-01")["value"][0]["properties"]
    states = ["provisioningState", "privateEndpointStateForBackup", "privateEndpointStateForSiteRecovery"]
    assert list(listed) == [*states, "encryption"]
    assert listed["encryption"] == {
        "keyVaultProperties": keys,
        "kekIdentity": {"useSystemAssignedIdentity": False, "userAssignedIdentity": user.lower()},
        "infrastructureEncryption": "Disabled",
    }
    read = lab.ok("GET", lab.vault, version="2021-03-01")["properties"]
    assert list(read) == [*states, "encryption", "networkSettings"]
