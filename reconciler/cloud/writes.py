"""Every write is one typed SDK call. None polls: the executor follows the operation itself."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from azure.core.exceptions import AzureError
from azure.core.pipeline import PipelineResponse
from azure.core.rest import HttpRequest, HttpResponse

from reconciler.cloud.clients import Clients
from reconciler.cloud.errors import failed, refused
from reconciler.cloud.operations import POLL_SECONDS
from reconciler.cloud.paths import item_path, policy_path, vault_path
from reconciler.cloud.resource_writes import ON_RESOURCES
from reconciler.cloud.retry import retry_after_seconds
from reconciler.core.errors import CloudError
from reconciler.core.ids import VaultRef, VmRef
from reconciler.core.plan import Operation, Write
from reconciler.core.ports import Accepted

Call = Callable[[Clients, Write, dict[str, Any]], object]

FABRIC = "Azure"


def _vm(write: Write) -> VmRef:
    if write.vm is None:
        raise ValueError(f"{write.operation} names no VM")
    return write.vm


def _vault(write: Write) -> VaultRef:
    if write.vault is None:
        raise ValueError(f"{write.operation} names no vault")
    return write.vault


def _vault_create(clients: Clients, write: Write, options: dict[str, Any]) -> object:
    vault = _vault(write)
    vaults = clients.vaults(vault.subscription).vaults
    return vaults.begin_create_or_update(vault.resource_group, vault.name, _body(write), polling=False, **options)


def _vault_update(clients: Clients, write: Write, options: dict[str, Any]) -> object:
    vault = _vault(write)
    vaults = clients.vaults(vault.subscription).vaults
    return vaults.begin_update(vault.resource_group, vault.name, _body(write), polling=False, **options)


def _storage_config_update(clients: Clients, write: Write, options: dict[str, Any]) -> object:
    vault = _vault(write)
    configs = clients.backup(vault.subscription).backup_resource_storage_configs_non_crr
    return configs.update(vault.name, vault.resource_group, _body(write), **options)


def _vault_config_update(clients: Clients, write: Write, options: dict[str, Any]) -> object:
    vault = _vault(write)
    configs = clients.backup(vault.subscription).backup_resource_vault_configs
    return configs.update(vault.name, vault.resource_group, _body(write), **options)


def _policy_put(clients: Clients, write: Write, options: dict[str, Any]) -> object:
    vault = _vault(write)
    policies = clients.backup(vault.subscription).protection_policies
    return policies.create_or_update(vault.name, vault.resource_group, write.policy, _body(write), **options)


def _item_put(clients: Clients, write: Write, options: dict[str, Any]) -> object:
    vault, vm = _vault(write), _vm(write)
    items = clients.backup(vault.subscription).protected_items
    names = (vault.name, vault.resource_group, FABRIC, vm.container, vm.item)
    return items.begin_create_or_update(*names, _body(write), polling=False, **options)


def _item_delete(clients: Clients, write: Write, options: dict[str, Any]) -> object:
    vault, vm = _vault(write), _vm(write)
    items = clients.backup(vault.subscription).protected_items
    items.delete(vault.name, vault.resource_group, FABRIC, vm.container, vm.item, **options)
    return None


def _item_backup(clients: Clients, write: Write, options: dict[str, Any]) -> object:
    vault, vm = _vault(write), _vm(write)
    names = (vault.name, vault.resource_group, FABRIC, vm.container, vm.item)
    clients.backup(vault.subscription).backups.trigger(*names, _body(write), **options)
    return None


# Method, path that is meant (made without the SDK, compared with what it sends), call.
_ON_VAULTS: dict[Operation, tuple[str, Callable[[Write], str], Call]] = {
    "vault.create": ("PUT", lambda write: vault_path(_vault(write)), _vault_create),
    "vault.update": ("PATCH", lambda write: vault_path(_vault(write)), _vault_update),
    "storage_config.update": (
        "PUT",
        lambda write: f"{vault_path(_vault(write))}/backupstorageconfig/vaultstorageconfig",
        _storage_config_update,
    ),
    "vault_config.update": (
        "PATCH",
        lambda write: f"{vault_path(_vault(write))}/backupconfig/vaultconfig",
        _vault_config_update,
    ),
    "policy.put": ("PUT", lambda write: policy_path(_vault(write), write.policy), _policy_put),
    "item.put": ("PUT", lambda write: item_path(_vault(write), _vm(write)), _item_put),
    "item.delete": ("DELETE", lambda write: item_path(_vault(write), _vm(write)), _item_delete),
    "item.backup": ("POST", lambda write: f"{item_path(_vault(write), _vm(write))}/backup", _item_backup),
}
OPERATIONS = _ON_VAULTS | ON_RESOURCES


def send(clients: Clients, write: Write, request_id: str, now: datetime) -> Accepted:
    """Sends the write once. `request_id` becomes the activityId of the job it causes (wire-facts 1.2).

    Raises `CloudError`. What the SDK makes of the answer does not count: it takes a Retry-After that is a date for an
    error after the service has accepted the write (sdk.md 1.5), so status and headers are taken from the answer itself.
    """
    method, path_of, call = OPERATIONS[write.operation]
    where = path_of(write)
    answers: list[HttpResponse] = []

    def keep(response: PipelineResponse[HttpRequest, HttpResponse]) -> None:
        answers.append(response.http_response)

    options = {"meant": where, "meant_method": method, "request_id": request_id, "raw_response_hook": keep}
    try:
        call(clients, write, options)
    except Exception as error:
        if not answers:
            if isinstance(error, AzureError | CloudError):
                raise failed(error, method, where) from error
            raise  # a mistake of ours: nothing was sent
    return _accepted(answers[-1], method, where, now)


def _accepted(answer: HttpResponse, method: str, where: str, now: datetime) -> Accepted:
    if not 200 <= answer.status_code < 300:
        raise refused(method, where, answer.status_code, answer.headers, _text(answer))
    url = answer.headers.get("Azure-AsyncOperation") or answer.headers.get("Location") or ""
    if not url:
        return Accepted()
    return Accepted(url, retry_after_seconds(answer.headers.get("Retry-After"), now) or POLL_SECONDS)


def _text(answer: HttpResponse) -> bytes:
    try:
        return answer.read()
    except AzureError:
        return b""


def _body(write: Write) -> Any:
    """Wire JSON, sent as it is."""
    return dict(write.body or {})
