"""Timestamps of the service, and the longest gap that a schedule leaves."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from reconciler.core.schedule import longest_gap_hours
from reconciler.core.times import moment


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-09-09T08:00:00Z", datetime(2026, 9, 9, 8, tzinfo=UTC)),
        ("2026-09-09T08:00:00+00:00", datetime(2026, 9, 9, 8, tzinfo=UTC)),
        ("2026-09-09T08:00:00.000Z", datetime(2026, 9, 9, 8, tzinfo=UTC)),
        ("2026-09-09T10:00:00.5+02:00", datetime(2026, 9, 9, 8, 0, 0, 500_000, tzinfo=UTC)),
        ("2025-02-02T23:07:05.3710625Z", datetime(2025, 2, 2, 23, 7, 5, 371_062, tzinfo=UTC)),
        ("0001-01-01T00:00:00", datetime(1, 1, 1, tzinfo=UTC)),
        ("0001-01-01T00:00:00+02:00", None),
        ("9999-12-31T23:59:59-05:00", None),
        ("", None),
        ("soon", None),
        ("2026-13-01T00:00:00Z", None),
    ],
)
def test_moments(text: str, expected: datetime | None) -> None:
    assert moment(text) == expected


def _hourly(interval: object, window: object) -> dict[str, Any]:
    return {
        "scheduleRunFrequency": "Hourly",
        "hourlySchedule": {"interval": interval, "scheduleWindowDuration": window},
    }


def _weekly(*days: str, enhanced: bool = False) -> dict[str, Any]:
    runs = {"scheduleRunDays": list(days)}
    return {"scheduleRunFrequency": "Weekly", **({"weeklySchedule": runs} if enhanced else runs)}


@pytest.mark.parametrize(
    ("schedule", "hours"),
    [
        ({"scheduleRunFrequency": "Daily"}, 24),
        (_hourly(4, 12), 12),  # 08, 12, 16, 20: then the night
        (_hourly(4, 24), 4),
        (_hourly(6, 24), 6),
        (_hourly(8, 16), 8),
        (_hourly(12, 12), 12),
        (_hourly(4, 4), 20),
        (_hourly(24, 24), 24),
        (_hourly(4, None), None),
        (_hourly(None, 12), None),
        (_weekly("Sunday"), 168),
        (_weekly("Monday", "Thursday"), 96),
        (_weekly("Saturday", "sunday", enhanced=True), 144),
        (_weekly("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"), 24),
        (_weekly(), None),
        (_weekly("Someday"), None),
        ({"scheduleRunFrequency": "Monthly"}, None),
        ({}, None),
    ],
)
def test_longest_gap(schedule: dict[str, Any], hours: int | None) -> None:
    assert longest_gap_hours({"schedulePolicy": schedule}) == hours
