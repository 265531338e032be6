"""Live Azure read in bulk: per vault a handful of requests and one for each page of items, whatever the number of VMs."""

from __future__ import annotations

import gc
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager
from datetime import datetime

from reconciler.cloud.direct import Direct, machine_of
from reconciler.cloud.governance import Governance
from reconciler.cloud.graph import Graph
from reconciler.cloud.lookups import (
    RUNNING_JOBS,
    VM_ITEMS,
    VM_POLICIES,
    Items,
    backup_jobs_filter,
    indexed,
    is_active,
    jobs_of,
)
from reconciler.cloud.memo import Memo
from reconciler.cloud.paths import vault_path, vaults_path, vms_path
from reconciler.cloud.reading import Body, Reader
from reconciler.cloud.resources import Resources
from reconciler.cloud.run_commands import RunCommands
from reconciler.core.desired import FirewallEgress, Spec
from reconciler.core.errors import Unreadable
from reconciler.core.ids import FIREWALL_TYPE, NSG_TYPE, VM_TYPE, VaultRef, VmRef, parse_vault, parse_vm
from reconciler.core.live import Machine, Wire
from reconciler.core.wire import dig, dig_object, dig_text

STATUS_ONLY = "&statusOnly=true"


class Snapshot:
    """A `core.live.Survey`. What no step asks for is not read: recovery points, backup jobs, other vaults."""

    def __init__(self, reader: Reader, direct: Direct, spec: Spec, now: datetime, exact: Collection[str] = ()) -> None:
        self._reader, self._direct, self._spec, self._now = reader, direct, spec, now
        self._memo = Memo()
        graph = Graph(reader)
        self._governance = Governance(reader, graph, self._memo)
        self._resources = Resources(
            reader, direct, self._memo, RunCommands(graph, direct, self._memo, self._vms, exact)
        )

    def prefetch(self, workers: Executor | None) -> None:
        """Reads what every plan asks for, each independent list for itself. A failure is kept until its answer is asked for."""
        spec = self._spec
        vaults = {vault.ref: vault.ref for vault in spec.vaults}
        for refs in (spec.policies, spec.protections, spec.selections):
            vaults.update((entry.vault, entry.vault) for entry in refs)
        subscriptions = {entry.vm.subscription.lower() for entry in spec.protections}
        subscriptions.update(selection.vault.subscription.lower() for selection in spec.selections)
        with _no_garbage_collection():
            first: list[Callable[[], object]] = [_task(self.vault, ref) for ref in vaults.values()]
            first += [_task(self.machines, subscription) for subscription in sorted(subscriptions)]
            first += [_task(self.resources, *listed) for listed in sorted(_lists_of_egresses(spec))]
            _run(first, workers)
            _run([task for ref in vaults.values() for task in self._children(ref)], workers)

    def _children(self, vault: VaultRef) -> Iterator[Callable[[], object]]:
        try:
            body = self.vault(vault)
        except Unreadable:
            return
        if body is None:
            return
        reads = [self.items, self.policies, self._running, self.storage_config]
        if dig(body, "properties", "securitySettings", "softDeleteSettings") is None:
            reads.append(self.vault_config)  # an old vault: the child resource owns soft delete (wire-facts 2.4)
        for read in reads:
            yield _task(read, vault)

    @property
    def now(self) -> datetime:
        return self._now

    def group_missing(self, vault: VaultRef) -> bool:
        return self._vault(vault)[1]

    def vault(self, vault: VaultRef) -> Body | None:
        return self._vault(vault)[0]

    def storage_config(self, vault: VaultRef) -> Body | None:
        return self._memo.ask(
            ("storage", vault.key), lambda: self._direct.storage_config(vault) if self.vault(vault) else None
        )

    def vault_config(self, vault: VaultRef) -> Body | None:
        return self._memo.ask(
            ("config", vault.key), lambda: self._direct.vault_config(vault) if self.vault(vault) else None
        )

    def policy(self, vault: VaultRef, name: str) -> Body | None:
        by_name, consistent = self._policies(vault)
        found = by_name.get(name.lower())
        if found is None and not consistent:
            return self._memo.ask(("policy", vault.key, name.lower()), lambda: self._direct.policy(vault, name))
        return found

    def item(self, vault: VaultRef, vm: VmRef) -> Body | None:
        """From the list. One that shows signs of lagging or skipping proves nothing, so then the item itself is asked for.

        The executor looks at the item itself anyway, before it sends anything (reliability.md F-19).
        """
        items = self._items(vault)
        if not items.consistent:
            return self._memo.ask(("item", vault.key, vm.key), lambda: self._direct.item(vault, vm))
        return items.by_vm.get(vm.key)

    def running_jobs(self, vault: VaultRef, vm: VmRef) -> tuple[Body, ...]:
        return jobs_of(self._running(vault), vm)

    def backup_jobs(self, vault: VaultRef, vm: VmRef) -> tuple[Body, ...]:
        return jobs_of(self._jobs(vault, backup_jobs_filter(self._now)), vm)

    def recovery_points(self, vault: VaultRef, vm: VmRef) -> tuple[Body, ...]:
        return self._memo.ask(("points", vault.key, vm.key), lambda: self._direct.recovery_points(vault, vm))

    def machine(self, vm: VmRef) -> Machine | None:
        return self._machines(vm.subscription).get(vm.key) or machine_of(self.virtual_machine(vm))

    def virtual_machine(self, vm: VmRef) -> Body | None:
        """A VM that the list lacks is asked for directly: the identity may only see a part of the subscription."""
        found = self._virtual_machines(vm.subscription).get(vm.key)
        return found or self._memo.ask(("machine", vm.key), lambda: self._direct.virtual_machine(vm))

    def instance_view(self, vm: VmRef) -> Body | None:
        """From one list for all VMs. A view without a word of the agent proves nothing about it, so then the VM is asked."""
        found = self._instance_views(vm.subscription).get(vm.key)
        if found is None or "vmAgent" not in found:
            return self._memo.ask(("view", vm.key), lambda: self._direct.instance_view(vm))
        return found

    def resource(self, resource_id: str) -> Body | None:
        return self._resources.one(resource_id)

    def resources(self, subscription: str, resource_type: str) -> Sequence[Body]:
        if resource_type == VM_TYPE:
            return tuple(self._virtual_machines(subscription).values())
        return self._resources.listed(subscription, resource_type)

    def locks(self, subscription: str) -> Sequence[Body]:
        return self._resources.locks(subscription)

    def role_assignments(self, resource_id: str) -> Sequence[Body]:
        return self._resources.role_assignments(resource_id)

    def role_definitions(self, subscription: str) -> Sequence[Body]:
        return self._resources.role_definitions(subscription)

    def prevalidation(self, vault: VaultRef, vm: VmRef) -> Body:
        return self._memo.ask(
            ("prevalidation", vault, vm.key), lambda: self._direct.prevalidation(vault, vm, self._location(vault, vm))
        )

    def permissions(self, scope: str) -> Sequence[Body]:
        return self._memo.ask(("permissions", scope.lower()), lambda: self._direct.permissions(scope))

    def policy_restrictions(self, scope: str, resource: Wire) -> Body | None:
        return self._direct.policy_restrictions(scope, resource)

    def governed_networks(self, subscriptions: Collection[str]) -> Collection[str]:
        return self._governance.networks(subscriptions)

    def admin_rules(self, network_id: str) -> Sequence[Body]:
        return self._governance.admin_rules(network_id)

    def other_vault(self, vault: VaultRef, vm: VmRef) -> str:
        location = self._location(vault, vm)
        try:
            for other, other_location in self._vaults(vm.subscription):
                if other != vault and other_location == _region(location):
                    found = self._items(other).by_vm.get(vm.key)
                    if found is not None and is_active(found):
                        return other.id
        except Unreadable:  # a vault of other people: Azure still tells about this one VM
            found_id = self._memo.ask(("status", vm.key), lambda: self._direct.protecting_vault(vm, location))
            return found_id if found_id and parse_vault(found_id) != vault else ""
        return ""

    def machines(self, subscription: str) -> Iterable[Machine]:
        return self._machines(subscription).values()

    def items(self, vault: VaultRef) -> Sequence[Body]:
        return self._items(vault).values

    def policies(self, vault: VaultRef) -> Sequence[Body]:
        return tuple(self._policies(vault)[0].values())

    def _vault(self, vault: VaultRef) -> tuple[Body | None, bool]:
        return self._memo.ask(("vault", vault.key), lambda: self._direct.vault(vault))

    def _items(self, vault: VaultRef) -> Items:
        def read() -> Items:
            if self.vault(vault) is None:
                return Items()
            return indexed(self._reader.all("backup", f"{vault_path(vault)}/backupProtectedItems", VM_ITEMS))

        return self._memo.ask(("items", vault.key), read)

    def _policies(self, vault: VaultRef) -> tuple[dict[str, Body], bool]:
        def read() -> tuple[dict[str, Body], bool]:
            if self.vault(vault) is None:
                return {}, True
            listing = self._reader.all("backup", f"{vault_path(vault)}/backupPolicies", VM_POLICIES)
            return {dig_text(value, "name").lower(): value for value in listing.values}, listing.consistent

        return self._memo.ask(("policies", vault.key), read)

    def _running(self, vault: VaultRef) -> tuple[Body, ...]:
        return self._jobs(vault, RUNNING_JOBS)

    def _jobs(self, vault: VaultRef, filter_text: str) -> tuple[Body, ...]:
        def read() -> tuple[Body, ...]:
            if self.vault(vault) is None:
                return ()
            return self._reader.all("backup", f"{vault_path(vault)}/backupJobs", filter_text).values

        return self._memo.ask(("jobs", vault.key, filter_text), read)

    def _machines(self, subscription: str) -> dict[str, Machine]:
        def read() -> dict[str, Machine]:
            found = ((key, machine_of(body)) for key, body in self._virtual_machines(subscription).items())
            return {key: machine for key, machine in found if machine is not None}

        return self._memo.ask(("machines", subscription.lower()), read)

    def _virtual_machines(self, subscription: str) -> dict[str, Body]:
        def read() -> dict[str, Body]:
            return _by_vm(self._reader.all("compute", vms_path(subscription)).values)

        return self._memo.ask(("bodies", subscription.lower()), read)

    def _instance_views(self, subscription: str) -> dict[str, Body]:
        def read() -> dict[str, Body]:
            found = _by_vm(self._reader.all("compute", vms_path(subscription), options=STATUS_ONLY).values)
            return {key: dict(dig_object(body, "properties", "instanceView")) for key, body in found.items()}

        return self._memo.ask(("views", subscription.lower()), read)

    def _vms(self) -> int:
        """How many VMs the spec speaks of, or with selections may speak of."""
        chosen = {selection.vault.subscription.lower() for selection in self._spec.selections}
        return len(self._spec.protections) + sum(len(self._machines(subscription)) for subscription in chosen)

    def _vaults(self, subscription: str) -> list[tuple[VaultRef, str]]:
        def read() -> list[tuple[VaultRef, str]]:
            bodies = self._reader.all("vaults", vaults_path(subscription)).values
            found = [(parse_vault(dig_text(body, "id")), _region(dig_text(body, "location"))) for body in bodies]
            return [(ref, location) for ref, location in found if ref is not None]

        return self._memo.ask(("vaults", subscription.lower()), read)

    def _location(self, vault: VaultRef, vm: VmRef) -> str:
        machine = self.machine(vm)
        return machine.location if machine else dig_text(self.vault(vault), "location")


