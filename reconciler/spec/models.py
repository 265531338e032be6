"""The spec language: the one source of what is accepted, of the JSON Schema, and of the reference page."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, ConfigDict, Discriminator, Field, JsonValue, Tag, WrapValidator

from reconciler.spec.egress_model import Egress
from reconciler.spec.entry import Entry, keep_good
from reconciler.spec.near import shown
from reconciler.spec.network_words import EgressName
from reconciler.spec.policy_model import Policy
from reconciler.spec.scalars import Day, Flag, Whole, Written, json_value, refuse
from reconciler.spec.words import (
    GroupName,
    Location,
    NamePattern,
    PolicyName,
    Subscription,
    TagName,
    Tags,
    TagValue,
    Text,
    VaultName,
    VmName,
    shape,
)

_BY_ONE_OR_ALL: dict[str, JsonValue] = {"oneOf": [{"required": ["vm"]}, {"required": ["select"]}]}


def _never_off(value: object) -> object:
    if isinstance(value, str) and value.lower() in ("disabled", "off", "false", "no"):
        raise refuse("E818", f"soft delete can't be {shown(value)}")
    return value


class SoftDelete(Entry):
    """How long deleted backups can be brought back."""

    state: Annotated[Literal["enabled", "alwaysOn"], BeforeValidator(_never_off)] | None = Field(
        None, description="`alwaysOn` can never be undone. It can't be switched off.", examples=["enabled"]
    )
    days: Annotated[int, Whole(14, 180, "days", "E801")] | None = Field(
        None, description="Days that deleted backups are kept, 14 to 180; 14 are free.", examples=[14]
    )


class Criteria(Entry):
    """Which VMs: all criteria that are given must match: one of the groups, one of the patterns, each of the tags."""

    resource_groups: Annotated[list[GroupName], Field(min_length=1)] | None = Field(
        None, description="Names of resource groups.", examples=[["rg-app"]]
    )
    names: Annotated[list[NamePattern], Field(min_length=1)] | None = Field(
        None,
        description="Patterns of VM names, with *, ? and [abc]; quote one that starts with *.",
        examples=[["vm-web-*"]],
    )
    tags: Annotated[dict[TagName, TagValue], Field(min_length=1)] | None = Field(
        None, description="Tags that a VM must have, each with this value.", examples=[{"backup": "daily"}]
    )
    os: Literal["windows", "linux"] | None = Field(None, description="Operating system.", examples=["linux"])


class Exclusion(Criteria):
    """VMs to leave out of a selection: by criteria, or by name."""

    vms: Annotated[list[VmName], Field(min_length=1)] | None = Field(
        None, description="VMs, each as GROUP/NAME or as its ARM id.", examples=[["rg-app/vm-scratch"]]
    )


class InitialBackup(Entry):
    """A first backup as soon as the VM is protected, before the schedule's first run."""

    retain_days: Annotated[int, Whole(1, 9999, "days", "E829")] = Field(
        description="Days that its recovery point is kept.", examples=[30]
    )


Luns = Annotated[list[Annotated[int, Whole(0, 63, "as a LUN", "E828")]], Field(min_length=1, max_length=64)]


class DiskChoice(Entry):
    """Which data disks, by LUN: exactly one of the two lists. The OS disk is always in."""

    include: Luns | None = Field(None, description="LUNs of the only data disks to back up.", examples=[[0, 1]])
    exclude: Luns | None = Field(None, description="LUNs of the data disks to leave out.", examples=[[3]])


class Protection(Entry):
    """One VM, or a rule that selects VMs."""

    model_config = ConfigDict(json_schema_extra=_BY_ONE_OR_ALL)

    vm: VmName | None = Field(
        None,
        description="The VM: GROUP/NAME in the vault's subscription, or its ARM id.",
        examples=["rg-app/vm-web-01"],
    )
    select: (
        Annotated[Annotated[Literal["all"], Tag("text")] | Annotated[Criteria, Tag("a mapping")], Discriminator(shape)]
        | None
    ) = Field(
        None,
        description="VMs of the vault's subscription and region that match; `all` for every one of them.",
        examples=[{"resourceGroups": ["rg-app"], "tags": {"backup": "daily"}}, "all"],
    )
    exclude: (
        Annotated[
            Annotated[Exclusion, Tag("a mapping")] | Annotated[list[Exclusion], Field(min_length=1), Tag("a list")],
            Discriminator(shape),
        ]
        | None
    ) = Field(
        None, description="VMs to leave out of the selection: one rule or a list.", examples=[{"names": ["vm-test-*"]}]
    )
    policy: PolicyName | None = Field(
        None, description="Policy of this vault; required for protected VMs.", examples=["daily-2300"]
    )
    state: Literal["protected", "stopped", "deleted"] = Field(
        "protected",
        description="`stopped` ends backups and keeps the data; `deleted` deletes the data too, with consent.",
        examples=["stopped"],
    )
    initial_backup: InitialBackup | None = Field(
        None, description="Asks for a first backup right away.", examples=[{"retainDays": 30}]
    )
    disks: (
        Annotated[
            Annotated[Literal["osDiskOnly"], Tag("text")] | Annotated[DiskChoice, Tag("a mapping")],
            Discriminator(shape),
        ]
        | None
    ) = Field(
        None, description="Selective disk backup; left out, all disks.", examples=["osDiskOnly", {"exclude": [3]}]
    )
    egress: EgressName | None = Field(
        None,
        description="Way out to Azure Backup, by its name under `egress` of any file. Left out: none, which is right "
        "for VMs with managed disks.",
        examples=["app-nsg"],
    )
    agent: Literal["check", "update"] = Field(
        "check",
        description="VM agent: `check` says what is wrong with it; `update` updates one that is too old, from inside.",
        examples=["update"],
    )


