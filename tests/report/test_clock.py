"""The clock section: next runs in UTC and on the wall clock, and the next change of each policy's zone."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal

import pytest

from reconciler.core.desired import Schedule
from reconciler.report.clock import POLICIES_SHOWN, clock_lines, policy_clocks
from reconciler.report.neutralise import render
from tests.support.desired import a_policy


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def a_schedule(zone: str, saving: Literal["fixed", "follow"] = "follow") -> Schedule:
    return Schedule("Daily", "23:00", zone, saving)


@pytest.mark.parametrize(
    ("zone", "now", "runs", "change"),
    [
        ("Europe/Madrid", "2026-03-28T12:00", ["2026-03-28T22:00:00Z", "2026-03-29T21:00:00Z"], ("2026-03-29T01:00:00Z", 60)),
        ("Europe/Madrid", "2026-10-24T12:00", ["2026-10-24T21:00:00Z", "2026-10-25T22:00:00Z"], ("2026-10-25T01:00:00Z", -60)),
        ("Europe/Madrid", "2026-11-22T12:00", ["2026-11-22T22:00:00Z", "2026-11-23T22:00:00Z"], ("2027-03-28T01:00:00Z", 60)),
        ("Europe/Madrid", "2027-10-30T12:00", ["2027-10-30T21:00:00Z", "2027-10-31T22:00:00Z"], ("2027-10-31T01:00:00Z", -60)),
        ("America/New_York", "2026-03-07T12:00", ["2026-03-08T04:00:00Z", "2026-03-09T03:00:00Z"], ("2026-03-08T07:00:00Z", 60)),
        ("America/New_York", "2027-11-06T12:00", ["2027-11-07T03:00:00Z", "2027-11-08T04:00:00Z"], ("2027-11-07T06:00:00Z", -60)),
        ("Eastern Standard Time", "2026-11-22T12:00", ["2026-11-23T04:00:00Z", "2026-11-24T04:00:00Z"], ("2027-03-14T07:00:00Z", 60)),
        ("Australia/Sydney", "2026-10-03T00:00", ["2026-10-03T13:00:00Z", "2026-10-04T12:00:00Z"], ("2026-10-03T16:00:00Z", 60)),
        ("Asia/Kolkata", "2026-03-28T12:00", ["2026-03-28T17:30:00Z", "2026-03-29T17:30:00Z"], None),
        ("UTC", "2026-03-28T23:00", ["2026-03-29T23:00:00Z", "2026-03-30T23:00:00Z"], None),
    ],
)  # fmt: skip
def test_next_runs_and_the_next_change(zone: str, now: str, runs: list[str], change: tuple[str, int] | None) -> None:
    (clock,) = policy_clocks([a_policy(schedule=a_schedule(zone))], at(now))
    document = clock.document()
    assert document["policy"] == "policy/rsv/daily"
    assert (document["timeZone"], document["daylightSaving"]) == (zone, "follow")
    assert document["nextRuns"] == [
        {"utc": run, "local": local.local.isoformat()} for run, local in zip(runs, clock.runs, strict=True)
    ]
    assert all(run.local.strftime("%H:%M") == "23:00" for run in clock.runs)
    assert document["nextChange"] == (None if change is None else {"at": change[0], "shiftMinutes": change[1]})


@pytest.mark.parametrize(
    ("zone", "saving", "now", "told"),
    [
        ("UTC", "fixed", "2026-11-22T12:00", "next runs: policy/rsv/daily  2026-11-22 23:00 UTC, 2026-11-23 23:00 UTC\n\n"),
        ("Europe/Madrid", "follow", "2026-11-22T12:00",
         "next runs: policy/rsv/daily  2026-11-22 22:00 UTC (Sun 23:00 Europe/Madrid), "
         "2026-11-23 22:00 UTC (Mon 23:00 Europe/Madrid)\n"
         "  clocks go forward by 60 min on 2027-03-28 01:00 UTC; drift then asks for the shift that keeps 23:00\n\n"),
        ("Europe/Madrid", "fixed", "2026-10-24T12:00",
         "next runs: policy/rsv/daily  2026-10-24 21:00 UTC (Sat 23:00 Europe/Madrid), "
         "2026-10-25 21:00 UTC (Sun 22:00 Europe/Madrid)\n"
         "  clocks go back by 60 min on 2026-10-25 01:00 UTC; Azure does not follow, so runs are then 60 min earlier on the clock\n\n"),
    ],
)  # fmt: skip
def test_what_people_read(zone: str, saving: Literal["fixed", "follow"], now: str, told: str) -> None:
    clocks = policy_clocks([a_policy(schedule=a_schedule(zone, saving))], at(now))
    assert render(clock_lines(clocks), color=False) == told


def test_policies_in_the_order_of_their_addresses_and_only_so_many() -> None:
    many = [a_policy(f"p{number:02}") for number in range(POLICIES_SHOWN + 3)]
    clocks = policy_clocks(reversed(many), at("2026-11-22T12:00"))
    assert [clock.address for clock in clocks] == [f"policy/rsv/{policy.name}" for policy in many]
    short, whole = (render(clock_lines(clocks, verbose=verbose), color=False) for verbose in (False, True))
    assert "… 3 more policies; -v lists them" in short
    assert short.count("next runs: ") == POLICIES_SHOWN
    assert whole.count("next runs: ") == len(many)


def test_without_policies_and_for_an_unknown_zone_there_is_nothing_to_say() -> None:
    assert list(clock_lines(())) == []
    assert policy_clocks([a_policy(schedule=a_schedule("Nowhere/At_All"))], at("2026-11-22T12:00")) == ()
