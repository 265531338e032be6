"""After faults of any kind, one more command in calm weather brings the estate in sync, and no VM is backed up twice."""

from __future__ import annotations

import pytest

from tests.faults.storm import broken_promises, broken_promises_of_ways_out

_EACH_CHANGE, _SOAK = range(24), range(1_000, 3_000)


@pytest.mark.parametrize("seed", _EACH_CHANGE)
def test_an_estate_survives_a_storm(seed: int) -> None:
    assert broken_promises(seed) == []


@pytest.mark.soak
@pytest.mark.parametrize("seed", _SOAK)
def test_an_estate_survives_many_storms(seed: int) -> None:
    assert broken_promises(seed) == []


@pytest.mark.parametrize("seed", [6])
def test_ways_out_survive_storms(seed: int) -> None:
    assert broken_promises_of_ways_out(seed) == []


@pytest.mark.soak
@pytest.mark.parametrize("seed", _SOAK)
def test_ways_out_survive_many_storms(seed: int) -> None:
    assert broken_promises_of_ways_out(seed) == []
