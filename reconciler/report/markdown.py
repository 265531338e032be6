"""Plans, outcomes and problems as Markdown for a comment on a pull request: the summary first, then tables.

All foreign text stands in code spans (see `neutralise.code`); the size stays below what code hosts take.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from reconciler.core.errors import Problem
from reconciler.core.plan import Finding, Plan, Step
from reconciler.report.neutralise import code
from reconciler.report.outcome import Outcome, StepResult, outcome_summary
from reconciler.report.words import SYMBOLS, change_text, plan_summary, problems_summary, severity_of

MAX_COMMENT_CHARACTERS = 60_000
Row = tuple[str, ...]


def plan_markdown(plan: Plan, *, target: str, title: str = "azbackup plan") -> str:
    return document_of(
        f"## {title}\n\n**{plan_summary(plan)}** Target: {code(target)}\n",
        ("Steps", ("", "Address", "Action", "Class", "Changes"), [_step_row(step) for step in plan.steps]),
        ("Findings", ("Severity", "Code", "Address", "What", "Remedy"), [_finding_row(each) for each in plan.findings]),
        ("Blocked", ("Address", "Waits for"), _blocked_rows(plan)),
    )


def problems_markdown(problems: Sequence[Problem], *, title: str) -> str:
    summary = problems_summary(problems) or "No problems"
    rows = [(severity_of(each), each.code, code(each.where), code(each.what), code(each.remedy)) for each in problems]
    return document_of(
        f"## {title}\n\n**{summary}.**\n",
        ("Problems", ("Severity", "Code", "Where", "What", "Remedy"), rows),
    )


def outcome_markdown(outcome: Outcome, rest: Plan | None) -> str:
    """`rest` is the fresh plan after the apply, None when it could not be made."""
    rows = [_result_row(result) for result in outcome.results]
    return document_of(
        f"## azbackup apply\n\n**{outcome_summary(outcome, rest)}**\n",
        ("Steps", ("Status", "Address", "Action", "What", "Remedy"), rows),
    )


def _step_row(step: Step) -> Row:
    changes = "<br>".join(filter(None, (code(change_text(change)) for change in step.changes)))
    symbol = SYMBOLS[step.action][0]
    return f"`{symbol}`", code(step.address), step.action, step.step_class.word, changes or code(step.why)


def _finding_row(finding: Finding) -> Row:
    return finding.severity, code(finding.code), code(finding.address), code(finding.what), code(finding.remedy)


def _blocked_rows(plan: Plan) -> list[Row]:
    return [(code(address), code(cause)) for address, cause in plan.blocked.items() if address != cause]


def _result_row(result: StepResult) -> Row:
    problem = result.problem
    return (
        result.status,
        code(result.step.address),
        result.step.action,
        code(f"{problem.code} {problem.what}") if problem else "",
        code(problem.remedy) if problem else "",
    )


def document_of(head: str, *tables: tuple[str, Row, Iterable[Row]]) -> str:
    """A head and tables (title, columns, rows), cut where a comment would be too long."""
    room = MAX_COMMENT_CHARACTERS - len(head)
    parts = [head]
    for title, columns, rows in tables:
        for text in _table(title, columns, list(rows), room):
            parts.append(text)
            room -= len(text)
    return "".join(parts)


def _table(title: str, columns: Row, rows: Sequence[Row], room: int) -> Iterator[str]:
    if not rows:
        return
    yield f"\n### {title}\n\n{_row(columns)}{_row(('---',) * len(columns))}"
    for number, row in enumerate(rows):
        text = _row(row)
        room -= len(text)
        if room < 0:
            yield f"\n{len(rows) - number} more: the comment would be too long; `--format json` has them all.\n"
            return
        yield text


def _row(cells: Row) -> str:
    return f"| {' | '.join(cells)} |\n"
