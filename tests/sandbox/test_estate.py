"""Estate files, generated estates, and what `show` says of them."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from reconciler.sandbox.estate import EstateError, load_estate, load_estate_text, reset
from reconciler.sandbox.generate import generate
from reconciler.sandbox.show import show
from reconciler.sandbox.world import World
from tests.sandbox.lab import HEADERS, Lab

SPECS = Path(__file__).parents[2] / "specs" / "sandbox"


def loaded(text: str) -> World:
    world = World.open()
    load_estate_text(world, text, "estate.yaml")
    return world


def first(world: World) -> dict[str, Any]:
    found: dict[str, Any] = show(world)["subscriptions"][0]
    return found


def test_the_quickstart_estate() -> None:
    estate = first(loaded((SPECS / "quickstart-estate.yaml").read_text(encoding="utf-8")))
    machines = estate["virtualMachines"]
    assert 6 <= len(machines) <= 10
    assert {vm["os"] for vm in machines} == {"Windows", "Linux"}
    assert {vm["running"] for vm in machines} == {True, False}
    assert {vm["location"] for vm in machines} == {"westeurope"}
    assert {vm["name"].split("/")[0] for vm in machines} == {"rg-app", "rg-data"}
    assert {group["name"] for group in estate["resourceGroups"]} == {"rg-app", "rg-data", "rg-backup"}
    assert sum(vm["tags"].get("backup") == "daily" for vm in machines) >= 3
    assert estate["vaults"] == []


def test_the_troubled_estate_has_one_of_each_trouble() -> None:
    estate = first(loaded((SPECS / "troubled-estate.yaml").read_text(encoding="utf-8")))
    vaults = {vault["name"]: vault for vault in estate["vaults"]}
    items = {item["vm"]: item for item in vaults["rsv-main"]["items"]}
    assert {name.split("/")[1]: (item["state"], item["orphan"]) for name, item in items.items()} == {
        "vm-healthy": ("Protected", False),
        "vm-stale": ("Protected", False),
        "vm-stopped": ("ProtectionStopped", False),
        "vm-soft-deleted": ("SoftDeleted", False),
        "vm-vanished": ("Protected", True),
    }
    assert items["rg-app/vm-stale"]["lastRecoveryPoint"] == "2026-11-17T09:00:00Z"
    assert [item["vm"] for item in vaults["rsv-other"]["items"]] == ["rg-app/vm-in-other-vault"]
    assert (vaults["rsv-main"]["redundancy"], vaults["rsv-main"]["redundancyLocked"]) == ("LocallyRedundant", True)
    assert {vm["name"]: vm["location"] for vm in estate["virtualMachines"]}["rg-app/vm-far-away"] == "northeurope"


FULL = """
now: 2026-05-01T12:00:00Z
subscription: 11111111-2222-4333-8444-555555555555
location: northeurope
behaviour: {vaultDeleteStatusVanishes: true}
resourceGroups:
  rg-app:
    location: uksouth
    tags: {a: 1}
    virtualMachines:
      vm1:
        os: windows
        size: Standard_E4s_v5
        power: deallocated
        agent: {version: 2.7.1, status: missing}
        disks: {os: {name: vm1-os, sizeGb: 64}, data: [{name: d0}, {lun: 5, sizeGb: 10}]}
        extensions: [{name: e1, publisher: P, type: T, status: failed}]
        tags: {no: on, port: 23:00}
      vm2:
vaults:
  rsv:
    resourceGroup: rg-new
    location: uksouth
    redundancy: ZRS
    softDelete: {state: alwaysOn, days: 30}
    immutability: unlocked
    publicNetworkAccess: disabled
    tags: {owner: me}
    policies:
      weekly: {every: week, on: [monday, friday], at: "22:30", weeklyWeeks: 8, monthlyMonths: 12, yearlyYears: 2}
      hourly: {tier: enhanced, every: hour, intervalHours: 6, windowHours: 12, timeZone: Romance Standard Time}
      wire:
        properties:
          schedulePolicy:
            schedulePolicyType: SimpleSchedulePolicy
            scheduleRunFrequency: Daily
            scheduleRunTimes: ["2026-01-01T01:00:00Z"]
          retentionPolicy:
            retentionPolicyType: LongTermRetentionPolicy
            dailySchedule: {retentionTimes: ["2026-01-01T01:00:00Z"], retentionDuration: {count: 9, durationType: Days}}
    items:
      - {vm: rg-app/vm1, policy: weekly, recoveryPoints: [26h, 2026-04-20T10:00:00Z], running: backup}
      - {vm: rg-app/vm2, policy: hourly, state: irPending, disks: {include: [0]}}
subscriptions:
  99999999-2222-4333-8444-555555555555:
    displayName: Other
    resourceGroups: {rg-x: {virtualMachines: {vm9: {}}}}
