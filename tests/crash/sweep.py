"""The process stopped at every point of a run, and the same command given once more.

A process that dies leaves nothing behind but the world: the executor finds everything again by looking. So one undisturbed run
is watched, the world is kept as it stands before and after the effect of each of its requests, and each of these worlds
gets a second run. Points between which neither the world nor its clock has moved are one and the same crash, and are run once.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from azure.core.rest import HttpRequest, HttpResponse

from reconciler.core.desired import Spec
from reconciler.core.plan import Plan
from reconciler.sandbox.show import show
from reconciler.sandbox.transport import SandboxTransport
from reconciler.sandbox.world import World
from tests.journeys.local import Local

_A_BACKUP_SECONDS = 70 * 60


@dataclass(frozen=True, slots=True)
class Crash:
    """A world as a crash leaves it. `point` tells where in the undisturbed run."""

    point: str
    world: World


@dataclass(frozen=True, slots=True)
class Sweep:
    """`requests` counts the points of the undisturbed run, `crashes` the distinct worlds among them."""

    requests: int
    crashes: tuple[Crash, ...]
    end: World


class _Watched(SandboxTransport):
    """Keeps a copy of the world whenever it has moved."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.requests = 0
        self.crashes: list[Crash] = []
        self._moved = True

    def send(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        self.requests += 1
        self._keep(f"before request {self.requests}, {request.method}")
        answer = super().send(request, **kwargs)
        self._moved = request.method != "GET"
        self._keep(f"after request {self.requests}, {request.method}")
        return answer

    def sleep(self, duration: float) -> None:
        super().sleep(duration)
        self._moved = True

    def _keep(self, point: str) -> None:
        now = self.world.now()
        if self._moved or now != self.crashes[-1].world.now():
            self.crashes.append(Crash(point, self.world.copy()))
        self._moved = False


def sweep(world: World, spec: Spec) -> Sweep:
    """The worlds that a crash of an apply can leave; `world` itself becomes the one at the end."""
    watched = _Watched(world)
    outcome = Local(world, transport=watched).apply(spec)
    assert {result.status for result in outcome.results} == {"done"}
    return Sweep(watched.requests, tuple(watched.crashes), world)


def recovered(crash: Crash, spec: Spec) -> tuple[World, Plan]:
    """The world after the same command was given again, and the plan that a third look at it makes."""
    world = crash.world.copy()
    Local(world).apply(spec)
    return world, Local(world, read_only=True).plan(spec)


def essence(world: World) -> Any:
    """What must be the same however the way there was: everything but times; of the jobs, which VMs they backed up.

    Backups that run on when the tool has ended are given the time to end.
    """
    world.advance(_A_BACKUP_SECONDS)
    document = show(world)
    for subscription in document["subscriptions"]:
        for vault in subscription["vaults"]:
            vault["jobs"] = sorted(
                (job["operation"], job["entityFriendlyName"]) for job in vault["jobs"] if job["operation"] == "Backup"
            )
            del vault["jobCounts"]
            for item in vault["items"]:
                item["lastRecoveryPoint"] = item["lastRecoveryPoint"] is not None
            vault["items"].sort(key=lambda item: item["vm"])
    del document["now"]
    return document


def backup_jobs_by_vm(world: World) -> Counter[str]:
    """How many backup jobs each VM has had."""
    return Counter(
        job["entityFriendlyName"]
        for subscription in show(world)["subscriptions"]
        for vault in subscription["vaults"]
        for job in vault["jobs"]
        if job["operation"] == "Backup"
    )
