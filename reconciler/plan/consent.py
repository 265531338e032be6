"""The gate before anything that costs recoverability: exact counts on the command line, reviewed consents in the spec."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from types import MappingProxyType

from reconciler.core.canonical import canonical_json
from reconciler.core.desired import Consent
from reconciler.core.errors import Problem
from reconciler.core.plan import Change, Plan, Step
from reconciler.core.taxonomy import StepClass, effect_of


def refusals(
    plan: Plan,
    consents: Sequence[Consent],
    allowances: Mapping[StepClass, int],
    today: date,
    reviewed: Mapping[str, int] = MappingProxyType({}),
) -> tuple[Problem, ...]:
    """Why a plan may not run; empty when it may. One missing word refuses the whole plan: all or nothing.

    A class from weakening on needs `--allow CLASS=COUNT` with the exact count; each irreversible or destructive change in
    addition a consent with its address, path, old and new value, not expired on `today`. `reviewed` has the counts of the
    saved plan that this one is, or is the rest of: they count as well, or a run that was killed could not be given again.
    """
    return (*_count_refusals(plan, allowances, reviewed), *_consent_refusals(plan, consents, today))


def _count_refusals(plan: Plan, allowances: Mapping[StepClass, int], reviewed: Mapping[str, int]) -> Iterator[Problem]:
    for step_class in StepClass:
        steps = [step for step in plan.steps if step.step_class is step_class]
        allowed = allowances.get(step_class)
        if allowed is None and (not step_class.needs_allowance or not steps):
            continue
        if allowed in (len(steps), reviewed.get(step_class.word, len(steps))):
            continue
        said = "nothing is allowed" if allowed is None else f"{allowed} allowed"
        yield Problem(
            code="C501",
            where=", ".join(step.address for step in steps[:3]) or step_class.word,
            what=f"{len(steps)} {step_class.word} {'step' if len(steps) == 1 else 'steps'} planned, {said}",
            why=_why(steps)
            if steps
            else "the count must be exact, so that a plan that has grown or shrunk is read again",
            remedy=f"--allow {step_class.word}={len(steps)}" if steps else f"leave --allow {step_class.word} out",
        )


def _why(steps: Sequence[Step]) -> str:
    meanings = dict.fromkeys(
        effect_of(change.effect).meaning
        for step in steps
        for change in step.changes
        if effect_of(change.effect).step_class is step.step_class
    )
    return "; ".join(meanings)


def _consent_refusals(plan: Plan, consents: Sequence[Consent], today: date) -> Iterator[Problem]:
    for step in plan.steps:
        for change in step.changes:
            if not effect_of(change.effect).step_class.needs_consent:
                continue
            same = [each for each in consents if _names(each, step, change)]
            fitting = [each for each in same if _fits(each, change)]
            if any(each.expires >= today for each in fitting):
                continue
            yield _missing(step, change, same, fitting)


def _names(consent: Consent, step: Step, change: Change) -> bool:
    return consent.address.lower() == step.address.lower() and consent.change == change.path


def _fits(consent: Consent, change: Change) -> bool:
    return canonical_json([consent.old, consent.new]) == canonical_json([change.before, change.after])


def _missing(step: Step, change: Change, same: Sequence[Consent], fitting: Sequence[Consent]) -> Problem:
    effect = effect_of(change.effect)
    if fitting:
        what = f"the consent at {fitting[0].place} expired on {fitting[0].expires}"
    elif same:
        what = f"the consent at {same[0].place} is for other values"
    else:
        what = f"no consent for {change.path}"
    entry = {
        "address": step.address,
        "change": change.path,
        "old": change.before,
        "new": change.after,
        "reason": "…",
        "expires": "YYYY-MM-DD",
    }
    return Problem(
        code="C502",
        where=step.address,
        what=f"{what}: {effect.step_class.word}",
        why=f"{effect.meaning} ({effect.code})",
        remedy=f"have this reviewed and added to the spec under consents: - {canonical_json(entry)}",
    )
