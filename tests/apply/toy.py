"""A world small enough to see through: things that have a value, VMs that have backup jobs, and a cloud that misbehaves on cue."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Literal, TypeVar

from reconciler.apply import InlineExecutor, MemoryJournal, Outcome, StepResult, apply_plan
from reconciler.core.canonical import digest
from reconciler.core.desired import Spec
from reconciler.core.errors import CloudError, Problem
from reconciler.core.ids import VaultRef, VmRef
from reconciler.core.kind import AnyKind, Assessment
from reconciler.core.live import Live, Machine, Wire
from reconciler.core.plan import Change, Finding, Plan, Step, Write
from reconciler.core.ports import Accepted, Progress

T = TypeVar("T")

SUBSCRIPTION = "0b1f6471-1bf0-4dda-aec3-cb9272f09590"
VAULT = VaultRef.of(SUBSCRIPTION, "rg", "rsv")
START = datetime(2026, 1, 5, 12, tzinfo=UTC)


class ToyClock:
    """Time passes only by sleeping."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> datetime:
        return START + timedelta(seconds=self.seconds)

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.seconds += seconds


class Crash(BaseException):
    """The process dies."""


@dataclass(frozen=True)
class Thing:
    """Wants a value; a `ladder` is climbed one by one, each a step of its own."""

    name: str
    value: int = 1
    needs: tuple[str, ...] = ()
    lane: str = ""
    effect: str = "POL-02"
    ladder: bool = False
    vault: VaultRef | None = VAULT  # None: its write names a resource instead, as those to networks do


@dataclass(frozen=True)
class FirstBackup:
    """Wants one backup of the VM of this name."""

    name: str
    needs: tuple[str, ...] = ()
    lane: str = ""


class ToyKind:
    """A kind for things: what is left is what differs."""

    name = "thing"

    def entries(self, spec: Spec) -> Iterable[Thing]:
        return ()

    def address(self, entry: Thing) -> str:
        return entry.name

    def assess(self, entry: Thing, live: Live) -> Assessment:
        wire = live.policy(VAULT, entry.name) or {}
        now = wire.get("value", 0)
        assert isinstance(now, int)
        busy = str(wire.get("busy", ""))
        if wire.get("forbidden"):
            return Assessment(findings=(Finding("T001", "blocking", entry.name, "forbidden", "a lock", "unlock it"),))
        if now == entry.value:
            return Assessment(busy=busy)
        levels = range(now + 1, entry.value + 1) if entry.ladder else (entry.value,)
        befores = (now, *levels)
        return Assessment(tuple(self._step(entry, befores[at], level) for at, level in enumerate(levels)), busy=busy)

    def _step(self, entry: Thing, before: int, after: int) -> Step:
        change = Change("value", before, after, entry.effect)
        write = Write("policy.put", entry.vault, {"value": after}, policy=entry.name)
        expects = digest(before)
        return Step(entry.name, self.name, "update", (change,), "differs", write, expects, entry.needs, entry.lane)


class ToyBackupKind:
    """A kind for first backups: a job that runs or has completed is evidence enough."""

    name = "first_backup"

    def entries(self, spec: Spec) -> Iterable[FirstBackup]:
        return ()

    def address(self, entry: FirstBackup) -> str:
        return f"backup/{entry.name}"

    def assess(self, entry: FirstBackup, live: Live) -> Assessment:
        vm = vm_of(entry.name)
        if any(status_of(job) != "Failed" for job in live.backup_jobs(VAULT, vm)):
            return Assessment()
        write = Write("item.backup", VAULT, {"expires": live.now.isoformat()}, vm=vm)
        change = Change("backup", None, "first", "ITM-18")
        address = self.address(entry)
        step = Step(address, self.name, "trigger", (change,), "none", write, digest(None), entry.needs, entry.lane)
        return Assessment((step,))


def vm_of(name: str) -> VmRef:
    return VmRef.of(SUBSCRIPTION, "rg", name)


def status_of(job: Wire) -> object:
    properties = job["properties"]
    assert isinstance(properties, dict)
    return properties["status"]


Trouble = tuple[Literal["before", "after"], BaseException]
"""What is raised in place of an answer, and whether the request has its effect all the same (after)."""


@dataclass
class Manner:
    """How the cloud treats the writes of one target. `seconds` and `job_seconds` are how long operation and job take."""

    seconds: float = 0.0
    ends: Literal["succeeded", "failed", "cancelled", "running", "unknown"] = "succeeded"
    keeps: bool = True  # whether the write has its effect, at the end of the operation
    job_seconds: float | None = None  # None: the operation names no job
    job_ends: Literal["succeeded", "failed", "running"] = "succeeded"
    lag_seconds: float = 0.0  # how long an effect stays out of sight
    troubles: list[Trouble] = field(default_factory=list)
    poll_troubles: list[BaseException] = field(default_factory=list)

    def copy(self) -> Manner:
        """With lists of its own: the cloud uses them up."""
        return replace(self, troubles=[*self.troubles], poll_troubles=[*self.poll_troubles])


