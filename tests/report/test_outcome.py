"""What an apply came to: nothing is called done that is not, and what is left is said."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.apply import Outcome, Status, StepResult
from reconciler.core.plan import Plan
from reconciler.report.neutralise import render
from reconciler.report.outcome import is_converged, outcome_document, outcome_lines, outcome_summary
from tests.report.plans import a_finding, a_plan, a_problem, a_step, an_outcome

WEB, SQL, OLD = (a_step(f"protected_vm/rsv/rg/{name}") for name in ("web", "sql", "old"))


def printed(outcome: Outcome, rest: Plan | None, *, verbose: bool = False) -> str:
    return render(outcome_lines(outcome, rest, verbose=verbose), color=False)


def test_all_done_is_one_line() -> None:
    outcome = an_outcome((WEB, "done"), (SQL, "skipped"))
    assert printed(outcome, a_plan()) == "Applied: 1 done, 1 already done in 1 min 20 s. Converged: yes.\n"


def test_with_verbose_every_step_is_listed() -> None:
    text = printed(an_outcome((WEB, "done")), a_plan(), verbose=True)
    assert text.startswith("  + protected_vm/rsv/rg/web  create: done (1 min 15 s)\n")


def test_what_is_not_done_is_told_with_its_reason() -> None:
    outcome = an_outcome((WEB, "done"), (SQL, "failed"))
    blocked = StepResult(OLD, "blocked", cause=SQL.address)
    outcome = replace(outcome, results=(*outcome.results, blocked), problems=(a_problem("A120", "journal"),))
    rest = a_plan(SQL, findings=(a_finding("vault/rsv", "blocking"), a_finding("vault/rsv", "info", code="P999")))
    assert (
        printed(outcome, rest)
        == """\
  + protected_vm/rsv/rg/sql  create: failed (1 min 15 s)
    vm-web: error A101 Azure refused it
          why: names have letters only
          fix: write another
  + protected_vm/rsv/rg/old  create: blocked by protected_vm/rsv/rg/sql
journal: error A120 the name is wrong
      why: names have letters only
      fix: write another
Applied: 1 done, 1 failed, 1 blocked in 1 min 20 s. Converged: no.
  what remains: Plan: 1 to create, 0 to change, 0 to stop, 0 to delete. 2 findings.
  ! vault/rsv  blocking P300
      the VM is gone
      why: nobody can back it up
      fix: write state: stopped
"""
    )


def test_an_interruption_says_how_to_go_on() -> None:
    text = printed(an_outcome((WEB, "unknown"), (SQL, "not_started"), interrupted=True), None)
    assert "Interrupted: 1 with unknown end, 1 not started in 1 min 20 s. Converged: not known" in text
    assert "Run the same command again" in text


@pytest.mark.parametrize("status", ["done", "skipped", "failed", "unknown", "blocked", "not_started"])
def test_every_status_has_words(status: Status) -> None:
    assert "Applied: 1 " in outcome_summary(an_outcome((WEB, status)), a_plan())


def test_nothing_to_do_is_said_so() -> None:
    blocked = a_plan(findings=(a_finding("vault/rsv", "blocking"),))
    assert printed(Outcome(()), blocked) == "Applied: nothing to do. Converged: no.\n"  # the plan above it has the rest
    assert printed(Outcome(()), a_plan()) == "Applied: nothing to do. Converged: yes.\n"


@pytest.mark.parametrize(
    ("rest", "converged"),
    [
        (a_plan(), True),
        (a_plan(findings=(a_finding("vault/rsv", "warning"),)), True),
        (a_plan(findings=(a_finding("vault/rsv", "blocking"),)), False),
        (a_plan(WEB), False),
    ],
)
def test_converged_means_nothing_left_and_nothing_in_the_way(rest: Plan, converged: bool) -> None:
    assert is_converged(rest) is converged


def test_the_document_tells_the_same() -> None:
    rest = a_plan(SQL, findings=(a_finding("vault/rsv"),))
    document = outcome_document(an_outcome((WEB, "done")), rest, target={"kind": "azure"}, requests={"GET": 2})
    assert document["formatVersion"] == "1"
    assert document["converged"] is False
    assert document["remaining"] == {"steps": [SQL.document()], "findings": [rest.findings[0].document()]}
    assert document["requests"] == {"GET": 2}
    unknown = outcome_document(an_outcome((WEB, "done")), None, target={}, requests={})
    assert (unknown["converged"], unknown["remaining"]) == (None, None)
