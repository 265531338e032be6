"""What a sandbox holds, as a plain document for people and their scripts."""

from collections import Counter
from typing import Any

from reconciler.sandbox.times import text
from reconciler.sandbox.world import Row, World

_RECENT_JOBS = 20


def show(world: World) -> dict[str, Any]:
    """The time, and by subscription the groups, VMs and vaults with their policies, items and newest jobs."""
    with world.transaction(write=False):
        subscriptions = [_subscription(world, row) for row in world.listed("/subscriptions")]
        return {"now": text(world.now()), "subscriptions": subscriptions}


def _subscription(world: World, row: Row) -> dict[str, Any]:
    vms = world.listed(f"{row.key}/providers/microsoft.compute/virtualmachines")
    vaults = world.listed(f"{row.key}/providers/microsoft.recoveryservices/vaults")
    return {
        "id": row.body["subscriptionId"],
        "resourceGroups": [
            {"name": group.body["name"], "location": group.body["location"]}
            for group in world.listed(f"{row.key}/resourcegroups")
        ],
        "virtualMachines": [_vm(vm) for vm in vms],
        "vaults": [_vault(world, vault) for vault in vaults],
    }


def _vm(vm: Row) -> dict[str, Any]:
    return {
        "name": f"{vm.body['id'].split('/')[4]}/{vm.body['name']}",
        "location": vm.body["location"],
        "os": vm.meta["facts"]["os"],
        "running": vm.meta["facts"]["running"],
        "tags": vm.body.get("tags", {}),
    }


def _vault(world: World, vault: Row) -> dict[str, Any]:
    meta = vault.meta
    jobs = world.listed(f"{vault.key}/backupjobs")
    return {
        "name": vault.body["id"].rsplit("/", 1)[1],
        "resourceGroup": vault.body["id"].split("/")[4],
        "location": meta["location"],
        "redundancy": meta["redundancy"],
        "redundancyLocked": meta["locked"],
        "crossRegionRestore": meta["crossRegionRestore"],
        "softDelete": meta["softDelete"],
        "immutability": meta["immutability"] or "Disabled",
        "policies": [
            {"name": policy.body["name"], "items": world.count(link=policy.key)}
            for policy in world.listed(f"{vault.key}/backuppolicies")
        ],
        "items": [_item(item) for item in world.listed(f"{vault.key}/backupprotecteditems")],
        "jobCounts": dict(sorted(Counter(_kind(job) for job in jobs).items())),
        "jobs": [_job(job) for job in jobs[:_RECENT_JOBS]],
    }


def _item(item: Row) -> dict[str, Any]:
    meta = item.meta
    return {
        "vm": f"{meta['vmId'].split('/')[4]}/{meta['friendlyName']}",
        "state": "SoftDeleted" if meta["deletedAt"] else meta["state"],
        "policy": meta["policyName"],
        "lastRecoveryPoint": meta["lastPoint"],
        "orphan": meta["vmGone"],
    }


def _kind(job: Row) -> str:
    return f"{job.body['properties']['operation']} {job.body['properties']['status']}"


def _job(job: Row) -> dict[str, Any]:
    names = ("operation", "status", "entityFriendlyName", "startTime", "endTime")
    return {name: job.body["properties"][name] for name in names if name in job.body["properties"]}
