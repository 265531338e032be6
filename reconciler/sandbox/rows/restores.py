"""Restoring from a recovery point: the operation and its job. What a restore makes is not made in the sandbox."""

from datetime import timedelta
from typing import Any

from reconciler.sandbox import operations
from reconciler.sandbox.call import Call
from reconciler.sandbox.rows import jobs
from reconciler.sandbox.rows.backups import find_item, find_point
from reconciler.sandbox.table import ITEM, Route
from reconciler.sandbox.times import parse, us_text
from reconciler.sandbox.wire import Refusal, Response
from reconciler.sandbox.world import World, effect

RESTORE = timedelta(minutes=25)
_REQUESTS = ("IaasVMRestoreRequest", "IaasVMRestoreWithRehydrationRequest")
_JOB_TYPES = {
    "RestoreDisks": "Recover disks",
    "AlternateLocation": "Recover to an alternate location",
    "OriginalLocation": "Recover to the original location",
}


def restore(call: Call) -> Response:
    """202; the operation has succeeded at once, under the id of the job that it made (az's recording, 2021-10-01)."""
    world, item, point, sent = call.world, find_item(call), find_point(call), call.properties
    kind, account = sent.get("recoveryType"), sent.get("storageAccountId")
    if sent.get("objectType") not in _REQUESTS or kind not in _JOB_TYPES or not isinstance(account, str):
        said = "Input provided for the call is invalid: objectType, recoveryType and storageAccountId are required"
        raise Refusal(400, "BMSUserErrorInvalidInput", said)
    bag = {
        "Job Type": _JOB_TYPES[kind],
        "Target VM Name": str(sent.get("targetVirtualMachineId") or "vmName").rsplit("/", 1)[-1],
        "Target Storage Account Name": account.rsplit("/", 1)[-1],
        "Recovery point time ": us_text(parse(point.meta["taken"])),
    }
    job = jobs.job_row(world, item.meta, "Restore", bag, activity=call.client_request_id)
    job.meta["extendedInfo"]["internalPropertyBag"] = {"restoreLocationType": kind}
    world.put(job)
    name = operations.start(call, jobs=(job.body["name"],), done=not world.failing, name=job.body["name"])
    failure = operations.planned_error(world, operations.key(call.vault_key, name))
    if failure:
        world.put(jobs.end_job(job, "Failed", call.now(), (0, failure["code"], failure["message"])))
        operations.finish(world, operations.key(call.vault_key, name), failure)
    else:
        world.schedule(call.now() + RESTORE, restore_ends, {"job": job.key})
    parent = call.path[: call.path.lower().rindex("/recoverypoints/")]
    return operations.accepted(call, f"{parent}/operationsStatus/{name}", f"{parent}/operationResults/{name}")


@effect
def restore_ends(world: World, data: dict[str, Any]) -> None:
    job = world.get(data["job"])
    if job is not None and job.live:
        job.meta["extendedInfo"]["progressPercentage"] = 100.0
        world.put(jobs.end_job(job, "Completed", world.now()))


ROUTES = (
    Route(
        "POST",
        f"{ITEM}/recoveryPoints/{{point}}/restore",
        restore,
        "az's recording of 2022; published examples",
        "no disk or VM comes of it; few of the checks",
    ),
)
