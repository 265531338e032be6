"""Every check of this room, numbered as in backup-rules I: F171 is the first one under number 17.

What that list has beyond these is judged by the kinds themselves, and their findings go into the verdicts:
region and absence of a VM (P141, P143), another vault (P144), frozen redundancy (P111), cuts of retention (P133, P150),
ways back to a standard policy (P131, P145), the VM agent and the egress that a spec declares.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from reconciler.core.plan import Finding, Severity


@dataclass(frozen=True, slots=True)
class Check:
    """`rule` is what holds and becomes the why of its findings; `source` is where it is known from."""

    code: str
    severity: Severity
    title: str
    rule: str
    source: str
    remedy: str


_LET_SEE_ADMIN_RULES = (
    "let the identity do Microsoft.Network/virtualNetworks/listNetworkManagerEffectiveSecurityAdminRules/action on the "
    "networks, and read them (Resource Graph)"
)
_ASK_FOR_EXCEPTION = (
    "ask the owner of the network manager for an AlwaysAllow rule with a lower number, or for another exception"
)

_CONVERT = "az vm deallocate --resource-group GROUP --name NAME, then az vm convert --resource-group GROUP --name NAME"

_ROWS: tuple[tuple[str, Severity, str, str, str, str], ...] = (
    ("F151", "blocking", "vault is full", "a vault protects at most 1,000 VMs", "backup-rules B.1, I.15",
     "use another vault for some of them"),
    ("F152", "warning", "many VMs on a policy", "at most 100 VMs should share a policy", "backup-rules C.7, I.15",
     "split them over policies whose times differ"),
    ("F161", "blocking", "provider not registered", "Microsoft.RecoveryServices must be registered in the subscription",
     "backup-rules A.1, I.16", "az provider register --namespace Microsoft.RecoveryServices"),
    ("F171", "blocking", "VM of another subscription", "vault and VM share the subscription", "backup-rules A.1, I.17",
     "protect it in a vault of its own subscription"),
    ("F191", "info", "soft-deleted in this vault", "a soft-deleted item is undeleted and then resumed, not made anew",
     "backup-rules B.3, I.19", "none needed: apply does both"),
    ("F211", "info", "vault with settings of the old kind",
     "redundancy and soft delete of older vaults belong to child resources", "backup-rules B.2, B.3, I.21",
     "none needed: the settings are written where they belong"),
    ("F221", "blocking", "VM was not provisioned", "a VM whose provisioning failed is backed up badly or not at all",
     "backup-rules A.3, F.4, I.22, K.21", "repair its failed extension, then: az vm reapply --resource-group GROUP --name NAME"),
    ("F222", "warning", "VM is being changed", "a backup waits until Azure has finished with the VM",
     "backup-rules A.3, I.22", "wait, then run preflight again"),
    ("F231", "warning", "extension failed", "any extension that is not in order can fail the backup",
     "backup-rules A.3, F.21, I.23", "repair the extension, or remove it"),
    ("F241", "blocking", "too many disks", "at most 32 disks of a VM are backed up", "backup-rules A.4, I.24",
     "detach disks, or spread them over several VMs"),
    ("F242", "blocking", "disk too large", "a disk is at most 64 TB, all of a VM at most 512 TB", "backup-rules A.4, I.24",
     "split it, or exclude it by its LUN under an enhanced policy"),
    ("F243", "blocking", "disk needs the enhanced tier", "Ultra and Premium SSD v2 disks need an enhanced policy",
     "backup-rules A.4, C.1, I.24", "give the VM an enhanced policy"),
    ("F244", "blocking", "shared disk", "shared disks can't be backed up, only excluded under an enhanced policy",
     "backup-rules A.4, I.24", "write disks: {exclude: [LUN]} and an enhanced policy"),
    ("F245", "blocking", "Write Accelerator on the OS disk", "a VM with a write-accelerated OS disk can't be backed up",
     "backup-rules A.4, I.24", "switch Write Accelerator off for the OS disk"),
    ("F246", "warning", "ephemeral OS disk", "documents disagree about VMs whose OS disk is ephemeral",
     "backup-rules A.4, I.24, K.18", "try it with one VM, or use a managed OS disk"),
    ("F247", "blocking", "disk with Entra authentication", "a disk that is exported by Entra authentication fails the backup",
     "backup-rules A.4, I.24", "set dataAccessAuthMode of the disk to None"),
    ("F248", "warning", "unmanaged disks", "unmanaged disks are deprecated", "backup-rules A.4, I.24",
     _CONVERT),
    ("F249", "blocking", "unmanaged disks under an enhanced policy", "an enhanced policy takes managed disks only",
     "backup-rules A.4, I.24", _CONVERT),
    ("F251", "warning", "Trusted Launch under a standard policy",
     "only clients since 2025 may put a newly protected VM with Trusted Launch under a standard policy",
     "backup-rules A.3, I.25, K.15", "give the VM an enhanced policy"),
    ("F252", "blocking", "confidential VM", "confidential VMs are not supported but in a preview of a few regions",
     "backup-rules A.3, I.25, K.14", "take it out of the spec"),
    ("F253", "blocking", "data disk with a security type", "a data disk made as a trusted or confidential one blocks the backup",
     "backup-rules A.3, I.25", "copy its data to a plain data disk"),
    ("F254", "blocking", "VM in an extended zone", "VMs of extended zones need an enhanced policy", "backup-rules A.3, I.25",
     "give the VM an enhanced policy"),
    ("F255", "warning", "VM with one processor", "a VM should have 2 processors and 1 GB of memory", "backup-rules A.3",
     "give it a larger size"),
    ("F261", "warning", "encrypted by Azure Disk Encryption",
     "the Backup Management Service must be let to read keys and secrets, and the grant could not be looked at",
     "backup-rules A.5, F.7, I.26", "let Backup Management Service get, list and back up keys and secrets of the key vault"),
    ("F262", "blocking", "key vault elsewhere", "key vault and VM share subscription and region", "backup-rules A.5, I.26",
     "encrypt the VM with a key vault of its own subscription and region"),
    ("F263", "blocking", "nobody may read the key vault",
     "the Backup Management Service must be let to read keys and secrets, or backups of the VM fail",
     "backup-rules A.5, F.7, I.26", "let Backup Management Service get, list and back up keys and secrets of the key vault"),
    ("F264", "warning", "key vault to be compared",
     "the Backup Management Service must be among those that may read; its object id is another in each tenant",
     "backup-rules A.5, F.7, I.26", "compare the object ids with that of the app Backup Management Service"),
    ("F271", "blocking", "lock on the snapshots' group", "with a lock there old points can't be cleaned up, and backups stop",
     "backup-rules A.6, F.6, I.27", "remove the lock"),
    ("F272", "blocking", "read-only lock", "a read-only lock keeps Azure Backup from working there", "backup-rules I.27",
     "remove the lock, or make it CanNotDelete"),
    ("F273", "info", "delete lock on the VM", "such a lock doesn't keep a VM with managed disks from being backed up",
     "backup-rules A.6, I.27, K.19", "none needed"),
    ("F274", "blocking", "lock on what apply writes", "a read-only lock refuses every write, and any lock refuses to delete",
     "published API of locks, I.27", "remove the lock while apply runs"),
    ("F275", "blocking", "delete lock on a VM with unmanaged disks",
     "VMs with unmanaged disks are not backed up under a lock, those with managed disks are", "backup-rules A.4, A.6, K.19",
     "remove the lock, or convert the disks to managed ones"),
    ("F281", "warning", "edit that costs recoverability", "a policy change reaches all of its items at once",
     "backup-rules C.3, C.9, I.28", "read the plan; azbackup explain CODE tells the effect"),
    ("F282", "warning", "Resource Guard", "a guarded change waits for the approval of a second person",
     "backup-rules B.5, I.28", "ask for the approval before apply, and do this change by hand if it is refused"),
    ("F290", "warning", "port 80 perhaps needed", "unmanaged disks in an account that is not encrypted need port 80 of storage",
     "backup-rules D.2, I.29", "give the identity the right Microsoft.Storage/storageAccounts/read, then run preflight again"),
    ("F291", "blocking", "no way out", "this VM needs the destination, and a rule or a route is in the way",
     "backup-rules D.1, D.3, I.29", "declare an egress for the VM, or change the rule or the route that is named"),
    ("F292", "warning", "way out not certain", "a rule takes a part of the traffic, or addresses that aren't known here",
     "backup-rules D.3, I.29", "look at the rule that is named"),
    ("F293", "info", "network not seen, and not needed", "a VM with managed disks needs no way out for its backup",
     "backup-rules D.1, I.29", "none needed"),
    ("F294", "info", "way through an appliance", "an NSG that allows is not enough where a route leads to an appliance",
     "backup-rules D.3, I.29", "make sure that the appliance lets this traffic through"),
    ("F295", "info", "the plan opens the way", "apply writes the egress before it protects the VM", "design, section 3",
     "none needed: run apply"),
    ("F296", "warning", "network not found", "interface, network or group that the VM needs does not exist",
     "backup-rules D.3, I.29", "make it again, or correct what names it"),
    ("F297", "warning", "declared way is not open", "the spec declares this way, and a rule or a route is in the way",
     "backup-rules D.3, I.29", "change the rule or the route that is named, or declare another egress"),
    ("F298", "warning", "no route to the firewall", "a rule of a firewall helps only VMs whose traffic goes there",
     "backup-rules D.3, I.29", "give the subnet a route 0.0.0.0/0 to the firewall, or leave the egress out"),
    ("F299", "warning", "could not be checked", "unknown is not fine", "backup-rules G, I.30",
     "give the identity the right to read it"),
    ("F301", "info", "Azure Policy not asked",
     "whether an Azure Policy denies what the plan makes shows then only when apply writes, or when a backup fails",
     "backup-rules A.6, I.30", "let the identity do Microsoft.PolicyInsights/checkPolicyRestrictions/read, with the role Reader"),
    ("F302", "blocking", "Azure's own check says no", "Azure was asked whether protecting the VM would work",
     "wire-facts 5.8", "mend what the check names, then run preflight again"),
    ("F303", "info", "Azure's own check was not asked about all VMs", "it takes a request for each VM",
     "wire-facts 5.8", "none needed: the other checks looked at every VM"),
    ("F304", "warning", "admin rules not seen", "security admin rules of a network manager come before any security group",
     "backup-rules D.3, I.29", _LET_SEE_ADMIN_RULES),
    ("F305", "info", "admin rules not seen, and not needed", "a VM with managed disks needs no way out for its backup",
     "backup-rules D.1, D.3, I.29", _LET_SEE_ADMIN_RULES),
    ("F306", "blocking", "an admin rule is in the way",
     "this VM needs the destination, and what an admin rule denies no security group can allow", "backup-rules D.3, I.29",
     _ASK_FOR_EXCEPTION),
    ("F307", "warning", "an admin rule closes the declared way",
     "the spec declares this way, and what an admin rule denies no security group can allow", "backup-rules D.3, I.29",
     _ASK_FOR_EXCEPTION),
    ("F308", "blocking", "right is missing", "a step is refused when the identity lacks its action at the scope that is written",
     "backup-rules G, I.30", "give the identity the role that is named; a new role takes minutes to hold"),
    ("F309", "blocking", "Azure Policy denies it",
     "what an Azure Policy denies is refused, to the backup service too; of policies that the identity may not see Azure says nothing",
     "backup-rules A.6, F.30, I.30", "let the policy modify instead of deny, or obey it"),
)  # fmt: skip

CHECKS: tuple[Check, ...] = tuple(Check(*row) for row in _ROWS)
_BY_CODE: Mapping[str, Check] = MappingProxyType({check.code: check for check in CHECKS})


def finding(code: str, address: str, what: str, *, remedy: str = "", where: str = "") -> Finding:
    """A finding of a check; `remedy` is the exact one, where it can be given."""
    check = _BY_CODE[code]
    why = f"{check.rule} ({check.source})"
    return Finding(code, check.severity, address, what, why, remedy or check.remedy, where)
