"""Groups, VMs, containers, protectable items and status calls (facts of wire-facts 5.2, 5.8 and 8, restated)."""

from typing import Any

import pytest

from tests.sandbox.lab import Lab, code

CONTAINERS = "backupProtectionContainers?$filter=backupManagementType eq 'AzureIaasVM' and status eq 'Registered'"
PROTECTABLE = "backupProtectableItems?$filter=backupManagementType eq 'AzureIaasVM'"


@pytest.fixture
def lab() -> Lab:
    lab = Lab()
    lab.make_vault()
    return lab


def place(lab: Lab, name: str) -> str:
    return f"/Subscriptions/{lab.subscription}/providers/Microsoft.RecoveryServices/locations/westeurope/{name}"


def protectable(lab: Lab) -> list[str]:
    return [item["properties"]["friendlyName"] for item in lab.ok("GET", f"{lab.vault}/{PROTECTABLE}")["value"]]


def refresh(lab: Lab) -> None:
    lab.send("POST", f"{lab.vault}/backupFabrics/Azure/refreshContainers")
    lab.world.advance(60)


def test_protectable_items_are_of_the_region_and_not_protected(lab: Lab) -> None:
    vm = lab.vm("vm1")
    lab.vm("vm2", location="northeurope")
    stopped = lab.vm("vm3")
    assert protectable(lab) == ["vm1", "vm3"]
    lab.protect(vm)
    other = lab.vault.replace("/rsv", "/rsv2")
    lab.ok("PUT", other, {"location": lab.location})
    lab.world.advance(60)
    lab.protect(stopped, vault=other)
    assert protectable(lab) == []
    sent = {"policyId": "", "protectionState": "ProtectionStopped"}
    lab.change(stopped, sent, other)
    lab.world.advance(60)
    assert protectable(lab) == ["vm3"]  # stopped in another vault


def test_the_list_of_protectable_items_is_as_old_as_the_last_refresh(lab: Lab) -> None:
    lab.vm("vm1")
    refresh(lab)
    lab.vm("vm2")
    assert protectable(lab) == ["vm1"]
    response = lab.send("POST", f"{lab.vault}/backupFabrics/Azure/refreshContainers")
    assert response.status == 202
    assert "api-version=2019-05-13-preview" in response.headers["Azure-AsyncOperation"]
    poll = lab.send("GET", response.headers["Location"])
    assert (poll.status, poll.headers["Location"].split("?")[0]) == (202, response.headers["Location"].split("?")[0])
    assert lab.ok("GET", response.headers["Azure-AsyncOperation"])["status"] == "InProgress"
    lab.world.advance(60)
    poll = lab.send("GET", response.headers["Location"])
    assert poll.status == 204
    assert "Location" not in poll.headers
    assert protectable(lab) == ["vm1", "vm2"]
    assert lab.send("GET", f"{lab.vault}/backupFabrics/Azure/operationResults/none").status == 404


def test_containers_need_a_filter_and_show_deleted_ones(lab: Lab) -> None:
    vm = lab.vm("vm1", group="RG-App")
    lab.protect(vm)
    assert code(lab.send("GET", f"{lab.vault}/backupProtectionContainers")) == (400, "BMSUserErrorInvalidInput")
    found = lab.ok("GET", f"{lab.vault}/{CONTAINERS}")["value"][0]
    assert found["name"] == "IaasVMContainer;iaasvmcontainerv2;rg-app;vm1"
    assert (found["properties"]["resourceGroup"], found["properties"]["registrationStatus"]) == ("RG-App", "Registered")
    lab.send("DELETE", lab.item(vm))
    lab.world.advance(60)
    found = lab.ok("GET", f"{lab.vault}/{CONTAINERS}", version="2025-02-01")["value"][0]
    assert found["properties"]["registrationStatus"] == "SoftDeleted"
    assert "sourceLocation" not in found["properties"]
    assert lab.ok("GET", f"{lab.vault}/{CONTAINERS} and friendlyName eq 'vm2'")["value"] == []


