"""Estates of any size, with the spec that matches them."""

from datetime import datetime
from typing import Any

from reconciler.sandbox.estate_items import item_rows, last_run
from reconciler.sandbox.estate_policies import POLICY_KEYS, wire_policy
from reconciler.sandbox.marked import Section
from reconciler.sandbox.rows import groups, vault_state, vaults
from reconciler.sandbox.rows.backups import next_run
from reconciler.sandbox.rows.item_state import fresh
from reconciler.sandbox.rows.policy_state import policy_row
from reconciler.sandbox.rows.virtual_machines import vm_row
from reconciler.sandbox.world import Row, World

_REGION, _VAULT_GROUP, _GROUP_SIZE = "westeurope", "rg-backup", 100


def generate(world: World, vms: int, vaults: int, policies: int, protected: bool, seed: int = 0) -> str:
    """Fills the world with an estate of that size and gives the matching spec as YAML.

    `policies` is per vault, VMs are dealt out evenly. When `protected`, the vaults and items exist and a plan for the
    spec is empty; else there are only VMs. `seed` moves the run times, systems and power states about.
    """
    with world.transaction():
        world.begin(world.now(), world.fact("subscription"))
        subscription = world.fact("subscription")
        groups.create(world, subscription, _VAULT_GROUP, _REGION)
        machines = _machines(world, subscription, vms, seed)
        spec = [
            "apiVersion: azbackup/v1",
            f"subscription: {subscription}",
            f"location: {_REGION}",
            f"resourceGroup: {_VAULT_GROUP}",
            "vaults:" if vaults else "vaults: {}",
        ]
        for number in range(vaults):
            share = machines[number::vaults]
            spec += _vault(world, subscription, f"rsv-{number + 1:03d}", share, policies, protected, seed)
    return "\n".join([*spec, ""])


def _machines(world: World, subscription: str, count: int, seed: int) -> list[Row]:
    rows = []
    for number in range(count):
        group = f"rg-app-{number // _GROUP_SIZE + 1:03d}"
        if number % _GROUP_SIZE == 0:
            groups.create(world, subscription, group, _REGION)
        described = {
            "name": f"vm-{number + 1:05d}",
            "location": _REGION,
            "os": "Windows" if (number + seed) % 3 == 0 else "Linux",
            "power": "deallocated" if (number + seed) % 10 == 9 else "running",
            "tags": {"backup": "daily"},
        }
        rows.append(vm_row(subscription, group, described, world.now()))
    world.put_all(rows)
    return rows


def _vault(
    world: World, subscription: str, name: str, machines: list[Row], policies: int, protected: bool, seed: int
) -> list[str]:
    """Makes the vault when it is to exist, and gives its part of the spec."""
    spec = [f"  {name}:", "    replication: GRS", "    policies:" if policies else "    policies: {}"]
    names = [f"daily-{number + 1:02d}" for number in range(policies)]
    times = [f"{(number * 2 + seed) % 24:02d}:{'30' if number % 2 else '00'}" for number in range(policies)]
    for policy, time in zip(names, times, strict=True):
        retain = f'{{schedule: {{every: day, at: "{time}"}}, retain: {{daily: 30}}, snapshots: {{days: 2}}}}'
        spec.append(f"      {policy}: {retain}")
    vault, stored = _make(world, subscription, name, dict(zip(names, times, strict=True))) if protected else (None, [])
    spec.append("    protect:" if machines and names else "    protect: []")
    items: list[Row] = []
    last = [last_run(policy, world.now()) for policy in stored]
    for number, machine in enumerate(machines if names else []):
        policy = names[number % policies]
        group = machine.body["id"].split("/")[4]
        spec.append(f"      - {{vm: {group}/{machine.body['name']}, policy: {policy}}}")
        if vault is not None:
            items += _item(world, vault, machine, stored[number % policies], last[number % policies])
    if vault is not None and items:
        vault.meta |= {"locked": True, "storageVersion": "V1"}
        world.put(vault)
    world.put_all(items)
    return spec


def _make(world: World, subscription: str, name: str, policies: dict[str, str]) -> tuple[Row, list[Row]]:
    meta = vault_state.fresh(_REGION, "2026-10-01") | {"storageVersion": "Unassigned"}
    vault = vaults.create(world, subscription, _VAULT_GROUP, name, meta)
    stored = []
    for policy, time in policies.items():
        properties = wire_policy(Section({"at": time}, POLICY_KEYS))
        stored.append(world.put(policy_row(vault.body["id"], policy, properties)))
        next_run(world, stored[-1])
    return vault, stored


def _item(world: World, vault: Row, machine: Row, policy: Row, point: datetime) -> list[Row]:
    meta: dict[str, Any] = fresh(vault, machine.body["id"], machine.body["name"])
    meta |= {"policyId": policy.body["id"], "policyName": policy.body["name"]}
    return item_rows(world, vault, meta, "protected", [point], machine.meta["facts"])
