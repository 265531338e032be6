"""The files around the code: one version, a lock without hosts, commands that exist, nothing of one machine."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

import reconciler

ROOT = Path(__file__).parents[2]

# Put together here, so that this file does not hold what it looks for.
MACHINE_PATH = re.compile(r"(?<![\w.:-])/(wo" r"rk|home/\w+|Users/\w+)/|\.lib" r"rary\b")
PACKAGE_HOST = re.compile(r"py" r"pi\.org|python" r"hosted\.org|npm" r"js\.(org|com)")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8").replace("\\\n", " ")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")


def tracked_texts() -> dict[str, str]:
    """Every file that is committed, or would be by `git add --all`, if it is text."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.split("\0")  # fmt: skip
    texts = {}
    for path in filter(None, listed):
        content = (ROOT / path).read_bytes() if (ROOT / path).is_file() else b"\0"
        if b"\0" not in content:
            texts[path] = content.decode("utf-8", errors="replace")
    return texts


def make_targets() -> set[str]:
    return set(re.findall(r"^([a-z]+):", MAKEFILE, re.MULTILINE))


def named_targets(text: str) -> set[str]:
    """The targets of the `make x` commands in the code spans and code blocks of a Markdown text."""
    code = re.findall(r"```.*?```|`[^`\n]+`", text, re.DOTALL)
    return {target for span in code for target in re.findall(r"\bmake ([a-z]+)", span)}


@pytest.mark.parametrize("forbidden", [MACHINE_PATH, PACKAGE_HOST], ids=["machine path", "package host"])
def test_nothing_of_one_machine_is_committed(forbidden: re.Pattern[str]) -> None:
    found = [f"{path}: {match[0]}" for path, text in tracked_texts().items() if (match := forbidden.search(text))]
    assert not found, "\n".join(found)


def test_machine_paths_and_hosts_are_recognised() -> None:
    assert MACHINE_PATH.search("see " + "/wo" + "rk/notes.md")
    assert MACHINE_PATH.search("'/ho" + "me/someone/azbackup'")
    assert not MACHINE_PATH.search("https://example.com" + "/wo" + "rk/item")
    assert PACKAGE_HOST.search("https://files.python" + "hosted.org/x")


def test_the_version_is_in_one_place() -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+", reconciler.__version__)
    assert PROJECT["project"]["dynamic"] == ["version"]
    assert PROJECT["tool"]["hatch"]["version"]["path"] == "reconciler/__init__.py"
    literal = re.compile(rf"""["']{re.escape(reconciler.__version__)}["']""")
    code = {path: text for path, text in tracked_texts().items() if path.endswith((".py", ".toml"))}
    assert [path for path, text in code.items() if literal.search(text)] == ["reconciler/__init__.py"]


def test_the_lock_pins_everything_by_hash_and_names_no_source() -> None:
    entry = re.compile(r"[\w.-]+==\S+( ; [^;]+?)?(\s+--hash=sha256:[0-9a-f]{64})+")
    entries = [line for line in LOCK.splitlines() if line.strip()]
    assert entries
    assert not [line for line in entries if not entry.fullmatch(line)]
    assert "://" not in LOCK


def test_the_lock_holds_every_declared_dependency() -> None:
    groups = (
        PROJECT["project"]["dependencies"],
        PROJECT["dependency-groups"]["dev"],
        PROJECT["build-system"]["requires"],
    )
    declared = {re.sub(r"[^\w.-].*", "", requirement).lower() for group in groups for requirement in group}
    assert declared <= set(re.findall(r"^([\w.-]+)==", LOCK, re.MULTILINE))


@pytest.mark.parametrize("document", ["README.md", "CONTRIBUTING.md"])
def test_the_make_commands_of_the_documents_exist(document: str) -> None:
    named = named_targets((ROOT / document).read_text(encoding="utf-8"))
    assert named
    assert named <= make_targets()


def test_make_commands_are_found_in_code_only() -> None:
    assert named_targets("we make progress with `make demo`:\n```sh\nmake test\n```\n") == {"demo", "test"}


def test_every_make_target_is_phony_and_explained() -> None:
    phony = set(re.findall(r"^\.PHONY: (.*)$", MAKEFILE, re.MULTILINE)[0].split())
    assert make_targets() == phony
    assert set(re.findall(r"^([a-z]+):.*## \S", MAKEFILE, re.MULTILINE)) == phony


def test_ci_runs_what_people_run() -> None:
    commands = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    assert [line for line in commands if "make" in line] == ["exec make test"]
    assert (ROOT / ".ci" / "run").stat().st_mode & 0o111
    workflow = (ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8")
    assert re.findall(r"- run: (.*)", workflow) == ["make test"]
    assert all(re.search(r"@[0-9a-f]{40} # v\d", line) for line in workflow.splitlines() if "uses:" in line)


def test_the_changelog_starts_with_what_is_unreleased_and_then_this_version() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    headings = re.findall(r"^## \[(.+?)\]", changelog, re.MULTILINE)
    assert headings[:2] == ["Unreleased", reconciler.__version__]
