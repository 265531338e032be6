"""The room against the sandbox: the real SDK clients, the life of an item from nothing to its undelete, trouble, and budgets."""

from collections.abc import Sequence
from typing import Any

import pytest

from reconciler.cloud.azure import Azure
from reconciler.core.desired import DesiredProtection, DesiredVault, Spec
from reconciler.core.errors import CloudError, Place, Unreadable
from reconciler.core.ids import VaultRef, VmRef
from reconciler.core.plan import Write
from reconciler.core.ports import Progress
from reconciler.core.wire import dig, dig_text
from reconciler.sandbox.estate import load_estate
from reconciler.sandbox.faults import Answer, Fault, Lost, throttled, token_expired
from reconciler.sandbox.generate import generate
from reconciler.sandbox.transport import SandboxClock, SandboxCredential, SandboxTransport
from reconciler.sandbox.world import DEFAULT_SUBSCRIPTION, World
from tests.journeys.local import Local, spec_of, world_of

VAULT = VaultRef.of(DEFAULT_SUBSCRIPTION, "rg-backup", "rsv-prod")
VM = VmRef.of(DEFAULT_SUBSCRIPTION, "rg-app", "vm-web-01")
ESTATE = {
    "location": "westeurope",
    "resourceGroups": {
        "rg-backup": {},
        "rg-app": {"virtualMachines": {"vm-web-01": {"os": "linux", "tags": {"a": "b"}}}},
    },
}
ENABLE = {
    "protectedItemType": "Microsoft.Compute/virtualMachines",
    "sourceResourceId": VM.id,
    "policyId": VAULT.policy_id("DefaultPolicy"),
}
STOP = {**ENABLE, "policyId": "", "protectionState": "ProtectionStopped"}
PLACE = Place("spec.yaml", 1, 1)


class Estate:
    """A small world and an `Azure` on it; counts up the request ids."""

    def __init__(self, faults: Sequence[Fault] = (), *, read_only: bool = False) -> None:
        self.world = World.open()
        load_estate(self.world, ESTATE)
        self.connect(faults, read_only=read_only)
        self.sent = 0

    def connect(self, faults: Sequence[Fault] = (), *, read_only: bool = False) -> None:
        clock = SandboxClock(self.world)
        self.azure = Azure(SandboxCredential(), SandboxTransport(self.world, faults), clock, read_only=read_only)

    def do(self, write: Write) -> Progress:
        """Sends a write and follows it to its end, and the job behind it."""
        self.sent += 1
        accepted = self.azure.send(write, self.request_id)
        progress = Progress("succeeded")
        if accepted.operation_url:
            progress = self.follow(lambda: self.azure.operation(write, accepted.operation_url))
        vault, job_id = write.vault, progress.job_id
        if progress.state == "succeeded" and vault and job_id:
            progress = self.follow(lambda: self.azure.job(vault, job_id))
        return progress

    @property
    def request_id(self) -> str:
        return f"00000000-0000-4000-8000-{self.sent:012d}"

    def follow(self, ask: Any) -> Progress:
        for _ in range(500):
            progress: Progress = ask()
            if progress.state != "running":
                return progress
            self.world.advance(progress.retry_after_seconds)
        raise AssertionError("it does not end")

    def create_vault(self) -> None:
        body = {"location": "westeurope", "sku": {"name": "Standard"}, "properties": {}}
        assert self.do(Write("vault.create", VAULT, body)).state == "succeeded"

    def protect(self) -> None:
        self.create_vault()
        assert self.do(Write("item.put", VAULT, {"properties": ENABLE}, vm=VM)).state == "succeeded"