@dataclass
class ToyCloud:
    """`log` has one line a call. `on_call` runs before and after each with its number, and may raise or change the world."""

    clock: ToyClock
    things: dict[str, dict[str, object]] = field(default_factory=dict)
    jobs: dict[str, list[dict[str, object]]] = field(default_factory=dict)
    manners: dict[str, Manner] = field(default_factory=dict)
    log: list[str] = field(default_factory=list)
    read_troubles: list[CloudError] = field(default_factory=list)
    on_call: Callable[[int, str], None] = lambda number, when: None
    due: list[tuple[float, Callable[[], None]]] = field(default_factory=list)
    operations: dict[str, tuple[float, Manner, str]] = field(default_factory=dict)
    polled: list[Write] = field(default_factory=list)  # for each look at an operation the write that began it

    def look(self) -> ToyLive:
        self._passing()
        return ToyLive(self)

    def send(self, write: Write, request_id: str) -> Accepted:
        target = write.vm.name if write.vm else write.policy
        return self._called(f"send {write.operation} {target}", lambda: self._send(write, target, request_id))

    def operation(self, write: Write, operation_url: str) -> Progress:
        self.polled.append(write)
        return self._called(f"operation {operation_url}", lambda: self._poll(operation_url))

    def job(self, vault: VaultRef, job_id: str) -> Progress:
        return self._called(f"job {job_id}", lambda: self._poll(job_id))

    def sends(self) -> list[str]:
        return [line for line in self.log if line.startswith("send")]

    def _called(self, what: str, call: Callable[[], T]) -> T:
        number = len(self.log)
        self.log.append(what)
        self.on_call(number, "before")
        self._passing()
        answer = call()
        self.on_call(number, "after")
        return answer

    def read(self, what: str, call: Callable[[], T]) -> T:
        return self._called(what, lambda: self._readable(call))

    def _readable(self, call: Callable[[], T]) -> T:
        if self.read_troubles:
            raise self.read_troubles.pop(0)
        return call()

    def _send(self, write: Write, target: str, request_id: str) -> Accepted:
        manner = self.manners.get(target, Manner())
        trouble = manner.troubles.pop(0) if manner.troubles else None
        if trouble and trouble[0] == "before":
            raise trouble[1]
        url = f"{target}#{len(self.operations)}"
        if manner.keeps and manner.ends != "failed":
            effect = self._effect(write, target, request_id, url, manner)
            self.due.append((self.clock.seconds + manner.seconds + manner.lag_seconds, effect))
            self._passing()
        job_id = f"job-{url}" if manner.job_seconds is not None else ""
        self.operations[url] = (self.clock.seconds + manner.seconds, manner, job_id)
        self.operations[f"job-{url}"] = (self.clock.seconds + (manner.job_seconds or 0.0), manner, job_id)
        if trouble:
            raise trouble[1]
        return Accepted(url if manner.seconds or job_id or manner.ends != "succeeded" else "", 0.0)

    def _effect(self, write: Write, target: str, request_id: str, url: str, manner: Manner) -> Callable[[], None]:
        if not write.vm:
            return lambda: self.things.setdefault(target, {}).update(write.body or {})
        status = {"succeeded": "Completed", "failed": "Failed", "running": "InProgress"}[manner.job_ends]
        properties: dict[str, object] = {"activityId": request_id.upper(), "status": "InProgress"}
        ends = self.clock.seconds + (manner.job_seconds or 0.0)

        def appear() -> None:
            self.jobs.setdefault(target, []).append({"name": f"job-{url}", "properties": properties})
            self.due.append((ends, lambda: properties.update(status=status)))

        return appear

    def _poll(self, key: str) -> Progress:
        ends, manner, job_id = self.operations[key]
        if manner.poll_troubles:
            raise manner.poll_troubles.pop(0)
        state = manner.job_ends if key.startswith("job-") else manner.ends
        if self.clock.seconds < ends or state == "running":
            return Progress("running", percent=50.0)
        code, message = ("BadLuck", "it did not work") if state in {"failed", "cancelled"} else ("", "")
        return Progress(state, job_id, code, message)

    def _passing(self) -> None:
        for due in sorted((due for due in self.due if due[0] <= self.clock.seconds), key=lambda due: due[0]):
            self.due.remove(due)
            due[1]()


