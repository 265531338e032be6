"""The command `preflight`: will the backup of each VM work, and what says so. Nothing here can write to Azure."""

from __future__ import annotations

from reconciler.cli.options import Common
from reconciler.cli.plan import picture
from reconciler.cli.progress import reading
from reconciler.cli.wiring import connected
from reconciler.core.errors import ExitCode
from reconciler.core.readiness import Verdict
from reconciler.kinds import THOROUGH_KINDS
from reconciler.plan.select import resolve
from reconciler.preflight import preflight as check
from reconciler.report.preflight import preflight_document, preflight_lines, preflight_markdown

_EXIT_CODES: dict[Verdict, ExitCode] = {
    "ready": ExitCode.DONE,
    "warnings": ExitCode.CHANGES,
    "blocked": ExitCode.BLOCKED,
}


def preflight(common: Common) -> ExitCode:
    """Raises `SpecError` for the spec and `CloudError` for Azure."""
    with connected(common) as connection:
        seen = picture(common, connection, (), THOROUGH_KINDS)
        with reading(f"checking {connection.told}"):
            resolved, _ = resolve(seen.spec, seen.survey)
            readiness = check(resolved, seen.survey, seen.plan)
        requests = connection.requests
    common.output.result(
        text=lambda: preflight_lines(readiness, target=seen.told, verbose=common.verbose),
        document=lambda: preflight_document(
            readiness, target=connection.target, spec_digest=seen.spec.digest, requests=requests
        ),
        markdown=lambda: preflight_markdown(readiness, target=seen.told),
    )
    return _EXIT_CODES[readiness.verdict]
