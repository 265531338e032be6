"""One file for each kind of thing that azbackup manages. Pure: wanted values and wire bodies in, steps and findings out."""

from __future__ import annotations

from reconciler.core.kind import AnyKind
from reconciler.kinds.firewall_rule import FirewallRuleKind
from reconciler.kinds.guest_proxy import GuestProxyKind
from reconciler.kinds.initial_backup import InitialBackupKind
from reconciler.kinds.nsg_rule import NsgRuleKind
from reconciler.kinds.policy import PolicyKind
from reconciler.kinds.protected_vm import ProtectedVmKind
from reconciler.kinds.proxy import ProxyKind
from reconciler.kinds.replication import ReplicationKind
from reconciler.kinds.vault import VaultKind
from reconciler.kinds.vault_security import VaultSecurityKind
from reconciler.kinds.vm_agent import VmAgentKind

KINDS: tuple[AnyKind, ...] = (
    VaultKind(),
    ReplicationKind(),
    VaultSecurityKind(),
    PolicyKind(),
    NsgRuleKind(),
    ProxyKind(),
    FirewallRuleKind(),
    GuestProxyKind(),
    VmAgentKind(),
    ProtectedVmKind(),
    InitialBackupKind(),
)
"""In the order in which a plan lists what is made: redundancy before the first protected item, because it is frozen after it,
and the way out and the agent before the VMs that need them."""

THOROUGH_KINDS: tuple[AnyKind, ...] = tuple(
    VmAgentKind(every_vm=True) if kind.name == VmAgentKind.name else kind for kind in KINDS
)
"""The same, for preflight: what costs more than a plan may cost is checked too."""
