"""The import contracts of pyproject.toml: a tidy toy house keeps them, each trespass breaks the one that names it."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = ("apply", "cli", "cloud", "core", "kinds", "plan", "preflight", "report", "sandbox", "spec")
TIDY = {
    "cli/main.py": "import reconciler.cloud.clients, reconciler.plan.make, time",
    "cloud/clients.py": "import azure.core, reconciler.core.ids",
    "core/ids.py": "import re, uuid, datetime, zoneinfo",
    "plan/make.py": "import deepdiff, reconciler.core.ids",
    "sandbox/transport.py": "import azure.core",
}
ROOMS_BROKEN, AZURE_BROKEN, PURE_BROKEN = "Rooms", "Only cloud", "The pure rooms"


def broken_contracts(house: Path, files: dict[str, str]) -> list[str]:
    """The first words of the contracts that import-linter reports as broken for a package made of `files`."""
    for room in ROOMS:
        (house / "reconciler" / room).mkdir(parents=True)
        (house / "reconciler" / room / "__init__.py").touch()
    (house / "reconciler" / "__init__.py").touch()
    for path, text in files.items():
        (house / "reconciler" / path).write_text(text + "\n", encoding="utf-8")
    (house / "pyproject.toml").write_text((ROOT / "pyproject.toml").read_text(encoding="utf-8"), encoding="utf-8")
    run = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache", "--no-logo"],
        cwd=house, env={"PYTHONPATH": str(house), "COLUMNS": "200"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    broken = [line.split(" BROKEN")[0] for line in run.stdout.splitlines() if " BROKEN" in line]
    assert run.returncode == (1 if broken else 0), run.stdout + run.stderr
    return [name for name in (ROOMS_BROKEN, AZURE_BROKEN, PURE_BROKEN) if any(line.startswith(name) for line in broken)]


def test_a_tidy_house_keeps_every_contract(tmp_path: Path) -> None:
    assert broken_contracts(tmp_path, TIDY) == []


@pytest.mark.parametrize(
    ("path", "text", "broken"),
    [
        ("plan/make.py", "import reconciler.kinds", ROOMS_BROKEN),
        ("sandbox/rows.py", "import reconciler.kinds", ROOMS_BROKEN),
        ("core/ids.py", "import reconciler.spec", ROOMS_BROKEN),
        ("apply/run.py", "import reconciler.cli", ROOMS_BROKEN),
        ("attic.py", "x = 1", ROOMS_BROKEN),
        ("apply/run.py", "from azure.core.exceptions import HttpResponseError", AZURE_BROKEN),
        ("sandbox/world.py", "import azure.core", AZURE_BROKEN),
        ("plan/make.py", "import time", PURE_BROKEN),
        ("report/text.py", "from pathlib import Path", PURE_BROKEN),
    ],
)
def test_a_trespass_breaks_its_contract(tmp_path: Path, path: str, text: str, broken: str) -> None:
    assert broken_contracts(tmp_path, TIDY | {path: text}) == [broken]
