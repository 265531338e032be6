"""The life of a protected item (facts of wire-facts 5 and backup-rules E, restated)."""

from typing import Any

import pytest

from tests.sandbox.lab import HEADERS, Lab, code

FILTER = "$filter=backupManagementType%20eq%20'AzureIaasVM'%20and%20itemType%20eq%20'VM'"


@pytest.fixture
def lab() -> Lab:
    lab = Lab()
    lab.make_vault()
    return lab


def second_vault(lab: Lab) -> str:
    other = lab.vault.replace("/rsv", "/rsv2")
    lab.ok("PUT", other, {"location": lab.location})
    lab.world.advance(60)
    return other


def immutable(lab: Lab) -> None:
    lab.ok("PATCH", lab.vault, {"properties": {"securitySettings": {"immutabilitySettings": {"state": "Unlocked"}}}})
    lab.world.advance(60)


def back_up(lab: Lab, vm: str) -> None:
    lab.ok("POST", f"{lab.item(vm)}/backup", {"properties": {"objectType": "IaasVMBackupRequest"}})
    lab.world.advance(3700)


def test_enabling_takes_a_while_and_ends_pending(lab: Lab) -> None:
    vm = lab.vm("VM1", group="RG-App")
    response = lab.protect(vm, wait=0)
    assert (response.status, response.body) == (202, b"")
    operation = response.headers["Azure-AsyncOperation"]
    assert lab.send("GET", operation).json()["endTime"] == "0001-01-01T00:00:00"
    assert "Retry-After" not in lab.send("GET", operation).headers
    assert code(lab.send("GET", lab.item(vm))) == (404, "BMSUserErrorDataSourceObjectNotFound")
    assert lab.send("GET", response.headers["Location"]).status == 202
    lab.world.advance(90)
    assert lab.send("GET", operation).json()["status"] == "InProgress"
    lab.world.advance(1)
    status = lab.send("GET", operation).json()
    assert status["status"] == "Succeeded"
    assert status["endTime"] == status["startTime"]
    job = lab.ok("GET", f"{lab.vault}/backupJobs/{status['properties']['jobId']}")["properties"]
    assert (job["operation"], job["status"], job["duration"]) == ("ConfigureBackup", "Completed", "PT1M31S")
    assert job["activityId"] == HEADERS["x-ms-client-request-id"]
    assert lab.ok("GET", response.headers["Location"])["name"] == "VM;iaasvmcontainerv2;rg-app;vm1"
    item = lab.read(vm)
    assert item["protectionState"] == "IRPending"
    assert (item["lastBackupStatus"], item["lastBackupTime"]) == ("", "2001-01-01T00:00:00Z")
    assert not {"healthDetails", "lastRecoveryPoint", "extendedProperties"} & set(item)
    assert item["friendlyName"] == "VM1"
    assert "/resourceGroups/RG-App/" in item["virtualMachineId"]
    assert item["vaultId"] == f"https://management.azure.com{lab.vault}"


def test_the_operation_answers_at_vault_level_too(lab: Lab) -> None:
    operation = lab.protect(lab.vm("vm1")).headers["Azure-AsyncOperation"]
    guid = operation.split("?")[0].rsplit("/", 1)[1]
    assert lab.ok("GET", f"{lab.vault}/backupOperations/{guid}") == lab.ok("GET", operation)
    assert lab.send("GET", f"{lab.vault}/backupOperationResults/{guid}").status == 204
    assert lab.send("GET", f"{lab.vault}/backupOperations/{'0' * 8}").status == 404


def test_a_known_vm_is_faster_and_a_policy_change_is_the_same_request(lab: Lab) -> None:
    vm = lab.vm("vm1")
    lab.protect(vm)
    lab.protect(vm, "EnhancedPolicy", wait=6)
    assert (lab.read(vm)["policyName"], lab.read(vm)["policyType"]) == ("EnhancedPolicy", "V2")
    counts = {name: lab.ok("GET", f"{lab.vault}/backupPolicies/{name}") for name in ("DefaultPolicy", "EnhancedPolicy")}
    assert [counts[name]["properties"]["protectedItemsCount"] for name in sorted(counts)] == [0, 1]


