"""Any document as an outline."""

from __future__ import annotations

import pytest

from reconciler.report.neutralise import render
from reconciler.report.outline import outline


@pytest.mark.parametrize(
    ("document", "text"),
    [
        ({"now": "today", "empty": [], "none": None}, "now: today\nempty: (none)\nnone: (none)\n"),
        ({"days": [1, 15]}, "days: 1, 15\n"),
        ({"tags": {"owner": "me", "on": True}}, "tags: owner=me, on=true\n"),
        (
            {"vms": [{"name": "a", "tags": {"x": "y"}}, {"name": "b", "jobs": [{"id": 1}]}]},
            "vms:\n  - name=a, tags={x: y}\n  - name=b\n      jobs:\n        - id=1\n",
        ),
        ({"deep": {"er": {"list": [["a"]]}}}, "deep:\n  er:\n    list:\n      - a\n"),
        ("word", "word\n"),
    ],
)
def test_outline(document: object, text: str) -> None:
    assert render(outline(document), color=False) == text