def test_lists_of_other_kinds_of_backup_are_empty(lab: Lab) -> None:
    lab.protect(lab.vm("vm1"))
    lab.vm("vm2")
    assert len(lab.ok("GET", f"{lab.vault}/{CONTAINERS}")["value"]) == 1
    assert lab.ok("GET", f"{lab.vault}/{CONTAINERS.replace('AzureIaasVM', 'MAB')}")["value"] == []
    assert lab.ok("GET", f"{lab.vault}/{CONTAINERS.replace('Registered', 'NotRegistered')}")["value"] == []
    assert len(lab.ok("GET", f"{lab.vault}/{PROTECTABLE}")["value"]) == 1
    assert lab.ok("GET", f"{lab.vault}/{PROTECTABLE.replace('AzureIaasVM', 'AzureWorkload')}")["value"] == []


def test_backup_status_says_where_a_vm_is_protected_in_lower_case(lab: Lab) -> None:
    vm = lab.vm("VM1", group="RG-App")
    body = {"resourceType": "VM", "resourceId": vm.upper().replace("/SUBSCRIPTIONS", "/subscriptions")}
    found = lab.ok("POST", place(lab, "backupStatus"), body)
    assert found["protectionStatus"] == "NotProtected"
    assert found["containerName"] == "iaasvmcontainer;iaasvmcontainerv2;rg-app;vm1"
    lab.protect(vm)
    found = lab.ok("POST", place(lab, "backupStatus"), body)
    assert (found["protectionStatus"], found["vaultId"], found["policyName"]) == (
        "Protected",
        lab.vault,
        "DefaultPolicy",
    )
    assert found["objectType"] == "BackupStatusResponse"
    kinds = [lab.ok("POST", place(lab, "backupStatus"), body, version) for version in ("2022-02-01", "2023-04-01")]
    assert ["objectType" in each for each in kinds] == [False, True]
    lab.stop(vm)
    assert lab.ok("POST", place(lab, "backupStatus"), body)["protectionStatus"] == "NotProtected"
    wrong = {"resourceType": "VM", "resourceId": "vm1"}
    assert code(lab.send("POST", place(lab, "backupStatus"), wrong)) == (400, "BMSUserErrorInvalidInput")


def test_validation_before_protecting(lab: Lab) -> None:
    vm, far = lab.vm("vm1"), lab.vm("vm2", location="northeurope")

    def validate(vm_id: str, vault: str = "") -> dict[str, Any]:
        body = {"resourceType": "VM", "resourceId": vm_id, "vaultId": vault or lab.vault, "properties": ""}
        found: dict[str, Any] = lab.ok("POST", place(lab, "backupPreValidateProtection"), body)
        return found

    assert validate(vm)["status"] == "Succeeded"
    assert validate(far)["errorCode"] == "UserErrorVaultRegionMismatch"
    assert validate(vm, f"{lab.vault}x")["status"] == "Failed"
    lab.protect(vm)
    assert validate(vm)["errorCode"] == "UserErrorVmAlreadyProtected"


def test_no_resource_guard(lab: Lab) -> None:
    assert lab.ok("GET", f"{lab.vault}/backupResourceGuardProxies") == {"value": []}


def test_groups_are_made_changed_listed_and_deleted(lab: Lab) -> None:
    path = f"/subscriptions/{lab.subscription}/resourceGroups/New"
    assert lab.send("HEAD", path).status == 404
    assert code(lab.send("PUT", path, {})) == (400, "LocationRequired")
    assert lab.send("PUT", path, {"location": "eastus", "tags": {"a": "1"}}).status == 201
    again = lab.send("PUT", path.replace("New", "NEW"), {"location": "eastus"})
    assert (again.status, again.json()["name"]) == (200, "New")
    assert "tags" not in again.json()
    assert lab.send("HEAD", path).status == 204
    listed = lab.ok("GET", f"/subscriptions/{lab.subscription}/resourceGroups")["value"]
    assert [group["name"] for group in listed] == ["rg", "New"]
    lab.vm("vm1", group="New")
    response = lab.send("DELETE", path)
    assert (response.status, lab.send("GET", response.headers["Location"]).status) == (202, 202)
    lab.world.advance(60)
    assert lab.send("GET", response.headers["Location"]).status == 200
    assert code(lab.send("GET", path)) == (404, "ResourceGroupNotFound")
    lab.protect(lab.vm("vm2"))
    assert lab.send("DELETE", f"/subscriptions/{lab.subscription}/resourceGroups/rg").status == 409