def _by_vm(bodies: Iterable[Body]) -> dict[str, Body]:
    found = ((parse_vm(dig_text(body, "id")), body) for body in bodies)
    return {ref.key: body for ref, body in found if ref is not None}


def _lists_of_egresses(spec: Spec) -> set[tuple[str, str]]:
    """The lists of network resources that every plan of the spec asks for: subscription and type."""
    lists = set()
    for egress in spec.egresses:
        if isinstance(egress, FirewallEgress):
            lists.add((egress.firewall.subscription.lower(), FIREWALL_TYPE))
        elif egress.nsg:
            lists.add((egress.nsg.subscription.lower(), NSG_TYPE))
    return lists


def _region(location: str) -> str:
    return location.replace(" ", "").lower()


def _task(read: Callable[..., object], *arguments: object) -> Callable[[], object]:
    def run() -> object:
        try:
            return read(*arguments)
        except Unreadable:
            return None  # the memo keeps it

    return run


def _run(tasks: Sequence[Callable[[], object]], workers: Executor | None) -> None:
    if workers is None:
        for task in tasks:
            task()
        return
    for future in [workers.submit(task) for task in tasks]:
        future.result()


@contextmanager
def _no_garbage_collection() -> Iterator[None]:
    """Pages are many small containers that all stay; collecting while reading makes it three times slower (sdk.md 2.3)."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
