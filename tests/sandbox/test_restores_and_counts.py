"""Restores, protection intents and the counts of a vault: recordings and published examples, with values of our own."""

import pytest

from tests.sandbox.lab import Lab, code

VERSION = "2021-10-01"
HOUR = 3600
ACCOUNT = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/landing"


@pytest.fixture
def lab() -> Lab:
    lab = Lab()
    lab.make_vault()
    return lab


@pytest.fixture
def point(lab: Lab) -> str:
    """The path of the one recovery point of vm1."""
    vm = lab.vm("vm1")
    lab.protect(vm)
    lab.ok("POST", f"{lab.item(vm)}/backup", {"properties": {"objectType": "IaasVMBackupRequest"}})
    lab.world.advance(2 * HOUR)
    return f"{lab.item(vm)}/recoveryPoints/{lab.ok('GET', f'{lab.item(vm)}/recoveryPoints')['value'][0]['name']}"


def wanted(**changes: object) -> dict[str, object]:
    disks = {"objectType": "IaasVMRestoreRequest", "recoveryType": "RestoreDisks", "storageAccountId": ACCOUNT}
    return {"properties": disks | changes}


def test_a_restore_is_accepted_and_its_operation_is_named_after_its_job(lab: Lab, point: str) -> None:
    """So az's recording of 2022 has it; the polling URLs lie below the item."""
    response = lab.send("POST", f"{point}/restore", wanted(), VERSION)
    assert (response.status, response.body, response.headers["Retry-After"]) == (202, b"", "60")
    item = point.rsplit("/recoveryPoints/", 1)[0]
    job = lab.ok("GET", f"{lab.vault}/backupJobs", version=VERSION)["value"][0]
    assert response.headers["Azure-AsyncOperation"].split("?")[0].endswith(f"{item}/operationsStatus/{job['name']}")
    assert response.headers["Location"].split("?")[0].endswith(f"{item}/operationResults/{job['name']}")
    status = lab.ok("GET", f"{lab.vault}/backupOperations/{job['name']}", version=VERSION)
    assert (status["status"], status["properties"]["jobId"]) == ("Succeeded", job["name"])


def test_the_job_of_a_restore_says_where_to(lab: Lab, point: str) -> None:
    lab.ok("POST", f"{point}/restore", wanted(), VERSION)
    path = f"{lab.vault}/backupJobs/{lab.ok('GET', f'{lab.vault}/backupJobs')['value'][0]['name']}"
    job = lab.ok("GET", path, version=VERSION)["properties"]
    assert (job["operation"], job["status"], job["actionsInfo"]) == ("Restore", "InProgress", [1])
    assert job["extendedInfo"] == {
        "tasksList": [{"taskId": "Transfer data from vault", "duration": "PT0S", "status": "InProgress"}],
        "propertyBag": {
            "Job Type": "Recover disks",
            "Target VM Name": "vmName",
            "Target Storage Account Name": "landing",
            "Recovery point time ": "11/22/2026 9:03:03 AM",
        },
        "internalPropertyBag": {"restoreLocationType": "RestoreDisks"},
        "progressPercentage": 1.0,
    }
    lab.world.advance(HOUR)
    ended = lab.ok("GET", path)["properties"]
    assert (ended["status"], ended["extendedInfo"]["progressPercentage"]) == ("Completed", 100.0)
    assert ended["extendedInfo"]["tasksList"][0]["status"] == "Completed"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"objectType": "AzureFileShareRestoreRequest"}, "BMSUserErrorInvalidInput"),
        ({"recoveryType": "Elsewhere"}, "BMSUserErrorInvalidInput"),
        ({"storageAccountId": None}, "BMSUserErrorInvalidInput"),
    ],
)
def test_a_restore_that_is_not_one_is_refused(lab: Lab, point: str, changes: dict[str, object], expected: str) -> None:
    assert code(lab.send("POST", f"{point}/restore", wanted(**changes))) == (400, expected)
    gone = f"{point.rsplit('/', 1)[0]}/1/restore"
    assert code(lab.send("POST", gone, wanted())) == (404, "BMSUserErrorRecoveryPointNotFound")


