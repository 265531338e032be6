"""Plans, drift and problems as lines of text for people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from reconciler.core.errors import Problem
from reconciler.core.plan import Change, Finding, Plan, Step
from reconciler.core.taxonomy import StepClass, effect_of
from reconciler.report.neutralise import Line, Span, Style, line
from reconciler.report.words import (
    SYMBOLS,
    change_text,
    counted,
    findings_of,
    plan_summary,
    problems_summary,
    severity_of,
    vault_of,
)

FOLD_FROM = 50
"""More equal steps than this in one vault are shown as one group."""
SHOWN_OF_GROUP = 3

_SEVERITY_STYLES: dict[str, Style] = {"blocking": "red", "error": "red", "warning": "yellow", "info": "cyan"}


def plan_lines(plan: Plan, *, target: str, clock: Iterable[Line] = (), verbose: bool = False) -> Iterator[Line]:
    """The plan grouped by vault, the section `clock` (`report.clock.clock_lines`), and the summary.

    Without `verbose`, many equal steps that cost nothing are folded.
    """
    yield line(Span(f"target: {target}", "dim"))
    for vault, (steps, findings) in _by_vault(plan).items():
        yield line()
        yield line(Span(vault or "all vaults", "bold"))
        for group in _groups(steps, verbose):
            yield from _group_lines(group)
        for finding in findings:
            yield from finding_lines(finding)
    yield line()
    yield from clock
    yield line(Span(plan_summary(plan), "bold"))
    yield from care_lines(plan)
    yield from blocked_lines(plan, verbose=verbose)


def care_lines(plan: Plan) -> Iterator[Line]:
    """How many steps of each class need more than `--auto-approve`."""
    for step_class in StepClass:
        number = plan.counts_by_class().get(step_class.word, 0)
        if step_class.needs_allowance and number:
            consent = " and a consents: entry for each change" if step_class.needs_consent else ""
            needs = f"{number} {step_class.word}: needs --allow {step_class.word}={number}{consent}"
            yield line("  ", Span(needs, "red" if step_class.needs_consent else "yellow"))


def drift_lines(plan: Plan, *, target: str, drifted: bool, verbose: bool = False) -> Iterator[Line]:
    """As `plan_lines`, with the verdict at the end."""
    yield from plan_lines(plan, target=target, verbose=verbose)
    verdict = Span("Drift: yes.", "yellow") if drifted else Span("Drift: none.", "green")
    yield line(verdict)


def finding_lines(finding: Finding) -> Iterator[Line]:
    style = _SEVERITY_STYLES[finding.severity]
    where = f" ({finding.where})" if finding.where else ""
    yield line(
        "  ", Span("!", style), f" {finding.address}  ", Span(f"{finding.severity} {finding.code}", style), where
    )
    yield from _indented("", finding.what)
    yield from _indented("why: ", finding.why)
    yield from _indented("fix: ", finding.remedy)


def problem_lines(problems: Iterable[Problem]) -> Iterator[Line]:
    """Each problem as its place, code, what, why and remedy."""
    for problem in problems:
        severity = severity_of(problem)
        what, *rest = problem.what.splitlines() or [""]
        where = f"{problem.where}: " if problem.where else ""
        yield line(where, Span(f"{severity} {problem.code}", _SEVERITY_STYLES[severity]), f" {what}")
        yield from _indented("", "\n".join(rest))
        yield from _indented("why: ", problem.why)
        yield from _indented("fix: ", problem.remedy)


def validate_lines(problems: Sequence[Problem], *, files: str, contents: str) -> Iterator[Line]:
    """The answer of `validate`; `contents` says what a good spec holds, "" for a bad one."""
    yield from problem_lines(problems)
    counts = problems_summary(problems)
    if contents:
        yield line(Span("Valid", "green"), f": {files}: {contents}.", f" {counts}." if counts else "")
    else:
        yield line(Span("Not valid", "red"), f": {files}: {counts}.")


def blocked_lines(plan: Plan, *, verbose: bool = False) -> Iterator[Line]:
    """What waits for a blocking finding to be solved; without `verbose` the first few of each."""
    waiting: dict[str, list[str]] = {}
    for address, cause in plan.blocked.items():
        waiting.setdefault(cause, []).extend([address] if address != cause else [])
    for cause, addresses in waiting.items():
        shown = addresses if verbose else addresses[:SHOWN_OF_GROUP]
        for address in shown:
            yield line("  ", Span("!", "red"), f" {address} waits for {cause}")
        if len(shown) < len(addresses):
            yield line("  ", Span("!", "red"), f" … {len(addresses) - len(shown)} more wait for {cause}; -v lists them")
    if blocking := findings_of(plan.findings, "blocking"):
        yield line(Span(f"Blocked: {counted(len(blocking), 'finding')} to solve first.", "red"))


def _by_vault(plan: Plan) -> dict[str, tuple[list[Step], list[Finding]]]:
    """Steps and findings by the name of their vault, vaults in the order in which they first appear."""
    vaults: dict[str, tuple[list[Step], list[Finding]]] = {}
    for step in plan.steps:
        vaults.setdefault(vault_of(step.address), ([], []))[0].append(step)
    for finding in plan.findings:
        vaults.setdefault(vault_of(finding.address), ([], []))[1].append(finding)
    return vaults


def _groups(steps: Sequence[Step], verbose: bool) -> list[list[Step]]:
    """Steps in their order; equal ones gathered at the first of them when they are many and none needs care."""
    groups: dict[object, list[Step]] = {}
    for step in steps:
        groups.setdefault(_likeness(step), []).append(step)
    return [
        part
        for group in groups.values()
        for part in ([group] if len(group) > FOLD_FROM and not verbose else [[step] for step in group])
    ]


def _likeness(step: Step) -> object:
    if step.step_class.needs_allowance:
        return step.address, step.action  # what needs care is always shown one by one
    return step.kind, step.action, tuple((change.path, change.effect) for change in step.changes)


def _group_lines(group: Sequence[Step]) -> Iterator[Line]:
    if len(group) == 1:
        yield from _step_lines(group[0])
        return
    for step in group[:SHOWN_OF_GROUP]:
        yield _step_line(step)
    symbol, style = SYMBOLS[group[0].action]
    more = f" … {len(group) - SHOWN_OF_GROUP} more {group[0].kind} to {group[0].action} alike; -v lists them"
    yield line("  ", Span(symbol, style), more)


def _step_lines(step: Step) -> Iterator[Line]:
    yield _step_line(step)
    yield from _indented("", step.why)
    by_cost: dict[tuple[StepClass, str] | None, list[Change]] = {}
    for change in step.changes:
        effect = effect_of(change.effect)
        costs = effect.step_class.needs_allowance
        by_cost.setdefault((effect.step_class, effect.meaning) if costs else None, []).append(change)
    for cost, changes in by_cost.items():  # what several changes cost alike is said once, behind the last of them
        for change in changes:
            yield from _indented("  ", change_text(change))
        if cost is not None:
            yield line("        ", Span(f"{cost[0].word}: {cost[1]}", _class_style(cost[0])))


def _step_line(step: Step) -> Line:
    symbol, style = SYMBOLS[step.action]
    tag = step.step_class
    spans = [Span("  "), Span(symbol, style), Span(f" {step.address}  "), Span(step.action, "dim")]
    if tag is not StepClass.SAFE:
        spans.append(Span(f" [{tag.word}]", _class_style(tag)))
    return tuple(spans)


def _class_style(step_class: StepClass) -> Style:
    if step_class.needs_consent:
        return "red"
    return "yellow" if step_class.needs_allowance else "dim"


def _indented(label: str, text: str) -> Iterator[Line]:
    """Text of any number of lines, each indented, so that none of them can pass for one of ours."""
    for number, part in enumerate(text.splitlines()):
        yield line("      ", Span(label if number == 0 else " " * len(label), "dim"), part)
