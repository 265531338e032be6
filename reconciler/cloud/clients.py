"""Typed SDK clients, one of a kind for each subscription, made when they are first needed: each import takes a third of a second."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeVar, cast

from azure.core.pipeline.transport import HttpTransport
from azure.core.rest import HttpRequest, HttpResponse

from reconciler.cloud.credentials import SharedCredential
from reconciler.cloud.endpoints import Endpoint

if TYPE_CHECKING:
    from azure.mgmt.compute import ComputeManagementClient
    from azure.mgmt.network import NetworkManagementClient
    from azure.mgmt.recoveryservices import RecoveryServicesClient
    from azure.mgmt.recoveryservicesbackup import RecoveryServicesBackupClient

Family = Literal["vaults", "backup", "compute", "network", "locks", "graph", "key_vaults", "roles", "policy", "storage"]
API_VERSIONS: dict[Family, str] = {
    "vaults": "2026-11-01",
    "backup": "2026-10-01",
    "compute": "2026-04-01",
    "network": "2026-03-01",
    "locks": "2020-05-01",
    "graph": "2021-03-01",
    "key_vaults": "2023-07-01",
    "roles": "2022-04-01",
    "storage": "2024-01-01",
    "policy": "2024-10-01",
}

Transport = HttpTransport[HttpRequest, HttpResponse]
Made = TypeVar("Made")


class SendsRequests(Protocol):
    """The public raw call that the SDK's clients share."""

    def send_request(self, request: HttpRequest, *, stream: bool = False, **kwargs: Any) -> HttpResponse: ...


class Clients:
    """All clients share the transport and the credential; each has policies of its own."""

    def __init__(
        self,
        endpoint: Endpoint,
        credential: SharedCredential,
        transport: Transport,
        policies: Callable[[], list[Any]],
    ) -> None:
        self.endpoint = endpoint
        self._credential, self._transport, self._policies = credential, transport, policies
        self._made: dict[tuple[str, str], object] = {}
        self._lock = threading.Lock()

    def vaults(self, subscription: str) -> RecoveryServicesClient:
        from azure.mgmt.recoveryservices import RecoveryServicesClient

        return self._client("vaults", subscription, RecoveryServicesClient)

    def backup(self, subscription: str) -> RecoveryServicesBackupClient:
        from azure.mgmt.recoveryservicesbackup import RecoveryServicesBackupClient

        return self._client("backup", subscription, RecoveryServicesBackupClient)

    def compute(self, subscription: str) -> ComputeManagementClient:
        from azure.mgmt.compute import ComputeManagementClient

        return self._client("compute", subscription, ComputeManagementClient)

    def network(self, subscription: str) -> NetworkManagementClient:
        from azure.mgmt.network import NetworkManagementClient

        return self._client("network", subscription, NetworkManagementClient)

    def raw(self, family: Family, subscription: str) -> SendsRequests:
        """The client of the family for raw reads; the caller names the api-version. Locks, roles and policies are on all kinds of
        resources, key vaults and storage accounts are only read, and Resource Graph is asked about all kinds (its own client reads
        answers only with a policy that is not in our pipeline).
        """
        makers: dict[Family, Callable[[str], object]] = {
            "vaults": self.vaults,
            "backup": self.backup,
            "compute": self.compute,
            "network": self.network,
            "locks": self.compute,
            "graph": self.network,
            "key_vaults": self.compute,
            "roles": self.compute,
            "storage": self.compute,
            "policy": self.compute,
        }
        return cast(SendsRequests, makers[family](subscription))

    def close(self) -> None:
        self._transport.close()

    def _client(self, family: Family, subscription: str, make: Callable[..., Made]) -> Made:
        key = (family, subscription.lower())
        with self._lock:
            if key not in self._made:
                self._made[key] = make(
                    self._credential,
                    subscription,
                    self.endpoint.url,
                    credential_scopes=[self.endpoint.scope],
                    api_version=API_VERSIONS[family],
                    transport=self._transport,
                    policies=self._policies(),
                )
            return cast(Made, self._made[key])
