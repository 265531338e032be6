"""Addresses of what a spec declares, as plans print them and `--target` and `consents:` take them."""

from __future__ import annotations

from reconciler.core.desired import Egress, FirewallEgress, NsgEgress, ProxyEgress
from reconciler.core.ids import VaultRef, VmRef


def vault_address(vault: VaultRef) -> str:
    return f"vault/{vault.name}"


def replication_address(vault: VaultRef) -> str:
    return f"replication/{vault.name}"


def security_address(vault: VaultRef) -> str:
    return f"vault_security/{vault.name}"


def policy_address(vault: VaultRef, policy: str) -> str:
    return f"policy/{vault.name}/{policy}"


def protected_vm_address(vault: VaultRef, vm: VmRef) -> str:
    return f"protected_vm/{vault.name}/{vm.resource_group}/{vm.name}"


def initial_backup_address(vault: VaultRef, vm: VmRef) -> str:
    return f"initial_backup/{vault.name}/{vm.resource_group}/{vm.name}"


def vault_lane(vault: VaultRef) -> str:
    """Updates of one vault, and edits of its policies, run one after the other (backup-rules B.1, F 44)."""
    return f"vault:{vault.key}"


def egress_address(egress: Egress) -> str:
    """The address of the network's side of an egress."""
    match egress:
        case NsgEgress():
            return f"nsg_rule/{egress.name}"
        case ProxyEgress():
            return f"proxy/{egress.name}"
        case FirewallEgress():
            return f"firewall_rule/{egress.name}"


def guest_proxy_address(egress: str, vm: VmRef) -> str:
    return f"guest_proxy/{egress}/{vm.resource_group}/{vm.name}"


def vm_agent_address(vm: VmRef) -> str:
    return f"vm_agent/{vm.resource_group}/{vm.name}"


def vm_lane(vm: VmRef) -> str:
    """Run commands of one VM run one after the other."""
    return f"vm:{vm.key}"
