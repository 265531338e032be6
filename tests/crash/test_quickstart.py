"""Any interruption is survivable: the third promise of the design, on the quickstart."""

from __future__ import annotations

from functools import cache

import pytest

from reconciler.core.desired import Spec
from reconciler.sandbox.faults import Crash as CrashFault
from reconciler.sandbox.faults import Point, SandboxCrash
from reconciler.sandbox.world import World
from tests.crash.sweep import Sweep, backup_jobs_by_vm, essence, recovered, sweep
from tests.journeys.local import Local, spec_of, world_of

_PARTS = 8  # so that several processors can share the work


@cache
def _swept() -> tuple[Sweep, Spec]:
    spec = spec_of("quickstart.yaml")
    return sweep(world_of("quickstart-estate.yaml"), spec), spec


@pytest.mark.parametrize("part", range(_PARTS))
def test_a_crash_at_any_request_ends_in_the_same_world_with_one_backup_job_a_vm(part: int) -> None:
    swept, spec = _swept()
    wanted = essence(swept.end.copy())
    assert set(backup_jobs_by_vm(swept.end).values()) == {1}
    for crash in swept.crashes[part::_PARTS]:
        world, plan = recovered(crash, spec)
        assert plan.steps == (), crash.point
        assert essence(world) == wanted, crash.point
        assert set(backup_jobs_by_vm(world).values()) == {1}, crash.point
        world.close()


def test_the_sweep_keeps_the_world_after_every_request_that_changed_it() -> None:
    swept, spec = _swept()
    steps = Local(world_of("quickstart-estate.yaml")).plan(spec).steps
    after_writes = [crash for crash in swept.crashes if crash.point.startswith("after") and "GET" not in crash.point]
    assert len(after_writes) >= len(steps) == 15
    assert swept.crashes[0].point.startswith("before request 1,")


@pytest.mark.parametrize("at", ["before", "after"])
@pytest.mark.parametrize("method", ["PUT", "POST"])
def test_a_process_that_really_dies_leaves_the_same_world_as_the_sweep_keeps(method: str, at: Point) -> None:
    spec = spec_of("quickstart.yaml")
    world = world_of("quickstart-estate.yaml")
    with pytest.raises(SandboxCrash):
        Local(world, faults=[CrashFault(nth=3, method=method, at=at)]).apply(spec)
    Local(world).apply(spec)
    assert Local(world).plan(spec).steps == ()
    assert set(backup_jobs_by_vm(world).values()) == {1}
    assert essence(world) == essence(_end(spec))


def _end(spec: Spec) -> World:
    world = world_of("quickstart-estate.yaml")
    Local(world).apply(spec)
    return world
