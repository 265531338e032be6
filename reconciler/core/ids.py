"""ARM ids and the names Azure Backup gives to containers and items. Ids compare without case (wire-facts 1.1)."""

from __future__ import annotations

from dataclasses import dataclass, field

VAULT_TYPE = "Microsoft.RecoveryServices/vaults"
VM_TYPE = "Microsoft.Compute/virtualMachines"
NSG_TYPE = "Microsoft.Network/networkSecurityGroups"
FIREWALL_TYPE = "Microsoft.Network/azureFirewalls"
STORAGE_ACCOUNT_TYPE = "Microsoft.Storage/storageAccounts"


@dataclass(frozen=True, slots=True, order=True)
class ResourceRef:
    """A resource of one ARM type directly in a resource group. Equality and order are those of its lower-cased id."""

    key: str
    subscription: str = field(compare=False)
    resource_group: str = field(compare=False)
    name: str = field(compare=False)


class VaultRef(ResourceRef):
    """A Recovery Services vault."""

    __slots__ = ()

    @classmethod
    def of(cls, subscription: str, resource_group: str, name: str) -> VaultRef:
        return cls(arm_id(subscription, resource_group, VAULT_TYPE, name).lower(), subscription, resource_group, name)

    @property
    def id(self) -> str:
        """The id with the casing of the spec."""
        return arm_id(self.subscription, self.resource_group, VAULT_TYPE, self.name)

    def policy_id(self, policy: str) -> str:
        return f"{self.id}/backupPolicies/{policy}"


class VmRef(ResourceRef):
    """A virtual machine."""

    __slots__ = ()

    @classmethod
    def of(cls, subscription: str, resource_group: str, name: str) -> VmRef:
        return cls(arm_id(subscription, resource_group, VM_TYPE, name).lower(), subscription, resource_group, name)

    @property
    def id(self) -> str:
        """The id with the casing of the spec."""
        return arm_id(self.subscription, self.resource_group, VM_TYPE, self.name)

    @property
    def container(self) -> str:
        """Container name; group and VM lower-cased as the service reports them (wire-facts 5.1)."""
        return f"IaasVMContainer;iaasvmcontainerv2;{self.resource_group.lower()};{self.name.lower()}"

    @property
    def item(self) -> str:
        return f"VM;iaasvmcontainerv2;{self.resource_group.lower()};{self.name.lower()}"

    def item_id(self, vault: VaultRef) -> str:
        return f"{vault.id}/backupFabrics/Azure/protectionContainers/{self.container}/protectedItems/{self.item}"


class NsgRef(ResourceRef):
    """A network security group."""

    __slots__ = ()

    @classmethod
    def of(cls, subscription: str, resource_group: str, name: str) -> NsgRef:
        return cls(arm_id(subscription, resource_group, NSG_TYPE, name).lower(), subscription, resource_group, name)

    @property
    def id(self) -> str:
        return arm_id(self.subscription, self.resource_group, NSG_TYPE, self.name)


class FirewallRef(ResourceRef):
    """An Azure Firewall; its rules are its own (classic) or those of its firewall policy."""

    __slots__ = ()

    @classmethod
    def of(cls, subscription: str, resource_group: str, name: str) -> FirewallRef:
        return cls(
            arm_id(subscription, resource_group, FIREWALL_TYPE, name).lower(), subscription, resource_group, name
        )

    @property
    def id(self) -> str:
        return arm_id(self.subscription, self.resource_group, FIREWALL_TYPE, self.name)


def arm_id(subscription: str, resource_group: str, resource_type: str, name: str) -> str:
    return f"/subscriptions/{subscription}/resourceGroups/{resource_group}/providers/{resource_type}/{name}"


def parse_vault(resource_id: str) -> VaultRef | None:
    """The vault an id names or lies below; accepts the URL form of `vaultId` (wire-facts 5.3). None when it names none."""
    parts = _parts(resource_id)
    found = _in_group(parts, "microsoft.recoveryservices", "vaults")
    return VaultRef.of(*found) if found else None


def parse_vm(resource_id: str) -> VmRef | None:
    """The virtual machine of an id, or None."""
    parts = _parts(resource_id)
    found = _in_group(parts, "microsoft.compute", "virtualmachines")
    return VmRef.of(*found) if found and len(parts) == 8 else None


def parse_policy_name(policy_id: str) -> str:
    """The last segment of a policy id; empty when the id is empty (a stopped item has policyId "")."""
    return policy_id.rstrip("/").rsplit("/", 1)[-1] if policy_id else ""


def _parts(resource_id: str) -> list[str]:
    path = resource_id
    if "://" in path:
        path = "/" + path.split("://", 1)[1].partition("/")[2]
    return [part for part in path.split("/") if part]


def _in_group(parts: list[str], provider: str, resource_type: str) -> tuple[str, str, str] | None:
    if len(parts) < 8:
        return None
    words = [part.lower() for part in parts[:7]]
    if words[0] != "subscriptions" or words[2] != "resourcegroups" or words[4] != "providers":
        return None
    if words[5] != provider or words[6] != resource_type:
        return None
    return parts[1], parts[3], parts[7]
