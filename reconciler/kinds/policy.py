"""Backup policies of a vault, standard (V1) and enhanced (V2)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from reconciler.core import zones
from reconciler.core.canonical import digest
from reconciler.core.compare import differences
from reconciler.core.desired import DesiredPolicy, Spec
from reconciler.core.ids import VaultRef
from reconciler.core.kind import Assessment
from reconciler.core.live import Live, Wire
from reconciler.core.plan import Change, Finding, Severity, Step, Write
from reconciler.core.taxonomy import StepClass, class_of
from reconciler.core.wire import dig_int, dig_object, dig_text
from reconciler.kinds.addresses import policy_address, replication_address, security_address, vault_address, vault_lane
from reconciler.kinds.policy_effects import edit_effect
from reconciler.kinds.policy_wire import live_form, spoken_of, wanted_form, wire_body
from reconciler.kinds.vault_security import is_immutable

SERVICE_OWNED = ("defaultpolicy", "enhancedpolicy")


class PolicyKind:
    name = "policy"

    def entries(self, spec: Spec) -> Iterable[DesiredPolicy]:
        return spec.policies

    def address(self, entry: DesiredPolicy) -> str:
        return policy_address(entry.vault, entry.name)

    def assess(self, entry: DesiredPolicy, live: Live) -> Assessment:
        wanted = wanted_form(entry, live.now)
        notes = _clock_notes(entry, live.now)
        wire = live.policy(entry.vault, entry.name)
        if wire is None:
            if entry.name.lower() in SERVICE_OWNED:
                return Assessment(findings=(*notes, _service_owned(entry, "is not there")))
            return Assessment((_create(entry, wanted),), notes)
        properties = dig_object(wire, "properties")
        if dig_text(properties, "backupManagementType") != "AzureIaasVM":
            return Assessment(findings=(*notes, _other_workload(entry, properties)))
        now = spoken_of(live_form(properties), wanted)
        found = differences(now, wanted)
        if not found:
            return Assessment(findings=notes)
        changes = tuple(Change(each.path, each.before, each.after, edit_effect(each, now, wanted)) for each in found)
        if refusal := _refusal(entry, live, changes):
            return Assessment(findings=(*notes, refusal))
        return Assessment((_update(entry, properties, wanted, now, changes),), notes)


def _create(entry: DesiredPolicy, wanted: Mapping[str, object]) -> Step:
    changes = tuple(Change(each.path, None, each.after, "POL-01") for each in differences({}, wanted))
    why = f"vault {entry.vault.name} has no policy {entry.name}"
    return _step(entry, "create", changes, why, wire_body(wanted, {}), digest(None))


def _update(
    entry: DesiredPolicy,
    properties: Wire,
    wanted: Mapping[str, object],
    now: Mapping[str, object],
    changes: tuple[Change, ...],
) -> Step:
    count = dig_int(properties, "protectedItemsCount") or 0
    why = f"the policy differs from the spec; {count} protected {'VM follows' if count == 1 else 'VMs follow'} it"
    return _step(entry, "update", changes, why, wire_body(wanted, properties), digest(now))


def _step(
    entry: DesiredPolicy, action: str, changes: tuple[Change, ...], why: str, body: Mapping[str, object], expects: str
) -> Step:
    return Step(
        address=policy_address(entry.vault, entry.name),
        kind=PolicyKind.name,
        action="create" if action == "create" else "update",
        changes=changes,
        why=why,
        write=Write("policy.put", entry.vault, body, policy=entry.name),
        expects=expects,
        needs=(vault_address(entry.vault),),
        lane=vault_lane(entry.vault),
    )


def vault_needs(vault: VaultRef) -> tuple[str, ...]:
    """Everything of the vault itself comes before what lies in it."""
    return (vault_address(vault), replication_address(vault), security_address(vault))


def _refusal(entry: DesiredPolicy, live: Live, changes: tuple[Change, ...]) -> Finding | None:
    paths = {change.path for change in changes}
    if "tier" in paths:
        return _finding(
            entry,
            "P131",
            f"the policy is {_of(changes, 'tier').before}, the spec says {_of(changes, 'tier').after}",
            "Azure fixes the kind of a policy when it is made (backup-rules C.1)",
            "write a new policy with another name and give it to the VMs",
        )
    if entry.name.lower() in SERVICE_OWNED:
        return _service_owned(entry, f"differs from the spec in {', '.join(sorted(paths))}")
    destructive = class_of(change.effect for change in changes) >= StepClass.DESTRUCTIVE
    if destructive and is_immutable(live.vault(entry.vault), entry.in_immutable_vault):
        return _finding(
            entry,
            "P133",
            "the spec keeps points for less time, and the vault is immutable, or is to be",
            "an immutable vault refuses every cut of retention (backup-rules B.4)",
            "keep the retention there is, or use a new policy for VMs protected from now on",
        )
    return None


def _of(changes: tuple[Change, ...], path: str) -> Change:
    return next(change for change in changes if change.path == path)


def _service_owned(entry: DesiredPolicy, what: str) -> Finding:
    return _finding(
        entry,
        "P132",
        f"{entry.name} {what}",
        "Azure makes this policy with the vault and owns it; azbackup does not write it",
        "write a policy of your own with another name",
    )


def _other_workload(entry: DesiredPolicy, properties: Wire) -> Finding:
    return _finding(
        entry,
        "P134",
        f"a policy of this name backs up {dig_text(properties, 'backupManagementType') or 'something else'}, not VMs",
        "a policy serves one kind of workload (BMSUserErrorInvalidPolicyForGivenProvider)",
        "give the policy of the spec another name",
    )


def _clock_notes(entry: DesiredPolicy, now: datetime) -> tuple[Finding, ...]:
    """Following the wall clock over midnight moves the day that Azure counts by (see zones.utc_time)."""
    monthly = entry.retention.monthly or entry.retention.yearly
    if entry.schedule.daylight_saving != "follow" or monthly is None:
        return ()
    rules = zones.zone_info(entry.schedule.time_zone)
    if rules is None:
        return ()
    local = entry.schedule.at
    utc, shift = zones.utc_time(local, rules, now)
    if not shift:
        return ()
    return (
        _finding(
            entry,
            "P135",
            f"{local} in {entry.schedule.time_zone} is {utc} UTC on another day",
            "with daylightSaving: follow Azure counts days in UTC, so the monthly and yearly points fall on the day beside",
            "choose a time that lies on the same day in UTC, or write daylightSaving: fixed",
            "info",  # it is so for good: a warning would be drift for ever
        ),
    )


def _finding(
    entry: DesiredPolicy, code: str, what: str, why: str, remedy: str, severity: Severity = "blocking"
) -> Finding:
    return Finding(code, severity, policy_address(entry.vault, entry.name), what, why, remedy, str(entry.place))
