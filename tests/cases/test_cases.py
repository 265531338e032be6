"""Every case of this folder: spec and live state in, steps and findings out."""

from __future__ import annotations

import pytest

from reconciler.kinds import THOROUGH_KINDS as KINDS
from reconciler.plan import make_plan
from tests.support.cases import Case, Data, as_far_as_said, cases, found
from tests.support.landing import land_plan

CASES = cases()
NOTHING: Data = {"steps": [], "findings": [], "blocked": {}, "writes": None}


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_case(case: Case) -> None:
    result = found(make_plan(case.spec, case.survey(), KINDS))
    expected = NOTHING | case.expect
    assert as_far_as_said(result, expected) == expected


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_nothing_is_left_once_the_steps_of_a_case_have_landed(case: Case) -> None:
    survey = case.survey()
    first = make_plan(case.spec, survey, KINDS)
    judged = [(step.address, verdict.state) for step, verdict in land_plan(first, case.spec, survey)]
    assert {state for _, state in judged} <= {"ready", "landed"}
    again = make_plan(case.spec, survey, KINDS)
    assert [step.address for step in again.steps if step.address not in first.blocked] == []


def test_names_tell_cases_apart() -> None:
    names = [case.name for case in CASES]
    assert sorted(set(names)) == sorted(names)
