"""Long operations of Microsoft.Network and Microsoft.Compute: polled under the subscription and region (wire-facts 8)."""

from typing import Any

from reconciler.sandbox.call import Call
from reconciler.sandbox.operations import polling_url
from reconciler.sandbox.table import SUBSCRIPTION, Route
from reconciler.sandbox.times import text
from reconciler.sandbox.wire import GATEWAY, Refusal, Response, empty, reply
from reconciler.sandbox.world import Row, World

_RETRY_AFTER = {"Retry-After": "3"}


def start(
    call: Call, namespace: str, location: str, segment: str = "operations", *, makes: str = ""
) -> tuple[str, dict[str, str]]:
    """Records an operation that runs; gives its key and the header to poll it by.

    A scripted failure that waits for an operation goes with it. `makes` is the key of the resource that its result
    shows at the end, for the operations whose clients read it there.
    """
    name = call.world.guid()
    path = f"/subscriptions/{call.names['subscription']}/providers/{namespace}/locations/{location}/{segment}/{name}"
    body = {"startTime": text(call.now()), "status": "InProgress", "name": name}
    call.world.put(Row(path.lower(), "", body, {"error": call.world.failing, "makes": makes}))
    call.world.failing = None
    return path.lower(), {"Azure-AsyncOperation": polling_url(call, path, call.version), **_RETRY_AFTER}


def accepted(call: Call, namespace: str, headers: dict[str, str]) -> Response:
    """202 with both polling headers, as for DELETE and POST; `headers` are those of `start`.

    Compute has one path for both: `monitor` asks it for the result instead of the status.
    """
    status = headers["Azure-AsyncOperation"]
    location = status.replace(f"/{_segment(status, namespace)}/", "/operationResults/")
    if namespace == "Microsoft.Compute":
        location = status.replace("?", "?monitor=true&", 1)
    return empty(202, {**headers, "Location": location})


def _segment(url: str, namespace: str) -> str:
    return url.split(f"/{namespace}/locations/")[1].split("/")[1]


def fail(world: World, key: str, error: dict[str, str]) -> None:
    """An operation that is under way will end so."""
    row = world.get(key)
    if row is not None:
        row.meta["error"] = error
        world.put(row)


def finish(world: World, key: str) -> dict[str, str] | None:
    """Ends an operation, and gives the error that a fault has put on it."""
    row = world.get(key)
    if row is None:
        return None
    error: dict[str, str] | None = row.meta["error"]
    row.body["status"] = "Failed" if error else "Succeeded"
    row.body["endTime"] = text(world.now())
    if error:
        row.body["error"] = error
    world.put(row)
    return error


def _find(call: Call, namespace: str, segment: str) -> Row:
    place = f"{call.subscription_key}/providers/{namespace}/locations/{call.names['location']}"
    row = call.world.get(f"{place}/{segment}/{call.names['operation']}")
    if row is None:
        raise Refusal(404, "OperationNotFound", "The operation was not found.", GATEWAY)
    return row


def _network_status(segment: str) -> Any:
    def status(call: Call) -> Response:
        """The status and nothing else, but for a failure."""
        body = _find(call, "microsoft.network", segment).body
        return reply({name: body[name] for name in ("status", "error") if name in body})

    return status


def _network_result(call: Call) -> Response:
    for segment in ("operations", "nfvOperations"):
        key = call.path.lower().replace("/operationresults/", f"/{segment.lower()}/")
        row = call.world.get(key)
        if row is not None:
            return _result(call, row)
    raise Refusal(404, "OperationNotFound", "The operation was not found.", GATEWAY)


def _result(call: Call, row: Row, location: str = "") -> Response:
    if row.body["status"] == "InProgress":
        return empty(202, {"Location": location or polling_url(call, call.path, call.version), **_RETRY_AFTER})
    return empty(204)


def _compute_status(call: Call) -> Response:
    row = _find(call, "microsoft.compute", "operations")
    if call.query.get("monitor", "").lower() == "true":
        made = call.world.get(row.meta["makes"]) if row.body["status"] == "Succeeded" else None
        return reply(made.body) if made else _result(call, row, call.request.url)
    order = ("startTime", "endTime", "status", "error", "name")
    return reply({name: row.body[name] for name in order if name in row.body})


_NETWORK = f"{SUBSCRIPTION}/providers/Microsoft.Network/locations/{{location}}"
_COMPUTE = f"{SUBSCRIPTION}/providers/Microsoft.Compute/locations/{{location}}"
ROUTES = (
    Route("GET", f"{_NETWORK}/operations/{{operation}}", _network_status("operations"), "wire-facts 8", counter="arm"),
    Route(
        "GET",
        f"{_NETWORK}/nfvOperations/{{operation}}",
        _network_status("nfvOperations"),
        "wire-facts 8",
        counter="arm",
    ),
    Route("GET", f"{_NETWORK}/operationResults/{{operation}}", _network_result, "SDK", counter="arm"),
    Route("GET", f"{_COMPUTE}/operations/{{operation}}", _compute_status, "SDK", counter="compute"),
)
