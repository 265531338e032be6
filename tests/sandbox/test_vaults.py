"""Vaults: creation, defaults, what may be changed and what not, deletion (facts of wire-facts 2 and 3, restated)."""

from typing import Any

import pytest

from tests.sandbox.lab import NEW, Lab, code

ALWAYS_ON = {"softDeleteRetentionPeriodInDays": 14, "softDeleteState": "AlwaysON", "enhancedSecurityState": "AlwaysON"}


def soft(state: str, enhanced: str = "AlwaysON", days: int = 14) -> dict[str, Any]:
    settings = {
        "softDeleteRetentionPeriodInDays": days,
        "softDeleteState": state,
        "enhancedSecurityState": enhanced,
    }
    return {"securitySettings": {"softDeleteSettings": settings}}


def redundancy(kind: str, across: str = "Disabled") -> dict[str, Any]:
    return {"redundancySettings": {"standardTierStorageRedundancy": kind, "crossRegionRestore": across}}


def immutability(state: str) -> dict[str, Any]:
    return {"securitySettings": {"immutabilitySettings": {"state": state}}}


def put(lab: Lab, **properties: Any) -> tuple[int, str]:
    response = lab.send("PUT", lab.vault, {"location": lab.location, "properties": properties})
    return (response.status, "") if response.status < 300 else code(response)


def patch(lab: Lab, properties: dict[str, Any]) -> tuple[int, str]:
    response = lab.send("PATCH", lab.vault, {"properties": properties})
    lab.world.advance(60)
    return (response.status, "") if response.status < 300 else code(response)


def test_a_new_vault_is_provisioning_first_and_settles_with_another_etag() -> None:
    lab = Lab()
    made = lab.send("PUT", lab.vault, {"location": "westeurope", "properties": {}})
    assert made.status == 201
    assert made.headers["Retry-After"] == "60"
    assert "Location" not in made.headers
    first = made.json()
    assert first["properties"]["provisioningState"] == "Provisioning"
    assert first["properties"]["securitySettings"]["multiUserAuthorization"] == "Invalid"
    assert "backupStorageVersion" not in first["properties"]
    assert "tags" not in first
    status = lab.send("GET", made.headers["Azure-AsyncOperation"])
    assert status.json()["status"] == "InProgress"
    assert b"\r\n" in status.body
    assert "Azure-AsyncOperation" in status.headers
    lab.world.advance(60)
    status = lab.send("GET", made.headers["Azure-AsyncOperation"])
    assert status.json()["status"] == "Succeeded"
    assert "Azure-AsyncOperation" not in status.headers
    settled = lab.ok("GET", lab.vault)
    assert settled["properties"]["provisioningState"] == "Succeeded"
    assert settled["properties"]["securitySettings"]["multiUserAuthorization"] == "Disabled"
    assert settled["properties"]["backupStorageVersion"] == "Unassigned"
    assert settled["etag"] != first["etag"]


@pytest.mark.parametrize(("region", "kind"), [("westeurope", "GeoRedundant"), ("East Asia", "LocallyRedundant")])
def test_the_default_redundancy_depends_on_the_region(region: str, kind: str) -> None:
    lab = Lab(location=region)
    lab.make_vault()
    assert lab.ok("GET", lab.vault)["properties"]["redundancySettings"] == redundancy(kind)["redundancySettings"]


def test_soft_delete_is_always_on_by_default_and_its_spelling_is_mended() -> None:
    lab = Lab()
    lab.make_vault(**soft("AlwaysOn", "alwaysOn", 30))
    found = lab.ok("GET", lab.vault)["properties"]["securitySettings"]["softDeleteSettings"]
    assert found == ALWAYS_ON | {"softDeleteRetentionPeriodInDays": 30}


@pytest.mark.parametrize(
    ("sent", "refusal"),
    [
        (soft("Enabled"), "BMSUserErrorSoftDeleteStateNotSetToAlwaysON"),
        (soft("Disabled", "Disabled"), "BMSUserErrorSoftDeleteStateNotSetToAlwaysON"),
        (soft("AlwaysON", days=13), "InvalidRestApiParameter"),
        (soft("AlwaysON", days=181), "InvalidRestApiParameter"),
        (soft("Sometimes"), "InvalidRestApiParameter"),
        (redundancy("ReadAccess"), "InvalidRestApiParameter"),
        (redundancy("LocallyRedundant", "Enabled"), "InvalidRestApiParameter"),
        (immutability("Locked"), "InvalidRestApiParameter"),
        (immutability("Maybe"), "InvalidRestApiParameter"),
    ],
)
def test_a_create_that_azure_refuses(sent: dict[str, Any], refusal: str) -> None:
    lab = Lab()
    assert put(lab, **sent) == (400, refusal)
    assert lab.send("GET", lab.vault).status == 404


