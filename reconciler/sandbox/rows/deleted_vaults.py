"""Rows of deleted vaults: what is left of a vault for a while, and its way back (wire-facts 2.6)."""

from datetime import timedelta
from typing import Any

from reconciler.sandbox import operations
from reconciler.sandbox.call import Call
from reconciler.sandbox.listing import page
from reconciler.sandbox.rows.vault_state import region
from reconciler.sandbox.table import LOCATION, Route
from reconciler.sandbox.times import text
from reconciler.sandbox.wire import Refusal, Response, reply
from reconciler.sandbox.world import Row, World, effect

_KIND = "Microsoft.RecoveryServices/locations/deletedVaults"


def _collection(subscription: str, location: str) -> str:
    place = f"/subscriptions/{subscription}/providers/microsoft.recoveryservices/locations/{region(location)}"
    return f"{place}/deletedvaults".lower()


def remove(world: World, vault: Row) -> None:
    """Takes a vault away with all that is in it, and leaves a deleted vault; an empty one is purged at once."""
    children = [row for row in world.under(vault.key) if "/operations/" not in row.key]
    world.delete(vault.key)
    world.delete_under(vault.key)
    _, _, subscription, _, group, *_ = vault.body["id"].split("/")
    location, name = vault.meta["location"], f"{group}_{world.guid()}"
    holds_items = any(row.collection.endswith("/backupprotecteditems") for row in children)
    kept_days = vault.meta["softDelete"]["days"] if holds_items else 0
    purge = world.now() + timedelta(days=kept_days)
    id = f"/subscriptions/{subscription}/providers/{_KIND.replace('locations/', f'locations/{location}/')}/{name}"
    body = {
        "id": id,
        "name": name,
        "type": _KIND,
        "location": location,
        "properties": {
            "vaultId": vault.body["id"],
            "vaultDeletionTime": text(world.now()),
            "purgeAt": text(purge),
        },
    }
    kept = [_packed(row) for row in (vault, *children)]
    world.put(Row(id.lower(), _collection(subscription, location), body, {"rows": kept}))
    world.schedule(purge + timedelta(days=1), deleted_vault_purged, {"key": id.lower()})


def _packed(row: Row) -> dict[str, Any]:
    names = ("key", "collection", "body", "meta", "subject", "link", "live", "position")
    return {name: getattr(row, name) for name in names}


@effect
def deleted_vault_purged(world: World, data: dict[str, Any]) -> None:
    world.delete(data["key"])


def list_deleted(call: Call) -> Response:
    return page(call, _collection(call.names["subscription"], call.names["location"]), lambda key, body: body)


def _find(call: Call) -> Row:
    key = f"{_collection(call.names['subscription'], call.names['location'])}/{call.names['deleted'].lower()}"
    row = call.world.get(key)
    if row is None:
        raise Refusal(404, "ResourceNotFound", f"The deleted vault '{call.names['deleted']}' was not found.")
    return row


def get(call: Call) -> Response:
    return reply(_find(call).body)


def undelete(call: Call) -> Response:
    row = _find(call)
    vault = row.body["properties"]["vaultId"]
    if call.world.has(vault):
        said = f"A vault with the name '{vault.rsplit('/', 1)[1]}' exists in the resource group."
        raise Refusal(409, "UserErrorVaultNameInUse", said)
    if not call.world.has(vault.split("/providers/")[0]):
        raise Refusal(404, "ResourceGroupNotFound", f"Resource group '{vault.split('/')[4]}' could not be found.")
    name = call.world.guid()
    status = {"id": name, "name": name, "status": "InProgress", "startTime": text(call.now())}
    call.world.put(Row(f"{row.key}/operations/{name}", "", status, {"error": None}))
    call.world.after(30, vault_undeleted, {"key": row.key, "operation": f"{row.key}/operations/{name}"})
    path = f"{call.path.removesuffix('/undelete')}/operations/{name}"
    return operations.accepted(call, path, path)


@effect
def vault_undeleted(world: World, data: dict[str, Any]) -> None:
    """The vault is back with its content, but without costManagementSettings (wire-facts 2.6)."""
    row = world.get(data["key"])
    if row is None:
        return
    rows = [Row(**packed) for packed in row.meta["rows"]]
    rows[0].meta["extra"].pop("costManagementSettings", None)
    rows[0].meta["busy"] = False
    world.put_all(rows)
    world.delete(data["key"])
    operations.finish(world, data["operation"])


def operation(call: Call) -> Response:
    key = f"{_collection(call.names['subscription'], call.names['location'])}/{call.names['deleted'].lower()}"
    row = call.world.get(f"{key}/operations/{call.names['operation'].lower()}")
    if row is None:
        raise Refusal(404, "ResourceNotFound", "The operation was not found.")
    return reply({name: row.body[name] for name in ("id", "name", "status")})


_PATH = f"{LOCATION}/deletedVaults"
ROUTES = (
    Route("GET", _PATH, list_deleted, "wire-facts 2.6"),
    Route("GET", f"{_PATH}/{{deleted}}", get, "deletedvault-get-200-2026"),
    Route("POST", f"{_PATH}/{{deleted}}/undelete", undelete, "wire-facts 2.6", "returns to its own group only"),
    Route("GET", f"{_PATH}/{{deleted}}/operations/{{operation}}", operation, "wire-facts 2.6"),
)
