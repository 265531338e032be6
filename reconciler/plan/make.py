"""The planner: every kind assesses its entries, and what is left to do is put into an order in which it can be done."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches

from reconciler.core.desired import Spec
from reconciler.core.errors import Problem, SpecError, Unreadable
from reconciler.core.kind import AnyKind, Assessment
from reconciler.core.live import Survey
from reconciler.core.plan import Finding, Plan, Step
from reconciler.plan.select import resolve
from reconciler.plan.unmanaged import unmanaged
from reconciler.plan.unread import could_not_be_read

_REMOVALS = ("stop", "delete")


def make_plan(spec: Spec, survey: Survey, kinds: Sequence[AnyKind], targets: Sequence[str] = ()) -> Plan:
    """What is to be done, and what is to be known, so that live Azure is as the spec says.

    `targets` narrow the plan to these addresses and what they need. Raises `SpecError` for a target that the spec
    does not have. Things that could not be read become blocking findings: unknown is not absent.
    """
    resolved, findings = resolve(spec, survey)
    found: list[Finding] = [*findings, *unmanaged(resolved, survey)]
    steps: list[Step] = []
    known: list[str] = []
    for kind in kinds:
        for entry in kind.entries(resolved):
            address = kind.address(entry)
            known.append(address)
            assessment = _assess(kind, entry, address, survey)
            steps += assessment.steps
            found += assessment.findings
            if assessment.busy and assessment.steps:
                found.append(_waits(address, assessment.busy))
    runnable, blocked = _without_blocked(steps, found)
    ordered = _in_order(runnable, [kind.name for kind in kinds])
    plan = Plan(_with_needs(ordered), _sorted(found), spec.digest, blocked)
    return _narrowed(plan, targets, known) if targets else plan


def entries_by_address(spec: Spec, survey: Survey, kinds: Sequence[AnyKind]) -> Mapping[str, tuple[AnyKind, object]]:
    """Which kind and entry an address of the plan stands for."""
    resolved, _ = resolve(spec, survey)
    return {kind.address(entry): (kind, entry) for kind in kinds for entry in kind.entries(resolved)}


def _assess(kind: AnyKind, entry: object, address: str, survey: Survey) -> Assessment:
    try:
        return kind.assess(entry, survey)
    except Unreadable as error:
        return Assessment(findings=(could_not_be_read(address, error),))


def _waits(address: str, busy: str) -> Finding:
    return Finding(
        code="P902",
        severity="info",
        address=address,
        what=busy,
        why="Azure takes one change of a resource at a time",
        remedy="none needed: apply waits for it, looks again, and sends only what is then still to do",
    )


def _without_blocked(steps: Iterable[Step], findings: Iterable[Finding]) -> tuple[list[Step], dict[str, str]]:
    """The steps that can run, and for each address that can't: which address keeps it from running."""
    own = {finding.address for finding in findings if finding.severity == "blocking"}
    spreading = {finding.address for finding in findings if finding.severity == "blocking" and not finding.alone}
    cause = {address: address for address in spreading}
    runnable: list[Step] = []
    blocked: dict[str, str] = {}
    for step in steps:  # kinds come in the order of their needs, so causes are known before those they block
        if step.address in own:
            blocked[step.address] = step.address
            continue
        blocker = next((cause[need] for need in step.needs if need in cause), None)
        if blocker is None:
            runnable.append(step)
        else:
            cause[step.address] = blocker
            blocked[step.address] = blocker
    return runnable, dict(sorted(blocked.items()))


def _in_order(steps: Iterable[Step], kinds: Sequence[str]) -> list[Step]:
    """Kinds in their order; what stops or deletes comes last, so that the new is protected before the old is stopped.

    Removals go the other way round: a guest leaves its proxy before the proxy loses its way out. The sort is stable:
    several steps of one address keep the order their kind gave them.
    """

    def place(step: Step) -> tuple[bool, int, str]:
        last, index = step.action in _REMOVALS, kinds.index(step.kind)
        return last, -index if last else index, step.address.lower()

    return sorted(steps, key=place)


def _with_needs(steps: Sequence[Step]) -> tuple[Step, ...]:
    """Needs cut down to what the plan holds; the own address stays only where an earlier step has it."""
    seen: set[str] = set()
    result: list[Step] = []
    for step in steps:
        needs = [need for need in dict.fromkeys((*step.needs, step.address)) if need in seen]
        result.append(replace(step, needs=tuple(sorted(needs))))
        seen.add(step.address)
    return tuple(result)


def _sorted(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    return tuple(sorted(set(findings), key=lambda each: (each.address.lower(), each.code, each.what, each.where)))


def _narrowed(plan: Plan, targets: Sequence[str], known: Sequence[str]) -> Plan:
    by_lower = {address.lower(): address for address in known}
    unknown = [target for target in targets if target.lower() not in by_lower]
    if unknown:
        raise SpecError(*(_no_target(target, known) for target in unknown))
    needs: dict[str, set[str]] = {}
    for step in plan.steps:
        needs.setdefault(step.address, set()).update(step.needs)
    wanted: set[str] = set()
    waiting = [by_lower[target.lower()] for target in targets]
    while waiting:
        address = waiting.pop()
        if address not in wanted:
            wanted.add(address)
            waiting += needs.get(address, ())
            waiting += [plan.blocked[address]] if address in plan.blocked else []
    return replace(
        plan,
        steps=tuple(step for step in plan.steps if step.address in wanted),
        findings=tuple(finding for finding in plan.findings if finding.address in wanted),
        blocked={address: cause for address, cause in plan.blocked.items() if address in wanted},
    )


def _no_target(target: str, known: Sequence[str]) -> Problem:
    near = get_close_matches(target, known, n=1)
    return Problem(
        code="P002",
        where=target,
        what="the spec has nothing of this address",
        why="--target takes an address as plan prints it",
        remedy=f"did you mean {near[0]}?" if near else "run plan without --target to see the addresses",
    )
