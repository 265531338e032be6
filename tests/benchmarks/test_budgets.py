"""Budgets in requests (design, section 7): cost follows the pages of an estate, not its items."""

from __future__ import annotations

import pytest

from reconciler.cloud.run_commands import MOST_ASKED_DIRECTLY
from tests.benchmarks.guests import measured
from tests.benchmarks.plan_without_changes import planned_once


@pytest.mark.parametrize(("vms", "vaults", "budget"), [(10, 1, 10), (1_000, 1, 20), (10_000, 10, 150)])
def test_a_plan_without_changes_stays_within_its_budget_of_requests(vms: int, vaults: int, budget: int) -> None:
    estate = planned_once(vms, vaults, 5)
    assert estate.steps == 0
    assert estate.requests <= budget


def test_guests_cost_pages_and_a_bounded_number_of_questions() -> None:
    """One list has the run commands of all VMs; without them, only so many are asked for one by one."""
    before, after = measured(1_000)
    assert before.steps > 1_000
    assert before.plan_requests <= 20 + MOST_ASKED_DIRECTLY
    assert before.preflight_requests <= 40 + MOST_ASKED_DIRECTLY
    assert after.steps == 0
    assert after.plan_requests <= 20
    assert after.preflight_requests <= 40
