"""Any interruption is survivable: ways out that come, change and go, on the locked-down estate."""

from __future__ import annotations

import pytest

from reconciler.core.desired import Spec
from reconciler.sandbox.world import World
from tests.crash.sweep import essence, recovered, sweep
from tests.journeys.local import REPOSITORY, Local, spec_from, world_of
from tests.journeys.networks import networks, of_others, run_commands

_ABSENT = ("via: ", "state: absent, via: "), ("via: proxy", "state: absent\n    via: proxy")
# What is there first, "" for nothing, and how its text changes.
_CHANGES = {
    "a group's rules come": ("", "egress-nsg.yaml", ()),
    "a group's rules go": ("egress-nsg.yaml", "egress-nsg.yaml", _ABSENT[:1]),
    "a firewall's rules come": ("", "egress-firewall.yaml", ()),
    "a firewall's rules go": ("egress-firewall.yaml", "egress-firewall.yaml", _ABSENT[:1]),
    "sources narrow": ("egress-firewall.yaml", "egress-firewall.yaml", (("10.1.0.0/16", "10.1.1.0/24"),)),
    "a proxy goes": ("egress-proxy.yaml", "egress-proxy.yaml", _ABSENT[1:]),
    "a proxy's port changes": ("egress-proxy.yaml", "egress-proxy.yaml", (("port: 8080", "port: 3128"),)),
    "agents are updated": ("egress-proxy.yaml", "egress-proxy.yaml", (("lockdown}", "lockdown, agent: update}"),)),
}
_SHORT = ("a firewall's rules go", "a proxy's port changes")


def _start(first: str) -> World:
    world = world_of("network-estate.yaml")
    if first:
        Local(world).apply(spec_from({first: _text(first)}))
    return world


def _text(name: str) -> str:
    return (REPOSITORY / "specs" / name).read_text()


def _wanted(name: str, changes: tuple[tuple[str, str], ...]) -> Spec:
    text = _text(name)
    for before, after in changes:
        assert before in text
        text = text.replace(before, after)
    return spec_from({name: text})


def _broken_promises(case: str, *, only_after_writes: bool) -> list[str]:
    """What does not hold after a crash and the same command once more; the undisturbed run is the measure."""
    first, name, changes = _CHANGES[case]
    spec, world = _wanted(name, changes), _start(first)
    others = of_others(networks(world))
    swept = sweep(world, spec)
    end = swept.end.copy()
    wanted = (essence(end), networks(end), run_commands(end))
    broken = [] if of_others(wanted[1]) == others else ["what is others' has changed"]
    for crash in swept.crashes:
        if only_after_writes and not (crash.point.startswith("after") and not crash.point.endswith("GET")):
            continue
        half_done = of_others(networks(crash.world))
        again, plan = recovered(crash, spec)
        if plan.steps or half_done != others or (essence(again), networks(again), run_commands(again)) != wanted:
            broken.append(crash.point)
        again.close()
    return broken


@pytest.mark.parametrize("case", _SHORT)
def test_a_crash_after_any_write_ends_in_the_same_network_and_no_script_runs_twice(case: str) -> None:
    assert _broken_promises(case, only_after_writes=True) == []


@pytest.mark.soak
@pytest.mark.parametrize("case", _CHANGES)
def test_a_crash_at_any_request_ends_in_the_same_network_and_no_script_runs_twice(case: str) -> None:
    assert _broken_promises(case, only_after_writes=False) == []
