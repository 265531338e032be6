"""The tutorial does what it says: its specs are written, its commands run, and what they print is what it shows."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from reconciler.cli.app import app
from tests.cli.command import Desk

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
_BLOCK = re.compile(r"```(yaml append|yaml|console)\n(.*?)```\n", re.DOTALL)


def test_the_tutorial(desk: Desk) -> None:
    desk.patch.setenv("AZBACKUP_SANDBOX", "azure.sqlite")
    shutil.copytree(ROOT / "specs", desk.folder / "specs", dirs_exist_ok=True)
    spec = desk.folder / "first.yaml"

    def play(block: re.Match[str]) -> str:
        kind, text = block[1], block[2]
        if kind == "console":
            text = _transcript(desk, text.split("\n", 1)[0])
        else:
            before = spec.read_text(encoding="utf-8") if kind == "yaml append" else ""
            spec.write_text(before + text, encoding="utf-8")
        return f"```{kind}\n{text}```\n"

    written = (DOCS / "tutorial.md").read_text(encoding="utf-8")
    played = _BLOCK.sub(play, written)
    if os.environ.get("REWRITE_GOLDENS"):
        (DOCS / "tutorial.md").write_text(played, encoding="utf-8")
    assert (DOCS / "tutorial.md").read_text(encoding="utf-8") == played


def _transcript(desk: Desk, command: str) -> str:
    answer = desk.run(*command.removeprefix("$ azbackup ").split())
    return f"{command}\n{answer.out}{answer.err}"


@pytest.mark.parametrize("path", [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))], ids=lambda path: path.name)
def test_commands_and_options_in_the_documentation_exist(desk: Desk, path: Path) -> None:
    code = "\n".join(re.findall(r"^```.*?^```|`[^`\n]+", path.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE))
    known = {command.name for command in app.registered_commands} | {"sandbox"}
    for name, options in re.findall(r"(?:^|\$ |`)azbackup ([a-z]+)([^\n`|]*)", code, re.MULTILINE):
        assert name in known, name
        helped = desk.run(*name.split(), *re.findall(r"^ (load|serve|reset|show|generate)\b", options), "--help").out
        for option in re.findall(r"--[a-z][a-z-]+", options):
            assert option in helped, f"{name} {option}"


@pytest.mark.parametrize("path", [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))], ids=lambda path: path.name)
def test_links_lead_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", path.read_text(encoding="utf-8")):
        assert "://" in target or (path.parent / target).exists(), target


def test_every_how_to_is_linked_from_the_readme() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [
        each.name for each in sorted((DOCS / "how-to").glob("*.md")) if f"(docs/how-to/{each.name})" not in readme
    ] == []


def test_the_readme_shows_what_the_demo_prints() -> None:
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    demo = subprocess.run(
        ["sh", str(ROOT / "specs" / "demo.sh")],
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=True,
    )
    printed = iter(demo.stdout.splitlines())
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    shown = text.partition("```text\n")[2].partition("```")[0].splitlines()
    assert len(shown) == 6
    assert [wanted for wanted in shown if wanted not in printed] == []  # `in` consumes: they are printed in this order
