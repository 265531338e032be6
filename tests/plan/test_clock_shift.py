"""The first drift run after a clock change proposes the shift of the policies that follow it, and only that."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

import pytest

from reconciler.core.clock_changes import next_clock_change
from reconciler.core.desired import DesiredPolicy, Schedule
from reconciler.kinds import KINDS
from reconciler.kinds.policy_wire import wanted_form, wire_body
from reconciler.plan import make_plan
from tests.support.desired import VAULT, a_policy, a_spec, a_vault, an_enhanced, an_estate, live_item, protect
from tests.support.service import land, normalised_policy
from tests.support.wire import policy_body

# Noon of the day of each change, so that the clocks have been changed, and the shift that keeps 10:00 in UTC.
CHANGES = [
    ("Europe/Madrid", "2026-03-29", "09:00", "08:00"),
    ("Europe/Madrid", "2026-10-25", "08:00", "09:00"),
    ("Europe/Madrid", "2027-03-28", "09:00", "08:00"),
    ("Europe/Madrid", "2027-10-31", "08:00", "09:00"),
    ("America/New_York", "2026-03-08", "15:00", "14:00"),
    ("America/New_York", "2026-11-01", "14:00", "15:00"),
    ("America/New_York", "2027-03-14", "15:00", "14:00"),
    ("America/New_York", "2027-11-07", "14:00", "15:00"),
    ("Australia/Sydney", "2026-04-05", "23:00", "00:00"),
    ("Australia/Sydney", "2026-10-04", "00:00", "23:00"),
]


def following(zone: str, saving: Literal["fixed", "follow"] = "follow") -> DesiredPolicy:
    return a_policy(schedule=Schedule("Daily", "10:00", zone, saving))


def steps_on(policy: DesiredPolicy, written: datetime, now: datetime) -> list[tuple[str, str, object, object]]:
    """What a plan at one moment asks for after an apply at another; and that applying it leaves nothing."""
    survey = an_estate()
    sent = wire_body(wanted_form(policy, written), {})["properties"]
    assert isinstance(sent, dict)
    survey.policy_bodies[VAULT.key, policy.name] = policy_body(VAULT, policy.name, normalised_policy(sent, 1))
    live_item(survey, policy=policy.name)
    survey.now = now
    spec = a_spec(protect(policy=policy.name), policies=(policy,), vaults=(replace(a_vault(), tags=None),))
    steps = make_plan(spec, survey, KINDS).steps
    for step in steps:
        land(survey, step.write)
    assert make_plan(spec, survey, KINDS).steps == ()
    return [(step.address, change.path, change.before, change.after) for step in steps for change in step.changes]


def noon(day: str, zone: str) -> datetime:
    return datetime.fromisoformat(f"{day}T12:00").replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


@pytest.mark.parametrize(("zone", "day", "before", "after"), CHANGES)
def test_the_shift_and_only_that(zone: str, day: str, before: str, after: str) -> None:
    now = noon(day, zone)
    written = now - timedelta(days=1)
    assert steps_on(following(zone), written, now) == [("policy/rsv/daily", "schedule.at", before, after)]
    assert steps_on(following(zone), written - timedelta(days=1), written) == []
    assert steps_on(following(zone), now, now + timedelta(days=1)) == []


# The minute of the change, and a wall-clock time that the day had before it.
EARLY = [
    ("Europe/Madrid", "2027-03-28T01:00", "01:30", "00:30", "23:30"),
    ("Europe/Madrid", "2027-10-31T01:00", "02:30", "00:30", "01:30"),
    ("America/New_York", "2027-11-07T06:00", "01:30", "05:30", "06:30"),
    ("Australia/Sydney", "2027-04-03T16:00", "02:30", "15:30", "16:30"),
]


@pytest.mark.parametrize(("zone", "change", "at", "before", "after"), EARLY)
def test_a_time_before_the_change_shifts_with_the_change(
    zone: str, change: str, at: str, before: str, after: str
) -> None:
    policy = a_policy(schedule=Schedule("Daily", at, zone, "follow"))
    now = datetime.fromisoformat(change).replace(tzinfo=UTC)
    written = now - timedelta(minutes=1)
    assert steps_on(policy, written - timedelta(days=1), written) == []
    assert steps_on(policy, written, now) == [("policy/rsv/daily", "schedule.at", before, after)]
    assert steps_on(policy, now, now + timedelta(days=1)) == []


@pytest.mark.parametrize(("zone", "day", "before", "after"), CHANGES[:1])
def test_an_hourly_window_shifts_too(zone: str, day: str, before: str, after: str) -> None:
    schedule = Schedule("Hourly", "10:00", zone, "follow", interval_hours=4, window_hours=12)
    now = noon(day, zone)
    changes = steps_on(an_enhanced(schedule=schedule), now - timedelta(days=1), now)
    assert changes == [("policy/rsv/hourly", "schedule.at", before, after)]


@pytest.mark.parametrize(("zone", "day"), [(zone, day) for zone, day, *_ in CHANGES])
def test_a_fixed_policy_is_left_alone(zone: str, day: str) -> None:
    now = noon(day, zone)
    assert steps_on(following(zone, "fixed"), now - timedelta(days=1), now) == []


@pytest.mark.parametrize("zone", ["Asia/Kolkata", "UTC", "America/Sao_Paulo"])
def test_a_zone_without_changes_never_shifts(zone: str) -> None:
    now = datetime(2026, 1, 1, 12, tzinfo=UTC)
    assert next_clock_change(ZoneInfo(zone), now) is None
    for days in (87, 88, 270, 300, 365):
        assert steps_on(following(zone), now, now + timedelta(days=days)) == []
