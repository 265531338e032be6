"""Runs command lines in the same process, in a folder of their own, against a small sandbox."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from reconciler.cli.main import main
from reconciler.sandbox import transport
from reconciler.sandbox.estate import load_estate_text
from reconciler.sandbox.faults import Fault
from reconciler.sandbox.wire import Request, Response
from reconciler.sandbox.world import World

GOLDENS = Path(__file__).parent / "goldens"

ESTATE = """\
now: 2026-11-22T09:00:00Z
resourceGroups:
  rg-backup: {}
  rg-app:
    virtualMachines:
      vm-web: {os: linux}
      vm-sql: {os: windows}
"""
SPEC = """\
apiVersion: azbackup/v1
subscription: 00000000-0000-4000-8000-000000000001
location: westeurope
resourceGroup: rg-backup
vaults:
  rsv:
    tags: {owner: platform}
    policies:
      daily:
        schedule: {every: day, at: "23:00"}
        retain: {daily: 30}
        snapshots: {days: 2}
    protect:
      - {vm: rg-app/vm-web, policy: daily, initialBackup: {retainDays: 30}}
      - {vm: rg-app/vm-sql, policy: daily}
"""


@dataclass(frozen=True)
class Answer:
    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        """The one JSON document on stdout."""
        document: dict[str, Any] = json.loads(self.out)
        return document


@dataclass
class Desk:
    """A working folder with `specs/rsv.yaml` and the sandbox file `azure.db`, which AZBACKUP_SANDBOX names.

    `sent` holds method and URL of every request since it was last emptied; `faults` strike each command anew.
    """

    folder: Path
    capsys: pytest.CaptureFixture[str]
    patch: pytest.MonkeyPatch
    sent: list[tuple[str, str]] = field(default_factory=list)
    faults: tuple[Fault, ...] = ()
    interrupt: Callable[[Request], bool] = lambda request: False

    def __post_init__(self) -> None:
        make = transport.SandboxTransport
        self.patch.setattr(transport, "SandboxTransport", lambda world: make(world, self.faults, self._hear))
        self.write_spec(SPEC)
        self.load()

    def run(self, *arguments: str) -> Answer:
        self.capsys.readouterr()
        code = main(arguments)
        captured = self.capsys.readouterr()
        return Answer(code, captured.out, captured.err)

    def write_spec(self, text: str, name: str = "specs/rsv.yaml") -> None:
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def load(self, estate: str = ESTATE) -> None:
        world = World.open(self.folder / "azure.db")
        try:
            load_estate_text(world, estate, "estate.yaml")
        finally:
            world.close()

    def fail(self, *faults: Fault) -> None:
        self.faults = faults

    def _hear(self, request: Request, answer: Response | None) -> None:
        self.sent.append((request.method, request.url))
        if self.interrupt(request):
            raise KeyboardInterrupt


def assert_golden(name: str, text: str, folder: Path) -> None:
    """Equal to the kept file; `REWRITE_GOLDENS=1 pytest tests/cli` writes the files anew."""
    filtered = re.sub(r"0\.\d+\.\d+", "VERSION", text.replace(str(folder.resolve()), "FOLDER"))
    path = GOLDENS / f"{name}.txt"
    if os.environ.get("REWRITE_GOLDENS"):
        path.write_text(filtered, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == filtered


def shown(desk: Desk, commands: Sequence[str]) -> str:
    """Commands as a transcript: what each prints, to where, and its exit code."""
    parts = []
    for command in commands:
        answer = desk.run(*command.split())
        err = "".join(f"stderr| {row}\n" for row in answer.err.splitlines())
        parts.append(f"$ azbackup {command}\n{answer.out}{err}exit code {answer.code}\n")
    return "\n".join(parts)
