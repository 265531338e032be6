"""Plans, outcomes and problems to be printed, made by hand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.apply import Outcome, Status, StepResult
from reconciler.core.canonical import digest
from reconciler.core.errors import Problem
from reconciler.core.ids import VaultRef
from reconciler.core.plan import Action, Change, Finding, Plan, Severity, Step, Write

VAULT = VaultRef.of("0b1f6471-1bf0-4dda-aec3-cb9272f09590", "rg-backup", "rsv")


def a_step(address: str, action: Action = "create", *changes: Change, why: str = "it is not there") -> Step:
    return Step(
        address=address,
        kind=address.split("/", maxsplit=1)[0],
        action=action,
        changes=changes or (Change("policy", None, "daily", "ITM-01"),),
        why=why,
        write=Write("item.put", VAULT),
        expects=digest(address),
    )


def a_finding(address: str, severity: Severity = "warning", **parts: str) -> Finding:
    words = {"code": "P300", "what": "the VM is gone", "why": "nobody can back it up", "remedy": "write state: stopped"}
    words |= parts
    return Finding(
        words["code"], severity, address, words["what"], words["why"], words["remedy"], words.get("where", "")
    )


def a_plan(*steps: Step, findings: tuple[Finding, ...] = (), blocked: Mapping[str, str] | None = None) -> Plan:
    return Plan(steps, findings, digest("spec"), blocked or {})


def a_problem(code: str = "E101", where: str = "spec.yaml:3:7", **parts: str) -> Problem:
    words = {"what": "the name is wrong", "why": "names have letters only", "remedy": "write another"}
    return Problem(code, where, **{**words, **parts})


def an_outcome(*results: tuple[Step, Status], **parts: Any) -> Outcome:
    failed = a_problem("A101", "vm-web", what="Azure refused it")
    return Outcome(
        tuple(
            StepResult(step, status, failed if status == "failed" else None, seconds=75.4) for step, status in results
        ),
        **{"seconds": 80.0, **parts},
    )


MIXED = a_plan(
    a_step("vault/rsv", "create", Change("location", None, "westeurope", "VLT-01"), why="there is no vault rsv"),
    a_step("policy/rsv/daily", "update", Change("retain.daily", 30, 14, "POL-07"), why="the policy differs"),
    a_step("protected_vm/rsv/rg-app/web", "resume", Change("state", "Stopped", "Protected", "ITM-12"), why="stopped"),
    a_step("protected_vm/old/rg-app/legacy", "stop", Change("state", "Protected", "Stopped", "ITM-08"), why="unwanted"),
    a_step("initial_backup/rsv/rg-app/web", "trigger", Change("backup", None, 30, "ITM-18"), why="no point yet"),
    findings=(
        a_finding("protected_vm/rsv/rg-app/gone", "blocking", where="spec.yaml:9:9"),
        a_finding("protected_vm/rsv/rg-app/other", "info", code="P400", what="nobody wants it\nor so"),
    ),
    blocked={
        "protected_vm/rsv/rg-app/gone": "protected_vm/rsv/rg-app/gone",
        "initial_backup/rsv/rg-app/gone": "protected_vm/rsv/rg-app/gone",
    },
)
