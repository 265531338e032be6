"""The command `validate`: the spec alone, no network."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from reconciler.cli.options import Common
from reconciler.core.desired import Spec
from reconciler.core.errors import ExitCode, Problem, SpecError
from reconciler.report.documents import problems_document
from reconciler.report.markdown import problems_markdown
from reconciler.report.text import validate_lines
from reconciler.report.words import counted
from reconciler.spec import load_spec


def validate(common: Common) -> ExitCode:
    paths = common.spec_paths
    problems: Sequence[Problem]
    try:
        spec, problems = load_spec(paths, today=(common.moment or datetime.now(UTC)).date())
        contents, exit_code = _contents(spec), ExitCode.DONE
    except SpecError as error:
        problems, contents, exit_code = error.problems, "", ExitCode.ERROR
    files = ", ".join(map(str, paths))
    common.output.result(
        text=lambda: validate_lines(problems, files=files, contents=contents),
        document=lambda: problems_document(problems, exit_code=exit_code),
        markdown=lambda: problems_markdown(problems, title="azbackup validate"),
    )
    return exit_code


def _contents(spec: Spec) -> str:
    parts = [
        counted(len(spec.vaults), "vault"),
        counted(len(spec.policies), "policy", "policies"),
        counted(len(spec.protections), "VM"),
    ]
    if spec.selections:
        parts.append(counted(len(spec.selections), "selection"))
    return ", ".join(parts)
