"""The front: `handle(world, request) -> response`, with the rules that hold for every row of the table."""

import re
from email.utils import format_datetime
from urllib.parse import urlsplit

from reconciler.sandbox.call import Call
from reconciler.sandbox.gate import refuse_disallowed, refuse_unauthorized
from reconciler.sandbox.rows import ROUTES
from reconciler.sandbox.rows.locks import refuse_locked
from reconciler.sandbox.table import Route, Table
from reconciler.sandbox.wire import GATEWAY, Refusal, Request, Response
from reconciler.sandbox.world import World, guid_of

__all__ = ["TABLE", "Request", "Response", "handle"]

TABLE = Table(ROUTES)
_VERSION = re.compile(r"20[12]\d-[01]\d-[0-3]\d(-preview)?$")


def handle(world: World, request: Request) -> Response:
    """Answers one request; its effects are committed before this returns, or none is.

    An unknown route is a 501 with a plain message, never a pretended 404.
    """
    found = TABLE.find(request.method, urlsplit(request.url).path)
    if found is None:
        path = urlsplit(request.url).path
        text = f"The sandbox has no row for {request.method} {path}. What it has is listed in docs/sandbox.md."
        return Refusal(501, "SandboxHasNoSuchRoute", text).answer()
    route, names = found
    call = Call(world, request, names)
    try:
        with world.transaction(write=request.method.upper() != "GET"):
            _admit(call, route)
            response = route.handler(call)
    except Refusal as refusal:
        response = refusal.answer()
    return Response(response.status, _headers(call, route, response), response.body)


def _admit(call: Call, route: Route) -> None:
    """Token, api-version, rights, then what the path lies under: subscription, resource group, vault; locks and policies."""
    if not any(name.lower() == "authorization" for name in call.request.headers):
        text = "Authentication failed. The 'Authorization' header is missing."
        raise Refusal(401, "AuthenticationFailed", text, GATEWAY | {"WWW-Authenticate": "Bearer"})
    if not call.version:
        text = "The api-version query parameter (?api-version=) is required for all requests."
        raise Refusal(400, "MissingApiVersionParameter", text, GATEWAY)
    if not _VERSION.match(call.version):
        text = f"The api-version '{call.version}' is invalid."
        raise Refusal(400, "InvalidApiVersionParameter", text, GATEWAY)
    if "subscription" in call.names and not call.world.has(call.subscription_key):
        text = f"The subscription '{call.names['subscription']}' could not be found."
        raise Refusal(404, "SubscriptionNotFound", text, GATEWAY)
    refuse_unauthorized(call)
    if _below(route, "{group}") and not call.world.has(call.group_key):
        text = f"Resource group '{call.names['group']}' could not be found."
        raise Refusal(404, "ResourceGroupNotFound", text, GATEWAY)
    if _below(route, "{vault}") and not route.outlives:
        _ = call.vault
    refuse_locked(call.world, call.request.method.upper(), call.path)
    refuse_disallowed(call)


def _below(route: Route, name: str) -> bool:
    return name in route.path and not route.path.endswith(name)


def _headers(call: Call, route: Route, response: Response) -> dict[str, str]:
    """What nearly every answer carries (wire-facts 1.2), and the counters of 1.3 as they stand when full."""
    version = call.version if _VERSION.match(call.version) else "2026-01-01"
    now = call.world.now()
    request_id = guid_of(f"{now} {call.request.method} {call.request.url} {call.client_request_id}")
    headers = {
        "Cache-Control": "no-cache",
        "Pragma": "no-cache",
        "Expires": "-1",
        "Date": format_datetime(now.replace(microsecond=0), usegmt=True),
        "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
        "X-Content-Type-Options": "nosniff",
        "x-ms-request-id": request_id,
        "x-ms-correlation-request-id": request_id,
        "x-ms-routing-request-id": f"SANDBOX:{now:%Y%m%dT%H%M%SZ}:{request_id}",
        "Content-Length": str(len(response.body)),
    }
    if call.client_request_id:
        headers["x-ms-client-request-id"] = call.client_request_id
    if response.body:
        named = version >= "2024" or "/Microsoft.RecoveryServices/" not in route.path  # only this service left it out
        headers["Content-Type"] = "application/json" + ("; charset=utf-8" if named else "")
    if version >= "2025":
        headers |= {"X-Cache": "CONFIG_NOCACHE", "x-ms-throttling-version": "v2"}
    if "x-ms-failure-cause" not in response.headers:
        headers |= _counters(call.request.method.upper(), route.counter, version >= "2025")
    return headers | dict(response.headers)


def _counters(method: str, counter: str, new: bool) -> dict[str, str]:
    left = "x-ms-ratelimit-remaining"
    if counter == "compute":
        return {f"{left}-resource": "Microsoft.Compute/LowCostGet3Min;3999,Microsoft.Compute/LowCostGet30Min;31999"}
    if counter == "vault" and method in ("PUT", "PATCH"):
        return {f"{left}-subscription-resource-requests": "799" if new else "299"}
    if counter == "vault" and method == "DELETE":
        return {f"{left}-subscription-resource-requests": "199" if new else "49"}
    if method in ("PUT", "PATCH", "POST"):
        extra = {f"{left}-subscription-global-writes": "11999"} if new else {}
        return {f"{left}-subscription-writes": "799" if new else "1199", **extra}
    if method == "DELETE":
        extra = {f"{left}-subscription-global-deletes": "11999"} if new else {}
        return {f"{left}-subscription-deletes": "799" if new else "14999", **extra}
    if counter == "job":
        return {f"{left}-subscription-resource-requests": "249" if new else "299"}
    if counter == "backup":
        return {f"{left}-subscription-resource-requests": "1099" if new else "299"}
    extra = {f"{left}-subscription-global-reads": "16499"} if new else {}
    return {f"{left}-subscription-reads": "1099" if new else "11999", **extra}
