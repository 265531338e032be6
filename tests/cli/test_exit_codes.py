"""Every exit code of every command (design, section 4), and what stays unsent on the way there."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn

import pytest

from reconciler.core.errors import Problem, Unreadable
from reconciler.sandbox.faults import Answer, OperationFails
from tests.cli.command import SPEC, Desk

FORBIDDEN = Answer(status=403, code="AuthorizationFailed", message="no permission", method="PUT", times=99)
SQL_FAILS = OperationFails(method="PUT", path="*/protectedItems/*vm-sql", times=99)
UNREADABLE = Answer(status=403, code="AuthorizationFailed", message="no permission", path="*/vaults/rsv", times=99)
VM_NOWHERE = SPEC.replace("rg-app/vm-sql", "rg-app/vm-nowhere")
SHORTER = SPEC.replace("daily: 30", "daily: 14")


@dataclass(frozen=True)
class Case:
    """`before` prepares the desk; `sends` says whether anything but reads may leave."""

    command: str
    code: int
    before: Callable[[Desk], object] = lambda desk: None
    sends: bool = False


def in_sync(desk: Desk) -> None:
    assert desk.run("apply", "--auto-approve").code == 0


def then(text: str) -> Callable[[Desk], None]:
    """In sync, and then the spec changes."""

    def prepare(desk: Desk) -> None:
        in_sync(desk)
        desk.write_spec(text)

    return prepare


def saved_then(text: str) -> Callable[[Desk], None]:
    def prepare(desk: Desk) -> None:
        assert desk.run("plan", "--out", "plan.json").code == 0
        desk.write_spec(text)

    return prepare


def half_done(desk: Desk) -> None:
    """A saved plan, of which the first steps have landed."""
    desk.run("plan", "--out", "plan.json")
    assert desk.run("apply", "--auto-approve", "--target", "policy/rsv/daily").code == 0


CASES = {
    "validate fine": Case("validate", 0),
    "validate wrong": Case("validate", 1, lambda desk: desk.write_spec("apiVersion: nope")),
    "plan": Case("plan", 0),
    "plan with changes": Case("plan --detailed-exitcode", 2),
    "plan without changes": Case("plan --detailed-exitcode", 0, in_sync),
    "plan blocked": Case("plan", 3, lambda desk: desk.write_spec(VM_NOWHERE)),
    "plan blocked, with changes": Case("plan --detailed-exitcode", 3, lambda desk: desk.write_spec(VM_NOWHERE)),
    "plan of a wrong spec": Case("plan", 1, lambda desk: desk.write_spec("apiVersion: nope")),
    "plan for an unknown target": Case("plan --target vault/none", 1),
    "apply": Case("apply --auto-approve", 0, sends=True),
    "apply nothing": Case("apply", 0, in_sync),
    "apply without an answer": Case("apply", 5),
    "apply without allowance": Case("apply --auto-approve", 5, then(SHORTER)),
    "apply with a wrong count": Case("apply --auto-approve --allow destructive=2", 5, then(SHORTER)),
    "apply without consent": Case("apply --auto-approve --allow destructive=1", 5, then(SHORTER)),
    "apply with a count of nothing": Case("apply --auto-approve --allow weakening=1", 5),
    "apply what is not blocked": Case("apply --auto-approve", 3, lambda desk: desk.write_spec(VM_NOWHERE), sends=True),
    "apply refused": Case("apply --auto-approve", 1, lambda desk: desk.fail(FORBIDDEN), sends=True),
    "apply partly": Case("apply --auto-approve", 6, lambda desk: desk.fail(SQL_FAILS), sends=True),
    "apply a target": Case("apply --auto-approve --target protected_vm/rsv/rg-app/vm-sql", 0, sends=True),
    "apply a saved plan": Case("apply --auto-approve --plan plan.json", 0, saved_then(SPEC), sends=True),
    "apply the rest of a saved plan": Case("apply --auto-approve --plan plan.json", 0, half_done, sends=True),
    "apply a stale plan": Case("apply --auto-approve --plan plan.json", 4, saved_then(SHORTER)),
    "apply something else": Case("apply --auto-approve --plan specs/rsv.yaml", 4),
    "apply no plan": Case("apply --auto-approve --plan none.json", 1),
    "drift none": Case("drift", 0, in_sync),
    "drift": Case("drift", 2),
    "drift unreadable": Case("drift", 1, lambda desk: desk.fail(UNREADABLE)),
    "drift of a wrong spec": Case("drift", 1, lambda desk: desk.write_spec("apiVersion: nope")),
    "drift takes no consent": Case("drift --allow destructive=1", 1),
    "schema written": Case("schema", 0),
    "schema missing": Case("schema --check", 1),
    "sandbox shown": Case("sandbox show", 0),
    "sandbox missing": Case("sandbox show --sandbox none.db", 1),
    "sandbox of something else": Case("sandbox show --sandbox specs/rsv.yaml", 1),
    "estate wrong": Case("sandbox load specs/rsv.yaml", 1),
    "version": Case("--version", 0),
    "usage": Case("plan --bogus", 1),
    "nothing": Case("", 0),
}


@pytest.mark.parametrize("name", CASES)
def test_exit_code(desk: Desk, name: str) -> None:
    case = CASES[name]
    case.before(desk)
    desk.sent.clear()
    answer = desk.run(*case.command.split())
    assert answer.code == case.code, answer
    assert "Traceback" not in answer.out + answer.err
    assert any(method != "GET" for method, _ in desk.sent) is case.sends


def test_an_interruption_ends_with_130_and_can_be_gone_on_from(desk: Desk) -> None:
    desk.interrupt = lambda request: request.method == "PUT" and "protectedItems" in request.url
    answer = desk.run("apply", "--auto-approve")
    assert answer.code == 130
    assert "Interrupted: " in answer.out
    assert "Run the same command again" in answer.out
    desk.interrupt = lambda request: False
    assert desk.run("apply", "--auto-approve").code == 0
    assert desk.run("plan", "--detailed-exitcode").code == 0


def test_an_interruption_while_reading_ends_with_130(desk: Desk) -> None:
    desk.interrupt = lambda request: True
    assert desk.run("plan").code == 130
    answer = desk.run("plan", "--format", "json")
    assert (answer.code, answer.document["problems"][0]["code"]) == (130, "X122")


def test_what_was_done_is_told_when_azure_can_not_be_read_again(desk: Desk) -> None:
    def gone(*arguments: object, **named: object) -> NoReturn:
        raise Unreadable(Problem("Z403", "rsv", "forbidden", "no permission", "ask for it"))

    desk.patch.setattr("reconciler.cli.apply.look", gone)
    answer = desk.run("apply", "--auto-approve")
    assert answer.code == 1
    assert "Applied: 5 done" in answer.out
    assert "Converged: not known" in answer.out
    assert "Z403 forbidden" in answer.err


def test_no_reply_at_all_is_no(desk: Desk) -> None:
    def end() -> NoReturn:
        raise EOFError

    desk.patch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    desk.patch.setattr("builtins.input", end)
    assert desk.run("apply").code == 5
    assert {method for method, _ in desk.sent} == {"GET"}


@pytest.mark.parametrize(("reply", "code"), [("yes", 0), (" YES ", 0), ("y", 5), ("", 5), ("no", 5)])
def test_only_yes_is_yes(desk: Desk, reply: str, code: int) -> None:
    desk.patch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    desk.patch.setattr("builtins.input", lambda: reply)
    answer = desk.run("apply")
    assert answer.code == code
    where = "sandbox azure.db, subscription 00000000-0000-4000-8000-000000000001"
    assert f"Shall this be done in {where}? Only yes lets it start." in answer.err
    assert ("Converged: yes" in answer.out) is (code == 0)


def test_consent_and_allowance_together_let_a_change_through(desk: Desk) -> None:
    then(
        SHORTER
        + """\
consents:
  - address: policy/rsv/daily
    change: retain.daily
    old: 30
    new: 14
    reason: cost
    expires: 2026-11-30
"""
    )(desk)
    answer = desk.run("apply", "--auto-approve", "--allow", "destructive=1")
    assert answer.code == 0, answer
    assert "Converged: yes" in answer.out
