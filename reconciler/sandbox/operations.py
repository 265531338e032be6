"""Long operations: how they start, what is polled meanwhile, and how they end (wire-facts 1.5)."""

import base64
import json
from collections.abc import Mapping
from typing import Any

from reconciler.sandbox.call import Call
from reconciler.sandbox.times import NO_END, micros, text
from reconciler.sandbox.wire import Response, empty, reply
from reconciler.sandbox.world import Row, World, effect

RETRY_AFTER = {"Retry-After": "60"}
_CERTIFICATE = (
    "MIIHpTCCBo2gAwIBAgITfwsandbox" + "Sandbox0" * 370
)  # ARM's signed query makes polling URLs some 3.5 kB long


def start(
    call: Call,
    *,
    kind: str = "",
    jobs: tuple[str, ...] = (),
    many: bool = False,
    done: bool = False,
    name: str = "",
) -> str:
    """Records a new operation below the vault and gives its id.

    `kind` is the number that vault operation ids carry (2047 create, 1023 delete, 4095 patch); the others are bare
    GUIDs, or the `name` that is given. `many` is the form with a list of jobs. A scripted failure that waits for an operation goes with it.
    """
    world, guid = call.world, name or call.world.guid()
    name = base64.b64encode(f"{kind};{guid}".encode()).decode() if kind else guid
    started = text(call.now())
    body = {"id": name, "name": name, "status": "Succeeded" if done else "InProgress", "startTime": started}
    meta = {"jobs": list(jobs), "many": many, "error": world.failing, "path": call.path}
    world.failing = None
    world.put(Row(key(call.vault_key, name), "", body, meta))
    return name


def key(vault_key: str, name: str) -> str:
    return f"{vault_key}/operations/{name.lower()}"


def planned_error(world: World, operation: str) -> dict[str, str] | None:
    """The error that a scripted fault has in store for an operation."""
    row = world.get(operation)
    return row.meta["error"] if row else None


def finish(world: World, operation: str, error: Mapping[str, str] | None = None) -> None:
    """Ends an operation: Failed when there is an error, else Succeeded."""
    row = world.get(operation)
    if row is not None:
        row.body["status"] = "Failed" if error else "Succeeded"
        row.meta["error"] = dict(error) if error else None
        world.put(row)


@effect
def end_operation(world: World, data: dict[str, Any]) -> None:
    """An operation without any other effect at its end."""
    finish(world, data["operation"], planned_error(world, data["operation"]))


def accepted(call: Call, status_path: str, result_path: str, *, status: int = 202, version: str = "") -> Response:
    """202 with both polling headers; `version` when the first of them carries another api-version."""
    headers = {
        "Azure-AsyncOperation": polling_url(call, status_path, version or call.version),
        "Location": polling_url(call, result_path, call.version),
        **RETRY_AFTER,
    }
    return empty(status, headers)


def polling_url(call: Call, path: str, version: str) -> str:
    """The absolute URL to poll, signed from 2024 on; semicolons stay raw in it."""
    ticks = micros(call.now()) * 10 + 621_355_968_000_000_000
    signature = f"&t={ticks}&c={_CERTIFICATE}&s=sandbox&h=sandbox" if call.year >= 2024 else ""
    return f"{call.base}{path}?api-version={version}{signature}"


def status(row: Row) -> Response:
    """The status body of backup operations; on success endTime equals startTime (backupoperations-succeeded-2022)."""
    body = row.body
    ended = body["status"] != "InProgress"
    answer: dict[str, Any] = {**body, "endTime": body["startTime"] if ended else NO_END}
    if body["status"] == "Failed":
        answer["error"] = row.meta["error"]
    if ended and row.meta["many"]:
        kind = "OperationStatusJobsExtendedInfo"
        answer["properties"] = {"objectType": kind, "jobIds": row.meta["jobs"], "failedJobsError": {}}
    elif ended and row.meta["jobs"]:
        answer["properties"] = {"objectType": "OperationStatusJobExtendedInfo", "jobId": row.meta["jobs"][0]}
    return reply(answer)


def vault_status(call: Call, row: Row, location: bool) -> Response:
    """The vault's own style: a resource id, no times, pretty-printed with CRLF; fresh headers while it runs."""
    body = {"id": call.path, "name": row.body["name"], "status": row.body["status"]}
    if row.meta["error"] and row.body["status"] == "Failed":
        body["error"] = row.meta["error"]
    headers = {}
    if row.body["status"] == "InProgress":
        headers = {"Azure-AsyncOperation": polling_url(call, call.path, call.version), **RETRY_AFTER}
        if location:
            result = call.path.replace("/operationStatus/", "/operationResults/")
            headers["Location"] = polling_url(call, result, call.version)
    content = json.dumps(body, indent=2).replace("\n", "\r\n")
    return Response(200, headers, content.encode())
