"""A sandbox under test: a world, and short ways to build in it and to send it requests."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from reconciler.sandbox.app import handle
from reconciler.sandbox.rows import groups, virtual_machines
from reconciler.sandbox.wire import Request, Response
from reconciler.sandbox.world import DEFAULT_SUBSCRIPTION, Row, World

NEW, OLD = "2026-10-01", "2021-12-01"
HEADERS = {"Authorization": "Bearer sandbox-only", "x-ms-client-request-id": "11111111-2222-4333-8444-555555555555"}
BASE = "https://management.azure.com"


class Lab:
    """A world with a vault `rsv` in `rg` and what a test puts beside it; requests go straight to `handle`."""

    def __init__(
        self,
        subscription: str = DEFAULT_SUBSCRIPTION,
        *,
        now: datetime = datetime(2026, 11, 22, 9, 0, tzinfo=UTC),
        group: str = "rg",
        vault: str = "rsv",
        location: str = "westeurope",
    ) -> None:
        self.world = World.open(now=now, subscription=subscription)
        self.subscription, self.location = subscription, location
        self.group(group)
        self.vault = (
            f"/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.RecoveryServices/vaults/{vault}"
        )

    def group(self, name: str) -> None:
        groups.create(self.world, self.subscription, name, self.location)

    def vm(self, name: str, group: str = "rg", **more: Any) -> str:
        """A VM's id; its group is made when it is not there."""
        if not self.world.has(f"/subscriptions/{self.subscription}/resourcegroups/{group}"):
            self.group(group)
        described = {"name": name, "location": self.location, **more}
        row = virtual_machines.vm_row(self.subscription, group, described, self.world.now())
        return str(self.world.put(row).body["id"])

    def send(
        self, method: str, path: str, body: Any = None, version: str = NEW, headers: Mapping[str, str] = HEADERS
    ) -> Response:
        """Sends to a path (with its own query or with `version` added), or to a full URL."""
        url = path if path.startswith("https:") else f"{BASE}{path}"
        if "api-version=" not in url and version:
            url += ("&" if urlsplit(url).query else "?") + f"api-version={version}"
        return handle(self.world, Request(method, url, headers, b"" if body is None else json.dumps(body).encode()))

    def ok(self, method: str, path: str, body: Any = None, version: str = NEW) -> Any:
        """Sends what must succeed, and gives its JSON, or None."""
        response = self.send(method, path, body, version)
        assert response.status < 300, (response.status, response.body)
        return response.json() if response.body else None

    def make_vault(self, version: str = NEW, **properties: Any) -> None:
        body = {"location": self.location, "sku": {"name": "Standard"}, "properties": properties}
        self.ok("PUT", self.vault, body, version)
        self.world.advance(60)

    def item(self, vm_id: str, vault: str | None = None) -> str:
        parts = vm_id.split("/")
        bare = f"iaasvmcontainerv2;{parts[4].lower()};{parts[8].lower()}"
        container = f"protectionContainers/IaasVMContainer;{bare}"
        return f"{vault or self.vault}/backupFabrics/Azure/{container}/protectedItems/VM;{bare}"

    def protect(
        self, vm_id: str, policy: str = "DefaultPolicy", vault: str | None = None, wait: float = 120
    ) -> Response:
        policy_id = f"{vault or self.vault}/backupPolicies/{policy}"
        response = self.change(vm_id, {"policyId": policy_id}, vault)
        self.world.advance(wait)
        return response

    def stop(self, vm_id: str, wait: float = 60) -> Response:
        response = self.change(vm_id, {"policyId": "", "protectionState": "ProtectionStopped"})
        self.world.advance(wait)
        return response

    def change(self, vm_id: str, properties: Mapping[str, Any], vault: str | None = None) -> Response:
        sent = {"protectedItemType": "Microsoft.Compute/virtualMachines", "sourceResourceId": vm_id, **properties}
        return self.send("PUT", self.item(vm_id, vault), {"properties": sent})

    def read(self, vm_id: str) -> dict[str, Any]:
        """The properties of an item."""
        found: dict[str, Any] = self.ok("GET", self.item(vm_id))["properties"]
        return found

    def jobs(self) -> list[dict[str, Any]]:
        """The properties of all jobs, newest first."""
        return [job["properties"] for job in self.ok("GET", f"{self.vault}/backupJobs")["value"]]

    def row(self, key: str) -> Row:
        row = self.world.get(key)
        assert row is not None, key
        return row


def code(response: Response) -> tuple[int, str]:
    """Status and error code of a refusal."""
    return response.status, response.json()["error"]["code"]


def policy(days: int = 30, time: str = "23:00", **changes: Any) -> dict[str, Any]:
    """The properties of a sound standard daily policy."""
    stamp = f"2026-01-01T{time}:00Z"
    daily = {"retentionTimes": [stamp], "retentionDuration": {"count": days, "durationType": "Days"}}
    return {
        "backupManagementType": "AzureIaasVM",
        "schedulePolicy": {
            "schedulePolicyType": "SimpleSchedulePolicy",
            "scheduleRunFrequency": "Daily",
            "scheduleRunTimes": [stamp],
        },
        "retentionPolicy": {"retentionPolicyType": "LongTermRetentionPolicy", "dailySchedule": daily},
        "instantRpRetentionRangeInDays": 2,
        "timeZone": "UTC",
        **changes,
    }
