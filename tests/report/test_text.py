"""What people read: symbols, groups, summaries, what needs care, what is folded."""

from __future__ import annotations

import re

import pytest

from reconciler.core.plan import Action, Change, Plan
from reconciler.report.neutralise import render
from reconciler.report.text import FOLD_FROM, drift_lines, plan_lines, problem_lines, validate_lines
from reconciler.report.words import change_text, duration_text, place_told, plan_summary, severity_of
from tests.report.plans import MIXED, a_finding, a_plan, a_problem, a_step


def printed(plan: Plan, *, verbose: bool = False) -> str:
    return render(plan_lines(plan, target="sandbox x", verbose=verbose), color=False)


def test_a_plan_is_printed_by_vault_with_symbols_changes_and_reasons() -> None:
    assert (
        printed(MIXED)
        == """\
target: sandbox x

rsv
  + vault/rsv  create
      there is no vault rsv
        location: westeurope
  ~ policy/rsv/daily  update [destructive]
      the policy differs
        retain.daily: 30 → 14
        destructive: existing points past the shorter retention go at the next clean-up
  + protected_vm/rsv/rg-app/web  resume
      stopped
        state: Stopped → Protected
  + initial_backup/rsv/rg-app/web  trigger [disruptive]
      no point yet
        backup: 30
  ! protected_vm/rsv/rg-app/gone  blocking P300 (spec.yaml:9:9)
      the VM is gone
      why: nobody can back it up
      fix: write state: stopped
  ! protected_vm/rsv/rg-app/other  info P400
      nobody wants it
      or so
      why: nobody can back it up
      fix: write state: stopped

old
  - protected_vm/old/rg-app/legacy  stop [weakening]
      unwanted
        state: Protected → Stopped
        weakening: no new points; the ones there are kept and paid for until deleted

Plan: 1 to create, 1 to change, 1 to stop, 0 to delete, 1 to resume, 1 to back up now. 2 findings.
  1 weakening: needs --allow weakening=1
  1 destructive: needs --allow destructive=1 and a consents: entry for each change
  ! initial_backup/rsv/rg-app/gone waits for protected_vm/rsv/rg-app/gone
Blocked: 1 finding to solve first.
"""
    )


def test_what_several_changes_of_a_step_cost_is_said_once_behind_the_last_of_them() -> None:
    cut, less, later = (
        Change("retain.daily", 30, 14, "POL-07"),
        Change("snapshots.days", 5, 2, "POL-08"),
        Change("retain.weekly.weeks", 12, 4, "POL-07"),
    )
    step = a_step("policy/rsv/daily", "update", cut, less, later, why="the policy differs")
    lines = printed(a_plan(step)).splitlines()
    start = lines.index("        retain.daily: 30 → 14")
    assert lines[start : start + 5] == [
        "        retain.daily: 30 → 14",
        "        retain.weekly.weeks: 12 → 4",
        "        destructive: existing points past the shorter retention go at the next clean-up",
        "        snapshots.days: 5 → 2",
        "        weakening: snapshots for fast restore go earlier",
    ]


@pytest.mark.parametrize(
    ("plan", "summary"),
    [
        (a_plan(), "No changes. Live Azure matches the spec."),
        (a_plan(findings=(a_finding("vault/x", "info"),)), "No changes. Live Azure matches the spec. 1 finding."),
        (a_plan(findings=(a_finding("vault/x", "blocking"),)), "No changes can be made. 1 finding."),
        (a_plan(a_step("vault/x")), "Plan: 1 to create, 0 to change, 0 to stop, 0 to delete."),
        (
            a_plan(a_step("protected_vm/x/g/v", "undelete"), a_step("protected_vm/x/g/v", "delete")),
            "Plan: 0 to create, 0 to change, 0 to stop, 1 to delete, 1 to undelete.",
        ),
    ],
)
def test_the_summary_says_what_is_there(plan: Plan, summary: str) -> None:
    assert plan_summary(plan) == summary


def many(number: int, action: Action = "create", effect: str = "ITM-01") -> Plan:
    change = Change("policy", None, "daily", effect)
    return a_plan(*(a_step(f"protected_vm/rsv/rg/vm-{index:03}", action, change) for index in range(number)))


def test_many_equal_steps_are_folded_and_counted() -> None:
    text = printed(many(FOLD_FROM + 1))
    assert text.count("protected_vm/rsv/rg/vm-") == 3
    assert f"  + … {FOLD_FROM - 2} more protected_vm to create alike; -v lists them\n" in text
    assert printed(many(FOLD_FROM + 1), verbose=True).count("protected_vm/rsv/rg/vm-") == FOLD_FROM + 1