def test_an_enhanced_item_never_goes_back_to_standard(lab: Lab) -> None:
    vm = lab.vm("vm1")
    lab.protect(vm, "EnhancedPolicy")
    refused = (400, "BMSUserErrorInvalidConfigureProtectionRequest")
    assert code(lab.protect(vm, "DefaultPolicy")) == refused
    lab.stop(vm)
    assert code(lab.protect(vm, "DefaultPolicy")) == refused


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"policyId": "{vault}/backupPolicies/none"}, "BMSUserErrorInvalidConfigureProtectionRequest"),
        ({"policyId": "{vault}/backupPolicies/HourlyLogBackup"}, "BMSUserErrorInvalidConfigureProtectionRequest"),
        ({"policyId": "{vault}2/backupPolicies/DefaultPolicy"}, "BMSUserErrorInvalidConfigureProtectionRequest"),
        ({}, "BMSUserErrorInvalidConfigureProtectionRequest"),
        ({"protectedItemType": "AzureFiles"}, "BMSUserErrorInvalidConfigureProtectionRequest"),
        ({"sourceResourceId": "somewhere"}, "BMSUserErrorInvalidConfigureProtectionRequest"),
        ({"protectionState": "ProtectionStopped", "policyId": ""}, "BMSUserErrorInvalidConfigureProtectionRequest"),
        ({"isRehydrate": True, "policyId": ""}, "BMSUserErrorInvalidConfigureProtectionRequest"),
    ],
)
def test_bad_requests(lab: Lab, change: dict[str, Any], refusal: str) -> None:
    vm = lab.vm("vm1")
    sent = {name: value.format(vault=lab.vault) if isinstance(value, str) else value for name, value in change.items()}
    assert code(lab.change(vm, sent)) == (400, refusal)


def test_names_must_be_of_the_form_for_virtual_machines_and_fit_the_vm(lab: Lab) -> None:
    vm = lab.vm("vm1")
    body = {"properties": {"protectedItemType": "Microsoft.Compute/virtualMachines", "sourceResourceId": vm}}
    path = lab.item(vm)
    wrong = path.replace("IaasVMContainer;iaasvmcontainerv2;rg;vm1", "vm1")
    assert code(lab.send("PUT", wrong, body)) == (400, "BMSUserErrorContainerNameIncorrectFormat")
    wrong = path.replace("VM;iaasvmcontainerv2;rg;vm1", "vm1")
    assert code(lab.send("PUT", wrong, body)) == (400, "BMSUserErrorProtectedItemNameIncorrectFormat")
    other = path.replace(";vm1", ";vm2")
    assert code(lab.send("PUT", other, body)) == (400, "BMSUserErrorInvalidConfigureProtectionRequest")


def test_a_vm_must_exist_in_the_region_of_the_vault(lab: Lab) -> None:
    refused = (400, "BMSUserErrorInvalidConfigureProtectionRequest")
    missing = lab.vm("vm1").replace("/vm1", "/vm2")
    assert code(lab.protect(missing)) == refused
    assert code(lab.protect(lab.vm("vm3", location="northeurope"))) == refused
    assert lab.protect(lab.vm("vm4", location="West Europe")).status == 202


def test_one_operation_on_an_item_at_a_time(lab: Lab) -> None:
    vm = lab.vm("vm1")
    lab.protect(vm, wait=10)
    assert code(lab.protect(vm, wait=0)) == (409, "BMSUserErrorConflictingProtectionOperation")
    lab.world.advance(120)
    lab.stop(vm, wait=0)
    assert code(lab.send("DELETE", lab.item(vm))) == (409, "BMSUserErrorObjectLocked")
    lab.world.advance(60)
    assert lab.send("DELETE", lab.item(vm)).status == 202


def test_stop_keeps_the_data_and_empties_the_policy(lab: Lab) -> None:
    vm = lab.vm("vm1")
    lab.protect(vm)
    back_up(lab, vm)
    lab.stop(vm)
    item = lab.read(vm)
    assert (item["protectionState"], item["policyId"], item["policyName"]) == ("ProtectionStopped", "", "")
    assert lab.jobs()[0]["operation"] == "DisableBackup"
    assert len(lab.ok("GET", f"{lab.item(vm)}/recoveryPoints")["value"]) == 1
    lab.protect(vm)
    assert lab.read(vm)["protectionState"] == "Protected"


@pytest.mark.parametrize("sent", [{"protectionState": "ProtectionStopped"}, {"policyId": ""}])
def test_other_ways_to_say_stop(lab: Lab, sent: dict[str, str]) -> None:
    vm = lab.vm("vm1")
    lab.protect(vm)
    assert lab.change(vm, sent).status == 202
    lab.world.advance(60)
    assert lab.read(vm)["protectionState"] == "ProtectionStopped"


def test_backups_are_suspended_on_immutable_vaults_only(lab: Lab) -> None:
    vm = lab.vm("vm1")
    lab.protect(vm)
    sent = {"protectionState": "BackupsSuspended", "policyId": ""}
    assert code(lab.change(vm, sent)) == (400, "UserErrorOperationDeniedOnImmutableItem")
    immutable(lab)
    assert lab.change(vm, sent).status == 202
    lab.world.advance(60)
    assert lab.read(vm)["protectionState"] == "BackupsSuspended"


