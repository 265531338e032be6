"""Policies in two forms: Azure's wire body, and one normal form in the words of the spec, in which they are compared.

Normal form of an enhanced policy with everything in it:
`{tier, schedule: {every, at, on, intervalHours, windowHours, timeZone}, retain: {daily, weekly: {weeks, on}, monthly: {months, on},
yearly: {years, on, in}}, snapshots: {days, resourceGroup: {prefix, suffix}}, consistency, archive}`.
Times are wall clock in the policy's zone, dates dropped; sets are sorted; absent, null and empty are one (wire-facts 4.3).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from reconciler.core import zones
from reconciler.core.desired import Archive, DesiredPolicy, MonthDays, MonthWeeks, Retention, Schedule
from reconciler.core.wire import dig, dig_int, dig_list, dig_object, dig_text

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
WEEKS = ("First", "Second", "Third", "Fourth", "Last")
MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip

_EVERY = {"Hourly": "hour", "Daily": "day", "Weekly": "week"}
_STABLE_DATE = (
    "2024-01-01"  # the date part of times means nothing to Azure; one that never moves keeps the bodies quiet
)
_ARCHIVE_UNITS = ("Days", "Weeks", "Months", "Years")


def live_form(properties: Mapping[str, object]) -> dict[str, object]:
    """The normal form of what Azure reports."""
    enhanced = _is_enhanced(properties)
    form: dict[str, object] = {
        "tier": "enhanced" if enhanced else "standard",
        "schedule": _live_schedule(properties, enhanced),
        "retain": _live_retention(dig_object(properties, "retentionPolicy")),
        "snapshots": {"days": dig_int(properties, "instantRpRetentionRangeInDays") or (7 if enhanced else 2)},
        "consistency": _consistency(dig_text(properties, "snapshotConsistencyType") == "OnlyCrashConsistent"),
        "archive": _live_archive(dig_object(properties, "tieringPolicy", "ArchivedRP")),
    }
    if group := _live_group(properties):
        form["snapshots"] = {**dig_object(form, "snapshots"), "resourceGroup": group}
    return form


def wanted_form(policy: DesiredPolicy, now: datetime) -> dict[str, object]:
    """The normal form of what the spec asks for at a moment; what it leaves out is left out here too."""
    schedule, shift = _clock(policy.schedule, now)
    form: dict[str, object] = {
        "tier": policy.tier,
        "schedule": schedule,
        "retain": _wanted_retention(policy.retention, shift),
        "snapshots": {"days": policy.snapshot_days},
    }
    if policy.snapshot_group is not None:
        group = {"prefix": policy.snapshot_group.prefix, "suffix": policy.snapshot_group.suffix}
        form["snapshots"] = {"days": policy.snapshot_days, "resourceGroup": group}
    if policy.crash_consistent_only is not None:
        form["consistency"] = _consistency(policy.crash_consistent_only)
    if policy.archive is not None:
        form["archive"] = _archive(policy.archive)
    return form


def spoken_of(form: Mapping[str, object], wanted: Mapping[str, object]) -> dict[str, object]:
    """The part of a live form that the wanted one speaks of."""
    part = {key: value for key, value in form.items() if key in wanted}
    if "resourceGroup" not in dig_object(wanted, "snapshots"):
        part["snapshots"] = {"days": dig(form, "snapshots", "days")}
    return part


def wire_body(form: Mapping[str, object], live: Mapping[str, object]) -> dict[str, object]:
    """The PUT body for a wanted normal form. What the live policy has beside it goes back as it was read.

    `live` is the properties object of the policy there is, empty for a new one.
    """
    enhanced = form["tier"] == "enhanced"
    retain = dig_object(form, "retain")
    time = f"{_STABLE_DATE}T{dig_text(form, 'schedule', 'at')}:00Z"
    carried = {key: value for key, value in live.items() if key != "protectedItemsCount" and value is not None}
    properties: dict[str, object] = {
        **carried,
        "backupManagementType": "AzureIaasVM",
        "schedulePolicy": _wire_schedule(dig_object(form, "schedule"), time, enhanced),
        "retentionPolicy": _wire_retention(retain, time),
        "instantRpRetentionRangeInDays": dig(form, "snapshots", "days"),
        "timeZone": dig(form, "schedule", "timeZone"),
    }
    if enhanced:
        properties["policyType"] = "V2"
    if group := dig_object(form, "snapshots", "resourceGroup"):
        names = {"azureBackupRGNamePrefix": group["prefix"]}
        if group["suffix"]:
            names["azureBackupRGNameSuffix"] = group["suffix"]
        properties["instantRPDetails"] = names
    if "consistency" in form:
        properties.pop("snapshotConsistencyType", None)
        if form["consistency"] == "crashConsistentOnly":
            properties["snapshotConsistencyType"] = "OnlyCrashConsistent"
    if "archive" in form:
        properties["tieringPolicy"] = {
            **dig_object(live, "tieringPolicy"),
            "ArchivedRP": _wire_archive(form["archive"]),
        }
    return {"properties": properties}


def _is_enhanced(properties: Mapping[str, object]) -> bool:
    by_type = dig_text(properties, "policyType").upper() == "V2"
    return by_type or dig_text(properties, "schedulePolicy", "schedulePolicyType") == "SimpleSchedulePolicyV2"


def _clock(schedule: Schedule, now: datetime) -> tuple[dict[str, object], int]:
    """The schedule as Azure is to have it, and by how many days its weekdays move.

    Azure does not follow clock changes; `follow` therefore sends the UTC time that the wall clock has by the offset of now.
    """
    at, zone, shift = schedule.at, zones.windows_name(schedule.time_zone) or schedule.time_zone, 0
    rules = zones.zone_info(schedule.time_zone)
    if schedule.daylight_saving == "follow" and rules is not None:
        (at, shift), zone = zones.utc_time(schedule.at, rules, now), "UTC"
    form: dict[str, object] = {"every": _EVERY[schedule.frequency], "at": at, "timeZone": zone}
    if schedule.frequency == "Weekly":
        form["on"] = _shifted(schedule.weekdays, shift)
    if schedule.frequency == "Hourly":
        form["intervalHours"], form["windowHours"] = schedule.interval_hours, schedule.window_hours
    return form, shift


def _shifted(weekdays: tuple[str, ...], shift: int) -> list[str]:
    return _in_order([WEEKDAYS[(WEEKDAYS.index(day) + shift) % 7] for day in weekdays], WEEKDAYS)


def _wanted_retention(retention: Retention, shift: int) -> dict[str, object]:
    form: dict[str, object] = {}
    if retention.daily_days is not None:
        form["daily"] = retention.daily_days
    if retention.weekly is not None:
        form["weekly"] = {"weeks": retention.weekly.weeks, "on": _shifted(retention.weekly.on, shift)}
    if retention.monthly is not None:
        form["monthly"] = {"months": retention.monthly.months, "on": _month_points(retention.monthly.on, shift)}
    if retention.yearly is not None:
        form["yearly"] = {
            "years": retention.yearly.years,
            "on": _month_points(retention.yearly.on, shift),
            "in": _in_order(retention.yearly.months, MONTHS),
        }
    return form


def _month_points(points: MonthDays | MonthWeeks, shift: int) -> dict[str, object]:
    if isinstance(points, MonthDays):
        return {"days": sorted(points.days), "last": points.last}
    return {"weeks": _in_order(points.weeks, WEEKS), "weekdays": _shifted(points.weekdays, shift)}


def _archive(archive: Archive) -> object:
    if archive.mode == "DoNotTier":
        return "never"
    if archive.mode == "TierRecommended":
        return "recommended"
    return {f"after{archive.unit}": archive.after}


def _consistency(crash_only: bool) -> str:
    return "crashConsistentOnly" if crash_only else "default"


def _live_schedule(properties: Mapping[str, object], enhanced: bool) -> dict[str, object]:
    policy = dig_object(properties, "schedulePolicy")
    frequency = dig_text(policy, "scheduleRunFrequency")
    zone = dig_text(properties, "timeZone") or "UTC"
    form: dict[str, object] = {
        "every": _EVERY.get(frequency, frequency),
        "timeZone": zones.windows_name(zone) or zone,
    }
    source = dig_object(policy, f"{frequency.lower()}Schedule") if enhanced else policy
    if frequency == "Hourly":
        form["at"] = _clock_time(dig_text(source, "scheduleWindowStartTime"))
        form["intervalHours"] = dig_int(source, "interval")
        form["windowHours"] = dig_int(source, "scheduleWindowDuration")
        return form
    times = [_clock_time(str(time)) for time in dig_list(source, "scheduleRunTimes")]
    form["at"] = times[0] if len(times) == 1 else sorted(times)
    if frequency == "Weekly":
        form["on"] = _in_order(dig_list(source, "scheduleRunDays"), WEEKDAYS)
    return form


def _clock_time(text: str) -> str:
    """`2026-09-09T08:00:00+00:00`, `…00Z` and `…00.000Z` are all 08:00 (wire-facts 4.3)."""
    return text.partition("T")[2][:5]


def _live_retention(policy: Mapping[str, object]) -> dict[str, object]:
    form: dict[str, object] = {}
    if daily := dig_object(policy, "dailySchedule"):
        form["daily"] = _count(daily)
    if weekly := dig_object(policy, "weeklySchedule"):
        form["weekly"] = {"weeks": _count(weekly), "on": _in_order(dig_list(weekly, "daysOfTheWeek"), WEEKDAYS)}
    if monthly := dig_object(policy, "monthlySchedule"):
        form["monthly"] = {"months": _count(monthly), "on": _live_points(monthly)}
    if yearly := dig_object(policy, "yearlySchedule"):
        months = _in_order(dig_list(yearly, "monthsOfYear"), MONTHS)
        form["yearly"] = {"years": _count(yearly), "on": _live_points(yearly), "in": months}
    return form


def _count(schedule: Mapping[str, object]) -> int | None:
    return dig_int(schedule, "retentionDuration", "count")


def _live_points(schedule: Mapping[str, object]) -> dict[str, object]:
    if dig_text(schedule, "retentionScheduleFormatType") == "Daily":
        days = dig_list(schedule, "retentionScheduleDaily", "daysOfTheMonth")
        last = any(dig(day, "isLast") is True for day in days)
        numbers = {date for day in days if dig(day, "isLast") is not True and (date := dig_int(day, "date"))}
        return {"days": sorted(numbers), "last": last}
    weekly = dig_object(schedule, "retentionScheduleWeekly")
    weeks = _in_order(dig_list(weekly, "weeksOfTheMonth"), WEEKS)
    return {"weeks": weeks, "weekdays": _in_order(dig_list(weekly, "daysOfTheWeek"), WEEKDAYS)}


def _live_archive(archived: Mapping[str, object]) -> object:
    mode, unit = dig_text(archived, "tieringMode"), dig_text(archived, "durationType")
    if mode == "TierRecommended":
        return "recommended"
    if mode == "TierAfter" and unit in _ARCHIVE_UNITS:
        return {f"after{unit}": dig_int(archived, "duration")}
    return "never" if mode in ("", "DoNotTier", "Invalid") else mode


def _live_group(properties: Mapping[str, object]) -> dict[str, object]:
    details = dig_object(properties, "instantRPDetails")
    prefix, suffix = dig_text(details, "azureBackupRGNamePrefix"), dig_text(details, "azureBackupRGNameSuffix")
    return {"prefix": prefix, "suffix": suffix} if prefix else {}


def _in_order(words: Iterable[object], order: tuple[str, ...]) -> list[str]:
    """A set of known words in their natural order, whatever their case; unknown ones last."""
    by_lower = {word.lower(): word for word in order}
    known = {by_lower.get(str(word).lower(), str(word)) for word in words}
    return sorted(known, key=lambda word: (order.index(word) if word in order else len(order), word))


def _wire_schedule(schedule: Mapping[str, object], time: str, enhanced: bool) -> dict[str, object]:
    frequency = {word: name for name, word in _EVERY.items()}[str(schedule["every"])]
    runs: dict[str, object] = {"scheduleRunTimes": [time]}
    if frequency == "Weekly":
        runs["scheduleRunDays"] = schedule["on"]
    if not enhanced:
        return {"schedulePolicyType": "SimpleSchedulePolicy", "scheduleRunFrequency": frequency, **runs}
    if frequency == "Hourly":
        runs = {
            "interval": schedule["intervalHours"],
            "scheduleWindowStartTime": time,
            "scheduleWindowDuration": schedule["windowHours"],
        }
    return {
        "schedulePolicyType": "SimpleSchedulePolicyV2",
        "scheduleRunFrequency": frequency,
        f"{frequency.lower()}Schedule": runs,
    }


def _wire_retention(retain: Mapping[str, object], time: str) -> dict[str, object]:
    policy: dict[str, object] = {"retentionPolicyType": "LongTermRetentionPolicy"}
    if "daily" in retain:
        policy["dailySchedule"] = _lasting(time, retain["daily"], "Days")
    if weekly := dig_object(retain, "weekly"):
        policy["weeklySchedule"] = {"daysOfTheWeek": weekly["on"], **_lasting(time, weekly["weeks"], "Weeks")}
    if monthly := dig_object(retain, "monthly"):
        points = _wire_points(dig_object(monthly, "on"))
        policy["monthlySchedule"] = {**points, **_lasting(time, monthly["months"], "Months")}
    if yearly := dig_object(retain, "yearly"):
        points = _wire_points(dig_object(yearly, "on"))
        months = {"monthsOfYear": yearly["in"]}
        policy["yearlySchedule"] = {**months, **points, **_lasting(time, yearly["years"], "Years")}
    return policy


def _lasting(time: str, count: object, unit: str) -> dict[str, object]:
    """Every retention time must be the schedule's own (backup-rules C.2)."""
    return {"retentionTimes": [time], "retentionDuration": {"count": count, "durationType": unit}}


def _wire_points(points: Mapping[str, object]) -> dict[str, object]:
    if "weeks" in points:
        weekly = {"daysOfTheWeek": points["weekdays"], "weeksOfTheMonth": points["weeks"]}
        return {"retentionScheduleFormatType": "Weekly", "retentionScheduleWeekly": weekly}
    days: list[dict[str, object]] = [{"date": day, "isLast": False} for day in dig_list(points, "days")]
    if points["last"]:
        days.append({"date": 0, "isLast": True})
    return {"retentionScheduleFormatType": "Daily", "retentionScheduleDaily": {"daysOfTheMonth": days}}


def _wire_archive(archive: object) -> dict[str, object]:
    if archive == "never":
        return {"tieringMode": "DoNotTier", "duration": 0, "durationType": "Invalid"}
    if archive == "recommended":
        return {"tieringMode": "TierRecommended", "duration": 0, "durationType": "Invalid"}
    for unit in _ARCHIVE_UNITS:
        after = dig_int(archive, f"after{unit}")
        if after is not None:
            return {"tieringMode": "TierAfter", "duration": after, "durationType": unit}
    raise ValueError(f"not an archive rule: {archive!r}")
