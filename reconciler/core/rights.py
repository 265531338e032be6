"""Which actions of Azure's role-based access control azbackup needs: one table for what it writes, one for what it reads.

From backup-rules section G and from the requests that are really sent. Steps that follow an operation of a network or a guest
read it where its provider keeps operations; Azure signs those addresses and asks for no right of the subscription.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from reconciler.core.ids import STORAGE_ACCOUNT_TYPE, VAULT_TYPE, VM_TYPE
from reconciler.core.plan import Action, Operation, Step

Place = Literal["vault", "vm", "resource", "subscription"]
Purpose = Literal["send", "look", "follow"]
Command = Literal["plan", "preflight"]


@dataclass(frozen=True, slots=True)
class WriteRight:
    """An action that steps of an operation need on their vault, their VM, the resource they write, or their subscription.

    `steps` narrows it to steps of these actions; empty means all. `look`: it is asked just before sending, and by no plan.
    `follow`: without it a step is not seen on its way, only at its end.
    """

    operation: Operation
    action: str
    on: Place
    source: str
    steps: tuple[Action, ...] = ()
    purpose: Purpose = "send"


@dataclass(frozen=True, slots=True)
class ReadRight:
    """An action that a command needs for what it reads; `apply` needs those of `plan`, and `preflight` both."""

    command: Command
    action: str
    source: str


@dataclass(frozen=True, slots=True)
class Needed:
    """One action on one resource; `resource_id` is the ARM id of a vault, a VM, a security group, a firewall or its policy."""

    action: str
    resource_id: str

    @property
    def subscription_id(self) -> str:
        return "/".join(self.resource_id.split("/")[:3])

    @property
    def group_id(self) -> str:
        return "/".join(self.resource_id.split("/")[:5])


_ITEM = f"{VAULT_TYPE}/backupFabrics/protectionContainers/protectedItems"
_NSG_RULE = "Microsoft.Network/networkSecurityGroups/securityRules"
_RULES = "Microsoft.Network/firewallPolicies/ruleCollectionGroups"
_ADMIN_RULES = "Microsoft.Network/virtualNetworks/listNetworkManagerEffectiveSecurityAdminRules"
_POLLED = "wire-facts 1.5"
_G = "backup-rules G"
_STATUS = "Microsoft.RecoveryServices/locations/backupStatus/action"
_ENABLE: tuple[Action, ...] = ("create", "update", "resume")

WRITE_RIGHTS: tuple[WriteRight, ...] = (
    WriteRight("vault.create", f"{VAULT_TYPE}/write", "vault", _G),
    WriteRight("vault.create", f"{VAULT_TYPE}/operationStatus/read", "vault", _POLLED, purpose="follow"),
    WriteRight("vault.update", f"{VAULT_TYPE}/write", "vault", _G),
    WriteRight("vault.update", f"{VAULT_TYPE}/operationStatus/read", "vault", _POLLED, purpose="follow"),
    WriteRight("storage_config.update", f"{VAULT_TYPE}/backupstorageconfig/write", "vault", _G),
    WriteRight("vault_config.update", f"{VAULT_TYPE}/backupconfig/write", "vault", _G),
    WriteRight("policy.put", f"{VAULT_TYPE}/backupPolicies/write", "vault", _G),
    WriteRight("policy.put", f"{VAULT_TYPE}/backupPolicies/read", "vault", _G, purpose="look"),
    WriteRight("policy.put", f"{VAULT_TYPE}/backupPolicies/operations/read", "vault", _POLLED, ("update",), "follow"),
    WriteRight("item.put", f"{_ITEM}/write", "vault", _G),
    WriteRight("item.put", f"{_ITEM}/operationsStatus/read", "vault", _G, purpose="follow"),
    WriteRight("item.put", f"{_ITEM}/read", "vault", _G, purpose="look"),
    WriteRight("item.put", _STATUS, "subscription", "wire-facts 5.8", ("create", "undelete", "resume"), "look"),
    WriteRight("item.put", f"{VAULT_TYPE}/backupJobs/read", "vault", _G, purpose="look"),
    WriteRight("item.put", f"{VM_TYPE}/write", "vm", "backup-rules G: enable, change policy", _ENABLE),
    WriteRight("item.delete", f"{_ITEM}/delete", "vault", _G),
    WriteRight("item.delete", f"{_ITEM}/read", "vault", _G, purpose="look"),
    WriteRight("item.delete", f"{VAULT_TYPE}/backupJobs/read", "vault", _G, purpose="look"),
    WriteRight("item.delete", f"{VAULT_TYPE}/backupOperations/read", "vault", _POLLED, purpose="follow"),
    WriteRight("item.backup", f"{_ITEM}/backup/action", "vault", _G),
    WriteRight("item.backup", f"{_ITEM}/read", "vault", _G, purpose="look"),
    WriteRight("item.backup", f"{VAULT_TYPE}/backupJobs/read", "vault", _G, purpose="look"),
    WriteRight("item.backup", f"{_ITEM}/operationsStatus/read", "vault", _POLLED, purpose="follow"),
    WriteRight("security_rule.put", f"{_NSG_RULE}/write", "resource", _G),
    WriteRight("security_rule.delete", f"{_NSG_RULE}/delete", "resource", _G),
    WriteRight("firewall.put", "Microsoft.Network/azureFirewalls/write", "resource", "wire-facts 8"),
    WriteRight("rule_collection_group.put", f"{_RULES}/write", "resource", "wire-facts 8"),
    WriteRight("rule_collection_group.delete", f"{_RULES}/delete", "resource", "wire-facts 8"),
    WriteRight("run_command.put", f"{VM_TYPE}/runCommands/write", "resource", "published actions of Compute"),
    WriteRight("run_command.put", f"{VM_TYPE}/instanceView/read", "resource", _G, purpose="look"),
    WriteRight("run_command.delete", f"{VM_TYPE}/runCommands/delete", "resource", "published actions of Compute"),
)

READ_RIGHTS: tuple[ReadRight, ...] = (
    *(
        ReadRight("plan", action, _G)
        for action in (
            f"{VAULT_TYPE}/read",
            f"{VAULT_TYPE}/backupconfig/read",
            f"{VAULT_TYPE}/backupstorageconfig/read",
            f"{VAULT_TYPE}/backupPolicies/read",
            f"{VAULT_TYPE}/backupProtectedItems/read",
            f"{VAULT_TYPE}/backupJobs/read",
            f"{_ITEM}/read",
            f"{_ITEM}/recoveryPoints/read",
            _STATUS,
            f"{VM_TYPE}/read",
            f"{VM_TYPE}/instanceView/read",
            "Microsoft.Network/networkInterfaces/read",
            "Microsoft.Network/networkSecurityGroups/read",
        )
    ),
    ReadRight("plan", f"{VM_TYPE}/runCommands/read", "published actions of Compute"),
    ReadRight("plan", "Microsoft.Network/virtualNetworks/read", "wire-facts 8"),
    ReadRight("plan", "Microsoft.Network/virtualNetworks/subnets/read", "wire-facts 8"),
    ReadRight("plan", f"{_NSG_RULE}/read", _G),
    ReadRight("plan", "Microsoft.Network/azureFirewalls/read", "wire-facts 8"),
    ReadRight("plan", "Microsoft.Network/firewallPolicies/read", "wire-facts 8"),
    ReadRight("plan", f"{_RULES}/read", "wire-facts 8"),
    ReadRight("plan", f"{STORAGE_ACCOUNT_TYPE}/read", "backup-rules D.2"),
    ReadRight("preflight", "Microsoft.RecoveryServices/locations/backupPreValidateProtection/action", _G),
    ReadRight("preflight", "Microsoft.Compute/disks/read", _G),
    ReadRight("preflight", "Microsoft.Network/routeTables/read", "backup-rules D.3, I.29"),
    ReadRight("preflight", "Microsoft.Authorization/locks/read", _G),
    ReadRight("preflight", "Microsoft.Authorization/roleAssignments/read", "backup-rules A.5, I.26"),
    ReadRight("preflight", "Microsoft.Authorization/roleDefinitions/read", "backup-rules A.5, I.26"),
    ReadRight("preflight", "Microsoft.KeyVault/vaults/read", "backup-rules A.5, I.26"),
    ReadRight("preflight", f"{_ADMIN_RULES}/action", "backup-rules D.3, I.29"),
    ReadRight("preflight", "Microsoft.Authorization/permissions/read", "published actions of Authorization"),
    ReadRight(
        "preflight", "Microsoft.PolicyInsights/checkPolicyRestrictions/read", "published actions of Azure Policy"
    ),
)


def rights_of(step: Step) -> Iterator[Needed]:
    """What the step can't be done without."""
    write = step.write
    for right in WRITE_RIGHTS:
        if right.operation != write.operation or (right.steps and step.action not in right.steps):
            continue
        if right.purpose == "follow":
            continue
        if right.on == "vault" and write.vault is not None:
            yield Needed(right.action, write.vault.id)
        elif right.on == "vm" and write.vm is not None:
            yield Needed(right.action, write.vm.id)
        elif right.on == "resource":
            yield Needed(right.action, "/".join(write.resource_id.split("/")[:9]))
        elif right.on == "subscription" and write.vm is not None:
            yield Needed(right.action, f"/subscriptions/{write.vm.subscription}")