def test_deletion_is_soft_and_can_be_undone(lab: Lab) -> None:
    vm = lab.vm("vm1")
    lab.protect(vm)
    back_up(lab, vm)
    response = lab.send("DELETE", lab.item(vm))
    assert response.status == 202
    assert response.headers["Location"].startswith(f"https://management.azure.com{lab.vault}/backupOperationResults/")
    moment = lab.world.now()
    lab.world.advance(11)
    item = lab.read(vm)
    assert (item["isScheduledForDeferredDelete"], item["softDeleteRetentionPeriod"]) == (True, 14)
    assert item["deferredDeleteTimeInUTC"] == moment.isoformat().replace("+00:00", "Z")
    assert item["deferredDeleteTimeRemaining"] == "13.23:59:49"
    listed = lab.ok("GET", f"{lab.vault}/backupProtectedItems?{FILTER}")["value"]
    assert [entry["properties"] for entry in listed] == [item]
    job = lab.ok("GET", f"{lab.vault}/backupJobs")["value"][0]
    details = lab.ok("GET", f"{lab.vault}/backupJobs/{job['name']}")["properties"]["extendedInfo"]
    assert details["propertyBag"] == {"VM Name": "vm1", "Number of Recovery Points": "1"}
    assert code(lab.protect(vm, wait=0)) == (400, "UserErrorItemInSoftDeletedState")
    assert code(lab.stop(vm, wait=0)) == (400, "UserErrorItemInSoftDeletedState")
    lab.change(vm, {"isRehydrate": True, "policyId": "", "protectionState": "ProtectionStopped"})
    lab.world.advance(60)
    item = lab.read(vm)
    assert (item["protectionState"], item["softDeleteRetentionPeriod"]) == ("ProtectionStopped", 0)
    assert "isScheduledForDeferredDelete" not in item
    lab.protect(vm)
    assert lab.read(vm)["protectionState"] == "Protected"


def test_a_second_delete_changes_nothing_and_the_period_runs_out(lab: Lab) -> None:
    vm = lab.vm("vm1")
    lab.protect(vm)
    lab.send("DELETE", lab.item(vm))
    lab.world.advance(86_400)
    first = lab.read(vm)["deferredDeleteTimeInUTC"]
    assert lab.send("DELETE", lab.item(vm)).status == 202
    lab.world.advance(60)
    assert lab.read(vm)["deferredDeleteTimeInUTC"] == first
    lab.world.advance(12 * 86_400)
    assert lab.send("GET", lab.item(vm)).status == 200
    lab.world.advance(86_400)
    assert lab.send("GET", lab.item(vm)).status == 404
    assert lab.ok("GET", f"{lab.vault}/backupProtectedItems")["value"] == []


def test_without_soft_delete_an_item_goes_for_good() -> None:
    lab = Lab()
    lab.make_vault("2021-03-01")
    lab.send("PATCH", f"{lab.vault}/backupconfig/vaultconfig", {"properties": {"softDeleteFeatureState": "Disabled"}})
    vm = lab.vm("vm1")
    lab.protect(vm)
    lab.send("DELETE", lab.item(vm))
    lab.world.advance(110)
    assert lab.read(vm)["protectionState"] == "IRPending"
    lab.world.advance(1)
    assert lab.send("GET", lab.item(vm)).status == 404


def test_deleting_what_is_not_there_is_silent(lab: Lab) -> None:
    assert lab.send("DELETE", lab.item(lab.vm("vm1"))).status == 204


def test_an_immutable_vault_lets_a_delete_fail_late(lab: Lab) -> None:
    vm = lab.vm("vm1")
    lab.protect(vm)
    immutable(lab)
    response = lab.send("DELETE", lab.item(vm))
    assert response.status == 202
    lab.world.advance(60)
    status = lab.ok("GET", response.headers["Azure-AsyncOperation"])
    assert status["status"] == "Failed"
    assert status["error"]["code"] == "UserErrorDeleteBackupItemOnImmutableItem"
    assert lab.jobs()[0]["status"] == "Failed"
    assert lab.jobs()[0]["errorDetails"][0]["errorTitle"] == "UserErrorDeleteBackupItemOnImmutableItem"
    assert lab.read(vm)["protectionState"] == "IRPending"


