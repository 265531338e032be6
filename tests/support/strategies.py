"""Random wanted values of every shape that the spec language has."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from reconciler.core.desired import (
    Archive,
    DesiredPolicy,
    DesiredProtection,
    DesiredVault,
    MonthDays,
    MonthlyRetention,
    MonthWeeks,
    Retention,
    Schedule,
    SnapshotGroup,
    SoftDelete,
    Spec,
    WeeklyRetention,
    YearlyRetention,
)
from reconciler.kinds.policy_wire import MONTHS, WEEKDAYS, WEEKS
from tests.support.desired import a_policy, a_vault, a_vm, protect

TIMES = st.sampled_from(["00:00", "00:30", "02:30", "07:00", "08:00", "13:30", "23:00", "23:30"])
ZONES = st.sampled_from(["UTC", "Europe/Madrid", "India Standard Time", "America/New_York", "Pacific/Auckland"])
some_weekdays: st.SearchStrategy[Any] = st.lists(st.sampled_from(WEEKDAYS), min_size=1, max_size=3, unique=True).map(
    tuple
)
some_weeks = st.lists(st.sampled_from(WEEKS), min_size=1, max_size=3, unique=True).map(tuple)
some_months = st.lists(st.sampled_from(MONTHS), min_size=1, max_size=3, unique=True).map(tuple)
some_days = st.lists(st.integers(1, 31), max_size=3, unique=True).map(tuple)
by_days = st.builds(MonthDays, some_days.filter(bool), st.booleans()) | st.just(MonthDays((), last=True))
by_weeks = st.builds(MonthWeeks, some_weeks, some_weekdays)


@st.composite
def schedules(draw: st.DrawFn, frequency: Any = None) -> Schedule:
    word: Any = frequency or draw(st.sampled_from(["Hourly", "Daily", "Weekly"]))
    interval = draw(st.sampled_from([4, 6, 8, 12, 24]))
    return Schedule(
        frequency=word,
        at=draw(TIMES),
        time_zone=draw(ZONES),
        daylight_saving=draw(st.sampled_from(["fixed", "follow"])),
        weekdays=draw(some_weekdays) if word == "Weekly" else (),
        interval_hours=interval if word == "Hourly" else None,
        window_hours=interval * draw(st.integers(1, 24 // interval)) if word == "Hourly" else None,
    )


@st.composite
def retentions(draw: st.DrawFn, schedule: Schedule) -> Retention:
    weekly = schedule.frequency == "Weekly"
    points = by_weeks if weekly else by_days | by_weeks
    on = schedule.weekdays if weekly else draw(some_weekdays)
    return Retention(
        daily_days=None if weekly else draw(st.integers(7, 9999)),
        weekly=WeeklyRetention(draw(st.integers(1, 5163)), on) if weekly or draw(st.booleans()) else None,
        monthly=draw(st.none() | st.builds(MonthlyRetention, st.integers(1, 1188), points)),
        yearly=draw(st.none() | st.builds(YearlyRetention, st.integers(1, 99), points, some_months)),
    )


@st.composite
def policies(draw: st.DrawFn, name: str = "daily", tier: Any = None) -> DesiredPolicy:
    word = tier or draw(st.sampled_from(["standard", "enhanced"]))
    frequency = None if word == "enhanced" else draw(st.sampled_from(["Daily", "Weekly"]))
    schedule = draw(schedules(frequency))
    units = st.sampled_from(["Days", "Weeks", "Months", "Years"])
    tiers_after = st.builds(Archive, st.just("TierAfter"), st.integers(1, 400), units)
    return a_policy(
        name,
        tier=word,
        schedule=schedule,
        retention=draw(retentions(schedule)),
        snapshot_days=draw(st.integers(1, 30)),
        crash_consistent_only=draw(st.sampled_from([None, False, True])),
        archive=draw(st.none() | tiers_after | st.sampled_from([Archive("DoNotTier"), Archive("TierRecommended")])),
        snapshot_group=draw(st.none() | st.builds(SnapshotGroup, st.just("rg-"), st.sampled_from(["", "-weu"]))),
    )


@st.composite
def vaults(draw: st.DrawFn) -> DesiredVault:
    redundancy = draw(st.sampled_from([None, "LocallyRedundant", "ZoneRedundant", "GeoRedundant"]))
    across = st.sampled_from([None, False, True] if redundancy == "GeoRedundant" else [None, False])
    states = st.sampled_from([None, "Enabled", "AlwaysON"])
    return a_vault(
        tags=draw(st.none() | st.dictionaries(st.sampled_from(["owner", "Cost", "__x"]), st.text("ab", max_size=2))),
        redundancy=redundancy,
        cross_region_restore=draw(across),
        soft_delete=draw(st.none() | st.builds(SoftDelete, states, st.none() | st.integers(14, 180))),
        immutability=draw(st.sampled_from([None, "Disabled", "Unlocked", "Locked"])),
        public_network_access=draw(st.sampled_from([None, "Enabled", "Disabled"])),
        cross_subscription_restore=draw(st.sampled_from([None, "Enabled", "Disabled", "PermanentlyDisabled"])),
    )


@st.composite
def protections(draw: st.DrawFn, names: list[str]) -> tuple[DesiredProtection, ...]:
    """Up to four VMs `vm-0` to `vm-3` in any wanted state, some with a first backup."""
    found = []
    for number in draw(st.lists(st.integers(0, 3), unique=True)):
        state = draw(st.sampled_from(["protected", "protected", "stopped", "deleted"]))
        protected = state == "protected"
        days = draw(st.none() | st.integers(1, 99)) if protected else None
        policy = draw(st.sampled_from(names)) if protected else ""
        found.append(protect(a_vm(f"vm-{number}"), policy, state=state, initial_backup_days=days))
    return tuple(found)


@st.composite
def specs(draw: st.DrawFn) -> Spec:
    """A vault, a standard and an enhanced policy, and some VMs."""
    both = (draw(policies("daily", "standard")), draw(policies("hourly", "enhanced")))
    return Spec("sha256:spec", (draw(vaults()),), both, draw(protections(["daily", "hourly"])))
