"""What the cases can't say of the wire form of a policy."""

from __future__ import annotations

import pytest

from reconciler.kinds.policy_wire import wanted_form, wire_body
from tests.support.desired import a_policy
from tests.support.fake_survey import NOW


def test_an_archive_rule_that_is_none_is_refused() -> None:
    form = {**wanted_form(a_policy(), NOW), "archive": {"afterFortnights": 2}}
    with pytest.raises(ValueError, match="not an archive rule"):
        wire_body(form, {})
