"""One VM at a time: what its body, its instance view and its disks say against the tier of its policy."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from reconciler.core.desired import Disks
from tests.preflight.estate import (
    OS_DISK,
    a_machine_body,
    an_estate_with,
    checked,
    codes,
    data_disk,
    disk_body,
    enhanced_spec,
    standard_spec,
    the_vm,
    with_disks,
)
from tests.support.desired import SUBSCRIPTION, WEB
from tests.support.network import instance_view
from tests.support.wire import Body

ULTRA = disk_body(f"{OS_DISK}-0", "UltraSSD_LRS")
SHARED = disk_body(f"{OS_DISK}-0", maxShares=2)
ENTRA = disk_body(f"{OS_DISK}-0", dataAccessAuthMode="AzureActiveDirectory")
SECURED = disk_body(f"{OS_DISK}-0", securityProfile={"securityType": "ConfidentialVM_DiskEncryptedWithPlatformKey"})
TRUSTED_OS = disk_body(OS_DISK, securityProfile={"securityType": "TrustedLaunch"})
UNMANAGED: Body = {"storageProfile": {"osDisk": {"name": "os", "vhd": {"uri": "https://x/os.vhd"}}}}
KEY = {"sourceVault": {"id": "/subscriptions/other/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/kv"}}
KEY_HERE = {
    "sourceVault": {
        "id": f"/subscriptions/{SUBSCRIPTION.upper()}/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/kv"
    }
}
ADE = {"type": "AzureDiskEncryptionForLinux"}


@dataclass(frozen=True)
class Case:
    """`body` are properties of the VM, `top` keys beside them, `managed` disks of their own; `luns` are those that the spec excludes."""

    name: str
    standard: set[str]
    enhanced: set[str]
    body: Body = field(default_factory=dict)
    top: Body = field(default_factory=dict)
    managed: tuple[Body, ...] = ()
    luns: tuple[int, ...] = ()


CASES = [
    Case("as it should be", set(), set()),
    Case("failed", {"F221"}, {"F221"}, {"provisioningState": "Failed"}),
    Case("changing", {"F222"}, {"F222"}, {"provisioningState": "Updating"}),
    Case("one processor", {"F255"}, {"F255"}, {"hardwareProfile": {"vmSize": "Standard_B1ms"}}),
    Case("eleven is not one", set(), set(), {"hardwareProfile": {"vmSize": "Standard_D11_v2"}}),
    Case("trusted", {"F251"}, set(), {"securityProfile": {"securityType": "TrustedLaunch"}}),
    Case("confidential", {"F252"}, {"F252"}, {"securityProfile": {"securityType": "ConfidentialVM"}}),
    Case("extended zone", {"F254"}, set(), top={"extendedLocation": {"name": "losangeles", "type": "EdgeZone"}}),
    Case("32 disks", set(), set(), with_disks(*(data_disk(lun) for lun in range(31)))),
    Case("33 disks", {"F241"}, {"F241"}, with_disks(*(data_disk(lun) for lun in range(32)))),
    Case("64 TB", set(), set(), with_disks(data_disk(diskSizeGB=65536))),
    Case("more than 64 TB", {"F242"}, {"F242"}, with_disks(data_disk(diskSizeGB=65537))),
    Case("its own size counts", {"F242"}, {"F242"}, with_disks(data_disk()), managed=(disk_body(f"{OS_DISK}-0", diskSizeGB=65537),)),
    Case("512 TB in all", {"F242"}, {"F242"}, with_disks(*(data_disk(lun, diskSizeGB=65536) for lun in range(8)))),
    Case("a large one left out", {"F242"}, set(), with_disks(data_disk(diskSizeGB=65537)), luns=(0,)),
    Case("ultra", {"F243"}, set(), with_disks(data_disk()), managed=(ULTRA,)),
    Case("shared", {"F244"}, {"F244"}, with_disks(data_disk()), managed=(SHARED,)),
    Case("shared and left out", {"F244"}, set(), with_disks(data_disk()), managed=(SHARED,), luns=(0,)),
    Case("accelerated OS disk", {"F245"}, {"F245"}, with_disks(writeAcceleratorEnabled=True)),
    Case("ephemeral", {"F246"}, {"F246"}, with_disks(diffDiskSettings={"option": "Local"})),
    Case("entra", {"F247"}, {"F247"}, with_disks(data_disk()), managed=(ENTRA,)),
    Case("unmanaged", {"F248"}, {"F249"}, UNMANAGED),
    Case("secured data disk", {"F253"}, {"F253"}, with_disks(data_disk()), managed=(SECURED,)),
    Case("trusted OS disk", set(), set(), managed=(TRUSTED_OS,)),
    Case("encrypted, key elsewhere", {"F261", "F262"}, {"F261", "F262"},
         with_disks(encryptionSettings={"enabled": True, "diskEncryptionKey": KEY})),
    Case("encrypted, key here", {"F261"}, {"F261"},
         with_disks(encryptionSettings={"enabled": True, "diskEncryptionKey": KEY_HERE})),
    Case("encryption off", set(), set(), with_disks(encryptionSettings={"enabled": False, "diskEncryptionKey": KEY})),
    Case("encrypted by extension", {"F261"}, {"F261"}, top={"resources": [{"properties": ADE}]}),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
@pytest.mark.parametrize("tier", ["standard", "enhanced"])
def test_what_a_vm_is_told(case: Case, tier: str) -> None:
    survey = an_estate_with(machine=a_machine_body(**case.body) | case.top)
    for body in case.managed:
        survey.add_resource(body)
    excluded = Disks(False, case.luns) if case.luns else None
    spec = standard_spec(disks=excluded) if tier == "standard" else enhanced_spec(disks=excluded)
    machine = the_vm(checked(survey, spec))
    assert codes(machine) == (case.standard if tier == "standard" else case.enhanced)


def test_findings_name_the_vm_its_place_and_the_way_out() -> None:
    survey = an_estate_with(machine=a_machine_body(provisioningState="Failed"))
    (finding,) = the_vm(checked(survey)).findings
    assert finding.address == "protected_vm/rsv/rg-app/vm-web"
    assert finding.where == "spec.yaml:1:1"
    assert finding.what == "its provisioning state is Failed"
    assert finding.remedy.endswith("az vm reapply --resource-group rg-app --name vm-web")
    assert "backup-rules A.3" in finding.why


@pytest.mark.parametrize(
    ("code", "found"), [("ProvisioningState/failed/51", {"F231"}), ("ProvisioningState/succeeded", set())]
)
def test_an_extension_that_has_failed(code: str, found: set[str]) -> None:
    survey = an_estate_with()
    extension = {
        "name": "monitor",
        "statuses": [{"code": code, "displayStatus": "Provisioning failed", "message": "no"}],
    }
    survey.views[WEB.key] = instance_view() | {"extensions": [extension]}
    machine = the_vm(checked(survey))
    assert codes(machine) == found
    assert all(each.what == "extension monitor has failed: no" for each in machine.findings)


def test_a_vm_that_is_not_there_is_told_by_the_plan_alone() -> None:
    survey = an_estate_with()
    survey.vms.clear()
    machine = the_vm(checked(survey))
    assert (machine.findings, machine.reaches) == ((), ())


@pytest.mark.parametrize("read", ["virtual_machine", "instance_view", "resources", "locks", "item"])
def test_what_could_not_be_read_is_a_warning_and_nothing_is_concluded(read: str) -> None:
    survey = an_estate_with(machine=a_machine_body(provisioningState="Succeeded"))
    survey.unreadable.add(read)
    machine = the_vm(checked(survey))
    assert codes(machine) == {"F299"}
    assert machine.verdict == "warnings"
    assert f"{read} is forbidden" in machine.findings[0].what
