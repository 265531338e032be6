"""The table of rights is whole: every operation has its own, on the thing that it writes."""

from __future__ import annotations

from typing import get_args

import pytest

from reconciler.core.ids import VM_TYPE
from reconciler.core.plan import Action, Change, Operation, Step, Write
from reconciler.core.rights import READ_RIGHTS, WRITE_RIGHTS, Needed, rights_of
from tests.support.desired import VAULT, WEB

ITEMS = "Microsoft.RecoveryServices/vaults/backupFabrics/protectionContainers/protectedItems"
NSG = "/subscriptions/s/resourceGroups/rg-net/providers/Microsoft.Network/networkSecurityGroups/nsg"


def a_step(operation: Operation, action: Action = "update", resource_id: str = "") -> Step:
    write = Write(operation, VAULT, {}, "daily", WEB, resource_id)
    return Step("a", "kind", action, (Change("x", 1, 2, "VLT-01"),), "why", write, "sha256:x")


@pytest.mark.parametrize("operation", get_args(Operation))
def test_every_operation_needs_a_right_that_is_no_read(operation: Operation) -> None:
    rights = [right for right in WRITE_RIGHTS if right.operation == operation]
    assert [right for right in rights if not right.action.endswith("/read") and not right.steps]
    assert all(right.source for right in rights)
    assert list(rights_of(a_step(operation, resource_id=f"{NSG}/securityRules/x")))


@pytest.mark.parametrize(
    ("action", "on_vm"),
    [("create", True), ("update", True), ("resume", True), ("undelete", False), ("stop", False)],
)
def test_only_what_protects_a_vm_needs_a_right_on_it(action: Action, on_vm: bool) -> None:
    needed = list(rights_of(a_step("item.put", action)))
    assert Needed(f"{ITEMS}/write", VAULT.id) in needed
    assert (Needed(f"{VM_TYPE}/write", WEB.id) in needed) is on_vm


def test_what_lies_in_a_resource_is_written_by_a_right_on_the_resource() -> None:
    (needed,) = rights_of(a_step("security_rule.put", resource_id=f"{NSG}/securityRules/azbackup-x"))
    assert needed == Needed("Microsoft.Network/networkSecurityGroups/securityRules/write", NSG)
    assert needed.group_id == "/subscriptions/s/resourceGroups/rg-net"
    assert needed.subscription_id == "/subscriptions/s"


def test_reading_never_needs_a_right_to_change() -> None:
    last = {right.action.rsplit("/", 1)[-1] for right in READ_RIGHTS}
    posts = {right.action.split("/")[-2] for right in READ_RIGHTS if right.action.endswith("/action")}
    assert last == {"read", "action"}
    assert posts == {"backupStatus", "backupPreValidateProtection", "listNetworkManagerEffectiveSecurityAdminRules"}
    assert len({right.action for right in READ_RIGHTS}) == len(READ_RIGHTS)
