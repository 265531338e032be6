"""Clock changes of a zone, and what they do to the runs of a schedule.

Azure doesn't adjust a schedule when clocks change (backup-rules C.2). With `follow` the policy is written anew after a change, so that the
wall clock stays; with `fixed` it is left alone, and the local time moves.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import count, islice
from zoneinfo import ZoneInfo

from reconciler.core.desired import Schedule

_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass(frozen=True, slots=True)
class ClockChange:
    """`at` is the UTC moment; the offsets are from UTC, before and after it."""

    at: datetime
    before: timedelta
    after: timedelta

    @property
    def shift_minutes(self) -> int:
        """By how much clocks are put forward; negative when they are put back."""
        return int((self.after - self.before).total_seconds() // 60)


@dataclass(frozen=True, slots=True)
class Run:
    """A run of a schedule: the same moment in UTC and in the schedule's zone."""

    utc: datetime
    local: datetime


def next_clock_change(zone: ZoneInfo, after: datetime, within_days: int = 400) -> ClockChange | None:
    """The first change of the zone's offset later than an aware moment; None when there is none in so many days.

    Days are compared, so a change that is taken back on the same day is not seen; no zone has had one.
    """
    start = after.astimezone(UTC).replace(microsecond=0)
    before = _offset(zone, start)
    for days in range(1, within_days + 1):
        late = start + timedelta(days=days)
        if _offset(zone, late) == before:
            continue
        early = late - timedelta(days=1)
        while (seconds := int((late - early).total_seconds())) > 1:
            middle = early + timedelta(seconds=seconds // 2)
            early, late = (middle, late) if _offset(zone, middle) == before else (early, middle)
        return ClockChange(late, before, _offset(zone, late))
    return None


def next_runs(schedule: Schedule, zone: ZoneInfo, after: datetime, runs: int) -> tuple[Run, ...]:
    """The next runs of a schedule later than an aware moment.

    With `follow` every day's run is at the wall-clock time: in a gap at the time after it, in an overlap at the first of the two
    (PEP 495, fold 0). With `fixed` runs keep the offset that is in force at the given moment, until somebody edits the policy.
    """
    moment = after.astimezone(UTC)
    fixed = _offset(zone, moment) if schedule.daylight_saving == "fixed" else None
    later = (run for run in _runs(schedule, zone, moment.astimezone(zone).date(), fixed) if run.utc > moment)
    return tuple(islice(later, runs))


def _runs(schedule: Schedule, zone: ZoneInfo, around: date, fixed: timedelta | None) -> Iterator[Run]:
    """All runs from the day before a local day on: the window of an hourly schedule may reach over midnight."""
    at = time.fromisoformat(schedule.at)
    weekdays = schedule.weekdays if schedule.frequency == "Weekly" else ()
    for days in count(-1):
        day = around + timedelta(days=days)
        if weekdays and _WEEKDAYS[day.weekday()] not in weekdays:
            continue
        wall_clock = datetime.combine(day, at)
        start = (wall_clock - fixed).replace(tzinfo=UTC) if fixed is not None else wall_clock.replace(tzinfo=zone)
        for hours in _hours(schedule):
            utc = start.astimezone(UTC) + timedelta(hours=hours)
            yield Run(utc, utc.astimezone(zone))


def _hours(schedule: Schedule) -> range:
    """Hours from the first run of a day to each run of it. The end of an hourly window counts, save after a whole day."""
    if schedule.frequency != "Hourly" or not schedule.interval_hours:
        return range(1)
    window = schedule.window_hours or 0
    return range(0, min(window, 24 - schedule.interval_hours) + 1, schedule.interval_hours)


def _offset(zone: ZoneInfo, moment: datetime) -> timedelta:
    return moment.astimezone(zone).utcoffset() or timedelta()
