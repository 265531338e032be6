"""Budgets in requests (design, section 7): cost follows the pages of an estate, not its items."""

from __future__ import annotations

import pytest

from tests.benchmarks.plan_without_changes import planned_once


@pytest.mark.parametrize(("vms", "vaults", "budget"), [(10, 1, 10), (1_000, 1, 20), (10_000, 10, 150)])
def test_a_plan_without_changes_stays_within_its_budget_of_requests(vms: int, vaults: int, budget: int) -> None:
    estate = planned_once(vms, vaults, 5)
    assert estate.steps == 0
    assert estate.requests <= budget
