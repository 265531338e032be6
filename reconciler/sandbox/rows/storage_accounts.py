"""Rows of storage accounts, as far as disks of VMs lie in them (Storage's published API)."""

from collections.abc import Mapping
from typing import Any

from reconciler.sandbox.call import Call
from reconciler.sandbox.listing import page
from reconciler.sandbox.rows.any_resource import group_of
from reconciler.sandbox.rows.malformed import reading
from reconciler.sandbox.table import GROUP, SUBSCRIPTION, Route
from reconciler.sandbox.times import text
from reconciler.sandbox.wire import Refusal, Response, empty, not_found, reply
from reconciler.sandbox.world import Row, World

ACCOUNT = "Microsoft.Storage/storageAccounts"
BLOBS = "blob.core.windows.net"
_SETTINGS = (
    "minimumTlsVersion",
    "allowBlobPublicAccess",
    "allowSharedKeyAccess",
    "networkAcls",
    "accessTier",
    "isHnsEnabled",
)


def create(world: World, id: str, body: Mapping[str, Any]) -> Row:
    """Stores an account from its id and the body of a PUT.

    Raises:
        Refusal: 400, the name is none; 409, an account anywhere has it.
    """
    subscription, name = id.split("/")[2], id.rsplit("/", 1)[1]
    if not (3 <= len(name) <= 24 and name.isalnum() and name == name.lower() and name.isascii()):
        said = f"{name} is not a valid storage account name. It must be 3 to 24 lower-case letters and digits."
        raise Refusal(400, "AccountNameInvalid", said)
    old = world.get(id)
    if old is None and any(each.meta["name"] == name for each in world.listed(subject=_NAMES)):
        raise Refusal(409, "StorageAccountAlreadyTaken", f"The storage account named {name} is already taken.")
    sent, sku = body.get("properties") or {}, (body.get("sku") or {}).get("name", "Standard_LRS")
    full: dict[str, Any] = {"sku": {"name": sku, "tier": sku.partition("_")[0]}, "kind": body.get("kind", "StorageV2")}
    full |= {"id": id, "name": name, "type": ACCOUNT, "location": body["location"], "tags": body.get("tags") or {}}
    created = old.body["properties"]["creationTime"] if old else text(world.now())
    full["properties"] = {
        "supportsHttpsTrafficOnly": sent.get("supportsHttpsTrafficOnly", True),
        **{name: sent[name] for name in _SETTINGS if sent.get(name) is not None},
        **_encryption(sent.get("encryption"), created),
        "provisioningState": "Succeeded",
        "creationTime": created,
        "primaryEndpoints": {"blob": f"https://{name}.{BLOBS}/"},
        "primaryLocation": body["location"],
        "statusOfPrimary": "available",
    }
    collection = f"/subscriptions/{subscription}/providers/{ACCOUNT}".lower()
    return world.put(Row(id.lower(), collection, full, {"name": name}, subject=_NAMES))


_NAMES = "/storageaccountnames"  # names are unique over all subscriptions


def _encryption(sent: Any, since: str) -> dict[str, Any]:
    """Encrypted by the service's own keys; accounts of old may have it switched off."""
    services = (sent or {}).get("services") or {}
    switches = {name: (services.get(name) or {}).get("enabled", True) for name in ("blob", "file")}
    shown = {
        name: {"keyType": "Account", "enabled": on, **({"lastEnabledTime": since} if on else {})}
        for name, on in switches.items()
    }
    return {"encryption": {"services": shown, "keySource": (sent or {}).get("keySource", "Microsoft.Storage")}}


def _key(call: Call) -> str:
    return f"{call.group_key}/providers/{ACCOUNT}/{call.names['name']}".lower()


def get(call: Call) -> Response:
    row = call.world.get(_key(call))
    if row is None:
        raise not_found(ACCOUNT, call.names["name"], call.names["group"])
    return reply(row.body)


def list_accounts(call: Call) -> Response:
    under = call.group_key if "group" in call.names else ""
    return page(call, f"{call.subscription_key}/providers/{ACCOUNT}".lower(), lambda key, body: body, under=under)


def put(call: Call) -> Response:
    location = call.location()
    id = f"{group_of(call).body['id']}/providers/{ACCOUNT}/{call.names['name']}"
    with reading():
        return reply(create(call.world, id, call.body | {"location": location.replace(" ", "").lower()}).body)


def delete(call: Call) -> Response:
    exists = call.world.has(_key(call))
    call.world.delete(_key(call))
    return empty(200 if exists else 204)


_ONE = f"{GROUP}/providers/{ACCOUNT}/{{name}}"
_SOURCE = "published API"
ROUTES = (
    Route("GET", f"{SUBSCRIPTION}/providers/{ACCOUNT}", list_accounts, _SOURCE, counter="arm"),
    Route("GET", f"{GROUP}/providers/{ACCOUNT}", list_accounts, _SOURCE, counter="arm"),
    Route("GET", _ONE, get, _SOURCE, "few of the properties", counter="arm"),
    Route(
        "PUT", _ONE, put, _SOURCE, "done at once (Azure may take 202); encryption can be switched off", counter="arm"
    ),
    Route("DELETE", _ONE, delete, _SOURCE, "although disks lie in it", counter="arm"),
)
