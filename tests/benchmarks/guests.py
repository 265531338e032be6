"""What guests cost: every VM with `agent: update` and an egress that configures guests, before the first apply and after it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from reconciler.cloud import Azure
from reconciler.cloud.guest_scripts import script_text
from reconciler.core.desired import Spec
from reconciler.core.guest_scripts import GuestScript, agent_script, proxy_parameters, proxy_script
from reconciler.kinds import KINDS, THOROUGH_KINDS
from reconciler.plan import make_plan
from reconciler.plan.select import resolve
from reconciler.preflight import preflight
from reconciler.sandbox.generate import generate
from reconciler.sandbox.rows.run_commands import command_row
from reconciler.sandbox.transport import SandboxClock, SandboxCredential, SandboxTransport
from reconciler.sandbox.world import World
from reconciler.spec import load_documents

_NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
_EGRESS = "egress: {lockdown: {via: proxy, proxy: {address: 10.0.0.5, port: 8080}, configureGuests: true}}\n"


@dataclass(frozen=True, slots=True)
class Guests:
    """Requests and steps of a plan, requests of a preflight."""

    plan_requests: int
    steps: int
    preflight_requests: int


def measured(vms: int) -> tuple[Guests, Guests]:
    """An estate of that size, all protected: before the first run command is there, and after all have run."""
    world = World.open(now=_NOW)
    text = generate(world, vms, 1, 5, protected=True)
    text = re.sub(r"(?m)^(      - \{vm: .*)\}$", r"\1, agent: update, egress: lockdown}", text) + _EGRESS
    spec, _ = load_documents({"guests.yaml": text}, today=_NOW.date())
    before = _measured(world, spec)
    _run_commands(world)
    return before, _measured(world, spec)


def _measured(world: World, spec: Spec) -> Guests:
    door, thorough = _door(world), _door(world)
    steps = len(make_plan(spec, door.survey(spec), KINDS).steps)
    survey = thorough.survey(spec)
    preflight(resolve(spec, survey)[0], survey, make_plan(spec, survey, THOROUGH_KINDS))
    return Guests(_sent(door), steps, _sent(thorough))


def _run_commands(world: World) -> None:
    rows = []
    vms = world.listed(f"/subscriptions/{world.fact('subscription')}/providers/microsoft.compute/virtualmachines")
    for vm in vms:
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
