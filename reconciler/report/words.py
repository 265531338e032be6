"""Words that text and Markdown share: symbols, summary sentences, values, durations."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence

from reconciler.core.errors import Problem
from reconciler.core.plan import Action, Change, Finding, Plan
from reconciler.report.neutralise import Style

SYMBOLS: dict[Action, tuple[str, Style]] = {
    "create": ("+", "green"),
    "undelete": ("+", "green"),
    "resume": ("+", "green"),
    "trigger": ("+", "green"),
    "update": ("~", "yellow"),
    "stop": ("-", "red"),
    "delete": ("-", "red"),
}
MOST_SUBSCRIPTIONS_NAMED = 3
NO_CHANGES = "No changes. Live Azure matches the spec."
# Always said, in this order; the rest of the actions only when there are some.
_ALWAYS: tuple[tuple[Action, str], ...] = (
    ("create", "to create"),
    ("update", "to change"),
    ("stop", "to stop"),
    ("delete", "to delete"),
)
_SOMETIMES: tuple[tuple[Action, str], ...] = (
    ("undelete", "to undelete"),
    ("resume", "to resume"),
    ("trigger", "to back up now"),
)


def counted(number: int, noun: str, plural: str = "") -> str:
    """`1 finding`, `2 findings`, `2 policies`."""
    return f"{number} {noun if number == 1 else plural or noun + 's'}"


def place_told(target: str, subscriptions: Sequence[str]) -> str:
    """The target with the subscriptions of the spec: a plan for the wrong place looks like any other (reliability S-06)."""
    if not subscriptions:
        return target
    names = subscriptions if len(subscriptions) <= MOST_SUBSCRIPTIONS_NAMED else ()
    word = "subscription" if len(subscriptions) == 1 else "subscriptions"
    return f"{target}, {word} {', '.join(names)}" if names else f"{target}, {len(subscriptions)} {word}"


def plan_summary(plan: Plan) -> str:
    """`Plan: 3 to create, 1 to change, 0 to stop, 0 to delete. 2 findings.`"""
    findings = f" {counted(len(plan.findings), 'finding')}." if plan.findings else ""
    if not plan.steps:
        return (NO_CHANGES if not plan.is_blocked else "No changes can be made.") + findings
    counts = plan.counts_by_action()
    parts = [f"{counts.get(action, 0)} {words}" for action, words in _ALWAYS]
    parts += [f"{counts[action]} {words}" for action, words in _SOMETIMES if action in counts]
    return f"Plan: {', '.join(parts)}.{findings}"


def value_text(value: object) -> str:
    """A value of a change as people write it in YAML; an absent one as `(none)`."""
    if value is None:
        return "(none)"
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{key}: {value_text(each)}' for key, each in value.items())}}}"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(value_text, value))}]"
    return value if isinstance(value, str) and value else json.dumps(value)


def change_text(change: Change) -> str:
    """`path: before → after`; only the new value when there was none."""
    after = value_text(change.after)
    told = after if change.before is None and change.after is not None else f"{value_text(change.before)} → {after}"
    return f"{change.path}: {told}" if change.path else told


def vault_of(address: str) -> str:
    """The vault's name in an address `kind/vault/...`; "" when it has none."""
    return address.split("/")[1] if "/" in address else ""


def severity_of(problem: Problem) -> str:
    """Codes that start with W warn, those with I inform, all others are errors."""
    return {"W": "warning", "I": "info"}.get(problem.code[:1], "error")


def findings_of(findings: Iterable[Finding], *severities: str) -> tuple[Finding, ...]:
    return tuple(finding for finding in findings if finding.severity in severities)


def problems_summary(problems: Sequence[Problem]) -> str:
    """`2 errors, 1 warning`, or "" for none."""
    kinds = [severity_of(problem) for problem in problems]
    nouns = (("error", "error"), ("warning", "warning"), ("info", "note"))
    return ", ".join(counted(kinds.count(kind), noun) for kind, noun in nouns if kind in kinds)


def duration_text(seconds: float) -> str:
    """`8 s`, `3 min 20 s`, `1 h 02 min`."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02} min"
