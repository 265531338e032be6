"""What the command line itself can complain about: the X codes, as problems of five parts."""

from __future__ import annotations

from pathlib import Path

from reconciler.core.errors import ConsentError, ExitCode, Problem, ReconcilerError


class UsageError(ReconcilerError):
    """The command line can't be used as it is written."""


class OutputError(ReconcilerError):
    """A file could not be read or written."""


class Interrupted(ReconcilerError):
    """Somebody, or the system, asked the command to stop while nothing was being sent."""

    exit_code = ExitCode.INTERRUPTED

    def __init__(self) -> None:
        super().__init__(
            Problem(
                code="X122",
                where="azbackup",
                what="interrupted",
                why="somebody, or the system, asked the command to stop",
                remedy="run the same command again",
            )
        )


def usage(where: str, what: str, remedy: str) -> UsageError:
    return UsageError(Problem("X101", where, what, "the command line is not one that azbackup knows", remedy))


def no_spec() -> UsageError:
    return UsageError(
        Problem(
            code="X102",
            where="specs",
            what="no PATH is given, and there is no folder specs/ here",
            why="without a PATH the spec is the folder specs/ of the working folder",
            remedy="name the files or folders of the spec, or change to the folder that holds specs/",
        )
    )


def bad_moment(text: str) -> UsageError:
    return UsageError(
        Problem(
            code="X103",
            where="--now",
            what=f"{text} is not a moment",
            why="the moment of a run is an ISO 8601 date and time; without an offset it is UTC",
            remedy="write it like --now 2026-03-29T01:30:00Z",
        )
    )


def two_targets(option: str) -> UsageError:
    return UsageError(
        Problem(
            code="X104",
            where=option,
            what=f"{option} and a sandbox are two targets",
            why="a run speaks either to Azure or to the local sandbox",
            remedy=f"leave out {option}, or leave out --sandbox and unset AZBACKUP_SANDBOX",
        )
    )


def no_sandbox(path: Path | None) -> UsageError:
    return UsageError(
        Problem(
            code="X105",
            where=str(path) if path else "--sandbox",
            what="there is no sandbox here" if path else "no sandbox is named",
            why="a sandbox is a file that holds the state of a local Azure",
            remedy=f"make one: azbackup sandbox load ESTATE.yaml --sandbox {path or 'FILE'}",
        )
    )


def not_a_sandbox(path: Path, reason: str) -> UsageError:
    return UsageError(
        Problem(
            code="X106",
            where=str(path),
            what=f"this file can't be used as a sandbox: {reason}",
            why="a sandbox is a file that azbackup sandbox load has made, on a disk that can be written to",
            remedy="name another file; azbackup sandbox load ESTATE.yaml --sandbox FILE makes a new one",
        )
    )


def unwritable(path: Path, reason: str) -> OutputError:
    return OutputError(
        Problem(
            code="X110",
            where=str(path),
            what=f"the file can't be written: {reason}",
            why="files are written whole, beside the old one, and put in its place; links are not followed",
            remedy="name a plain file in a folder that you may write to",
        )
    )


def unreadable(path: Path, reason: str) -> OutputError:
    return OutputError(
        Problem(
            code="X111",
            where=str(path),
            what=f"the file can't be read: {reason}",
            why="the command needs what is in it",
            remedy="name a readable UTF-8 file",
        )
    )


def nobody_to_ask() -> ConsentError:
    return ConsentError(
        Problem(
            code="X120",
            where="apply",
            what="nobody is here to say yes: the input is not a terminal",
            why="nothing is sent before someone has agreed to the plan",
            remedy="add --auto-approve, or run plan --out FILE, have it reviewed, and run apply --plan FILE --auto-approve",
        )
    )


def declined() -> ConsentError:
    return ConsentError(
        Problem(
            code="X121",
            where="apply",
            what="the plan was not agreed to; nothing was sent",
            why="only the word yes lets it start",
            remedy="change the spec, or run apply again and answer yes",
        )
    )


def schema_outdated(path: Path, missing: bool) -> OutputError:
    return OutputError(
        Problem(
            code="X130",
            where=str(path),
            what="the schema file is missing" if missing else "the schema file is not what this version generates",
            why="editors complete and check specs by it",
            remedy="run azbackup schema in the folder that holds schemas/, and commit what it wrote",
        )
    )


def unexpected(error: BaseException) -> Problem:
    """For what should never happen; the text of the error is all we know."""
    return Problem(
        code="X999",
        where=type(error).__name__,
        what=f"azbackup met something it did not expect: {error}",
        why="this is a fault of azbackup, not of the spec",
        remedy="run again with -v to see where it happened, and report it with that text; after apply, run plan to see what was done",
    )