"""


def test_everything_that_an_estate_can_say() -> None:
    lab = Lab("11111111-2222-4333-8444-555555555555")
    lab.world = loaded(FULL)
    lab.vault = lab.vault.replace("/rg/", "/rg-new/")
    assert lab.world.now().isoformat() == "2026-05-01T12:00:00+00:00"
    assert lab.world.fact("vaultDeleteStatusVanishes") is True
    root = f"/subscriptions/{lab.subscription}/resourceGroups/rg-app/providers/Microsoft.Compute/virtualMachines"
    vm = lab.ok("GET", f"{root}/vm1?$expand=instanceView")
    assert (vm["location"], vm["tags"]) == ("uksouth", {"no": "on", "port": "23:00"})
    profile = vm["properties"]["storageProfile"]
    assert (profile["osDisk"]["name"], profile["osDisk"]["diskSizeGB"]) == ("vm1-os", 64)
    assert [(disk["lun"], disk["diskSizeGB"]) for disk in profile["dataDisks"]] == [(0, 128), (5, 10)]
    view = vm["properties"]["instanceView"]
    assert view["statuses"][1]["code"] == "PowerState/deallocated"
    assert vm["resources"][0]["properties"]["provisioningState"] == "Failed"
    vault = lab.ok("GET", lab.vault)
    assert (vault["location"], vault["tags"]) == ("uksouth", {"owner": "me"})
    security = vault["properties"]["securitySettings"]
    assert security["softDeleteSettings"]["softDeleteRetentionPeriodInDays"] == 30
    assert security["immutabilitySettings"] == {"state": "Unlocked"}
    assert vault["properties"]["publicNetworkAccess"] == "Disabled"
    items = {name: lab.read(f"{root}/{name}") for name in ("vm1", "vm2")}
    assert (items["vm1"]["protectionState"], items["vm1"]["lastRecoveryPoint"]) == ("Protected", "2026-04-30T10:00:00Z")
    assert (items["vm2"]["protectionState"], items["vm2"]["policyType"]) == ("IRPending", "V2")
    assert items["vm2"]["extendedProperties"]["diskExclusionProperties"] == {
        "diskLunList": [0],
        "isInclusionList": True,
    }
    assert [(job["operation"], job["status"]) for job in lab.jobs()] == [
        ("Backup", "InProgress"),
        ("Backup", "Completed"),
    ]
    lab.world.advance(3700)
    assert {job["status"] for job in lab.jobs() if job["entityFriendlyName"] == "vm1"} == {"Completed"}
    weekly = lab.ok("GET", f"{lab.vault}/backupPolicies/weekly")["properties"]
    assert weekly["schedulePolicy"]["scheduleRunDays"] == ["Monday", "Friday"]
    assert weekly["retentionPolicy"]["yearlySchedule"]["monthsOfYear"] == ["January"]
    assert lab.ok("GET", f"{lab.vault}/backupPolicies/wire")["properties"]["instantRpRetentionRangeInDays"] == 2
    assert lab.ok("GET", "/subscriptions")["value"][1]["displayName"] == "Other"


def test_what_an_estate_shows_is_what_the_service_would() -> None:
    """A vault and an item of an estate have the very shape of those made by requests."""
    lab = Lab(now=World.open().now())
    lab.make_vault()
    vm = lab.vm("vm1")
    lab.protect(vm)
    made = lab.ok("GET", lab.vault), lab.ok("GET", lab.item(vm))
    lab.world = loaded(
        "resourceGroups: {rg: {virtualMachines: {vm1: {}}}}\n"
        "vaults: {rsv: {resourceGroup: rg, items: [{vm: rg/vm1, policy: DefaultPolicy, state: irPending}]}}"
    )
    told = lab.ok("GET", lab.vault), lab.ok("GET", lab.item(vm))
    assert told[1] == made[1]
    assert told[0] | {"etag": ""} == made[0] | {"etag": ""}


def test_a_soft_deleted_item_of_an_estate_runs_out() -> None:
    text = (SPECS / "troubled-estate.yaml").read_text(encoding="utf-8")
    world = loaded(text)
    world.advance(11 * 86_400 - 1)
    assert "SoftDeleted" in {item["state"] for item in first(world)["vaults"][0]["items"]}
    world.advance(1)
    assert "SoftDeleted" not in {item["state"] for item in first(world)["vaults"][0]["items"]}


@pytest.mark.parametrize(
    ("text", "where", "says"),
    [
        ("resourceGroup: {}", "estate.yaml:1:1", "did you mean resourceGroups"),
        ("a: [", "estate.yaml:1:5", "SBX001"),
        ("now: 1\nnow: 2", "estate.yaml:2:1", "the key now twice"),
        ("now: &a x\nlocation: *a", "estate.yaml:1:1", "is no timestamp"),
        ("vaults: &a {}\nresourceGroups: *a", "estate.yaml:1:9", "an alias"),
        ("now: soon", "estate.yaml:1:1", "soon is no timestamp"),
        ("- a", "estate", "an estate is a mapping"),
        ("vaults: [a]", "estate.yaml:1:1", "vaults must be a mapping"),
        ("vaults:\n  rsv: {}", "estate.yaml:2:3", "resourceGroup must be a text"),
        ("vaults:\n  rsv: x", "estate.yaml:2:3", "rsv must be a mapping"),
        ("vaults:\n  rsv: {resourceGroup: rg, redundancy: RAID}", "estate.yaml:2:28", "redundancy cannot be RAID"),
        ("vaults:\n  rsv: {resourceGroup: rg, legacy: sure}", "estate.yaml:2:28", "legacy must be true or false"),
        ("vaults:\n  rsv: {resourceGroup: rg, items: {}}\n", "", ""),
        ("vaults:\n  rsv: {resourceGroup: rg, items: x}", "estate.yaml:2:28", "items must be a list"),
        ("vaults:\n  rsv: {resourceGroup: rg, items: [x]}", "estate.yaml:2:36", "entries that are mappings"),
        ("vaults:\n  rsv: {resourceGroup: rg, items: [{vm: vm1}]}", "estate.yaml:2:37", "vm1 names no VM"),
        ("vaults:\n  rsv: {resourceGroup: rg, items: [{vm: a/b, policy: p}]}", "estate.yaml:2:46", "has no policy p"),
        (
            "vaults:\n  rsv: {resourceGroup: rg, items: [{vm: a/b, lastRecoveryPoint: old}]}",
            "estate.yaml:2:46",
            "old is no time",
        ),
        (
            "vaults:\n  rsv: {resourceGroup: rg, policies: {p: {dailyDays: 3}}}",
            "estate.yaml:2:39",
            "Azure would refuse",
        ),
        ("vaults:\n  rsv: {resourceGroup: rg, policies: {p: {dailyDays: many}}}", "estate.yaml:2:43", "a whole number"),
    ],
)
def test_mistakes_are_told_with_their_place(text: str, where: str, says: str) -> None:
    world = World.open()
    before = show(world)
    if not where:
        load_estate_text(world, text, "estate.yaml")
        return
    with pytest.raises(EstateError) as raised:
        load_estate_text(world, text, "estate.yaml")
    assert raised.value.where == where
    assert says in str(raised.value)
    assert show(world) == before


def test_a_document_without_places_is_told_by_its_path() -> None:
    with pytest.raises(EstateError) as raised:
        load_estate(World.open(), {"vaults": {"rsv": {"resourceGroup": "rg", "items": [{"vm": 1}]}}})
    assert raised.value.where == "vaults.rsv.items[0].vm"


def test_reset_empties_the_world_and_keeps_its_time() -> None:
    world = loaded(FULL)
    world.advance(60)
    now = world.now()
    reset(world)
    assert world.now() == now
    assert [found["id"] for found in show(world)["subscriptions"]] == ["11111111-2222-4333-8444-555555555555"]
    assert first(world)["vaults"] == []


def test_a_generated_estate_has_the_size_that_was_asked_for() -> None:
    world = World.open()
    spec = yaml.safe_load(generate(world, vms=230, vaults=3, policies=2, protected=True))
    estate = first(world)
    assert len(estate["virtualMachines"]) == 230
    assert {group["name"] for group in estate["resourceGroups"]} == {
        "rg-backup",
        "rg-app-001",
        "rg-app-002",
        "rg-app-003",
    }
    assert [len(vault["items"]) for vault in estate["vaults"]] == [77, 77, 76]
    for vault in estate["vaults"]:
        wanted = spec["vaults"][vault["name"]]
        assert set(wanted["policies"]) <= {policy["name"] for policy in vault["policies"]}
        assert {(item["vm"], item["policy"]) for item in vault["items"]} == {
            (entry["vm"], entry["policy"]) for entry in wanted["protect"]
        }
        assert {item["state"] for item in vault["items"]} == {"Protected"}


def test_a_generated_estate_may_wait_for_its_vaults() -> None:
    world = World.open()
    spec = yaml.safe_load(generate(world, vms=20, vaults=1, policies=1, protected=False))
    assert len(spec["vaults"]["rsv-001"]["protect"]) == 20
    assert first(world)["vaults"] == []
    assert len(first(world)["virtualMachines"]) == 20
    other = World.open()
    assert generate(other, vms=20, vaults=1, policies=1, protected=False, seed=1) != yaml.safe_dump(spec)


def test_the_same_estate_is_generated_again_and_lives() -> None:
    texts = []
    for _ in range(2):
        lab = Lab()
        spec = generate(lab.world, vms=12, vaults=1, policies=2, protected=True)
        lab.vault = lab.vault.replace("/rg/", "/rg-backup/").replace("/rsv", "/rsv-001")
        lab.world.advance(86_400)
        assert sum(job["status"] == "Completed" for job in lab.jobs()) == 24
        texts.append(
            spec
            + str(show(lab.world))
            + str(lab.send("GET", f"{lab.vault}/backupProtectedItems", headers=HEADERS).body)
        )
    assert texts[0] == texts[1]
