"""Rows of run commands: named scripts of a VM, kept as resources, and those that run once (published API)."""

from collections.abc import Mapping
from typing import Any

from reconciler.sandbox.call import Call
from reconciler.sandbox.listing import page
from reconciler.sandbox.rows import arm_operations
from reconciler.sandbox.rows.virtual_machines import TYPE, find
from reconciler.sandbox.table import GROUP, Route
from reconciler.sandbox.times import text
from reconciler.sandbox.wire import Refusal, Response, empty, not_found, reply
from reconciler.sandbox.world import Row, World, effect

RUN = f"{TYPE}/runCommands"
_RUN_SECONDS = 30
_KEPT = ("source", "parameters", "asyncExecution", "runAsUser", "timeoutInSeconds", "treatFailureAsDeploymentFailure")


def _find(call: Call) -> Row:
    row = call.world.get(f"{find(call).key}/runcommands/{call.names['command']}")
    if row is None:
        raise not_found(TYPE, f"{call.names['vm']}/runCommands/{call.names['command']}", call.names["group"])
    return row


def _shown(call: Call, row: Row) -> dict[str, Any]:
    """The instance view is shown only where it is asked for; protected parameters never are."""
    if call.query.get("$expand", "").lower() == "instanceview":
        row.body["properties"]["instanceView"] = row.meta["view"]
    return row.body


def get(call: Call) -> Response:
    return reply(_shown(call, _find(call)))


def list_all(call: Call) -> Response:
    def entry(key: str, body: dict[str, Any]) -> dict[str, Any] | None:
        row = call.world.get(key)
        return _shown(call, row) if row else None

    return page(call, f"{find(call).key}/runcommands", entry, always=True)


def put(call: Call) -> Response:
    """Runs at once, and again at every PUT; the sandbox has no guest, so the script's output is what the world says.

    The output of a VM's scripts is the fact `guestOutput` (an object: name of the command -> its standard output).
    """
    vm = find(call)
    if not vm.meta["facts"]["running"]:
        said = "Cannot modify extensions in the VM when the VM is not running."
        raise Refusal(409, "OperationNotAllowed", said)
    source = call.properties.get("source")
    if not isinstance(source, dict) or not any(source.get(kind) for kind in ("script", "scriptUri", "commandId")):
        said = "Required parameter 'source' is missing (null)."
        raise Refusal(400, "InvalidParameter", said)
    old = call.world.get(f"{vm.key}/runcommands/{call.names['command']}")
    row = command_row(vm, old.body["name"] if old else call.names["command"], call.properties)
    if call.body.get("tags"):
        row.body["tags"] = call.body["tags"]
    row.body["properties"]["provisioningState"] = "Updating" if old else "Creating"
    view = {"executionState": "Running", "startTime": text(call.now())}
    row.meta |= {"view": view, "runs": (old.meta["runs"] if old else 0) + 1}
    call.world.put(row)
    operation, headers = arm_operations.start(call, "Microsoft.Compute", vm.body["location"])
    if vm.meta["view"]["vmAgent"]["statuses"][0]["displayStatus"] != "Ready":
        said = f"VM '{vm.body['name']}' has not reported status for VM agent or extensions."
        arm_operations.fail(call.world, operation, {"code": "VMAgentStatusCommunicationError", "message": said})
    call.world.after(_RUN_SECONDS, command_ended, {"operation": operation, "command": row.key})
    return reply(row.body, 200 if old else 201, headers)


def command_row(vm: Row, name: str, sent: Mapping[str, Any]) -> Row:
    """A run command that has succeeded, from the properties that a client sends."""
    id = f"{vm.body['id']}/runCommands/{name}"
    properties: dict[str, Any] = {
        "asyncExecution": False,
        "timeoutInSeconds": 0,
        "treatFailureAsDeploymentFailure": False,
    }
    properties |= {key: sent[key] for key in _KEPT if sent.get(key) is not None}
    properties |= {"provisioningState": "Succeeded"}
    body = {"name": name, "id": id, "type": RUN, "location": vm.body["location"], "properties": properties}
    view = {"executionState": "Succeeded", "exitCode": 0, "output": "", "error": ""}
    return Row(id.lower(), f"{vm.key}/runcommands", body, {"view": view, "runs": 1})


