"""What an edit of a policy, or the move of a VM to another one, does to recovery points. Policies are in normal form."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product

from reconciler.core.compare import Difference, differences
from reconciler.core.schedule import hourly_gap_hours, weekly_gap_hours
from reconciler.core.wire import dig, dig_int, dig_list, dig_object

Form = Mapping[str, object]
_COUNTS = {"weekly": "weeks", "monthly": "months", "yearly": "years"}


def edit_effect(found: Difference, now: Form, wanted: Form) -> str:
    """The code of the taxonomy for one compared path of a policy."""
    path = found.path
    if path.startswith("schedule."):
        return _schedule_effect(path, now, wanted)
    if path.startswith("retain."):
        return _retention_effect(path, now, wanted)
    if path.startswith("snapshots.resourceGroup"):
        return "POL-12"
    if path == "snapshots.days":
        return "POL-08" if _number(found.after) < _number(found.before) else "POL-09"
    if path == "consistency":
        return "POL-09C" if found.after == "crashConsistentOnly" else "POL-09"
    return "POL-11" if path.startswith("archive") else "UNKNOWN"


def move_effects(now: Form, wanted: Form) -> list[str]:
    """The codes for a VM that leaves one policy for another."""
    retention = {
        _retention_effect(each.path, now, wanted)
        for each in differences({"retain": now["retain"]}, {"retain": wanted["retain"]})
    }
    less_often = _schedule_effect("schedule", now, wanted) == "POL-05"
    fewer_snapshots = _number(dig(wanted, "snapshots", "days")) < _number(dig(now, "snapshots", "days"))
    crash_only = wanted.get("consistency") == "crashConsistentOnly" != now.get("consistency")
    effects = {
        "POL-10": now["tier"] != wanted["tier"],
        "ITM-05": "POL-07" in retention,
        "ITM-06": less_often,
        "UNKNOWN": "UNKNOWN" in retention,
        "POL-08": fewer_snapshots,
        "POL-09C": crash_only,
    }
    return [code for code, applies in effects.items() if applies] or ["ITM-04"]


def _schedule_effect(path: str, now: Form, wanted: Form) -> str:
    gap_before, gap_after = _gap_hours(now), _gap_hours(wanted)
    if gap_before is None or gap_after is None:
        return "UNKNOWN"
    before, after = _runs_a_week(now), _runs_a_week(wanted)
    if after < before or gap_after > gap_before:
        return "POL-05"
    if after > before:
        return "POL-04"
    return "POL-03" if path == "schedule.timeZone" else "POL-02"


def _gap_hours(form: Form) -> int | None:
    schedule = dig_object(form, "schedule")
    match schedule.get("every"):
        case "day":
            return 24
        case "hour":
            return hourly_gap_hours(_number(schedule.get("intervalHours")), _number(schedule.get("windowHours")))
        case "week":
            return weekly_gap_hours(dig_list(schedule, "on"))
    return None


def _runs_a_week(form: Form) -> int:
    schedule = dig_object(form, "schedule")
    if schedule["every"] == "week":
        return len(dig_list(schedule, "on"))
    if schedule["every"] == "hour":
        interval, window = _number(schedule["intervalHours"]), _number(schedule["windowHours"])
        return 7 * min(window // interval + 1, 24 // interval)
    return 7


def _retention_effect(path: str, now: Form, wanted: Form) -> str:
    """By how long a tier keeps its points, or by which points it keeps."""
    tier = path.split(".")[1]
    before, after = dig_object(now, "retain"), dig_object(wanted, "retain")
    if not path.startswith((f"retain.{tier}.on", f"retain.{tier}.in")):
        return "POL-07" if _count(after, tier) < _count(before, tier) else "POL-06"
    lost = _points(before, tier) - _points(after, tier)
    gained = _points(after, tier) - _points(before, tier)
    if not lost:
        return "POL-06"
    if not gained:
        return "POL-07"
    # Other points of a month or year, or of a week of daily backups: not known to be safe. The one point of a weekly
    # backup moves with its schedule.
    weekly = {dig(now, "schedule", "every"), dig(wanted, "schedule", "every")} == {"week"}
    return "POL-02" if tier == "weekly" and weekly and len(gained) >= len(lost) else "UNKNOWN"


def _count(retain: Form, tier: str) -> int:
    return (dig_int(retain, tier) if tier == "daily" else dig_int(retain, tier, _COUNTS[tier])) or 0


def _points(retain: Form, tier: str) -> set[tuple[object, ...]]:
    """Which points a tier keeps: weekdays, days of the month or weekdays of its weeks, each in each of the months."""
    rule = dig_object(retain, tier)
    if tier == "weekly":
        return {(day,) for day in dig_list(rule, "on")}
    points = dig_object(rule, "on")
    days: list[object] = [*dig_list(points, "days"), *(["last"] if points.get("last") else [])]
    weeks = product(dig_list(points, "weeks"), dig_list(points, "weekdays"))
    return set(product(dig_list(rule, "in") or [""], [*days, *weeks]))


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0
