"""Azure's own check before a VM is protected (wire-facts 5.8). It is one request a VM, so only the first few are asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reconciler.core.live import Survey
from reconciler.core.plan import Finding, Plan
from reconciler.core.wire import dig_text
from reconciler.preflight.catalogue import finding
from reconciler.preflight.subject import Subject


def to_be_asked(subjects: Sequence[Subject], plan: Plan) -> list[Subject]:
    """The VMs that the plan would protect anew."""
    created = {step.address for step in plan.steps if step.action == "create"}
    return [subject for subject in subjects if subject.address in created]


def prevalidation_findings(subject: Subject, survey: Survey) -> Iterator[Finding]:
    """What Azure has against it. A vault that is not there yet can't be asked about."""
    if survey.vault(subject.vault.ref) is None:
        return
    told = survey.prevalidation(subject.vault.ref, subject.wanted.vm)
    if dig_text(told, "status").lower() != "failed":
        return
    code, message = dig_text(told, "errorCode"), dig_text(told, "errorMessage")
    remedy = dig_text(told, "recommendation")
    yield finding("F302", subject.address, f"{code}: {message}", remedy=remedy, where=subject.where)


def not_asked(asked: int, subjects: Sequence[Subject]) -> Iterator[Finding]:
    """Said once, for those beyond the first few."""
    if asked < len(subjects):
        yield finding("F303", "preflight", f"{asked} of {len(subjects)} VMs were asked about")
