"""Managed run commands: what is asked of a guest, and what can be seen of it. Only scripts that ship with azbackup (reliability S-18)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from reconciler.core.guest_scripts import ALL, GuestScript
from reconciler.core.ids import VmRef
from reconciler.core.live import Wire
from reconciler.core.plan import Write
from reconciler.core.wire import dig, dig_list, dig_text

_TIMEOUT_SECONDS = 1800
_ENDED_BADLY = ("Failed", "TimedOut", "Canceled")


def run_command_id(vm: VmRef, name: str) -> str:
    return f"{vm.id}/runCommands/{name}"


def put_run_command(
    vm: VmRef, name: str, location: str, script: GuestScript, parameters: Sequence[Mapping[str, str]]
) -> Write:
    """The body names the script; the cloud room puts its text there, after a look at its hash. A script that fails fails the resource."""
    properties: dict[str, object] = {
        "source": {"script": script.name},
        "parameters": list(parameters),
        "asyncExecution": False,
        "timeoutInSeconds": _TIMEOUT_SECONDS,
        "treatFailureAsDeploymentFailure": True,
    }
    body = {"location": location, "properties": properties}
    return Write("run_command.put", body=body, vm=vm, resource_id=run_command_id(vm, name))


def delete_run_command(vm: VmRef, name: str) -> Write:
    return Write("run_command.delete", vm=vm, resource_id=run_command_id(vm, name))


def script_shown(script: GuestScript) -> str:
    return f"{script.name} {script.sha256[:12]}"


def script_of(command: Wire | None) -> str:
    """Which shipped script a live run command has, as `script_shown` gives it; "another script" for any other text."""
    text = dig_text(command, "properties", "source", "script")
    return next((script_shown(script) for script in ALL if script.is_text(text)), "another script")


def parameters_of(command: Wire | None) -> list[dict[str, str]]:
    """Sorted by name, as `GuestScript.run_command_parameters` gives them."""
    found = [
        {"name": dig_text(each, "name"), "value": dig_text(each, "value")}
        for each in dig_list(command, "properties", "parameters")
    ]
    return sorted(found, key=lambda each: each["name"])


def outcome_of(command: Wire | None) -> str:
    """`failed` when the script is known to have failed, else `succeeded`: what still runs is said by the resource's own state."""
    state = dig_text(command, "properties", "provisioningState")
    view = dig(command, "properties", "instanceView")
    bad = state in ("Failed", "Canceled") or dig_text(view, "executionState") in _ENDED_BADLY
    return "failed" if bad else "succeeded"
