"""Rows of subscriptions and resource groups (wire-facts 8)."""

from typing import Any

from reconciler.sandbox import operations
from reconciler.sandbox.call import Call
from reconciler.sandbox.listing import page
from reconciler.sandbox.rows.any_resource import has_tag
from reconciler.sandbox.table import GROUP, SUBSCRIPTION, Route
from reconciler.sandbox.times import text
from reconciler.sandbox.wire import GATEWAY, Refusal, Response, empty, reply
from reconciler.sandbox.world import Row, World, effect


def create(world: World, subscription: str, name: str, location: str, tags: dict[str, str] | None = None) -> Row:
    """Stores a resource group."""
    id = f"/subscriptions/{subscription}/resourceGroups/{name}"
    body: dict[str, Any] = {"id": id, "name": name, "type": "Microsoft.Resources/resourceGroups", "location": location}
    if tags is not None:
        body["tags"] = tags
    body["properties"] = {"provisioningState": "Succeeded"}
    return world.put(Row(id.lower(), f"/subscriptions/{subscription.lower()}/resourcegroups", body))


def _subscription(key: str, body: dict[str, Any]) -> dict[str, Any]:
    policies = {"locationPlacementId": "Public_2014-09-01", "quotaId": "Sponsored_2016-01-01", "spendingLimit": "Off"}
    return {
        "id": body["id"],
        "authorizationSource": "RoleBased",
        "subscriptionId": body["subscriptionId"],
        "displayName": body.get("displayName", "Sandbox"),
        "state": "Enabled",
        "subscriptionPolicies": policies,
    }


def list_subscriptions(call: Call) -> Response:
    return page(call, "/subscriptions", _subscription, always=True)


def get_subscription(call: Call) -> Response:
    row = call.world.get(call.subscription_key)
    if row is None:
        text = f"The subscription '{call.names['subscription']}' could not be found."
        raise Refusal(404, "SubscriptionNotFound", text, GATEWAY)
    return reply(_subscription(row.key, row.body))


def _found(call: Call) -> Row:
    row = call.world.get(call.group_key)
    if row is None:
        text = f"Resource group '{call.names['group']}' could not be found."
        raise Refusal(404, "ResourceGroupNotFound", text, GATEWAY)
    return row


def _group(call: Call, body: dict[str, Any]) -> dict[str, Any]:
    """The versions up to 2018 did not name the type (recorded under 2016-09-01)."""
    return {name: value for name, value in body.items() if name != "type" or call.version >= "2019"}


def list_groups(call: Call) -> Response:
    """All, or those with a tag: the one thing that can be asked for here."""
    wanted = call.filter
    if wanted and (extra := set(wanted) - {"tagname", "tagvalue"}):
        raise Refusal(400, "InvalidFilterInQueryString", f"Invalid $filter '{', '.join(extra)}' in the query string.")

    def render(key: str, body: dict[str, Any]) -> dict[str, Any] | None:
        return _group(call, body) if has_tag(wanted, body) else None

    always = bool(wanted) or call.version < "2019"
    return page(call, f"{call.subscription_key}/resourcegroups", render, always=always)


def get_group(call: Call) -> Response:
    return reply(_group(call, _found(call).body))


def head_group(call: Call) -> Response:
    return empty(204 if call.world.has(call.group_key) else 404)


def put_group(call: Call) -> Response:
    old = call.world.get(call.group_key)
    location = call.location()
    name = old.body["name"] if old else call.names["group"]
    location = location.replace(" ", "").lower()
    if old and old.body["location"].replace(" ", "").lower() != location:
        said = (
            f"Invalid resource group location '{location}'. The Resource group already exists in location "
            f"'{old.body['location']}'."
        )
        raise Refusal(409, "InvalidResourceGroupLocation", said, GATEWAY)
    tags = call.body.get("tags")
    row = create(call.world, call.names["subscription"], name, old.body["location"] if old else location, tags)
    return reply(_group(call, row.body), 200 if old else 201)


def delete_group(call: Call) -> Response:
    """Everything in the group goes with it; a vault with active items holds it back (wire-facts 2.5)."""
    group = _found(call)
    if any(row.collection.endswith("/backupprotecteditems") for row in call.world.under(group.key)):
        said = "Vault cannot be deleted as there are existing resources within the vault."
        raise Refusal(409, "ResourceGroupDeletionBlocked", said)
    call.world.after(30, group_gone, {"group": group.key})
    name = call.world.guid()
    path = f"/subscriptions/{call.names['subscription']}/operationresults/{name}"
    call.world.put(Row(path.lower(), "", {"group": group.key, "startTime": text(call.now())}))
    location = operations.polling_url(call, path, call.version)
    return empty(202, {"Location": location, **operations.RETRY_AFTER})


@effect
def group_gone(world: World, data: dict[str, Any]) -> None:
    world.delete_under(data["group"])
    world.delete(data["group"])


def deletion_result(call: Call) -> Response:
    row = call.world.get(f"{call.subscription_key}/operationresults/{call.names['operation']}")
    if row is None:
        raise Refusal(404, "OperationNotFound", "The operation was not found.", GATEWAY)
    if call.world.has(row.body["group"]):
        return empty(202, {"Location": operations.polling_url(call, call.path, call.version), **operations.RETRY_AFTER})
    return empty(200)


ROUTES = (
    Route("GET", "/subscriptions", list_subscriptions, "wire-facts 8", counter="arm"),
    Route("GET", SUBSCRIPTION, get_subscription, "wire-facts 8", counter="arm"),
    Route("GET", f"{SUBSCRIPTION}/resourceGroups", list_groups, "wire-facts 8", counter="arm"),
    Route("GET", GROUP, get_group, "wire-facts 8", counter="arm"),
    Route("HEAD", GROUP, head_group, "SDK", counter="arm"),
    Route("PUT", GROUP, put_group, "wire-facts 8", counter="arm"),
    Route("DELETE", GROUP, delete_group, "SDK", "code and status of the refusal are our own", counter="arm"),
    Route("GET", f"{SUBSCRIPTION}/operationresults/{{operation}}", deletion_result, "SDK", counter="arm"),
)
