"""What the kinds of egress have in common: who uses one, which disks these VMs have, and whose a thing in the network is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from reconciler.core.desired import Egress, Spec
from reconciler.core.destinations import disks_of
from reconciler.core.ids import VM_TYPE, VmRef
from reconciler.core.live import Live, Wire
from reconciler.core.plan import Finding, Severity
from reconciler.core.storage_accounts import Disks, disks_among
from reconciler.core.wire import dig_text
from reconciler.kinds.addresses import egress_address

_FEW = 10


@dataclass(frozen=True, slots=True)
class EgressUse:
    """An egress and the VMs of the spec that go out through it."""

    egress: Egress
    vms: tuple[VmRef, ...]

    @property
    def address(self) -> str:
        return egress_address(self.egress)


@dataclass(frozen=True, slots=True)
class EgressEntry:
    """`all` are the uses of the whole spec in a fixed order: those that share a group or firewall share its priorities too."""

    use: EgressUse
    all: tuple[EgressUse, ...]


def entries_of(spec: Spec, kind: type[Egress]) -> Iterable[EgressEntry]:
    uses = tuple(_use(egress, spec) for egress in sorted(spec.egresses, key=lambda each: each.name))
    return (EgressEntry(use, uses) for use in uses if isinstance(use.egress, kind))


def _use(egress: Egress, spec: Spec) -> EgressUse:
    vms = {each.vm for each in spec.protections if each.egress == egress.name and each.state == "protected"}
    return EgressUse(egress, tuple(sorted(vms)))


def machines_of(use: EgressUse, live: Live) -> list[Wire]:
    """The bodies of the VMs that use an egress and are there. Many come from lists, or a fresh look would ask for each of them."""
    listed: dict[str, Wire] = {}
    if len(use.vms) > _FEW:
        for subscription in {vm.subscription.lower() for vm in use.vms}:
            bodies = live.resources(subscription, VM_TYPE)
            listed.update({dig_text(body, "id").lower(): body for body in bodies})
    found = (listed.get(vm.key) or live.virtual_machine(vm) for vm in use.vms)
    return [body for body in found if body is not None]


def disks_of_all(use: EgressUse, live: Live) -> Disks:
    """The kinds of disks of all VMs that use an egress; of a VM that is not there, none."""
    return disks_among(machines_of(use, live), live)


def busy_of(body: Wire | None) -> str:
    """That a resource of the network or a guest is being changed, or ""."""
    state = dig_text(body, "properties", "provisioningState")
    return f"{dig_text(body, 'name')} is {state}" if state in ("Creating", "Updating", "Deleting") else ""


def not_needed(use: EgressUse, live: Live) -> tuple[Finding, ...]:
    if {kind for body in machines_of(use, live) for kind in disks_of(body)} != {"managed"}:
        return ()
    return (
        finding_of(
            use.egress,
            "P205",
            f"{len(use.vms)} {'VMs with managed disks go' if len(use.vms) != 1 else 'VM with managed disks goes'} out this way",
            "the backup of VMs with managed disks and a ready agent needs no way out of their own (backup-rules D.1)",
            "none needed; where the network rules of your organisation don't ask for it, leave egress out",
            "info",
        ),
    )


def accounts_not_seen(use: EgressUse, disks: Disks) -> tuple[Finding, ...]:
    if not disks.unseen:
        return ()
    return (
        finding_of(
            use.egress,
            "P208",
            f"whether the storage accounts of unmanaged disks are encrypted was not seen: {'; '.join(disks.unseen)}",
            "disks in an account that is not encrypted need port 80, so 80 is opened beside 443 (backup-rules D.2)",
            "give the identity the right Microsoft.Storage/storageAccounts/read there, or convert the disks to managed ones",
            "info",
        ),
    )


def missing(egress: Egress, code: str, what: str, resource_id: str) -> Finding:
    return finding_of(
        egress, code, f"{what} {resource_id.rstrip('/').rsplit('/', 1)[-1]} does not exist",
        "azbackup adds rules to what there is, and makes no network of its own",
        f"correct the name, or make it: {resource_id}",
    )  # fmt: skip


def finding_of(egress: Egress, code: str, what: str, why: str, remedy: str, severity: Severity = "blocking") -> Finding:
    return Finding(code, severity, egress_address(egress), what, why, remedy, str(egress.place))
