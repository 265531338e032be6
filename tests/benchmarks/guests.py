"""What guests cost: every VM with `agent: update` and an egress that configures guests, before the first apply and after it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime

from reconciler.cloud import Azure
from reconciler.cloud.guest_scripts import script_text
from reconciler.core.guest_scripts import GuestScript, agent_script, proxy_parameters, proxy_script
from reconciler.core.ids import NSG_TYPE, arm_id
from reconciler.kinds import KINDS, THOROUGH_KINDS
from reconciler.plan import make_plan
from reconciler.plan.select import resolve
from reconciler.preflight import preflight
from reconciler.sandbox.generate import generate
from reconciler.sandbox.rows import groups, network
from reconciler.sandbox.rows.run_commands import command_row
from reconciler.sandbox.transport import SandboxClock, SandboxCredential, SandboxTransport
from reconciler.sandbox.world import Row, World
from reconciler.spec import load_documents

_NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
_EGRESS = "egress: {lockdown: {via: proxy, proxy: {address: 10.0.0.5, port: 8080}, nsg: rg-net/lockdown, configureGuests: true}}\n"


class GuestEstate:
    """An estate of so many VMs, all protected, before the first run command is there. Costs are counts of requests."""

    def __init__(self, vms: int) -> None:
        self._world = World.open(now=_NOW)
        text = generate(self._world, vms, 1, 5, protected=True)
        _plug_in(self._world)
        text = re.sub(r"(?m)^(      - \{vm: .*)\}$", r"\1, agent: update, egress: lockdown}", text) + _EGRESS
        self._spec, _ = load_documents({"guests.yaml": text}, today=_NOW.date())

    def run_commands(self) -> None:
        """As apply would leave it."""
        _run_commands(self._world)

    def plan(self) -> tuple[int, int]:
        """What a plan costs, and how many steps it has."""
        door = _door(self._world)
        steps = make_plan(self._spec, door.survey(self._spec), KINDS).steps
        return _sent(door), len(steps)

    def preflight(self) -> int:
        """What a preflight costs."""
        door = _door(self._world)
        survey = door.survey(self._spec)
        plan = make_plan(self._spec, survey, THOROUGH_KINDS)
        preflight(resolve(self._spec, survey)[0], survey, plan)
        return _sent(door)


def _machines(world: World) -> Iterable[Row]:
    return world.listed(f"/subscriptions/{world.fact('subscription')}/providers/microsoft.compute/virtualmachines")


def _plug_in(world: World) -> None:
    """A network interface for every VM, in one network behind one group."""
    subscription = str(world.fact("subscription"))
    groups.create(world, subscription, "rg-net", "westeurope", None)
    group_id = arm_id(subscription, "rg-net", NSG_TYPE, "lockdown")
    network.create(world, group_id, {"location": "westeurope"})
    network_id = arm_id(subscription, "rg-net", "Microsoft.Network/virtualNetworks", "vnet")
    inside = {"addressPrefix": "10.0.0.0/16", "networkSecurityGroup": {"id": group_id}}
    body = {"location": "westeurope", "properties": {"subnets": [{"name": "app", "properties": inside}]}}
    network.create(world, network_id, body)
    for number, vm in enumerate(_machines(world)):
        (reference,) = vm.body["properties"]["networkProfile"]["networkInterfaces"]
        address = f"10.0.{1 + number // 250}.{1 + number % 250}"
        placed = {"subnet": {"id": f"{network_id}/subnets/app"}, "privateIPAddress": address}
        properties = {"ipConfigurations": [{"name": "ip", "properties": placed}]}
        network.create(world, reference["id"], {"location": "westeurope", "properties": properties})


def _run_commands(world: World) -> None:
    rows = []
    for vm in _machines(world):
        os = vm.meta["facts"]["os"]
        proxy = proxy_script(os)
        rows.append(command_row(vm, "azbackup-proxy", _sent_for(proxy, proxy_parameters(proxy, "10.0.0.5", 8080))))
        rows.append(command_row(vm, "azbackup-agent-update", _sent_for(agent_script(os), [])))
    world.put_all(rows)


def _sent_for(script: GuestScript, parameters: list[dict[str, str]]) -> dict[str, object]:
    return {"source": {"script": script_text(script)}, "parameters": parameters}


def _door(world: World) -> Azure:
    return Azure(SandboxCredential(), SandboxTransport(world), SandboxClock(world), read_only=True)


def _sent(azure: Azure) -> int:
    return sum(azure.requests.values())
