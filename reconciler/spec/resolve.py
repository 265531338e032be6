"""Written models to desired values: names become references, words become the service's own, order becomes canonical."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Literal, cast

from reconciler.core import desired
from reconciler.core.errors import Place
from reconciler.core.ids import FirewallRef, NsgRef, VaultRef, VmRef, parse_vm
from reconciler.spec.digest import meaning
from reconciler.spec.egress_model import Egress
from reconciler.spec.models import Allowance, Criteria, DiskChoice, Exclusion, Protection, Vault
from reconciler.spec.policy_model import ArchiveAfter, Monthly, Policy, Yearly
from reconciler.spec.policy_rules import point_days, snapshot_days
from reconciler.spec.vault_rules import exclusions
from reconciler.spec.words import BY_DAY, MONTHS, WEEKDAYS, WEEKS

_REDUNDANCY: dict[str, desired.Redundancy] = {
    "LRS": "LocallyRedundant",
    "LocallyRedundant": "LocallyRedundant",
    "ZRS": "ZoneRedundant",
    "ZoneRedundant": "ZoneRedundant",
    "GRS": "GeoRedundant",
    "GeoRedundant": "GeoRedundant",
}
_FREQUENCY: dict[str, Literal["Hourly", "Daily", "Weekly"]] = {"hour": "Hourly", "day": "Daily", "week": "Weekly"}


def vault_of(ref: VaultRef, location: str, vault: Vault, place: Place) -> desired.DesiredVault:
    return desired.DesiredVault(
        ref=ref,
        location=location,
        place=place,
        tags=vault.tags,
        redundancy=_REDUNDANCY[vault.replication] if vault.replication else None,
        cross_region_restore=vault.cross_region_restore,
        soft_delete=_soft_delete(vault),
        immutability=cast("desired.Immutability | None", _capital(vault.immutability)),
        public_network_access=cast('Literal["Enabled", "Disabled"] | None', _capital(vault.public_network_access)),
        cross_subscription_restore=cast(
            'Literal["Enabled", "Disabled", "PermanentlyDisabled"] | None', _capital(vault.cross_subscription_restore)
        ),
    )


def _soft_delete(vault: Vault) -> desired.SoftDelete | None:
    written = vault.soft_delete
    if written is None:
        return None
    return desired.SoftDelete(
        "AlwaysON" if written.state == "alwaysOn" else "Enabled" if written.state else None, written.days
    )


def policy_of(vault: desired.DesiredVault, name: str, policy: Policy, place: Place) -> desired.DesiredPolicy:
    schedule, retain = policy.schedule, policy.retain
    group = policy.snapshots.resource_group if policy.snapshots else None
    return desired.DesiredPolicy(
        vault=vault.ref,
        name=name,
        tier=policy.tier,
        schedule=desired.Schedule(
            frequency=_FREQUENCY[schedule.every],
            at=schedule.at,
            time_zone=schedule.time_zone,
            daylight_saving=schedule.daylight_saving,
            weekdays=_weekdays(schedule.on or ()),
            interval_hours=schedule.interval_hours,
            window_hours=schedule.window_hours,
        ),
        retention=desired.Retention(
            daily_days=retain.daily,
            weekly=desired.WeeklyRetention(retain.weekly.weeks, _weekdays(retain.weekly.on)) if retain.weekly else None,
            monthly=desired.MonthlyRetention(retain.monthly.months, _month_days(retain.monthly))
            if retain.monthly
            else None,
            yearly=desired.YearlyRetention(retain.yearly.years, _month_days(retain.yearly), _months(retain.yearly))
            if retain.yearly
            else None,
        ),
        snapshot_days=snapshot_days(policy),
        place=place,
        crash_consistent_only=None if policy.consistency is None else policy.consistency == "crashConsistentOnly",
        archive=_archive(policy),
        snapshot_group=desired.SnapshotGroup(group.prefix, group.suffix or "") if group else None,
        in_immutable_vault=vault.becomes_immutable,
    )


def protection_of(
    vault: VaultRef, entry: Protection, place: Place, policies: dict[str, str], egress: str
) -> desired.DesiredProtection:
    """One VM written by name. `policies` maps lower-cased names to the names as defined; `egress` is as defined."""
    protected = entry.state == "protected"
    return desired.DesiredProtection(
        vault=vault,
        vm=vm_of(entry.vm or "", vault.subscription),
        place=place,
        policy=policies.get((entry.policy or "").lower(), "") if protected else "",
        state=entry.state,
        initial_backup_days=_initial_backup_days(entry) if protected else None,
        disks=_disks(entry) if protected else None,
        egress=egress,
        agent=entry.agent if protected else "check",
    )


def selection_of(
    vault: VaultRef, location: str, entry: Protection, place: Place, policies: dict[str, str], egress: str
) -> desired.Selection:
    rules = exclusions(entry)
    vms = {ref.key: ref for rule in rules for ref in (vm_of(vm, vault.subscription) for vm in rule.vms or ())}
    excluded = (_criteria(rule) for rule in rules if rule.vms is None)
    return desired.Selection(
        vault=vault,
        location=location,
        policy=policies.get((entry.policy or "").lower(), ""),
        criteria=_criteria(entry.select) if isinstance(entry.select, Criteria) else desired.Criteria(),
        place=place,
        exclude=tuple(sorted(excluded, key=lambda criteria: json.dumps(meaning(criteria), sort_keys=True))),
        exclude_vms=tuple(vms[key] for key in sorted(vms)),
        initial_backup_days=_initial_backup_days(entry),
        disks=_disks(entry),
        egress=egress,
        agent=entry.agent,
    )


def egress_of(name: str, egress: Egress, subscription: str | None, place: Place) -> desired.Egress | str | None:
    """The way out, None for `via: none`, or, when there is no subscription, the text that needs one."""
    proxy = egress.proxy
    for written in (egress.nsg, egress.firewall, proxy.vm if proxy else None):
        if subscription is None and written and not written.startswith("/"):
            return written
    present = egress.state == "present"
    nsg = NsgRef.of(*_parts(egress.nsg, subscription)) if egress.nsg else None
    if egress.via == "nsg" and nsg:
        return desired.NsgEgress(name, nsg, place, present)
    if egress.firewall and egress.sources:
        firewall = FirewallRef.of(*_parts(egress.firewall, subscription))
        return desired.FirewallEgress(name, firewall, tuple(sorted(set(egress.sources))), place, present)
    if proxy is None:
        return None
    vm = VmRef.of(*_parts(proxy.vm, subscription)) if proxy.vm else None
    own = subscription or next((ref.subscription for ref in (nsg, vm) if ref), "")
    if not own:
        return proxy.address
    return desired.ProxyEgress(name, proxy.address, proxy.port, place, own, vm, nsg, egress.configure_guests, present)


def _parts(written: str, subscription: str | None) -> tuple[str, str, str]:
    """Subscription, group and name of GROUP/NAME or of an ARM id; the schema has let nothing else through."""
    words = written.split("/")
    return (words[2], words[4], words[8]) if words[0] == "" else (subscription or "", words[0], words[1])


def consent_of(consent: Allowance, place: Place) -> desired.Consent:
    return desired.Consent(
        address=consent.address,
        change=consent.change,
        old=consent.old,
        new=consent.new,
        reason=consent.reason,
        expires=consent.expires,
        place=place,
    )


def vm_of(written: str, subscription: str) -> VmRef:
    """The VM of `GROUP/NAME` in the subscription, or of an ARM id; the schema has let nothing else through."""
    whole = parse_vm(written)
    if whole is not None:
        return whole
    group, _, name = written.partition("/")
    return VmRef.of(subscription, group, name)


def _capital(word: str | None) -> str | None:
    return word[0].upper() + word[1:] if word else None


def _weekdays(words: Iterable[str]) -> tuple[desired.Weekday, ...]:
    found = set(words)
    return cast("tuple[desired.Weekday, ...]", tuple(day.capitalize() for day in WEEKDAYS if day in found))


def _months(yearly: Yearly) -> tuple[str, ...]:
    return tuple(month.capitalize() for month in MONTHS if month in yearly.months)


def _month_days(layer: Monthly | Yearly) -> desired.MonthDays | desired.MonthWeeks:
    days = point_days(layer)
    if any(day in BY_DAY for day in days):
        numbers = sorted(int(day.split()[1]) for day in days if day.startswith("day "))
        return desired.MonthDays(tuple(numbers), "last day" in days)
    found = {day.split()[0] for day in days}
    weeks = tuple(week.capitalize() for week in WEEKS if week in found)
    return desired.MonthWeeks(cast("tuple[desired.WeekOfMonth, ...]", weeks), _weekdays(day.split()[1] for day in days))


def _archive(policy: Policy) -> desired.Archive | None:
    archive = policy.archive
    if archive is None:
        return None
    if not isinstance(archive, ArchiveAfter):
        return desired.Archive("DoNotTier" if archive == "never" else "TierRecommended")
    if archive.after_days is not None:
        return desired.Archive("TierAfter", archive.after_days, "Days")
    if archive.after_weeks is not None:
        return desired.Archive("TierAfter", archive.after_weeks, "Weeks")
    if archive.after_months is not None:
        return desired.Archive("TierAfter", archive.after_months, "Months")
    return desired.Archive("TierAfter", archive.after_years or 0, "Years")


def _criteria(written: Criteria | Exclusion) -> desired.Criteria:
    return desired.Criteria(
        resource_groups=tuple(sorted(set(written.resource_groups or ()))),
        names=tuple(sorted(set(written.names or ()))),
        tags=written.tags or {},
        os="Windows" if written.os == "windows" else "Linux" if written.os else None,
    )


def _initial_backup_days(entry: Protection) -> int | None:
    return entry.initial_backup.retain_days if entry.initial_backup else None


def _disks(entry: Protection) -> desired.Disks | None:
    if entry.disks is None:
        return None
    if not isinstance(entry.disks, DiskChoice):
        return desired.Disks(included=True, luns=())
    luns = entry.disks.include if entry.disks.include is not None else entry.disks.exclude
    return desired.Disks(included=entry.disks.include is not None, luns=tuple(sorted(set(luns or ()))))
