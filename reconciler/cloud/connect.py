"""The way to real Azure: `DefaultAzureCredential` and a transport over the network."""

from __future__ import annotations

from concurrent.futures import Executor
from datetime import datetime

from reconciler.cloud.azure import Azure
from reconciler.cloud.clients import Transport
from reconciler.cloud.credentials import credential_for
from reconciler.cloud.endpoints import Endpoint, endpoint_of
from reconciler.cloud.throttle import Throttle
from reconciler.core.ports import Clock

_CONNECT_SECONDS, _READ_SECONDS = 10.0, 60.0
_HOSTS = 4


def connect(
    clock: Clock,
    *,
    read_only: bool,
    cloud: str = "public",
    endpoint: str = "",
    workers: Executor | None = None,
    correlation_id: str = "",
    sandbox_token: str = "",
    moment: datetime | None = None,
    throttle: Throttle | None = None,
    connections: int = 10,
) -> Azure:
    """Azure over the network. Raises `CloudError` when endpoint and credential do not belong together.

    `sandbox_token` is for an endpoint on this machine, and for that only. `connections` are kept open for use again.
    """
    target = endpoint_of(cloud, endpoint)
    return Azure(
        credential_for(target, clock, sandbox_token),
        _transport(target, connections),
        clock,
        read_only=read_only,
        cloud=cloud,
        endpoint=endpoint,
        workers=workers,
        correlation_id=correlation_id,
        moment=moment,
        throttle=throttle,
    )


def _transport(endpoint: Endpoint, connections: int) -> Transport:
    """Proxy settings of the environment hold, save for this machine itself (sdk.md 1.3)."""
    from azure.core.pipeline.transport import RequestsTransport

    made = RequestsTransport(
        connection_timeout=_CONNECT_SECONDS,
        read_timeout=_READ_SECONDS,
        use_env_settings=not endpoint.is_loopback,
    )
    made.open()
    for adapter in made.session.adapters.values():
        adapter.init_poolmanager(_HOSTS, connections)  # made for ten; those above would be opened anew each time
    transport: Transport = made
    return transport
