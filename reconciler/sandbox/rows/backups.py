"""Backups: on demand and by schedule, and the recovery points they leave (wire-facts 6, backup-rules E)."""

from datetime import datetime, timedelta
from typing import Any
from zlib import crc32

from reconciler.sandbox import operations
from reconciler.sandbox.azure_policies import snapshots_denied
from reconciler.sandbox.call import Call
from reconciler.sandbox.listing import page
from reconciler.sandbox.rows import jobs
from reconciler.sandbox.rows.item_state import active, item_row, point_shown, recovery_point_row
from reconciler.sandbox.schedule import expires, runs_after
from reconciler.sandbox.table import ITEM, Route
from reconciler.sandbox.times import parse, text, us_text
from reconciler.sandbox.wire import Refusal, Response, reply
from reconciler.sandbox.world import Row, World, effect

BACKUP = timedelta(hours=1, minutes=1, seconds=12)  # job-get-backup-inprogress-2022, jobs-list-2022
_SNAPSHOT_DELAY = timedelta(seconds=3.7)  # between the start of the job and the time of its point
_DAILY_LIMIT = 9  # per VM and 24 hours (backup-rules E)
_DEFAULT_RETENTION = timedelta(days=30)
_KEPT_RUNS = 3  # a long jump of the clock brings the last few runs only


def find_item(call: Call) -> Row:
    """Raises:
    Refusal: 404, the item is not in this vault.
    """
    path = f"protectioncontainers/{call.names['container']}/protecteditems/{call.names['item']}"
    row = call.world.get(f"{call.vault_key}/backupfabrics/azure/{path}")
    if row is None:
        said = "Item not found. Selected item might have been deleted. Please check if item is registered to the vault."
        raise Refusal(404, "BMSUserErrorDataSourceObjectNotFound", said)
    return row


def trigger(call: Call) -> Response:
    """POST backup: the operation has succeeded at once, its job runs for an hour (backup-post-202-2022)."""
    world, item, now = call.world, find_item(call), call.now()
    if not active(item.meta):
        said = "The item is not actively protected. Resume its protection and try again."
        raise Refusal(400, "UserErrorBcmDatasourceNotPresent", said)
    day = text(now - timedelta(days=1))
    recent = [job for job in world.listed(subject=item.key) if job.meta.get("onDemand")]
    if sum(parse(job.body["properties"]["startTime"]) > parse(day) for job in recent) >= _DAILY_LIMIT:
        said = "Operation is blocked for some time as it has been attempted beyond a limit."
        raise Refusal(400, "CloudDosTimeboudLimitReached", said)
    expiry = _wanted_expiry(call, now)
    bag = {"Recovery Point Expiry Time in UTC": us_text(expiry)}
    busy = jobs.running(world, item.key, "Backup")
    job = jobs.job_row(world, item.meta, "Backup", bag, activity=call.client_request_id)
    job.meta |= {"onDemand": True, "expiry": text(expiry)}
    if busy:
        said = "Unable to initiate backup as another backup operation is currently in progress."
        jobs.end_job(job, "Failed", now, (0, "UserErrorBackupOperationInProgress", said))
    world.put(job)
    name = operations.start(call, jobs=(job.body["name"],), done=not world.failing)
    failure = operations.planned_error(world, operations.key(call.vault_key, name))
    if failure:
        world.put(jobs.end_job(job, "Failed", now, (0, failure["code"], failure["message"])))
        operations.finish(world, operations.key(call.vault_key, name), failure)
    elif not busy:
        world.schedule(now + BACKUP, backups_end, {"jobs": [job.key]})
    parent = call.path.removesuffix("/backup")
    return operations.accepted(call, f"{parent}/operationsStatus/{name}", f"{parent}/operationResults/{name}")


def _wanted_expiry(call: Call, now: datetime) -> datetime:
    stamp = call.properties.get("recoveryPointExpiryTimeInUTC")
    try:
        return parse(stamp) if stamp else now + _DEFAULT_RETENTION
    except (ValueError, AttributeError):
        said = "Input provided for the call is invalid: recoveryPointExpiryTimeInUTC"
        raise Refusal(400, "BMSUserErrorInvalidInput", said) from None


def next_run(world: World, policy: Row) -> None:
    """Plans the next scheduled run of a policy; what was planned for its former schedule is void."""
    if policy.body["properties"]["backupManagementType"] != "AzureIaasVM":
        return
    policy.meta["generation"] = policy.meta.get("generation", 0) + 1
    world.put(policy)
    run = next(runs_after(policy.body["properties"], world.now()))
    world.schedule(run, policy_runs, {"policy": policy.key, "generation": policy.meta["generation"]})


@effect
def policy_runs(world: World, data: dict[str, Any]) -> None:
    """A scheduled run: a job for each active item, and the plan for the run after it."""
    policy = world.get(data["policy"])
    if policy is None or policy.meta.get("generation") != data["generation"]:
        return
    idle = [item for item in world.listed(link=policy.key) if not jobs.running(world, item.key)]
    begun = [jobs.job_row(world, item.meta, "Backup", {}) for item in idle]
    world.put_all(begun)
    if begun:
        world.schedule(world.now() + BACKUP, backups_end, {"jobs": [job.key for job in begun]})
    world.schedule(_run_after(world, policy, idle=not begun), policy_runs, data)


