"""What a fresh assessment means for a planned step."""

from dataclasses import replace
from typing import Any

import pytest

from reconciler.apply.judge import judge
from reconciler.core.canonical import digest
from reconciler.core.kind import Assessment
from reconciler.core.plan import Action, Change, Finding, Step, Write
from tests.apply.toy import VAULT

BLOCKING = Finding("P1", "blocking", "a", "what", "why", "remedy")
NOTE = replace(BLOCKING, severity="info")


def step(action: Action, *changes: tuple[str, object, object], expects: str = "as planned") -> Step:
    made = tuple(Change(path, before, after, "ITM-04") for path, before, after in changes)
    return Step("a", "item", action, made, "why", Write("item.put", VAULT), digest(expects))


PROTECT = step("create", ("state", None, "protected"), ("policy", None, "daily"))
UNDELETE = step("undelete", ("state", "softDeleted", "stopped"))
RESUME = step("resume", ("state", "stopped", "protected"), ("policy", "", "daily"))
RESUME_LATER = replace(RESUME, changes=(Change("state", "?", "protected", "ITM-04"), RESUME.changes[1]), expects="x")
RESUME_OTHER = replace(RESUME, changes=(RESUME.changes[0], Change("policy", "", "weekly", "ITM-04")))
RESUME_WORSE = replace(RESUME, changes=(RESUME.changes[0], Change("policy", "", "daily", "ITM-12D")))
MOVE = step("update", ("policy", "weekly", "daily"))
NEW = step("create", ("disks", None, {"include": [0, 1], "mode": "some"}))
FIX = step("update", ("disks.include", [0], [0, 1]))
UNRELATED = step("update", ("tags", None, "x"))

CASES: list[tuple[str, Step, Assessment, str]] = [
    ("nothing left", PROTECT, Assessment(), "landed"),
    ("the same", PROTECT, Assessment((PROTECT,)), "ready"),
    ("needs and reason may be told otherwise", PROTECT, Assessment((replace(PROTECT, needs=("x",)),)), "ready"),
    ("same change, other fields have moved", MOVE, Assessment((replace(MOVE, expects="other"),)), "changed"),
    ("same end, from another value", MOVE, Assessment((step("update", ("policy", "hourly", "daily")),)), "changed"),
    ("created meanwhile with another value", PROTECT, Assessment((MOVE,)), "changed"),
    ("soft-deleted meanwhile", PROTECT, Assessment((UNDELETE, RESUME)), "changed"),
    ("a step in front of it", RESUME, Assessment((UNDELETE, RESUME)), "changed"),
    ("one field of a created object is missing", NEW, Assessment((FIX,)), "changed"),
    ("something else is left", PROTECT, Assessment((UNRELATED,)), "landed"),
    ("blocked", PROTECT, Assessment((), (BLOCKING,)), "changed"),
    ("blocked, and still the same", PROTECT, Assessment((PROTECT,), (BLOCKING,)), "changed"),
    ("a note", PROTECT, Assessment((), (NOTE,)), "landed"),
    ("busy", PROTECT, Assessment((PROTECT,), busy="job"), "busy"),
    ("busy, nothing left", PROTECT, Assessment(busy="job"), "busy"),
    ("busy and blocked", PROTECT, Assessment((), (BLOCKING,), "job"), "busy"),
]


@pytest.mark.parametrize(
    ("planned", "assessment", "state"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_verdicts(planned: Step, assessment: Assessment, state: str) -> None:
    assert judge(planned, assessment, follows=False, later=()).state == state


FOLLOWING: list[tuple[str, Step, Step, bool, str]] = [
    ("first of its address: values before count", RESUME, RESUME_LATER, False, "changed"),
    ("after an earlier step they do not", RESUME, RESUME_LATER, True, "ready"),
    ("but the wanted values do", RESUME, RESUME_OTHER, True, "changed"),
    ("and the effects", RESUME, RESUME_WORSE, True, "changed"),
]


@pytest.mark.parametrize(
    ("planned", "fresh", "follows", "state"), [c[1:] for c in FOLLOWING], ids=[c[0] for c in FOLLOWING]
)
def test_what_an_earlier_step_of_the_plan_has_moved(planned: Step, fresh: Step, follows: bool, state: str) -> None:
    assert judge(planned, Assessment((fresh,)), follows=follows, later=()).state == state


def test_later_steps_of_the_plan_are_expected_to_be_left() -> None:
    """Climbing from 0 over 1 to 1 again by another field: the later step wants a value that the first has set too."""
    first = step("update", ("mode", "off", "on"))
    later = step("update", ("mode", "off", "on"), ("lock", "no", "yes"))
    planned: dict[str, Any] = {"assessment": Assessment((later,)), "follows": False}
    assert judge(first, **planned, later=()).state == "changed"
    assert judge(first, **planned, later=(later,)).state == "landed"


def test_gone_means_nothing_is_left_to_send_though_something_runs() -> None:
    assert judge(PROTECT, Assessment(busy="job"), follows=False, later=()).gone
    assert not judge(PROTECT, Assessment((PROTECT,), busy="job"), follows=False, later=()).gone
    assert not judge(PROTECT, Assessment((), (BLOCKING,), "job"), follows=False, later=()).gone