def test_a_cancelled_job_is_polled_below_the_job(lab: Lab, point: str) -> None:
    """az's recording of 2022: operationsStatus of the job itself, under a fixed api-version."""
    lab.ok("POST", f"{point}/restore", wanted(), VERSION)
    job = lab.ok("GET", f"{lab.vault}/backupJobs")["value"][0]["id"]
    response = lab.send("POST", f"{job}/cancel", version=VERSION)
    polled, query = response.headers["Azure-AsyncOperation"].split("?")
    assert polled.rsplit("/", 1)[0].endswith(f"{job}/operationsStatus")
    assert query == "api-version=2019-05-13-preview"
    assert lab.ok("GET", response.headers["Azure-AsyncOperation"])["status"] == "InProgress"
    lab.world.advance(60)
    assert lab.ok("GET", response.headers["Azure-AsyncOperation"])["status"] == "Succeeded"
    assert lab.jobs()[0]["status"] == "Cancelled"


def test_an_intent_protects_its_vm(lab: Lab) -> None:
    vm, policy = lab.vm("vm1"), f"{lab.vault}/backupPolicies/DefaultPolicy"
    intent = f"{lab.vault}/backupFabrics/Azure/backupProtectionIntent/vm;iaasvmcontainerv2;rg;vm1"
    sent = {"protectionIntentItemType": "AzureResourceItem", "sourceResourceId": vm, "policyId": policy}
    made = lab.ok("PUT", intent, {"properties": sent})
    assert list(made) == ["id", "name", "type", "properties"]
    assert list(made["properties"]) == [
        "protectionIntentItemType",
        "backupManagementType",
        "policyId",
        "protectionState",
    ]
    lab.world.advance(120)
    assert lab.read(vm)["policyName"] == "DefaultPolicy"
    assert lab.ok("GET", f"{lab.vault}/backupProtectionIntents")["value"] == [lab.ok("GET", intent)]
    assert lab.send("DELETE", intent).status == 204
    assert lab.send("GET", intent).status == 404
    assert lab.read(vm)["policyName"] == "DefaultPolicy"


def test_an_intent_stands_although_its_vm_cannot_be_protected(lab: Lab) -> None:
    vm = lab.vm("vm1", location="northeurope")
    intent = f"{lab.vault}/backupFabrics/Azure/backupProtectionIntent/vm;iaasvmcontainerv2;rg;vm1"
    policy = f"{lab.vault}/backupPolicies/DefaultPolicy"
    sent = {"protectionIntentItemType": "AzureResourceItem", "sourceResourceId": vm, "policyId": policy}
    assert lab.send("PUT", intent, {"properties": sent}).status == 200
    lab.world.advance(120)
    assert lab.send("GET", lab.item(vm)).status == 404
    assert code(lab.send("PUT", intent, {"properties": {}})) == (400, "BMSUserErrorInvalidInput")


def test_a_vault_counts_what_is_in_it(lab: Lab, point: str) -> None:
    lab.protect(lab.vm("vm2"))
    kind = "type eq 'BackupProtectedItemCountSummary'"
    found = lab.ok("GET", f"{lab.vault}/backupUsageSummaries?$filter={kind.replace(' ', '%20')}")["value"]
    name = {"value": "AzureIaasVM", "localizedValue": "Azure Virtual Machine"}
    assert found == [{"unit": "Count", "currentValue": 2, "limit": -1, "name": name}]
    assert code(lab.send("GET", f"{lab.vault}/backupUsageSummaries")) == (400, "BMSUserErrorInvalidInput")
    usages = {each["name"]["value"]: each["currentValue"] for each in lab.ok("GET", f"{lab.vault}/usages")["value"]}
    assert (usages["IaaSVMProtectedItemCount"], usages["ManagedInstances"], usages["InProgressJobsCount"]) == (2, 2, 0)
    assert lab.ok("GET", f"{lab.vault}/replicationUsages") == {"value": []}


def test_every_size_of_a_vm_can_be_backed_up(lab: Lab) -> None:
    place = f"/subscriptions/{lab.subscription}/providers/Microsoft.RecoveryServices/locations/westeurope"
    asked = {"featureType": "AzureVMResourceBackup", "vmSize": "Standard_B1s", "vmSku": "Premium"}
    assert lab.ok("POST", f"{place}/backupValidateFeatures", asked) == {"supportStatus": "Supported"}
    other = lab.send("POST", f"{place}/backupValidateFeatures", {"featureType": "Other"})
    assert code(other) == (400, "BMSUserErrorInvalidInput")


def test_a_vault_without_a_resource_guard_has_no_proxy(lab: Lab) -> None:
    answer = lab.send("GET", f"{lab.vault}/backupResourceGuardProxies/VaultProxy")
    assert (answer.status, answer.json()) == (404, {})
    assert lab.ok("GET", f"{lab.vault}/backupResourceGuardProxies") == {"value": []}