def test_the_life_of_an_item() -> None:
    estate = Estate()
    assert estate.azure.look().vault(VAULT) is None
    estate.protect()
    azure = estate.azure

    def item() -> object:
        return azure.look().item(VAULT, VM)

    assert dig_text(item(), "properties", "protectionState") == "IRPending"
    assert azure.look().other_vault(VAULT, VM) == ""
    assert azure.look().other_vault(VaultRef.of(DEFAULT_SUBSCRIPTION, "rg-backup", "rsv-new"), VM) == VAULT.id

    backup = {
        "properties": {"objectType": "IaasVMBackupRequest", "recoveryPointExpiryTimeInUTC": "2026-12-22T00:00:00.000Z"}
    }
    trigger = Write("item.backup", VAULT, backup, vm=VM)
    accepted = azure.send(trigger, "6f1d7c1e-0000-4000-8000-0000000000aa")
    (job,) = azure.look().backup_jobs(VAULT, VM)
    assert dig_text(job, "properties", "activityId") == "6f1d7c1e-0000-4000-8000-0000000000aa"
    assert azure.look().running_jobs(VAULT, VM) == (job,)
    job_id = azure.operation(trigger, accepted.operation_url).job_id
    assert job_id == job["name"]
    assert estate.follow(lambda: azure.job(VAULT, job_id)).state == "succeeded"
    assert azure.look().running_jobs(VAULT, VM) == ()
    assert len(azure.look().recovery_points(VAULT, VM)) == 1
    assert dig_text(item(), "properties", "protectionState") == "Protected"

    assert estate.do(Write("item.put", VAULT, {"properties": STOP}, vm=VM)).state == "succeeded"
    assert dig_text(item(), "properties", "protectionState") == "ProtectionStopped"
    assert estate.do(Write("item.delete", VAULT, vm=VM)).state == "succeeded"
    assert dig(item(), "properties", "isScheduledForDeferredDelete") is True
    assert (
        estate.do(Write("item.put", VAULT, {"properties": {**STOP, "isRehydrate": True}}, vm=VM)).state == "succeeded"
    )
    assert dig(item(), "properties", "isScheduledForDeferredDelete") is not True


def test_settings_and_policies() -> None:
    estate = Estate()
    estate.protect()
    azure = estate.azure
    assert estate.do(Write("vault.update", VAULT, {"tags": {"owner": "platform"}})).state == "succeeded"
    assert dig(azure.look().vault(VAULT), "tags") == {"owner": "platform"}
    policy = dict(dig(azure.look().policy(VAULT, "DefaultPolicy"), "properties"))  # type: ignore[call-overload]
    policy["retentionPolicy"]["dailySchedule"]["retentionDuration"]["count"] = 45
    assert estate.do(Write("policy.put", VAULT, {"properties": policy}, "DefaultPolicy")).state == "succeeded"
    read = azure.look().policy(VAULT, "defaultpolicy")
    assert dig(read, "properties", "retentionPolicy", "dailySchedule", "retentionDuration", "count") == 45
    assert dig_text(azure.look().storage_config(VAULT), "properties", "storageTypeState") == "Locked"
    assert azure.look().vault_config(VAULT) is not None


def test_the_child_api_refuses_what_the_vault_owns() -> None:
    estate = Estate()
    estate.create_vault()
    redundancy = {"properties": {"redundancySettings": {"standardTierStorageRedundancy": "LocallyRedundant"}}}
    assert estate.do(Write("vault.update", VAULT, redundancy)).state == "succeeded"
    body = {"properties": {"storageModelType": "ZoneRedundant", "crossRegionRestoreFlag": False}}
    with pytest.raises(CloudError) as caught:
        estate.do(Write("storage_config.update", VAULT, body))
    assert caught.value.service_code == "BMSUserErrorRedundancySettingsUseVaultApi"
    assert (caught.value.transient, caught.value.sent) == (False, False)


def test_a_busy_vault_is_a_refusal_that_passes() -> None:
    estate = Estate()
    estate.create_vault()
    estate.azure.send(Write("vault.update", VAULT, {"tags": {"a": "1"}}), "id-1")
    with pytest.raises(CloudError) as caught:
        estate.azure.send(Write("vault.update", VAULT, {"tags": {"a": "2"}}), "id-2")
    assert (caught.value.transient, caught.value.sent) == (True, False)


