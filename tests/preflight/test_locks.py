"""Locks on the VM, its group, the vault, and the groups that hold snapshots."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.core.desired import NsgEgress, SnapshotGroup
from reconciler.core.ids import NsgRef
from reconciler.core.plan import Change, Operation, Step, Write
from tests.preflight.estate import a_lock, a_machine_body, an_estate_with, checked, codes, the_vm
from tests.support.desired import PLACE, SUBSCRIPTION, VAULT, WEB, a_policy, a_spec, protect

ROOT = f"/subscriptions/{SUBSCRIPTION}"


@pytest.mark.parametrize(
    ("scope", "level", "of_the_vm", "of_the_vault"),
    [
        (WEB.id, "ReadOnly", {"F272"}, set()),
        (WEB.id.upper(), "readonly", {"F272"}, set()),
        (WEB.id, "CanNotDelete", {"F273"}, set()),
        (f"{ROOT}/resourceGroups/rg-app", "ReadOnly", {"F272"}, set()),
        (f"{ROOT}/resourceGroups/rg-app", "CanNotDelete", {"F273"}, set()),
        (f"{ROOT}/resourceGroups/rg-application", "ReadOnly", set(), set()),
        (f"{ROOT}/resourceGroups/rg-ap", "ReadOnly", set(), set()),
        (VAULT.id, "ReadOnly", {"F272"}, {"F272"}),
        (VAULT.id, "CanNotDelete", set(), set()),
        (f"{ROOT}/resourceGroups/rg-backup", "ReadOnly", {"F272"}, {"F272"}),
        (ROOT, "ReadOnly", {"F272"}, {"F272"}),
        (ROOT, "CanNotDelete", {"F271", "F273"}, {"F271"}),
        (f"{ROOT}/resourceGroups/AzureBackupRG_westeurope_1", "CanNotDelete", {"F271"}, {"F271"}),
        (f"{ROOT}/resourceGroups/AzureBackupRG_northeurope_1", "CanNotDelete", set(), set()),
        (f"{ROOT}/resourceGroups/snap-7-x", "CanNotDelete", {"F271"}, {"F271"}),
        (f"{ROOT}/resourceGroups/snap-x", "CanNotDelete", set(), set()),
        (f"{ROOT}/resourceGroups/snap-7-x/providers/Microsoft.Compute/disks/d", "CanNotDelete", set(), set()),
    ],
)
def test_which_lock_is_in_the_way_of_what(scope: str, level: str, of_the_vm: set[str], of_the_vault: set[str]) -> None:
    survey = an_estate_with()
    survey.lock_bodies.append(a_lock(scope.replace(SUBSCRIPTION.upper(), SUBSCRIPTION), level))
    policy = a_policy(snapshot_group=SnapshotGroup("snap-", "-x"))
    readiness = checked(survey, a_spec(protect(), policies=(policy,)))
    assert codes(the_vm(readiness)) == of_the_vm
    shared = {finding.code for finding in readiness.findings if finding.address == "vault/rsv"}
    assert shared == of_the_vault


def test_a_delete_lock_on_unmanaged_disks_is_in_the_way() -> None:
    disk = {"name": "os", "vhd": {"uri": "https://x.blob.core.windows.net/vhds/os.vhd"}}
    survey = an_estate_with(machine=a_machine_body(storageProfile={"osDisk": disk}))
    survey.lock_bodies.append(a_lock(f"{ROOT}/resourceGroups/rg-app", "CanNotDelete"))
    (found,) = [each for each in the_vm(checked(survey)).findings if each.code == "F275"]
    assert (found.severity, found.remedy.split(" /")[0]) == ("blocking", "az lock delete --ids")


def test_a_lock_in_the_way_comes_with_the_command_that_removes_it() -> None:
    survey = an_estate_with()
    survey.lock_bodies.append(a_lock(f"{ROOT}/resourceGroups/rg-app"))
    (finding,) = the_vm(checked(survey)).findings
    assert finding.what == f"ReadOnly lock hold is on {ROOT}/resourcegroups/rg-app"
    assert finding.remedy == (
        f"az lock delete --ids {ROOT}/resourceGroups/rg-app/providers/Microsoft.Authorization/locks/hold"
    )


@pytest.mark.parametrize(
    ("scope", "level", "operation", "found"),
    [
        ("", "ReadOnly", "security_rule.put", {"F274"}),
        ("/providers/Microsoft.Network/networkSecurityGroups/nsg-a", "ReadOnly", "security_rule.put", {"F274"}),
        ("/providers/Microsoft.Network/networkSecurityGroups/nsg-a", "CanNotDelete", "security_rule.put", set()),
        ("", "CanNotDelete", "security_rule.delete", {"F274"}),
        ("/providers/Microsoft.Network/networkSecurityGroups/nsg-b", "ReadOnly", "security_rule.put", set()),
    ],
)
def test_a_lock_that_refuses_what_the_plan_writes(
    scope: str, level: str, operation: Operation, found: set[str]
) -> None:
    group = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-far"
    survey = an_estate_with()
    survey.lock_bodies.append(a_lock(f"{group}{scope}", level))
    rule = f"{group}/providers/Microsoft.Network/networkSecurityGroups/nsg-a/securityRules/azbackup-app-storage"
    properties = {"priority": 100, "direction": "Outbound", "access": "Allow"}
    write = Write(operation, body={"properties": properties}, resource_id=rule)
    step = Step("nsg_rule/app", "nsg_rule", "create", (Change("r", None, 1, "NET-01"),), "why", write, "sha256:x")
    egress = NsgEgress("app", NsgRef.of(SUBSCRIPTION, "rg-far", "nsg-a"), PLACE)
    readiness = checked(survey, a_spec(protect(egress="app"), egresses=(egress,)), step)
    assert {each.code for each in readiness.findings if each.address == "nsg_rule/app"} == found
    assert codes(the_vm(readiness)) == found


def test_an_entry_that_is_no_lock_is_passed_over() -> None:
    survey = an_estate_with()
    survey.lock_bodies.append({"id": f"{ROOT}/odd", "properties": {"level": "ReadOnly"}})
    assert the_vm(checked(survey)).verdict == "ready"


def test_locks_that_can_not_be_read_are_told_for_the_vm_that_they_may_concern() -> None:
    survey = an_estate_with()
    survey.unreadable.add("locks")
    stopped = replace(protect(), state="stopped", policy="")
    assert codes(the_vm(checked(survey))) == {"F299"}
    assert checked(survey, a_spec(stopped)).machines == ()
