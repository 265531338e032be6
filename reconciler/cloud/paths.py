"""Paths of ARM resources, built from names that cannot change what a path means.

A policy named `..` would turn the deletion of a policy into the deletion of its vault (reliability.md section 0, finding 1),
so every name is checked here, before there is a request, and the path is compared again when it is sent (guards.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from reconciler.core.errors import CloudError, Problem
from reconciler.core.ids import ResourceRef, VaultRef, VmRef

_MARKS = frozenset("-_.() ")
_LONGEST_NAME = 260
_ID_WORDS = ["", "subscriptions", "resourcegroups", "providers"]
GRAPH_PATH = "/providers/Microsoft.ResourceGraph/resources"
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


def instance_view_path(vm: VmRef) -> str:
    return f"{vm_path(vm)}/instanceView"


def list_path(subscription: str, resource_type: str) -> str:
    """The list of all resources of a type (`Microsoft.Network/networkInterfaces`, …) of a subscription."""
    namespace, _, name = resource_type.partition("/")
    return f"/subscriptions/{_checked(subscription)}/providers/{_checked(namespace)}/{_checked(name)}"


def locks_path(subscription: str) -> str:
    return list_path(subscription, "Microsoft.Authorization/locks")


def permissions_path(scope: str) -> str:
    return f"{_scope(scope)}/providers/Microsoft.Authorization/permissions"


def policy_restrictions_path(scope: str) -> str:
    """`scope` is a subscription or a resource group."""
    return f"{_scope(scope)}/providers/Microsoft.PolicyInsights/checkPolicyRestrictions"


def role_assignments_path(resource_id: str) -> str:
    return f"{resource_of(resource_id).path}/providers/Microsoft.Authorization/roleAssignments"


def role_definitions_path(subscription: str) -> str:
    return list_path(subscription, "Microsoft.Authorization/roleDefinitions")


def effective_admin_rules_path(network_id: str) -> str:
    return f"{resource_of(network_id).path}/listNetworkManagerEffectiveSecurityAdminRules"


@dataclass(frozen=True, slots=True)
class ResourcePath:
    """An ARM id taken apart. `names` go with the segments of `resource_type`: `Microsoft.Network/networkSecurityGroups/securityRules`."""

    subscription: str
    resource_group: str
    resource_type: str
    names: tuple[str, ...]

    @property
    def namespace(self) -> str:
        return self.resource_type.partition("/")[0].lower()

    @property
    def path(self) -> str:
        namespace, *types = self.resource_type.split("/")
        pairs = "".join(f"/{each}/{name}" for each, name in zip(types, self.names, strict=True))
        return f"/subscriptions/{self.subscription}/resourceGroups/{self.resource_group}/providers/{namespace}{pairs}"

    @property
    def parent(self) -> ResourcePath:
        resource_type = self.resource_type.rpartition("/")[0]
        return ResourcePath(self.subscription, self.resource_group, resource_type, self.names[:-1])


def resource_of(resource_id: str) -> ResourcePath:
    """The resource that an ARM id names, in a resource group, at any depth. Raises `CloudError` when it is no such id."""
    parts = resource_id.split("/")
    words = [part.lower() for part in parts[:6]]
    if len(parts) < 9 or len(parts) % 2 == 0 or [words[0], words[1], words[3], words[5]] != _ID_WORDS:
        raise _no_name(resource_id)
    for part in parts[1:]:
        _checked(part)
    return ResourcePath(parts[2], parts[4], "/".join([parts[6], *parts[7::2]]), tuple(parts[8::2]))


def _scope(scope: str) -> str:
    """The id of a subscription, a resource group or a resource, checked. Raises `CloudError` when it is none of them."""
    parts = scope.split("/")
    if len(parts) > 5:
        return resource_of(scope).path
    words = [part.lower() for part in (parts[0], *parts[1::2])]
    if len(parts) % 2 == 0 or words not in (_ID_WORDS[:2], _ID_WORDS[:3]):
        raise _no_name(scope)
    return "/".join(["", *(_checked(part) for part in parts[1:])])


def vaults_path(subscription: str) -> str:
    return f"/subscriptions/{_checked(subscription)}/providers/Microsoft.RecoveryServices/vaults"


def backup_status_path(subscription: str, location: str) -> str:
    return f"/subscriptions/{_checked(subscription)}/{_BACKUP_STATUS}/{_checked(location)}/backupStatus"


def prevalidation_path(subscription: str, location: str) -> str:
    return f"/subscriptions/{_checked(subscription)}/{_BACKUP_STATUS}/{_checked(location)}/backupPreValidateProtection"


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
    raise _no_name(name)


def _no_name(name: str) -> CloudError:
    return CloudError(
        Problem(
            "C108",
            ascii(name[:_LONGEST_NAME]),
            "this can't be the name of an Azure resource; nothing was sent",
            "such a name could make a request reach another resource than the one that is meant",
            "use letters, digits, hyphens, underscores, parentheses and dots, with no dot at the end",
        )
    )
