"""The small JSON documents: what `validate` says, and what any command says when it fails."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict

from reconciler.core.errors import Problem
from reconciler.report.words import severity_of


def problems_document(problems: Sequence[Problem], *, exit_code: int) -> dict[str, object]:
    """`valid` is whether none of the problems is an error."""
    counts = Counter(severity_of(problem) for problem in problems)
    return {
        "formatVersion": "1",
        "valid": not counts["error"],
        "exitCode": exit_code,
        "summary": {severity: counts[severity] for severity in ("error", "warning", "info")},
        "problems": [{"severity": severity_of(problem), **asdict(problem)} for problem in problems],
    }
