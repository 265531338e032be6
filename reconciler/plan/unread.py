"""What could not be read: unknown is not absent, so nothing is concluded from it, and it is said."""

from __future__ import annotations

from reconciler.core.errors import Unreadable
from reconciler.core.plan import Finding


def could_not_be_read(address: str, error: Unreadable, where: str = "") -> Finding:
    problem = error.problem
    return Finding(
        "P901", "blocking", address, f"could not be read: {problem.what}", problem.why, problem.remedy, where
    )
