"""Terraform's azurerm provider at the wire: the requests that its source documents, in their order and spelling.

The provider itself does not run in these tests; what it accepts is stated as (status, headers, fields) per request.
"""

import json
from typing import Any

import pytest

from reconciler.sandbox.serve.front import Front
from reconciler.sandbox.wire import Request, Response
from reconciler.sandbox.world import DEFAULT_SUBSCRIPTION, World

HOST = "localhost:8443"
TENANT = "00000000-0000-4000-8000-00000000000a"
GROUP = f"/subscriptions/{DEFAULT_SUBSCRIPTION}/resourceGroups/rg-tf"
VAULT = f"{GROUP}/providers/Microsoft.RecoveryServices/vaults/rsv-tf"
VM = f"{GROUP}/providers/Microsoft.Compute/virtualMachines/vm-tf"
ITEM = (
    f"{VAULT}/backupFabrics/Azure/protectionContainers/iaasvmcontainer;iaasvmcontainerv2;rg-tf;vm-tf"
    "/protectedItems/VM;iaasvmcontainerv2;rg-tf;vm-tf"
)
POLICY = {
    "properties": {
        "backupManagementType": "AzureIaasVM",
        "policyType": "V1",
        "timeZone": "UTC",
        "instantRPDetails": {},
        "schedulePolicy": {
            "schedulePolicyType": "SimpleSchedulePolicy",
            "scheduleRunFrequency": "Daily",
            "scheduleRunTimes": ["2018-07-30T23:00:00Z"],
        },
        "retentionPolicy": {
            "retentionPolicyType": "LongTermRetentionPolicy",
            "dailySchedule": {
                "retentionTimes": ["2018-07-30T23:00:00Z"],
                "retentionDuration": {"count": 10, "durationType": "Days"},
            },
        },
    }
}


class Provider:
    """Signs in as the provider does, and sends what it sends; its waiting moves the machine's clock."""

    def __init__(self) -> None:
        self.seconds = 1_800_000_000.0
        self._front = Front(World.open(), lambda: self.seconds, time_factor=60)
        metadata = self.send("GET", "/metadata/endpoints?api-version=2022-09-01", token="").json()
        login = metadata["authentication"]["loginEndpoint"].removeprefix(f"https://{HOST}")
        scope = f"{metadata['resourceManager'].rstrip('/')}/.default"
        form = f"grant_type=client_credentials&client_id=tf&client_secret=any&scope={scope}".encode()
        kind = "application/x-www-form-urlencoded"
        answer = self.send("POST", f"{login}/{TENANT}/oauth2/v2.0/token", form, kind=kind, token="")
        self.token = answer.json()["access_token"]

    def send(
        self, method: str, target: str, body: bytes = b"", *, kind: str = "application/json", token: str | None = None
    ) -> Response:
        bearer = self.token if token is None else token
        headers = {"Host": HOST} | ({"Authorization": f"Bearer {bearer}"} if bearer else {})
        headers |= {"Content-Type": f"{kind}; charset=utf-8"} if body else {}
        request = Request(method, f"https://{HOST}{target}", headers, body)
        return self._front.answer(request, frozenset({HOST}))

    def arm(self, method: str, path: str, version: str, body: Any = None) -> Response:
        content = json.dumps(body).encode() if body is not None else b""
        return self.send(method, f"{path}?api-version={version}", content)

    def settle(self, first: Response) -> str:
        """Polls as Go's client does: the absolute URL, after the seconds asked for; gives the last status."""
        url = first.headers.get("Azure-AsyncOperation")
        assert url, first.headers
        assert url.startswith(f"https://{HOST}/"), "Go's poller refuses relative URLs"
        for _ in range(50):
            answer = self.send("GET", url.removeprefix(f"https://{HOST}"))
            assert answer.status == 200
            status = str(answer.json()["status"])
            if status != "InProgress":
                return status
            self.seconds += float(answer.headers.get("Retry-After", first.headers["Retry-After"]))
        raise AssertionError("the operation has no end")


@pytest.fixture
def provider() -> Provider:
    """With a resource group, a VM and a vault."""
    made = Provider()
    assert made.arm("PUT", GROUP, "2023-07-01", {"location": "westeurope", "tags": {}}).status == 201
    profile = {"networkInterfaces": [{"id": f"{GROUP}/providers/Microsoft.Network/networkInterfaces/nic"}]}
    properties = {"hardwareProfile": {"vmSize": "Standard_D2s_v5"}, "networkProfile": profile}
    made.settle(made.arm("PUT", VM, "2024-03-01", {"location": "westeurope", "properties": properties}))
    vault = {
        "location": "westeurope",
        "properties": {"publicNetworkAccess": "Enabled"},
        "sku": {"name": "RS0", "tier": "Standard"},
    }
    created = made.arm("PUT", VAULT, "2025-08-01", vault)
    assert created.status in (200, 201)
    assert made.settle(created) == "Succeeded"
    return made


def test_the_provider_needs_neither_graph_nor_registration(provider: Provider) -> None:
    assert provider.token.count(".") == 2
    listed = provider.arm("GET", f"/subscriptions/{DEFAULT_SUBSCRIPTION}/providers", "2022-09-01")
    assert {each["registrationState"] for each in listed.json()["value"]} == {"Registered"}
    namespace = f"/subscriptions/{DEFAULT_SUBSCRIPTION}/providers/Microsoft.RecoveryServices"
    assert provider.arm("POST", f"{namespace}/register", "2022-09-01").status == 200


