"""Runs of the tool in bad weather: faults at random places, from one seed, and what must hold however they fall.

One number makes one storm. The weather ends after a few commands, and then one more command must bring the estate in sync.
"""

from __future__ import annotations

from contextlib import suppress
from random import Random

from reconciler.core.desired import Spec
from reconciler.sandbox.faults import (
    Answer,
    Crash,
    Fault,
    Lost,
    OperationFails,
    Point,
    SandboxCrash,
    Unseen,
    throttled,
    token_expired,
)
from reconciler.sandbox.world import World
from tests.crash.sweep import backup_jobs_by_vm
from tests.journeys.local import REPOSITORY, Local, spec_from, world_of
from tests.journeys.networks import networks, of_others, run_commands

_COMMANDS_IN_THE_STORM = 3
_REQUESTS_OF_A_RUN = 190
_LATE = ["*/backupPolicies/*", "*/protectedItems/*"]
_POINTS: tuple[Point, ...] = ("before", "after")


_SPEC = """
apiVersion: azbackup/v1
subscription: 00000000-0000-4000-8000-000000000001
location: westeurope
resourceGroup: rg-backup
vaults:
  rsv-storm:
    replication: ZRS
    softDelete: {days: 30}
    immutability: unlocked
    policies: # weekly, so that no scheduled backup gets between the first ones and their count
      standard: {schedule: {every: week, on: [saturday], at: 23:00}, retain: {weekly: {weeks: 12, on: [saturday]}}}
      enhanced: {tier: enhanced, schedule: {every: week, on: [saturday], at: 22:30}, retain: {weekly: {weeks: 5, on: [saturday]}}}
    protect:
      - select: {resourceGroups: [rg-app], tags: {backup: daily}}
        policy: standard
        initialBackup: {retainDays: 30}
      - {vm: rg-data/vm-sql-01, policy: enhanced, initialBackup: {retainDays: 30}}
      - {vm: rg-data/vm-sql-02, policy: enhanced, disks: osDiskOnly}
"""


def estate() -> tuple[World, Spec]:
    """What every storm comes over: the VMs of the quickstart, nothing protected yet, and what is wanted of them."""
    return world_of("quickstart-estate.yaml"), spec_from({"storm.yaml": _SPEC})


def faults_of(random: Random) -> list[Fault]:
    """Between one fault and a dozen, at random requests."""
    return [_fault(random) for _ in range(random.randint(1, 12))]


def _late_in_networks(random: Random) -> Fault:
    """A list or a read that does not show yet what is there; the index of run commands is asked by POST."""
    if random.randrange(3) == 0:
        return Unseen(method="POST", path="*/resources", times=random.choice([1, 5]))
    of = ["networkSecurityGroups", "azureFirewalls", "ruleCollectionGroups", "runCommands", "networkInterfaces"]
    return Unseen(nth=random.randint(1, 9), path=f"*/{random.choice(of)}*", hides="*/azbackup*")


def _fault(random: Random) -> Fault:
    nth, at = random.randint(1, _REQUESTS_OF_A_RUN), random.choice(_POINTS)
    method = random.choice(["*", "*", "PUT", "POST", "GET"])
    if method in ("PUT", "POST"):
        nth = random.randint(1, 9)
    times = random.choice([1, 1, 2, 5])
    match random.randrange(8):
        case 0:
            return throttled(random.choice([1, 17, 90]), nth=nth, times=times, method=method)
        case 1:
            return Answer(nth=nth, times=times, method=method, at=at, status=random.choice([500, 502, 503, 504]))
        case 2:
            return Answer(nth=nth, method=method, status=409, code="BMSUserErrorObjectLocked", retry_after="5")
        case 3:
            return Lost(nth=nth, method=method, at=at)
        case 4:
            return Crash(nth=nth, method=method, at=at)
        case 5:
            return OperationFails(nth=random.randint(1, 9), method="PUT", code="CloudInternalError")
        case 6:
            return token_expired(nth=nth, method=method)
        case _:
            return Unseen(nth=random.randint(1, 60), times=times, path=random.choice(_LATE))


def weather(seed: int, world: World, spec: Spec) -> None:
    """A few commands in the storm that a seed makes, each of which may die."""
    random = Random(seed)  # noqa: S311 - a storm is no secret
    for _ in range(_COMMANDS_IN_THE_STORM):
        try:
            Local(world, faults=faults_of(random)).apply(spec)
        except SandboxCrash:
            continue


def broken_promises(seed: int) -> list[str]:
    """What does not hold after the storm and one more command in calm weather; empty when all is well."""
    world, spec = estate()
    weather(seed, world, spec)
    world.advance(3600)  # what Azure was still doing ends
    Local(world).apply(spec)
    world.advance(4200)
    rest = Local(world, read_only=True).plan(spec)
    broken = [f"seed {seed}: {step.action} {step.address} is left" for step in rest.steps]
    twice = [vm for vm, count in backup_jobs_by_vm(world).items() if count > 1]
    return broken + [f"seed {seed}: {vm} was backed up twice" for vm in twice]


def broken_promises_of_ways_out(seed: int) -> list[str]:
    """Ways out come in a storm, and go in another: others lose nothing, and in the end the networks are as they were."""
    random = Random(seed)  # noqa: S311 - a storm is no secret
    name = random.choice(["egress-nsg.yaml", "egress-proxy.yaml", "egress-firewall.yaml"])
    text = (REPOSITORY / "specs" / name).read_text()
    absent = text.replace("via: proxy", "state: absent\n    via: proxy").replace("{via: ", "{state: absent, via: ")
    world, broken = world_of("network-estate.yaml"), []
    before = networks(world)
    for spec in (spec_from({name: text}), spec_from({name: absent})):
        for _ in range(_COMMANDS_IN_THE_STORM):
            faults = [_late_in_networks(random), *faults_of(random)]
            with suppress(SandboxCrash):
                Local(world, faults=faults).apply(spec)
            if of_others(networks(world)) != of_others(before):
                broken.append(f"seed {seed}: what is others' has changed")
        world.advance(3600)
        Local(world).apply(spec)
        rest = Local(world, read_only=True).plan(spec)
        broken += [f"seed {seed}: {step.action} {step.address} is left" for step in rest.steps]
    left = [key for key in run_commands(world) if key.endswith("/azbackup-proxy")]
    return broken + left + ([] if networks(world) == before else [f"seed {seed}: the networks are not as they were"])
