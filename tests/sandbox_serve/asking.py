"""A world to ask by hand: requests as a client sends them, straight to `handle`."""

import json
from dataclasses import dataclass, field
from typing import Any

from reconciler.sandbox.app import handle
from reconciler.sandbox.wire import Request, Response
from reconciler.sandbox.world import DEFAULT_SUBSCRIPTION, World

SUBSCRIPTION = f"/subscriptions/{DEFAULT_SUBSCRIPTION}"
GROUP = f"{SUBSCRIPTION}/resourceGroups/rg-net"
NETWORK = f"{GROUP}/providers/Microsoft.Network"
VERSION = "2024-07-01"


@dataclass
class Asker:
    """Sends requests to a world in memory that has one resource group."""

    world: World = field(default_factory=World.open)

    def __post_init__(self) -> None:
        self.put(GROUP, {"location": "westeurope"})

    def ask(self, method: str, path: str, body: Any = None, version: str = VERSION) -> Response:
        url = f"https://management.azure.com{path}{'&' if '?' in path else '?'}api-version={version}"
        content = json.dumps(body).encode() if body is not None else b""
        return handle(self.world, Request(method, url, {"Authorization": "Bearer x"}, content))

    def get(self, path: str) -> Any:
        response = self.ask("GET", path)
        assert response.status == 200, response.body
        return response.json()

    def put(self, path: str, body: Any) -> Any:
        response = self.ask("PUT", path, body)
        assert response.status in (200, 201), response.body
        self.world.advance(60)
        return response.json()

    def refused(self, method: str, path: str, body: Any = None) -> tuple[int, str]:
        """Status and code of a refusal."""
        response = self.ask(method, path, body)
        return response.status, response.json()["error"]["code"]


def rule(priority: int, **changes: Any) -> dict[str, Any]:
    """The body of a security rule that the service takes."""
    properties = {
        "protocol": "Tcp",
        "sourcePortRange": "*",
        "destinationPortRange": "443",
        "sourceAddressPrefix": "VirtualNetwork",
        "destinationAddressPrefix": "AzureBackup",
        "access": "Allow",
        "priority": priority,
        "direction": "Outbound",
    }
    return {"properties": properties | changes}
