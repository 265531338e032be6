"""Storage redundancy and cross region restore of a vault.

Two APIs can own the setting (wire-facts 2.4): the vault itself where its body shows `redundancySettings`, else the child
resource `backupstorageconfig`. Both are frozen once an item is protected.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from reconciler.core.canonical import digest
from reconciler.core.compare import Difference, differences
from reconciler.core.desired import DesiredVault, Spec
from reconciler.core.kind import Assessment
from reconciler.core.live import Live, Wire
from reconciler.core.plan import Change, Finding, Step, Write
from reconciler.core.wire import dig, dig_object, dig_text
from reconciler.kinds.addresses import replication_address, vault_address, vault_lane


class ReplicationKind:
    name = "replication"

    def entries(self, spec: Spec) -> Iterable[DesiredVault]:
        return (vault for vault in spec.vaults if wanted_replication(vault))

    def address(self, entry: DesiredVault) -> str:
        return replication_address(entry.ref)

    def assess(self, entry: DesiredVault, live: Live) -> Assessment:
        wire = live.vault(entry.ref)
        if wire is None:
            return Assessment()  # the body that creates the vault says it
        config = live.storage_config(entry.ref)
        wanted = wanted_replication(entry)
        now = live_replication(wire, config)
        if wanted.get("redundancy", "GeoRedundant") != "GeoRedundant":
            wanted["crossRegionRestore"] = False  # it goes with GRS, and only with it
        found = differences({key: now[key] for key in wanted}, wanted)
        if not found:
            return Assessment()
        final = {**now, **wanted}
        if final["crossRegionRestore"] and final["redundancy"] != "GeoRedundant":
            return Assessment(findings=(_needs_geo(entry, str(final["redundancy"])),))
        if refusal := _frozen(entry, config, found):
            return Assessment(findings=(refusal,))
        return Assessment((_step(entry, wire, config, now, final, found),))


def wanted_replication(entry: DesiredVault) -> dict[str, object]:
    """What the spec says of it, in Azure's words."""
    fields: dict[str, object] = {}
    if entry.redundancy is not None:
        fields["redundancy"] = entry.redundancy
    if entry.cross_region_restore is not None:
        fields["crossRegionRestore"] = entry.cross_region_restore
    return fields


def redundancy_body(entry: DesiredVault) -> dict[str, object]:
    """`redundancySettings` for the body that creates a vault; empty when the spec leaves it to the service."""
    redundancy = entry.redundancy or ("GeoRedundant" if entry.cross_region_restore else None)
    if redundancy is None:
        return {}
    on = "Enabled" if entry.cross_region_restore else "Disabled"
    return {"standardTierStorageRedundancy": redundancy, "crossRegionRestore": on}


def live_replication(vault: Wire, config: Wire | None) -> dict[str, object]:
    """What Azure reports: the vault's own settings first; for what they leave empty, the child resource."""
    settings = dig_object(vault, "properties", "redundancySettings")
    redundancy = dig_text(settings, "standardTierStorageRedundancy") or dig_text(
        config, "properties", "storageModelType"
    )
    restore = dig_text(settings, "crossRegionRestore")
    unsaid = restore in ("", "Invalid")
    across = dig(config, "properties", "crossRegionRestoreFlag") is True if unsaid else restore == "Enabled"
    return {"redundancy": redundancy or "GeoRedundant", "crossRegionRestore": across}


def owned_by_vault(vault: Wire) -> bool:
    return bool(dig_object(vault, "properties", "redundancySettings"))


def _step(
    entry: DesiredVault,
    wire: Wire,
    config: Wire | None,
    now: Mapping[str, object],
    final: Mapping[str, object],
    found: tuple[Difference, ...],
) -> Step:
    if owned_by_vault(wire):
        on = "Enabled" if final["crossRegionRestore"] else "Disabled"
        settings = {"standardTierStorageRedundancy": final["redundancy"], "crossRegionRestore": on}
        write = Write("vault.update", entry.ref, {"properties": {"redundancySettings": settings}})
    else:
        sent = {"storageModelType": final["redundancy"], "crossRegionRestoreFlag": final["crossRegionRestore"]}
        write = Write("storage_config.update", entry.ref, {"properties": sent})
    return Step(
        address=replication_address(entry.ref),
        kind=ReplicationKind.name,
        action="update",
        changes=tuple(Change(each.path, each.before, each.after, _effect(each, config)) for each in found),
        why="the redundancy differs from the spec, and it is open only until the first VM is protected",
        write=write,
        expects=digest(now),
        needs=(vault_address(entry.ref),),
        lane=vault_lane(entry.ref),
    )


def _effect(found: Difference, config: Wire | None) -> str:
    if found.path == "redundancy":
        return "VLT-08" if dig_text(config, "properties", "storageTypeState") == "Unlocked" else "UNKNOWN"
    return "VLT-10" if found.after else "VLT-11"


def _frozen(entry: DesiredVault, config: Wire | None, found: tuple[Difference, ...]) -> Finding | None:
    if dig_text(config, "properties", "storageTypeState") != "Locked":
        return None
    refused = [each for each in found if each.path == "redundancy" or not each.after]
    if not refused:
        return None
    first = refused[0]
    return Finding(
        code="P111",
        severity="blocking",
        address=replication_address(entry.ref),
        where=str(entry.place),
        what=f"{first.path} is {_word(first.before)} and locked; the spec says {_word(first.after)}",
        why="Azure freezes the redundancy of a vault when the first item is protected, for good (StorageModelModifyError)",
        remedy=f"write what the vault has ({_word(first.before)}), or protect the VMs in a new vault",
        alone=True,
    )


def _needs_geo(entry: DesiredVault, redundancy: str) -> Finding:
    return Finding(
        code="P112",
        severity="blocking",
        address=replication_address(entry.ref),
        where=str(entry.place),
        what=f"cross region restore is wanted, and the vault is {redundancy}",
        why="cross region restore needs geo-redundant storage (backup-rules B.2)",
        remedy="write replication: GRS, or leave crossRegionRestore out",
    )


def _word(value: object) -> str:
    return {True: "on", False: "off"}.get(value, str(value)) if isinstance(value, bool) else str(value)
