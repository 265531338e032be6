"""Azure's rules for a policy that need no live data (backup-rules C and I.3 to I.11)."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import product

from reconciler.core import zones
from reconciler.spec.near import did_you_mean, listed, shown
from reconciler.spec.policy_model import ArchiveAfter, Monthly, Policy, Yearly
from reconciler.spec.source import Source
from reconciler.spec.words import BY_DAY, MONTHS

MOST_POINTS = 9999
_LEAP_YEAR = 2028
_MOST_SNAPSHOT_DAYS_BY_INTERVAL = {4: 17, 6: 22}
_LONGEST_KNOWN_FOR_8_HOURS = 22
_LONGEST_GROUP_NAME = 73  # 74 with the service's number
_SHORTEST_ARCHIVED_MONTHS = 9


@dataclass(frozen=True)
class _Case:
    """A policy under test, and the position that stands for it as a whole."""

    source: Source
    name_at: int
    policy: Policy

    def complain(self, code: str, path: str, what: str, remedy: str = "") -> None:
        """At the value under a path of keys such as `retain.daily`, or what is written of the path."""
        keys = path.split(".")
        at = self.policy.value_at(*keys) if self.policy.has(keys[0]) else self.name_at
        self.source.complain(code, at, what, remedy)


def check_policy(source: Source, name_at: int, policy: Policy, today: date) -> None:
    """Complains about everything in one policy that Azure would refuse, or that people would not expect."""
    case = _Case(source, name_at, policy)
    _check_schedule(case)
    _check_zone(case, today)
    _check_layers(case)
    _check_point_days(case)
    _check_snapshots(case)
    _check_archive(case)
    points = estimated_points(policy)
    if points > MOST_POINTS:
        case.complain("E819", "retain", f"about {points} recovery points for each VM; the limit is {MOST_POINTS}")


def snapshot_days(policy: Policy) -> int:
    """Days of snapshots: as written, or the default of the tier (backup-rules C.1), which is then sent in so many words."""
    if policy.snapshots is not None and policy.snapshots.days is not None:
        return policy.snapshots.days
    if policy.tier == "enhanced":
        return 7
    return 5 if policy.schedule.every == "week" else 2


def estimated_points(policy: Policy) -> int:
    """Recovery points of one VM when everything has filled up: each layer counted, and snapshots of the day."""
    retain, schedule = policy.retain, policy.schedule
    points = retain.daily or 0
    if retain.weekly:
        points += retain.weekly.weeks * len(set(retain.weekly.on))
    if retain.monthly:
        points += retain.monthly.months * len(point_days(retain.monthly))
    if retain.yearly:
        points += retain.yearly.years * len(set(retain.yearly.months)) * len(point_days(retain.yearly))
    if schedule.interval_hours and schedule.window_hours:
        points += snapshot_days(policy) * (schedule.window_hours // schedule.interval_hours)
    return points


def point_days(layer: Monthly | Yearly) -> list[str]:
    """The items of `on`, each once."""
    return sorted({layer.on} if isinstance(layer.on, str) else set(layer.on))


def _check_schedule(case: _Case) -> None:
    schedule = case.policy.schedule
    hourly, weekly = schedule.every == "hour", schedule.every == "week"
    if hourly and case.policy.tier == "standard":
        case.complain("E817", "schedule.every", "hourly backups with the standard tier")
    if case.policy.consistency == "crashConsistentOnly" and case.policy.tier == "standard":
        case.complain("E817", "consistency", "crash-consistent backups with the standard tier")
    for key, belongs, where in (
        ("on", weekly, "week"),
        ("intervalHours", hourly, "hour"),
        ("windowHours", hourly, "hour"),
    ):
        if belongs and not schedule.has(key):
            case.complain("E402", "schedule", f"the key '{key}' is missing: `every: {where}` needs it")
        if schedule.has(key) and not belongs:
            case.complain("E403", f"schedule.{key}", f"'{key}' goes with `every: {where}` only", "delete it")
    interval, window = schedule.interval_hours, schedule.window_hours
    if not hourly or interval is None or window is None:
        return
    if interval not in (4, 6, 8, 12, 24):
        case.complain("E811", "schedule.intervalHours", f"an interval of {interval} hours")
    elif window % interval:
        case.complain("E811", "schedule.windowHours", f"a window of {window} hours is no multiple of {interval} hours")
    if interval == 24:
        case.complain("W821", "schedule.intervalHours", "an interval of 24 hours")


def _check_zone(case: _Case, today: date) -> None:
    schedule = case.policy.schedule
    zone = zones.zone_info(schedule.time_zone)
    if zone is None or zones.windows_name(schedule.time_zone) is None:
        remedy = did_you_mean(schedule.time_zone, zones.known_names())
        remedy = remedy if remedy.startswith("did") else ""
        case.complain("E806", "schedule.timeZone", f"unknown time zone {shown(schedule.time_zone)}", remedy)
        return
    if schedule.daylight_saving == "fixed" and zones.observes_daylight_saving(zone, today.year):
        case.complain(
            "I823", "schedule.timeZone", f"{schedule.time_zone} has clock changes, which Azure does not follow"
        )
    utc, _ = zones.utc_time(schedule.at, zone, datetime.combine(today, time(), UTC))
    if schedule.daylight_saving == "follow" and utc[3:] not in ("00", "30"):
        what = f"{schedule.at} in {schedule.time_zone} is {utc} UTC, and `follow` sends the time in UTC"
        case.complain(
            "E805", "schedule.daylightSaving", what, "write `daylightSaving: fixed`: it sends the zone as it is"
        )
    gap = _skipped(schedule.at, schedule.time_zone, today)
    if gap is not None:
        day, utc = gap
        what = f"{schedule.at} does not exist on {day} in {schedule.time_zone}; the backup starts at {utc} UTC then"
        case.complain("W807", "schedule.at", what)


@lru_cache(maxsize=1024)
def _skipped(at: str, zone_name: str, today: date) -> tuple[date, str] | None:
    """The first day of the coming year on which a clock change skips the time, and the UTC time that takes its place."""
    zone, clock = zones.zone_info(zone_name), time.fromisoformat(at)
    for ahead in range(366):
        day = today + timedelta(days=ahead)
        utc = datetime.combine(day, clock, zone).astimezone(UTC)
        if utc.astimezone(zone).time() != clock:
            return day, utc.strftime("%H:%M")
    return None


def _check_layers(case: _Case) -> None:
    policy = case.policy
    retain, schedule = policy.retain, policy.schedule
    if schedule.every != "week":
        if not retain.has("daily"):
            case.complain("E808", "retain", f"`every: {schedule.every}` needs daily retention", "write `daily: DAYS`")
        return
    if retain.has("daily"):
        case.complain("E808", "retain.daily", "daily retention with a weekly schedule", "delete it")
    if not retain.has("weekly"):
        case.complain(
            "E808", "retain", "a weekly schedule needs weekly retention", "write `weekly: {weeks: …, on: […]}`"
        )
    scheduled = set(schedule.on or ())
    if retain.weekly and scheduled and set(retain.weekly.on) != scheduled:
        what = f"weekly retention on {listed(retain.weekly.on)}, backups on {listed(schedule.on or ())}"
        case.complain("E812", "retain.weekly.on", what)
    for key, layer in (("monthly", retain.monthly), ("yearly", retain.yearly)):
        if layer is None:
            continue
        if any(day in BY_DAY for day in point_days(layer)):
            case.complain(
                "E812", f"retain.{key}.on", "day numbers with a weekly schedule", "write it as in `first sunday`"
            )
        elif scheduled and (without := {day.split()[1] for day in point_days(layer)} - scheduled):
            case.complain("W825", f"retain.{key}.on", f"there is no backup on {listed(sorted(without))}")


def _check_point_days(case: _Case) -> None:
    retain = case.policy.retain
    for key, layer in (("monthly", retain.monthly), ("yearly", retain.yearly)):
        if layer is None:
            continue
        days = point_days(layer)
        numbered = [day for day in days if day in BY_DAY]
        if numbered and len(numbered) < len(days):
            case.complain("E813", f"retain.{key}.on", f"days by number and by week: {listed(days)}")
        elif not numbered:
            weeks, weekdays = {day.split()[0] for day in days}, {day.split()[1] for day in days}
            if missing := sorted({f"{week} {weekday}" for week, weekday in product(weeks, weekdays)} - set(days)):
                what = "Azure keeps every listed weekday of every listed week"
                case.complain("E813", f"retain.{key}.on", what, f"add {listed(missing)}, or list fewer")
    if retain.yearly:
        _check_days_exist(case, retain.yearly)


def _check_days_exist(case: _Case, yearly: Yearly) -> None:
    days = point_days(yearly)
    longest = max(monthrange(_LEAP_YEAR, MONTHS.index(month) + 1)[1] for month in yearly.months)
    never = [day for day in days if day.startswith("day ") and int(day.split()[1]) > longest]
    if never:
        case.complain("E808", "retain.yearly.on", f"{listed(never)} never comes in {listed(yearly.months)}")


def _check_snapshots(case: _Case) -> None:
    policy = case.policy
    days, schedule = snapshot_days(policy), policy.schedule
    written = policy.snapshots is not None and policy.snapshots.days is not None
    shown_days = f"{days} snapshot days" + ("" if written else " (the default)")
    low, high = _snapshot_range(policy)
    if not low <= days <= high:
        expected = str(low) if low == high else f"{low} to {high}"
        case.complain(
            "E816", "snapshots.days", f"{shown_days}: expected {expected}", f"write `snapshots: {{days: {high}}}`"
        )
    elif schedule.interval_hours == 8 and days > _LONGEST_KNOWN_FOR_8_HOURS:
        case.complain("W824", "snapshots.days", f"{shown_days} with an interval of 8 hours")
    daily, weekly = policy.retain.daily, policy.retain.weekly
    if daily is not None and schedule.every != "week" and days >= daily:
        case.complain(
            "E816", "snapshots.days", f"{shown_days}: expected fewer than the {daily} days of daily retention"
        )
    if weekly is not None and schedule.every == "week" and days > weekly.weeks * 7:
        case.complain("E816", "snapshots.days", f"{shown_days}: more than the {weekly.weeks} weeks of retention")
    group = policy.snapshots.resource_group if policy.snapshots else None
    if group and len(group.prefix) + len(group.suffix or "") > _LONGEST_GROUP_NAME:
        what = f"prefix and suffix have more than {_LONGEST_GROUP_NAME} characters together"
        case.complain("E815", "snapshots.resourceGroup", what)


def _snapshot_range(policy: Policy) -> tuple[int, int]:
    weekly = policy.schedule.every == "week"
    if policy.tier == "standard":
        return (5, 5) if weekly else (1, 5)
    if weekly:
        return 5, 20
    return 1, _MOST_SNAPSHOT_DAYS_BY_INTERVAL.get(policy.schedule.interval_hours or 0, 30)


def _check_archive(case: _Case) -> None:
    archive, retain = case.policy.archive, case.policy.retain
    if isinstance(archive, ArchiveAfter) and len(archive.model_fields_set) != 1:
        case.complain("E403", "archive", "exactly one of afterDays, afterWeeks, afterMonths, afterYears is written")
    if archive is None or archive == "never":
        return
    if case.policy.tier == "standard":
        case.complain("E817", "archive", "archive with the standard tier")
    months = max(retain.monthly.months if retain.monthly else 0, 12 * retain.yearly.years if retain.yearly else 0)
    if months < _SHORTEST_ARCHIVED_MONTHS:
        what = f"archive needs monthly or yearly retention of {_SHORTEST_ARCHIVED_MONTHS} months or more"
        case.complain("E814", "archive", what)
    if case.policy.schedule.every == "week":
        case.complain("W822", "archive", "archive with a weekly schedule")
