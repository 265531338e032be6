"""Rows of roles and who has them (the published Authorization API). Nobody is kept from anything by them here."""

from collections.abc import Sequence
from typing import Any

from reconciler.sandbox.call import Call
from reconciler.sandbox.rows.any_resource import scope
from reconciler.sandbox.table import GROUP, SUBSCRIPTION, Route
from reconciler.sandbox.times import text
from reconciler.sandbox.wire import GATEWAY, Refusal, Response, empty, reply
from reconciler.sandbox.world import Row, World

ASSIGNMENTS, DEFINITIONS = "Microsoft.Authorization/roleAssignments", "Microsoft.Authorization/roleDefinitions"
_COLLECTION = "/roleassignments"
_DATA = "Microsoft.KeyVault/vaults"
ROLES: tuple[tuple[str, str, Sequence[str], Sequence[str], Sequence[str]], ...] = (
    # name, role name, actions, notActions, dataActions (the published list of built-in roles; a few of them)
    ("8e3af657-a8ff-443c-a75c-2fe8c4bcb635", "Owner", ("*",), (), ()),
    ("b24988ac-6180-42a0-ab88-20f7382dd24c", "Contributor", ("*",), ("Microsoft.Authorization/*/Write",), ()),
    ("acdd72a7-3385-48ef-bd42-f606fba81ae7", "Reader", ("*/read",), (), ()),
    ("00482a5a-887f-4fb3-b363-3b7fe8e74483", "Key Vault Administrator", (f"{_DATA}/read",), (), (f"{_DATA}/*",)),
    ("14b46e9e-c2b7-41b4-b07b-48a6ebf60603", "Key Vault Crypto Officer", (f"{_DATA}/read",), (), (f"{_DATA}/keys/*",)),
    ("b86a8fe4-44ce-4948-aee5-eccb2c155cd7", "Key Vault Secrets Officer", (f"{_DATA}/read",), (), (f"{_DATA}/secrets/*",)),
)  # fmt: skip


def assign(world: World, owner: Row, name: str, who: str, kind: str, definition: str) -> Row:
    """Stores an assignment at a scope; `definition` is the id of the role."""
    id = f"{owner.body['id']}/providers/{ASSIGNMENTS}/{name}"
    properties = {
        "roleDefinitionId": definition,
        "principalId": who,
        "principalType": kind,
        "scope": owner.body["id"],
        "condition": None,
        "createdOn": text(world.now()),
        "updatedOn": text(world.now()),
    }
    body = {"properties": properties, "id": id, "type": ASSIGNMENTS, "name": name}
    return world.put(Row(id.lower(), _COLLECTION, body, subject=owner.key))


def role_id(subscription: str, name: str) -> str:
    return f"/subscriptions/{subscription}/providers/{DEFINITIONS}/{name}"


def list_assignments(call: Call) -> Response:
    """With `atScope()` those of the scope and above, with `principalId eq` those of one principal, else those below, too."""
    owner, sent = scope(call), call.query.get("$filter", "")
    here = "atscope()" in sent.lower()
    who = sent.partition("'")[2].partition("'")[0].lower() if "principalid eq" in sent.lower() else ""
    found = [
        row.body
        for row in call.world.listed(_COLLECTION)
        if (f"{owner.key}/".startswith(f"{row.subject}/") or (not here and row.subject.startswith(f"{owner.key}/")))
        and who in ("", row.body["properties"]["principalId"].lower())
    ]
    return reply({"value": found})


def _key(call: Call) -> str:
    return f"{scope(call).body['id']}/providers/{ASSIGNMENTS}/{call.names['assignment']}".lower()


def get(call: Call) -> Response:
    row = call.world.get(_key(call))
    if row is None:
        said = f"The role assignment '{call.names['assignment']}' is not found."
        raise Refusal(404, "RoleAssignmentNotFound", said, GATEWAY)
    return reply(row.body)


def put(call: Call) -> Response:
    """Assignments are made, never changed."""
    owner, sent = scope(call), call.properties
    definition, who = str(sent.get("roleDefinitionId", "")), str(sent.get("principalId", ""))
    if definition.rsplit("/", 1)[-1].lower() not in {role[0] for role in ROLES}:
        said = f"The specified role definition with ID '{definition}' does not exist."
        raise Refusal(404, "RoleDefinitionDoesNotExist", said, GATEWAY)
    same = {"roleDefinitionId": definition, "principalId": who}
    for row in call.world.listed(_COLLECTION, subject=owner.key):
        known = {name: str(row.body["properties"][name]).lower() for name in same}
        if known == {name: value.lower() for name, value in same.items()}:
            raise Refusal(409, "RoleAssignmentExists", "The role assignment already exists.", GATEWAY)
    kind = str(sent.get("principalType", "ServicePrincipal"))
    return reply(assign(call.world, owner, call.names["assignment"], who, kind, definition).body, 201)


def delete(call: Call) -> Response:
    row = call.world.get(_key(call))
    if row is None:
        return empty(204)
    call.world.delete(row.key)
    return reply(row.body)


def list_definitions(call: Call) -> Response:
    return reply({"value": [_definition(call.names["subscription"], *role) for role in ROLES]})


def _definition(
    subscription: str, name: str, title: str, actions: Sequence[str], denied: Sequence[str], data: Sequence[str]
) -> dict[str, Any]:
    permission = {"actions": [*actions], "notActions": [*denied], "dataActions": [*data], "notDataActions": []}
    properties = {"roleName": title, "type": "BuiltInRole", "description": title, "assignableScopes": ["/"]}
    return {
        "properties": properties | {"permissions": [permission]},
        "id": role_id(subscription, name),
        "type": DEFINITIONS,
        "name": name,
    }


_SOURCE = "published API"
_RESOURCE = f"{GROUP}/providers/{{namespace}}/{{type}}/{{resource}}"
ROUTES = (
    Route("GET", f"{SUBSCRIPTION}/providers/{DEFINITIONS}", list_definitions, _SOURCE, "a few built-in roles; filters ignored",
          counter="arm"),
    *(
        route
        for root in (f"{each}/providers/{ASSIGNMENTS}" for each in (SUBSCRIPTION, GROUP, _RESOURCE))
        for route in (
            Route("GET", root, list_assignments, _SOURCE, "nothing above a subscription", counter="arm"),
            Route("GET", f"{root}/{{assignment}}", get, _SOURCE, counter="arm"),
            Route("PUT", f"{root}/{{assignment}}", put, _SOURCE, "principals are not looked up", counter="arm"),
            Route("DELETE", f"{root}/{{assignment}}", delete, _SOURCE, counter="arm"),
        )
    ),
)  # fmt: skip
