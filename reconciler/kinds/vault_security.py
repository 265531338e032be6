"""Soft delete and immutability of a vault.

Soft delete is owned by the vault where its body shows `softDeleteSettings`, else by `backupconfig/vaultconfig` (wire-facts 2.4).
What the vault already has and is stronger than what the spec asks for counts as satisfied: the service itself
moves vaults to AlwaysON.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

from reconciler.core.canonical import digest
from reconciler.core.compare import Difference, differences
from reconciler.core.desired import DesiredVault, Spec
from reconciler.core.kind import Assessment
from reconciler.core.live import Live, Wire
from reconciler.core.plan import Change, Finding, Step, Write
from reconciler.core.wire import dig_int, dig_object, dig_text
from reconciler.kinds.addresses import security_address, vault_address, vault_lane

_STRENGTH = {"Disabled": 0, "Enabled": 1, "AlwaysON": 2}
_DEFAULT_DAYS = 14
_LADDER = ("Disabled", "Unlocked", "Locked")


class VaultSecurityKind:
    name = "vault_security"

    def entries(self, spec: Spec) -> Iterable[DesiredVault]:
        return (vault for vault in spec.vaults if vault.soft_delete is not None or vault.immutability is not None)

    def address(self, entry: DesiredVault) -> str:
        return security_address(entry.ref)

    def assess(self, entry: DesiredVault, live: Live) -> Assessment:
        wire = live.vault(entry.ref)
        soft_delete = () if wire is None else _soft_delete_steps(entry, wire, live)
        immutability, refusal = _immutability_steps(entry, immutability_of(wire))
        return Assessment((*soft_delete, *immutability), refusal)


def immutability_of(vault: Wire | None) -> str:
    """Disabled, Unlocked or Locked; an untouched vault has no setting at all (wire-facts 2.1)."""
    return dig_text(vault, "properties", "securitySettings", "immutabilitySettings", "state") or "Disabled"


def is_immutable(vault: Wire | None, becomes_immutable: bool) -> bool:
    """Whether a vault is immutable when the steps of its policies and VMs come: those of the vault itself come first."""
    return becomes_immutable or immutability_of(vault) != "Disabled"


def soft_delete_body(entry: DesiredVault) -> dict[str, object]:
    """`softDeleteSettings` for the body that creates a vault: current api-versions take only AlwaysON there, or nothing."""
    if entry.soft_delete is None:
        return {}
    if entry.soft_delete.state != "AlwaysON" and entry.soft_delete.days in (None, _DEFAULT_DAYS):
        return {}
    return _settings("AlwaysON", entry.soft_delete.days or _DEFAULT_DAYS)


def live_soft_delete(vault: Wire, config: Wire | None) -> dict[str, object]:
    """State and days as Azure reports them."""
    settings = dig_object(vault, "properties", "securitySettings", "softDeleteSettings")
    if settings:
        state, days = dig_text(settings, "softDeleteState"), dig_int(settings, "softDeleteRetentionPeriodInDays")
    else:
        properties = dig_object(config, "properties")
        state = dig_text(properties, "softDeleteFeatureState")
        days = dig_int(properties, "softDeleteRetentionPeriodInDays")
    known = {word.lower(): word for word in _STRENGTH}
    return {"state": known.get(state.lower(), state or "Enabled"), "days": days or _DEFAULT_DAYS}


def owned_by_vault(vault: Wire) -> bool:
    return bool(dig_object(vault, "properties", "securitySettings", "softDeleteSettings"))


def _soft_delete_steps(entry: DesiredVault, wire: Wire, live: Live) -> tuple[Step, ...]:
    wanted_soft_delete = entry.soft_delete
    if wanted_soft_delete is None:
        return ()
    config = None if owned_by_vault(wire) else live.vault_config(entry.ref)
    now = live_soft_delete(wire, config)
    wanted = dict(now)
    state = wanted_soft_delete.state
    if state is not None and _STRENGTH[state] > _STRENGTH.get(str(now["state"]), -1):
        wanted["state"] = state
    if wanted_soft_delete.days is not None:
        wanted["days"] = wanted_soft_delete.days
    found = differences({"softDelete": now}, {"softDelete": wanted})
    if not found:
        return ()
    state_word, days = str(wanted["state"]), wanted["days"]
    if owned_by_vault(wire):
        security = {"softDeleteSettings": _settings(state_word, days)}
        write = Write("vault.update", entry.ref, {"properties": {"securitySettings": security}})
    else:
        feature: dict[str, object] = {"enhancedSecurityState": state_word, "softDeleteFeatureState": state_word}
        if wanted_soft_delete.days is not None:
            feature["softDeleteRetentionPeriodInDays"] = days
        write = Write("vault_config.update", entry.ref, {"properties": feature})
    changes = tuple(Change(each.path, each.before, each.after, _soft_delete_effect(each)) for each in found)
    return (_step(entry, changes, write, digest(now), "soft delete differs from the spec"),)


def _settings(state: str, days: object) -> dict[str, object]:
    return {"softDeleteState": state, "enhancedSecurityState": state, "softDeleteRetentionPeriodInDays": days}


def _soft_delete_effect(found: Difference) -> str:
    if found.path.endswith(".state"):
        return "VLT-17" if found.after == "AlwaysON" else "VLT-14"
    shorter = isinstance(found.before, int) and isinstance(found.after, int) and found.after < found.before
    return "VLT-15" if shorter else "VLT-14"


def _immutability_steps(entry: DesiredVault, now: str) -> tuple[tuple[Step, ...], tuple[Finding, ...]]:
    wanted = entry.immutability
    if wanted is None or wanted == now:
        return (), ()
    if now not in _LADDER or now == "Locked":
        return (), (_locked(entry, now),)
    at, goal = _LADDER.index(now), _LADDER.index(wanted)
    way = _LADDER[at : goal + 1] if goal > at else (now, wanted)
    return tuple(_immutability_step(entry, before, after) for before, after in pairwise(way)), ()


def _immutability_step(entry: DesiredVault, before: str, after: str) -> Step:
    effect = {"Unlocked": "VLT-18", "Locked": "VLT-20"}.get(after, "VLT-19")
    body = {"properties": {"securitySettings": {"immutabilitySettings": {"state": after}}}}
    change = Change("immutability", before, after, effect)
    return _step(entry, (change,), Write("vault.update", entry.ref, body), digest(before), _WHY_IMMUTABILITY[after])


_WHY_IMMUTABILITY = {
    "Unlocked": "immutability is switched on, still reversible",
    "Locked": "immutability is locked for good; Azure takes this step only from Unlocked",
    "Disabled": "immutability is switched off",
}


def _step(entry: DesiredVault, changes: tuple[Change, ...], write: Write, expects: str, why: str) -> Step:
    return Step(
        address=security_address(entry.ref),
        kind=VaultSecurityKind.name,
        action="update",
        changes=changes,
        why=why,
        write=write,
        expects=expects,
        needs=(vault_address(entry.ref),),
        lane=vault_lane(entry.ref),
    )


def _locked(entry: DesiredVault, now: str) -> Finding:
    return Finding(
        code="P121",
        severity="blocking",
        address=security_address(entry.ref),
        where=str(entry.place),
        what=f"immutability is {now}; the spec says {entry.immutability}",
        why="a locked vault can never be unlocked, by anyone (backup-rules B.4)",
        remedy="write immutability: locked, or leave the key out",
        alone=True,
    )