class Vault(Entry):
    """A Recovery Services vault. A setting that is left out is not managed."""

    tolerant: ClassVar[bool] = True

    subscription: Subscription | None = Field(
        None,
        description="Instead of the file's subscription: a GUID.",
        examples=["0b1f6471-1bf0-4dda-aec3-cb9272f09590"],
    )
    location: Location | None = Field(None, description="Instead of the file's region.", examples=["northeurope"])
    resource_group: GroupName | None = Field(
        None, description="Instead of the file's resource group.", examples=["rg-backup-neu"]
    )
    tags: Annotated[Tags, Field(max_length=50)] | None = Field(
        None, description="Tags of the vault, at most 50.", examples=[{"owner": "platform"}]
    )
    replication: Literal["LRS", "ZRS", "GRS", "LocallyRedundant", "ZoneRedundant", "GeoRedundant"] | None = Field(
        None, description="Storage redundancy. It is frozen once a VM has been protected.", examples=["GRS"]
    )
    cross_region_restore: Annotated[bool, Flag()] | None = Field(
        None, description="Restores in the paired region; needs GRS, and can't be switched off later.", examples=[True]
    )
    soft_delete: SoftDelete | None = Field(
        None,
        description="Soft delete: deleted backups can be brought back for some days.",
        examples=[{"state": "enabled", "days": 14}],
    )
    immutability: Literal["disabled", "unlocked", "locked"] | None = Field(
        None, description="Whether recovery points are safe from early deletion; `locked` is for ever.",
        examples=["unlocked"],
    )  # fmt: skip
    public_network_access: Literal["enabled", "disabled"] | None = Field(
        None, description="Whether clients outside of private endpoints reach the vault.", examples=["enabled"]
    )
    cross_subscription_restore: Literal["enabled", "disabled", "permanentlyDisabled"] | None = Field(
        None, description="Whether restores may go to another subscription.", examples=["disabled"]
    )
    policies: Annotated[dict[PolicyName, Policy], WrapValidator(keep_good)] | None = Field(
        None,
        description="Backup policies, by name.",
        examples=[{"daily-2300": {"schedule": {"every": "day", "at": "23:00"}, "retain": {"daily": 30}}}],
    )
    protect: Annotated[list[Protection], WrapValidator(keep_good)] | None = Field(
        None,
        description="VMs to protect in this vault. A VM that is not listed is left alone.",
        examples=[[{"vm": "rg-app/vm-web-01", "policy": "daily-2300"}]],
    )


class Allowance(Entry):
    """A reviewed allowance for one change that can't be undone or costs recovery points."""

    nullable: ClassVar[frozenset[str]] = frozenset({"old", "new"})

    address: Annotated[
        str, Written(r"[a-z][a-z_]*(?:/[^\s/*?\[\]]+)+", "E901", "one address of the plan, without wildcards")
    ] = Field(description="Address of the step, as the plan shows it.", examples=["vault_security/rsv-prod-weu"])
    change: Annotated[str, Written(r"[^\s*?]+", "E901", "one change of the plan, without wildcards")] = Field(
        description="Path of the changed setting, as the plan shows it.", examples=["immutability"]
    )
    old: Annotated[Any, BeforeValidator(json_value)] = Field(
        description="Value before the change, as the plan shows it; null for none.", examples=["Unlocked", None]
    )
    new: Annotated[Any, BeforeValidator(json_value)] = Field(
        description="Value after the change, as the plan shows it; null for none.", examples=["Locked"]
    )
    reason: Text = Field(description="Why, in words for the reviewer.", examples=["Audit finding 17"])
    expires: Annotated[date, Day()] = Field(
        description="Last day on which it may be used, at most 14 days ahead: YYYY-MM-DD.", examples=["2026-12-01"]
    )


class Document(Entry):
    """One file of a spec of Azure VM backup. Several files or a folder form one spec."""

    tolerant: ClassVar[bool] = True

    api_version: Literal["azbackup/v1"] = Field(description="Version of the language.", examples=["azbackup/v1"])
    subscription: Subscription | None = Field(
        None,
        description="Subscription of the file's vaults, of their VMs and of the networks of its egresses: a GUID.",
        examples=["0b1f6471-1bf0-4dda-aec3-cb9272f09590"],
    )
    location: Location | None = Field(
        None,
        description="Azure region of the file's vaults, as ARM writes it; their VMs must be in the same one.",
        examples=["westeurope"],
    )
    resource_group: GroupName | None = Field(
        None, description="Resource group of the file's vaults.", examples=["rg-backup"]
    )
    vaults: Annotated[dict[VaultName, Vault], WrapValidator(keep_good)] | None = Field(
        None, description="Recovery Services vaults, by name.", examples=[{"rsv-prod-weu": {"replication": "GRS"}}]
    )
    egress: Annotated[dict[EgressName, Egress], WrapValidator(keep_good)] | None = Field(
        None,
        description="Ways out to Azure Backup, by name, for the VMs of all files. Most VMs need none.",
        examples=[{"app-nsg": {"via": "nsg", "nsg": "rg-net/nsg-app"}}],
    )
    consents: Annotated[list[Allowance], WrapValidator(keep_good)] | None = Field(
        None,
        description="Allowances for changes that can't be undone.",
        examples=[
            [
                {
                    "address": "vault_security/rsv-prod-weu",
                    "change": "immutability",
                    "old": "Unlocked",
                    "new": "Locked",
                    "reason": "Audit finding 17",
                    "expires": "2026-12-01",
                }
            ]
        ],
    )
