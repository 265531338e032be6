"""How often a live policy makes a recovery point."""

from __future__ import annotations

from collections.abc import Mapping
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
        interval, window = dig_int(hourly, "interval"), dig_int(hourly, "scheduleWindowDuration")
        if not interval or not window:
            return None
        last_run = min(window // interval * interval, 24 - interval)
        return max(interval, 24 - last_run)
    if frequency == "Weekly":
        source = dig_object(schedule, "weeklySchedule") or schedule
        names = [str(day).lower() for day in dig_list(source, "scheduleRunDays")]
        days = sorted({_WEEKDAYS.index(name) for name in names if name in _WEEKDAYS})
        if not days:
            return None
        return 24 * max(after - before for before, after in pairwise([*days, days[0] + 7]))
    return None
