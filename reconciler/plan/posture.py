"""What drift says beyond a plan: whether the estate is really backed up, whatever the spec says of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from reconciler.core.desired import DesiredProtection, DesiredVault, Spec
from reconciler.core.errors import Unreadable
from reconciler.core.ids import VaultRef, VmRef, parse_vm
from reconciler.core.live import Survey, Wire
from reconciler.core.plan import Finding, Severity
from reconciler.core.schedule import longest_gap_hours
from reconciler.core.times import moment
from reconciler.core.wire import dig, dig_object, dig_text
from reconciler.plan.select import resolve
from reconciler.plan.unread import could_not_be_read

_STOPPED = ("ProtectionStopped", "BackupsSuspended")
_TOLERATED_GAPS = 2


def posture(spec: Spec, survey: Survey) -> tuple[Finding, ...]:
    """Stopped and orphaned items, last good points too old for their schedule, VMs that a selection wants and that have none.

    A stopped or orphaned item that the spec itself wants stopped is acknowledged, and not reported.
    """
    resolved, _ = resolve(spec, survey)
    wanted = {(each.vault.key, each.vm.key): each for each in resolved.protections}
    found: list[Finding] = []
    for vault in resolved.vaults:
        try:
            found += _of_vault(vault, wanted, survey)
        except Unreadable as error:
            found.append(could_not_be_read(f"vault/{vault.ref.name}", error))
    return tuple(sorted(set(found), key=lambda finding: (finding.address.lower(), finding.code)))


def _of_vault(
    vault: DesiredVault, wanted: dict[tuple[str, str], DesiredProtection], survey: Survey
) -> Iterator[Finding]:
    seen: set[str] = set()
    for item in survey.items(vault.ref):
        vm = parse_vm(dig_text(item, "properties", "sourceResourceId"))
        if vm is None:
            continue
        seen.add(vm.key)
        yield from _of_item(vault.ref, vm, item, wanted.get((vault.ref.key, vm.key)), survey)
    for (vault_key, vm_key), protection in wanted.items():
        if vault_key == vault.ref.key and protection.selected and vm_key not in seen:
            yield _finding(
                vault.ref,
                protection.vm,
                "D405",
                "a selection of the spec wants this VM, and it is not protected",
                f"the selection at {protection.place} finds it",
                "run apply",
            )


def _of_item(
    vault: VaultRef, vm: VmRef, item: Wire, wanted: DesiredProtection | None, survey: Survey
) -> Iterator[Finding]:
    if dig(item, "properties", "isScheduledForDeferredDelete") is True:
        if wanted is None:
            yield _soft_deleted(vault, vm)
        return
    acknowledged = wanted is not None and wanted.state != "protected"
    stopped = dig_text(item, "properties", "protectionState") in _STOPPED
    if survey.machine(vm) is None and not (acknowledged and stopped):
        yield _finding(
            vault,
            vm,
            "D402",
            "the VM does not exist any more; its item is orphaned",
            "its backups fail, its last point is kept and paid for, and it may be the last copy of the VM",
            "write it into the spec with state: stopped, or make the VM again under the same name",
        )
    elif stopped and not acknowledged:
        yield _finding(
            vault,
            vm,
            "D401",
            "protection is stopped, no new points are made",
            "the spec does not say that it should be",
            "run apply if the spec wants it protected, else write it into the spec with state: stopped",
        )
    elif not stopped:
        yield from _age(vault, vm, item, survey)


def _age(vault: VaultRef, vm: VmRef, item: Wire, survey: Survey) -> Iterator[Finding]:
    last = moment(dig_text(item, "properties", "lastRecoveryPoint"))
    failed = dig_text(item, "properties", "lastBackupStatus") == "Failed"
    if last is None:
        severity: Severity = "warning" if failed else "info"
        what = "no recovery point yet" + (", and the last backup failed" if failed else "")
        why = "the first backup has not ended; Azure makes it at the next scheduled time"
        yield _finding(vault, vm, "D404", what, why, "watch the backup jobs, or ask for initialBackup", severity)
        return
    name = dig_text(item, "properties", "policyId").rsplit("/", 1)[-1]
    policy = survey.policy(vault, name) if name else None
    gap = longest_gap_hours(dig_object(policy, "properties")) if policy else None
    if gap is None:
        return
    age = survey.now - last
    if age > timedelta(hours=_TOLERATED_GAPS * gap):
        hours = int(age.total_seconds() // 3600)
        yield _finding(
            vault,
            vm,
            "D403",
            f"the last good recovery point is {hours} hours old",
            f"policy {name} makes one at least every {gap} hours, so at least one backup did not end well",
            "look at the backup jobs of the item",
        )


def _soft_deleted(vault: VaultRef, vm: VmRef) -> Finding:
    return _finding(
        vault,
        vm,
        "D406",
        "the item is soft-deleted and will be purged",
        "somebody deleted it, and the spec does not name the VM",
        "write the VM into the spec to bring it back, or with state: deleted to agree",
    )


def _finding(
    vault: VaultRef, vm: VmRef, code: str, what: str, why: str, remedy: str, severity: Severity = "warning"
) -> Finding:
    address = f"protected_vm/{vault.name}/{vm.resource_group}/{vm.name}"
    return Finding(code, severity, address, what, why, remedy)
