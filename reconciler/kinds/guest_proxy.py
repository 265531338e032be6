"""The proxy settings of a guest, by a managed run command: a named resource, so observed, and sent once (reliability GST-02)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from reconciler.core.canonical import digest
from reconciler.core.compare import differences
from reconciler.core.desired import DesiredProtection, ProxyEgress, Spec
from reconciler.core.guest_scripts import GuestScript, proxy_parameters, proxy_script, undo_parameters
from reconciler.core.kind import Assessment
from reconciler.core.live import Live, Wire
from reconciler.core.plan import Action, Change, Finding, Step, Write
from reconciler.kinds.addresses import egress_address, guest_proxy_address, vm_lane
from reconciler.kinds.egress import busy_of
from reconciler.kinds.instance_view import agent_state, is_running
from reconciler.kinds.run_commands import (
    delete_run_command,
    outcome_of,
    parameters_of,
    put_run_command,
    run_command_id,
    script_of,
    script_shown,
)

_COMMAND = "azbackup-proxy"
_START = "az vm start --resource-group {group} --name {name}, then plan again"
_MEND = "mend the agent as the finding of vm_agent/{group}/{name} says, then plan again"
_INSTALL = "install the agent as the finding of vm_agent/{group}/{name} says, then plan again"


@dataclass(frozen=True, slots=True)
class GuestProxy:
    """A VM of the spec and the proxy that its guest is to use, or to leave when the egress is to be absent."""

    wanted: DesiredProtection
    egress: ProxyEgress

    @property
    def address(self) -> str:
        return guest_proxy_address(self.egress.name, self.wanted.vm)


class GuestProxyKind:
    name = "guest_proxy"

    def entries(self, spec: Spec) -> Iterable[GuestProxy]:
        proxies = {each.name: each for each in spec.egresses if isinstance(each, ProxyEgress) and each.configure_guests}
        return (
            GuestProxy(wanted, proxies[wanted.egress])
            for wanted in spec.protections
            if wanted.egress in proxies and wanted.state == "protected" and proxies[wanted.egress].serves(wanted.vm)
        )

    def address(self, entry: GuestProxy) -> str:
        return entry.address

    def assess(self, entry: GuestProxy, live: Live) -> Assessment:
        machine = live.machine(entry.wanted.vm)
        if machine is None:
            return Assessment()  # protected_vm says so
        script = proxy_script("Windows" if machine.os == "Windows" else "Linux")
        observed = live.resource(run_command_id(entry.wanted.vm, _COMMAND))
        plan = _set if entry.egress.present else _undo
        steps = tuple(plan(entry, script, machine.location, observed))
        if not steps:
            return Assessment(busy=busy_of(observed))
        view = live.instance_view(entry.wanted.vm)
        if not is_running(view):
            return Assessment(findings=(_out_of_reach(entry, "does not run", _START),))
        if agent_state(view) == "missing":
            return Assessment(findings=(_out_of_reach(entry, "has no agent", _INSTALL),))
        if agent_state(view) == "notReady":
            return Assessment(findings=(_out_of_reach(entry, "has an agent that does not answer", _MEND),))
        return Assessment(steps, busy=busy_of(observed))


def _set(entry: GuestProxy, script: GuestScript, location: str, observed: Wire | None) -> Iterable[Step]:
    parameters = proxy_parameters(script, entry.egress.address, entry.egress.port)
    now, wanted = _live_form(observed), _form(script_shown(script), parameters, "succeeded")
    if found := differences(now, wanted):
        changes = tuple(Change(each.path, each.before, each.after, "GST-02") for each in found)
        write = put_run_command(entry.wanted.vm, _COMMAND, location, script, parameters)
        action: Action = "create" if observed is None else "update"
        yield _step(entry, action, changes, "the guest is not known to use the proxy", write, now)


def _undo(entry: GuestProxy, script: GuestScript, location: str, observed: Wire | None) -> Iterable[Step]:
    """The script takes the settings back, and then the run command goes: it is what says that they were set."""
    if observed is None:
        return
    parameters = undo_parameters(script)
    now, undone = _live_form(observed), _form(script_shown(script), parameters, "succeeded")
    if found := differences(now, undone):
        changes = tuple(Change(each.path, each.before, each.after, "GST-02") for each in found)
        write = put_run_command(entry.wanted.vm, _COMMAND, location, script, parameters)
        yield _step(entry, "update", changes, "the spec wants this egress absent", write, now)
    gone = Change("runCommand", _COMMAND, None, "GST-02")
    write = delete_run_command(entry.wanted.vm, _COMMAND)
    yield _step(entry, "delete", (gone,), "the guest's settings are taken back", write, undone)


def _live_form(observed: Wire | None) -> dict[str, object]:
    if observed is None:
        return {}
    return _form(script_of(observed), parameters_of(observed), outcome_of(observed))


def _form(script: str, parameters: Iterable[Mapping[str, str]], outcome: str) -> dict[str, object]:
    values = {each["name"]: each["value"] for each in parameters}
    return {"script": script, "parameters": values, "outcome": outcome}


def _step(
    entry: GuestProxy, action: Action, changes: tuple[Change, ...], why: str, write: Write, now: Mapping[str, object]
) -> Step:
    needs = (egress_address(entry.egress), entry.address)
    lane = vm_lane(entry.wanted.vm)
    return Step(entry.address, GuestProxyKind.name, action, changes, why, write, digest(now), needs, lane)


def _out_of_reach(entry: GuestProxy, is_so: str, remedy: str) -> Finding:
    vm = entry.wanted.vm
    return Finding(
        code="P211",
        severity="blocking",
        address=entry.address,
        where=str(entry.wanted.place),
        what=f"VM {vm.resource_group}/{vm.name} {is_so}, so its proxy settings can't be changed",
        why="a run command needs the guest and its agent",
        remedy=remedy.format(group=vm.resource_group, name=vm.name),
    )
