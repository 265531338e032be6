"""What concerns a whole vault: registration, room, the kind of its settings, edits that cost, guards (I.15, 16, 19, 21, 28)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator

from reconciler.core.desired import DesiredVault
from reconciler.core.errors import Unreadable
from reconciler.core.ids import parse_policy_name, parse_vm
from reconciler.core.live import Survey, Wire
from reconciler.core.plan import Finding, Plan, Step
from reconciler.core.wire import dig, dig_text
from reconciler.preflight.catalogue import finding
from reconciler.preflight.subject import Subject

MOST_VMS_OF_VAULT = 1000
MOST_VMS_OF_POLICY = 100
_UNREGISTERED = "missingsubscriptionregistration"


def vault_findings(vault: DesiredVault, subjects: Iterable[Subject], survey: Survey, plan: Plan) -> Iterator[Finding]:
    """What could not be read is not told here: the plan's findings say so already."""
    address, where = f"vault/{vault.ref.name}", str(vault.place)
    try:
        body = survey.vault(vault.ref)
        items = tuple(survey.items(vault.ref))
    except Unreadable as error:
        if error.service_code.lower() == _UNREGISTERED:
            what = f"subscription {vault.ref.subscription} has not registered Microsoft.RecoveryServices"
            yield finding("F161", address, what, where=where)
        return
    yield from _room(vault, list(subjects), items)
    if body is None:
        return
    if dig(body, "properties", "securitySettings", "softDeleteSettings") is None:
        yield finding("F211", address, "it was made before vaults owned these settings", where=where)
    costly = [step for step in _steps_of(vault, plan) if step.step_class.needs_allowance]
    guard = dig_text(body, "properties", "securitySettings", "multiUserAuthorization")
    if guard.lower() == "enabled" and costly:
        yield finding("F282", address, f"a Resource Guard may guard {len(costly)} steps of the plan", where=where)


def edit_findings(plan: Plan) -> Iterator[Finding]:
    """Edits of policies that cost recoverability, each with the items that it reaches."""
    for step in plan.steps:
        if step.kind == "policy" and step.step_class.needs_allowance:
            edits = ", ".join(sorted({f"{change.path} ({change.effect})" for change in step.changes}))
            what = f"{step.step_class.word}: {edits}; {step.why}"
            yield finding("F281", step.address, what, remedy=f"read the plan; --allow {step.step_class.word}=COUNT")


def soft_deleted_findings(subject: Subject, survey: Survey) -> Iterator[Finding]:
    item = survey.item(subject.vault.ref, subject.wanted.vm)
    if item is not None and dig(item, "properties", "isScheduledForDeferredDelete") is True:
        left = dig_text(item, "properties", "deferredDeleteTimeRemaining")
        what = "its item in this vault is soft-deleted" + (f", and purged in {_told(left)}" if left else "")
        yield finding("F191", subject.address, what, where=subject.where)


def _told(left: str) -> str:
    """`13 d 4 h` for `13.04:05:06`, as the service writes it; other forms as they are."""
    found = re.fullmatch(r"(?:(\d+)\.)?(\d{2}):\d{2}:\d{2}(?:\.\d+)?", left)
    return f"{int(found[1] or 0)} d {int(found[2])} h" if found else left


def _room(vault: DesiredVault, subjects: list[Subject], items: tuple[Wire, ...]) -> Iterator[Finding]:
    names = {subject.wanted.policy.lower(): subject.wanted.policy for subject in subjects}
    wanted = {subject.wanted.vm.key: subject.wanted.policy.lower() for subject in subjects}
    there: dict[str, str] = {}
    for item in items:
        vm = parse_vm(dig_text(item, "properties", "sourceResourceId"))
        if vm is not None:
            there[vm.key] = parse_policy_name(dig_text(item, "properties", "policyId")).lower()
    after = {**there, **wanted}
    if len(after) > MOST_VMS_OF_VAULT:
        what = f"{len(after)} VMs with those that are in it already"
        yield finding("F151", f"vault/{vault.ref.name}", what, where=str(vault.place))
    for policy, number in sorted(Counter(filter(None, after.values())).items()):
        if number > MOST_VMS_OF_POLICY:
            address = f"policy/{vault.ref.name}/{names.get(policy, policy)}"
            yield finding("F152", address, f"{number} VMs follow it, with those that do so already")


def _steps_of(vault: DesiredVault, plan: Plan) -> Iterator[Step]:
    for step in plan.steps:
        if step.write.vault == vault.ref:
            yield step
