"""Zones by both kinds of names, and wall clocks over clock changes."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pytest

from reconciler.core import zones

MADRID, NEW_YORK, SYDNEY = ZoneInfo("Europe/Madrid"), ZoneInfo("America/New_York"), ZoneInfo("Australia/Sydney")
KOLKATA, KIRITIMATI = ZoneInfo("Asia/Kolkata"), ZoneInfo("Pacific/Kiritimati")


@pytest.mark.parametrize(
    ("name", "windows"),
    [
        ("Europe/Madrid", "Romance Standard Time"),
        ("romance standard time", "Romance Standard Time"),
        ("India Standard Time", "India Standard Time"),
        ("Asia/Kolkata", "India Standard Time"),
        ("Asia/Calcutta", "India Standard Time"),
        ("america/new_york", "Eastern Standard Time"),
        (" utc ", "UTC"),
        ("Etc/UTC", "UTC"),
        ("Europe/Kiev", "FLE Standard Time"),
        ("Europe/Madird", None),
        ("", None),
    ],
)
def test_the_windows_name_is_found_by_either_name(name: str, windows: str | None) -> None:
    assert zones.windows_name(name) == windows


@pytest.mark.parametrize(
    ("name", "iana"),
    [
        ("Europe/Madrid", "Europe/Madrid"),
        ("EUROPE/MADRID", "Europe/Madrid"),
        ("Pacific Standard Time", "America/Los_Angeles"),
        ("UTC", "UTC"),
        ("Mars/Olympus", None),
        ("", None),
    ],
)
def test_the_rules_are_found_by_either_name(name: str, iana: str | None) -> None:
    found = zones.zone_info(name)
    assert (found.key if found else None) == iana


def test_a_zone_that_the_machine_does_not_know_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    def lost(key: str) -> ZoneInfo:
        raise ZoneInfoNotFoundError(key)

    monkeypatch.setattr(zones, "ZoneInfo", lost)
    assert zones.zone_info("Europe/Madrid") is None


@pytest.mark.parametrize(
    ("clock", "zone", "day", "expected"),
    [
        ("23:00", MADRID, date(2026, 1, 15), ("22:00", 0)),
        ("23:00", MADRID, date(2026, 7, 15), ("21:00", 0)),
        ("02:30", MADRID, date(2026, 3, 29), ("01:30", 0)),  # before the change, on its day
        ("02:30", MADRID, date(2026, 10, 25), ("00:30", 0)),
        ("00:30", MADRID, date(2026, 7, 15), ("22:30", -1)),
        ("20:00", NEW_YORK, date(2026, 12, 1), ("01:00", 1)),
        ("19:30", NEW_YORK, date(2026, 7, 1), ("23:30", 0)),
        ("02:30", NEW_YORK, date(2026, 3, 8), ("07:30", 0)),
        ("01:30", NEW_YORK, date(2026, 11, 1), ("05:30", 0)),
        ("08:00", SYDNEY, date(2026, 1, 15), ("21:00", -1)),
        ("10:00", SYDNEY, date(2026, 7, 15), ("00:00", 0)),
        ("23:00", KOLKATA, date(2026, 7, 15), ("17:30", 0)),
        ("13:30", KIRITIMATI, date(2026, 7, 15), ("23:30", -1)),
    ],
)
def test_wall_clock_to_utc(clock: str, zone: ZoneInfo, day: date, expected: tuple[str, int]) -> None:
    assert zones.utc_time(clock, zone, datetime.combine(day, time(), UTC)) == expected


@pytest.mark.parametrize(("zone", "expected"), [(MADRID, True), (SYDNEY, True), (NEW_YORK, True), (KOLKATA, False)])
def test_which_zones_change_their_clocks(zone: ZoneInfo, expected: bool) -> None:
    assert zones.observes_daylight_saving(zone, 2026) is expected


def test_every_known_name_is_accepted() -> None:
    names = zones.known_names()
    assert len(names) > 500
    assert [name for name in names if not zones.windows_name(name) or not zones.zone_info(name)] == []
    assert {"Europe/Madrid", "UTC", "India Standard Time"} <= set(names)
