"""Rows of backup jobs, and how a job lives (wire-facts 6)."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from reconciler.sandbox import operations
from reconciler.sandbox.call import Call
from reconciler.sandbox.listing import page
from reconciler.sandbox.rows.item_state import Names
from reconciler.sandbox.table import VAULT, Route
from reconciler.sandbox.times import NO_END, iso_duration, parse, text
from reconciler.sandbox.wire import Refusal, Response, empty, reply
from reconciler.sandbox.world import Row, World, effect

TYPE = "Microsoft.RecoveryServices/vaults/backupJobs"
_CANCELLABLE = ("Backup", "Restore")
SNAPSHOT = timedelta(minutes=10)  # how long the first of the two tasks of a backup takes
_TASKS, _RESTORE_TASKS = ("Take Snapshot", "Transfer data to vault"), ("Transfer data from vault",)
_VALIDATION = timedelta(minutes=50)  # when the third task starts, which versions from 2025 on show
NAMED_SINCE = "2025"  # actions and tiers are numbers before (job-get-backup-inprogress-2022)


def job_row(
    world: World,
    item: Mapping[str, Any],
    operation: str,
    bag: Mapping[str, str],
    *,
    started: datetime | None = None,
    activity: str = "",
) -> Row:
    """A new running job of an item (its meta). `activity` is the client request id of the request that caused it.

    The list form is the body; what only a GET shows is in the meta.
    """
    guid, started = world.guid(), started or world.now()
    id = f"{item['vaultId']}/backupJobs/{guid}"
    properties: dict[str, Any] = {"jobType": "AzureIaaSVMJob"}
    if operation in _CANCELLABLE:
        properties["actionsInfo"] = ["Cancellable"]
    properties |= {
        "containerName": Names.of(item["vmId"]).bare,
        "duration": "PT0S",
        "virtualMachineVersion": "Compute",
        "entityFriendlyName": item["friendlyName"],
        "backupManagementType": "AzureIaasVM",
        "operation": operation,
        "status": "InProgress",
        "startTime": text(started),
        "activityId": activity or world.guid(),
    }
    vault_key = item["vaultId"].lower()
    item_key = Names.of(item["vmId"]).item_id(item["vaultId"]).lower()
    body = {"id": id, "name": guid, "type": TYPE, "properties": properties}
    newest_first = -((int(started.timestamp() * 1000) << 20) | (world.issued() & 0xFFFFF))
    meta = {"extendedInfo": _details(operation, item["friendlyName"], bag), "onDemand": False}
    return Row(id.lower(), f"{vault_key}/backupjobs", body, meta, item_key, live=True, position=newest_first)


def _details(operation: str, vm_name: str, bag: Mapping[str, str]) -> dict[str, Any]:
    """What only a GET shows: backups and restores have tasks."""
    names = _TASKS if operation == "Backup" else _RESTORE_TASKS if operation == "Restore" else ()
    tasks = [{"taskId": name, "duration": "PT0S", "status": "NotStarted"} for name in names]
    for task in tasks[:1]:
        task["status"] = "InProgress"
    if operation == "Restore":
        return {"tasksList": tasks, "propertyBag": dict(bag), "internalPropertyBag": {}, "progressPercentage": 1.0}
    details: dict[str, Any] = {"tasksList": tasks, "propertyBag": {"VM Name": vm_name, **bag}}
    return details | ({"internalPropertyBag": {"IsInstantRpJob": "True"}} if operation == "Backup" else {})


def end_job(job: Row, status: str, ended: datetime, error: tuple[int, str, str] | None = None) -> Row:
    """The job ends; `error` is (code, title, text)."""
    properties = job.body["properties"]
    activity = properties.pop("activityId")
    properties["status"] = status
    properties["duration"] = iso_duration(ended - parse(properties["startTime"]))
    properties["endTime"] = text(ended)
    if error:
        code, title, said = error
        detail = {"errorCode": code, "errorTitle": title, "errorString": said, "recommendations": []}
        properties["errorDetails"] = [detail]
    properties["activityId"] = activity
    for task in job.meta["extendedInfo"]["tasksList"]:
        task["status"] = "Completed" if status == "Completed" else status
    job.live = False
    return job


def running(world: World, item_key: str, operation: str = "") -> list[Row]:
    """The running jobs of an item."""
    jobs = [row for row in world.listed(subject=item_key, live=True) if row.collection.endswith("/backupjobs")]
    return [job for job in jobs if operation in ("", job.body["properties"]["operation"])]


def in_snapshot_phase(job: Row, now: datetime) -> bool:
    return job.live and now - parse(job.body["properties"]["startTime"]) < SNAPSHOT


def _shown(call: Call, body: dict[str, Any], live: bool) -> dict[str, Any]:
    properties = body["properties"]
    if call.version < NAMED_SINCE and "actionsInfo" in properties:
        properties["actionsInfo"] = [1]
    if live:
        properties["duration"] = iso_duration(call.now() - parse(properties["startTime"]))
    return body


def list_jobs(call: Call) -> Response:
    """Newest first, without extendedInfo."""
    if not call.meant_for(backupManagementType="AzureIaasVM"):
        return reply({"value": []})
    wanted = {name: value.lower() for name, value in call.filter.items() if name in ("status", "operation")}
    after, before = (_moment(call.filter.get(name)) for name in ("starttime", "endtime"))

    def entry(key: str, body: dict[str, Any]) -> dict[str, Any] | None:
        properties = body["properties"]
        started = parse(properties["startTime"])
        fits = all(properties[name].lower() == value for name, value in wanted.items())
        if not fits or (after and started < after) or (before and started > before):
            return None
        return _shown(call, body, "endTime" not in properties)

    always = bool(wanted or after or before) or call.version < NAMED_SINCE
    return page(call, f"{call.vault_key}/backupjobs", entry, always=always)


def _moment(stamp: str | None) -> datetime | None:
    """`2022-02-10 02:18:36 AM`, or an ISO timestamp."""
    if not stamp:
        return None
    for pattern in ("%Y-%m-%d %I:%M:%S %p", "%Y-%m-%d %H:%M:%S"):
        try:
            return datetime.strptime(stamp, pattern).replace(tzinfo=UTC)
        except ValueError:
            continue
    try:
        return parse(stamp)
    except ValueError:
        said = f"Input provided for the call is invalid: {stamp}"
        raise Refusal(400, "BMSUserErrorInvalidInput", said) from None


def _find(call: Call) -> Row:
    row = call.world.get(f"{call.vault_key}/backupjobs/{call.names['job']}")
    if row is None:
        raise Refusal(404, "BMSUserErrorJobNotFound", f"The job {call.names['job']} was not found in the vault.")
    return row


def get(call: Call) -> Response:
    row = _find(call)
    body = _shown(call, row.body, row.live)
    details = row.meta["extendedInfo"]
    tasks = details["tasksList"] if body["properties"]["operation"] == "Backup" else []
    if tasks and call.version >= NAMED_SINCE:
        details = _timed(row, call.now())
    elif tasks and row.live and not in_snapshot_phase(row, call.now()):
        tasks[0]["status"], tasks[1]["status"] = "Completed", "InProgress"
    first = ("jobType", "actionsInfo", "containerName", "duration", "virtualMachineVersion")
    properties = body["properties"]
    head = {name: properties[name] for name in first if name in properties}
    body["properties"] = head | {"extendedInfo": details} | properties
    return reply(body)


def _timed(job: Row, now: datetime) -> dict[str, Any]:
    """The details of a backup from 2025 on: three tasks with their times, and a percentage that says little.

    Recorded in July 2026 under 2025-02-01: 1 per cent until the last task begins, then 100.
    """
    properties: dict[str, Any] = job.body["properties"]
    details: dict[str, Any] = job.meta["extendedInfo"]
    started, over = parse(properties["startTime"]), not job.live
    present = parse(properties["endTime"]) if over else now
    begins = [started, started + SNAPSHOT, started + _VALIDATION]
    if properties["status"] == "Completed":
        begins = [min(begin, present) for begin in begins]
    tasks = []
    for name, begin, end in zip((*_TASKS, "Validate Backup"), begins, [*begins[1:], None], strict=True):
        ended = end if end is not None and end <= present else present if over else None
        done = ended is not None and (ended == end or properties["status"] == "Completed")
        status = "Completed" if done else properties["status"] if over else "InProgress"
        times = text(begin), text(ended) if ended else NO_END, iso_duration((ended or present) - begin), status
        if begin > present:
            times = NO_END, NO_END, "PT0S", "NotStarted"
        named = zip(("startTime", "endTime", "duration", "status"), times, strict=True)
        tasks.append({"taskId": name, **dict(named), "taskType": "Normal"})
    bag = details["propertyBag"] | {"VM Subscription ID": job.key.split("/")[2]}
    percent = 100.0 if begins[-1] <= present else 1.0
    return details | {"tasksList": tasks, "propertyBag": bag, "progressPercentage": percent}


def cancel(call: Call) -> Response:
    """Only while the snapshot is taken (backup-rules E); the answer's two headers differ in api-version."""
    row = _find(call)
    if "actionsInfo" not in row.body["properties"] or not in_snapshot_phase(row, call.now()):
        raise Refusal(400, "UserErrorJobCancelNotAllowed", "The job cannot be cancelled in its current state.")
    row.body["properties"]["status"] = "Cancelling"
    call.world.put(row)
    name = operations.start(call)
    operation = operations.key(call.vault_key, name)
    call.world.after(30, job_cancelled, {"job": row.key, "operation": operation})
    path = call.path.removesuffix("/cancel")
    status, result = f"{path}/operationsStatus/{name}", f"{path}/operationResults/{name}"
    return operations.accepted(call, status, result, version="2019-05-13-preview")


