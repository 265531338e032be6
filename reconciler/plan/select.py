"""Selections: which VMs a rule of the spec finds among those that exist."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from fnmatch import fnmatchcase

from reconciler.core.desired import Criteria, DesiredProtection, Selection, Spec
from reconciler.core.errors import Unreadable
from reconciler.core.ids import VmRef
from reconciler.core.live import Machine, Survey
from reconciler.core.plan import Finding
from reconciler.plan.unread import could_not_be_read


def resolve(spec: Spec, survey: Survey) -> tuple[Spec, tuple[Finding, ...]]:
    """The spec with every selection turned into protections of the VMs it finds.

    A VM that is written down one by one is never touched by a selection: the entry is the more exact word. Where the VMs
    can't be listed, a selection finds none, and a blocking finding says so.
    """
    if not spec.selections:
        return spec, ()
    written = {protection.vm for protection in spec.protections}
    found: dict[VmRef, tuple[Selection, DesiredProtection]] = {}
    conflicts: dict[VmRef, Finding] = {}
    unread: list[Finding] = []
    for selection in spec.selections:
        try:
            machines = tuple(survey.machines(selection.vault.subscription))
        except Unreadable as error:
            unread.append(could_not_be_read(f"protected_vm/{selection.vault.name}", error, str(selection.place)))
            continue
        for machine in machines:
            if machine.ref in written or not _finds(selection, machine):
                continue
            protection = _protection(selection, machine.ref)
            earlier = found.setdefault(machine.ref, (selection, protection))
            if _asks(earlier[1]) != _asks(protection):
                conflicts[machine.ref] = _conflict(machine.ref, earlier[0], selection)
    protections = [protection for vm, (_, protection) in found.items() if vm not in conflicts]
    everything = sorted((*spec.protections, *protections), key=lambda each: (each.vault.key, each.vm.key))
    findings = (*unread, *(conflicts[vm] for vm in sorted(conflicts)))
    return replace(spec, protections=tuple(everything), selections=()), findings


def _finds(selection: Selection, machine: Machine) -> bool:
    if _region(machine.location) != _region(selection.location):
        return False
    if machine.ref in selection.exclude_vms or any(matches(rule, machine) for rule in selection.exclude):
        return False
    return matches(selection.criteria, machine)


def matches(criteria: Criteria, machine: Machine) -> bool:
    """Whether a VM meets all criteria that are given. Tag names compare without case, tag values with it, as in ARM."""
    tags = {name.lower(): value for name, value in machine.tags.items()}
    return (
        _any_pattern(criteria.resource_groups, machine.ref.resource_group)
        and _any_pattern(criteria.names, machine.ref.name)
        and (criteria.os is None or criteria.os == machine.os)
        and all(tags.get(name.lower()) == value for name, value in criteria.tags.items())
    )


def _any_pattern(patterns: Iterable[str], name: str) -> bool:
    wanted = tuple(patterns)
    return not wanted or any(fnmatchcase(name.lower(), pattern.lower()) for pattern in wanted)


def _region(location: str) -> str:
    return location.replace(" ", "").lower()


def _protection(selection: Selection, vm: VmRef) -> DesiredProtection:
    return DesiredProtection(
        vault=selection.vault,
        vm=vm,
        place=selection.place,
        policy=selection.policy,
        initial_backup_days=selection.initial_backup_days,
        disks=selection.disks,
        selected=True,
        egress=selection.egress,
        agent=selection.agent,
    )


def _asks(protection: DesiredProtection) -> tuple[object, ...]:
    backup = (protection.vault, protection.policy.lower(), protection.initial_backup_days, protection.disks)
    return (*backup, protection.egress, protection.agent)


def _conflict(vm: VmRef, first: Selection, second: Selection) -> Finding:
    return Finding(
        code="P161",
        severity="blocking",
        address=f"protected_vm/{first.vault.name}/{vm.resource_group}/{vm.name}",
        where=str(second.place),
        what=f"two selections want VM {vm.resource_group}/{vm.name} in different ways; the other is at {first.place}",
        why="a VM has one vault and one policy",
        remedy="exclude the VM in one of them, or write it down as an entry of its own: that counts before selections",
    )
