"""A command that was killed half-way is given again, word for word, with the journal that the first one left."""

from __future__ import annotations

import pytest

from reconciler.sandbox.faults import Crash, SandboxCrash
from reconciler.sandbox.transport import TOKEN
from tests.cli.command import Desk
from tests.journeys.local import REPOSITORY

_COMMAND = ("apply", "--plan", "plan.json", "--auto-approve", "--allow", "weakening=6")


def test_a_reviewed_plan_with_its_counts_is_finished_by_the_same_command(desk: Desk) -> None:
    desk.load((REPOSITORY / "specs/sandbox/network-estate.yaml").read_text())
    desk.write_spec((REPOSITORY / "specs/egress-proxy.yaml").read_text())
    assert desk.run("plan", "--out", "plan.json").code == 0
    desk.fail(
        Crash(nth=4, method="PUT", path="*/microsoft.[nc]*", at="after")
    )  # the rules are there, and a script runs
    with pytest.raises(SandboxCrash):
        desk.run(*_COMMAND)
    desk.fail()
    again = desk.run(*_COMMAND)
    assert (again.code, "Converged: yes" in again.out) == (0, True), again.err
    assert desk.run("plan", "--detailed-exitcode").code == 0
    journal = (desk.folder / "azure.db.journal.jsonl").read_text()
    assert '"event":"sending"' in journal
    assert all(secret not in journal for secret in (TOKEN, "Bearer", "#!/", "param("))
