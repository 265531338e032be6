"""Any interruption is survivable: a way out through a proxy, with the settings of its guests."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

from reconciler.core.desired import Spec
from reconciler.sandbox.world import World
from tests.crash.sweep import Sweep, essence, recovered, sweep
from tests.journeys.local import spec_of, world_of
from tests.journeys.networks import networks, run_commands

_PARTS = 4  # so that several processors can share the work


@cache
def _swept() -> tuple[Sweep, Spec]:
    spec = spec_of("egress-proxy.yaml")
    return sweep(world_of("network-estate.yaml"), spec), spec


def _all(world: World) -> tuple[Any, ...]:
    return essence(world), networks(world), run_commands(world)


@pytest.mark.parametrize("part", range(_PARTS))
def test_a_crash_at_any_request_ends_in_the_same_world_with_one_run_a_command(part: int) -> None:
    swept, spec = _swept()
    wanted = _all(swept.end.copy())
    assert {command["runs"] for command in wanted[2].values()} == {1}
    for crash in swept.crashes[part::_PARTS]:
        world, plan = recovered(crash, spec)
        assert plan.steps == (), crash.point
        assert _all(world) == wanted, crash.point
        world.close()
