"""The commands and their options. Each imports what it runs when it runs, so that `--help` starts fast."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from reconciler import __version__
from reconciler.cli.options import Common, Printing, Sandboxed, command
from reconciler.core.errors import ExitCode

app = typer.Typer(
    name="azbackup",
    help="Keeps the backup of Azure virtual machines the way a YAML spec says it should be.",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
sandbox = typer.Typer(help="A local Azure, in one file, to try, learn and test specs.", rich_markup_mode=None)

Target = Annotated[
    list[str] | None,
    typer.Option(
        "--target", metavar="ADDRESS", help="Only this address and what it needs; may be given several times."
    ),
]


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"azbackup {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Keeps the backup of Azure virtual machines the way a YAML spec says it should be."""


@command(app, "validate")
def validate(common: Common) -> ExitCode:
    """Check a spec, without any network. Exit 0 when it is fine, 1 when it has errors."""
    from reconciler.cli import validate as commands

    return commands.validate(common)


@command(app, "plan")
def plan(
    common: Common,
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Save the plan, for apply --plan.")] = None,
    detailed_exitcode: Annotated[
        bool, typer.Option("--detailed-exitcode", help="Exit 2 when there are changes.")
    ] = False,
    target: Target = None,
) -> ExitCode:
    """Show what apply would change. Exit 0, 3 when findings block it; reads only."""
    from reconciler.cli import plan as commands

    return commands.plan(common, out, detailed_exitcode, target or [])


@command(app, "apply")
def apply(
    common: Common,
    plan: Annotated[
        Path | None, typer.Option("--plan", metavar="FILE", help="Only what this saved plan says; exit 4 if outdated.")
    ] = None,
    auto_approve: Annotated[bool, typer.Option("--auto-approve", help="Do not ask.")] = False,
    allow: Annotated[
        list[str] | None,
        typer.Option(
            "--allow", metavar="CLASS=COUNT", help="Allow exactly so many steps that cost recoverability, by class."
        ),
    ] = None,
    target: Target = None,
    journal: Annotated[
        Path | None,
        typer.Option("--journal", metavar="FILE", help="Where to keep the audit trail.", show_default=False),
    ] = None,
) -> ExitCode:
    """Make live Azure what the spec says. Exit 0 done, 1 error, 3 blocked, 4 stale plan, 5 no consent, 6 partly done."""
    from reconciler.cli import apply as commands

    return commands.apply(common, commands.Approval(plan, auto_approve, allow or []), target or [], journal)


@command(app, "drift")
def drift(common: Common) -> ExitCode:
    """Report what has moved, and what is not really backed up. Exit 0 none, 2 drift, 1 error; reads only."""
    from reconciler.cli import plan as commands

    return commands.drift(common)


@command(app, "preflight")
def preflight(common: Common) -> ExitCode:
    """Check each VM before it is protected. Exit 0 fine, 2 warnings, 3 blocked, 1 error; reads only."""
    from reconciler.cli import preflight as commands

    return commands.preflight(common)


@command(app, "explain")
def explain(printing: Printing, code: Annotated[str, typer.Argument(metavar="CODE")]) -> ExitCode:
    """Tell what a code means, where that is known from, and what to do. Exit 0, 1 for an unknown code."""
    from reconciler.cli import explain as commands

    return commands.explain(printing, code)


@command(app, "schema")
def schema(
    printing: Printing,
    check: Annotated[bool, typer.Option("--check", help="Write nothing; exit 1 when schemas/ is outdated.")] = False,
) -> ExitCode:
    """Write the JSON Schemas of specs and plans to schemas/, for editors and other programs."""
    from reconciler.cli import schema as commands

    return commands.schema(printing, check)


@command(sandbox, "load")
def load(sandboxed: Sandboxed, estate: Annotated[Path, typer.Argument(metavar="ESTATE")]) -> ExitCode:
    """Make a sandbox of what an estate file describes; what the sandbox held before is gone."""
    from reconciler.cli import sandbox as commands

    return commands.load(sandboxed, estate)


@command(sandbox, "reset")
def reset(sandboxed: Sandboxed) -> ExitCode:
    """Empty a sandbox."""
    from reconciler.cli import sandbox as commands

    return commands.reset(sandboxed)


@command(sandbox, "show")
def show(sandboxed: Sandboxed) -> ExitCode:
    """Show what a sandbox holds."""
    from reconciler.cli import sandbox as commands

    return commands.show(sandboxed)


@command(sandbox, "generate")
def generate(
    sandboxed: Sandboxed,
    spec: Annotated[Path, typer.Option("--spec", metavar="FILE", help="Where to write the matching spec.")],
    vms: Annotated[int, typer.Option("--vms", min=0, metavar="N", help="Virtual machines.")] = 10,
    vaults: Annotated[int, typer.Option("--vaults", min=1, metavar="N", help="Vaults.")] = 1,
    policies: Annotated[int, typer.Option("--policies", min=1, metavar="N", help="Policies in each vault.")] = 1,
    protected: Annotated[bool, typer.Option("--protected", help="Vaults, policies and backups exist already.")] = False,
) -> ExitCode:
    """Make a sandbox of a given size, and the spec that matches it."""
    from reconciler.cli import sandbox as commands

    return commands.generate(sandboxed, spec, commands.Size(vms, vaults, policies, protected))


@command(sandbox, "serve")
def serve(
    sandboxed: Sandboxed,
    host: Annotated[
        str, typer.Option("--host", metavar="ADDRESS", help="127.0.0.1 or ::1; nothing else.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="0 lets the machine choose.")] = 0,
    proxy_port: Annotated[
        int,
        typer.Option("--proxy-port", min=0, max=65535, help="Port of the CONNECT proxy; 0 lets the machine choose."),
    ] = 0,
    cert: Annotated[Path | None, typer.Option("--cert", metavar="FILE", help="PEM certificate, with --key.")] = None,
    key: Annotated[Path | None, typer.Option("--key", metavar="FILE", help="PEM key, with --cert.")] = None,
    time_factor: Annotated[
        float, typer.Option("--time-factor", min=1, metavar="N", help="Seconds of the sandbox in one real second.")
    ] = 1,
    subscription: Annotated[
        str, typer.Option("--subscription", metavar="ID", help="Of a new sandbox.", show_default=False)
    ] = "",
) -> ExitCode:
    """Offer a sandbox to other people's clients over HTTPS on this machine alone, until it is stopped."""
    from reconciler.cli import sandbox_serve as commands

    serving = commands.Serving(host, port, proxy_port, cert, key, time_factor, subscription)
    return commands.serve(sandboxed, serving)


app.add_typer(sandbox, name="sandbox")
