"""The update of the agent from the package of the distribution, with stand-ins for the package managers."""

from pathlib import Path

import pytest

from tests.guest.machine import SHELLS, WRITES_ITS_CALL, Machine

# The package database is a file with the version; an update puts there what the file `offered` says, if there is one.
ASK = '#!/bin/sh\ncat "$AZBACKUP_TEST_ROOT/version" 2>/dev/null\n'
UPDATE = (
    WRITES_ITS_CALL
    + '[ ! -e "$AZBACKUP_TEST_ROOT/offered" ] || cp "$AZBACKUP_TEST_ROOT/offered" "$AZBACKUP_TEST_ROOT/version"\n'
)
CALLS = {
    "apt-get": [
        "apt-get -q update",
        "apt-get -q -y -o Dpkg::Options::=--force-confold install --only-upgrade walinuxagent",
    ],
    "zypper": ["zypper --non-interactive refresh", "zypper --non-interactive update python-azure-agent"],
    "tdnf": ["tdnf -y update WALinuxAgent"],
    "dnf": ["dnf -y update WALinuxAgent"],
    "yum": ["yum -y update WALinuxAgent"],
}
RESTART = "systemd-run --on-active=15 systemctl restart waagent.service"


def with_manager(root: Path, manager: str, shell: str = "sh", version: str | None = "2.2.46-1") -> Machine:
    machine = Machine(root, shell, service="waagent")
    machine.stand_in(manager, UPDATE)
    machine.stand_in("dpkg-query" if manager == "apt-get" else "rpm", ASK)
    if version:
        (root / "version").write_text(version, encoding="utf-8")
    return machine


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("manager", CALLS)
def test_a_newer_package_is_installed_and_the_agent_restarted(tmp_path: Path, manager: str, shell: str) -> None:
    machine = with_manager(tmp_path, manager, shell)
    (tmp_path / "offered").write_text("2.11.1.4-0ubuntu3~22.04", encoding="utf-8")
    outcome = machine.run("linux-agent-update.sh")
    package = CALLS[manager][-1].split()[-1]
    assert outcome.report == {
        "script": "linux-agent-update",
        "package": package,
        "before": "2.2.46-1",
        "after": "2.11.1.4-0ubuntu3~22.04",
        "agentRestarted": True,
    }
    assert machine.calls() == [*CALLS[manager], RESTART]

    again = machine.run("linux-agent-update.sh")
    assert (again.report["before"], again.report["agentRestarted"]) == (again.report["after"], False)
    assert machine.calls() == CALLS[manager]


def test_a_restart_that_failed_is_made_up_for_by_the_next_run(tmp_path: Path) -> None:
    machine = with_manager(tmp_path, "dnf")
    (tmp_path / "offered").write_text("2.11.1", encoding="utf-8")
    machine.service = "nothing"
    assert "could not be restarted" in machine.run("linux-agent-update.sh").report["error"]
    machine.service = "waagent"
    made_up = machine.run("linux-agent-update.sh").report
    assert (made_up["before"], made_up["after"], made_up["agentRestarted"]) == ("2.11.1", "2.11.1", True)


def test_a_machine_without_the_package_is_left_alone(tmp_path: Path) -> None:
    machine = with_manager(tmp_path, "yum", version=None)
    outcome = machine.run("linux-agent-update.sh")
    assert (outcome.exit_code, outcome.report["error"]) == (1, "the package WALinuxAgent is not installed")
    assert machine.calls() == []


def test_a_machine_without_a_known_package_manager_is_left_alone(tmp_path: Path) -> None:
    outcome = Machine(tmp_path).run("linux-agent-update.sh")
    assert outcome.exit_code == 1
    assert outcome.report["error"].startswith("no package manager that is known here")


def test_an_update_that_fails_says_so(tmp_path: Path) -> None:
    machine = with_manager(tmp_path, "zypper")
    machine.stand_in("zypper", "#!/bin/sh\nexit 4\n")
    outcome = machine.run("linux-agent-update.sh")
    assert (outcome.exit_code, outcome.report["error"]) == (1, "zypper could not update python-azure-agent")
    assert machine.calls() == []


def test_a_version_can_not_break_the_report(tmp_path: Path) -> None:
    machine = with_manager(tmp_path, "dnf", version='2.2"\n,"agentRestarted":7,"')
    assert machine.run("linux-agent-update.sh").report["before"] == "2.2agentRestarted:7"