@dataclass(frozen=True)
class ToyLive:
    """Every answer is read now."""

    cloud: ToyCloud

    @property
    def now(self) -> datetime:
        return self.cloud.clock.now()

    def policy(self, vault: VaultRef, name: str) -> Wire | None:
        return self.cloud.read(f"read {name}", lambda: dict(self.cloud.things.get(name, {})) or None)

    def backup_jobs(self, vault: VaultRef, vm: VmRef) -> tuple[Wire, ...]:
        return self.cloud.read(f"read jobs {vm.name}", lambda: tuple(self.cloud.jobs.get(vm.name, ())))

    def group_missing(self, vault: VaultRef) -> bool:
        return False

    def vault(self, vault: VaultRef) -> Wire | None:
        return None

    def storage_config(self, vault: VaultRef) -> Wire | None:
        return None

    def vault_config(self, vault: VaultRef) -> Wire | None:
        return None

    def item(self, vault: VaultRef, vm: VmRef) -> Wire | None:
        return None

    def running_jobs(self, vault: VaultRef, vm: VmRef) -> tuple[Wire, ...]:
        return ()

    def recovery_points(self, vault: VaultRef, vm: VmRef) -> tuple[Wire, ...]:
        return ()

    def machine(self, vm: VmRef) -> Machine | None:
        return None

    def virtual_machine(self, vm: VmRef) -> Wire | None:
        return None

    def instance_view(self, vm: VmRef) -> Wire | None:
        return None

    def resource(self, resource_id: str) -> Wire | None:
        return None

    def resources(self, subscription: str, resource_type: str) -> tuple[Wire, ...]:
        return ()

    def other_vault(self, vault: VaultRef, vm: VmRef) -> str:
        return ""


def cloud_error(what: str = "refused", *, status: int = 400, transient: bool = False, sent: bool = False) -> CloudError:
    problem = Problem("T400", "there", what, "because", "do something")
    return CloudError(problem, status=status, transient=transient, sent=sent)


LOST = cloud_error("connection reset", status=0, transient=True, sent=True)
BUSY = cloud_error("another operation runs", status=409, transient=True)


@dataclass
class Watched:
    """A watcher that remembers."""

    events: list[str] = field(default_factory=list)

    def started(self, step: Step) -> None:
        self.events.append(f"started {step.address}")

    def progress(self, step: Step, what: str, percent: float | None) -> None:
        self.events.append(f"progress {step.address} {what} {percent}")

    def finished(self, result: StepResult) -> None:
        self.events.append(f"finished {result.step.address} {result.status}")


Entry = Thing | FirstBackup


@dataclass
class Bench:
    """Entries, the plan that was made of them, and a cloud to apply it to."""

    entries: Sequence[Entry]
    cloud: ToyCloud = field(default_factory=lambda: ToyCloud(ToyClock()))
    journal: MemoryJournal = field(default_factory=MemoryJournal)
    watched: Watched = field(default_factory=Watched)
    allowed: Callable[[Step], bool] = lambda step: True

    def __post_init__(self) -> None:
        self.plan = self.fresh_plan()

    def fresh_plan(self) -> Plan:
        """As the planner makes one: needs cut down to what the plan holds."""
        quiet = replace(self.cloud, log=[], read_troubles=[], on_call=lambda number, when: None)
        steps: list[Step] = []
        for entry in self.entries:
            kind = kind_of(entry)
            fresh = kind.assess(entry, ToyLive(quiet)).steps
            seen = {step.address for step in steps}
            steps += [replace(step, needs=tuple(need for need in step.needs if need in seen)) for step in fresh]
        return Plan(tuple(steps), (), "sha256:0")

    def by_address(self) -> Mapping[str, tuple[AnyKind, object]]:
        return {kind_of(entry).address(entry): (kind_of(entry), entry) for entry in self.entries}

    def apply(self, executor: Executor | None = None, in_flight: int = 4, ids: str = "r") -> Outcome:
        return apply_plan(
            self.plan,
            self.by_address(),
            self.cloud,
            self.cloud.clock,
            self.journal,
            allowed=self.allowed,
            run=executor or InlineExecutor(),
            in_flight=in_flight,
            request_ids=(f"{ids}{number}" for number in count(1)),
            watch=self.watched,
            unended=self.journal.unended(),
        )


def kind_of(entry: Entry) -> AnyKind:
    return ToyKind() if isinstance(entry, Thing) else ToyBackupKind()


def statuses(outcome: Outcome) -> dict[str, str]:
    return {result.step.address: result.status for result in outcome.results}
