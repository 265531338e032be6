"""The Azure agent of a VM that is to be protected (backup-rules A.2): checked, and updated where the spec says so."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from reconciler.core.canonical import digest
from reconciler.core.compare import differences
from reconciler.core.desired import DesiredProtection, Spec
from reconciler.core.guest_scripts import agent_script
from reconciler.core.kind import Assessment
from reconciler.core.live import Live, Machine, Wire
from reconciler.core.plan import Change, Finding, Step
from reconciler.core.wire import dig_text
from reconciler.kinds import agent_findings as say
from reconciler.kinds.addresses import egress_address, guest_proxy_address, vm_agent_address, vm_lane
from reconciler.kinds.egress import busy_of
from reconciler.kinds.instance_view import agent_state, agent_version, is_running
from reconciler.kinds.protected_vm import state_of
from reconciler.kinds.run_commands import outcome_of, put_run_command, run_command_id, script_of, script_shown

_COMMAND = "azbackup-agent-update"
_OLDEST_ON_WINDOWS = (2, 6, 1198, 718)


@dataclass(frozen=True, slots=True)
class VmAgent:
    """`agentless`: the policy makes crash-consistent points only, which need no agent. `after` is what comes before an update."""

    wanted: DesiredProtection
    agentless: bool
    after: tuple[str, ...]


class VmAgentKind:
    """A plan only checks agents of VMs that are not protected yet, or are to be updated: the states of all VMs are pages of
    their own, and a plan that changes nothing must not pay for them. Preflight checks them all (`every_vm`)."""

    name = "vm_agent"

    def __init__(self, *, every_vm: bool = False) -> None:
        self._every_vm = every_vm

    def entries(self, spec: Spec) -> Iterable[VmAgent]:
        agentless = {(each.vault, each.name.lower()) for each in spec.policies if each.crash_consistent_only}
        ways_out = {each.name: egress_address(each) for each in spec.egresses}
        for wanted in spec.protections:
            if wanted.state != "protected":
                continue
            after: tuple[str, ...] = ()
            if wanted.egress in ways_out:
                after = (ways_out[wanted.egress], guest_proxy_address(wanted.egress, wanted.vm))
            yield VmAgent(wanted, (wanted.vault, wanted.policy.lower()) in agentless, after)

    def address(self, entry: VmAgent) -> str:
        return vm_agent_address(entry.wanted.vm)

    def assess(self, entry: VmAgent, live: Live) -> Assessment:
        wanted = entry.wanted
        machine = live.machine(wanted.vm)
        if machine is None or (entry.agentless and wanted.agent == "check"):
            return Assessment()  # a VM that is not there: protected_vm says so
        protected = state_of(live.item(wanted.vault, wanted.vm)) == "protected"
        update = _update(entry, machine, live) if wanted.agent == "update" else Assessment()
        if protected and not update.steps and not self._every_vm:
            return update
        view = live.instance_view(wanted.vm)
        if not is_running(view):
            return Assessment(findings=(say.not_running(wanted),))
        findings: list[Finding] = []
        match agent_state(view):
            case "missing":
                return Assessment(findings=(say.missing(wanted, machine.os, protected or entry.agentless),))
            case "notReady":  # nor would it run a script
                return Assessment(findings=(say.not_ready(wanted, machine.os),))
            case "notSaid":
                findings.append(say.not_said(wanted))
            case "ready" if machine.os == "Windows" and _is_old(agent_version(view)) and not update.steps:
                findings.append(say.too_old(wanted, agent_version(view)))
        return Assessment(update.steps, tuple(findings), update.busy)


def _update(entry: VmAgent, machine: Machine, live: Live) -> Assessment:
    """One run of the script that ships with this version; the run command says that it has been."""
    vm = entry.wanted.vm
    script = agent_script("Windows" if machine.os == "Windows" else "Linux")
    observed = live.resource(run_command_id(vm, _COMMAND))
    wanted = {"script": script_shown(script), "outcome": "succeeded"}
    now = {} if observed is None else {"script": script_of(observed), "outcome": outcome_of(observed)}
    found = differences(now, wanted)
    if not found:
        return Assessment(busy=busy_of(observed))
    step = Step(
        address=vm_agent_address(vm),
        kind=VmAgentKind.name,
        action="create" if observed is None else "update",
        changes=tuple(Change(each.path, each.before, each.after, "GST-02") for each in found),
        why="the spec says agent: update, and this update has not run in the VM",
        write=put_run_command(vm, _COMMAND, machine.location, script, ()),
        expects=digest(now),
        needs=(*entry.after, vm_agent_address(vm)),
        lane=vm_lane(vm),
    )
    return Assessment((step,), busy=busy_of(observed) or _backup_runs(entry, live))


def _backup_runs(entry: VmAgent, live: Live) -> str:
    """No backup may run while the agent is being updated (backup-rules A.2)."""
    jobs: tuple[Wire, ...] = live.running_jobs(entry.wanted.vault, entry.wanted.vm)
    return next((f"job {dig_text(job, 'properties', 'operation')} runs on the VM" for job in jobs), "")


def _is_old(version: str) -> bool:
    """A version that is not made of numbers can't be judged."""
    parts = version.split(".")
    return all(part.isdigit() for part in parts) and tuple(map(int, parts)) < _OLDEST_ON_WINDOWS
