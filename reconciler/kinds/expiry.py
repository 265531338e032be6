"""Which recovery points a policy would not keep."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from reconciler.core.live import Wire
from reconciler.core.times import moment
from reconciler.core.wire import dig_int, dig_object, dig_text

_DAYS_PER_UNIT = {"weekly": ("weeks", 7), "monthly": ("months", 31), "yearly": ("years", 366)}


def points_past_expiry(points: Iterable[Wire], form: Mapping[str, object], now: datetime) -> int:
    """How many points are older than what a policy (in normal form) surely keeps.

    The list of points doesn't say by which rule a point is kept, so the shortest rule of the policy counts; the newest point
    never expires by itself (backup-rules C.3). A month counts 31 days, as the service counts it.
    """
    keeps = _shortest_days(dig_object(form, "retain"))
    times = sorted(
        time for point in points if (time := moment(dig_text(point, "properties", "recoveryPointTime"))) is not None
    )
    if keeps is None:
        return len(times)
    return sum(1 for time in times[:-1] if now - time > timedelta(days=keeps))


def _shortest_days(retain: Mapping[str, object]) -> int | None:
    days = [count for count in (dig_int(retain, "daily"),) if count is not None]
    for tier, (unit, length) in _DAYS_PER_UNIT.items():
        count = dig_int(retain, tier, unit)
        if count is not None:
            days.append(count * length)
    return min(days, default=None)
