"""What people see, kept as files: a change of it is seen in review."""

from __future__ import annotations

import pytest

from tests.cli.command import SPEC, Desk, assert_golden, shown

JOURNEYS = {
    "help": [
        "--help", "validate --help", "plan --help", "apply --help", "drift --help", "preflight --help",
        "explain --help", "schema --help",
        "sandbox --help", "sandbox load --help", "sandbox generate --help", "--version",
    ],
    "first_apply": ["validate", "plan --detailed-exitcode", "apply --auto-approve", "plan --detailed-exitcode", "drift"],
    "sandbox": ["sandbox show", "sandbox reset", "sandbox show --format json", "sandbox load specs/rsv.yaml"],
    "usage": ["bogus", "plan --bogus", "plan --parallelism 0", "apply --allow weakening", "plan --now yesterday",
              "plan --cloud china", "plan nothing.yaml", "sandbox show --sandbox none.db", "plan --sandbox none.db"],
    "markdown": ["validate --format markdown", "plan --format markdown", "apply --auto-approve --format markdown",
                 "drift --format markdown", "plan --format markdown nothing.yaml"],
}  # fmt: skip


@pytest.mark.parametrize("name", JOURNEYS)
def test_transcript(desk: Desk, name: str) -> None:
    assert_golden(name, shown(desk, JOURNEYS[name]), desk.folder)


def test_changes_that_need_care(desk: Desk) -> None:
    desk.run("apply", "--auto-approve")
    desk.write_spec(SPEC.replace("daily: 30", "daily: 14").replace("policy: daily}", "state: stopped}"))
    assert_golden("care", shown(desk, ["plan", "apply", "apply --auto-approve --allow weakening=2"]), desk.folder)


def test_a_plan_that_is_blocked(desk: Desk) -> None:
    desk.write_spec(
        SPEC.replace("rg-app/vm-sql", "rg-app/vm-nowhere").replace("resourceGroup: rg-backup", "resourceGroup: rg-none")
    )
    assert_golden("blocked", shown(desk, ["plan", "apply --auto-approve", "drift"]), desk.folder)


def test_a_spec_with_errors(desk: Desk) -> None:
    desk.write_spec(SPEC.replace("policy: daily}", "policy: dayly}").replace("at:", "att:"))
    assert_golden("errors", shown(desk, ["validate", "plan", "validate --format json"]), desk.folder)
