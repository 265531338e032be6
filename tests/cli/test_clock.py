"""`plan` and `drift` around clock changes, over a sandbox."""

from __future__ import annotations

import json

import pytest

from tests.cli.command import SPEC, Desk

FOLLOWS = SPEC.replace('at: "23:00"}', 'at: "23:00", timeZone: Europe/Madrid, daylightSaving: follow}')


@pytest.fixture(autouse=True)
def applied(desk: Desk) -> None:
    desk.write_spec(FOLLOWS)
    assert desk.run("apply", "--auto-approve").code == 0


def test_plan_shows_the_next_runs_and_the_next_change(desk: Desk) -> None:
    answer = desk.run("plan", "--now", "2026-11-22T12:00:00Z")
    assert answer.out.startswith("target: ")
    told, _, rest = answer.out.partition(
        "\nnext runs: policy/rsv/daily  2026-11-22 22:00 UTC (Sun 23:00 Europe/Madrid), "
    )
    assert "clocks go forward by 60 min on 2027-03-28 01:00 UTC" in rest
    assert rest.index("clocks go forward") < rest.index("No changes."), told
    document = desk.run("plan", "--format", "json", "--now", "2026-11-22T12:00:00Z").document
    assert document["clock"] == [
        {
            "policy": "policy/rsv/daily",
            "timeZone": "Europe/Madrid",
            "daylightSaving": "follow",
            "nextRuns": [
                {"utc": "2026-11-22T22:00:00Z", "local": "2026-11-22T23:00:00+01:00"},
                {"utc": "2026-11-23T22:00:00Z", "local": "2026-11-23T23:00:00+01:00"},
            ],
            "nextChange": {"at": "2027-03-28T01:00:00Z", "shiftMinutes": 60},
        }
    ]


@pytest.mark.parametrize(("now", "shifts"), [("2027-03-27T12:00:00Z", 0), ("2027-03-28T12:00:00Z", 1)])
def test_drift_asks_for_the_shift_once_the_clocks_have_changed(desk: Desk, now: str, shifts: int) -> None:
    document = desk.run("drift", "--format", "json", "--now", now).document
    found = [(step["address"], [change["path"] for change in step["changes"]]) for step in document["steps"]]
    assert found == [("policy/rsv/daily", ["schedule.at"])] * shifts


def test_a_saved_plan_holds_though_its_next_runs_have_moved_on(desk: Desk) -> None:
    desk.write_spec(FOLLOWS.replace("daily: 30}", "daily: 60}"))
    desk.run("plan", "--out", "plan.json", "--now", "2026-11-22T12:00:00Z")
    saved = json.loads((desk.folder / "plan.json").read_text(encoding="utf-8"))
    assert saved["clock"][0]["nextRuns"][0]["utc"] == "2026-11-22T22:00:00Z"
    answer = desk.run("apply", "--auto-approve", "--plan", "plan.json", "--now", "2026-11-24T12:00:00Z")
    assert answer.code == 0, answer
