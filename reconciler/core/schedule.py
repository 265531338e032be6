"""How often a live policy makes a recovery point."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import pairwise

from reconciler.core.wire import dig_int, dig_list, dig_object, dig_text

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def longest_gap_hours(policy: Mapping[str, object]) -> int | None:
    """The longest time between two runs of a policy's schedule, from its wire properties; None when it can't be told.

    For an hourly schedule that is the night outside its window, not the interval: else every night would look like a fault.
    """
    schedule = dig_object(policy, "schedulePolicy")
    frequency = dig_text(schedule, "scheduleRunFrequency")
    if frequency == "Daily":
        return 24
    if frequency == "Hourly":
        hourly = dig_object(schedule, "hourlySchedule")
        return hourly_gap_hours(dig_int(hourly, "interval") or 0, dig_int(hourly, "scheduleWindowDuration") or 0)
    if frequency == "Weekly":
        source = dig_object(schedule, "weeklySchedule") or schedule
        return weekly_gap_hours(dig_list(source, "scheduleRunDays"))
    return None


def hourly_gap_hours(interval_hours: int, window_hours: int) -> int | None:
    """The longer of the interval and the night; None unless both are given."""
    if not interval_hours or not window_hours:
        return None
    last_run = min(window_hours // interval_hours * interval_hours, 24 - interval_hours)
    return max(interval_hours, 24 - last_run)


def weekly_gap_hours(weekdays: Iterable[object]) -> int | None:
    """The longest way from one weekday to the next, over the end of the week too; None without a weekday."""
    names = [str(day).lower() for day in weekdays]
    days = sorted({_WEEKDAYS.index(name) for name in names if name in _WEEKDAYS})
    if not days:
        return None
    return 24 * max(after - before for before, after in pairwise([*days, days[0] + 7]))
