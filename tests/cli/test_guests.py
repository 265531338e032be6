"""Run commands while Resource Graph lags: what `apply` says is exact, and what a plan says too late does no harm."""

from __future__ import annotations

import pytest

from reconciler.cloud.run_commands import MOST_ASKED_DIRECTLY
from reconciler.sandbox.faults import Answer, Unseen
from tests.cli.command import ESTATE, SPEC, Desk

GRAPH = "*.ResourceGraph/resources"
SHOWS_NONE = Unseen(method="POST", path=GRAPH, hides="*/runcommands/*", times=99)
SHOWS_ONE = Unseen(method="POST", path=GRAPH, hides="*/runcommands/azbackup-agent-update", times=99)
FORBIDDEN = Answer(method="POST", path=GRAPH, times=99, status=403, code="AuthorizationFailed")
EGRESS = "egress: {lockdown: {via: proxy, proxy: {address: 10.0.0.5, port: 8080}, configureGuests: true}}\n"
APPLY = ("apply", "--auto-approve", "--allow")


def write(desk: Desk, vms: int) -> None:
    """An estate of so many Linux VMs; all have their agents updated, the first goes through a proxy, too."""
    names = [f"vm-{number:02d}" for number in range(vms)]
    desk.load(ESTATE.partition("      vm-web")[0] + "".join(f"      {name}: {{os: linux}}\n" for name in names))
    uses = [f"      - {{vm: rg-app/{name}, policy: daily, agent: update}}\n" for name in names]
    uses[0] = uses[0].replace("}", ", egress: lockdown}")
    desk.write_spec(SPEC.partition("      - {vm")[0] + "".join(uses) + EGRESS)


def asked_directly(desk: Desk) -> int:
    return sum("/runCommands/" in url for method, url in desk.sent if method == "GET")


@pytest.mark.parametrize("fault", [SHOWS_NONE, SHOWS_ONE, FORBIDDEN], ids=["none", "one", "forbidden"])
def test_few_are_seen_as_they_are(desk: Desk, fault: Answer | Unseen) -> None:
    write(desk, 3)
    desk.fail(fault)
    answer = desk.run(*APPLY, "weakening=4")
    assert (answer.code, "Converged: yes." in answer.out) == (0, True), answer
    assert desk.run("plan", "--detailed-exitcode").code == 0


def test_of_many_apply_knows_and_a_plan_may_be_late(desk: Desk) -> None:
    vms = MOST_ASKED_DIRECTLY + 2
    write(desk, vms)
    desk.fail(SHOWS_ONE)
    answer = desk.run(*APPLY, f"weakening={vms + 1}")
    assert (answer.code, "Converged: yes." in answer.out) == (0, True), answer
    desk.sent.clear()
    assert "Plan: 2 to create" in desk.run("plan").out
    assert asked_directly(desk) == MOST_ASKED_DIRECTLY
    again = desk.run(*APPLY, "weakening=2")
    assert (again.code, "Converged: yes." in again.out) == (0, True), again
    assert not [url for method, url in desk.sent if method == "PUT"]
    desk.fail()
    assert desk.run("plan", "--detailed-exitcode").code == 0
