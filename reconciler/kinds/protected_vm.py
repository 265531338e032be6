"""Protected VMs: the whole life of an item, as one defined step or finding for each pair of wanted and observed state."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from reconciler.core.canonical import digest
from reconciler.core.desired import DesiredPolicy, DesiredProtection, Disks, Spec
from reconciler.core.kind import Assessment
from reconciler.core.live import Live, Wire
from reconciler.core.plan import Action, Change, Finding, Step, Write
from reconciler.core.wire import dig, dig_list, dig_object, dig_text
from reconciler.kinds import protection_refusals as refuse
from reconciler.kinds.addresses import (
    egress_address,
    guest_proxy_address,
    policy_address,
    protected_vm_address,
    vm_agent_address,
)
from reconciler.kinds.expiry import points_past_expiry
from reconciler.kinds.policy import vault_needs
from reconciler.kinds.policy_effects import move_effects
from reconciler.kinds.policy_wire import live_form, wanted_form
from reconciler.kinds.vault_security import is_immutable

State = Literal["absent", "protected", "stopped", "softDeleted"]
_QUIET_JOBS = ("Backup", "Restore")  # they run beside a change of the item


@dataclass(frozen=True, slots=True)
class ProtectedVm:
    """A protection of the spec with the policy it names; `policy` is None when the VM is to be stopped or deleted.

    `prepared` are the addresses of what the VM needs before its first backup: its way out, its guest's proxy, its agent.
    `in_immutable_vault`: the spec makes its vault immutable.
    """

    wanted: DesiredProtection
    location: str
    policy: DesiredPolicy | None
    prepared: tuple[str, ...] = ()
    in_immutable_vault: bool = False

    @property
    def address(self) -> str:
        return protected_vm_address(self.wanted.vault, self.wanted.vm)


class ProtectedVmKind:
    name = "protected_vm"

    def entries(self, spec: Spec) -> Iterable[ProtectedVm]:
        policies = {(policy.vault.key, policy.name.lower()): policy for policy in spec.policies}
        vaults = {vault.ref.key: vault for vault in spec.vaults}
        ways_out = {egress.name: egress_address(egress) for egress in spec.egresses if egress.present}
        for wanted in spec.protections:
            policy = policies.get((wanted.vault.key, wanted.policy.lower()))
            prepared: tuple[str, ...] = (vm_agent_address(wanted.vm),)
            if wanted.egress in ways_out:
                prepared += (ways_out[wanted.egress], guest_proxy_address(wanted.egress, wanted.vm))
            vault = vaults[wanted.vault.key]
            yield ProtectedVm(wanted, vault.location, policy, prepared, vault.becomes_immutable)

    def address(self, entry: ProtectedVm) -> str:
        return entry.address

    def assess(self, entry: ProtectedVm, live: Live) -> Assessment:
        item = live.item(entry.wanted.vault, entry.wanted.vm)
        match entry.wanted.state:
            case "protected":
                found = _wanted_protected(entry, item, live)
            case "stopped":
                found = _wanted_stopped(entry, item)
            case "deleted":
                found = _wanted_deleted(entry, item, live)
        if not found.steps:
            return found
        return Assessment(found.steps, found.findings, _busy(entry, live, found.steps))


def state_of(item: Wire | None) -> State:
    """A soft-deleted item stays in GET and LIST, as a stopped one (wire-facts 5.6)."""
    if item is None:
        return "absent"
    if dig(item, "properties", "isScheduledForDeferredDelete") is True:
        return "softDeleted"
    stopped = dig_text(item, "properties", "protectionState") in ("ProtectionStopped", "BackupsSuspended")
    return "stopped" if stopped else "protected"


def policy_name_of(item: Wire | None) -> str:
    return dig_text(item, "properties", "policyId").rstrip("/").rsplit("/", 1)[-1]


def _wanted_protected(entry: ProtectedVm, item: Wire | None, live: Live) -> Assessment:
    state = state_of(item)
    if state == "protected" and item is not None:
        return _keep_protected(entry, item, live)
    if finding := _cannot_start(entry, state, live):
        return Assessment(findings=(finding,))
    if item is None:
        return Assessment((_enable(entry),))
    if dig_text(item, "properties", "policyType") == "V2" and _tier(entry) == "standard":
        return Assessment(findings=(refuse.back_to_standard(entry.wanted),))
    resume = _resume(entry, item, live)
    return Assessment((_undelete(entry), resume) if state == "softDeleted" else (resume,))


def _cannot_start(entry: ProtectedVm, state: State, live: Live) -> Finding | None:
    machine = live.machine(entry.wanted.vm)
    if machine is None:
        return refuse.no_such_vm(entry.wanted, has_item=state != "absent")
    if machine.location.replace(" ", "").lower() != entry.location.replace(" ", "").lower():
        return refuse.other_region(entry.wanted, machine.location, entry.location)
    if other := live.other_vault(entry.wanted.vault, entry.wanted.vm):
        return refuse.other_vault(entry.wanted, other)
    return None


def _enable(entry: ProtectedVm) -> Step:
    fields: dict[str, object] = {"state": "protected", "policy": entry.wanted.policy}
    if entry.wanted.disks is not None:
        fields["disks"] = _disks(entry.wanted.disks)
    changes = tuple(Change(path, None, after, "ITM-01") for path, after in fields.items())
    return _step(entry, "create", changes, "the VM has no backup", _protect_body(entry, None), digest(None))


def _keep_protected(entry: ProtectedVm, item: Wire, live: Live) -> Assessment:
    policy_now, disks_now = policy_name_of(item), live_disks(item)
    changes: list[Change] = []
    if policy_now.lower() != entry.wanted.policy.lower():
        effects = _policy_effects(entry, policy_now, item, live)
        if effects is None:
            return Assessment(findings=(refuse.back_to_standard(entry.wanted),))
        if "ITM-05" in effects and is_immutable(live.vault(entry.wanted.vault), entry.in_immutable_vault):
            return Assessment(findings=(refuse.shorter_in_immutable(entry.wanted, policy_now),))
        changes += [Change("policy", policy_now, entry.wanted.policy, effect) for effect in effects]
    changes += _disk_changes(entry, disks_now)
    if live.machine(entry.wanted.vm) is None:
        return Assessment(findings=(refuse.orphaned(entry.wanted),))
    if not changes:
        return Assessment()
    expects = digest({"state": "protected", "policy": policy_now.lower(), "disks": disks_now})
    body = _protect_body(entry, item)
    return Assessment((_step(entry, "update", tuple(changes), "the item differs from the spec", body, expects),))


def _policy_effects(entry: ProtectedVm, policy_now: str, item: Wire, live: Live) -> list[str] | None:
    """What moving to the wanted policy does to the points there are; None when Azure has no such way."""
    if entry.policy is None:
        return ["UNKNOWN"]
    wanted = wanted_form(entry.policy, live.now)
    wire = live.policy(entry.wanted.vault, policy_now)
    if wire is None:
        return ["UNKNOWN"]
    now = live_form(dig_object(wire, "properties"))
    if now["tier"] == "enhanced" and wanted["tier"] == "standard":
        return None
    return move_effects(now, wanted)


def _resume(entry: ProtectedVm, item: Wire, live: Live) -> Step:
    """Resuming starts the clean-up again: points past the policy's retention go at once (backup-rules E).

    A stopped item still says by its policyType whether it ever followed an enhanced policy (protecteditems-list-softdeleted-2026).
    """
    wanted = entry.wanted
    points = live.recovery_points(wanted.vault, wanted.vm)
    form = wanted_form(entry.policy, live.now) if entry.policy else {}
    lost = points_past_expiry(points, form, live.now)
    one_way = _tier(entry) == "enhanced" and dig_text(item, "properties", "policyType") != "V2"
    changes = [
        Change("state", "stopped", "protected", "ITM-12"),
        Change("policy", "", wanted.policy, "POL-10" if one_way else "ITM-12"),
    ]
    if lost:
        changes.append(Change("recoveryPoints", len(points), len(points) - lost, "ITM-12D"))
    changes += _disk_changes(entry, live_disks(item))
    why = "protection is stopped; its points are kept, new ones are not made"
    expects = digest({"state": "stopped", "points": len(points)})
    return _step(entry, "resume", tuple(changes), why, _protect_body(entry, item), expects)


def _undelete(entry: ProtectedVm) -> Step:
    change = Change("state", "softDeleted", "stopped", "ITM-11")
    body = _item_body(entry, policyId="", isRehydrate=True, protectionState="ProtectionStopped")
    why = "the item is soft-deleted; it comes back as a stopped one"
    return _step(entry, "undelete", (change,), why, body, digest("softDeleted"))


def _wanted_stopped(entry: ProtectedVm, item: Wire | None) -> Assessment:
    match state_of(item):
        case "absent":
            return Assessment(findings=(refuse.nothing_to_stop(entry.wanted),))
        case "stopped":
            return Assessment()
        case "softDeleted":
            return Assessment((_undelete(entry),))
        case "protected":
            now = policy_name_of(item)
            change = Change("state", "protected", "stopped", "ITM-08")
            body = _item_body(entry, policyId="", protectionState="ProtectionStopped")
            expects = digest({"state": "protected", "policy": now.lower()})
            return Assessment((_step(entry, "stop", (change,), "the spec wants no new points", body, expects),))


def _wanted_deleted(entry: ProtectedVm, item: Wire | None, live: Live) -> Assessment:
    state = state_of(item)
    if state in ("absent", "softDeleted"):
        return Assessment()
    if is_immutable(live.vault(entry.wanted.vault), entry.in_immutable_vault):
        return Assessment(findings=(refuse.immutable(entry.wanted),))
    if live.machine(entry.wanted.vm) is None:
        return Assessment(findings=(refuse.last_copy(entry.wanted),))
    step = Step(
        address=entry.address,
        kind=ProtectedVmKind.name,
        action="delete",
        changes=(Change("state", state, "deleted", "ITM-10"),),
        why="the spec wants its recovery points deleted; soft delete keeps them for the vault's days",
        write=Write("item.delete", entry.wanted.vault, vm=entry.wanted.vm),
        expects=digest({"state": state, "policy": policy_name_of(item).lower()}),
        needs=_needs(entry, "delete"),
    )
    return Assessment((step,))


def _busy(entry: ProtectedVm, live: Live, steps: tuple[Step, ...]) -> str:
    """The job that must end first. A backup runs beside most changes, but not beside a delete or a move to V2."""
    first = steps[0]
    alone = first.action == "delete" or any(change.effect == "POL-10" for change in first.changes)
    for job in live.running_jobs(entry.wanted.vault, entry.wanted.vm):
        operation = dig_text(job, "properties", "operation")
        if alone or operation not in _QUIET_JOBS:
            return f"job {operation} runs on the item"
    return ""


def _tier(entry: ProtectedVm) -> str:
    return entry.policy.tier if entry.policy else ""


def _needs(entry: ProtectedVm, action: Action) -> tuple[str, ...]:
    """Who has backups already does not wait for the network or the agent when it changes."""
    of_policy = (policy_address(entry.wanted.vault, entry.wanted.policy),) if entry.wanted.policy else ()
    prepared = entry.prepared if action in ("create", "resume") else ()
    return (*vault_needs(entry.wanted.vault), *of_policy, *prepared, entry.address)


def _step(
    entry: ProtectedVm, action: Action, changes: tuple[Change, ...], why: str, body: Mapping[str, object], expects: str
) -> Step:
    return Step(
        address=entry.address,
        kind=ProtectedVmKind.name,
        action=action,
        changes=changes,
        why=why,
        write=Write("item.put", entry.wanted.vault, body, vm=entry.wanted.vm),
        expects=expects,
        needs=_needs(entry, action),
    )


def _protect_body(entry: ProtectedVm, item: Wire | None) -> dict[str, object]:
    """Enable, change of policy and resume are one request (wire-facts 5.4). Exclusions that the spec doesn't name go along."""
    more: dict[str, object] = {"policyId": entry.wanted.vault.policy_id(entry.wanted.policy)}
    if entry.wanted.disks is not None:
        disks = entry.wanted.disks
        exclusion: object = {"diskLunList": list(disks.luns), "isInclusionList": disks.included}
    else:
        exclusion = dig(item, "properties", "extendedProperties", "diskExclusionProperties")
    if exclusion is not None:
        more["extendedProperties"] = {"diskExclusionProperties": exclusion}
    return _item_body(entry, **more)


