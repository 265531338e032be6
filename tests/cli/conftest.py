"""The desk at which commands are run."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.command import Desk


@pytest.fixture
def desk(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AZBACKUP_SANDBOX", "azure.db")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("COLUMNS", "110")
    for name in ("NO_COLOR", "FORCE_COLOR", "TERMINAL_WIDTH"):
        monkeypatch.delenv(name, raising=False)
    return Desk(tmp_path, capsys, monkeypatch)
