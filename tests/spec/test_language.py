"""What a good spec comes to mean."""

import json
from collections.abc import Mapping
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.core import desired
from reconciler.core.ids import FirewallRef, NsgRef, VaultRef, VmRef
from reconciler.spec import load_documents
from reconciler.spec.digest import meaning
from tests.spec.corpus import POLICY, TODAY, TOP, VAULT, VMS

SUBSCRIPTION = "0b1f6471-1bf0-4dda-aec3-cb9272f09590"
OTHER = "11111111-1bf0-4dda-aec3-cb9272f09590"
RSV_A = VaultRef.of(SUBSCRIPTION, "rg-backup", "rsv-a")
FULL: dict[str, Any] = {
    "apiVersion": "azbackup/v1",
    "subscription": SUBSCRIPTION,
    "location": "westeurope",
    "resourceGroup": "rg-backup",
    "vaults": {
        "rsv-a": {
            "replication": "GRS",
            "tags": {"owner": "platform", "cost": "007"},
            "policies": {
                "p-daily": {"schedule": {"every": "day", "at": "23:00"}, "retain": {"daily": 30}},
                "p-other": {
                    "schedule": {"every": "week", "at": "22:30", "on": ["sunday", "monday"]},
                    "retain": {"weekly": {"weeks": 4, "on": ["monday", "sunday"]}},
                },
            },
            "protect": [
                {"vm": "rg-app/vm-a", "policy": "p-daily", "egress": "app", "agent": "update"},
                {"vm": "rg-app/vm-b", "policy": "p-other", "disks": {"exclude": [3, 1]}},
                {"select": {"names": ["a*", "b*"], "tags": {"x": "1", "y": "2"}}, "policy": "p-daily"},
                {"select": {"os": "linux"}, "policy": "p-other", "exclude": [{"names": ["z"]}, {"os": "linux"}]},
            ],
        },
        "rsv-b": {"location": "northeurope"},
    },
    "egress": {
        "hub": {"via": "firewall", "firewall": "rg-hub/afw", "sources": ["10.0.0.0/16", "10.1.0.0/16"]},
        "app": {"via": "nsg", "nsg": "rg-net/nsg-app"},
        "lock": {"via": "proxy", "proxy": {"address": "10.0.0.5", "port": 8080}, "configureGuests": True},
    },
    "consents": [
        {"address": "vault/rsv-a", "change": "x", "old": 1, "new": None, "reason": "why", "expires": "2026-12-01"},
        {"address": "vault/rsv-a", "change": "x", "old": True, "new": "1", "reason": "why", "expires": "2026-12-01"},
    ],
}


def load(*texts: str) -> desired.Spec:
    files = {f"{index}.yaml": text for index, text in enumerate(texts)}
    return load_documents(files, today=TODAY)[0]


def only_policy(text: str) -> desired.DesiredPolicy:
    (policy,) = load(POLICY + text).policies
    return policy


def test_what_is_left_out_is_not_managed() -> None:
    (vault,) = load(VAULT + "    tags: {owner: platform}\n").vaults
    assert (vault.ref, vault.location, vault.tags) == (RSV_A, "westeurope", {"owner": "platform"})
    settings = (vault.redundancy, vault.cross_region_restore, vault.soft_delete, vault.immutability)
    assert settings == (None, None, None, None)
    assert (vault.public_network_access, vault.cross_subscription_restore) == (None, None)


@pytest.mark.parametrize(
    ("written", "field", "wanted"),
    [
        ("replication: LRS", "redundancy", "LocallyRedundant"),
        ("replication: ZRS", "redundancy", "ZoneRedundant"),
        ("replication: GeoRedundant", "redundancy", "GeoRedundant"),
        ("crossRegionRestore: false", "cross_region_restore", False),
        ("crossRegionRestore: true", "cross_region_restore", True),
        ("softDelete: {state: alwaysOn}", "soft_delete", desired.SoftDelete("AlwaysON", None)),
        ("softDelete: {state: enabled, days: 30}", "soft_delete", desired.SoftDelete("Enabled", 30)),
        ("softDelete: {days: 30}", "soft_delete", desired.SoftDelete(None, 30)),
        ("immutability: unlocked", "immutability", "Unlocked"),
        ("publicNetworkAccess: disabled", "public_network_access", "Disabled"),
        ("publicNetworkAccess: enabled", "public_network_access", "Enabled"),
        ("crossSubscriptionRestore: permanentlyDisabled", "cross_subscription_restore", "PermanentlyDisabled"),
        ("tags: {}", "tags", {}),
    ],
)
def test_settings_of_a_vault_become_the_words_of_azure(written: str, field: str, wanted: object) -> None:
    (vault,) = load(VAULT + f"    {written}\n").vaults
    assert getattr(vault, field) == wanted


