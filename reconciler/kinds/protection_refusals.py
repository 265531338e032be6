"""What can't be done for a VM, why, and what to do instead."""

from __future__ import annotations

from reconciler.core.desired import DesiredProtection
from reconciler.core.ids import parse_vault
from reconciler.core.plan import Finding, Severity
from reconciler.kinds.addresses import protected_vm_address


def no_such_vm(wanted: DesiredProtection, *, has_item: bool) -> Finding:
    if has_item:
        return _finding(
            wanted,
            "P142",
            f"VM {_vm(wanted)} does not exist any more; its points are kept, stopped",
            "without the VM there is nothing to back up, and these points may be its last copy",
            "write state: stopped for it, or make the VM again under the same name and resource group",
        )
    return _finding(
        wanted,
        "P141",
        f"VM {_vm(wanted)} does not exist",
        "Compute lists no VM of this name in this resource group",
        "correct the name, or take the entry out",
    )


def other_region(wanted: DesiredProtection, vm_location: str, vault_location: str) -> Finding:
    return _finding(
        wanted,
        "P143",
        f"VM {_vm(wanted)} is in {vm_location}, vault {wanted.vault.name} in {vault_location}",
        "a vault backs up VMs of its own region only (backup-rules A.1)",
        f"protect it in a vault in {vm_location}",
    )


def other_vault(wanted: DesiredProtection, vault_id: str) -> Finding:
    other = parse_vault(vault_id)
    name = f"{other.resource_group}/{other.name}" if other else vault_id
    return _finding(
        wanted,
        "P144",
        f"VM {_vm(wanted)} is protected in vault {name}",
        "a VM is backed up to one vault at a time (backup-rules A.1)",
        f"take it out of the spec, or stop its protection in {name} first (its points stay there)",
    )


def back_to_standard(wanted: DesiredProtection) -> Finding:
    return _finding(
        wanted,
        "P145",
        f"VM {_vm(wanted)} follows an enhanced policy; {wanted.policy} is a standard one",
        "Azure has no way back from an enhanced to a standard policy (backup-rules C.1)",
        "choose an enhanced policy",
    )


def shorter_in_immutable(wanted: DesiredProtection, policy_now: str) -> Finding:
    return _finding(
        wanted,
        "P150",
        f"policy {wanted.policy} keeps points of {_vm(wanted)} for less time than {policy_now}, and the vault is immutable, or is to be",
        "an immutable vault refuses every cut of retention (backup-rules B.4)",
        "choose a policy that keeps as much in every tier",
    )


def immutable(wanted: DesiredProtection) -> Finding:
    return _finding(
        wanted,
        "P146",
        f"the points of {_vm(wanted)} are to be deleted, and vault {wanted.vault.name} is immutable, or is to be",
        "an immutable vault refuses it late (UserErrorDeleteBackupItemOnImmutableItem), so it is not tried",
        "write state: stopped",
    )


def last_copy(wanted: DesiredProtection) -> Finding:
    return _finding(
        wanted,
        "P147",
        f"VM {_vm(wanted)} is gone, and its recovery points may be the last copy of it",
        "azbackup never deletes the last copy of a VM that no longer exists",
        "write state: stopped to keep the points; if they must go, delete them by hand in the portal",
    )


def orphaned(wanted: DesiredProtection) -> Finding:
    return _finding(
        wanted,
        "P148",
        f"VM {_vm(wanted)} does not exist any more, and its backup is still active",
        "every scheduled backup fails (UserErrorVmNotFoundV2), and the last point is kept and paid for until deleted",
        "write state: stopped, or make the VM again under the same name and resource group",
        "warning",
    )


def nothing_to_stop(wanted: DesiredProtection) -> Finding:
    return _finding(
        wanted,
        "P149",
        f"VM {_vm(wanted)} has no backup in vault {wanted.vault.name} that could be stopped",
        "there is no protected item for it",
        "take the entry out",
        "info",
    )


def _vm(wanted: DesiredProtection) -> str:
    return f"{wanted.vm.resource_group}/{wanted.vm.name}"


def _finding(
    wanted: DesiredProtection, code: str, what: str, why: str, remedy: str, severity: Severity = "blocking"
) -> Finding:
    address = protected_vm_address(wanted.vault, wanted.vm)
    return Finding(code, severity, address, what, why, remedy, str(wanted.place))