def test_a_lost_answer_is_told_from_a_request_that_never_left() -> None:
    estate = Estate()
    estate.protect()
    write = Write("item.backup", VAULT, {"properties": {"objectType": "IaasVMBackupRequest"}}, vm=VM)
    estate.connect([Lost(method="POST", path="*/backup", at="after")])
    with pytest.raises(CloudError) as caught:
        estate.azure.send(write, "6f1d7c1e-0000-4000-8000-0000000000bb")
    assert (caught.value.sent, estate.azure.requests) == (True, {"POST": 1})
    assert len(estate.azure.look().backup_jobs(VAULT, VM)) == 1

    other = Estate()
    other.protect()
    other.connect([Lost(method="POST", path="*/backup", at="before")])
    other.azure.send(write, "6f1d7c1e-0000-4000-8000-0000000000cc")
    assert other.azure.requests == {"POST": 2}
    assert len(other.azure.look().backup_jobs(VAULT, VM)) == 1


def test_trouble_that_a_plan_does_not_notice() -> None:
    estate = Estate()
    estate.protect()
    estate.connect(
        [throttled(), token_expired(nth=3), Answer(status=503, nth=5), Lost(nth=7, method="GET")], read_only=True
    )
    found = estate.azure.survey(Spec("d", protections=(DesiredProtection(VAULT, VM, PLACE, "DefaultPolicy"),)))
    item, machine = found.item(VAULT, VM), found.machine(VM)
    assert dig_text(item, "properties", "sourceResourceId").lower() == VM.key
    assert machine is not None
    assert (machine.os, machine.location, machine.tags) == ("Linux", "westeurope", {"a": "b"})
    assert estate.azure.requests == {"GET": 6 + 4}


def test_trouble_that_stays_is_unreadable() -> None:
    estate = Estate()
    estate.protect()
    forbidden = Answer(status=403, code="AuthorizationFailed", message="no", path="*/backupProtectedItems", times=9)
    estate.connect([forbidden], read_only=True)
    found = estate.azure.survey(Spec("d", vaults=(DesiredVault(VAULT, "westeurope", PLACE),)))
    assert found.vault(VAULT)
    with pytest.raises(Unreadable):
        found.item(VAULT, VM)


@pytest.mark.parametrize(("vms", "vaults", "most"), [(1000, 1, 20), (2000, 2, 40)])
def test_the_request_budget_of_a_plan_without_changes(vms: int, vaults: int, most: int) -> None:
    world = World.open()
    generate(world, vms, vaults, 5, protected=True)
    azure = Azure(SandboxCredential(), SandboxTransport(world), SandboxClock(world), read_only=True)
    names = [VaultRef.of(DEFAULT_SUBSCRIPTION, "rg-backup", f"rsv-{number + 1:03d}") for number in range(vaults)]
    some = VmRef.of(DEFAULT_SUBSCRIPTION, "rg-app-001", "vm-00001")
    desired = tuple(DesiredVault(name, "westeurope", PLACE) for name in names)
    spec = Spec("d", desired, protections=(DesiredProtection(names[0], some, PLACE),))
    found = azure.survey(spec)
    items = [item for name in names for item in found.items(name)]
    assert len(items) == len(list(found.machines(DEFAULT_SUBSCRIPTION))) == vms
    assert sum(azure.requests.values()) <= most
    assert set(azure.requests) == {"GET"}


def test_azures_own_check_before_a_vm_is_protected() -> None:
    world = world_of("troubled-estate.yaml")
    spec = spec_of("troubled.yaml")
    local = Local(world, read_only=True)
    survey = local.survey(spec)
    vault = spec.vaults[0].ref
    subscription = vault.subscription
    assert survey.prevalidation(vault, VmRef.of(subscription, "rg-app", "vm-new"))["status"] == "Succeeded"
    refused = survey.prevalidation(vault, VmRef.of(subscription, "rg-app", "vm-in-other-vault"))
    assert refused["status"] == "Failed"
    assert refused["errorCode"] == "UserErrorVmAlreadyProtected"
    assert local.azure.requests["POST"] == 2
