"""`FakeSurvey`: a live Azure made of plain data, which answers what kinds and the planner ask."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from reconciler.core.errors import Problem, Unreadable
from reconciler.core.ids import VaultRef, VmRef
from reconciler.core.live import Machine
from tests.support.network import instance_view, vm_body
from tests.support.wire import Body

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
READS = (
    "group_missing", "vault", "storage_config", "vault_config", "policy", "item", "running_jobs", "backup_jobs",
    "recovery_points", "machine", "other_vault", "machines", "items", "policies", "virtual_machine", "instance_view",
    "resource", "resources", "locks", "prevalidation", "permissions", "policy_restrictions",
)  # fmt: skip
_ENDED = ("Completed", "CompletedWithWarnings", "Failed", "Cancelled")
_Item = tuple[str, str]  # key of the vault, key of the VM


@dataclass
class FakeSurvey:
    """Keys are those of `VaultRef` and `VmRef`; policy names and ids of resources are lower-cased.

    A VM runs, its agent is ready and its disks are managed, unless `views` and `vm_bodies` say otherwise. `unreadable` holds names of
    reads, see `READS`, scopes, or types of resources that can't be listed. The caller may do everything unless
    `permission_bodies` has entries, by lower-cased scope; `denials` has policy evaluations by lower-cased scope and type.
    """

    now: datetime = NOW
    vaults: dict[str, Body] = field(default_factory=dict)
    storage: dict[str, Body] = field(default_factory=dict)
    configs: dict[str, Body] = field(default_factory=dict)
    policy_bodies: dict[tuple[str, str], Body] = field(default_factory=dict)
    item_bodies: dict[_Item, Body] = field(default_factory=dict)
    jobs: dict[_Item, list[Body]] = field(default_factory=dict)
    points: dict[_Item, list[Body]] = field(default_factory=dict)
    vms: dict[str, Machine] = field(default_factory=dict)
    vm_bodies: dict[str, Body] = field(default_factory=dict)
    views: dict[str, Body] = field(default_factory=dict)
    resource_bodies: dict[str, Body] = field(default_factory=dict)
    lock_bodies: list[Body] = field(default_factory=list)
    prevalidations: dict[str, Body] = field(default_factory=dict)
    asked_azure: list[str] = field(default_factory=list)
    permission_bodies: dict[str, list[Body]] = field(default_factory=dict)
    denials: dict[tuple[str, str], list[Body]] = field(default_factory=dict)
    missing_scopes: set[str] = field(default_factory=set)
    asked_scopes: list[tuple[str, str]] = field(default_factory=list)
    asked_contents: list[Body] = field(default_factory=list)
    admin_rule_bodies: dict[str, list[Body]] = field(default_factory=dict)
    assignments: dict[str, list[Body]] = field(default_factory=dict)
    roles: list[Body] = field(default_factory=list)
    elsewhere: dict[str, str] = field(default_factory=dict)
    missing_groups: set[str] = field(default_factory=set)
    unreadable: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)

    def _read(self, name: str) -> None:
        self.asked.append(name)
        if name in self.unreadable:
            raise Unreadable(Problem("Z403", name, f"{name} is forbidden", "no permission", "ask for it"), status=403)

    def group_missing(self, vault: VaultRef) -> bool:
        self._read("group_missing")
        return vault.resource_group.lower() in self.missing_groups

    def vault(self, vault: VaultRef) -> Body | None:
        self._read("vault")
        return self.vaults.get(vault.key)

    def storage_config(self, vault: VaultRef) -> Body | None:
        self._read("storage_config")
        return self.storage.get(vault.key)

    def vault_config(self, vault: VaultRef) -> Body | None:
        self._read("vault_config")
        return self.configs.get(vault.key)

    def policy(self, vault: VaultRef, name: str) -> Body | None:
        self._read("policy")
        return self.policy_bodies.get((vault.key, name.lower()))

    def policies(self, vault: VaultRef) -> Iterable[Body]:
        self._read("policies")
        return [body for (key, _), body in self.policy_bodies.items() if key == vault.key]

    def item(self, vault: VaultRef, vm: VmRef) -> Body | None:
        self._read("item")
        return self.item_bodies.get((vault.key, vm.key))

    def items(self, vault: VaultRef) -> Iterable[Body]:
        self._read("items")
        return [body for (key, _), body in self.item_bodies.items() if key == vault.key]

    def running_jobs(self, vault: VaultRef, vm: VmRef) -> tuple[Body, ...]:
        self._read("running_jobs")
        return tuple(job for job in self._jobs(vault, vm) if job["properties"]["status"] not in _ENDED)

    def backup_jobs(self, vault: VaultRef, vm: VmRef) -> tuple[Body, ...]:
        self._read("backup_jobs")
        return tuple(job for job in self._jobs(vault, vm) if job["properties"]["operation"] == "Backup")

    def _jobs(self, vault: VaultRef, vm: VmRef) -> list[Body]:
        return self.jobs.get((vault.key, vm.key), [])

    def recovery_points(self, vault: VaultRef, vm: VmRef) -> tuple[Body, ...]:
        self._read("recovery_points")
        return tuple(self.points.get((vault.key, vm.key), []))

    def machine(self, vm: VmRef) -> Machine | None:
        self._read("machine")
        return self.vms.get(vm.key)

    def machines(self, subscription: str) -> Iterable[Machine]:
        self._read("machines")
        return [machine for machine in self.vms.values() if machine.ref.subscription == subscription]

    def virtual_machine(self, vm: VmRef) -> Body | None:
        self._read("virtual_machine")
        return self.vm_bodies.get(vm.key, vm_body(vm.id)) if vm.key in self.vms else None

    def instance_view(self, vm: VmRef) -> Body | None:
        self._read("instance_view")
        return self.views.get(vm.key, instance_view()) if vm.key in self.vms else None

    def resource(self, resource_id: str) -> Body | None:
        self._read("resource")
        return self.resource_bodies.get(resource_id.lower())

    def resources(self, subscription: str, resource_type: str) -> Iterable[Body]:
        self._read("resources")
        if resource_type in self.unreadable:
            self._read(resource_type)
        start, kind = f"/subscriptions/{subscription}/".lower(), f"/providers/{resource_type}/".lower()
        return [body for key, body in self.resource_bodies.items() if key.startswith(start) and kind in key]

    def prevalidation(self, vault: VaultRef, vm: VmRef) -> Body:
        self._read("prevalidation")
        self.asked_azure.append(vm.key)
        return self.prevalidations.get(vm.key, {"status": "Succeeded"})

    def role_assignments(self, resource_id: str) -> Iterable[Body]:
        self._read("role_assignments")
        return self.assignments.get(resource_id.lower(), [])

    def role_definitions(self, subscription: str) -> Iterable[Body]:
        self._read("role_definitions")
        return self.roles

    def governed_networks(self, subscriptions: Collection[str]) -> Collection[str]:
        self._read("governed_networks")
        return {key for key in self.admin_rule_bodies if key.split("/")[2] in subscriptions}

    def admin_rules(self, network_id: str) -> Iterable[Body]:
        self._read("admin_rules")
        return self.admin_rule_bodies[network_id.lower()]

    def locks(self, subscription: str) -> Iterable[Body]:
        self._read("locks")
        return [lock for lock in self.lock_bodies if str(lock["id"]).split("/")[2] == subscription]

    def permissions(self, scope: str) -> Iterable[Body]:
        self._read("permissions")
        self._read(scope.lower())
        self.asked_scopes.append(("permissions", scope.lower()))
        if not self.permission_bodies:
            return [{"actions": ["*"], "notActions": []}]
        return [
            body
            for key, bodies in self.permission_bodies.items()
            if f"{scope.lower()}/".startswith(f"{key}/")
            for body in bodies
        ]

    def policy_restrictions(self, scope: str, resource: Mapping[str, object]) -> Body | None:
        self._read("policy_restrictions")
        self.asked_scopes.append((str(resource["type"]), scope.lower()))
        self.asked_contents.append(dict(resource))
        if scope.lower() in self.missing_scopes:
            return None
        found = self.denials.get((scope.lower(), str(resource["type"]).lower()), [])
        return {"fieldRestrictions": [], "contentEvaluationResult": {"policyEvaluations": found}}

    def add_resource(self, body: Body) -> None:
        self.resource_bodies[str(body["id"]).lower()] = body

    def other_vault(self, vault: VaultRef, vm: VmRef) -> str:
        """Named in `elsewhere`, or where another vault of the fake has an active item of the VM."""
        self._read("other_vault")
        active = (
            str(body["id"]).split("/backupFabrics/")[0]
            for (vault_key, vm_key), body in self.item_bodies.items()
            if vm_key == vm.key and vault_key != vault.key and body["properties"]["policyId"]
        )
        return self.elsewhere.get(vm.key, "") or next(active, "")
