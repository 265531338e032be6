"""Finding VM items and jobs in what the vault lists."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from reconciler.cloud.reading import Body, Listing
from reconciler.core.ids import VmRef, parse_vm
from reconciler.core.live import Wire
from reconciler.core.wire import dig, dig_text

VM_POLICIES = "backupManagementType eq 'AzureIaasVM'"
VM_ITEMS = "backupManagementType eq 'AzureIaasVM' and itemType eq 'VM'"
RUNNING_JOBS = "status eq 'InProgress'"

# The service allows nine on-demand backups in a day, so two days hold every job that a first backup could have left behind.
BACKUP_JOB_DAYS = 2
_INACTIVE = frozenset({"protectionstopped", "backupssuspended"})


@dataclass(frozen=True, slots=True)
class Items:
    """Items of one vault, and the same by the lower-cased id of their VM."""

    values: tuple[Body, ...] = ()
    by_vm: Mapping[str, Body] = field(default_factory=dict)
    consistent: bool = True


def indexed(listing: Listing) -> Items:
    by_vm: dict[str, Body] = {}
    consistent = listing.consistent
    for value in listing.values:
        found = parse_vm(
            dig_text(value, "properties", "sourceResourceId") or dig_text(value, "properties", "virtualMachineId")
        )
        if found is not None:
            consistent = consistent and found.key not in by_vm
            by_vm[found.key] = value
    return Items(listing.values, by_vm, consistent)


def is_active(item: Wire) -> bool:
    """Whether the item gets backups; an item that is stopped or soft-deleted does not bind its VM (wire-facts 5.5)."""
    stopped = dig_text(item, "properties", "protectionState").lower() in _INACTIVE
    return not stopped and dig(item, "properties", "isScheduledForDeferredDelete") is not True


def jobs_of(jobs: Iterable[Body], vm: VmRef) -> tuple[Body, ...]:
    """Jobs name their container without its first segment: `iaasvmcontainerv2;group;vm` (jobs-list-2022)."""
    container = vm.container.partition(";")[2].lower()
    return tuple(job for job in jobs if dig_text(job, "properties", "containerName").lower() == container)


def backup_jobs_filter(now: datetime) -> str:
    """Backup jobs that began in the last two days, in the time format that the service reads."""
    start, end = now - timedelta(days=BACKUP_JOB_DAYS), now + timedelta(hours=1)
    return f"operation eq 'Backup' and startTime eq '{_moment(start)}' and endTime eq '{_moment(end)}'"


def _moment(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %I:%M:%S %p")
