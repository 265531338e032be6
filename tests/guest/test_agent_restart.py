"""The restart of the agent after a change: by the name its service has here, and not lost when a run dies."""

from pathlib import Path

import pytest

from tests.guest.machine import WRITES_ITS_CALL, Machine


def with_agent(root: Path, service: str) -> Machine:
    machine = Machine(root, service=service)
    machine.file("waagent.conf").write_text("Logs.Verbose=n\n", encoding="utf-8")
    return machine


@pytest.mark.parametrize("service", ["walinuxagent", "waagent"])
def test_the_service_has_the_name_that_the_distribution_gives_it(tmp_path: Path, service: str) -> None:
    machine = with_agent(tmp_path, service)
    assert machine.set_proxy().report["agentRestarted"] is True
    assert machine.calls() == [f"systemd-run --on-active=15 systemctl restart {service}.service"]


def test_without_a_timer_it_is_restarted_at_once(tmp_path: Path) -> None:
    machine = with_agent(tmp_path, "waagent")
    machine.stand_in("systemd-run", "#!/bin/sh\nexit 1\n")
    assert machine.set_proxy().report["agentRestarted"] is True
    assert machine.calls() == ["systemctl --no-block restart waagent.service"]


def test_without_systemd_the_init_script_does_it(tmp_path: Path) -> None:
    machine = with_agent(tmp_path, "")
    init = tmp_path / "etc" / "init.d" / "waagent"
    init.parent.mkdir()
    init.write_text(WRITES_ITS_CALL, encoding="utf-8")
    init.chmod(0o755)
    assert machine.set_proxy().report["agentRestarted"] is True
    assert machine.calls() == ["waagent restart"]


def test_a_restart_that_failed_is_made_up_for_by_the_next_run(tmp_path: Path) -> None:
    machine = with_agent(tmp_path, "")
    failed = machine.set_proxy()
    assert failed.exit_code == 1
    assert "could not be restarted" in failed.report["error"]
    machine.service = "waagent"
    machine.stand_in("systemctl", "#!/bin/sh\nexit 0\n")
    made_up = machine.set_proxy()
    assert (made_up.exit_code, made_up.report["changed"], made_up.report["agentRestarted"]) == (0, [], True)
    assert machine.set_proxy().report["agentRestarted"] is False


def test_both_scripts_restart_the_agent_in_the_same_words() -> None:
    scripts = [
        Path(__file__).parents[2] / "reconciler" / "guest" / name
        for name in ("linux-proxy.sh", "linux-agent-update.sh")
    ]
    texts = [path.read_text(encoding="utf-8").partition("restart_agent() {")[2].partition("\n}")[0] for path in scripts]
    assert texts[0] == texts[1] != ""
