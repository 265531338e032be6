"""Time zones: IANA and Windows names for the same zone, and what a wall-clock time is in UTC at a given moment.

Azure Backup stores Windows names (backup-rules C.2); people write either. The table of names is tzlocal's copy of the CLDR one.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tzlocal.windows_tz import tz_win, win_tz

_WINDOWS_BY_LOWER = {name.lower(): name for name in win_tz if name}
_IANA_BY_LOWER = {name.lower(): name for name in tz_win if name}  # the table holds the empty name too


def known_names() -> tuple[str, ...]:
    """Every accepted name, for near-miss suggestions."""
    return tuple(sorted({*_WINDOWS_BY_LOWER.values(), *_IANA_BY_LOWER.values()}))


def windows_name(zone: str) -> str | None:
    """The Windows name of a zone given by either name, or None for an unknown one."""
    lowered = zone.strip().lower()
    if lowered in _WINDOWS_BY_LOWER:
        return _WINDOWS_BY_LOWER[lowered]
    iana = _IANA_BY_LOWER.get(lowered)
    return tz_win[iana] if iana else None


def zone_info(zone: str) -> ZoneInfo | None:
    """The zone's rules, by either name, or None for an unknown one. A Windows name stands for its CLDR main territory."""
    lowered = zone.strip().lower()
    iana = _IANA_BY_LOWER.get(lowered)
    if iana is None and lowered in _WINDOWS_BY_LOWER:
        iana = win_tz[_WINDOWS_BY_LOWER[lowered]]
    if iana is None:
        return None
    try:
        return ZoneInfo(iana)
    except ZoneInfoNotFoundError:
        return None


def utc_time(wall_clock: str, zone: ZoneInfo, now: datetime) -> tuple[str, int]:
    """`HH:MM` local → (`HH:MM` in UTC, days by which the UTC date differs: -1, 0 or 1).

    The zone's offset at an aware moment counts. By the offset of the day, a time early on the day of a clock change would
    stay unshifted until the day after, and the run between would be an hour off.
    """
    local = now.astimezone(zone)
    clock = datetime.combine(local.date(), time.fromisoformat(wall_clock))
    utc = clock - (local.utcoffset() or timedelta())
    return utc.strftime("%H:%M"), (utc.date() - clock.date()).days


@cache  # every policy asks it of its zone
def observes_daylight_saving(zone: ZoneInfo, year: int) -> bool:
    """Whether the zone's offset differs between two days of the year."""
    first = datetime(year, 1, 1, 12, tzinfo=zone).utcoffset()
    return any((datetime(year, 1, 1, 12, tzinfo=zone) + timedelta(days=day)).utcoffset() != first for day in range(366))
