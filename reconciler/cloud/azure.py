"""Azure as the rest of the product sees it: reads in bulk for plans, looks and single writes for the executor."""

from __future__ import annotations

from collections.abc import Collection
from concurrent.futures import Executor
from datetime import datetime

from azure.core.credentials import TokenCredential

from reconciler.cloud import writes
from reconciler.cloud.clients import Clients, Family, Transport
from reconciler.cloud.credentials import SharedCredential
from reconciler.cloud.direct import FAMILIES, Direct
from reconciler.cloud.endpoints import endpoint_of
from reconciler.cloud.errors import refused
from reconciler.cloud.jobs import JobBoard
from reconciler.cloud.look import Look
from reconciler.cloud.operations import progress_of
from reconciler.cloud.paths import resource_of, vault_path
from reconciler.cloud.pipeline import policies
from reconciler.cloud.reading import Reader
from reconciler.cloud.snapshot import Snapshot
from reconciler.cloud.throttle import Throttle
from reconciler.core.desired import Spec
from reconciler.core.ids import VaultRef
from reconciler.core.live import Live, Survey
from reconciler.core.plan import Write
from reconciler.core.ports import Accepted, Clock, Progress


class Azure:
    """A `core.ports.Cloud`. One object for one run: budget, token, correlation id and job lists are shared.

    `workers` runs reads side by side; without it they run one after the other, in an order that is always the same.
    `moment` stands for the time of the run in what the kinds are told; waiting goes by the clock all the same.
    `throttle` is the budget of the whole run, where there is more than one door to Azure.
    With `read_only` no request that changes something can leave, whoever asks for it.
    """

    def __init__(
        self,
        credential: TokenCredential,
        transport: Transport,
        clock: Clock,
        *,
        read_only: bool,
        cloud: str = "public",
        endpoint: str = "",
        workers: Executor | None = None,
        correlation_id: str = "",
        moment: datetime | None = None,
        throttle: Throttle | None = None,
    ) -> None:
        target = endpoint_of(cloud, endpoint)
        shared = SharedCredential(credential, target, clock)
        self._throttle = throttle or Throttle(clock)
        self._clock, self._workers, self._moment = clock, workers, moment
        self._clients = Clients(
            target,
            shared,
            transport,
            lambda: policies(target, shared, self._throttle, clock, read_only=read_only, correlation_id=correlation_id),
        )
        self._reader = Reader(self._clients)
        self._direct = Direct(self._clients, self._reader)
        self._board = JobBoard(self._reader, clock)

    @property
    def requests(self) -> dict[str, int]:
        """Requests that were sent so far, by method; every attempt counts."""
        return self._throttle.sent

    def survey(self, spec: Spec, now: datetime | None = None, *, exact: Collection[str] = ()) -> Survey:
        """Reads what a plan of the spec needs. What can't be read raises `Unreadable` when it is asked for, not here.

        `exact`: ids of resources that no index may answer for, since they have just been written.
        """
        moment = now or self._moment or self._clock.now()
        snapshot = Snapshot(self._reader, self._direct, spec, moment, exact)
        snapshot.prefetch(self._workers)
        return snapshot

    def look(self) -> Live:
        return Look(self._direct, self._board, self._moment or self._clock.now())

    def send(self, write: Write, request_id: str) -> Accepted:
        """Sends one request that changes something, once. Raises `CloudError`."""
        try:
            return writes.send(self._clients, write, request_id, self._clock.now())
        finally:
            if write.vault:
                self._board.touch(write.vault, write.vm)

    def operation(self, write: Write, operation_url: str) -> Progress:
        """One look at the polling URL of a write: below its vault, or where its resource provider keeps operations.

        Raises `Unreadable`.
        """
        family, below = _operations_of(write)
        answer = self._reader.follow(family, operation_url, below=below)
        if answer.status not in {200, 202, 204, 404}:
            raise refused("GET", below, answer.status, {}, b"")
        return progress_of(answer, self._clock.now())

    def job(self, vault: VaultRef, job_id: str) -> Progress:
        return self._board.progress(vault, job_id)

    def close(self) -> None:
        self._clients.close()


def _operations_of(write: Write) -> tuple[Family, str]:
    """Whose polling URLs a write has, and below which path they lie (wire-facts 1.5 and 8)."""
    if write.vault:
        return "backup", vault_path(write.vault)
    named = resource_of(write.resource_id)
    return FAMILIES[named.namespace], f"/subscriptions/{named.subscription}/providers/{named.namespace}/locations"
