"""Clock changes in 2026 and 2027 in the north, in the south and nowhere, and the runs of schedules around them."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from reconciler.core.clock_changes import Run, next_clock_change, next_runs
from reconciler.core.desired import Schedule, Weekday

MADRID, NEW_YORK, SYDNEY = ZoneInfo("Europe/Madrid"), ZoneInfo("America/New_York"), ZoneInfo("Australia/Sydney")
LORD_HOWE, KOLKATA = ZoneInfo("Australia/Lord_Howe"), ZoneInfo("Asia/Kolkata")

# The moment of each change in UTC and by how many minutes clocks are put forward.
CHANGES = {
    MADRID: [("2026-03-29T01:00", 60), ("2026-10-25T01:00", -60), ("2027-03-28T01:00", 60), ("2027-10-31T01:00", -60)],
    NEW_YORK: [
        ("2026-03-08T07:00", 60),
        ("2026-11-01T06:00", -60),
        ("2027-03-14T07:00", 60),
        ("2027-11-07T06:00", -60),
    ],
    SYDNEY: [("2026-04-04T16:00", -60), ("2026-10-03T16:00", 60), ("2027-04-03T16:00", -60), ("2027-10-02T16:00", 60)],
    LORD_HOWE: [("2026-04-04T15:00", -30), ("2026-10-03T15:30", 30)],
}


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def shown(runs: tuple[Run, ...]) -> list[tuple[str, str]]:
    return [(f"{run.utc:%m-%d %H:%M}", f"{run.local:%m-%d %H:%M}") for run in runs]


@pytest.mark.parametrize("zone", CHANGES, ids=str)
def test_the_changes_of_a_zone_one_after_the_other(zone: ZoneInfo) -> None:
    moment = utc("2026-01-01T00:00")
    for at, minutes in CHANGES[zone]:
        change = next_clock_change(zone, moment)
        assert change is not None
        assert (change.at, change.shift_minutes) == (utc(at), minutes)
        assert change.before == (utc(at) - timedelta(seconds=1)).astimezone(zone).utcoffset()
        assert change.after == utc(at).astimezone(zone).utcoffset()
        moment = change.at


def test_the_next_change_is_later_than_the_moment_in_any_zone() -> None:
    just_before = next_clock_change(MADRID, utc("2026-03-29T00:59:59"))
    assert just_before is not None
    assert just_before.at == utc("2026-03-29T01:00")
    within_a_second = next_clock_change(MADRID, utc("2026-03-28T12:00:00.250000"))
    assert within_a_second == just_before
    same_moment_elsewhere = next_clock_change(MADRID, utc("2026-03-29T01:00").astimezone(SYDNEY))
    assert same_moment_elsewhere is not None
    assert same_moment_elsewhere.at == utc("2026-10-25T01:00")


@pytest.mark.parametrize("name", ["Asia/Kolkata", "UTC", "America/Sao_Paulo"])
def test_a_zone_without_changes_has_none(name: str) -> None:
    assert next_clock_change(ZoneInfo(name), utc("2026-01-01T00:00")) is None


def test_a_change_beyond_the_horizon_is_not_looked_for() -> None:
    assert next_clock_change(MADRID, utc("2026-01-01T00:00"), within_days=30) is None


def daily(at: str, zone: ZoneInfo, follow: bool = True) -> Schedule:
    return Schedule("Daily", at, str(zone), "follow" if follow else "fixed")


@pytest.mark.parametrize(
    ("zone", "at", "after", "runs"),
    [
        (MADRID, "23:00", "2026-03-28T12:00", [("03-28 22:00", "03-28 23:00"), ("03-29 21:00", "03-29 23:00")]),
        (MADRID, "23:00", "2026-10-24T12:00", [("10-24 21:00", "10-24 23:00"), ("10-25 22:00", "10-25 23:00")]),
        (NEW_YORK, "23:00", "2027-03-13T12:00", [("03-14 04:00", "03-13 23:00"), ("03-15 03:00", "03-14 23:00")]),
        (NEW_YORK, "23:00", "2027-11-06T12:00", [("11-07 03:00", "11-06 23:00"), ("11-08 04:00", "11-07 23:00")]),
        (SYDNEY, "01:00", "2026-10-03T00:00", [("10-03 15:00", "10-04 01:00"), ("10-04 14:00", "10-05 01:00")]),
        (KOLKATA, "23:00", "2026-03-28T12:00", [("03-28 17:30", "03-28 23:00"), ("03-29 17:30", "03-29 23:00")]),
        # In the gap: at the time after it. In the overlap: the first of the two, and not a second run.
        (MADRID, "02:30", "2026-03-28T12:00", [("03-29 01:30", "03-29 03:30"), ("03-30 00:30", "03-30 02:30")]),
        (MADRID, "02:30", "2026-10-24T12:00", [("10-25 00:30", "10-25 02:30"), ("10-26 01:30", "10-26 02:30")]),
    ],
)
def test_a_schedule_that_follows_keeps_its_wall_clock(
    zone: ZoneInfo, at: str, after: str, runs: list[tuple[str, str]]
) -> None:
    assert shown(next_runs(daily(at, zone), zone, utc(after), 2)) == runs


def test_a_fixed_schedule_keeps_its_utc_time() -> None:
    runs = next_runs(daily("23:00", MADRID, follow=False), MADRID, utc("2026-10-24T12:00"), 2)
    assert shown(runs) == [("10-24 21:00", "10-24 23:00"), ("10-25 21:00", "10-25 22:00")]


def test_a_run_at_the_very_moment_is_over() -> None:
    assert shown(next_runs(daily("23:00", MADRID), MADRID, utc("2026-06-01T21:00"), 1)) == [
        ("06-02 21:00", "06-02 23:00")
    ]


def test_a_weekly_schedule_runs_on_its_local_days() -> None:
    days: tuple[Weekday, ...] = ("Sunday", "Wednesday")
    schedule = Schedule("Weekly", "00:30", "Europe/Madrid", "follow", weekdays=days)
    runs = next_runs(schedule, MADRID, utc("2026-03-25T12:00"), 3)
    assert shown(runs) == [
        ("03-28 23:30", "03-29 00:30"),
        ("03-31 22:30", "04-01 00:30"),
        ("04-04 22:30", "04-05 00:30"),
    ]
    assert [f"{run.local:%A}" for run in runs] == ["Sunday", "Wednesday", "Sunday"]


def test_an_hourly_schedule_runs_inside_its_window_every_day() -> None:
    schedule = Schedule("Hourly", "08:00", "Europe/Madrid", "follow", interval_hours=4, window_hours=12)
    runs = next_runs(schedule, MADRID, utc("2026-06-01T09:00"), 5)
    assert [f"{run.local:%d %H:%M}" for run in runs] == ["01 12:00", "01 16:00", "01 20:00", "02 08:00", "02 12:00"]


def test_an_hourly_schedule_over_midnight_keeps_its_interval() -> None:
    schedule = Schedule("Hourly", "20:00", "Asia/Kolkata", "follow", interval_hours=4, window_hours=24)
    runs = next_runs(schedule, KOLKATA, utc("2026-06-01T20:00"), 12)
    assert {after.utc - before.utc for before, after in pairwise(runs)} == {timedelta(hours=4)}
    assert f"{runs[0].local:%d %H:%M}" == "02 04:00"
