"""The table of effects against the taxonomy that it is taken from, and what steps make of it."""

from __future__ import annotations

import pytest

from reconciler.core.errors import ConsentError, ExitCode, Place, Problem, ReconcilerError, StalePlanError
from reconciler.core.plan import Change, Finding, Plan, Step, Write
from reconciler.core.taxonomy import EFFECTS, UNKNOWN, StepClass, class_of, effect_of
from tests.support.desired import VAULT

CLASSES = {
    "safe": "VLT-01 VLT-02 VLT-08 VLT-14 POL-01 ITM-01 ITM-11 ITM-12",
    "disruptive": "VLT-06 VLT-18 POL-02 POL-03 POL-04 POL-06 POL-09 POL-11 POL-12 ITM-04 ITM-14 ITM-18 NET-01 NET-09",
    "weakening": "VLT-07 VLT-11 VLT-12 VLT-12R VLT-15 VLT-19 POL-05 POL-08 POL-09C ITM-06 ITM-08 ITM-13 "
    "NET-02 NET-03I NET-04 GST-02",
    "irreversible": "VLT-10 VLT-13 VLT-17 VLT-20 POL-10",
    "destructive": "POL-07 ITM-05 ITM-10 ITM-12D",
}


def test_every_effect_has_the_class_of_the_taxonomy() -> None:
    expected = {code: word for word, codes in CLASSES.items() for code in codes.split()}
    assert {code: effect.step_class.word for code, effect in EFFECTS.items()} == expected
    assert all(effect.meaning for effect in EFFECTS.values())


def test_what_the_table_does_not_know_is_weakening() -> None:
    assert effect_of("VLT-99") is UNKNOWN
    assert class_of(["VLT-99", "VLT-01"]) is StepClass.WEAKENING
    assert class_of([]) is StepClass.WEAKENING


def test_the_most_careful_class_counts() -> None:
    assert class_of(["ITM-12", "ITM-12D", "POL-10"]) is StepClass.DESTRUCTIVE
    assert class_of(["POL-10", "POL-05"]) is StepClass.IRREVERSIBLE
    assert class_of(["VLT-02"]) is StepClass.SAFE


@pytest.mark.parametrize(
    ("step_class", "allowance", "consent"),
    [
        (StepClass.SAFE, False, False),
        (StepClass.DISRUPTIVE, False, False),
        (StepClass.WEAKENING, True, False),
        (StepClass.IRREVERSIBLE, True, True),
        (StepClass.DESTRUCTIVE, True, True),
    ],
)
def test_what_each_class_needs(step_class: StepClass, allowance: bool, consent: bool) -> None:
    assert (step_class.needs_allowance, step_class.needs_consent) == (allowance, consent)


def _step(address: str, effect: str, **write: object) -> Step:
    change = Change("x", 1, 2, effect)
    body = Write("vault.update", VAULT, dict(write))
    return Step(address, "vault", "update", (change,), "because", body, "sha256:e", ("vault/rsv",))


def test_the_identity_of_a_step_is_what_it_changes_and_from_what() -> None:
    step = _step("vault/rsv", "VLT-02", expiry="today")
    assert step.identity == _step("vault/rsv", "VLT-02", expiry="tomorrow").identity
    assert step.identity != _step("vault/other", "VLT-02").identity
    assert step.identity != _step("vault/rsv", "VLT-07").identity
    assert step.document()["class"] == "safe"
    assert step.document()["needs"] == ["vault/rsv"]


def test_a_plan_counts_its_steps_and_knows_that_it_is_blocked() -> None:
    note = Finding("P172", "info", "vault/rsv", "what", "why", "remedy")
    plan = Plan((_step("a", "VLT-02"), _step("b", "VLT-07"), _step("c", "VLT-02")), (note,), "sha256:spec")
    assert plan.counts_by_class() == {"safe": 2, "weakening": 1}
    assert plan.counts_by_action() == {"update": 3}
    assert not plan.is_blocked
    assert Plan((), (note, Finding("P101", "blocking", "vault/rsv", "", "", "")), "").is_blocked


def test_errors_say_everything_and_carry_their_exit_code() -> None:
    problem = Problem("E101", str(Place("spec.yaml", 3, 7)), "what", "why", "remedy")
    error = ReconcilerError(problem, problem)
    assert str(error) == "\n".join(["spec.yaml:3:7: E101 what\n  why: why\n  fix: remedy"] * 2)
    assert error.problems == (problem, problem)
    assert [kind.exit_code for kind in (ReconcilerError, StalePlanError, ConsentError)] == [
        ExitCode.ERROR,
        ExitCode.STALE_PLAN,
        ExitCode.NO_CONSENT,
    ]
