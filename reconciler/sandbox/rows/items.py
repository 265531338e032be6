"""Rows that read protected items and the status of their operations (wire-facts 1.5, 5.3)."""

from typing import Any

from reconciler.sandbox import operations
from reconciler.sandbox.call import Call
from reconciler.sandbox.listing import page
from reconciler.sandbox.rows.backups import find_item
from reconciler.sandbox.rows.item_state import properties
from reconciler.sandbox.table import ITEM, VAULT, Route
from reconciler.sandbox.wire import Refusal, Response, empty, reply
from reconciler.sandbox.world import Row

NEWEST = "2026"  # stored bodies have the form of 2026 on; older versions are rendered at read


def _shown(call: Call, row: Row) -> dict[str, Any]:
    return row.body | {"properties": properties(row.meta, call.now(), call.version)}


def get(call: Call) -> Response:
    row = find_item(call)
    shown = _shown(call, row)
    if call.filter.get("expand", "").lower() == "extendedinfo":
        points = call.world.listed(f"{row.key}/recoverypoints")
        info: dict[str, Any] = {"recoveryPointCount": len(points), "policyInconsistent": False}
        if points:
            info = {"oldestRecoveryPoint": points[-1].meta["taken"], **info}
        shown["properties"]["extendedInfo"] = info
    return reply(shown)


def list_items(call: Call) -> Response:
    """The whole vault in pages; entries are as complete as a GET, so a reader needs no GET for each."""
    clauses = call.filter
    if clauses.get("workloadtype", "").lower() == "vm":
        said = "Input provided for the call is invalid: use itemType instead of workloadType"
        raise Refusal(400, "BMSUserErrorInvalidInput", said)
    if not call.meant_for(backupManagementType="AzureIaasVM", itemType="VM"):
        return reply({"value": []})
    policy, friendly = clauses.get("policyname"), clauses.get("friendlyname")

    def entry(key: str, body: dict[str, Any]) -> dict[str, Any] | None:
        found = body["properties"]
        if policy and found["policyName"].lower() != policy.lower():
            return None
        if friendly and found["friendlyName"].lower() != friendly.lower():
            return None
        row = call.world.get(key)
        return _shown(call, row) if row else None

    always = call.version < NEWEST or bool(policy or friendly)
    return page(call, f"{call.vault_key}/backupprotecteditems", entry, always=always)


def _operation(call: Call) -> Row:
    row = call.world.get(operations.key(call.vault_key, call.names["operation"]))
    if row is None:
        raise Refusal(404, "BMSUserErrorOperationNotFound", "The operation was not found.")
    return row


def status(call: Call) -> Response:
    return operations.status(_operation(call))


def result(call: Call) -> Response:
    """202 while it runs; then the item, or 204 where there is none to show."""
    if _operation(call).body["status"] == "InProgress":
        headers = {"Location": operations.polling_url(call, call.path, call.version), **operations.RETRY_AFTER}
        return empty(202, headers)
    if "item" not in call.names:
        return empty(204)
    try:
        return get(call)
    except Refusal:
        return empty(204)


ROUTES = (
    Route("GET", ITEM, get, "wire-facts 5.3; SDK"),
    Route(
        "GET",
        f"{VAULT}/backupProtectedItems",
        list_items,
        "protecteditems-list-*",
        "page size 200 is assumed; order is that of creation",
    ),
    Route("GET", f"{ITEM}/operationsStatus/{{operation}}", status, "wire-facts 1.5"),
    Route("GET", f"{ITEM}/operationResults/{{operation}}", result, "wire-facts 1.5; SDK"),
    Route("GET", f"{VAULT}/backupOperations/{{operation}}", status, "backupoperations-*-2022"),
    Route("GET", f"{VAULT}/backupOperationResults/{{operation}}", result, "wire-facts 1.5; SDK"),
)
