"""The options that commands share (design, section 4), declared once."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from enum import StrEnum
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import typer

from reconciler.cli.output import Format, Output
from reconciler.cli.problems import Interrupted, bad_moment, no_spec, two_targets
from reconciler.core.errors import ExitCode


class CloudName(StrEnum):
    PUBLIC = "public"
    CHINA = "china"
    USGOV = "usgov"


@dataclass(frozen=True)
class Printing:
    """How to print: for every command."""

    format: Annotated[Format, typer.Option("--format", help="Form of the answer on stdout.")] = Format.TEXT
    no_color: Annotated[bool, typer.Option("--no-color", help="No colour; NO_COLOR does the same.")] = False
    verbose: Annotated[bool, typer.Option("-v", "--verbose", help="List everything; show where a fault happened.")] = (
        False
    )

    @property
    def output(self) -> Output:
        return Output(self.format, no_color=self.no_color, verbose=self.verbose)


@dataclass(frozen=True)
class Sandboxed(Printing):
    """Commands about a sandbox."""

    sandbox: Annotated[
        Path | None,
        typer.Option("--sandbox", envvar="AZBACKUP_SANDBOX", metavar="FILE", help="State file of a local sandbox."),
    ] = None


@dataclass(frozen=True)
class Common(Sandboxed):
    """Commands about a spec and the Azure it speaks of."""

    paths: Annotated[
        list[Path] | None,
        typer.Argument(metavar="PATH", help="Files or folders of the spec; without any, the folder specs/."),
    ] = None
    cloud: Annotated[
        CloudName | None, typer.Option("--cloud", help="Which Azure.  [default: public]", show_default=False)
    ] = None
    endpoint: Annotated[
        str, typer.Option("--endpoint", metavar="URL", help="Resource manager of any other Azure.", show_default=False)
    ] = ""
    parallelism: Annotated[int, typer.Option("--parallelism", min=1, max=100, help="Requests at the same time.")] = 10
    now: Annotated[
        str,
        typer.Option("--now", metavar="TIMESTAMP", help="Plan as of this moment (ISO 8601).", show_default=False),
    ] = ""

    @property
    def spec_paths(self) -> list[Path]:
        """Raises `UsageError` when none is given and there is no folder specs/."""
        if self.paths:
            return self.paths
        if not Path("specs").is_dir():
            raise no_spec()
        return [Path("specs")]

    @property
    def moment(self) -> datetime | None:
        """What --now says, in UTC; None when it is not given. Raises `UsageError`."""
        if not self.now:
            return None
        try:
            moment = datetime.fromisoformat(self.now)
            return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
        except (ValueError, OverflowError):
            raise bad_moment(self.now) from None

    def refuse_two_targets(self) -> None:
        if self.sandbox and (self.endpoint or self.cloud):
            raise two_targets("--endpoint" if self.endpoint else "--cloud")


def command(app: typer.Typer, name: str) -> Callable[[Callable[..., ExitCode]], Callable[..., ExitCode]]:
    """Registers a function whose first parameter is one of the classes above: its fields become options of the command."""

    def register(body: Callable[..., ExitCode]) -> Callable[..., ExitCode]:
        hints = get_type_hints(body, include_extras=True)
        shared, *own = inspect.signature(body).parameters.values()
        options = hints[shared.name]
        option_hints = get_type_hints(options, include_extras=True)

        @wraps(body)
        def run(**values: Any) -> ExitCode:
            chosen = options(**{each.name: values.pop(each.name) for each in fields(options)})
            try:
                return body(chosen, **values)
            except KeyboardInterrupt:  # typer would end with 130 and say nothing
                raise Interrupted from None

        parameters = [_keyword(each.name, option_hints[each.name], each.default) for each in fields(options)]
        # Options of the command itself are what people look for in its help: they come first.
        parameters[:0] = [_keyword(each.name, hints[each.name], each.default) for each in own]
        run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        run.__annotations__ = {each.name: each.annotation for each in parameters}
        app.command(name)(run)
        return body

    return register


def _keyword(name: str, annotation: Any, default: Any) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=annotation, default=default)
