"""When a policy runs, and how long a recovery point lives under it (backup-rules C.2, C.3, E)."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tzlocal.windows_tz import win_tz

from reconciler.sandbox.rows.policy_rules import enhanced, frequency, run_time, timing
from reconciler.sandbox.times import parse

Policy = Mapping[str, Any]
_DAYS_IN = {"Days": 1, "Weeks": 7, "Months": 31, "Years": 366}  # a month counts 31 days (backup-rules C.3)
_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_ORDINALS = ("First", "Second", "Third", "Fourth")


def standard_zone(name: str) -> tzinfo:
    """The zone's standard offset all year: the service makes no daylight-saving adjustment. Unknown names are UTC."""
    try:
        winter = datetime(2026, 1, 1, tzinfo=ZoneInfo(win_tz.get(name, name)))
    except (ZoneInfoNotFoundError, ValueError):
        return UTC
    return timezone((winter.utcoffset() or timedelta()) - (winter.dst() or timedelta()))


def runs_after(policy: Policy, moment: datetime) -> Iterator[datetime]:
    """The scheduled runs after a moment, without end. The clock time is that of the policy's time zone."""
    zone = standard_zone(str(policy.get("timeZone", "UTC")))
    start = parse(run_time(policy))
    day = moment.astimezone(zone).date() - timedelta(days=1)
    often = frequency(policy)
    weekdays = set(timing(policy).get("scheduleRunDays") or _NAMES) if often == "Weekly" else set(_NAMES)
    hours = [0]
    if often == "Hourly":
        hours = list(range(0, timing(policy)["scheduleWindowDuration"], timing(policy)["interval"]))
    while True:
        first = datetime(day.year, day.month, day.day, start.hour, start.minute, tzinfo=zone).astimezone(UTC)
        for run in (first + timedelta(hours=hour) for hour in hours):
            if run > moment and _NAMES[day.weekday()] in weekdays:
                yield run
        day += timedelta(days=1)


def expires(policy: Policy, taken: datetime) -> datetime:
    """When a scheduled point ends: the longest of the layers that tag it."""
    local = taken.astimezone(standard_zone(str(policy.get("timeZone", "UTC"))))
    retention = policy["retentionPolicy"]
    days = [
        layer["retentionDuration"]["count"] * _DAYS_IN[layer["retentionDuration"]["durationType"]]
        for name, layer in retention.items()
        if isinstance(layer, Mapping) and _tags(name, layer, local)
    ]
    return taken + timedelta(days=max(days, default=policy["instantRpRetentionRangeInDays"]))


def _tags(name: str, layer: Mapping[str, Any], moment: datetime) -> bool:
    if name == "dailySchedule":
        return True
    if name == "weeklySchedule":
        return _NAMES[moment.weekday()] in layer["daysOfTheWeek"]
    if name == "yearlySchedule" and f"{moment:%B}" not in layer["monthsOfYear"]:
        return False
    last = (moment + timedelta(days=1)).month != moment.month
    if layer["retentionScheduleFormatType"] == "Daily":
        days = layer["retentionScheduleDaily"]["daysOfTheMonth"]
        return any(day.get("date") == moment.day or (day.get("isLast") and last) for day in days)
    weeks = layer["retentionScheduleWeekly"]
    order = [_ORDINALS[week] for week in [(moment.day - 1) // 7] if week < len(_ORDINALS)]
    if (moment + timedelta(days=7)).month != moment.month:
        order.append("Last")
    return _NAMES[moment.weekday()] in weeks["daysOfTheWeek"] and bool(set(order) & set(weeks["weeksOfTheMonth"]))


def reduces(old: Policy, new: Policy) -> bool:
    """Whether a change keeps points for a shorter time in any layer (what an immutable vault refuses)."""
    for name, layer in old["retentionPolicy"].items():
        if not isinstance(layer, Mapping):
            continue
        other = new["retentionPolicy"].get(name)
        if other is None or other["retentionDuration"]["count"] < layer["retentionDuration"]["count"]:
            return True
    return bool(enhanced(old) and not enhanced(new))
