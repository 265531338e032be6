"""What apply tells people when a step does not end well. Codes A101 to A120."""

from __future__ import annotations

from collections.abc import Iterable

from reconciler.apply.judge import Verdict
from reconciler.core.canonical import canonical_json
from reconciler.core.errors import Problem
from reconciler.core.plan import Step
from reconciler.core.ports import Progress

PLAN_AGAIN = "run plan again and look at what it says now"
RUN_AGAIN = "run apply again: it looks first and goes on from what it finds"


def changed(step: Step, verdict: Verdict) -> Problem:
    """A fresh look no longer gives the step that was planned."""
    if verdict.blocking:
        finding = verdict.blocking[0]
        return Problem(finding.code, step.address, finding.what, finding.why, finding.remedy)
    return Problem(
        "A101",
        step.address,
        f"{step.action}: live Azure has changed since the plan: {_differing(verdict.left)}",
        "only what the plan showed is sent, and this is no longer that",
        PLAN_AGAIN,
    )


def busy(step: Step, what: str, seconds: float) -> Problem:
    return Problem(
        "A102",
        step.address,
        f"{step.action}: could not start within {_duration(seconds)}: {what}",
        "Azure runs one operation at a time on a resource; nothing is cancelled to make room",
        "wait until that has ended, then run apply again",
    )


def not_allowed(step: Step) -> Problem:
    return Problem(
        "A103",
        step.address,
        f"{step.action}: nobody has allowed this {step.step_class.word} step",
        "the step was classed again just before it was to be sent",
        PLAN_AGAIN,
    )


def not_kept(step: Step, verdict: Verdict) -> Problem:
    """The write was accepted and ended well, and yet live Azure still differs."""
    what = verdict.blocking[0].what if verdict.blocking else _differing(verdict.left)
    return Problem(
        "A104",
        step.address,
        f"{step.action}: accepted but not kept: {what}",
        "Azure took the request, reported success, and minutes later still reports other values",
        "look for an Azure Policy or another tool that sets these values; then run plan again",
    )


def ended_badly(step: Step, told: Progress, what: str) -> Problem:
    """`what` ended badly: operation or job."""
    reason = ": ".join(part for part in (told.code, told.message) if part) or "Azure gives no reason"
    return Problem(
        "A105" if what == "operation" else "A106",
        step.address,
        f"{step.action}: the {what} {told.state}: {reason}",
        f"Azure accepted the request and its {what} did not succeed" + (f" (job {told.job_id})" if told.job_id else ""),
        "remove the cause that Azure names, then run apply again",
    )


def unknown(step: Step, why: str, request_ids: Iterable[str]) -> Problem:
    """Something was sent, and whether it took effect could not be seen."""
    ids = ", ".join(request_ids)
    remedy = RUN_AGAIN
    if step.action == "trigger":
        remedy = f"look in the vault's backup jobs for the activity id {ids}; if there is none, run apply again"
    return Problem("A107", step.address, f"{step.action}: sent (request {ids}), effect unknown: {why}", UNSEEN, remedy)


UNSEEN = "an answer was lost or never came to an end; unknown is neither done nor failed, so nothing was sent twice"


def still_running(step: Step, what: str, seconds: float) -> Problem:
    return Problem(
        "A108",
        step.address,
        f"{step.action}: has not ended within {_duration(seconds)}: {what}",
        "waiting ends here; what Azure has accepted goes on there",
        RUN_AGAIN,
    )


def held_back(step: Step, cause: str) -> Problem:
    return Problem(
        "A109",
        step.address,
        f"{step.action}: not started, because {cause} did not end well",
        f"{step.step_class.word} steps stop after the first weakening, irreversible or destructive step that fails",
        f"settle {cause} first, then run apply again",
    )


def interrupted(step: Step, request_ids: Iterable[str]) -> Problem:
    """The run was interrupted after the step had sent something."""
    return Problem(
        "A110",
        step.address,
        f"{step.action}: interrupted after request {', '.join(request_ids)} was sent",
        "what Azure has accepted goes on there; nothing is cancelled",
        RUN_AGAIN,
    )


def _differing(left: Iterable[Step]) -> str:
    return (
        "; ".join(
            f"{change.path or step.action} is {canonical_json(change.before)}, wanted {canonical_json(change.after)}"
            for step in left
            for change in step.changes
        )
        or "other steps are left than those of the plan"
    )


def _duration(seconds: float) -> str:
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h"
