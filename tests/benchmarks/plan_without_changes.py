"""What a plan without changes costs: requests, and time against reading the same answers with bare JSON."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from statistics import median

from reconciler.cloud import Azure
from reconciler.core.desired import Spec
from reconciler.kinds import KINDS
from reconciler.plan import make_plan
from reconciler.sandbox.generate import generate
from reconciler.sandbox.transport import SandboxClock, SandboxCredential, SandboxTransport
from reconciler.sandbox.world import World
from reconciler.spec import load_documents
from tests.benchmarks.replay import Replay, Tape

_NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
_RUNS = 5


@dataclass(frozen=True, slots=True)
class Cost:
    """`spec_seconds`: YAML to wanted values; `plan_seconds`: reading and planning; `bare_seconds`: `json.loads` of the same answers."""

    vms: int
    vaults: int
    requests: int
    steps: int
    spec_seconds: float
    plan_seconds: float
    bare_seconds: float

    @property
    def ratio(self) -> float:
        return self.plan_seconds / self.bare_seconds


@dataclass(frozen=True, slots=True)
class Estate:
    """An estate, all protected, and the spec that matches it; `tape` holds the answers to one plan."""

    spec: Spec
    spec_seconds: float
    requests: int
    steps: int
    tape: Tape
    clock: SandboxClock


def planned_once(vms: int, vaults: int, policies: int) -> Estate:
    """One plan of an estate of that size, through the sandbox."""
    world = World.open(now=_NOW)
    text = generate(world, vms, vaults, policies, protected=True)
    began = time.perf_counter()
    spec, _ = load_documents({"generated.yaml": text}, today=_NOW.date())
    spec_seconds = time.perf_counter() - began
    tape, clock = Tape(), SandboxClock(world)
    azure = Azure(SandboxCredential(), SandboxTransport(world, on_request=tape.hear), clock, read_only=True)
    steps = len(make_plan(spec, azure.survey(spec), KINDS).steps)
    return Estate(spec, spec_seconds, sum(azure.requests.values()), steps, tape, clock)


def measure(vms: int, vaults: int, policies: int) -> Cost:
    """The same plan several times more, from its recorded answers."""
    estate = planned_once(vms, vaults, policies)
    plan_times, bare_times = [], []
    for _ in range(_RUNS):  # in turn, so that a machine that slows down slows both
        plan_times.append(_timed_plan(estate.spec, estate.tape, estate.clock))
        bare_times.append(_timed_json(estate.tape.bodies()))
    plan_seconds, bare_seconds = median(plan_times), median(bare_times)
    return Cost(vms, vaults, estate.requests, estate.steps, estate.spec_seconds, plan_seconds, bare_seconds)


def _timed_plan(spec: Spec, tape: Tape, clock: SandboxClock) -> float:
    azure = Azure(SandboxCredential(), Replay(tape), clock, read_only=True)
    began = time.perf_counter()
    make_plan(spec, azure.survey(spec), KINDS)
    return time.perf_counter() - began


def _timed_json(bodies: list[bytes]) -> float:
    began = time.perf_counter()
    kept = [json.loads(body) for body in bodies]
    seconds = time.perf_counter() - began
    del kept
    return seconds