def test_a_vault_overrides_where_it_is() -> None:
    where = f"    location: northeurope\n    resourceGroup: rg-other\n    subscription: {OTHER}\n"
    (vault,) = load(VAULT + where).vaults
    assert vault.ref == VaultRef.of(OTHER, "rg-other", "rsv-a")
    assert vault.location == "northeurope"


def test_every_layer_of_retention() -> None:
    policy = only_policy(
        "        schedule: {every: day, at: 23:00, timeZone: Europe/Madrid, daylightSaving: follow}\n"
        "        retain:\n"
        "          daily: 30\n"
        "          weekly: {weeks: 12, on: [sunday, monday]}\n"
        "          monthly: {months: 12, on: [last sunday, first sunday]}\n"
        "          yearly: {years: 3, on: [last day, day 15, day 1], in: [july, january]}\n"
    )
    assert policy.schedule == desired.Schedule("Daily", "23:00", "Europe/Madrid", "follow")
    assert policy.retention == desired.Retention(
        daily_days=30,
        weekly=desired.WeeklyRetention(12, ("Monday", "Sunday")),
        monthly=desired.MonthlyRetention(12, desired.MonthWeeks(("First", "Last"), ("Sunday",))),
        yearly=desired.YearlyRetention(3, desired.MonthDays((1, 15), last=True), ("January", "July")),
    )
    assert policy.tier == "standard"
    assert (policy.crash_consistent_only, policy.archive, policy.snapshot_group) == (None, None, None)


@pytest.mark.parametrize(
    ("written", "days"),
    [
        ("        schedule: {every: day, at: 23:00}\n        retain: {daily: 30}\n", 2),
        (
            "        schedule: {every: week, at: 23:00, on: [sunday]}\n"
            "        retain: {weekly: {weeks: 4, on: [sunday]}}\n",
            5,
        ),
        ("        tier: enhanced\n        schedule: {every: day, at: 23:00}\n        retain: {daily: 30}\n", 7),
        ("        schedule: {every: day, at: 23:00}\n        retain: {daily: 30}\n        snapshots: {days: 4}\n", 4),
    ],
)
def test_snapshot_days_are_always_said(written: str, days: int) -> None:
    assert only_policy(written).snapshot_days == days


@pytest.mark.parametrize(
    ("written", "archive"),
    [
        ("never", desired.Archive("DoNotTier")),
        ("recommended", desired.Archive("TierRecommended")),
        ("{afterDays: 100}", desired.Archive("TierAfter", 100, "Days")),
        ("{afterWeeks: 14}", desired.Archive("TierAfter", 14, "Weeks")),
        ("{afterMonths: 6}", desired.Archive("TierAfter", 6, "Months")),
        ("{afterYears: 1}", desired.Archive("TierAfter", 1, "Years")),
    ],
)
def test_enhanced_policies(written: str, archive: desired.Archive) -> None:
    policy = only_policy(
        "        tier: enhanced\n"
        "        schedule: {every: hour, at: 08:00, intervalHours: 4, windowHours: 12}\n"
        "        retain: {daily: 30, monthly: {months: 12, on: day 1}}\n"
        "        consistency: crashConsistentOnly\n"
        "        snapshots: {resourceGroup: {prefix: rg-snap-}}\n"
        f"        archive: {written}\n"
    )
    assert policy.schedule == desired.Schedule("Hourly", "08:00", interval_hours=4, window_hours=12)
    assert policy.archive == archive
    assert policy.crash_consistent_only
    assert policy.snapshot_group == desired.SnapshotGroup("rg-snap-", "")


def test_consistency_may_be_said_to_be_the_default() -> None:
    written = "        schedule: {every: day, at: 23:00}\n        retain: {daily: 30}\n        consistency: default\n"
    assert only_policy(written).crash_consistent_only is False


