"""Rows of management locks, and what they keep from happening (the published Authorization API)."""

from collections.abc import Mapping
from typing import Any

from reconciler.sandbox.call import Call
from reconciler.sandbox.rows.any_resource import scope
from reconciler.sandbox.table import GROUP, SUBSCRIPTION, Route
from reconciler.sandbox.wire import GATEWAY, Refusal, Response, empty, reply
from reconciler.sandbox.world import Row, World

LOCKS = "Microsoft.Authorization/locks"
LEVELS = ("CanNotDelete", "ReadOnly")


def refuse_locked(world: World, method: str, path: str) -> None:
    """Keeps a DELETE from what a lock covers, and every write from what a ReadOnly lock covers.

    A lock covers its scope and all below it, and keeps what it lies in from being deleted. `path` is that of the request, decoded.

    Raises:
        Refusal: 409 ScopeLocked.
    """
    lowered = path.lower()
    if method == "GET" or LOCKS.lower() in lowered:
        return
    for lock in world.listed("/locks"):
        covers = f"{lowered}/".startswith(f"{lock.subject}/")
        inside = method == "DELETE" and lock.subject.startswith(f"{lowered}/")
        if inside or (covers and (method == "DELETE" or lock.body["properties"]["level"] == "ReadOnly")):
            verb = "delete" if method == "DELETE" else "write"
            said = (
                f"The scope '{path}' cannot perform {verb} operation because following scope(s) are locked: "
                f"'{lock.meta['scope']}'. Please remove the lock and try again."
            )
            raise Refusal(409, "ScopeLocked", said, GATEWAY)


def _key(call: Call, owner: Row) -> str:
    return f"{owner.body['id']}/providers/{LOCKS}/{call.names['lock']}".lower()


def get(call: Call) -> Response:
    row = call.world.get(_key(call, scope(call)))
    if row is None:
        said = f"The lock '{call.names['lock']}' could not be found."
        raise Refusal(404, "LockNotFound", said, GATEWAY)
    return reply(row.body)


def list_locks(call: Call) -> Response:
    """Those of the scope and of everything below it, and with `atScope()` those of the scope itself."""
    owner = scope(call)
    here = "atscope()" in call.query.get("$filter", "").lower()
    found = [
        lock.body
        for lock in call.world.listed("/locks")
        if lock.subject == owner.key or (not here and lock.subject.startswith(f"{owner.key}/"))
    ]
    return reply({"value": found})


def create(world: World, owner: Row, name: str, sent: Mapping[str, Any]) -> Row:
    """Stores a lock on a subscription, a group or a resource from the properties of a PUT.

    Raises:
        Refusal: 400, no such level.
    """
    level = sent.get("level")
    if level not in LEVELS:
        said = f"The lock level '{level}' is not valid. Valid levels are {', '.join(LEVELS)}."
        raise Refusal(400, "InvalidLockLevel", said, GATEWAY)
    properties: dict[str, Any] = {"level": level} | ({"notes": sent["notes"]} if sent.get("notes") else {})
    id = f"{owner.body['id']}/providers/{LOCKS}/{name}"
    body = {"properties": properties, "id": id, "type": LOCKS, "name": name}
    return world.put(Row(id.lower(), "/locks", body, {"scope": owner.body["id"]}, subject=owner.key))


def put(call: Call) -> Response:
    owner = scope(call)
    exists = call.world.has(_key(call, owner))
    row = create(call.world, owner, call.names["lock"], call.properties)
    return reply(row.body, 200 if exists else 201)


def delete(call: Call) -> Response:
    key = _key(call, scope(call))
    if not call.world.has(key):
        return empty(204)
    call.world.delete(key)
    return empty(200)


_RESOURCE = f"{GROUP}/providers/{{namespace}}/{{type}}/{{resource}}"
_ROOTS = (SUBSCRIPTION, GROUP, _RESOURCE)
ROUTES = tuple(
    route
    for root in (f"{each}/providers/{LOCKS}" for each in _ROOTS)
    for route in (
        Route("GET", root, list_locks, "SDK", counter="arm"),
        Route("GET", f"{root}/{{lock}}", get, "SDK", counter="arm"),
        Route("PUT", f"{root}/{{lock}}", put, "SDK", counter="arm"),
        Route("DELETE", f"{root}/{{lock}}", delete, "SDK", counter="arm"),
    )
)