@effect
def command_ended(world: World, data: dict[str, Any]) -> None:
    row, error = world.get(data["command"]), arm_operations.finish(world, data["operation"])
    if row is None:
        return
    outputs = world.fact("guestOutput") or {}
    row.body["properties"]["provisioningState"] = "Failed" if error else "Succeeded"
    row.meta["view"] |= {
        "executionState": "Failed" if error else "Succeeded",
        "exitCode": 1 if error else 0,
        "output": "" if error else outputs.get(row.body["name"], ""),
        "error": error["message"] if error else "",
        "endTime": text(world.now()),
    }
    world.put(row)


def delete(call: Call) -> Response:
    row = call.world.get(f"{find(call).key}/runcommands/{call.names['command']}")
    if row is None:
        return empty(204)
    operation, headers = arm_operations.start(call, "Microsoft.Compute", row.body["location"])
    call.world.after(_RUN_SECONDS, command_removed, {"operation": operation, "command": row.key})
    return arm_operations.accepted(call, "Microsoft.Compute", headers)


@effect
def command_removed(world: World, data: dict[str, Any]) -> None:
    if arm_operations.finish(world, data["operation"]) is None:
        world.delete(data["command"])


def invoke(call: Call) -> Response:
    """Runs a script once and keeps nothing; its output is the result of the operation, under the command's id."""
    vm, command = find(call), call.body.get("commandId")
    if not isinstance(command, str) or not command:
        raise Refusal(400, "InvalidParameter", "Required parameter 'commandId' is missing (null).")
    if not vm.meta["facts"]["running"]:
        said = "The operation requires the VM to be running (or set to run)."
        raise Refusal(409, "OperationNotAllowed", said)
    result = f"{vm.key}/invocations/{call.world.guid()}"
    operation, headers = arm_operations.start(call, "Microsoft.Compute", vm.body["location"], makes=result)
    data = {
        "operation": operation,
        "result": result,
        "command": command,
        "windows": vm.meta["facts"]["os"] == "Windows",
    }
    call.world.after(_RUN_SECONDS, invocation_ended, data)
    return arm_operations.accepted(call, "Microsoft.Compute", headers)


@effect
def invocation_ended(world: World, data: dict[str, Any]) -> None:
    """Windows gives each stream an entry of its own, Linux has both in one."""
    output = (world.fact("guestOutput") or {}).get(data["command"], "")
    done = {"level": "Info", "displayStatus": "Provisioning succeeded"}
    streams = {"ComponentStatus/StdOut/succeeded": output, "ComponentStatus/StdErr/succeeded": ""}
    if not data["windows"]:
        streams = {"ProvisioningState/succeeded": f"Enable succeeded: \n[stdout]\n{output}\n[stderr]\n"}
    value = [{"code": code, **done, "message": message} for code, message in streams.items()]
    if arm_operations.finish(world, data["operation"]) is None:
        world.put(Row(data["result"], "", {"value": value}))


_ALL = f"{GROUP}/providers/{RUN.replace('/runCommands', '')}/{{vm}}/runCommands"
_ONE, _NOTE = f"{_ALL}/{{command}}", "no guest: the output is what the world was told"
ROUTES = (
    Route("POST", f"{GROUP}/providers/{TYPE}/{{vm}}/runCommand", invoke, "published API", _NOTE, counter="compute"),
    Route("GET", _ALL, list_all, "SDK", counter="compute"),
    Route("GET", _ONE, get, "SDK", counter="compute"),
    Route("PUT", _ONE, put, "SDK", _NOTE, counter="compute"),
    Route("DELETE", _ONE, delete, "SDK", counter="compute"),
)
