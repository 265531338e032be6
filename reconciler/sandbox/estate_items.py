"""Protected items of estate files, with their recovery points, past backups and running jobs."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from reconciler.sandbox.marked import Section
from reconciler.sandbox.rows import jobs
from reconciler.sandbox.rows.backups import BACKUP, backups_end, point_name
from reconciler.sandbox.rows.item_state import container_row, fresh, item_row, recovery_point_row
from reconciler.sandbox.rows.policy_rules import enhanced
from reconciler.sandbox.rows.protection import item_purged
from reconciler.sandbox.schedule import runs_after
from reconciler.sandbox.times import text
from reconciler.sandbox.world import Row, World

ITEM_KEYS = ("vm", "policy", "state", "lastRecoveryPoint", "recoveryPoints", "deleted", "running", "disks")
_STATES = {name: name for name in ("protected", "irPending", "stopped", "softDeleted")}
_GONE = {"running": False, "os": "Linux", "size": "Standard_D2s_v5"}  # what is known of a VM that does not exist


def place_item(world: World, vault: Row, section: Section) -> None:
    """Stores an item and all that belongs to it. A VM that the estate does not have makes it an orphan."""
    now = world.now()
    vm_id = _vm_id(vault, section)
    state = section.choice("state", _STATES, "protected")
    policy = _policy(world, vault, section, needed=state in ("protected", "irPending"))
    vm = world.get(vm_id)
    meta = fresh(vault, vm.body["id"] if vm else vm_id, vm.body["name"] if vm else vm_id.rsplit("/", 1)[1])
    points = _points(section, policy, state, now)
    if policy is not None:
        meta["v2"] = enhanced(policy.body["properties"])
        if state in ("protected", "irPending"):
            meta |= {"policyId": policy.body["id"], "policyName": policy.body["name"]}
    disks = section.section("disks", ("include", "exclude"))
    if disks.value:
        included = "include" in disks.value
        luns = disks.list("include" if included else "exclude")
        meta["disks"] = {"diskLunList": luns, "isInclusionList": included}
    facts = vm.meta["facts"] if vm else _GONE
    world.put_all(item_rows(world, vault, meta, state, points, facts, orphan=vm is None))
    if state == "softDeleted":
        _delete(world, meta, section)
    if points and vault.meta["storageVersion"] != "V1":
        vault.meta["storageVersion"] = "V1"
        world.put(vault)
    if section.choice("running", {"backup": True}, False):
        job = world.put(jobs.job_row(world, meta, "Backup", {}))
        world.schedule(now + BACKUP / 2, backups_end, {"jobs": [job.key]})


def item_rows(
    world: World,
    vault: Row,
    meta: dict[str, Any],
    state: str,
    points: Sequence[datetime],
    facts: dict[str, Any],
    *,
    orphan: bool = False,
) -> list[Row]:
    """The rows of an item in a state, newest point first; the newest has the job that made it."""
    if points:
        last = text(points[0])
        meta |= {"state": "Protected", "lastBackupStatus": "Completed", "lastBackupTime": last, "lastPoint": last}
    if orphan and points:
        missed = text(world.now() - timedelta(hours=1))
        meta |= {"vmGone": True, "lastBackupStatus": "Failed", "lastBackupTime": missed}
    if state in ("stopped", "softDeleted"):
        meta["state"] = "ProtectionStopped"
    item = item_row(meta)
    rows = [item, container_row(vault, meta)]
    rows += [recovery_point_row(item, point_name(item.key, taken), taken, facts, None) for taken in points]
    if points:
        job = jobs.job_row(world, meta, "Backup", {"Backup Size": "11534 MB"}, started=points[0])
        rows.append(jobs.end_job(job, "Completed", points[0] + BACKUP))
    return rows


def _delete(world: World, meta: dict[str, Any], section: Section) -> None:
    vault = world.get(meta["vaultId"])
    if vault is None:
        return
    moment = section.moment("deleted", world.now()) or world.now() - timedelta(days=1)
    days = vault.meta["softDelete"]["days"]
    meta |= {"deletedAt": text(moment), "softDeleteDays": days}
    row = world.put(item_row(meta))
    world.put(container_row(vault, meta))
    data = {"item": row.key, "deletedAt": meta["deletedAt"]}
    world.schedule(max(moment + timedelta(days=days), world.now()), item_purged, data)


def _vm_id(vault: Row, section: Section) -> str:
    short = section.text("vm")
    group, slash, name = short.partition("/")
    if not slash or "/" in name:
        section.refuse(("vm",), f"{short} names no VM", "a VM is GROUP/NAME", "write vm: rg-app/vm-web-01")
    subscription = vault.body["id"].split("/")[2]
    return f"/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Compute/virtualMachines/{name}"


def _policy(world: World, vault: Row, section: Section, *, needed: bool) -> Row | None:
    if not needed and "policy" not in section.value:
        return None
    name = section.text("policy", "DefaultPolicy")
    policy = world.get(f"{vault.key}/backuppolicies/{name.lower()}")
    if policy is None:
        section.refuse(("policy",), f"the vault has no policy {name}", "items use one of it", "declare it in policies")
    return policy


def _points(section: Section, policy: Row | None, state: str, now: datetime) -> list[datetime]:
    """Newest first: what is written down, else the last scheduled run that has ended."""
    written = [section.when(value, now, ("recoveryPoints",)) for value in section.list("recoveryPoints")]
    points = [point for point in [*written, section.moment("lastRecoveryPoint", now)] if point is not None]
    if points or state == "irPending" or "recoveryPoints" in section.value:
        return sorted(set(points), reverse=True)
    if policy is None:
        return [now - timedelta(days=1)]
    return [last_run(policy, now)]


def last_run(policy: Row, now: datetime) -> datetime:
    """The last scheduled run whose backup has ended by now."""
    last = now - timedelta(days=8)
    for run in runs_after(policy.body["properties"], last):
        if run + BACKUP > now:
            return last
        last = run
    raise AssertionError("a schedule has no end")
