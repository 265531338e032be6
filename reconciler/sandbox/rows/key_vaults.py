"""Rows of key vaults as resources (Key Vault's published management API); what lies in them is behind another door."""

import re
from collections.abc import Mapping
from typing import Any

from reconciler.sandbox.call import Call
from reconciler.sandbox.listing import page
from reconciler.sandbox.rows.any_resource import group_of
from reconciler.sandbox.rows.subscriptions import TENANT
from reconciler.sandbox.table import GROUP, SUBSCRIPTION, Route
from reconciler.sandbox.wire import Refusal, Response, empty, not_found, reply
from reconciler.sandbox.world import Row, World

TYPE = "Microsoft.KeyVault/vaults"
_DELETED = "/deletedkeyvaults"
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{1,22}[A-Za-z0-9]")
_RETENTION_DAYS = 90


def create(world: World, id: str, sent: Mapping[str, Any]) -> Row:
    """Stores a key vault from its id and the body of a PUT.

    Raises:
        Refusal: the name is none, is taken, or belongs to a vault that was deleted.
    """
    _, _, subscription, *_, name = id.split("/")
    if _NAME.fullmatch(name) is None:
        raise Refusal(400, "VaultNameNotValid", f"The vault name '{name}' is invalid.")
    taken = next((row for row in world.listed(link=f"keyvault:{name.lower()}") if row.key != id.lower()), None)
    if taken is not None:
        raise Refusal(409, "VaultAlreadyExists", f"The vault name '{name}' is already in use.")
    kept = world.get(f"{_DELETED}{id.lower()}")
    properties = dict(sent.get("properties") or {})
    if kept is not None:
        if properties.get("createMode") != "recover":
            said = f"A vault with the same name already exists in deleted state: '{name}'. Recover or purge it."
            raise Refusal(409, "ConflictError", said)
        world.delete(kept.key)
        return world.put(_row(id, subscription, kept.body))
    body: dict[str, Any] = {"id": id, "name": name, "type": TYPE, "location": sent["location"]}
    body["tags"] = dict(sent.get("tags") or {})
    body["properties"] = _properties(name, properties)
    return world.put(_row(id, subscription, body))


def _row(id: str, subscription: str, body: dict[str, Any]) -> Row:
    collection = f"/subscriptions/{subscription}/providers/{TYPE}".lower()
    return Row(id.lower(), collection, body, link=f"keyvault:{body['name'].lower()}")


def _properties(name: str, sent: Mapping[str, Any]) -> dict[str, Any]:
    """Access policies stay as they are sent, though a vault with RBAC ignores them."""
    return {
        "sku": sent.get("sku") or {"family": "A", "name": "standard"},
        "tenantId": sent.get("tenantId", TENANT),
        "accessPolicies": sent.get("accessPolicies") or [],
        "enabledForDeployment": bool(sent.get("enabledForDeployment", False)),
        "enabledForDiskEncryption": bool(sent.get("enabledForDiskEncryption", False)),
        "enabledForTemplateDeployment": bool(sent.get("enabledForTemplateDeployment", False)),
        "enableSoftDelete": True,
        "softDeleteRetentionInDays": sent.get("softDeleteRetentionInDays", _RETENTION_DAYS),
        "enableRbacAuthorization": bool(sent.get("enableRbacAuthorization", False)),
        **({"enablePurgeProtection": True} if sent.get("enablePurgeProtection") else {}),
        "vaultUri": f"https://{name.lower()}.vault.azure.net/",
        "provisioningState": "Succeeded",
        "publicNetworkAccess": sent.get("publicNetworkAccess", "Enabled"),
    }


def _key(call: Call) -> str:
    return f"{call.group_key}/providers/{TYPE}/{call.names['name']}".lower()


def get(call: Call) -> Response:
    row = call.world.get(_key(call))
    if row is None:
        raise not_found(TYPE, call.names["name"], call.names["group"])
    return reply(row.body)


def list_vaults(call: Call) -> Response:
    under = call.group_key if "group" in call.names else ""
    return page(call, f"{call.subscription_key}/providers/{TYPE}".lower(), lambda key, body: body, under=under)


def put(call: Call) -> Response:
    location = call.location()
    old = call.world.get(_key(call))
    id = old.body["id"] if old else f"{group_of(call).body['id']}/providers/{TYPE}/{call.names['name']}"
    sent = call.body | {"location": location.replace(" ", "").lower()}
    return reply(create(call.world, id, sent).body, 200 if old else 201)


def delete(call: Call) -> Response:
    """The vault is kept, and keeps its name, until it is purged; the sandbox never purges."""
    row = call.world.get(_key(call))
    if row is None:
        return empty(204)
    call.world.delete(row.key)
    call.world.put(Row(f"{_DELETED}{row.key}", _DELETED, row.body))
    return empty(200)


_ONE, _SOURCE = f"{GROUP}/providers/{TYPE}/{{name}}", "published API"
ROUTES = (
    Route("GET", f"{SUBSCRIPTION}/providers/{TYPE}", list_vaults, _SOURCE, "page size 200 is assumed", counter="arm"),
    Route("GET", f"{GROUP}/providers/{TYPE}", list_vaults, _SOURCE, "page size 200 is assumed", counter="arm"),
    Route("GET", _ONE, get, _SOURCE, counter="arm"),
    Route("PUT", _ONE, put, _SOURCE, "few of the checks; access policies are not looked up", counter="arm"),
    Route("DELETE", _ONE, delete, _SOURCE, "deleted vaults are kept for ever, and have no rows", counter="arm"),
)
