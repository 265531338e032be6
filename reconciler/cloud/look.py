"""A fresh look at one thing: each answer is read directly when it is asked for, and at most once."""

from __future__ import annotations

from datetime import datetime

from reconciler.cloud.direct import Direct, machine_of
from reconciler.cloud.jobs import JobBoard
from reconciler.cloud.memo import Memo
from reconciler.cloud.reading import Body
from reconciler.core.ids import VaultRef, VmRef, parse_vault
from reconciler.core.live import Machine
from reconciler.core.wire import dig_text


class Look:
    """A `core.live.Live` for one step of one entry."""

    def __init__(self, direct: Direct, board: JobBoard, now: datetime) -> None:
        self._direct, self._board, self._now = direct, board, now
        self._memo = Memo()

    @property
    def now(self) -> datetime:
        return self._now

    def group_missing(self, vault: VaultRef) -> bool:
        return self._vault(vault)[1]

    def vault(self, vault: VaultRef) -> Body | None:
        return self._vault(vault)[0]

    def storage_config(self, vault: VaultRef) -> Body | None:
        return self._memo.ask(("storage", vault), lambda: self._direct.storage_config(vault))

    def vault_config(self, vault: VaultRef) -> Body | None:
        return self._memo.ask(("config", vault), lambda: self._direct.vault_config(vault))

    def policy(self, vault: VaultRef, name: str) -> Body | None:
        return self._memo.ask(("policy", vault, name.lower()), lambda: self._direct.policy(vault, name))

    def item(self, vault: VaultRef, vm: VmRef) -> Body | None:
        return self._memo.ask(("item", vault, vm), lambda: self._direct.item(vault, vm))

    def running_jobs(self, vault: VaultRef, vm: VmRef) -> tuple[Body, ...]:
        return self._memo.ask(("running", vault, vm), lambda: self._board.running(vault, vm))

    def backup_jobs(self, vault: VaultRef, vm: VmRef) -> tuple[Body, ...]:
        return self._memo.ask(("backups", vault, vm), lambda: self._board.backups(vault, vm))

    def recovery_points(self, vault: VaultRef, vm: VmRef) -> tuple[Body, ...]:
        return self._memo.ask(("points", vault, vm), lambda: self._direct.recovery_points(vault, vm))

    def machine(self, vm: VmRef) -> Machine | None:
        return machine_of(self.virtual_machine(vm))

    def virtual_machine(self, vm: VmRef) -> Body | None:
        return self._memo.ask(("machine", vm), lambda: self._direct.virtual_machine(vm))

    def instance_view(self, vm: VmRef) -> Body | None:
        return self._memo.ask(("view", vm), lambda: self._direct.instance_view(vm))

    def resource(self, resource_id: str) -> Body | None:
        return self._memo.ask(("resource", resource_id.lower()), lambda: self._direct.resource(resource_id))

    def resources(self, subscription: str, resource_type: str) -> tuple[Body, ...]:
        asked = ("resources", subscription.lower(), resource_type.lower())
        return self._memo.ask(asked, lambda: self._direct.resources(subscription, resource_type))

    def other_vault(self, vault: VaultRef, vm: VmRef) -> str:
        machine = self.machine(vm)
        location = machine.location if machine else dig_text(self.vault(vault), "location")
        found = self._memo.ask(("status", vm), lambda: self._direct.protecting_vault(vm, location))
        return found if found and parse_vault(found) != vault else ""

    def _vault(self, vault: VaultRef) -> tuple[Body | None, bool]:
        return self._memo.ask(("vault", vault), lambda: self._direct.vault(vault))
