"""The command `apply`: plan, consent, execute, look again."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from types import FrameType

from reconciler.apply import FileJournal, Outcome, apply_plan
from reconciler.cli.files import read_text
from reconciler.cli.options import Common
from reconciler.cli.output import Format, Output
from reconciler.cli.plan import Picture, look, picture
from reconciler.cli.problems import declined, nobody_to_ask, usage
from reconciler.cli.progress import applying
from reconciler.cli.wiring import Connection, connected
from reconciler.core.errors import CloudError, ConsentError, ExitCode, Problem
from reconciler.core.plan import Plan, Step
from reconciler.core.taxonomy import StepClass
from reconciler.kinds import KINDS
from reconciler.plan import entries_by_address
from reconciler.plan.consent import refusals
from reconciler.plan.saved import verify
from reconciler.report.markdown import outcome_markdown
from reconciler.report.neutralise import line
from reconciler.report.outcome import is_converged, outcome_document, outcome_lines
from reconciler.report.text import plan_lines, problem_lines


@dataclass(frozen=True)
class Approval:
    """What the command line agrees to: a saved plan, everything safe and disruptive, exact counts of the rest."""

    plan_file: Path | None
    auto_approve: bool
    allow: Sequence[str]

    @property
    def allowances(self) -> dict[StepClass, int]:
        """Raises `UsageError` for anything but CLASS=COUNT, each class once."""
        found: dict[StepClass, int] = {}
        for word in self.allow:
            name, _, count = word.partition("=")
            known = StepClass.__members__.get(name.upper())
            if (
                known is None
                or not known.needs_allowance
                or not (count.isascii() and count.isdigit())
                or known in found
            ):
                classes = ", ".join(each.word for each in StepClass if each.needs_allowance)
                raise usage(
                    "--allow", f"{word} is not CLASS=COUNT", f"write one of {classes}, = and a number, each once"
                )
            found[known] = int(count)
        return found


def apply(common: Common, approval: Approval, targets: Sequence[str], journal: Path | None) -> ExitCode:
    allowances = approval.allowances
    with connected(common) as connection:
        saved_plan = read_text(approval.plan_file) if approval.plan_file else ""
        seen = picture(common, connection, targets)
        reviewed = verify(saved_plan, seen.plan, connection.target) if approval.plan_file else {}
        if common.format is Format.TEXT:
            common.output.say(plan_lines(seen.plan, target=seen.told, verbose=common.verbose))
        if not seen.plan.steps:
            return _conclude(common, connection, Outcome(()), seen.plan)
        # The day is the clock's: no --now brings back a consent that has expired.
        problems = refusals(seen.plan, seen.spec.consents, allowances, connection.clock.now().date(), reviewed)
        _agree(common.output, seen, approval, problems)
        outcome = _execute(connection, seen, allowances, common.parallelism, journal or connection.journal)
        return _conclude(common, connection, outcome, _look_again(common, connection, seen, targets, outcome))


def _agree(output: Output, seen: Picture, approval: Approval, problems: Sequence[Problem]) -> None:
    """Returns when everything may be done. Raises `ConsentError` with all that is missing; nothing was sent then."""
    if problems:
        raise ConsentError(*problems)
    if approval.auto_approve:
        return
    if not sys.stdin.isatty():
        raise nobody_to_ask()
    output.note([line(f"Shall this be done in {seen.told}? Only yes lets it start.")])
    try:
        reply = input()
    except EOFError:
        reply = ""
    if reply.strip().lower() != "yes":
        raise declined()


def _execute(
    connection: Connection, seen: Picture, allowances: Mapping[StepClass, int], in_flight: int, journal: Path
) -> Outcome:
    notes = FileJournal(journal)
    with applying(seen.plan) as watcher, _terminated_like_interrupted():
        return apply_plan(
            seen.plan,
            entries_by_address(seen.spec, seen.survey, KINDS),
            connection.azure(read_only=False),
            connection.clock,
            notes,
            allowed=_last_gate(seen, allowances, connection.clock.now().date()),
            run=connection.run,
            in_flight=in_flight,
            request_ids=connection.request_ids,
            watch=watcher,
            unended=notes.unended(),
        )


def _last_gate(seen: Picture, allowances: Mapping[StepClass, int], today: date) -> Callable[[Step], bool]:
    """Judges the step as it is derived just before sending: its class must be allowed and its values consented to."""

    def allowed(step: Step) -> bool:
        granted = {step.step_class: 1} if allowances.get(step.step_class) else {}
        return not refusals(Plan((step,), (), seen.plan.spec_digest), seen.spec.consents, granted, today)

    return allowed


def _look_again(
    common: Common, connection: Connection, seen: Picture, targets: Sequence[str], outcome: Outcome
) -> Plan | None:
    """The fresh plan, or None when Azure can't be read any more: what was done stays reported.

    What the run has touched no index answers for: it may still show what was there before.
    """
    now = common.moment or connection.clock.now()
    try:
        return look(connection, seen.spec, targets, now, exact=outcome.touched).plan
    except CloudError as error:
        common.output.note(problem_lines(error.problems))
        return None


def _conclude(common: Common, connection: Connection, outcome: Outcome, rest: Plan | None) -> ExitCode:
    common.output.result(
        text=lambda: outcome_lines(outcome, rest, verbose=common.verbose),
        document=lambda: outcome_document(outcome, rest, target=connection.target, requests=connection.requests),
        markdown=lambda: outcome_markdown(outcome, rest),
    )
    return exit_code(outcome, rest)


def exit_code(outcome: Outcome, rest: Plan | None) -> ExitCode:
    """What an outcome and the plan after it come to (design, section 4)."""
    if outcome.interrupted:
        return ExitCode.INTERRUPTED
    some_done = any(result.status in ("done", "skipped") for result in outcome.results)
    if not outcome.landed:
        return ExitCode.PARTLY_DONE if some_done else ExitCode.ERROR
    if rest is None or outcome.problems:
        return ExitCode.ERROR
    if rest.is_blocked:
        return ExitCode.BLOCKED
    return ExitCode.DONE if is_converged(rest) else ExitCode.PARTLY_DONE


@contextmanager
def _terminated_like_interrupted() -> Iterator[None]:
    """A CI system that cancels a job sends SIGTERM: it ends as Ctrl-C does, with what was sent followed and told."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
