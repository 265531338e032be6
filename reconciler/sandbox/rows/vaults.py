"""Rows of vaults: create, read, list, change, delete, and the status of those operations (wire-facts 2)."""

import copy
from typing import Any

from reconciler.sandbox import operations
from reconciler.sandbox.call import VAULTS, Call
from reconciler.sandbox.listing import page
from reconciler.sandbox.rows import deleted_vaults, vault_state
from reconciler.sandbox.rows.backups import next_run
from reconciler.sandbox.rows.policy_state import default_policies
from reconciler.sandbox.rows.subscriptions import TENANT
from reconciler.sandbox.table import GROUP, SUBSCRIPTION, VAULT, Route
from reconciler.sandbox.wire import GATEWAY, Refusal, Response, empty, not_found, reply
from reconciler.sandbox.world import Row, World, effect, guid_of

CREATE, DELETE, UPDATE = "2047", "1023", "4095"
_CREATE_SECONDS, _UPDATE_SECONDS, _DELETE_SECONDS = 5, 30, 45


def collection(subscription: str) -> str:
    return f"/subscriptions/{subscription.lower()}/providers/microsoft.recoveryservices/vaults"


def create(world: World, subscription: str, group: str, name: str, meta: vault_state.Meta) -> Row:
    """Stores a new vault with the three policies that every new vault has."""
    meta["etag"] = vault_state.etag(world.now())
    id = f"/subscriptions/{subscription}/resourceGroups/{group}/providers/{VAULTS}/{name}"
    row = Row(id.lower(), collection(subscription), {"id": id}, meta, live=True)
    world.put(row)
    for policy in default_policies(id, meta["location"], world.now()):
        next_run(world, world.put(policy))
    return row


def get(call: Call) -> Response:
    return _answer(call, call.vault)