def test_subscriptions(lab: Lab) -> None:
    listed = lab.ok("GET", "/subscriptions")["value"]
    assert listed == [lab.ok("GET", f"/subscriptions/{lab.subscription}")]
    assert listed[0]["state"] == "Enabled"


def statuses(lab: Lab, vm: str) -> list[str]:
    view = lab.ok("GET", f"{vm}?$expand=instanceView")["properties"]["instanceView"]
    return [status["code"] for status in view["statuses"]]


def test_vms_show_their_power_and_agent(lab: Lab) -> None:
    on, off = lab.vm("vm1", os="Windows"), lab.vm("vm2", power="deallocated")
    broken, bare = (
        lab.vm("vm3", agent={"status": "notReady", "version": "2.9.0.1"}),
        lab.vm("vm4", agent={"status": "missing"}),
    )
    assert statuses(lab, on) == ["ProvisioningState/succeeded", "PowerState/running"]
    assert statuses(lab, off) == ["ProvisioningState/succeeded", "PowerState/deallocated"]
    assert "instanceView" not in lab.ok("GET", on)["properties"]
    ready = {}
    versions = {}
    for vm in (on, off, broken, bare):
        view = lab.ok("GET", f"{vm}/instanceView")
        assert view == lab.ok("GET", f"{vm}?$expand=instanceview")["properties"]["instanceView"]
        ready[vm] = view["vmAgent"]["statuses"][0]["code"]
        versions[vm] = view["vmAgent"]["vmAgentVersion"]
    assert ready == {on: "ProvisioningState/succeeded"} | dict.fromkeys(
        (off, broken, bare), "ProvisioningState/Unavailable"
    )
    assert versions == {on: "2.7.41491.1131", off: "Unknown", broken: "2.9.0.1", bare: "Unknown"}
    assert code(lab.send("GET", f"{on}0")) == (404, "ResourceNotFound")


def test_vms_are_listed_by_group_and_subscription_with_their_status(lab: Lab) -> None:
    lab.vm("vm1")
    lab.vm("vm2", group="Other", tags={"a": "1"})
    root, path = f"/subscriptions/{lab.subscription}", "providers/Microsoft.Compute/virtualMachines"
    both = lab.ok("GET", f"{root}/{path}")["value"]
    assert [vm["name"] for vm in both] == ["vm1", "vm2"]
    assert lab.ok("GET", f"{root}/resourceGroups/other/{path}")["value"] == both[1:]
    status = lab.ok("GET", f"{root}/{path}?statusOnly=true")["value"]
    assert [vm["properties"]["instanceView"]["statuses"][1]["code"] for vm in status] == ["PowerState/running"] * 2
    assert "storageProfile" not in status[0]["properties"]
    expanded = lab.ok("GET", f"{root}/{path}?$expand=instanceView")["value"]
    assert {"storageProfile", "instanceView"} <= set(expanded[0]["properties"])


def test_failed_extensions_are_seen(lab: Lab) -> None:
    extension = {"name": "e1", "publisher": "Contoso", "type": "Agent", "version": "1.2.3", "status": "failed"}
    vm = lab.ok("GET", f"{lab.vm('vm1', extensions=[extension])}?$expand=instanceView")
    assert vm["resources"][0]["properties"]["provisioningState"] == "Failed"
    view = vm["properties"]["instanceView"]
    assert view["extensions"][0]["statuses"][0]["level"] == "Error"
    assert view["vmAgent"]["extensionHandlers"][0]["status"]["displayStatus"] == "Not Ready"


def test_groups_of_old_versions_have_no_type(lab: Lab) -> None:
    group = lab.vault.split("/providers/")[0]
    old, new = (lab.ok("GET", group, version=version) for version in ("2016-09-01", "2021-04-01"))
    assert list(old) == ["id", "name", "location", "properties"]
    assert list(new) == ["id", "name", "type", "location", "properties"]
    assert lab.ok("GET", group.rsplit("/", 1)[0], version="2016-09-01")["value"][0] == old
