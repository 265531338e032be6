"""The product against the sandbox, below the command line: survey, plan, apply with virtual time and counted ids."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from itertools import count
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

from reconciler.apply import InlineExecutor, MemoryJournal, Outcome, apply_plan
from reconciler.cloud import Azure
from reconciler.core.desired import Spec
from reconciler.core.live import Survey
from reconciler.core.plan import Finding, Plan, Step
from reconciler.kinds import KINDS
from reconciler.plan import entries_by_address, make_plan, posture
from reconciler.sandbox.estate import load_estate_text
from reconciler.sandbox.faults import Fault
from reconciler.sandbox.transport import SandboxClock, SandboxCredential, SandboxTransport
from reconciler.sandbox.world import World
from reconciler.spec import load_documents

REPOSITORY = Path(__file__).parents[2]
TODAY = date(2026, 11, 22)
START = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


class Quiet:
    """A watcher that looks away."""

    def started(self, step: Step) -> None:
        """Nothing to tell."""

    def progress(self, step: Step, what: str, percent: float | None) -> None:
        """Nothing to tell."""

    def finished(self, result: object) -> None:
        """Nothing to tell."""


def world_of(estate: str) -> World:
    """A new world with what an estate file of `specs/sandbox/` describes."""
    world = World.open(now=START)
    load_estate_text(world, (REPOSITORY / "specs/sandbox" / estate).read_text(), estate)
    return world


def spec_of(*names: str) -> Spec:
    """The spec that files of `specs/` make together."""
    return spec_from({name: (REPOSITORY / "specs" / name).read_text() for name in names})


def spec_from(documents: dict[str, str]) -> Spec:
    spec, _ = load_documents(documents, today=TODAY)
    return spec


class Local:
    """One run of the tool: a process has its own door to Azure, and forgets everything when it ends."""

    def __init__(
        self,
        world: World,
        *,
        read_only: bool = False,
        faults: Sequence[Fault] = (),
        transport: SandboxTransport | None = None,
    ) -> None:
        self.world = world
        self.clock = SandboxClock(world)
        way = transport or SandboxTransport(world, faults)
        self.azure = Azure(SandboxCredential(), way, self.clock, read_only=read_only)

    def survey(self, spec: Spec) -> Survey:
        return self.azure.survey(spec)

    def plan(self, spec: Spec) -> Plan:
        return make_plan(spec, self.survey(spec), KINDS)

    def posture(self, spec: Spec) -> tuple[Finding, ...]:
        return posture(spec, self.survey(spec))

    def apply(self, spec: Spec, *, in_flight: int = 10) -> Outcome:
        survey = self.survey(spec)
        plan = make_plan(spec, survey, KINDS)
        numbers = count(1)
        return apply_plan(
            plan,
            entries_by_address(spec, survey, KINDS),
            self.azure,
            self.clock,
            MemoryJournal(),
            allowed=lambda step: True,
            run=InlineExecutor(),
            in_flight=in_flight,
            request_ids=lambda: str(uuid5(NAMESPACE_URL, f"{self.world.now().isoformat()} {next(numbers)}")),
            watch=Quiet(),
        )