def test_vms_by_name() -> None:
    spec = load(
        VMS + "      - {vm: rg-app/vm-web-01, policy: P-Daily, initialBackup: {retainDays: 30}, disks: osDiskOnly}\n"
        f"      - vm: /subscriptions/{SUBSCRIPTION}/resourceGroups/rg-b/providers/Microsoft.Compute/virtualMachines/vm-b\n"
        "        policy: p-daily\n"
        "        disks: {include: [2, 0]}\n"
        "      - {vm: rg-c/vm-c, state: stopped, policy: p-daily, disks: osDiskOnly, initialBackup: {retainDays: 7}}\n"
        "      - {vm: rg-d/vm-d, state: deleted}\n"
    )
    web, by_id, stopped, deleted = spec.protections
    assert (web.vault, web.vm) == (RSV_A, VmRef.of(SUBSCRIPTION, "rg-app", "vm-web-01"))
    assert (web.policy, web.initial_backup_days, web.disks) == ("p-daily", 30, desired.Disks(included=True, luns=()))
    assert (str(web.place), web.selected) == ("0.yaml:12:9", False)
    assert (by_id.vm.resource_group, by_id.disks) == ("rg-b", desired.Disks(included=True, luns=(0, 2)))
    assert (stopped.state, stopped.policy, stopped.disks, stopped.initial_backup_days) == ("stopped", "", None, None)
    assert (deleted.state, deleted.policy) == ("deleted", "")


def test_vms_by_selection() -> None:
    spec = load(
        VMS + "      - select: {resourceGroups: [rg-b, rg-a], names: ['*-web'], tags: {backup: daily}, os: windows}\n"
        "        exclude: [{os: linux}, {vms: [rg-a/vm-x]}, {names: [vm-t*]}]\n"
        "        policy: p-daily\n"
        "        initialBackup: {retainDays: 9}\n"
        "        disks: {exclude: [7]}\n"
        "      - {select: all, policy: p-daily}\n"
    )
    everything, some = sorted(spec.selections, key=lambda rule: rule.place.line, reverse=True)
    assert everything.criteria == desired.Criteria()
    assert (everything.exclude, everything.exclude_vms) == ((), ())
    assert some.criteria == desired.Criteria(("rg-a", "rg-b"), ("*-web",), {"backup": "daily"}, "Windows")
    assert set(map(str, some.exclude)) == {str(desired.Criteria(os="Linux")), str(desired.Criteria(names=("vm-t*",)))}
    assert some.exclude_vms == (VmRef.of(SUBSCRIPTION, "rg-a", "vm-x"),)
    assert (some.location, some.policy, some.initial_backup_days) == ("westeurope", "p-daily", 9)
    assert some.disks == desired.Disks(included=False, luns=(7,))


def test_ways_out_and_who_uses_them() -> None:
    spec = load(
        VMS + "      - {vm: rg-app/vm-a, policy: p-daily, egress: Lockdown, agent: update}\n"
        "      - {vm: rg-app/vm-b, policy: p-daily, egress: nothing}\n"
        "      - {vm: rg-app/vm-c, state: stopped, egress: app, agent: update}\n"
        "      - {select: all, policy: p-daily, egress: HUB, agent: update}\n"
        "egress:\n"
        f"  app: {{via: nsg, nsg: /subscriptions/{OTHER}/resourceGroups/rg-net/providers/Microsoft.Network"
        "/networkSecurityGroups/nsg-app, state: absent}\n"
        "  lockdown: {via: proxy, proxy: {address: 10.0.0.5, port: 8080, vm: rg-net/vm-proxy}, nsg: rg-net/nsg-l, "
        "configureGuests: true}\n",
        TOP + "egress:\n  nothing: {via: none}\n"
        "  hub: {via: firewall, firewall: rg-hub/afw, sources: [10.1.0.0/16, 10.0.0.0/16, 10.1.0.0/16]}\n",
    )
    app, hub, lockdown = spec.egresses
    assert app == desired.NsgEgress("app", NsgRef.of(OTHER, "rg-net", "nsg-app"), app.place, present=False)
    firewall = FirewallRef.of(SUBSCRIPTION, "rg-hub", "afw")
    assert hub == desired.FirewallEgress("hub", firewall, ("10.0.0.0/16", "10.1.0.0/16"), hub.place)
    vm, nsg = VmRef.of(SUBSCRIPTION, "rg-net", "vm-proxy"), NsgRef.of(SUBSCRIPTION, "rg-net", "nsg-l")
    proxy = desired.ProxyEgress(
        "lockdown", "10.0.0.5", 8080, lockdown.place, SUBSCRIPTION, vm, nsg, configure_guests=True
    )
    assert lockdown == proxy
    assert (app.nsg.name, str(app.place), str(hub.place)) == ("nsg-app", "0.yaml:17:3", "1.yaml:7:3")
    assert isinstance(lockdown, desired.ProxyEgress)
    assert lockdown.vm is not None
    assert lockdown.vm.id.endswith("/virtualMachines/vm-proxy")
    assert [(one.egress, one.agent) for one in spec.protections] == [
        ("lockdown", "update"),
        ("", "check"),
        ("", "check"),
    ]
    assert [(one.egress, one.agent) for one in spec.selections] == [("hub", "update")]


