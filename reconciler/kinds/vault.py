"""Recovery Services vaults: existence, tags, network access, cross subscription restore.

A new vault gets its redundancy and soft delete in the body that creates it: redundancy is frozen after the first protected
item, and a vault made in two requests can be left half made (wire-facts 2.1, 2.4).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from reconciler.core.canonical import digest
from reconciler.core.compare import Difference, differences
from reconciler.core.desired import DesiredVault, Spec
from reconciler.core.kind import Assessment
from reconciler.core.live import Live, Wire
from reconciler.core.plan import Change, Finding, Step, Write
from reconciler.core.wire import dig_object, dig_text
from reconciler.kinds.addresses import vault_address, vault_lane
from reconciler.kinds.replication import redundancy_body, wanted_replication
from reconciler.kinds.vault_security import soft_delete_body

_SETTLED = {"", "succeeded", "failed", "canceled"}


class VaultKind:
    name = "vault"

    def entries(self, spec: Spec) -> Iterable[DesiredVault]:
        return spec.vaults

    def address(self, entry: DesiredVault) -> str:
        return vault_address(entry.ref)

    def assess(self, entry: DesiredVault, live: Live) -> Assessment:
        wire = live.vault(entry.ref)
        if wire is None:
            if live.group_missing(entry.ref):
                return Assessment(findings=(_no_group(entry),))
            return Assessment((_create(entry),))
        if normal_location(dig_text(wire, "location")) != normal_location(entry.location):
            return Assessment(findings=(_other_location(entry, wire),))
        state = dig_text(wire, "properties", "provisioningState")
        busy = "" if state.lower() in _SETTLED else f"the vault is {state}"
        wanted = wanted_fields(entry)
        now = live_fields(wire, wanted)
        found = differences(now, wanted)
        findings = tuple(_for_good(entry) for each in found if each.before == "PermanentlyDisabled")
        if found := tuple(each for each in found if each.before != "PermanentlyDisabled"):
            return Assessment((_update(entry, wire, wanted, now, found),), findings, busy=busy)
        return Assessment(findings=findings, busy=busy)


def normal_location(location: str) -> str:
    """`West Europe` and `westeurope` are one region."""
    return location.replace(" ", "").lower()


def wanted_fields(entry: DesiredVault) -> dict[str, object]:
    """The fields that the spec speaks of, in its words."""
    fields: dict[str, object] = {}
    if entry.tags:
        fields["tags"] = dict(entry.tags)
    if entry.public_network_access is not None:
        fields["publicNetworkAccess"] = entry.public_network_access
    if entry.cross_subscription_restore is not None:
        fields["crossSubscriptionRestore"] = entry.cross_subscription_restore
    return fields


def live_fields(wire: Wire, wanted: Mapping[str, object]) -> dict[str, object]:
    """The same fields as Azure reports them. Tag names compare without case; tags that the spec doesn't name are others'."""
    fields: dict[str, object] = {}
    properties = dig_object(wire, "properties")
    if "tags" in wanted:
        by_lower = {key.lower(): value for key, value in dig_object(wire, "tags").items()}
        named = dig_object(wanted, "tags")
        fields["tags"] = {key: by_lower[key.lower()] for key in named if key.lower() in by_lower}
    if "publicNetworkAccess" in wanted:
        fields["publicNetworkAccess"] = (
            dig_text(properties, "publicNetworkAccess")
            or dig_text(properties, "networkSettings", "publicNetworkAccess")  # how 2021 vaults say it (wire-facts 2.1)
            or "Enabled"
        )
    if "crossSubscriptionRestore" in wanted:
        fields["crossSubscriptionRestore"] = (
            dig_text(properties, "restoreSettings", "crossSubscriptionRestoreSettings", "crossSubscriptionRestoreState")
            or "Enabled"
        )
    return fields


def _create(entry: DesiredVault) -> Step:
    wanted = {"location": entry.location, **wanted_fields(entry), **wanted_replication(entry)}
    properties: dict[str, object] = _settings(wanted)
    if redundancy := redundancy_body(entry):
        properties["redundancySettings"] = redundancy
    if soft_delete := soft_delete_body(entry):
        properties["securitySettings"] = {"softDeleteSettings": soft_delete}
        # AlwaysON is no choice of the spec's: the service makes every new vault so (wire-facts 2.1).
        days = soft_delete["softDeleteRetentionPeriodInDays"]
        wanted["softDelete"] = {"state": soft_delete["softDeleteState"], "days": days}
    body: dict[str, object] = {"location": entry.location, "sku": {"name": "Standard"}, "properties": properties}
    if entry.tags:
        body["tags"] = dict(entry.tags)
    changes = tuple(Change(found.path, None, found.after, _create_effect(found)) for found in differences({}, wanted))
    return Step(
        address=vault_address(entry.ref),
        kind=VaultKind.name,
        action="create",
        changes=changes,
        why=f"there is no vault {entry.ref.name} in {entry.ref.resource_group}",
        write=Write("vault.create", entry.ref, body),
        expects=digest(None),
        lane=vault_lane(entry.ref),
    )


def _create_effect(found: Difference) -> str:
    if found.path == "crossRegionRestore" and found.after is True:
        return "VLT-10"
    if found.path == "crossSubscriptionRestore" and found.after == "PermanentlyDisabled":
        return "VLT-13"
    return "VLT-01"


def _update(
    entry: DesiredVault,
    wire: Wire,
    wanted: Mapping[str, object],
    now: Mapping[str, object],
    found: tuple[Difference, ...],
) -> Step:
    changed = {difference.path.split(".", 1)[0] for difference in found}
    body: dict[str, object] = {}
    if properties := _settings({key: value for key, value in wanted.items() if key in changed}):
        body["properties"] = properties
    if "tags" in changed:
        wanted_tags = dig_object(wanted, "tags")
        lowered = {key.lower() for key in wanted_tags}
        others = {key: value for key, value in dig_object(wire, "tags").items() if key.lower() not in lowered}
        body["tags"] = {**others, **wanted_tags}  # a PATCH replaces all tags of the resource
    return Step(
        address=vault_address(entry.ref),
        kind=VaultKind.name,
        action="update",
        changes=tuple(Change(each.path, each.before, each.after, _update_effect(each)) for each in found),
        why="settings of the vault differ from the spec",
        write=Write("vault.update", entry.ref, body),
        expects=digest(now),
        lane=vault_lane(entry.ref),
    )


def _settings(wanted: Mapping[str, object]) -> dict[str, object]:
    properties: dict[str, object] = {}
    if "publicNetworkAccess" in wanted:
        properties["publicNetworkAccess"] = wanted["publicNetworkAccess"]
    if "crossSubscriptionRestore" in wanted:
        state = {"crossSubscriptionRestoreState": wanted["crossSubscriptionRestore"]}
        properties["restoreSettings"] = {"crossSubscriptionRestoreSettings": state}
    return properties


def _update_effect(found: Difference) -> str:
    if found.path.startswith("tags"):
        return "VLT-02"
    if found.path == "publicNetworkAccess":
        return "VLT-06" if found.after == "Disabled" else "VLT-07"
    if found.path == "crossSubscriptionRestore":
        return {"PermanentlyDisabled": "VLT-13", "Disabled": "VLT-12"}.get(str(found.after), "VLT-12R")
    return "UNKNOWN"


def _no_group(entry: DesiredVault) -> Finding:
    return Finding(
        code="P101",
        severity="blocking",
        address=vault_address(entry.ref),
        where=str(entry.place),
        what=f"resource group {entry.ref.resource_group} does not exist",
        why="a vault is made in a resource group, and azbackup makes no resource groups",
        remedy=f"az group create --name {entry.ref.resource_group} --location {entry.location}",
    )


def _for_good(entry: DesiredVault) -> Finding:
    return Finding(
        code="P103",
        severity="blocking",
        address=vault_address(entry.ref),
        where=str(entry.place),
        what=f"crossSubscriptionRestore is PermanentlyDisabled; the spec says {entry.cross_subscription_restore}",
        why="what was disabled permanently can never be allowed again (change taxonomy VLT-13)",
        remedy="write crossSubscriptionRestore: permanentlyDisabled, or leave the key out",
        alone=True,
    )


def _other_location(entry: DesiredVault, wire: Wire) -> Finding:
    return Finding(
        code="P102",
        severity="blocking",
        address=vault_address(entry.ref),
        where=str(entry.place),
        what=f"the vault is in {dig_text(wire, 'location')}, the spec says {entry.location}",
        why="a vault can't change its region, and azbackup never replaces a vault: its recovery points would be lost",
        remedy=f"write location: {normal_location(dig_text(wire, 'location'))}, or give the new vault another name",
    )