def test_every_read_of_a_vault(provider: Provider) -> None:
    """Vault, replication settings, storage and backup configuration: none may be missing."""
    body = provider.arm("GET", VAULT, "2025-08-01").json()
    assert body["properties"]["provisioningState"] == "Succeeded"
    assert body["properties"]["redundancySettings"]["standardTierStorageRedundancy"]
    assert body["sku"]["name"] == "RS0"
    assert provider.arm("GET", f"{VAULT}/replicationVaultSettings/default", "2024-04-01").status == 200
    assert provider.arm("GET", f"{VAULT}/backupResourceGuardProxies", "2023-02-01").json() == {"value": []}


def test_update_of_a_vault(provider: Provider) -> None:
    changed = provider.arm("PATCH", VAULT, "2025-08-01", {"tags": {"env": "test"}})
    assert changed.status in (200, 202)
    assert provider.settle(changed) == "Succeeded"
    assert provider.arm("GET", VAULT, "2025-08-01").json()["tags"] == {"env": "test"}


def protected(provider: Provider) -> None:
    policy = f"{VAULT}/backupPolicies/daily"
    assert provider.arm("GET", policy, "2024-10-01").status == 404
    assert provider.arm("PUT", policy, "2024-10-01", POLICY).status == 200
    body = provider.arm("GET", policy, "2024-10-01").json()
    assert body["properties"]["retentionPolicy"]["dailySchedule"]["retentionDuration"]["count"] == 10
    assert provider.arm("GET", ITEM, "2023-02-01").status == 404
    properties = {
        "protectedItemType": "Microsoft.Compute/virtualMachines",
        "policyId": policy,
        "sourceResourceId": VM,
        "workloadType": "VM",
        "friendlyName": "vm-tf",
        "virtualMachineId": VM,
    }
    enabled = provider.arm("PUT", ITEM, "2023-02-01", {"properties": properties})
    assert enabled.status == 202
    assert enabled.headers["Location"].startswith(f"https://{HOST}/")
    assert provider.settle(enabled) == "Succeeded"


def test_a_policy_and_a_protected_machine(provider: Provider) -> None:
    protected(provider)
    body = provider.arm("GET", ITEM, "2023-02-01").json()["properties"]
    assert body["policyId"].lower() == f"{VAULT}/backupPolicies/daily".lower()
    assert body["protectionState"] in ("IRPending", "Protected")
    assert body["sourceResourceId"].lower() == VM.lower()


def test_stop_without_a_policy_id_and_then_delete(provider: Provider) -> None:
    protected(provider)
    stop = {
        "protectedItemType": "Microsoft.Compute/virtualMachines",
        "protectionState": "ProtectionStopped",
        "sourceResourceId": VM,
    }
    assert provider.settle(provider.arm("PUT", ITEM, "2023-02-01", {"properties": stop})) == "Succeeded"
    assert provider.arm("GET", ITEM, "2023-02-01").json()["properties"]["policyId"] == ""
    gone = provider.arm("DELETE", ITEM, "2023-02-01")
    assert gone.status == 202
    assert provider.settle(gone) == "Succeeded"
    assert provider.arm("GET", ITEM, "2023-02-01").json()["properties"]["isScheduledForDeferredDelete"] is True


def test_a_policy_goes_with_200_and_a_vault_with_202(provider: Provider) -> None:
    policy = f"{VAULT}/backupPolicies/daily"
    provider.arm("PUT", policy, "2024-10-01", POLICY)
    assert provider.arm("DELETE", policy, "2024-10-01").status in (200, 204)
    assert provider.arm("GET", policy, "2024-10-01").status == 404
    gone = provider.arm("DELETE", VAULT, "2025-08-01")
    assert gone.status in (202, 204)
    provider.settle(gone)
    assert provider.arm("GET", VAULT, "2025-08-01").status == 404
    assert provider.arm("GET", VAULT, "2025-08-01").json()["error"]["code"] == "ResourceNotFound"


@pytest.mark.parametrize("version", ["2023-09-01", "2023-11-01", "2025-01-01"])
def test_a_security_rule(provider: Provider, version: str) -> None:
    group = f"{GROUP}/providers/Microsoft.Network/networkSecurityGroups/nsg"
    created = provider.arm("PUT", group, version, {"location": "westeurope", "properties": {"securityRules": []}})
    assert created.status in (200, 201)
    assert provider.settle(created) == "Succeeded"
    rule = {
        "protocol": "Tcp",
        "sourcePortRange": "*",
        "destinationPortRange": "443",
        "sourceAddressPrefix": "*",
        "destinationAddressPrefix": "AzureBackup",
        "access": "Allow",
        "priority": 200,
        "direction": "Outbound",
    }
    sent = provider.arm("PUT", f"{group}/securityRules/backup", version, {"properties": rule})
    assert sent.status in (200, 201)
    assert provider.settle(sent) == "Succeeded"
    assert provider.arm("GET", f"{group}/securityRules/backup", version).json()["properties"]["priority"] == 200
    assert provider.arm("DELETE", f"{group}/securityRules/backup", version).status in (200, 202, 204)
