"""Disks of a VM against the tier of its policy (backup-rules A.4; I.24, I.25)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from reconciler.core.destinations import disks_of
from reconciler.core.live import Wire
from reconciler.core.plan import Finding
from reconciler.core.wire import dig, dig_int, dig_list, dig_object, dig_text
from reconciler.preflight.catalogue import finding
from reconciler.preflight.subject import Subject, has_flag

MOST_DISKS = 32
LARGEST_DISK_GB = 64 * 1024
LARGEST_SUM_GB = 512 * 1024
_ENHANCED_ONLY = ("ultrassd_lrs", "premiumv2_lrs")
_SECURED = ("trustedlaunch", "confidential")

ManagedDisk = Callable[[str], Wire | None]
"""The body of a managed disk by its ARM id."""


@dataclass(frozen=True, slots=True)
class Disk:
    """`attached` is the entry of the VM, `managed` the disk's own body; `lun` is None for the OS disk."""

    attached: Wire
    managed: Wire
    lun: int | None

    @property
    def name(self) -> str:
        return dig_text(self.attached, "name") or ("the OS disk" if self.lun is None else f"LUN {self.lun}")

    @property
    def gigabytes(self) -> int:
        return dig_int(self.managed, "properties", "diskSizeGB") or dig_int(self.attached, "diskSizeGB") or 0

    @property
    def sku(self) -> str:
        return dig_text(self.managed, "sku", "name") or dig_text(self.attached, "managedDisk", "storageAccountType")


def disk_findings(subject: Subject, machine: Wire, managed: ManagedDisk) -> Iterator[Finding]:
    everything = _disks(machine, managed)
    wanted = [disk for disk in everything if not _is_excluded(subject, disk)]
    if len(everything) > MOST_DISKS:
        yield _told(subject, "F241", f"it has {len(everything)} disks")
    large = [disk.name for disk in wanted if disk.gigabytes > LARGEST_DISK_GB]
    total = sum(disk.gigabytes for disk in wanted)
    if large or total > LARGEST_SUM_GB:
        whole = f"all its disks have {total} GB together"
        yield _told(subject, "F242", f"{_names(large)} of it has more than 64 TB" if large else whole)
    for code, what, named in _of_each(subject, wanted):
        if named:
            yield _told(subject, code, what.format(_names(named)))
    if "unmanaged" in disks_of(machine):
        yield _told(subject, "F249" if subject.is_enhanced else "F248", "it has unmanaged disks", _convert(subject))


def _of_each(subject: Subject, disks: list[Disk]) -> Iterator[tuple[str, str, list[str]]]:
    def names(condition: Callable[[Disk], bool]) -> list[str]:
        return [disk.name for disk in disks if condition(disk)]

    if not subject.is_enhanced:
        needs = "{} needs an enhanced policy, and " + f"{subject.wanted.policy} is a standard one"
        yield "F243", needs, names(lambda disk: disk.sku.lower() in _ENHANCED_ONLY)
    yield "F244", "{} is a shared disk", names(lambda disk: (dig_int(disk.managed, "properties", "maxShares") or 1) > 1)
    yield "F245", "{} has Write Accelerator", names(_is_accelerated_os)
    yield "F246", "{} is ephemeral", names(lambda disk: bool(dig(disk.attached, "diffDiskSettings", "option")))
    yield "F247", "{} is exported by Entra authentication", names(_needs_entra)
    yield "F253", "{} has a security type of its own", names(_is_secured_data)


def _is_accelerated_os(disk: Disk) -> bool:
    return disk.lun is None and has_flag(disk.attached, "writeAcceleratorEnabled")


def _needs_entra(disk: Disk) -> bool:
    return dig_text(disk.managed, "properties", "dataAccessAuthMode").lower() == "azureactivedirectory"


def _is_secured_data(disk: Disk) -> bool:
    kind = dig_text(disk.managed, "properties", "securityProfile", "securityType").lower()
    return disk.lun is not None and kind.startswith(_SECURED)


def _is_excluded(subject: Subject, disk: Disk) -> bool:
    """A data disk that the spec leaves out; only an enhanced policy doesn't touch such a disk at all (A.4)."""
    disks = subject.wanted.disks
    if disks is None or disk.lun is None or not subject.is_enhanced:
        return False
    return (disk.lun in disks.luns) is not disks.included


def _disks(machine: Wire, managed: ManagedDisk) -> list[Disk]:
    storage = dig_object(machine, "properties", "storageProfile")
    attached = [(dig_object(storage, "osDisk"), None)] if storage.get("osDisk") else []
    data = [disk for disk in dig_list(storage, "dataDisks") if isinstance(disk, Mapping)]
    both = [*attached, *((disk, dig_int(disk, "lun") or 0) for disk in data)]
    return [Disk(disk, _managed(disk, managed), lun) for disk, lun in both]


def managed_disks(machine: Wire, managed: ManagedDisk) -> list[Wire]:
    """Bodies of the managed disks of a VM that are to be seen."""
    return [disk.managed for disk in _disks(machine, managed) if disk.managed]


def _managed(disk: Wire, managed: ManagedDisk) -> Wire:
    resource_id = dig_text(disk, "managedDisk", "id")
    return (managed(resource_id) if resource_id else None) or {}


def _convert(subject: Subject) -> str:
    vm = subject.wanted.vm
    of_it = f"--resource-group {vm.resource_group} --name {vm.name}"
    return f"az vm deallocate {of_it}, then az vm convert {of_it}"


def _names(names: list[str]) -> str:
    return ", ".join(names)


def _told(subject: Subject, code: str, what: str, remedy: str = "") -> Finding:
    return finding(code, subject.address, what, remedy=remedy, where=subject.where)