def test_a_few_equal_steps_are_not_folded() -> None:
    assert printed(many(FOLD_FROM)).count("protected_vm/rsv/rg/vm-") == FOLD_FROM


def test_what_costs_recoverability_is_never_folded() -> None:
    assert printed(many(FOLD_FROM + 1, "stop", "ITM-08")).count("protected_vm/rsv/rg/vm-") == FOLD_FROM + 1


def test_many_blocked_addresses_are_folded() -> None:
    blocked = {f"protected_vm/rsv/rg/vm-{index}": "vault/rsv" for index in range(9)}
    plan = a_plan(findings=(a_finding("vault/rsv", "blocking"),), blocked=blocked)
    assert "  ! … 6 more wait for vault/rsv; -v lists them\n" in printed(plan)
    assert printed(plan, verbose=True).count("waits for vault/rsv") == 9


@pytest.mark.parametrize(
    ("action", "symbol", "sgr"),
    [
        ("create", "+", 32),
        ("undelete", "+", 32),
        ("resume", "+", 32),
        ("trigger", "+", 32),
        ("update", "~", 33),
        ("stop", "-", 31),
        ("delete", "-", 31),
    ],
)
def test_each_action_has_its_symbol_and_color(action: Action, symbol: str, sgr: int) -> None:
    lines = plan_lines(a_plan(a_step("vault/x", action)), target="t")
    assert f"\x1b[{sgr}m{symbol}\x1b[0m vault/x" in render(lines, color=True)


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (Change("days", 30, 14, "POL-07"), "days: 30 → 14"),
        (Change("days", None, 14, "POL-01"), "days: 14"),
        (Change("days", 14, None, "POL-07"), "days: 14 → (none)"),
        (Change("", None, "on", "ITM-18"), "on"),
        (Change("name", "", "x", "VLT-02"), 'name: "" → x'),
        (Change("on", ["Sunday"], [], "POL-02"), "on: [Sunday] → []"),
        (Change("crossRegionRestore", False, True, "VLT-10"), "crossRegionRestore: false → true"),
    ],
)
def test_changes_read_as_people_write_them(change: Change, text: str) -> None:
    assert change_text(change) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.2, "0 s"), (59.4, "59 s"), (59.6, "1 min 00 s"), (200, "3 min 20 s"), (3725, "1 h 02 min")],
)
def test_durations(seconds: float, text: str) -> None:
    assert duration_text(seconds) == text


def test_problems_have_five_parts() -> None:
    lines = problem_lines([a_problem(), a_problem("W201", what="two\nlines"), a_problem("I301", "")])
    assert (
        render(lines, color=False)
        == """\
spec.yaml:3:7: error E101 the name is wrong
      why: names have letters only
      fix: write another
spec.yaml:3:7: warning W201 two
      lines
      why: names have letters only
      fix: write another
info I301 the name is wrong
      why: names have letters only
      fix: write another
"""
    )
    assert [severity_of(a_problem(code)) for code in ("E1", "W1", "I1", "X999")] == [
        "error",
        "warning",
        "info",
        "error",
    ]


def test_validate_says_what_a_spec_holds_and_what_is_wrong() -> None:
    good = render(validate_lines([], files="specs", contents="1 vault"), color=False)
    assert good == "Valid: specs: 1 vault.\n"
    warned = render(validate_lines([a_problem("W1")], files="specs", contents="1 vault"), color=False)
    assert warned.endswith("Valid: specs: 1 vault. 1 warning.\n")
    bad = render(validate_lines([a_problem(), a_problem(), a_problem("I1")], files="a, b", contents=""), color=False)
    assert bad.endswith("Not valid: a, b: 2 errors, 1 note.\n")


@pytest.mark.parametrize(("drifted", "verdict"), [(True, "Drift: yes.\n"), (False, "Drift: none.\n")])
def test_drift_ends_with_its_verdict(drifted: bool, verdict: str) -> None:
    text = render(drift_lines(a_plan(), target="t", drifted=drifted), color=False)
    assert re.search("^No changes", text, re.MULTILINE)
    assert text.endswith(verdict)


@pytest.mark.parametrize(
    ("subscriptions", "told"),
    [
        ([], "https://azure"),
        (["a"], "https://azure, subscription a"),
        (["a", "b", "c"], "https://azure, subscriptions a, b, c"),
        (["a", "b", "c", "d"], "https://azure, 4 subscriptions"),
    ],
)
def test_a_target_names_its_subscriptions(subscriptions: list[str], told: str) -> None:
    assert place_told("https://azure", subscriptions) == told
