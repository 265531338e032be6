"""Saved plans: claims that hold only while a fresh plan says the same, or the rest of it."""

from __future__ import annotations

import json
from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.core.canonical import digest
from reconciler.core.desired import Spec
from reconciler.core.errors import StalePlanError
from reconciler.core.plan import Finding, Plan
from reconciler.kinds import KINDS
from reconciler.plan import make_plan
from reconciler.plan.saved import document, verify
from tests.support.desired import VAULT, WEB, a_policy, a_spec, a_vault, a_vm, an_estate, live_item, protect
from tests.support.fake_survey import NOW, FakeSurvey
from tests.support.service import land

TARGET = {"kind": "sandbox", "file": "world.db"}


def _start() -> tuple[Spec, FakeSurvey]:
    """Every kind has a step, one VM is resumed after an undelete, one finding is only a note."""
    survey = an_estate(vms=(WEB, a_vm("vm-back")))
    live_item(survey, a_vm("vm-back"), "SoftDeleted")
    live_item(survey, a_vm("vm-stranger"))
    vault = a_vault(tags={"owner": "platform"}, redundancy="ZoneRedundant", immutability="Locked")
    policies = (a_policy(), a_policy("night"))
    return a_spec(protect(initial_backup_days=7), protect(a_vm("vm-back")), vaults=(vault,), policies=policies), survey


def _plan() -> Plan:
    return make_plan(*_start(), KINDS)


def _saved(plan: Plan, **changes: Any) -> str:
    return json.dumps(document(plan, target=TARGET, requests={"GET": 4}, now=NOW) | changes, indent=1)


def _resealed(changed: dict[str, Any]) -> str:
    body = {key: value for key, value in changed.items() if key not in ("createdAt", "requests", "digest")}
    return json.dumps({**changed, "digest": digest(body)})


def _stale(text: str, fresh: Plan, target: dict[str, str] | None = None) -> str:
    with pytest.raises(StalePlanError) as refused:
        verify(text, fresh, target or TARGET)
    assert all(each.code == "C511" for each in refused.value.problems)
    return "\n".join(each.what for each in refused.value.problems)


def assert_accepted(text: str, fresh: Plan) -> None:
    verify(text, fresh, TARGET)


def test_the_document_holds_what_people_and_programs_need() -> None:
    plan = _plan()
    body = json.loads(_saved(plan))
    assert body["formatVersion"] == "1"
    assert body["createdAt"] == "2026-11-22T12:00:00Z"
    assert body["requests"] == {"GET": 4}
    assert body["target"] == TARGET
    assert body["specDigest"] == "sha256:spec"
    assert body["summary"] == {
        "steps": 9,
        "byAction": {"create": 2, "resume": 1, "trigger": 1, "undelete": 1, "update": 4},
        "byClass": {"disruptive": 2, "irreversible": 1, "safe": 6},
        "findings": {"info": 1},
    }
    assert [step["address"] for step in body["steps"]] == [step.address for step in plan.steps]
    assert body["findings"][0]["code"] == "P172"


def test_a_plan_that_is_still_true_is_accepted_whenever_it_was_made() -> None:
    text = _saved(_plan(), createdAt="2020-01-01T00:00:00Z", requests={"GET": 999})
    assert_accepted(text, _plan())


def test_what_is_left_after_each_landed_step_is_accepted() -> None:
    spec, survey = _start()
    text = _saved(make_plan(spec, survey, KINDS))
    for step in make_plan(spec, survey, KINDS).steps:
        land(survey, step.write)
        left = make_plan(spec, survey, KINDS)
        assert step.identity not in {each.identity for each in left.steps}
        assert_accepted(text, left)
    assert make_plan(spec, survey, KINDS).steps == ()


