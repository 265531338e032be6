"""Builds what a command works with: Azure or a sandbox, its clock, its credential, its journal."""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.apply import InlineExecutor
from reconciler.cli.options import Common
from reconciler.core.ports import Clock

if TYPE_CHECKING:
    from reconciler.cloud import Azure, Throttle


class MachineClock:
    """The real clock of this machine."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


@dataclass
class Connection:
    """One target. `target` is what plans say of it, `told` the same for people; `run` executes the calls of an apply."""

    target: Mapping[str, object]
    told: str
    clock: Clock
    run: Executor
    request_ids: Callable[[], str]
    journal: Path
    throttle: Throttle
    make: Callable[[bool], Azure]
    made: list[Azure] = field(default_factory=list)

    def azure(self, *, read_only: bool) -> Azure:
        """A door of its own: one for reading refuses every request that would change something."""
        azure = self.make(read_only)
        self.made.append(azure)
        return azure

    @property
    def requests(self) -> dict[str, int]:
        """Requests sent through all doors so far, by method."""
        return self.throttle.sent


@contextmanager
def connected(common: Common) -> Iterator[Connection]:
    """Raises `UsageError` for options that name no target, or two."""
    common.refuse_two_targets()
    opened = _sandbox(common.sandbox, common.moment) if common.sandbox else _azure(common)
    with opened as connection:
        try:
            yield connection
        finally:
            for azure in connection.made:
                azure.close()


@contextmanager
def _sandbox(path: Path, moment: datetime | None) -> Iterator[Connection]:
    from reconciler.cli.worlds import opened
    from reconciler.cloud import Azure, Throttle
    from reconciler.sandbox.transport import SandboxClock, SandboxCredential, SandboxTransport

    with opened(path) as world:
        clock = SandboxClock(world)
        throttle = Throttle(clock)
        yield Connection(
            target={"kind": "sandbox", "file": str(path.resolve())},
            told=f"sandbox {path}",
            clock=clock,
            run=InlineExecutor(),
            request_ids=lambda: str(uuid.uuid4()),
            journal=path.with_name(f"{path.name}.journal.jsonl"),
            throttle=throttle,
            make=lambda read_only: Azure(
                SandboxCredential(),
                SandboxTransport(world),
                clock,
                read_only=read_only,
                moment=moment,
                throttle=throttle,
            ),
        )


@contextmanager
def _azure(common: Common) -> Iterator[Connection]:
    from reconciler.cloud import Throttle, connect, endpoint_of

    cloud = common.cloud or "public"
    endpoint = endpoint_of(cloud, common.endpoint)
    correlation_id = str(uuid.uuid4())
    clock = MachineClock()
    throttle = Throttle(clock)
    with ThreadPoolExecutor(common.parallelism, "azbackup") as pool:
        yield Connection(
            target={"kind": "azure", "endpoint": endpoint.url},
            told=f"Azure at {endpoint.url}",
            clock=clock,
            run=pool,
            request_ids=lambda: str(uuid.uuid4()),
            journal=_state_folder() / "azbackup" / "journal.jsonl",
            throttle=throttle,
            make=lambda read_only: connect(
                clock,
                read_only=read_only,
                throttle=throttle,
                connections=common.parallelism,
                moment=common.moment,
                cloud=cloud,
                endpoint=common.endpoint,
                workers=pool,
                correlation_id=correlation_id,
            ),
        )


def _state_folder() -> Path:
    given = os.environ.get("XDG_STATE_HOME", "")
    return Path(given) if given and Path(given).is_absolute() else Path.home() / ".local" / "state"