@effect
def job_cancelled(world: World, data: dict[str, Any]) -> None:
    job = world.get(data["job"])
    if job is not None and job.live:
        world.put(end_job(job, "Cancelled", world.now()))
    operations.finish(world, data["operation"])


def _cancellation(call: Call) -> Row:
    row = call.world.get(operations.key(call.vault_key, call.names["operation"]))
    if row is None:
        raise Refusal(404, "BMSUserErrorOperationNotFound", "The operation was not found.")
    return row


def cancel_status(call: Call) -> Response:
    return operations.status(_cancellation(call))


def cancel_result(call: Call) -> Response:
    if _cancellation(call).body["status"] != "InProgress":
        return empty(204)
    return empty(202, {"Location": operations.polling_url(call, call.path, call.version), **operations.RETRY_AFTER})


_JOB = f"{VAULT}/backupJobs/{{job}}"
ROUTES = (
    Route("GET", f"{VAULT}/backupJobs", list_jobs, "jobs-list-2022; wire-facts 6", "page size 200 is assumed"),
    Route("GET", _JOB, get, "job-get-configurebackup-2022, job-get-backup-inprogress-2022", counter="job"),
    Route("POST", f"{_JOB}/cancel", cancel, "wire-facts 6; backup-rules E", "refusal code is our own"),
    Route("GET", f"{_JOB}/operationsStatus/{{operation}}", cancel_status, "az's recording of 2022"),
    Route("GET", f"{_JOB}/operationResults/{{operation}}", cancel_result, "SDK"),
)
