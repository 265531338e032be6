"""Paths of ARM resources, built from names that cannot change what a path means.

A policy named `..` would turn the deletion of a policy into the deletion of its vault (reliability.md section 0, finding 1),
so every name is checked here, before there is a request, and the path is compared again when it is sent (guards.py).
"""

from __future__ import annotations

from urllib.parse import quote

from reconciler.core.errors import CloudError, Problem
from reconciler.core.ids import ResourceRef, VaultRef, VmRef

_MARKS = frozenset("-_.() ")
_LONGEST_NAME = 260
_BACKUP_STATUS = "providers/Microsoft.RecoveryServices/locations"


def vault_path(vault: VaultRef) -> str:
    _check_ref(vault)
    return vault.id


def policy_path(vault: VaultRef, policy: str) -> str:
    return f"{vault_path(vault)}/backupPolicies/{_checked(policy)}"


def item_path(vault: VaultRef, vm: VmRef) -> str:
    _check_ref(vault)
    _check_ref(vm)
    return vm.item_id(vault)


def job_path(vault: VaultRef, job_id: str) -> str:
    return f"{vault_path(vault)}/backupJobs/{_checked(job_id)}"


def vm_path(vm: VmRef) -> str:
    _check_ref(vm)
    return vm.id


def vms_path(subscription: str) -> str:
    return f"/subscriptions/{_checked(subscription)}/providers/Microsoft.Compute/virtualMachines"


def vaults_path(subscription: str) -> str:
    return f"/subscriptions/{_checked(subscription)}/providers/Microsoft.RecoveryServices/vaults"


def backup_status_path(subscription: str, location: str) -> str:
    return f"/subscriptions/{_checked(subscription)}/{_BACKUP_STATUS}/{_checked(location)}/backupStatus"


def quoted(path: str) -> str:
    """The path as it is sent; no name in it holds a slash."""
    return "/".join(quote(segment, safe="") for segment in path.split("/"))


def _check_ref(ref: ResourceRef) -> None:
    for name in (ref.subscription, ref.resource_group, ref.name):
        _checked(name)


def _checked(name: str) -> str:
    """The name itself, when it is made of letters, digits and `-_.() `, and is no dot segment. Raises `CloudError`."""
    plain = bool(name) and all(mark.isalnum() or mark in _MARKS for mark in name)
    if plain and name.strip(" ") == name and not name.endswith(".") and len(name) <= _LONGEST_NAME:
        return name
    raise CloudError(
        Problem(
            "C108",
            ascii(name[:_LONGEST_NAME]),
            "this can't be the name of an Azure resource; nothing was sent",
            "such a name could make a request reach another resource than the one that is meant",
            "use letters, digits, hyphens, underscores, parentheses and dots, with no dot at the end",
        )
    )
