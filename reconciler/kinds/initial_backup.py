"""The first backup of a VM that is newly protected.

The evidence that it was started is looked for in Azure, never in a file: a recovery point, or a backup job that runs or has
completed, means that nothing is sent.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from reconciler.core.canonical import digest
from reconciler.core.desired import DesiredProtection, Spec
from reconciler.core.kind import Assessment
from reconciler.core.live import Live, Wire
from reconciler.core.plan import Change, Finding, Step, Write
from reconciler.core.wire import dig_text
from reconciler.kinds.addresses import initial_backup_address, protected_vm_address
from reconciler.kinds.policy import vault_needs
from reconciler.kinds.protected_vm import state_of

_NO_BACKUP = ("Failed", "Cancelled", "Cancelling")


class InitialBackupKind:
    name = "initial_backup"

    def entries(self, spec: Spec) -> Iterable[DesiredProtection]:
        return (
            protection
            for protection in spec.protections
            if protection.initial_backup_days is not None and protection.state == "protected"
        )

    def address(self, entry: DesiredProtection) -> str:
        return initial_backup_address(entry.vault, entry.vm)

    def assess(self, entry: DesiredProtection, live: Live) -> Assessment:
        item = live.item(entry.vault, entry.vm)
        if item is None:
            return Assessment((_trigger(entry, live.now),))
        if has_recovery_point(item):
            return Assessment()
        jobs = live.backup_jobs(entry.vault, entry.vm)
        under_way = [job for job in jobs if dig_text(job, "properties", "status") not in _NO_BACKUP]
        if under_way:
            return Assessment(findings=(_running(entry, under_way[0]),))
        gone = state_of(item) == "protected" and live.machine(entry.vm) is None
        return Assessment() if gone else Assessment((_trigger(entry, live.now),))


def has_recovery_point(item: Wire) -> bool:
    """`lastRecoveryPoint` is absent before the first backup (wire-facts 5.3)."""
    return bool(dig_text(item, "properties", "lastRecoveryPoint"))


def _trigger(entry: DesiredProtection, now: datetime) -> Step:
    days = entry.initial_backup_days or 0
    expiry = (now + timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")
    body = {"properties": {"objectType": "IaasVMBackupRequest", "recoveryPointExpiryTimeInUTC": expiry}}
    return Step(
        address=initial_backup_address(entry.vault, entry.vm),
        kind=InitialBackupKind.name,
        action="trigger",
        changes=(Change("retainDays", None, days, "ITM-18"),),
        why="the VM has no recovery point yet, and Azure makes the first one only at the next scheduled time",
        write=Write("item.backup", entry.vault, body, vm=entry.vm),
        expects=digest("no recovery point"),
        needs=(*vault_needs(entry.vault), protected_vm_address(entry.vault, entry.vm)),
    )


def _running(entry: DesiredProtection, job: Wire) -> Finding:
    return Finding(
        code="P151",
        severity="info",
        address=initial_backup_address(entry.vault, entry.vm),
        where=str(entry.place),
        what=f"the first backup is {dig_text(job, 'properties', 'status')}, started {dig_text(job, 'properties', 'startTime')}",
        why="a backup job of the VM exists, so none is started",
        remedy="none needed; drift says so if no point comes of it",
    )
