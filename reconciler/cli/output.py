"""The only printer: results to stdout in the asked format, everything else to stderr."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum
from itertools import pairwise
from typing import TextIO

from reconciler.core.errors import ExitCode, Problem
from reconciler.report.documents import problems_document
from reconciler.report.markdown import problems_markdown
from reconciler.report.neutralise import Line, render, render_json
from reconciler.report.text import problem_lines


class Format(StrEnum):
    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"


class Output:
    """`no_color` is the option; NO_COLOR, a dumb terminal and a pipe switch colour off too."""

    def __init__(self, format: Format = Format.TEXT, *, no_color: bool = False, verbose: bool = False) -> None:
        self.format = format
        self.verbose = verbose
        self._no_color = no_color or bool(os.environ.get("NO_COLOR")) or os.environ.get("TERM") == "dumb"

    def result(
        self,
        *,
        text: Callable[[], Iterable[Line]],
        document: Callable[[], object],
        markdown: Callable[[], str],
    ) -> None:
        """The answer of the command; only the asked form is made."""
        if self.format is Format.JSON:
            self.write(render_json(document()))
        elif self.format is Format.MARKDOWN:
            self.write(markdown())
        else:
            self.say(text())

    def say(self, lines: Iterable[Line]) -> None:
        """Lines of a text answer, to stdout."""
        self.write(render(lines, color=self._colored(sys.stdout)))

    def note(self, lines: Iterable[Line]) -> None:
        """Whatever is not the answer, to stderr."""
        sys.stderr.write(render(lines, color=self._colored(sys.stderr)))

    def write(self, text: str) -> None:
        sys.stdout.write(text)
        sys.stdout.flush()

    def failure(self, problems: Sequence[Problem], exit_code: ExitCode) -> None:
        """Why the command ends without an answer: text to stderr, other formats as the one document on stdout."""
        if self.format is Format.TEXT:
            self.note(problem_lines(problems))
        else:
            self.result(
                text=tuple,
                document=lambda: problems_document(problems, exit_code=exit_code),
                markdown=lambda: problems_markdown(problems, title="azbackup"),
            )

    def _colored(self, stream: TextIO) -> bool:
        return not self._no_color and stream.isatty()


def output_of(arguments: Sequence[str]) -> Output:
    """The output that a command line asks for, found without parsing it: it may be one that can't be parsed."""
    words = [word for argument in arguments for word in argument.split("=", 1)]
    asked = dict(pairwise(words)).get("--format", "")
    return Output(
        Format(asked) if asked in set(Format) else Format.TEXT,
        no_color="--no-color" in arguments,
        verbose="-v" in arguments or "--verbose" in arguments,
    )