def _leaves(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [leaf for key, each in children for leaf in _leaves(each, (*path, key))] or [path]


BODY = json.loads(_saved(_plan()))
SEALED = [path for path in _leaves(BODY) if path[0] not in ("createdAt", "requests")]


@pytest.mark.parametrize("path", SEALED, ids=lambda path: ".".join(map(str, path)))
def test_an_altered_field_is_refused(path: tuple[Any, ...]) -> None:
    changed = deepcopy(BODY)
    inner = changed
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = "altered"
    assert _stale(json.dumps(changed), _plan())


CLAIMS = [path for path in SEALED if path[0] in ("steps", "target", "specDigest", "formatVersion")]


@pytest.mark.parametrize("path", CLAIMS, ids=lambda path: ".".join(map(str, path)))
def test_a_claim_altered_together_with_its_digest_is_refused_by_the_fresh_plan(path: tuple[Any, ...]) -> None:
    changed = deepcopy(BODY)
    inner = changed
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = "altered"
    if path[0] == "steps" and path[2] in ("why", "needs"):
        assert_accepted(_resealed(changed), _plan())
    else:
        assert _stale(_resealed(changed), _plan())


SMALL = replace(_plan(), steps=_plan().steps[:1], findings=())


@settings(max_examples=300)
@given(st.integers(0, 10**6), st.integers(1, 255))
def test_a_flipped_byte_is_refused_or_means_nothing(position: int, flip: int) -> None:
    data = bytearray(_saved(SMALL).encode())
    data[position % len(data)] ^= flip
    text = data.decode(errors="replace")
    try:
        verify(text, SMALL, TARGET)
    except StalePlanError:
        return
    assert _claims(text) == _claims(_saved(SMALL))


def _claims(text: str) -> dict[str, Any]:
    return {key: value for key, value in json.loads(text).items() if key not in ("createdAt", "requests")}


def test_a_new_step_is_refused() -> None:
    spec, survey = _start()
    text = _saved(make_plan(spec, survey, KINDS))
    del survey.policy_bodies[VAULT.key, "daily"]
    assert _stale(text, make_plan(spec, survey, KINDS)) == "create policy/rsv/daily is not in the saved plan"


def test_a_step_from_other_live_values_is_refused() -> None:
    spec, survey = _start()
    text = _saved(make_plan(spec, survey, KINDS))
    survey.vaults[VAULT.key]["tags"] = {"owner": "somebody"}
    said = _stale(text, make_plan(spec, survey, KINDS))
    assert said == "update vault/rsv is no longer what the saved plan says: the live values of tags.owner have moved"


def test_a_step_that_is_now_blocked_is_refused() -> None:
    spec, survey = _start()
    text = _saved(make_plan(spec, survey, KINDS))
    del survey.vms[WEB.key]
    said = _stale(text, make_plan(spec, survey, KINDS))
    assert said.splitlines() == [
        "protected_vm/rsv/rg-app/vm-web is now blocked by P141: VM rg-app/vm-web does not exist",
        "initial_backup/rsv/rg-app/vm-web is now blocked by protected_vm/rsv/rg-app/vm-web",
    ]


def test_a_step_that_landed_beside_a_known_blocking_finding_is_no_difference() -> None:
    step = _plan().steps[0]
    known = Finding("P111", "blocking", step.address, "frozen", "why", "fix", alone=True)
    text = _saved(replace(_plan(), findings=(known,)))
    assert_accepted(text, replace(_plan(), steps=_plan().steps[1:], findings=(known,)))


def test_what_differs_is_said_all_at_once() -> None:
    other = replace(
        _plan(), spec_digest="sha256:other", steps=(*_plan().steps, replace(_plan().steps[0], address="x/y"))
    )
    said = _stale(_saved(_plan()), other, {"kind": "azure"})
    assert said.splitlines() == [
        "target is {'kind': 'azure'}, the saved plan says {'kind': 'sandbox', 'file': 'world.db'}",
        "specDigest is sha256:other, the saved plan says sha256:spec",
        "update x/y is not in the saved plan",
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "not a plan"),
        ("[]", "no JSON object"),
        ("{}", "format version None"),
        ('{"formatVersion": "2"}', "format version '2', expected '1'"),
        ('{"formatVersion": "1", "formatVersion": "1"}', "a key stands twice"),
        ('{"formatVersion": "1", "a": NaN}', "NaN is not JSON"),
        ('{"formatVersion": "1", "a": Infinity}', "Infinity is not JSON"),
        ('{"formatVersion": "1", "a": 1234567890123456789}', "a number is too long"),
        ('{"formatVersion": "1", "a": "\\ud800"}', "altered"),
        ('{"formatVersion": "1", "a": 1e999}', "altered"),
        ('{"formatVersion": "1", "a": ' + "[" * 100_000 + "]" * 100_000 + "}", "not a plan"),
        ('{"formatVersion": "1"}', "altered"),
        (_resealed({"formatVersion": "1", "steps": [1, {}], "target": TARGET, "specDigest": "sha256:spec"}), "is not in the saved"),
        (_resealed({"formatVersion": "1", "steps": "x", "target": TARGET, "specDigest": "sha256:spec"}), "is not in the saved"),
    ],
)  # fmt: skip
def test_what_is_no_plan_is_refused(text: str, said: str) -> None:
    assert said in _stale(text, _plan())


def test_no_depth_of_a_document_breaks_the_check() -> None:
    for depth in range(100, 1000, 10):
        nested = '{"a": ' * depth + "1" + "}" * depth
        assert _stale('{"formatVersion": "1", "x": ' + nested + "}", _plan())