def test_soft_delete_is_never_weakened() -> None:
    lab = Lab()
    lab.make_vault()
    refused = (400, "BMSUserErrorDisablingSoftDeleteStateNotAllowed")
    assert patch(lab, soft("Enabled")) == refused
    assert patch(lab, soft("AlwaysON", "Disabled")) == refused
    assert patch(lab, soft("AlwaysON", days=60)) == (202, "")


def test_a_patch_is_202_with_both_headers_and_lands_at_its_end() -> None:
    lab = Lab()
    lab.make_vault()
    response = lab.send("PATCH", lab.vault, {"tags": {"owner": "a"}, "properties": {"publicNetworkAccess": "Disabled"}})
    assert response.status == 202
    assert response.body == b""
    assert {"Azure-AsyncOperation", "Location", "Retry-After"} <= set(response.headers)
    assert "tags" not in lab.ok("GET", lab.vault)
    lab.world.advance(60)
    assert lab.ok("GET", lab.vault)["tags"] == {"owner": "a"}
    assert lab.ok("GET", lab.vault)["properties"]["publicNetworkAccess"] == "Disabled"


def test_one_update_at_a_time() -> None:
    lab = Lab()
    lab.make_vault()
    lab.send("PATCH", lab.vault, {"tags": {"a": "1"}})
    conflict = (409, "RSVaultUpdateErrorConflictingOperationInProgress")
    assert code(lab.send("PATCH", lab.vault, {"tags": {"a": "2"}})) == conflict
    assert code(lab.send("PUT", lab.vault, {"location": "westeurope"})) == conflict
    assert code(lab.send("DELETE", lab.vault)) == conflict
    lab.world.advance(60)
    assert patch(lab, {}) == (202, "")


def test_a_second_put_replaces_tags_and_keeps_settings() -> None:
    lab = Lab()
    lab.make_vault(**redundancy("ZoneRedundant"))
    response = lab.send("PUT", lab.vault, {"location": "West Europe", "tags": {"a": "1"}, "properties": {}})
    assert response.status == 200
    lab.world.advance(60)
    assert put(lab) == (200, "")
    lab.world.advance(60)
    vault = lab.ok("GET", lab.vault)
    assert "tags" not in vault
    assert vault["properties"]["redundancySettings"]["standardTierStorageRedundancy"] == "ZoneRedundant"
    assert code(lab.send("PUT", lab.vault, {"location": "eastus"})) == (409, "InvalidResourceLocation")
    assert code(Lab().send("PUT", lab.vault, {})) == (400, "LocationRequired")


def test_redundancy_is_open_until_the_first_item_and_locked_for_ever_after() -> None:
    lab = Lab()
    lab.make_vault(**redundancy("LocallyRedundant"))
    assert patch(lab, redundancy("GeoRedundant", "Enabled")) == (202, "")
    assert patch(lab, redundancy("ZoneRedundant")) == (202, "")
    assert patch(lab, redundancy("GeoRedundant")) == (202, "")
    vm = lab.vm("vm1")
    lab.protect(vm)
    assert patch(lab, redundancy("LocallyRedundant")) == (400, "StorageModelModifyError")
    assert patch(lab, redundancy("GeoRedundant", "Enabled")) == (202, "")
    assert patch(lab, redundancy("GeoRedundant", "Disabled")) == (400, "StorageModelModifyError")
    lab.stop(vm)
    lab.send("DELETE", lab.item(vm))
    lab.world.advance(60)
    assert patch(lab, redundancy("LocallyRedundant")) == (400, "StorageModelModifyError")
    storage = lab.ok("GET", f"{lab.vault}/backupstorageconfig/vaultstorageconfig")["properties"]
    assert (storage["storageTypeState"], storage["crossRegionRestoreFlag"]) == ("Locked", True)


def test_sending_cross_region_restore_again_may_fail_on_some_backends() -> None:
    lab = Lab()
    lab.make_vault(**redundancy("GeoRedundant", "Enabled"))
    assert patch(lab, redundancy("GeoRedundant", "Enabled")) == (202, "")
    lab.world.set_fact("crossRegionRestoreResendFails", True)
    assert patch(lab, redundancy("GeoRedundant", "Enabled")) == (500, "CloudInternalError")


