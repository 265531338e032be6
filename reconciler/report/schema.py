"""The JSON Schema of what `plan` and `drift` print with `--format json`, and of saved plans."""

from __future__ import annotations

from collections.abc import Iterable
from typing import get_args

from reconciler.core.plan import Action, Severity
from reconciler.core.taxonomy import StepClass

_CLASSES = [step_class.word for step_class in StepClass]
_DIGEST: dict[str, object] = {"type": "string", "pattern": "^(sha256:)?[0-9a-f]{64}$"}
_COUNT: dict[str, object] = {"type": "integer", "minimum": 0}


def plan_schema() -> dict[str, object]:
    """Draft 2020-12; fixed for `formatVersion` "1"."""
    properties: dict[str, object] = {
        "formatVersion": {"const": "1"},
        "target": {
            "type": "object",
            "description": "Where the plan was made: Azure with its endpoint, or a sandbox with its file.",
            "required": ["kind"],
            "properties": {"kind": {"enum": ["azure", "sandbox"]}},
        },
        "specDigest": {**_DIGEST, "description": "Of the meaning of the spec: comments and order don't count."},
        "summary": _object(
            "How many steps and findings.",
            steps=_COUNT,
            byAction=_counts(get_args(Action)),
            byClass=_counts(_CLASSES),
            findings=_counts(get_args(Severity)),
        ),
        "steps": {"type": "array", "items": _step(), "description": "In an order in which they can be done."},
        "findings": {"type": "array", "items": _finding()},
        "blocked": {
            "type": "object",
            "description": "Addresses that can't be worked on, each with the address of the finding in its way.",
            "additionalProperties": {"type": "string"},
        },
        "createdAt": {"type": "string", "format": "date-time"},
        "clock": {"type": "array", "items": _clock()},
        "requests": {
            "type": "object",
            "description": "Requests that were sent to make the plan, by method.",
            "additionalProperties": _COUNT,
        },
        "digest": {**_DIGEST, "description": "Seal of a plan; absent from drift, which is not to be applied."},
        "drifted": {"type": "boolean", "description": "Only in the answer of drift."},
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:azbackup:plan:v1",
        "title": "azbackup plan",
        "description": "What plan and drift print with --format json, and what plan --out saves.",
        "type": "object",
        "properties": properties,
        "required": [name for name in properties if name not in ("digest", "drifted")],
        "additionalProperties": False,
    }


def _step() -> dict[str, object]:
    change = _object(
        "One compared field; null stands for absent.",
        path={"type": "string"},
        before={},
        after={},
        effect={"type": "string", "description": "Code of what the change does to recoverability."},
        **{"class": {"enum": _CLASSES}},
    )
    return _object(
        "One change of one thing, made with one request.",
        address={"type": "string", "examples": ["policy/rsv-prod-weu/daily-2300"]},
        kind={"type": "string"},
        action={"enum": list(get_args(Action))},
        changes={"type": "array", "items": change},
        why={"type": "string"},
        needs={"type": "array", "items": {"type": "string"}, "description": "Addresses that must be done first."},
        expects={**_DIGEST, "description": "Of the live fields that the step was derived from."},
        **{"class": {"enum": _CLASSES}},
    )


def _clock() -> dict[str, object]:
    moment: dict[str, object] = {"type": "string", "format": "date-time"}
    run = _object("The same moment twice.", utc=moment, local=moment)
    change = _object(
        "When the zone's offset changes, and by how much clocks go forward.",
        at=moment,
        shiftMinutes={"type": "integer"},
    )
    return _object(
        "When a policy of the spec runs next.",
        policy={"type": "string", "examples": ["policy/rsv-prod-weu/daily-2300"]},
        timeZone={"type": "string"},
        daylightSaving={"enum": ["fixed", "follow"]},
        nextRuns={"type": "array", "items": run},
        nextChange={"anyOf": [change, {"type": "null"}]},
    )


def _finding() -> dict[str, object]:
    text = {"type": "string"}
    return _object(
        "What a plan says beside its steps.",
        code=text,
        severity={"enum": list(get_args(Severity))},
        address=text,
        where={**text, "description": "file:line:column of the entry it speaks of, or empty."},
        what=text,
        why=text,
        remedy=text,
    )


def _object(description: str, **properties: object) -> dict[str, object]:
    return {
        "type": "object",
        "description": description,
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _counts(names: Iterable[str]) -> dict[str, object]:
    return {"type": "object", "propertyNames": {"enum": list(names)}, "additionalProperties": _COUNT}
