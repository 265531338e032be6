"""Saved plans: the JSON document of a plan, and its check against a fresh one.

A saved plan is a claim, never trusted: nothing in it is executed. It is derived again, and what runs is the fresh
plan, if that is what the document says or the rest of it.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime

from reconciler.core.canonical import digest
from reconciler.core.errors import Problem, StalePlanError
from reconciler.core.plan import Plan, Step
from reconciler.core.wire import dig_list, dig_text

FORMAT_VERSION = "1"
_UNSEALED = ("createdAt", "requests", "clock", "digest")  # what moves from run to run, and decides nothing


def document(
    plan: Plan, *, target: Mapping[str, object], requests: Mapping[str, int], now: datetime
) -> dict[str, object]:
    """The plan as `--format json` prints it and `--out` saves it. `requests` counts what was sent, by method."""
    body: dict[str, object] = {
        "formatVersion": FORMAT_VERSION,
        "target": dict(target),
        "specDigest": plan.spec_digest,
        "summary": {
            "steps": len(plan.steps),
            "byAction": plan.counts_by_action(),
            "byClass": plan.counts_by_class(),
            "findings": _by_severity(plan),
        },
        "steps": [step.document() for step in plan.steps],
        "findings": [finding.document() for finding in plan.findings],
        "blocked": dict(plan.blocked),
    }
    return {
        **body,
        "createdAt": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "requests": dict(sorted(requests.items())),
        "digest": _seal(body),
    }


def verify(text: str, fresh: Plan, target: Mapping[str, object]) -> Mapping[str, int]:
    """Returns when `fresh` is what the document says, or the rest of it after some of its steps have landed: how many steps
    of each class the document has, by the word for the class.

    Raises `StalePlanError` with everything that differs: a document of another format or altered since it was written,
    another target or spec, steps that are new, changed, or now blocked.
    """
    saved = _parse(text)
    if saved.get("formatVersion") != FORMAT_VERSION:
        raise StalePlanError(_stale(f"format version {saved.get('formatVersion')!r}, expected {FORMAT_VERSION!r}"))
    body = {key: saved[key] for key in saved if key not in _UNSEALED}
    if saved.get("digest") != _seal(body):
        raise StalePlanError(_stale("the document was altered after it was written: its digest does not fit"))
    problems = [
        *_differs("target", saved.get("target"), json.loads(json.dumps(target))),
        *_differs("specDigest", saved.get("specDigest"), fresh.spec_digest),
        *_step_differences(saved.get("steps"), saved.get("findings"), fresh),
    ]
    if problems:
        raise StalePlanError(*problems)
    return Counter(dig_text(step, "class") for step in dig_list(saved, "steps"))


def _step_differences(saved: object, findings: object, fresh: Plan) -> list[Problem]:
    documents = saved if isinstance(saved, list) else []
    claimed = {_essence(each) for each in documents if isinstance(each, dict)}
    problems = [
        _stale(f"{step.action} {step.address} is {_how_new(step, documents)}", step.address)
        for step in fresh.steps
        if _essence(step.document()) not in claimed
    ]
    left, blocked = {_essence(step.document()) for step in fresh.steps}, _blocked(findings, fresh)
    for each in documents:
        address = str(each.get("address")) if isinstance(each, dict) else ""
        if address in blocked and _essence(each) not in left:
            problems.append(_stale(f"{address} is now blocked by {blocked[address]}", address))
    return problems


def _blocked(findings: object, fresh: Plan) -> dict[str, str]:
    """What keeps an address from running, by address: a blocking finding that the saved plan hasn't got, or another address."""
    documents = findings if isinstance(findings, list) else []
    known = {(each.get("address"), each.get("code")) for each in documents if isinstance(each, dict)}
    new = (each for each in fresh.findings if each.severity == "blocking" and (each.address, each.code) not in known)
    return {each.address: f"{each.code}: {each.what}" for each in new} | dict(fresh.blocked)


def _how_new(step: Step, documents: Sequence[object]) -> str:
    same = [each for each in documents if isinstance(each, dict) and each.get("address") == step.address]
    if not same:
        return "not in the saved plan"
    paths = ", ".join(change.path for change in step.changes)
    return f"no longer what the saved plan says: the live values of {paths} have moved"


def _essence(step: Mapping[str, object]) -> str:
    """What makes two steps the same; needs and wording follow from the rest of a plan, not from the step."""
    return digest([step.get(key) for key in ("address", "kind", "action", "class", "changes", "expects")])


def _by_severity(plan: Plan) -> dict[str, int]:
    counts: dict[str, int] = {}
    for finding in plan.findings:
        counts[finding.severity] = counts.get(finding.severity, 0) + 1
    return dict(sorted(counts.items()))


def _seal(body: Mapping[str, object]) -> str:
    return digest(json.loads(json.dumps(body)))


def _parse(text: str) -> dict[str, object]:
    try:
        saved = json.loads(text, object_pairs_hook=_no_duplicates, parse_constant=_no_constant, parse_int=_short_int)
    except (ValueError, RecursionError) as error:
        raise StalePlanError(_stale(f"the document is not a plan: {error}")) from None
    if not isinstance(saved, dict):
        raise StalePlanError(_stale("the document is not a plan: it is no JSON object"))
    return saved


def _no_duplicates(pairs: list[tuple[str, object]]) -> dict[str, object]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return result


def _no_constant(word: str) -> object:
    raise ValueError(f"{word} is not JSON")


def _short_int(digits: str) -> int:
    if len(digits) > 18:
        raise ValueError("a number is too long")
    return int(digits)


def _differs(what: str, saved: object, fresh: object) -> list[Problem]:
    return [] if saved == fresh else [_stale(f"{what} is {fresh}, the saved plan says {saved}", what)]


def _stale(what: str, where: str = "the saved plan") -> Problem:
    return Problem(
        code="C511",
        where=where,
        what=what,
        why="a saved plan runs only if a plan made now says the same, or what is left of the same",
        remedy="run plan again, read it, and apply the new one",
    )
