"""The entry point: no traceback for users, colour only where it belongs, nothing heavy before it is needed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from reconciler.cli.main import main
from tests.cli.command import Desk

ROOT = Path(__file__).parents[2]
HEAVY = {"azure", "msrest", "rich", "deepdiff", "requests", "sqlite3"}


def start(*arguments: str, folder: Path, code: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", code, *arguments] if code else [sys.executable, "-m", "reconciler", *arguments]
    variables = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error", **environment}
    return subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    "command", ["--help", "plan --help", "--version", "validate specs", "validate none.yaml", "bogus"]
)
def test_what_needs_no_azure_imports_none(desk: Desk, command: str) -> None:
    program = (
        "import sys; from reconciler.cli.main import main; main(sys.argv[1:]);"
        "print(sorted({name.partition('.')[0] for name in sys.modules}), file=sys.stderr)"
    )
    loaded = start(*command.split(), folder=desk.folder, code=program).stderr.splitlines()[-1]
    assert "'reconciler'" in loaded
    assert not [name for name in HEAVY if f"'{name}'" in loaded]


def test_the_package_is_a_command_and_a_pipe_gets_plain_text_alone(desk: Desk) -> None:
    done = start("validate", folder=desk.folder)
    assert (done.returncode, done.stdout, done.stderr) == (0, "Valid: specs: 1 vault, 1 policy, 2 VMs.\n", "")
    assert start("validate", "none.yaml", folder=desk.folder).returncode == 1


def test_a_terminal_of_another_encoding_is_no_error(desk: Desk) -> None:
    done = start("plan", folder=desk.folder, PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert done.returncode == 0
    assert done.stdout.isascii()


def test_a_reader_that_leaves_early_is_no_traceback(desk: Desk) -> None:
    command = [sys.executable, "-m", "reconciler", "sandbox", "show"]
    variables = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        command, cwd=desk.folder, env=variables, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as program:
        assert program.stdout
        assert program.stderr
        program.stdout.close()
        assert program.stderr.read() == b""
        assert program.wait() == 1


def test_our_own_faults_are_told_as_such(desk: Desk) -> None:
    def broken(*arguments: object) -> None:
        raise RuntimeError("a \x1b[31mbad\x1b[0m day")

    desk.patch.setattr("reconciler.cli.plan.make_plan", broken)
    answer = desk.run("plan")
    assert answer.code == 1
    assert answer.out == ""
    assert (
        "RuntimeError: error X999 azbackup met something it did not expect: a \\u{1b}[31mbad\\u{1b}[0m day"
        in answer.err
    )
    assert "Traceback" not in answer.err
    assert "\x1b" not in answer.err
    verbose = desk.run("plan", "-v")
    assert "Traceback" in verbose.err
    assert "\x1b" not in verbose.err
    assert desk.run("plan", "--format", "json").document["problems"][0]["code"] == "X999"


def test_with_verbose_a_failure_shows_where_it_comes_from(desk: Desk) -> None:
    assert "Traceback" in desk.run("plan", "none.yaml", "-v").err
    assert "Traceback" not in desk.run("plan", "none.yaml").err


@pytest.mark.parametrize(
    ("options", "environment", "colored"),
    [
        ([], {}, True),
        (["--no-color"], {}, False),
        ([], {"NO_COLOR": "1"}, False),
        ([], {"NO_COLOR": ""}, True),
        ([], {"TERM": "dumb"}, False),
        (["--format", "json"], {}, False),
        (["--format", "markdown"], {}, False),
    ],
)
def test_color_is_for_terminals(desk: Desk, options: list[str], environment: dict[str, str], colored: bool) -> None:
    desk.patch.setattr(sys.stdout, "isatty", lambda: True)
    desk.patch.setenv("TERM", "xterm")
    for name, value in environment.items():
        desk.patch.setenv(name, value)
    assert ("\x1b[" in desk.run("validate", *options).out) is colored


def test_no_color_in_a_pipe(desk: Desk) -> None:
    assert "\x1b" not in desk.run("plan").out


def test_verbose_lists_the_notes_of_a_spec(desk: Desk) -> None:
    text = (desk.folder / "specs" / "rsv.yaml").read_text(encoding="utf-8")
    desk.write_spec(text.replace('at: "23:00"', 'at: "23:00", timeZone: Europe/Madrid'))
    assert "info I823" in desk.run("plan", "-v").err
    assert desk.run("plan").err == ""


def test_the_warnings_of_a_spec_are_counted_where_they_are_not_the_answer(desk: Desk) -> None:
    desk.run("sandbox", "generate", "--vms", "101", "--spec", "many.yaml")
    assert desk.run("plan", "many.yaml").err == "The spec has 1 warning; azbackup validate lists them.\n"
    assert "warning W810" in desk.run("validate", "many.yaml").out


def test_termination_is_like_an_interruption(desk: Desk) -> None:
    def terminate(request: object) -> bool:
        if getattr(request, "method", "") == "PUT":
            signal.raise_signal(signal.SIGTERM)
        return False

    before = signal.getsignal(signal.SIGTERM)
    desk.interrupt = terminate
    assert desk.run("apply", "--auto-approve").code == 130
    assert signal.getsignal(signal.SIGTERM) is before


def test_without_a_path_and_without_specs(desk: Desk) -> None:
    (desk.folder / "specs").rename(desk.folder / "elsewhere")
    for command in ("validate", "plan", "apply", "drift"):
        answer = desk.run(command)
        assert (answer.code, answer.out) == (1, "")
        assert "error X102" in answer.err
    assert desk.run("plan", "elsewhere").code == 0


def test_main_takes_the_arguments_of_the_process(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["azbackup", "--version"])
    assert main() == 0
    assert capsys.readouterr().out.startswith("azbackup ")
