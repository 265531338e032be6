"""Markdown for pull requests: summary first, tables after, never too long for a comment."""

from __future__ import annotations

from reconciler.report.markdown import MAX_COMMENT_CHARACTERS, outcome_markdown, plan_markdown, problems_markdown
from tests.report.plans import MIXED, a_plan, a_problem, a_step, an_outcome


def test_a_plan() -> None:
    text = plan_markdown(MIXED, target="sandbox x")
    assert text.startswith("## azbackup plan\n\n**Plan: 1 to create, 1 to change, 1 to stop, 0 to delete,")
    assert "| `~` | `policy/rsv/daily` | update | destructive | `retain.daily: 30 → 14` |\n" in text
    assert (
        "| blocking | `P300` | `protected_vm/rsv/rg-app/gone` | `the VM is gone` | `write state: stopped` |\n" in text
    )
    assert "| `initial_backup/rsv/rg-app/gone` | `protected_vm/rsv/rg-app/gone` |\n" in text


def test_an_empty_plan_has_no_tables() -> None:
    assert plan_markdown(a_plan(), target="t") == (
        "## azbackup plan\n\n**No changes. Live Azure matches the spec.** Target: `t`\n"
    )


def test_a_long_plan_is_cut_and_says_so() -> None:
    text = plan_markdown(a_plan(*(a_step(f"protected_vm/rsv/rg/vm-{n}") for n in range(5000))), target="t")
    assert len(text) < MAX_COMMENT_CHARACTERS + 500
    shown = text.count("| `+` |")
    assert f"\n{5000 - shown} more: the comment would be too long" in text


def test_problems() -> None:
    text = problems_markdown([a_problem(), a_problem("W2")], title="azbackup validate")
    assert "**1 error, 1 warning.**" in text
    assert "| error | E101 | `spec.yaml:3:7` | `the name is wrong` | `write another` |\n" in text
    assert problems_markdown([], title="x") == "## x\n\n**No problems.**\n"


def test_an_outcome() -> None:
    text = outcome_markdown(an_outcome((a_step("vault/x"), "done"), (a_step("vault/y"), "failed")), a_plan())
    assert "**Applied: 1 done, 1 failed in 1 min 20 s. Converged: yes.**" in text
    assert "| done | `vault/x` | create |  |  |\n" in text
    assert "| failed | `vault/y` | create | `A101 Azure refused it` | `write another` |\n" in text