def test_immutability_goes_one_step_at_a_time_and_never_back_from_locked() -> None:
    lab = Lab()
    lab.make_vault()
    assert "immutabilitySettings" not in lab.ok("GET", lab.vault)["properties"]["securitySettings"]
    steps = ["Unlocked", "Disabled", "Unlocked", "Locked", "Locked"]
    assert [patch(lab, immutability(state))[0] for state in steps] == [202] * 5
    assert patch(lab, immutability("Disabled")) == (400, "InvalidRestApiParameter")
    assert patch(lab, immutability("Unlocked")) == (400, "InvalidRestApiParameter")
    found = lab.ok("GET", lab.vault)["properties"]
    assert found["securitySettings"]["immutabilitySettings"] == {"state": "Locked"}
    assert (found["secureScore"], found["bcdrSecurityLevel"]) == ("Maximum", "Excellent")


def test_lists_show_less_than_get_and_know_groups() -> None:
    lab = Lab()
    lab.make_vault()
    lab.group("other")
    subscription = f"/subscriptions/{lab.subscription}"
    path = "providers/Microsoft.RecoveryServices/vaults"
    listed = lab.ok("GET", f"{subscription}/{path}")["value"]
    assert [vault["name"] for vault in listed] == ["rsv"]
    hidden = {"securitySettings", "redundancySettings", "backupStorageVersion"}
    assert hidden <= set(lab.ok("GET", lab.vault)["properties"])
    assert not hidden & set(listed[0]["properties"])
    assert lab.ok("GET", f"{subscription}/resourceGroups/RG/{path}")["value"] == listed
    assert lab.ok("GET", f"{subscription}/resourceGroups/other/{path}")["value"] == []


def test_who_owns_a_setting_the_vault_or_its_child() -> None:
    """A vault of today refuses its child resources; one of 2021 takes them until the vault API has written it."""
    lab = Lab()
    lab.make_vault()
    storage, config = f"{lab.vault}/backupstorageconfig/vaultstorageconfig", f"{lab.vault}/backupconfig/vaultconfig"
    sent = {"properties": {"storageModelType": "LocallyRedundant"}}
    days = {"properties": {"softDeleteRetentionPeriodInDays": 30}}
    for method in ("PUT", "PATCH"):
        assert code(lab.send(method, storage, sent)) == (400, "BMSUserErrorRedundancySettingsUseVaultApi")
        assert code(lab.send(method, config, days)) == (400, "BMSUserErrorSoftDeleteUseVaultApi")
    assert lab.ok("GET", storage)["properties"]["storageModelType"] == "GeoRedundant"
    assert lab.ok("GET", config)["properties"]["softDeleteFeatureState"] == "AlwaysON"


def test_an_old_vault_takes_its_child_resources_until_the_vault_api_writes_the_property() -> None:
    lab = Lab()
    lab.make_vault("2021-03-01")
    storage, config = f"{lab.vault}/backupstorageconfig/vaultstorageconfig", f"{lab.vault}/backupconfig/vaultconfig"
    shown = lab.ok("GET", lab.vault)["properties"]
    assert not {"redundancySettings", "securitySettings"} & set(shown)
    sent = {"properties": {"storageModelType": "LocallyRedundant", "crossRegionRestoreFlag": False}}
    assert lab.ok("PUT", storage, sent)["properties"]["storageType"] == "LocallyRedundant"
    assert lab.send("PATCH", storage, {"properties": {"storageModelType": "GeoRedundant"}}).status == 204
    assert lab.ok("PUT", config, {"properties": {"softDeleteRetentionPeriodInDays": 20}})["properties"] == {
        "enhancedSecurityState": "Enabled",
        "softDeleteFeatureState": "Enabled",
        "isSoftDeleteFeatureStateEditable": True,
        "softDeleteRetentionPeriodInDays": 20,
    }
    assert patch(lab, redundancy("ZoneRedundant")) == (202, "")
    assert code(lab.send("PUT", storage, sent)) == (400, "BMSUserErrorRedundancySettingsUseVaultApi")
    assert lab.send("PATCH", config, {"properties": {"softDeleteFeatureState": "Disabled"}}).status == 200
    assert (
        lab.ok("GET", lab.vault)["properties"]["redundancySettings"]
        == redundancy("ZoneRedundant")["redundancySettings"]
    )
    lab.protect(lab.vm("vm1"))
    assert patch(lab, redundancy("LocallyRedundant")) == (400, "StorageModelModifyError")


def test_a_vault_with_active_items_is_not_deleted() -> None:
    lab = Lab()
    lab.make_vault()
    vm = lab.vm("vm1")
    lab.protect(vm)
    refused = (400, "BMSUserErrorVaultDeletionNotAllowed")
    assert code(lab.send("DELETE", lab.vault)) == refused
    lab.stop(vm)
    assert code(lab.send("DELETE", lab.vault)) == refused


