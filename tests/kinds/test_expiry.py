"""Which points a policy surely keeps: its shortest rule counts, and the newest point never goes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from reconciler.kinds.expiry import points_past_expiry
from tests.support.fake_survey import NOW
from tests.support.wire import point_body

WEEKLY = {"weekly": {"weeks": 5}}


@pytest.mark.parametrize(
    ("retain", "ages", "past"),
    [
        ({"daily": 30}, [], 0),
        ({"daily": 30}, [1, 29], 0),
        ({"daily": 30}, [1, 31], 1),
        ({"daily": 30}, [31, 400], 1),
        ({"daily": 30}, [400], 0),
        ({"daily": 30, "yearly": {"years": 10}}, [1, 31, 300], 2),
        (WEEKLY, [1, 34], 0),
        (WEEKLY, [1, 36], 1),
        ({"monthly": {"months": 2}}, [1, 61], 0),  # a month counts 31 days
        ({"monthly": {"months": 2}}, [1, 63], 1),
        ({"yearly": {"years": 1}}, [1, 365], 0),
        ({"yearly": {"years": 1}}, [1, 367], 1),
        ({}, [1, 2], 2),
    ],
)
def test_points_past_their_expiry(retain: dict[str, Any], ages: list[int], past: int) -> None:
    points = [point_body(NOW - timedelta(days=age)) for age in ages]
    assert points_past_expiry(points, {"retain": retain}, NOW) == past


def test_without_a_policy_every_point_counts() -> None:
    assert points_past_expiry([point_body(NOW), {"properties": {"recoveryPointTime": "?"}}], {}, NOW) == 1