def _item_body(entry: ProtectedVm, **more: object) -> dict[str, object]:
    kind = {"protectedItemType": "Microsoft.Compute/virtualMachines", "sourceResourceId": entry.wanted.vm.id}
    return {"properties": {**kind, **more}}


def live_disks(item: Wire) -> Disks | None:
    exclusion = dig_object(item, "properties", "extendedProperties", "diskExclusionProperties")
    if not exclusion:
        return None
    luns = tuple(sorted(lun for lun in dig_list(exclusion, "diskLunList") if isinstance(lun, int)))
    return Disks(exclusion.get("isInclusionList") is True, luns)


def _disks(disks: Disks) -> dict[str, object]:
    return {"include" if disks.included else "exclude": list(disks.luns)}


def _disk_changes(entry: ProtectedVm, now: Disks | None) -> list[Change]:
    wanted = entry.wanted.disks
    if wanted is None or wanted == now:
        return []
    return [Change("disks", None if now is None else _disks(now), _disks(wanted), _disk_effect(now, wanted))]


def _disk_effect(now: Disks | None, wanted: Disks) -> str:
    """Fewer disks than now weaken; a list of the other kind can't be compared, and counts as fewer."""
    if now is None or now.included != wanted.included:
        return "ITM-13"
    before, after = set(now.luns), set(wanted.luns)
    more = before <= after if wanted.included else after <= before
    return "ITM-14" if more else "ITM-13"
