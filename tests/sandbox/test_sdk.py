"""The typed SDK clients judge the sandbox: they take its statuses, their pollers end, their paging ends."""

from collections.abc import Iterator
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.core.rest import HttpRequest
from azure.mgmt.compute import ComputeManagementClient
from azure.mgmt.recoveryservices import RecoveryServicesClient
from azure.mgmt.recoveryservicesbackup import RecoveryServicesBackupClient

from reconciler.sandbox.transport import SandboxClock, SandboxCredential, SandboxTransport
from tests.sandbox.lab import Lab, policy

CONTAINER, ITEM = "IaasVMContainer;iaasvmcontainerv2;rg;vm1", "VM;iaasvmcontainerv2;rg;vm1"
NAMES = ("rsv", "rg", "Azure", CONTAINER, ITEM)
VM_FILTER = "backupManagementType eq 'AzureIaasVM' and itemType eq 'VM'"


class Clients:
    """The clients of one subscription over one world. Bodies are plain dictionaries, which the clients send as they are."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.credential, self.transport = SandboxCredential(), SandboxTransport(lab.world)
        options: Any = {"transport": self.transport, "retry_total": 0}
        self.vaults: Any = RecoveryServicesClient(self.credential, lab.subscription, **options)
        self.backup: Any = RecoveryServicesBackupClient(self.credential, lab.subscription, **options)
        self.compute: Any = ComputeManagementClient(self.credential, lab.subscription, **options)

    def protect(self, vm: str, **properties: Any) -> Any:
        sent = {
            "protectedItemType": "Microsoft.Compute/virtualMachines",
            "sourceResourceId": vm,
            "policyId": f"{self.lab.vault}/backupPolicies/DefaultPolicy",
            **properties,
        }
        return self.backup.protected_items.begin_create_or_update(*NAMES, {"properties": sent}).result()


@pytest.fixture
def clients() -> Iterator[Clients]:
    clients = Clients(Lab())
    made = clients.vaults.vaults.begin_create_or_update("rg", "rsv", {"location": "westeurope"}).result()
    assert made.properties.provisioning_state == "Succeeded"
    yield clients
    clients.lab.world.close()


@pytest.fixture
def vm(clients: Clients) -> str:
    vm = clients.lab.vm("vm1")
    clients.protect(vm)
    return vm


def test_vaults(clients: Clients) -> None:
    vaults = clients.vaults.vaults
    before = clients.lab.world.now()
    changed = vaults.begin_update("rg", "rsv", {"tags": {"owner": "platform"}}).result()
    assert changed.tags == {"owner": "platform"}
    assert (clients.lab.world.now() - before).total_seconds() == 60
    replaced = vaults.begin_create_or_update("rg", "rsv", {"location": "westeurope", "tags": {}}).result()
    assert replaced.properties.redundancy_settings.standard_tier_storage_redundancy == "GeoRedundant"
    assert [vault.name for vault in vaults.list_by_resource_group("rg")] == ["rsv"]
    assert [vault.name for vault in vaults.list_by_subscription_id()] == ["rsv"]
    assert vaults.begin_delete("rg", "rsv").result() is None
    with pytest.raises(ResourceNotFoundError):
        vaults.get("rg", "rsv")
    deleted = list(clients.vaults.deleted_vaults.list_by_subscription_id("westeurope"))
    assert clients.vaults.deleted_vaults.get("westeurope", deleted[0].name).properties.vault_id == clients.lab.vault
    body = {"properties": {"recoveryResourceGroupId": f"/subscriptions/{clients.lab.subscription}/resourceGroups/rg"}}
    clients.vaults.deleted_vaults.begin_undelete("westeurope", deleted[0].name, body).result()
    assert vaults.get("rg", "rsv").name == "rsv"


def test_a_vanishing_status_makes_the_delete_poller_raise_although_it_worked(clients: Clients) -> None:
    clients.lab.world.set_fact("vaultDeleteStatusVanishes", True)
    with pytest.raises(HttpResponseError) as raised:
        clients.vaults.vaults.begin_delete("rg", "rsv").result()
    assert raised.value.error is not None
    assert raised.value.error.code == "ResourceNotFound"
    with pytest.raises(ResourceNotFoundError):
        clients.vaults.vaults.get("rg", "rsv")


def test_vault_children(clients: Clients) -> None:
    storage, config = (
        clients.backup.backup_resource_storage_configs_non_crr,
        clients.backup.backup_resource_vault_configs,
    )
    assert storage.get("rsv", "rg").properties.storage_model_type == "GeoRedundant"
    assert config.get("rsv", "rg").properties.soft_delete_feature_state == "AlwaysON"
    with pytest.raises(HttpResponseError) as raised:
        storage.update("rsv", "rg", {"properties": {"storageModelType": "LocallyRedundant"}})
    assert raised.value.error is not None
    assert raised.value.error.code == "BMSUserErrorRedundancySettingsUseVaultApi"
    clients.lab.vault = clients.lab.vault.replace("/rsv", "/old")
    clients.lab.make_vault("2021-03-01")
    storage.update("old", "rg", {"properties": {"storageModelType": "ZoneRedundant"}})
    storage.patch("old", "rg", {"properties": {"storageModelType": "LocallyRedundant"}})
    assert storage.get("old", "rg").properties.storage_model_type == "LocallyRedundant"
    sent = {"properties": {"softDeleteFeatureState": "Disabled"}}
    assert config.update("old", "rg", sent).properties.soft_delete_feature_state == "Disabled"
    sent = {"properties": {"softDeleteFeatureState": "AlwaysOn"}}
    assert config.put("old", "rg", sent).properties.soft_delete_feature_state == "AlwaysON"
    assert list(clients.backup.resource_guard_proxies.get("rsv", "rg")) == []


def test_policies(clients: Clients, vm: str) -> None:
    policies = clients.backup.protection_policies
    made = policies.create_or_update("rsv", "rg", "p1", {"properties": policy()})
    assert made.properties.backup_management_type == "AzureIaasVM"
    assert {found.name for found in clients.backup.backup_policies.list("rsv", "rg")} == {
        "DefaultPolicy", "EnhancedPolicy", "HourlyLogBackup", "p1",
    }  # fmt: skip
    clients.protect(vm, policyId=made.id)
    kept: list[Any] = []
    answer = policies.create_or_update(
        "rsv", "rg", "p1", {"properties": policy(days=60)}, cls=lambda response, body, headers: kept.append(response)
    )
    assert answer is None
    url = kept[0].http_response.headers["Azure-AsyncOperation"]
    operation = url.split("?")[0].rsplit("/", 1)[1]
    statuses = clients.backup.protection_policy_operation_statuses
    assert statuses.get("rsv", "rg", "p1", operation).status == "InProgress"
    clients.lab.world.advance(60)
    assert len(statuses.get("rsv", "rg", "p1", operation).properties.job_ids) == 1
    results = clients.backup.protection_policy_operation_results
    assert results.get("rsv", "rg", "p1", operation).properties.protected_items_count == 1
    assert policies.begin_delete("rsv", "rg", "EnhancedPolicy").result() is None


def test_items(clients: Clients, vm: str) -> None:
    items = clients.backup.protected_items
    assert items.get(*NAMES).properties["protectionState"] == "IRPending"
    stopped = clients.protect(vm, policyId="", protectionState="ProtectionStopped")
    assert stopped.properties["protectionState"] == "ProtectionStopped"
    clients.protect(vm)
    kept: list[Any] = []
    assert items.delete(*NAMES, cls=lambda response, body, headers: kept.append(response)) is None
    operation = kept[0].http_response.headers["Location"].split("?")[0].rsplit("/", 1)[1]
    clients.backup.backup_operation_results.get("rsv", "rg", operation)
    clients.lab.world.advance(60)
    assert clients.backup.backup_operation_statuses.get("rsv", "rg", operation).status == "Succeeded"
    listed = list(clients.backup.backup_protected_items.list("rsv", "rg", filter=VM_FILTER))
    assert listed[0].properties["isScheduledForDeferredDelete"] is True
    clients.protect(vm, policyId="", protectionState="ProtectionStopped", isRehydrate=True)
    assert clients.protect(vm).properties["policyName"] == "DefaultPolicy"


def test_a_failed_operation_raises_from_its_poller(clients: Clients, vm: str) -> None:
    clients.vaults.vaults.begin_create_or_update("rg", "rsv2", {"location": "westeurope"}).result()
    sent = {
        "protectedItemType": "Microsoft.Compute/virtualMachines",
        "sourceResourceId": vm,
        "policyId": f"{clients.lab.vault}2/backupPolicies/DefaultPolicy",
    }
    poller = clients.backup.protected_items.begin_create_or_update("rsv2", *NAMES[1:], {"properties": sent})
    with pytest.raises(HttpResponseError) as raised:
        poller.result()
    assert raised.value.error is not None
    assert "already registered" in str(raised.value.error.message)


def test_backups_jobs_and_points(clients: Clients, vm: str) -> None:
    backup = clients.backup
    kept: list[Any] = []
    body = {"properties": {"objectType": "IaasVMBackupRequest"}}
    backup.backups.trigger(*NAMES, body, cls=lambda response, _, headers: kept.append(response))
    operation = kept[0].http_response.headers["Azure-AsyncOperation"].split("?")[0].rsplit("/", 1)[1]
    status = backup.protected_item_operation_statuses.get(*NAMES, operation)
    job = status.properties.job_id
    assert backup.protected_item_operation_results.get(*NAMES, operation).name == ITEM
    assert backup.job_details.get("rsv", "rg", job).properties.status == "InProgress"
    backup.job_cancellations.trigger("rsv", "rg", job)
    SandboxClock(clients.lab.world).sleep(60)
    assert backup.job_details.get("rsv", "rg", job).properties.status == "Cancelled"
    backup.backups.trigger(*NAMES, body)
    clients.lab.world.advance(2 * 3600)
    assert [job.properties.status for job in backup.backup_jobs.list("rsv", "rg", filter="operation eq 'Backup'")] == [
        "Completed",
        "Cancelled",
    ]
    points = list(backup.recovery_points.list(*NAMES))
    assert backup.recovery_points.get(*NAMES, points[0].name).properties.recovery_point_type == "AppConsistent"


def test_discovery(clients: Clients, vm: str) -> None:
    backup, lab = clients.backup, clients.lab
    lab.vm("vm2")
    kept: list[Any] = []
    backup.protection_containers.refresh("rsv", "rg", "Azure", cls=lambda response, _, headers: kept.append(response))
    operation = kept[0].http_response.headers["Location"].split("?")[0].rsplit("/", 1)[1]
    results = backup.protection_container_refresh_operation_results
    results.get("rsv", "rg", "Azure", operation)
    lab.world.advance(60)
    results.get("rsv", "rg", "Azure", operation)
    managed = "backupManagementType eq 'AzureIaasVM'"
    assert [
        item.properties["friendlyName"] for item in backup.backup_protectable_items.list("rsv", "rg", filter=managed)
    ] == ["vm2"]
    assert [found.name for found in backup.backup_protection_containers.list("rsv", "rg", filter=managed)] == [
        CONTAINER
    ]
    status = backup.backup_status.get("westeurope", {"resourceType": "VM", "resourceId": vm})
    assert status.protection_status == "Protected"
    body = {"resourceType": "VM", "resourceId": vm, "vaultId": lab.vault, "properties": ""}
    assert backup.protection_intent.validate("westeurope", body).status == "Failed"


def test_machines(clients: Clients) -> None:
    for number in range(450):
        clients.lab.vm(f"vm{number:03d}")
    machines = clients.compute.virtual_machines
    assert len(list(machines.list_all())) == 450
    assert len(list(machines.list("rg"))) == 450
    assert len({vm.name for vm in machines.list_all(status_only="true")}) == 450
    assert machines.get("rg", "vm007", expand="instanceView").instance_view.statuses[1].code == "PowerState/running"
    assert machines.instance_view("rg", "vm007").vm_agent.statuses[0].display_status == "Ready"


def test_raw_requests_and_their_answers(clients: Clients) -> None:
    """What bulk readers use: the client's own pipeline, without its models."""
    path = f"{clients.lab.vault}/backupPolicies?api-version=2026-10-01"
    response = clients.backup.send_request(HttpRequest("GET", path))
    assert (response.status_code, response.reason, response.content_type) == (
        200,
        "OK",
        "application/json; charset=utf-8",
    )
    assert response.json() == clients.lab.ok("GET", f"{clients.lab.vault}/backupPolicies")
    with clients.backup.send_request(
        HttpRequest("GET", f"{clients.lab.vault}x?api-version=2026-10-01"), stream=True
    ) as missing:
        assert b"".join(missing.iter_bytes()) == b"".join(missing.iter_raw()) == missing.read()
        assert missing.text() == missing.content.decode()
        assert (missing.is_closed, missing.is_stream_consumed, missing.encoding) == (True, True, "utf-8")
        with pytest.raises(HttpResponseError):
            missing.raise_for_status()


def test_the_token_is_of_no_use_elsewhere(clients: Clients) -> None:
    assert clients.credential.get_token("https://management.azure.com/.default").token == "sandbox-only"
    assert clients.credential.get_token_info("https://management.azure.com/.default").token == "sandbox-only"
    clients.transport.open()
    with clients.transport:
        assert clients.transport.world is clients.lab.world