def test_an_immutable_vault_refuses_a_policy_that_keeps_less(lab: Lab) -> None:
    body = lab.ok("GET", f"{lab.vault}/backupPolicies/DefaultPolicy")["properties"]
    body["retentionPolicy"]["dailySchedule"]["retentionDuration"]["count"] = 14
    lab.ok("PUT", f"{lab.vault}/backupPolicies/short", {"properties": body})
    vm = lab.vm("vm1")
    lab.protect(vm)
    immutable(lab)
    assert code(lab.protect(vm, "short")) == (400, "UserErrorOperationDeniedOnImmutableItem")


def test_a_vm_of_another_vault_is_accepted_and_fails_late(lab: Lab) -> None:
    other = second_vault(lab)
    vm = lab.vm("vm1")
    lab.protect(vm)
    response = lab.protect(vm, vault=other)
    assert response.status == 202
    status = lab.ok("GET", response.headers["Azure-AsyncOperation"])
    assert status["status"] == "Failed"
    job = lab.ok("GET", f"{other}/backupJobs/{lab.ok('GET', f'{other}/backupJobs')['value'][0]['name']}")["properties"]
    assert job["status"] == "Failed"
    assert job["errorDetails"][0]["errorString"].startswith("Virtual machine is already registered")
    assert lab.send("GET", lab.item(vm, other)).status == 404


def test_a_vm_stopped_in_one_vault_can_be_protected_in_another(lab: Lab) -> None:
    other = second_vault(lab)
    vm = lab.vm("vm1")
    lab.protect(vm)
    lab.stop(vm)
    lab.protect(vm, vault=other)
    assert lab.ok("GET", lab.item(vm, other))["properties"]["protectionState"] == "IRPending"
    assert lab.read(vm)["protectionState"] == "ProtectionStopped"


def test_disks_left_out_are_shown(lab: Lab) -> None:
    vm = lab.vm("vm1")
    disks = {"diskLunList": [1], "isInclusionList": False}
    sent = {"policyId": f"{lab.vault}/backupPolicies/DefaultPolicy"}
    lab.change(vm, sent | {"extendedProperties": {"diskExclusionProperties": disks}})
    lab.world.advance(120)
    assert lab.read(vm)["extendedProperties"] == {"diskExclusionProperties": disks}
    lab.protect(vm)
    assert "extendedProperties" not in lab.read(vm)  # they must be sent again with every change


def test_older_versions_show_older_items(lab: Lab) -> None:
    vm = lab.vm("vm1")
    lab.protect(vm)
    keys = {
        version: set(lab.ok("GET", lab.item(vm), version=version)["properties"])
        for version in ("2021-12-01", "2025-02-01", "2026-10-01")
    }
    assert keys["2025-02-01"] - keys["2021-12-01"] == {"policyType", "vaultId", "softDeleteRetentionPeriod"}
    assert keys["2021-12-01"] - keys["2025-02-01"] == {"kpisHealths"}
    assert keys["2026-10-01"] - keys["2025-02-01"] == {"sourceLocation", "sourceSideScanInfo"}


def test_lists_take_filters_and_refuse_the_wrong_one(lab: Lab) -> None:
    for name in ("vm1", "vm2"):
        lab.protect(lab.vm(name), "EnhancedPolicy" if name == "vm2" else "DefaultPolicy")
    path = f"{lab.vault}/backupProtectedItems"

    def names(clause: str) -> list[str]:
        value = lab.ok("GET", f"{path}?$filter={clause}")["value"]
        return [item["properties"]["friendlyName"] for item in value]

    assert names("backupManagementType eq 'AzureIaasVM'") == ["vm1", "vm2"]
    assert names("policyName eq 'EnhancedPolicy'") == ["vm2"]
    assert names("friendlyName eq 'VM1'") == ["vm1"]
    assert names("BackupManagementType eq 'azureiaasvm' and itemType eq 'vm'") == ["vm1", "vm2"]
    assert names("backupManagementType eq 'AzureIaasVM' and itemType eq 'SQLDataBase'") == []
    assert names("backupManagementType eq 'AzureWorkload'") == []
    wrong = (400, "BMSUserErrorInvalidInput")
    assert code(lab.send("GET", f"{path}?$filter=workloadType eq 'VM'")) == wrong
    assert code(lab.send("GET", f"{path}?$filter=itemType in ('VM')")) == wrong
    assert code(lab.send("GET", f"{path}?$skipToken=nonsense")) == wrong


def test_extended_info_counts_the_points(lab: Lab) -> None:
    vm = lab.vm("vm1")
    lab.protect(vm)
    back_up(lab, vm)
    item = lab.ok("GET", f"{lab.item(vm)}?$filter=expand eq 'extendedinfo'")["properties"]
    assert item["extendedInfo"]["recoveryPointCount"] == 1
    assert item["extendedInfo"]["oldestRecoveryPoint"] == item["lastRecoveryPoint"]
