"""The contract of a kind of thing that azbackup manages."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from reconciler.core.desired import Spec
from reconciler.core.live import Live
from reconciler.core.plan import Finding, Step


@dataclass(frozen=True, slots=True)
class Assessment:
    """What is left to do for one entry: steps in their order, findings, and the job that must end before anything is sent."""

    steps: tuple[Step, ...] = ()
    findings: tuple[Finding, ...] = ()
    busy: str = ""


Entry = TypeVar("Entry")


class Kind(Protocol[Entry]):
    """A kind is stateless and pure. Its law: `assess` is the only judge.

    The planner asks it with a snapshot. The executor asks it again with a fresh look before it sends a step (is this still
    the step?) and after the operation has ended (is it gone from what is left?). So what a kind asks for must, once
    reported by Azure, assess to nothing.
    """

    name: str

    def entries(self, spec: Spec) -> Iterable[Entry]:
        """The entries of this kind that a spec, its selections resolved, wants."""
        ...

    def address(self, entry: Entry) -> str: ...

    def assess(self, entry: Entry, live: Live) -> Assessment:
        """Raises `Unreadable` when something it must know could not be read."""
        ...


AnyKind = Kind[Any]
