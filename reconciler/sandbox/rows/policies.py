"""Rows of backup policies (wire-facts 4)."""

from typing import Any

from reconciler.sandbox import operations
from reconciler.sandbox.call import Call
from reconciler.sandbox.listing import page
from reconciler.sandbox.rows import jobs, policy_rules
from reconciler.sandbox.rows.backups import next_run
from reconciler.sandbox.rows.item_state import item_row
from reconciler.sandbox.rows.policy_state import kept, policy_row
from reconciler.sandbox.rows.protection import immutable
from reconciler.sandbox.schedule import reduces
from reconciler.sandbox.table import VAULT, Route
from reconciler.sandbox.wire import Refusal, Response, empty, reply
from reconciler.sandbox.world import Row, World, effect

_UPDATE_SECONDS = 10


def _key(call: Call) -> str:
    return f"{call.vault_key}/backuppolicies/{call.names['policy'].lower()}"


def _shown(world: World, key: str, body: dict[str, Any]) -> dict[str, Any]:
    """The count of items is true at every read; only active items count."""
    body["properties"]["protectedItemsCount"] = world.count(link=key)
    return body


def missing() -> Response:
    """404 with the body {} and no envelope (policy-get-404-2024)."""
    return reply({}, 404, {"Content-Type": "application/json"})


def get(call: Call) -> Response:
    row = call.world.get(_key(call))
    return reply(_shown(call.world, row.key, row.body)) if row else missing()


def list_policies(call: Call) -> Response:
    def entry(key: str, body: dict[str, Any]) -> dict[str, Any] | None:
        fits = call.meant_for(backupManagementType=body["properties"]["backupManagementType"])
        return _shown(call.world, key, body) if fits else None

    return page(call, f"{call.vault_key}/backuppolicies", entry)


def put(call: Call) -> Response:
    """200 with the body, or 202 when items use the policy: then every item gets a ConfigureBackup job."""
    world, row = call.world, call.world.get(_key(call))
    old = row.body["properties"] if row else None
    sent = call.properties
    kinds = {sent.get("backupManagementType"), old["backupManagementType"] if old else "AzureIaasVM"}
    if kinds != {"AzureIaasVM"}:
        said = "Policy is not valid for the given backup management type."
        raise Refusal(400, "BMSUserErrorInvalidPolicyForGivenProvider", said)
    policy = kept(sent)
    if old and policy_rules.enhanced(old) != policy_rules.enhanced(policy):
        said = "The policy type of an existing policy cannot be changed."
        raise Refusal(400, "BMSUserErrorInvalidPolicyInput", said)
    policy_rules.check(policy)
    if old and call.vault.meta["immutability"] in ("Unlocked", "Locked") and reduces(old, policy):
        raise immutable()
    items = world.listed(link=row.key) if row else []
    if row is not None and items:
        return _update_in_use(call, row, policy, items)
    stored = world.put(policy_row(call.vault_id, row.body["name"] if row else call.names["policy"], policy))
    stored.meta = row.meta if row else {}
    next_run(world, stored)
    return reply(stored.body)


def _update_in_use(call: Call, row: Row, policy: dict[str, Any], items: list[Row]) -> Response:
    world = call.world
    begun = [
        jobs.job_row(
            world,
            item.meta,
            "ConfigureBackup",
            {"Policy Name": row.body["name"]},
            activity=call.client_request_id,
        )
        for item in items
    ]
    world.put_all(begun)
    name = operations.start(call, jobs=tuple(job.body["name"] for job in begun), many=True)
    data = {
        "policy": row.key,
        "properties": policy,
        "operation": operations.key(call.vault_key, name),
        "jobs": [job.key for job in begun],
    }
    world.after(_UPDATE_SECONDS, policy_settled, data)
    return operations.accepted(call, f"{call.path}/operations/{name}", f"{call.path}/operationResults/{name}")


@effect
def policy_settled(world: World, data: dict[str, Any]) -> None:
    """The changed policy counts from now on, for all its items."""
    error = operations.planned_error(world, data["operation"])
    ended = [job for key in data["jobs"] if (job := world.get(key)) is not None]
    failure = (0, error["code"], error["message"]) if error else None
    world.put_all(jobs.end_job(job, "Failed" if error else "Completed", world.now(), failure) for job in ended)
    operations.finish(world, data["operation"], error)
    row = world.get(data["policy"])
    if row is None or error:
        return
    row.body["properties"] = data["properties"]
    next_run(world, world.put(row))
    world.put_all([item_row(item.meta) for item in world.listed(link=row.key)])


def delete(call: Call) -> Response:
    row = call.world.get(_key(call))
    if row is None:
        return empty(204)
    if call.world.count(link=row.key):
        said = "The policy cannot be deleted because items are protected with it."
        raise Refusal(400, "BMSUserErrorPolicyObjectInUse", said)
    call.world.delete(row.key)
    return empty(200)


def _operation(call: Call) -> Row:
    row = call.world.get(operations.key(call.vault_key, call.names["operation"]))
    if row is None:
        raise Refusal(404, "BMSUserErrorOperationNotFound", "The operation was not found.")
    return row


def operation(call: Call) -> Response:
    return operations.status(_operation(call))


def operation_result(call: Call) -> Response:
    if _operation(call).body["status"] == "InProgress":
        headers = {"Location": operations.polling_url(call, call.path, call.version), **operations.RETRY_AFTER}
        return empty(202, headers)
    return get(call)


_POLICY = f"{VAULT}/backupPolicies/{{policy}}"
ROUTES = (
    Route("GET", f"{VAULT}/backupPolicies", list_policies, "wire-facts 4.1"),
    Route("GET", _POLICY, get, "policy-get-*"),
    Route(
        "PUT",
        _POLICY,
        put,
        "policy-put-v1-daily-2022, policy-put-v2-*; wire-facts 4.2, 4.3",
        "only AzureIaasVM policies; the 202 form is from the published example and prose",
    ),
    Route("DELETE", _POLICY, delete, "policy-delete-200-2024; wire-facts 4.5", "message of the refusal is our own"),
    Route("GET", f"{_POLICY}/operations/{{operation}}", operation, "wire-facts 4.2"),
    Route("GET", f"{_POLICY}/operationResults/{{operation}}", operation_result, "wire-facts 4.2"),
)