def test_deletion_makes_a_deleted_vault_frees_the_name_and_can_be_undone() -> None:
    lab = Lab()
    lab.make_vault(costManagementSettings={"granularityLevel": "VaultLevel"})
    vm = lab.vm("vm1")
    lab.protect(vm)
    lab.send("DELETE", lab.item(vm))
    lab.world.advance(60)
    response = lab.send("DELETE", lab.vault)
    assert response.status == 202
    lab.world.advance(60)
    assert lab.send("GET", response.headers["Azure-AsyncOperation"]).json()["status"] == "Succeeded"
    assert lab.send("GET", lab.vault).status == 404
    place = f"/subscriptions/{lab.subscription}/providers/Microsoft.RecoveryServices/locations/westeurope/deletedVaults"
    deleted = lab.ok("GET", place)["value"][0]
    assert deleted["properties"]["vaultId"] == lab.vault
    assert deleted["properties"]["purgeAt"] == "2026-12-06T09:04:45Z"  # it held a soft-deleted item: 14 days
    undo = lab.send("POST", f"{place}/{deleted['name']}/undelete", {})
    assert undo.status == 202
    lab.world.advance(60)
    back = lab.ok("GET", lab.vault)
    assert "costManagementSettings" not in back["properties"]
    assert lab.read(vm)["isScheduledForDeferredDelete"] is True
    assert lab.ok("GET", place)["value"] == []


def test_the_status_of_a_deletion_may_vanish_with_the_vault() -> None:
    lab = Lab()
    lab.make_vault()
    lab.world.set_fact("vaultDeleteStatusVanishes", True)
    response = lab.send("DELETE", lab.vault)
    assert lab.send("GET", response.headers["Azure-AsyncOperation"]).json()["status"] == "InProgress"
    lab.world.advance(60)
    assert code(lab.send("GET", response.headers["Azure-AsyncOperation"])) == (404, "ResourceNotFound")


def test_versions_of_2021_are_synchronous() -> None:
    lab = Lab()
    made = lab.send("PUT", lab.vault, {"location": "westeurope"}, version="2021-03-01")
    assert (made.status, made.json()["properties"]["provisioningState"]) == (201, "Succeeded")
    assert "Azure-AsyncOperation" not in made.headers
    assert lab.send("DELETE", lab.vault, version="2021-03-01").status == 200
    assert lab.send("GET", lab.vault, version=NEW).status == 404


def test_identities_have_lower_case_keys() -> None:
    lab = Lab()
    name = "/subscriptions/S/resourceGroups/RG/providers/Microsoft.ManagedIdentity/userAssignedIdentities/Me"
    identity = {"type": "UserAssigned", "userAssignedIdentities": {name: {}}}
    lab.ok("PUT", lab.vault, {"location": "westeurope", "identity": identity})
    lab.world.advance(60)
    assert list(lab.ok("GET", lab.vault)["identity"]["userAssignedIdentities"]) == [name.lower()]


def test_results_at_the_location_of_an_operation() -> None:
    lab = Lab()
    lab.make_vault()
    for method, body, ends in (("PATCH", {"tags": {"a": "1"}}, 200), ("DELETE", None, 204)):
        response = lab.send(method, lab.vault, body)
        assert lab.send("GET", response.headers["Location"]).status == 202
        lab.world.advance(60)
        assert lab.send("GET", response.headers["Location"]).status == ends
    lab.make_vault()
    for name in ("operationStatus", "operationResults"):
        assert code(lab.send("GET", f"{lab.vault}/{name}/none")) == (404, "ResourceNotFound")


def test_changes_by_an_old_version_are_there_at_once() -> None:
    lab = Lab()
    lab.make_vault("2021-03-01")
    response = lab.send("PATCH", lab.vault, {"tags": {"a": "1"}}, version="2021-03-01")
    assert (response.status, response.json()["tags"]) == (200, {"a": "1"})


def test_a_deletion_that_fails_leaves_the_vault() -> None:
    lab = Lab()
    lab.make_vault()
    lab.world.failing = {"code": "CloudInternalError", "message": "later"}
    response = lab.send("DELETE", lab.vault)
    lab.world.advance(60)
    assert lab.send("GET", response.headers["Azure-AsyncOperation"]).json()["error"]["code"] == "CloudInternalError"
    assert patch(lab, {}) == (202, "")


def test_a_deleted_vault_is_purged_in_the_end() -> None:
    lab = Lab()
    lab.make_vault()
    lab.ok("DELETE", lab.vault)
    lab.world.advance(60)
    place = f"/subscriptions/{lab.subscription}/providers/Microsoft.RecoveryServices/locations/westeurope/deletedVaults"
    assert len(lab.ok("GET", place)["value"]) == 1
    lab.world.advance(86_400)
    assert lab.ok("GET", place)["value"] == []
    assert lab.send("GET", f"{place}/none").status == 404
