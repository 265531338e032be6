"""Management locks in the way of backups (backup-rules A.6, K.19; I.27)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from reconciler.core.desired import DesiredPolicy, DesiredVault
from reconciler.core.destinations import disks_of
from reconciler.core.live import Wire
from reconciler.core.plan import Finding, Plan
from reconciler.core.wire import dig_text
from reconciler.preflight.catalogue import finding
from reconciler.preflight.subject import Subject

_MARK = "/providers/microsoft.authorization/locks/"
_NETWORK = "/providers/microsoft.network/"
_SERVICE_PREFIX = "azurebackuprg_"


@dataclass(frozen=True, slots=True)
class Lock:
    """`scope` is the lower-cased id of what is locked."""

    id: str
    scope: str
    name: str
    read_only: bool

    @property
    def group(self) -> str:
        """The resource group that is locked as a whole, lower-cased; "" for any other lock."""
        parts = self.scope.split("/")
        return parts[4] if len(parts) == 5 and parts[3] == "resourcegroups" else ""

    def covers(self, resource_id: str) -> bool:
        return f"{resource_id.lower()}/".startswith(f"{self.scope}/")

    @property
    def told(self) -> str:
        return f"{'ReadOnly' if self.read_only else 'CanNotDelete'} lock {self.name}"


def locks_of(bodies: Iterable[Wire]) -> tuple[Lock, ...]:
    """Locks as the service lists them: their scope is the part of their id before their own type."""
    found = []
    for body in bodies:
        scope, mark, _ = dig_text(body, "id").lower().rpartition(_MARK)
        if mark:
            read_only = dig_text(body, "properties", "level").lower() == "readonly"
            found.append(Lock(dig_text(body, "id"), scope, dig_text(body, "name"), read_only))
    return tuple(found)


def lock_findings(subject: Subject, machine: Wire, locks: Iterable[Lock]) -> Iterator[Finding]:
    kept = "F275" if "unmanaged" in disks_of(machine) else "F273"
    for lock in locks:
        if not lock.covers(subject.wanted.vm.id):
            continue
        code = "F272" if lock.read_only else kept
        yield finding(code, subject.address, f"{lock.told} is on {lock.scope}", remedy=_remove(lock, code))


def vault_lock_findings(
    vault: DesiredVault, policies: Iterable[DesiredPolicy], locks: Iterable[Lock]
) -> Iterator[Finding]:
    """Read-only locks on the vault, and any lock on a group that holds snapshots of its region: locks are inherited."""
    address = f"vault/{vault.ref.name}"
    groups = [
        (policy.snapshot_group.prefix, policy.snapshot_group.suffix) for policy in policies if policy.snapshot_group
    ]
    for lock in locks:
        if lock.read_only and lock.covers(vault.ref.id):
            yield finding("F272", address, f"{lock.told} is on {lock.scope}", remedy=_remove(lock, "F272"))
        elif lock.scope == f"/subscriptions/{vault.ref.subscription.lower()}":
            told = f"{lock.told} is on the whole subscription, and so on the groups of its snapshots"
            yield finding("F271", address, told, remedy=_remove(lock, "F271"))
        if _holds_snapshots(lock.group, vault.location, groups):
            yield finding(
                "F271", address, f"{lock.told} is on resource group {lock.group}", remedy=_remove(lock, "F271")
            )


def write_lock_findings(plan: Plan, locks_of_subscription: Callable[[str], Iterable[Lock]]) -> Iterator[Finding]:
    """Locks that refuse a rule which the plan writes or removes in somebody else's network."""
    for step in plan.steps:
        resource_id = step.write.resource_id
        if _NETWORK not in resource_id.lower():
            continue
        removes = step.write.operation.endswith(".delete")
        for lock in locks_of_subscription(resource_id.split("/")[2]):
            if lock.covers(resource_id) and (lock.read_only or removes):
                told = f"{lock.told} is on {lock.scope}"
                yield finding("F274", step.address, told, remedy=_remove(lock, "F274"))


def _holds_snapshots(group: str, location: str, custom: Iterable[tuple[str, str]]) -> bool:
    """The service names its group `AzureBackupRG_<region>_<n>`, or with the policy's own prefix and suffix around the number."""
    if group.startswith(f"{_SERVICE_PREFIX}{location.replace(' ', '').lower()}_"):
        return True
    patterns = (f"{re.escape(prefix)}[0-9]+{re.escape(suffix)}" for prefix, suffix in custom)
    return bool(group) and any(re.fullmatch(pattern, group, re.IGNORECASE) for pattern in patterns)


def _remove(lock: Lock, code: str) -> str:
    return "" if code == "F273" else f"az lock delete --ids {lock.id}"
