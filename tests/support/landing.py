"""Applies a plan to a survey as the executor does: each step is judged again by a fresh look just before its write lands."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from reconciler.apply.judge import Verdict, judge
from reconciler.core.desired import Spec
from reconciler.core.plan import Plan, Step
from reconciler.kinds import KINDS
from reconciler.plan import entries_by_address
from tests.support.fake_survey import FakeSurvey
from tests.support.service import land


def land_plan(plan: Plan, spec: Spec, survey: FakeSurvey) -> Iterator[tuple[Step, Verdict]]:
    """Every step with what the look before it said; what runs at the moment is taken to have ended."""
    entries = entries_by_address(spec, survey, KINDS)
    for index, step in enumerate(plan.steps):
        kind, entry = entries[step.address]
        assessment = replace(kind.assess(entry, survey), busy="")
        follows = any(each.address == step.address for each in plan.steps[:index])
        later = [each for each in plan.steps[index + 1 :] if each.address == step.address]
        verdict = judge(step, assessment, follows=follows, later=later)
        if verdict.fresh is not None:
            land(survey, verdict.fresh.write)
        yield step, verdict
