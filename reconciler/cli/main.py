"""The entry point, and the only place where errors become messages and exit codes."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from io import TextIOWrapper

import typer

from reconciler.cli.output import Output, output_of
from reconciler.cli.problems import Interrupted, unexpected, usage
from reconciler.core.errors import ExitCode, ReconcilerError

_COMMAND_LINE_ERROR = typer.BadParameter.__mro__[2]  # what typer raises for any bad command line; it has no public name


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command line and returns its exit code; nothing that a user or Azure can cause comes out of here."""
    words = list(sys.argv[1:] if arguments is None else arguments) or ["--help"]
    output = output_of(words)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal without "→" shows something else, and no error
    try:
        return int(_run(words) or ExitCode.DONE)
    except ReconcilerError as error:
        return _fail(output, error)
    except BrokenPipeError:
        # Whoever read the answer has gone; nothing may be written at the end of the program either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.ERROR
    except KeyboardInterrupt:
        return _fail(output, Interrupted())
    except Exception as error:  # noqa: BLE001 - the top: whatever is left is a fault of ours and is told as one
        if isinstance(error, _COMMAND_LINE_ERROR):
            return _fail(output, _as_usage(error))
        return _fault(output, error)


def _run(words: list[str]) -> int | None:
    from reconciler.cli.app import app

    result: int | None = app(words, prog_name="azbackup", standalone_mode=False)
    return result


def _fail(output: Output, error: ReconcilerError) -> int:
    if output.verbose:
        _show_traceback(error)
    output.failure(error.problems, error.exit_code)
    return error.exit_code


def _fault(output: Output, error: Exception) -> int:
    if output.verbose:
        _show_traceback(error)
    output.failure([unexpected(error)], ExitCode.ERROR)
    return ExitCode.ERROR


def _as_usage(error: BaseException) -> ReconcilerError:
    context = getattr(error, "ctx", None)
    path = getattr(context, "command_path", "") or "azbackup"
    message = str(getattr(error, "format_message", lambda: error)())
    return usage(path, message, f"{path} --help lists what can be written")


def _show_traceback(error: BaseException) -> None:
    """Through the neutraliser like all else: the text of an exception may be foreign."""
    import traceback

    from reconciler.report.neutralise import line

    text = "".join(traceback.format_exception(error))
    Output(no_color=True).note(line(part) for part in text.splitlines())