def _answer(call: Call, row: Row, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return reply(vault_state.shown(row.meta, row.body["id"], call.version), status, headers)


def list_vaults(call: Call) -> Response:
    """Lists show less than GET: no security, no redundancy settings (wire-facts 2.2)."""

    def entry(key: str, body: dict[str, Any]) -> dict[str, Any] | None:
        row = call.world.get(key)
        return vault_state.shown(row.meta, row.body["id"], call.version, listed=True) if row else None

    under = call.group_key if "group" in call.names else ""
    return page(call, collection(call.names["subscription"]), entry, under=under, token_name="%24skiptoken")


def put(call: Call) -> Response:
    row = call.world.get(call.vault_key)
    if row is not None:
        return _change(call, row, replace=True)
    location = call.location()
    fresh = vault_state.fresh(location, call.version)
    meta = vault_state.changed(fresh, call.properties, call.version, created=True)
    _envelope(meta, call.body, call.vault_key, replace=True)
    group = call.world.get(call.group_key)
    ids = call.names["subscription"], group.body["name"] if group else call.names["group"], call.names["vault"]
    if call.year < 2024:
        return _answer(call, create(call.world, *ids, meta), 201)
    row = create(call.world, *ids, meta | {"provisioning": "Provisioning", "mua": "Invalid", "busy": True})
    return _async(call, row, CREATE, _CREATE_SECONDS, meta, status=201)


def patch(call: Call) -> Response:
    return _change(call, call.vault, replace=False)


def _change(call: Call, row: Row, *, replace: bool) -> Response:
    location = call.body.get("location")
    if location and vault_state.region(location) != vault_state.region(row.meta["location"]):
        said = (
            f"The resource '{row.body['id'].rsplit('/', 1)[1]}' already exists in location '{row.meta['location']}' in "
            f"resource group '{call.names['group']}'. A resource with the same name cannot be created in location "
            f"'{location}'. Please select a new resource name."
        )
        raise Refusal(409, "InvalidResourceLocation", said, GATEWAY)
    _refuse_when_busy(row)
    fails = bool(call.world.fact("crossRegionRestoreResendFails"))
    meta = vault_state.changed(row.meta, call.properties, call.version, created=False, resend_fails=fails)
    _envelope(meta, call.body, call.vault_key, replace=replace)
    if call.year < 2024:
        row.meta = meta | {"etag": vault_state.etag(call.now())}
        call.world.put(row)
        return _answer(call, row)
    row.meta["busy"] = True
    call.world.put(row)
    if replace:
        preview = copy.copy(row)
        preview.meta = meta | {"provisioning": "Provisioning"}
        return _async(call, preview, UPDATE, _CREATE_SECONDS, meta, status=200)
    name = operations.start(call, kind=UPDATE)
    call.world.after(_UPDATE_SECONDS, vault_settled, _settling(call, name, meta))
    return operations.accepted(call, *_poll_paths(call, name))


def _refuse_when_busy(row: Row) -> None:
    if row.meta["busy"]:
        said = "Another update operation is in progress on the vault. Retry after some time."
        raise Refusal(409, "RSVaultUpdateErrorConflictingOperationInProgress", said)


def _envelope(meta: vault_state.Meta, body: dict[str, Any], key: str, *, replace: bool) -> None:
    """Tags, identity and sku: a PUT replaces them, a PATCH only what it names."""
    if replace or body.get("tags") is not None:
        meta["tags"] = body.get("tags")
    if replace or body.get("identity"):
        meta["identity"] = _identity(body.get("identity") or {}, key)
    if body.get("sku"):
        meta["sku"] = body["sku"]


def _identity(sent: dict[str, Any], key: str) -> dict[str, Any] | None:
    """The identities with their ids, as the service shows them; the type `None` is none at all (wire-facts 2.2)."""
    known = {kind.lower(): kind for kind in ("None", "SystemAssigned", "UserAssigned")}
    words = [word.strip() for word in str(sent.get("type") or "None").split(",")]
    kinds = [known.get(word.lower(), word) for word in words]
    if kinds == ["None"]:
        return None
    own = {"tenantId": TENANT, "principalId": guid_of(f"{key} principal")}
    identity: dict[str, Any] = (own if "SystemAssigned" in kinds else {}) | {"type": ", ".join(kinds)}
    users = [name.lower() for name, kept in (sent.get("userAssignedIdentities") or {}).items() if kept is not None]
    if users:
        ids = {name: {kind: guid_of(f"{name} {kind}") for kind in ("clientId", "principalId")} for name in users}
        identity["userAssignedIdentities"] = ids
    return identity


def _settling(call: Call, name: str, meta: vault_state.Meta) -> dict[str, Any]:
    return {"vault": call.vault_key, "operation": operations.key(call.vault_key, name), "meta": meta}


def _poll_paths(call: Call, name: str) -> tuple[str, str]:
    return f"{call.path}/operationStatus/{name}", f"{call.path}/operationResults/{name}"


def _async(call: Call, row: Row, kind: str, seconds: float, meta: vault_state.Meta, *, status: int) -> Response:
    """A PUT answers with the vault and only the one polling header (vault-put-201-async-2026)."""
    name = operations.start(call, kind=kind)
    call.world.after(seconds, vault_settled, _settling(call, name, meta))
    url = operations.polling_url(call, _poll_paths(call, name)[0], call.version)
    return _answer(call, row, status, {"Azure-AsyncOperation": url, **operations.RETRY_AFTER})


@effect
def vault_settled(world: World, data: dict[str, Any]) -> None:
    """The asynchronous part of a create or change ends: the new settings are there, with a new etag."""
    row = world.get(data["vault"])
    error = operations.planned_error(world, data["operation"])
    operations.finish(world, data["operation"], error)
    if row is None:
        return
    created = row.meta["provisioning"] == "Provisioning"
    if not error:
        kept = {"locked": row.meta["locked"], "storageVersion": row.meta["storageVersion"] or "Unassigned"}
        row.meta = data["meta"] | kept | {"etag": vault_state.etag(world.now())}
    row.meta |= {"busy": False, "provisioning": "Failed" if error and created else "Succeeded"}
    world.put(row)


def delete(call: Call) -> Response:
    """2021: 200 at once; from 2024 on 202. A vault with active items is refused, one with soft-deleted ones is not."""
    vault = call.vault
    _refuse_when_busy(vault)
    items = call.world.listed(f"{call.vault_key}/backupprotecteditems")
    if any(not item.meta["deletedAt"] for item in items) or (items and call.year < 2024):
        said = (
            "Vault cannot be deleted as there are existing resources within the vault. "
            "Unregister all containers from the vault and then retry to delete vault."
        )
        raise Refusal(400, "BMSUserErrorVaultDeletionNotAllowed", said)
    if call.year < 2024:
        deleted_vaults.remove(call.world, vault)
        return empty(200)
    vault.meta["busy"] = True
    call.world.put(vault)
    name = operations.start(call, kind=DELETE)
    data = {"vault": call.vault_key, "operation": operations.key(call.vault_key, name)}
    call.world.after(_DELETE_SECONDS, vault_gone, data)
    return operations.accepted(call, *_poll_paths(call, name))


@effect
def vault_gone(world: World, data: dict[str, Any]) -> None:
    row = world.get(data["vault"])
    if row is None:
        return
    if error := operations.planned_error(world, data["operation"]):
        operations.finish(world, data["operation"], error)
        row.meta["busy"] = False
        world.put(row)
        return
    status = world.get(data["operation"])
    deleted_vaults.remove(world, row)
    if status is not None and not world.fact("vaultDeleteStatusVanishes"):
        world.put(status)  # one of the two terminal forms: the status outlives the vault
        operations.finish(world, data["operation"])


def operation_status(call: Call) -> Response:
    row = call.world.get(operations.key(call.vault_key, call.names["operation"]))
    if row is None:
        raise not_found(VAULTS, call.names["vault"], call.names["group"])
    return operations.vault_status(call, row, location=not call.names["operation"].startswith("MjA0Nz"))


def operation_result(call: Call) -> Response:
    row = call.world.get(operations.key(call.vault_key, call.names["operation"]))
    if row is None:
        raise not_found(VAULTS, call.names["vault"], call.names["group"])
    if row.body["status"] == "InProgress":
        headers = {"Location": operations.polling_url(call, call.path, call.version), **operations.RETRY_AFTER}
        return empty(202, headers)
    return _answer(call, call.vault) if call.world.has(call.vault_key) else empty(204)


_LIST = f"{SUBSCRIPTION}/providers/{VAULTS}"
ROUTES = (
    Route("GET", VAULT, get, "vault-get-200-2026, vault-get-404-2026", counter="arm"),
    Route("PUT", VAULT, put, "vault-put-201-async-2026, vault-put-201-sync-2021", counter="vault"),
    Route("PATCH", VAULT, patch, "vault-patch-202-2026", counter="vault"),
    Route("DELETE", VAULT, delete, "vault-delete-202-2026; wire-facts 2.5", counter="vault"),
    Route("GET", _LIST, list_vaults, "wire-facts 2.2", "no explicit nulls on the last page", counter="arm"),
    Route("GET", f"{GROUP}/providers/{VAULTS}", list_vaults, "wire-facts 2.2", counter="arm"),
    Route(
        "GET",
        f"{VAULT}/operationStatus/{{operation}}",
        operation_status,
        "vault-put-operationstatus-inprogress-2026, vault-delete-operationstatus-*-2026",
        counter="arm",
        outlives=True,
    ),
    Route("GET", f"{VAULT}/operationResults/{{operation}}", operation_result, "SDK", counter="arm", outlives=True),
)
