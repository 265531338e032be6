"""What a spec wants, after defaults and names are resolved. `None` always means: the spec does not say, leave alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from reconciler.core.errors import Place
from reconciler.core.ids import FirewallRef, NsgRef, VaultRef, VmRef

Redundancy = Literal["LocallyRedundant", "ZoneRedundant", "GeoRedundant"]
Immutability = Literal["Disabled", "Unlocked", "Locked"]
Weekday = Literal["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
WeekOfMonth = Literal["First", "Second", "Third", "Fourth", "Last"]
ProtectionState = Literal["protected", "stopped", "deleted"]


@dataclass(frozen=True, slots=True)
class SoftDelete:
    """`state` Enabled or AlwaysON (the service's spelling); `days` 14 to 180, None when the spec does not say."""

    state: Literal["Enabled", "AlwaysON"] | None
    days: int | None


@dataclass(frozen=True, slots=True)
class DesiredVault:
    ref: VaultRef
    location: str
    place: Place
    tags: Mapping[str, str] | None = None
    redundancy: Redundancy | None = None
    cross_region_restore: bool | None = None
    soft_delete: SoftDelete | None = None
    immutability: Immutability | None = None
    public_network_access: Literal["Enabled", "Disabled"] | None = None
    cross_subscription_restore: Literal["Enabled", "Disabled", "PermanentlyDisabled"] | None = None

    @property
    def becomes_immutable(self) -> bool:
        """Whether the spec says so; a vault of which it says nothing may be immutable already."""
        return self.immutability in ("Unlocked", "Locked")


@dataclass(frozen=True, slots=True)
class Schedule:
    """When backups run. `at` is HH:MM in `time_zone` (IANA or Windows name, as written); for Hourly it opens the window."""

    frequency: Literal["Hourly", "Daily", "Weekly"]
    at: str
    time_zone: str = "UTC"
    daylight_saving: Literal["fixed", "follow"] = "fixed"
    weekdays: tuple[Weekday, ...] = ()
    interval_hours: int | None = None
    window_hours: int | None = None


@dataclass(frozen=True, slots=True)
class MonthDays:
    """Days of the month, 1 to 31, and whether the last day counts too (Azure's `Daily` format)."""

    days: tuple[int, ...]
    last: bool = False


@dataclass(frozen=True, slots=True)
class MonthWeeks:
    """Every listed weekday in every listed week of the month (Azure's `Weekly` format)."""

    weeks: tuple[WeekOfMonth, ...]
    weekdays: tuple[Weekday, ...]


@dataclass(frozen=True, slots=True)
class WeeklyRetention:
    weeks: int
    on: tuple[Weekday, ...]


@dataclass(frozen=True, slots=True)
class MonthlyRetention:
    months: int
    on: MonthDays | MonthWeeks


@dataclass(frozen=True, slots=True)
class YearlyRetention:
    years: int
    on: MonthDays | MonthWeeks
    months: tuple[str, ...]  # full English names, January to December


@dataclass(frozen=True, slots=True)
class Retention:
    daily_days: int | None = None
    weekly: WeeklyRetention | None = None
    monthly: MonthlyRetention | None = None
    yearly: YearlyRetention | None = None


@dataclass(frozen=True, slots=True)
class Archive:
    """`after` counts `unit`s and is set only for mode TierAfter."""

    mode: Literal["DoNotTier", "TierAfter", "TierRecommended"]
    after: int = 0
    unit: Literal["Days", "Weeks", "Months", "Years"] | None = None


@dataclass(frozen=True, slots=True)
class SnapshotGroup:
    """Name pattern of the resource group that holds the snapshots: prefix, the service's number, suffix."""

    prefix: str
    suffix: str = ""


@dataclass(frozen=True, slots=True)
class DesiredPolicy:
    """`in_immutable_vault`: the spec makes its vault immutable, which comes before any change of a policy."""

    vault: VaultRef
    name: str
    tier: Literal["standard", "enhanced"]
    schedule: Schedule
    retention: Retention
    snapshot_days: int
    place: Place
    crash_consistent_only: bool | None = None
    archive: Archive | None = None
    snapshot_group: SnapshotGroup | None = None
    in_immutable_vault: bool = False


@dataclass(frozen=True, slots=True)
class Disks:
    """Selective disk backup: the listed LUNs are included or excluded. OS disk only = included, no LUNs."""

    included: bool
    luns: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class NsgEgress:
    """Outbound allow rules on a network security group. `present` False: the rules that azbackup owns are to go."""

    name: str
    nsg: NsgRef
    place: Place
    present: bool = True

    @property
    def places(self) -> tuple[NsgRef, ...]:
        return (self.nsg,)


@dataclass(frozen=True, slots=True)
class ProxyEgress:
    """A proxy that protected VMs use: the way out for it, the way in to it, and optionally the settings of the guests.

    `nsg` locks the proxy's way out down, and gets the exception; `vm` is the proxy's machine, whose own NSG gets the way in.
    """

    name: str
    address: str
    port: int
    place: Place
    subscription: str
    vm: VmRef | None = None
    nsg: NsgRef | None = None
    configure_guests: bool = False
    present: bool = True

    def serves(self, vm: VmRef) -> bool:
        """Every VM that names it, but its own machine: that goes straight out, and through itself in a circle."""
        return self.vm is None or self.vm.key != vm.key

    @property
    def places(self) -> tuple[NsgRef | VmRef, ...]:
        return tuple(each for each in (self.nsg, self.vm) if each is not None)


@dataclass(frozen=True, slots=True)
class FirewallEgress:
    """A rule with the FQDN tag AzureBackup for these source prefixes, on a classic firewall or in its policy's rule collection group."""

    name: str
    firewall: FirewallRef
    sources: tuple[str, ...]
    place: Place
    present: bool = True

    @property
    def places(self) -> tuple[FirewallRef, ...]:
        return (self.firewall,)


Egress = NsgEgress | ProxyEgress | FirewallEgress


@dataclass(frozen=True, slots=True)
class DesiredProtection:
    """One VM. `policy` is "" unless `state` is protected. `initial_backup_days` is the retention of a wanted first backup."""

    vault: VaultRef
    vm: VmRef
    place: Place
    policy: str = ""
    state: ProtectionState = "protected"
    initial_backup_days: int | None = None
    disks: Disks | None = None
    selected: bool = False  # found by a selector, not written down one by one
    egress: str = ""  # name of an egress of the spec; "" is `via: none`: managed-disk VMs need no way out of their own
    agent: Literal["check", "update"] = "check"


@dataclass(frozen=True, slots=True)
class Criteria:
    """All that are given must match; names are shell patterns and compare without case, as groups and tag names do."""

    resource_groups: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    os: Literal["Windows", "Linux"] | None = None


@dataclass(frozen=True, slots=True)
class Selection:
    """A rule that finds VMs in the vault's subscription and region; `exclude` takes precedence, criterion by criterion."""

    vault: VaultRef
    location: str
    policy: str
    criteria: Criteria
    place: Place
    exclude: tuple[Criteria, ...] = ()
    exclude_vms: tuple[VmRef, ...] = ()
    initial_backup_days: int | None = None
    disks: Disks | None = None
    egress: str = ""
    agent: Literal["check", "update"] = "check"


@dataclass(frozen=True, slots=True)
class Consent:
    """A reviewed allowance for one change of one address: it fits only exactly these old and new values, until `expires`."""

    address: str
    change: str
    old: object
    new: object
    reason: str
    expires: date
    place: Place


@dataclass(frozen=True, slots=True)
class Spec:
    """Everything that all files of a spec want. `digest` is over the meaning, not over the bytes: comments don't count."""

    digest: str
    vaults: tuple[DesiredVault, ...] = ()
    policies: tuple[DesiredPolicy, ...] = ()
    protections: tuple[DesiredProtection, ...] = ()
    selections: tuple[Selection, ...] = ()
    consents: tuple[Consent, ...] = ()
    egresses: tuple[Egress, ...] = ()

    @property
    def subscriptions(self) -> tuple[str, ...]:
        """Those of its vaults and of the networks of its egresses, each once, in order: the places where `apply` writes."""
        places = [*(vault.ref for vault in self.vaults), *(each for egress in self.egresses for each in egress.places)]
        return tuple(sorted({each.subscription.lower() for each in places}))