def _run_after(world: World, policy: Row, *, idle: bool) -> datetime:
    horizon = world.horizon or world.now()
    waiting: list[datetime] = []
    for run in runs_after(policy.body["properties"], horizon if idle else world.now()):
        waiting.append(run)
        if run > horizon:
            return waiting[max(0, len(waiting) - 1 - _KEPT_RUNS)]
    raise AssertionError("a schedule has no end")


@effect
def backups_end(world: World, data: dict[str, Any]) -> None:
    """The jobs of one run end; each leaves a recovery point, unless its VM is gone or its item no longer active."""
    changed: list[Row] = []
    vaults: set[str] = set()
    for key in data["jobs"]:
        job = world.get(key)
        if job is None or not job.live:
            continue
        item = world.get(job.subject)
        if item is None or not active(item.meta):
            changed.append(jobs.end_job(job, "Cancelled", world.now()))
            continue
        changed += _backup_ends(world, job, item)
        vaults.add(item.meta["vaultId"])
    world.put_all(changed)
    for vault_id in vaults:
        vault = world.get(vault_id)
        if vault is not None and vault.meta["storageVersion"] != "V1":
            vault.meta["storageVersion"] = "V1"
            world.put(vault)


def _backup_ends(world: World, job: Row, item: Row) -> list[Row]:
    meta, started = item.meta, parse(job.body["properties"]["startTime"])
    vm = world.get(meta["vmId"])
    meta["lastBackupTime"] = text(started)
    meta["vmGone"] = vm is None
    if vm is None:
        said = "The Azure Virtual Machine wasn't found."
        meta["lastBackupStatus"] = "Failed"
        return [jobs.end_job(job, "Failed", world.now(), (400094, "UserErrorVmNotFoundV2", said)), item_row(meta)]
    policy = world.get(meta["policyId"])
    rules = policy.body["properties"] if policy is not None else {}
    if snapshots_denied(world, meta["vmId"], vm.body["location"], rules):
        said = "An invalid policy is configured on the VM which is preventing Snapshot operation."
        meta["lastBackupStatus"] = "Failed"
        return [
            jobs.end_job(job, "Failed", world.now(), (0, "UserErrorRequestDisallowedByPolicy", said)),
            item_row(meta),
        ]
    taken = started + _SNAPSHOT_DELAY
    meta |= {"lastBackupStatus": "Completed", "lastPoint": text(taken)}
    meta["state"] = "Protected"
    expiry = parse(job.meta["expiry"]) if job.meta.get("expiry") else None
    point = recovery_point_row(item, point_name(item.key, taken), taken, vm.meta["facts"], expiry)
    if expiry:
        world.schedule(expiry, point_expires, {"point": point.key, "item": item.key})
    job.meta["extendedInfo"]["propertyBag"]["Backup Size"] = "11534 MB"
    collect(world, item, world.now(), only_old=True)
    return [jobs.end_job(job, "Completed", world.now()), item_row(meta), point]


def point_name(item_key: str, taken: datetime) -> str:
    """Names are decimal numbers."""
    return str(crc32(item_key.encode()) * 1_000_000 + int(taken.timestamp()) % 1_000_000_000)


@effect
def point_expires(world: World, data: dict[str, Any]) -> None:
    """A point that was made on demand reaches its own end; while protection is stopped nothing is collected."""
    item = world.get(data["item"])
    if item is None or not active(item.meta):
        return
    point = world.get(data["point"])
    if point is not None and point.key != world.listed(point.collection)[0].key:
        world.delete(point.key)


def collect(world: World, item: Row, now: datetime, *, only_old: bool = False) -> None:
    """Removes points past their end; the newest one never ends (backup-rules C.3).

    `only_old` looks at the oldest point first, because there is most often nothing to do.
    """
    policy = world.get(item.meta["policyId"])
    if policy is None:
        return
    collection, properties = f"{item.key}/recoverypoints", policy.body["properties"]
    if only_old:
        week = -int((now - timedelta(days=7)).timestamp() * 1000)
        if not world.page(collection, (week, 0), 1):
            return
    for point in world.listed(collection)[1:]:
        own = point.meta["expiry"]
        if (parse(own) if own else expires(properties, parse(point.meta["taken"]))) <= now:
            world.delete(point.key)


def list_points(call: Call) -> Response:
    def entry(key: str, body: dict[str, Any]) -> dict[str, Any]:
        return point_shown(body, call.version)

    return page(call, f"{find_item(call).key}/recoverypoints", entry, always=call.version < "2025")


def get_point(call: Call) -> Response:
    row = call.world.get(f"{find_item(call).key}/recoverypoints/{call.names['point']}")
    if row is None:
        raise Refusal(404, "BMSUserErrorRecoveryPointNotFound", "The recovery point was not found.")
    return reply(point_shown(row.body, call.version))


ROUTES = (
    Route("POST", f"{ITEM}/backup", trigger, "backup-post-202-2022", "limits per VM only; statuses assumed"),
    Route("GET", f"{ITEM}/recoveryPoints", list_points, "recoverypoints-list-2022", "filters are ignored"),
    Route("GET", f"{ITEM}/recoveryPoints/{{point}}", get_point, "recoverypoints-list-2022"),
)
