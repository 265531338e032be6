"""One resource, one request: what a fresh look is made of, and what a list can't prove."""

from __future__ import annotations

from typing import Any

from azure.core.exceptions import AzureError

from reconciler.cloud.clients import API_VERSIONS, Clients, Family
from reconciler.cloud.errors import failed, unreadable
from reconciler.cloud.paths import (
    backup_status_path,
    instance_view_path,
    item_path,
    list_path,
    permissions_path,
    policy_path,
    policy_restrictions_path,
    prevalidation_path,
    resource_of,
    vault_path,
    vm_path,
)
from reconciler.cloud.reading import CHILD_GONE, GONE, ITEM_GONE, POLICY_GONE, Body, Reader
from reconciler.cloud.throttle import subscription_of
from reconciler.core.errors import CloudError
from reconciler.core.ids import VaultRef, VmRef, parse_vault, parse_vm
from reconciler.core.live import Machine, Wire
from reconciler.core.wire import dig_object, dig_text

FAMILIES: dict[str, Family] = {
    "microsoft.network": "network",
    "microsoft.compute": "compute",
    "microsoft.recoveryservices": "vaults",
    "microsoft.keyvault": "key_vaults",
    "microsoft.storage": "storage",
}
RUN_COMMANDS = "microsoft.compute/virtualmachines/runcommands"
WITH_VIEW = "&%24expand=instanceView"


class Direct:
    """Every method sends its request anew, and raises `Unreadable` when it can't tell."""

    def __init__(self, clients: Clients, reader: Reader) -> None:
        self._clients, self._reader = clients, reader

    def vault(self, vault: VaultRef) -> tuple[Body | None, bool]:
        """The vault, and whether Azure said that its resource group is missing."""
        body, service_code = self._reader.one("vaults", vault_path(vault), GONE)
        return body, service_code == "ResourceGroupNotFound"

    def storage_config(self, vault: VaultRef) -> Body | None:
        return self._reader.one("backup", f"{vault_path(vault)}/backupstorageconfig/vaultstorageconfig", GONE)[0]

    def vault_config(self, vault: VaultRef) -> Body | None:
        return self._reader.one("backup", f"{vault_path(vault)}/backupconfig/vaultconfig", GONE)[0]

    def policy(self, vault: VaultRef, name: str) -> Body | None:
        return self._reader.one("backup", policy_path(vault, name), POLICY_GONE)[0]

    def item(self, vault: VaultRef, vm: VmRef) -> Body | None:
        return self._reader.one("backup", item_path(vault, vm), ITEM_GONE)[0]

    def recovery_points(self, vault: VaultRef, vm: VmRef) -> tuple[Body, ...]:
        return self._reader.all("backup", f"{item_path(vault, vm)}/recoveryPoints", gone=ITEM_GONE).values

    def virtual_machine(self, vm: VmRef) -> Body | None:
        return self._reader.one("compute", vm_path(vm), GONE)[0]

    def instance_view(self, vm: VmRef) -> Body | None:
        return self._reader.one("compute", instance_view_path(vm), CHILD_GONE)[0]

    def resource(self, resource_id: str) -> Body | None:
        """A resource of Microsoft.Network or Microsoft.Compute; run commands come with how they ran."""
        named = resource_of(resource_id)
        family = FAMILIES[named.namespace]
        gone = CHILD_GONE if len(named.names) > 1 else GONE
        options = WITH_VIEW if named.resource_type.lower() == RUN_COMMANDS else ""
        return self._reader.one(family, named.path, gone, options)[0]

    def resources(self, subscription: str, resource_type: str) -> tuple[Body, ...]:
        """All resources of a type of the subscription."""
        family = FAMILIES[resource_type.partition("/")[0].lower()]
        return self._reader.all(family, list_path(subscription, resource_type)).values

    def protecting_vault(self, vm: VmRef, location: str) -> str:
        """Id of the vault that actively protects the VM, or "" (backupstatus-protected-2022).

        Azure answers for a region; without one there is neither the VM nor a vault.
        """
        region = location.replace(" ", "").lower()
        if not region:
            return ""
        where = backup_status_path(vm.subscription, region)
        request: Any = {"resourceType": "VM", "resourceId": vm.id}
        try:
            status = self._clients.backup(vm.subscription).backup_status.get(region, request, meant=where)
        except (AzureError, CloudError, ValueError) as error:
            raise unreadable(failed(error, "POST", where)) from error
        found = parse_vault(status.vault_id or "")
        return found.id if found and str(status.get("protectionStatus")).lower() == "protected" else ""

    def prevalidation(self, vault: VaultRef, vm: VmRef, location: str) -> Body:
        """What Azure's own check says; it is asked in the region of the vault."""
        region = location.replace(" ", "").lower()
        where = prevalidation_path(vm.subscription, region)
        request: Any = {"resourceType": "VM", "resourceId": vm.id, "vaultId": vault.id, "properties": ""}
        try:
            told = self._clients.backup(vm.subscription).protection_intent.validate(region, request, meant=where)
        except (AzureError, CloudError, ValueError) as error:
            raise unreadable(failed(error, "POST", where)) from error
        return dict(told.as_dict())

    def permissions(self, scope: str) -> tuple[Body, ...]:
        return self._reader.all("roles", permissions_path(scope), gone=CHILD_GONE).values

    def policy_restrictions(self, scope: str, resource: Wire) -> Body | None:
        """What Azure Policy says to a resource of this content; None when the scope does not exist.

        The aliases of a policy's conditions are those of the api-version that the content is in.
        """
        family = FAMILIES.get(dig_text(resource, "type").partition("/")[0].lower())
        version = {"apiVersion": API_VERSIONS[family]} if family else {}
        question: Body = {"resourceDetails": {"resourceContent": dict(resource), **version}}
        path = policy_restrictions_path(scope)
        return self._reader.ask("policy", path, question, subscription_of(path), GONE)


def machine_of(body: Body | None) -> Machine | None:
    """A VM as Compute lists it; None when there is none, or the entry names no VM."""
    ref = parse_vm(dig_text(body, "id"))
    if ref is None:
        return None
    tags = {name: str(value) for name, value in dig_object(body, "tags").items()}
    os = dig_text(body, "properties", "storageProfile", "osDisk", "osType")
    return Machine(ref, dig_text(body, "location"), os, tags)
