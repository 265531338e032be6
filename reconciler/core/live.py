"""What kinds may ask about live Azure. One protocol, two answerers: a snapshot read in bulk for plans, a fresh look for one step."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from reconciler.core.ids import VaultRef, VmRef

Wire = Mapping[str, object]
"""A body as the service sent it: a JSON object."""


@dataclass(frozen=True, slots=True)
class Machine:
    """A virtual machine as Compute lists it. `os` is Windows or Linux, "" when the disk says neither."""

    ref: VmRef
    location: str
    os: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)


class Live(Protocol):
    """Answers are wire bodies; None is a proven absence. Anything that could not be read raises `Unreadable`: unknown is not absent."""

    @property
    def now(self) -> datetime:
        """The moment of the run, UTC."""
        ...

    def group_missing(self, vault: VaultRef) -> bool:
        """Whether Azure said that the vault's resource group does not exist."""
        ...

    def vault(self, vault: VaultRef) -> Wire | None: ...

    def storage_config(self, vault: VaultRef) -> Wire | None:
        """`backupstorageconfig/vaultstorageconfig`: the redundancy of legacy vaults, and for all vaults whether it is locked."""
        ...

    def vault_config(self, vault: VaultRef) -> Wire | None:
        """`backupconfig/vaultconfig`: soft delete of legacy vaults."""
        ...

    def policy(self, vault: VaultRef, name: str) -> Wire | None: ...

    def item(self, vault: VaultRef, vm: VmRef) -> Wire | None: ...

    def running_jobs(self, vault: VaultRef, vm: VmRef) -> tuple[Wire, ...]:
        """Jobs of the item that have not ended."""
        ...

    def backup_jobs(self, vault: VaultRef, vm: VmRef) -> tuple[Wire, ...]:
        """Backup jobs of the item, running and ended, newest first."""
        ...

    def recovery_points(self, vault: VaultRef, vm: VmRef) -> tuple[Wire, ...]: ...

    def machine(self, vm: VmRef) -> Machine | None: ...

    def virtual_machine(self, vm: VmRef) -> Wire | None:
        """The VM's body as Compute has it, without instance view."""
        ...

    def instance_view(self, vm: VmRef) -> Wire | None:
        """`properties.instanceView` of the VM: agent, extensions, statuses. One request a VM, or one list for all."""
        ...

    def resource(self, resource_id: str) -> Wire | None:
        """Any network resource, managed run command or restore point group by its ARM id: NSG, security rule, NIC, virtual
        network, subnet, route table, azureFirewalls, firewallPolicies and their rule collection groups, runCommands."""
        ...

    def resources(self, subscription: str, resource_type: str) -> Iterable[Wire]:
        """All resources of a type (`Microsoft.Network/networkInterfaces`, `Microsoft.Storage/storageAccounts`, …) of the
        subscription, by one list."""
        ...

    def other_vault(self, vault: VaultRef, vm: VmRef) -> str:
        """Id of another vault that actively protects the VM, or ""."""
        ...


class Survey(Live, Protocol):
    """A `Live` that has seen whole subscriptions and vaults, not only what it was asked for."""

    def machines(self, subscription: str) -> Iterable[Machine]: ...

    def items(self, vault: VaultRef) -> Iterable[Wire]:
        """All VM items of the vault; empty for an absent vault."""
        ...

    def policies(self, vault: VaultRef) -> Iterable[Wire]: ...

    def prevalidation(self, vault: VaultRef, vm: VmRef) -> Wire:
        """Azure's own word on whether protecting the VM in this vault would work; one request a VM (wire-facts 5.8)."""
        ...

    def locks(self, subscription: str) -> Iterable[Wire]:
        """All management locks of the subscription."""
        ...

    def permissions(self, scope: str) -> Iterable[Wire]:
        """What the caller may do at a subscription, resource group or resource, inherited rights too.

        Empty for a scope that does not exist.
        """
        ...

    def policy_restrictions(self, scope: str, resource: Wire) -> Wire | None:
        """What the Azure Policies of a subscription or resource group say to a resource of this content (type, name, …).

        None when the scope does not exist.
        """
        ...

    def governed_networks(self, subscriptions: Collection[str]) -> Collection[str]:
        """Lower-cased ids of the virtual networks that security admin rules reach, by one query for all subscriptions."""
        ...

    def admin_rules(self, network_id: str) -> Iterable[Wire]:
        """The security admin rules that reach a virtual network; one request a network."""
        ...

    def role_assignments(self, resource_id: str) -> Iterable[Wire]:
        """Role assignments that hold for a resource, made there or above; one request a resource."""
        ...

    def role_definitions(self, subscription: str) -> Iterable[Wire]:
        """Every role that can be assigned in the subscription, with its permissions."""
        ...
