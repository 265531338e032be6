"""What an apply came to, as text and as a document."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from reconciler.core.errors import Problem
from reconciler.core.plan import Plan, Step
from reconciler.report.neutralise import Line, Span, Style, line
from reconciler.report.text import finding_lines, problem_lines
from reconciler.report.words import SYMBOLS, duration_text, findings_of, plan_summary

_LANDED = ("done", "skipped")
_STYLES: dict[str, Style] = {"done": "green", "skipped": "green", "failed": "red", "unknown": "red"}
_WORDS = {  # in the order in which they are said
    "done": "done",
    "skipped": "already done",
    "failed": "failed",
    "unknown": "with unknown end",
    "blocked": "blocked",
    "not_started": "not started",
}


class StepResult(Protocol):
    """How one step ended; `cause` is the address that kept it from starting."""

    @property
    def step(self) -> Step: ...
    @property
    def status(self) -> str: ...
    @property
    def problem(self) -> Problem | None: ...
    @property
    def cause(self) -> str: ...
    @property
    def seconds(self) -> float: ...


class Outcome(Protocol):
    """One result a step, in the order of the plan; `problems` are those of the run itself."""

    @property
    def results(self) -> Sequence[StepResult]: ...
    @property
    def interrupted(self) -> bool: ...
    @property
    def seconds(self) -> float: ...
    @property
    def problems(self) -> Sequence[Problem]: ...
    def counts(self) -> dict[str, int]: ...
    def document(self) -> dict[str, object]: ...


def outcome_summary(outcome: Outcome, rest: Plan | None) -> str:
    """`Applied: 3 done, 1 failed in 8 s. Converged: yes.`; `rest` is the fresh plan, None if it could not be made."""
    counts = outcome.counts()
    said = ", ".join(f"{counts[status]} {word}" for status, word in _WORDS.items() if counts.get(status))
    verb = "Interrupted" if outcome.interrupted else "Applied"
    took = f" in {duration_text(outcome.seconds)}" if outcome.results else ""
    return f"{verb}: {said or 'nothing to do'}{took}. {_converged(rest)}"


def outcome_lines(outcome: Outcome, rest: Plan | None, *, verbose: bool = False) -> Iterator[Line]:
    """Steps that are not done, and why; with `verbose` all."""
    for result in outcome.results:
        if verbose or result.status not in _LANDED:
            yield from _result_lines(result)
    yield from problem_lines(outcome.problems)
    yield line(Span(outcome_summary(outcome, rest), "bold"))
    if outcome.results and rest is not None and not is_converged(rest):
        yield line("  what remains: ", plan_summary(rest))
        for finding in findings_of(rest.findings, "blocking"):
            yield from finding_lines(finding)
    if outcome.interrupted:
        yield line("  Operations that were under way go on in Azure. Run the same command again to go on from there.")


def outcome_document(outcome: Outcome, rest: Plan | None, *, target: object, requests: object) -> dict[str, object]:
    """The JSON document of `apply`. `converged` is null when nobody could look."""
    remaining = rest and {
        "steps": [step.document() for step in rest.steps],
        "findings": [finding.document() for finding in rest.findings],
    }
    return {
        "formatVersion": "1",
        "outcome": outcome.document(),
        "converged": None if rest is None else is_converged(rest),
        "remaining": remaining,
        "target": target,
        "requests": requests,
    }


def is_converged(rest: Plan) -> bool:
    """Nothing left to do, and nothing that would keep it from being done."""
    return not rest.steps and not rest.is_blocked


def _result_lines(result: StepResult) -> Iterator[Line]:
    symbol, _ = SYMBOLS[result.step.action]
    status = Span(_WORDS[result.status], _STYLES.get(result.status, "yellow"))
    cause = f" by {result.cause}" if result.cause else ""
    took = f" ({duration_text(result.seconds)})" if result.seconds else ""
    yield line(f"  {symbol} {result.step.address}  {result.step.action}: ", status, cause, took)
    if result.problem:
        yield from (line("    ", *spans) for spans in problem_lines([result.problem]))


def _converged(rest: Plan | None) -> str:
    if rest is None:
        return "Converged: not known, live Azure could not be read again."
    return "Converged: yes." if is_converged(rest) else "Converged: no."
