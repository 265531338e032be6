"""One file for each kind of thing that azbackup manages. Pure: wanted values and wire bodies in, steps and findings out."""

from __future__ import annotations

from reconciler.core.kind import AnyKind
from reconciler.kinds.initial_backup import InitialBackupKind
from reconciler.kinds.policy import PolicyKind
from reconciler.kinds.protected_vm import ProtectedVmKind
from reconciler.kinds.replication import ReplicationKind
from reconciler.kinds.vault import VaultKind
from reconciler.kinds.vault_security import VaultSecurityKind

KINDS: tuple[AnyKind, ...] = (
    VaultKind(),
    ReplicationKind(),
    VaultSecurityKind(),
    PolicyKind(),
    ProtectedVmKind(),
    InitialBackupKind(),
)
"""In the order in which a plan lists what is made: redundancy before the first protected item, because it is frozen after it."""
