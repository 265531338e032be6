"""What a fresh assessment means for one planned step. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from reconciler.core.canonical import digest
from reconciler.core.kind import Assessment
from reconciler.core.plan import Finding, Step


@dataclass(frozen=True, slots=True)
class Verdict:
    """`fresh`: the step as derived now, when it is ready; `left`: the steps that still want what the planned one wants."""

    state: Literal["landed", "ready", "busy", "changed"]
    fresh: Step | None = None
    busy: str = ""
    left: tuple[Step, ...] = ()
    blocking: tuple[Finding, ...] = ()

    @property
    def gone(self) -> bool:
        """Nothing that the step wants is left to do, though something may still run."""
        return not self.left and not self.blocking


def judge(step: Step, assessment: Assessment, *, follows: bool, later: Sequence[Step]) -> Verdict:
    """`follows`: the plan has moved this address before, in an earlier step; `later`: the steps it still has for it."""
    left = tuple(
        other
        for other in assessment.steps
        if _wants_the_same(step, other) and not any(_same_end(planned, other) for planned in later)
    )
    blocking = tuple(finding for finding in assessment.findings if finding.severity == "blocking")
    if assessment.busy:
        return Verdict("busy", busy=assessment.busy, left=left, blocking=blocking)
    if not left and not blocking:
        return Verdict("landed")
    # Only the first that is left may be sent: a step in front of this one, unknown to the plan, is a change too.
    first = assessment.steps[0] if left and not blocking else None
    if first and (first.identity == step.identity or (follows and _same_end(step, first))):
        return Verdict("ready", fresh=first, left=left)
    return Verdict("changed", left=left, blocking=blocking)


def _same_end(planned: Step, fresh: Step) -> bool:
    """The same but for the values before, which an earlier step of the same address has moved."""
    return _end(planned) == _end(fresh)


def _end(step: Step) -> str:
    changes = [(change.path, change.after, change.effect) for change in step.changes]
    return digest([step.address, step.action, step.write.operation, changes])


def _wants_the_same(step: Step, other: Step) -> bool:
    """Whether `other`, of the same entry, would set anything to the value that `step` sets it to."""
    wanted = {value for change in step.changes for value in _values(change.path, change.after)}
    return any(value in wanted for change in other.changes for value in _values(change.path, change.after))


def _values(path: str, value: object) -> Iterator[tuple[str, str]]:
    """The leaves of a wanted value: a create may want a whole object, and the update after it one field of that."""
    if isinstance(value, Mapping) and value:
        for key, inner in value.items():
            yield from _values(f"{path}.{key}" if path else str(key), inner)
    else:
        yield path, digest(value)
