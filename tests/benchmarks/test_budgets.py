"""Budgets in requests (design, section 7): cost follows the pages of an estate, not its items."""

from __future__ import annotations

import pytest

from reconciler.preflight.questions import FEWEST_QUESTIONS
from tests.benchmarks.guests import GuestEstate
from tests.benchmarks.plan_without_changes import planned_once


@pytest.mark.parametrize(("vms", "vaults", "budget"), [(10, 1, 10), (1_000, 1, 20), (10_000, 10, 150)])
def test_a_plan_without_changes_stays_within_its_budget_of_requests(vms: int, vaults: int, budget: int) -> None:
    estate = planned_once(vms, vaults, 5)
    assert estate.steps == 0
    assert estate.requests <= budget


def test_guests_cost_pages_and_a_bounded_number_of_questions() -> None:
    """A thousand interfaces and agents; run commands come from one list, and only so many that it lacks are asked for one by one."""
    estate = GuestEstate(1_000)
    assert estate.preflight() <= 40 - FEWEST_QUESTIONS  # of which nothing took one here
    estate.run_commands()
    requests, steps = estate.plan()
    assert steps == 0
    assert requests <= 20
