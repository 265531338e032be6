"""Which Azure a command line means, and where its journal goes."""

from __future__ import annotations

from datetime import UTC
from pathlib import Path

import pytest

from reconciler.apply import InlineExecutor
from reconciler.cli.options import CloudName, Common
from reconciler.cli.problems import UsageError
from reconciler.cli.wiring import MachineClock, connected
from reconciler.core.errors import CloudError
from tests.cli.command import Desk


@pytest.mark.parametrize(
    ("options", "endpoint"),
    [
        (Common(), "https://management.azure.com"),
        (Common(cloud=CloudName.CHINA), "https://management.chinacloudapi.cn"),
        (Common(cloud=CloudName.USGOV), "https://management.usgovcloudapi.net"),
        (Common(endpoint="https://management.example.invalid/"), "https://management.example.invalid"),
    ],
)
def test_azure(options: Common, endpoint: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    with connected(options) as connection:
        assert connection.target == {"kind": "azure", "endpoint": endpoint}
        assert connection.journal == tmp_path / "azbackup" / "journal.jsonl"
        assert connection.requests == {}
        assert connection.request_ids() != connection.request_ids()


@pytest.mark.parametrize("state", ["", "relative"])
def test_the_journal_is_in_the_home_folder_unless_said_otherwise(state: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", state)
    with connected(Common()) as connection:
        assert connection.journal == Path.home() / ".local" / "state" / "azbackup" / "journal.jsonl"


def test_a_real_credential_never_goes_to_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    with connected(Common(endpoint="https://127.0.0.1:8443")) as connection, pytest.raises(CloudError, match="C106"):
        connection.azure(read_only=True)


def test_two_targets_are_refused(desk: Desk) -> None:
    for options in (
        Common(sandbox=Path("azure.db"), endpoint="https://x"),
        Common(sandbox=Path("azure.db"), cloud=CloudName.PUBLIC),
    ):
        with pytest.raises(UsageError, match="X104"), connected(options):
            raise AssertionError("connected")


def test_a_sandbox_runs_in_its_own_time_and_in_one_thread(desk: Desk) -> None:
    with connected(Common(sandbox=Path("azure.db"))) as connection:
        assert isinstance(connection.run, InlineExecutor)
        assert connection.clock.now().isoformat() == "2026-11-22T09:00:00+00:00"
        connection.clock.sleep(3600)
        assert connection.clock.now().hour == 10
        assert connection.journal == Path("azure.db.journal.jsonl")


def test_apply_keeps_its_journal_where_it_is_told(desk: Desk) -> None:
    assert desk.run("apply", "--auto-approve", "--target", "vault/rsv").code == 0
    assert '"event":"ended"' in (desk.folder / "azure.db.journal.jsonl").read_text(encoding="utf-8")
    assert desk.run("apply", "--auto-approve", "--journal", "mine.jsonl").code == 0
    assert "vm-web" in (desk.folder / "mine.jsonl").read_text(encoding="utf-8")


def test_the_clock_of_this_machine() -> None:
    clock = MachineClock()
    assert clock.now().tzinfo is UTC
    clock.sleep(0)