def test_a_proxy_lies_in_the_subscription_of_what_it_names() -> None:
    nsg = f"/subscriptions/{OTHER}/resourceGroups/rg-net/providers/Microsoft.Network/networkSecurityGroups/n"
    proxy = f"egress: {{p: {{via: proxy, proxy: {{address: 10.0.0.5, port: 80}}, nsg: {nsg}}}}}\n"
    (found,) = load("apiVersion: azbackup/v1\n" + proxy).egresses
    assert isinstance(found, desired.ProxyEgress)
    assert (found.subscription, found.configure_guests, found.present) == (OTHER, False, True)
    (found,) = load(TOP + proxy).egresses
    assert isinstance(found, desired.ProxyEgress)
    assert found.subscription == SUBSCRIPTION


def test_values_of_a_consent_are_plain_json() -> None:
    spec = load(
        TOP + "consents:\n"
        "  - address: policy/rsv-a/p-daily\n    change: retain\n    expires: 2026-12-01\n    reason: why\n"
        '    old: {count: 30, on: [true, "true", null, 007, a b], empty: {}}\n    new: ~\n'
    )
    (consent,) = spec.consents
    assert consent.old == {"count": 30, "on": [True, "true", None, "007", "a b"], "empty": {}}
    assert consent.new is None
    assert (consent.expires.isoformat(), str(consent.place)) == ("2026-12-01", "0.yaml:6:5")


def shuffled(value: Any, order: Random) -> Any:
    if isinstance(value, Mapping):
        keys = list(value)
        order.shuffle(keys)
        return {key: shuffled(value[key], order) for key in keys}
    if isinstance(value, list):
        items = [shuffled(item, order) for item in value]
        order.shuffle(items)
        return items
    return value


@settings(max_examples=20)
@given(st.randoms(use_true_random=False))
def test_order_has_no_meaning(order: Random) -> None:
    first, again = load(json.dumps(FULL)), load(json.dumps(shuffled(FULL, order), indent=1))
    assert again.digest == first.digest
    assert meaning(again) == meaning(first)


def test_the_same_from_one_file_or_two() -> None:
    head = {key: FULL[key] for key in ("apiVersion", "subscription", "location", "resourceGroup")}
    parts = [head | {"vaults": {name: vault}} for name, vault in FULL["vaults"].items()]
    parts += [head | {key: FULL[key]} for key in ("consents", "egress")]
    assert load(*map(json.dumps, reversed(parts))).digest == load(json.dumps(FULL)).digest


def test_comments_and_places_have_no_meaning_and_values_have() -> None:
    text = VMS + "      - {vm: rg-app/vm-a, policy: p-daily}\n"
    spec = load(text)
    assert load("# why\n\n" + text).digest == spec.digest
    assert load("# why\n\n" + text) != spec
    assert load(text.replace("rg-app/vm-a", "RG-APP/VM-A")).digest == spec.digest
    assert load(text.replace("daily: 30", "daily: 31")).digest != spec.digest
    assert load(text.replace("vm-a", "vm-b")).digest != spec.digest
    egress = "egress:\n  app: {via: nsg, nsg: rg-net/nsg-app}\n"
    assert load(text + egress).digest != spec.digest
    assert load(text + egress.replace("rg-net/nsg-app", "RG-NET/NSG-APP")).digest == load(text + egress).digest
    assert load(text + egress.replace("-app}", "-app, state: absent}")).digest != load(text + egress).digest


def test_results_are_sorted_without_case() -> None:
    spec = load(TOP + "vaults: {rsv-b: {}, RSV-A: {}}\n")
    assert [vault.ref.name for vault in spec.vaults] == ["RSV-A", "rsv-b"]
    two = "        schedule: {every: day, at: 23:00}\n        retain: {daily: 30}\n"
    policies = load(POLICY + two + "      A-daily:\n" + two + "      Z-daily:\n" + two).policies
    assert [policy.name for policy in policies] == ["A-daily", "p-daily", "Z-daily"]
