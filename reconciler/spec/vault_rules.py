"""Azure's rules for a vault, its protected VMs and the consents that need no live data (backup-rules B, I.12 to I.15)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import date, timedelta

from reconciler.spec.models import Allowance, Criteria, DiskChoice, Exclusion, Protection, Vault
from reconciler.spec.near import did_you_mean, listed, shown
from reconciler.spec.policy_rules import check_policy
from reconciler.spec.source import Source
from reconciler.spec.tree import Plain

MOST_VMS = 1000
MOST_POLICIES = 200
MOST_VMS_ON_A_POLICY = 100
MOST_CHANGES_A_DAY = 1000
LONGEST_CONSENT_DAYS = 14


def check_vault(source: Source, name_at: int, vault: Vault, today: date) -> None:
    """Complains about everything in one vault, its policies and its list of VMs."""
    _check_settings(source, vault)
    policies = vault.written("policies")
    names = tuple(policies) if isinstance(policies, dict) else ()
    for name, policy in (vault.policies or {}).items():
        check_policy(source, policies.key_at(name), policy, today)
    for entry in vault.protect or ():
        _check_protection(source, entry, names)
    _check_counts(source, name_at, vault, names)
    if vault.written("protect") == []:
        source.complain("I604", vault.value_at("protect"), "`protect` is empty")


def _check_settings(source: Source, vault: Vault) -> None:
    if vault.cross_region_restore and vault.replication not in (None, "GRS", "GeoRedundant"):
        what = f"cross region restore with {vault.replication}"
        source.complain("E803", vault.value_at("crossRegionRestore"), what)
    one_way = (
        ("immutability", vault.immutability == "locked", "`immutability: locked` is for ever"),
        ("crossRegionRestore", vault.cross_region_restore, "cross region restore can't be switched off once VMs are protected"),
        ("crossSubscriptionRestore", vault.cross_subscription_restore == "permanentlyDisabled", "`permanentlyDisabled` is for ever"),
    )  # fmt: skip
    for key, applies, what in one_way:
        if applies:
            source.complain("I804", vault.value_at(key), what)
    if vault.soft_delete and vault.soft_delete.state == "alwaysOn":
        source.complain("I804", vault.value_at("softDelete", "state"), "`alwaysOn` is for ever")


def _check_protection(source: Source, entry: Protection, policies: tuple[str, ...]) -> None:
    if entry.has("vm") == entry.has("select"):
        what = "both `vm` and `select`" if entry.has("vm") else "neither `vm` nor `select`"
        source.complain("E403", entry.start_at, f"the entry has {what}", "write one of them")
    if entry.has("exclude") and not entry.has("select"):
        source.complain("E403", entry.value_at("exclude"), "`exclude` goes with `select` only", "delete it")
    _check_state(source, entry)
    known = {name.lower() for name in policies}
    if entry.policy is not None and entry.policy.lower() not in known:
        defined = f"defined here: {listed(policies)}" if policies else "this vault defines no policies"
        what = f"policy {shown(entry.policy)} is not defined; {defined}"
        remedy = did_you_mean(entry.policy, policies)
        source.complain("E602", entry.value_at("policy"), what, remedy if remedy.startswith("did") else "")
    if isinstance(entry.disks, DiskChoice) and (entry.disks.include is None) == (entry.disks.exclude is None):
        source.complain("E403", entry.value_at("disks"), "exactly one of `include` and `exclude` is written")
    if isinstance(entry.select, Criteria) and not entry.written("select"):
        source.complain("E607", entry.value_at("select"), "a selector without criteria")
    for exclusion in exclusions(entry):
        criteria = exclusion.model_fields_set - {"vms"}
        if not exclusion.model_fields_set:
            source.complain("E607", exclusion.start_at, "an exclusion without criteria", "give criteria or vms")
        elif criteria and exclusion.vms is not None:
            what = "`vms` stands alone: criteria and names would have to match together"
            source.complain("E403", exclusion.start_at, what, "write a list of two exclusions")


def _check_state(source: Source, entry: Protection) -> None:
    if entry.state == "protected":
        if not entry.has("policy"):
            source.complain("E605", entry.start_at, "a protected VM without policy")
        return
    if entry.has("select"):
        source.complain("E606", entry.value_at("state"), f"`state: {entry.state}` for all VMs of a selector")
    for key in ("policy", "initialBackup", "disks", "egress", "agent"):
        if entry.has(key):
            source.complain("I609", entry.key_at(key), f"'{key}' has no effect with `state: {entry.state}`")
    if entry.state == "deleted":
        source.complain("I804", entry.value_at("state"), "`deleted` deletes all recovery points of the VM")


def exclusions(entry: Protection) -> tuple[Exclusion, ...]:
    """What `exclude` says, as a list."""
    if entry.exclude is None:
        return ()
    return (entry.exclude,) if isinstance(entry.exclude, Exclusion) else tuple(entry.exclude)


def _check_counts(source: Source, name_at: int, vault: Vault, policies: Iterable[str]) -> None:
    count = len(tuple(policies))
    if count > MOST_POLICIES:
        source.complain("E809", vault.value_at("policies"), f"{count} policies; a vault takes {MOST_POLICIES}")
    entries = [entry for entry in vault.protect or () if entry.vm is not None]
    protected = [entry for entry in entries if entry.state == "protected"]
    if len(protected) > MOST_VMS:
        source.complain("E809", name_at, f"{len(protected)} VMs; a vault takes {MOST_VMS}")
    elif len(entries) > MOST_CHANGES_A_DAY:
        source.complain("W820", name_at, f"up to {len(entries)} changes; a vault takes {MOST_CHANGES_A_DAY} a day")
    users = Counter((entry.policy or "").lower() for entry in protected)
    for name in vault.policies or {}:
        if users[name.lower()] > MOST_VMS_ON_A_POLICY:
            what = f"{users[name.lower()]} VMs share a policy; {MOST_VMS_ON_A_POLICY} are advised at most"
            source.complain("W810", vault.written("policies").key_at(name), what)


def check_consent(source: Source, consent: Allowance, today: date) -> None:
    """A consent that has ended, or that would outlive its review, is an error: it can't be used."""
    expires, at = consent.expires, consent.value_at("expires")
    if expires < today:
        source.complain("E901", at, f"the consent ended on {expires}", "delete it, or review it and write a new date")
    latest = today + timedelta(days=LONGEST_CONSENT_DAYS)
    if expires > latest:
        source.complain("E901", at, f"the consent lasts until {expires}", f"write {latest} or an earlier day")
    for key in ("old", "new"):
        at = consent.value_at(key)
        if consent.written(key) is None and not source.rest_of_line(at).startswith(("~", "n", "N")):
            source.complain("E308", at, "the value is missing", "write null for no value")
    reason, at = consent.written("reason"), consent.value_at("reason")
    rest = source.rest_of_line(at)[len(reason) :].lstrip() if isinstance(reason, Plain) else ""
    if rest.startswith("#"):
        source.complain("I401", at, f"{shown(rest)} is not part of the reason")
