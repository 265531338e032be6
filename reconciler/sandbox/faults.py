"""Scripted trouble: which request it hits, and what happens there (reliability 2.1)."""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Literal
from urllib.parse import unquote, urlsplit

from reconciler.sandbox.wire import Refusal, Request, Response
from reconciler.sandbox.world import World

Handle = Callable[[World, Request], Response]
Point = Literal["before", "after"]


class SandboxCrash(BaseException):
    """The client's process dies here; nothing may catch it on the way."""


class ConnectionRefused(Exception):
    """No connection: the service has seen nothing."""


class AnswerLost(Exception):
    """The connection broke after the service had done its work."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Where a fault strikes: the `nth` request (from 1) of those that match, and the `times - 1` after it.

    `method` is `*` or a verb; `path` a pattern like `*/backupPolicies/*`, without regard to case, for the decoded
    path. `at` says whether the request's effect is there (`after`) or not (`before`).
    """

    nth: int = 1
    times: int = 1
    method: str = "*"
    path: str = "*"
    at: Point = "before"

    def matches(self, request: Request) -> bool:
        path = unquote(urlsplit(request.url).path).lower()
        return self.method in ("*", request.method.upper()) and fnmatchcase(path, self.path.lower())


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer(Fault):
    """An error answer: 429 and 5xx, 409, 403, or 401 for a token that has expired."""

    status: int
    code: str = "CloudInternalError"
    message: str = "Microsoft Azure Backup encountered an internal error."
    retry_after: str | None = None


def throttled(
    retry_after_seconds: int = 17, *, nth: int = 1, times: int = 1, method: str = "*", path: str = "*"
) -> Answer:
    """429 as the backup provider words it (wire-facts 1.3)."""
    said = "Number of requests for this action exceeded the limit. Please try again after some time."
    wait = str(retry_after_seconds)
    code = "ResourceRequestsThrottled"
    return Answer(nth=nth, times=times, method=method, path=path, status=429, code=code, message=said, retry_after=wait)


def token_expired(*, nth: int = 1, times: int = 1, method: str = "*", path: str = "*") -> Answer:
    """401 before anything was done."""
    said = "The access token expiry UTC time is earlier than current UTC time."
    code = "ExpiredAuthenticationToken"
    return Answer(nth=nth, times=times, method=method, path=path, status=401, code=code, message=said)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost(Fault):
    """The answer never arrives: connection refused (`before`), or lost once the effect is there (`after`)."""

    at: Point = "after"


@dataclass(frozen=True, slots=True, kw_only=True)
class Crash(Fault):
    """The process dies before the request is sent, or after its effect."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationFails(Fault):
    """The request is accepted, and the operation that it starts ends Failed with this error."""

    code: str = "CloudInternalError"
    message: str = "Microsoft Azure Backup encountered an internal error."


@dataclass(frozen=True, slots=True, kw_only=True)
class Unseen(Fault):
    """Reads that lag: the things whose id matches `hides` are not there yet, in lists and by their own GET.

    With `method="POST"` and the path of Resource Graph it is the index that lags.
    """

    method: str = "GET"
    hides: str = "*"


@dataclass
class Script:
    """Sends requests to the sandbox with faults on the way. Counts are of this script, from its start."""

    handle: Handle
    faults: Sequence[Fault] = ()
    _seen: dict[int, int] = field(default_factory=dict)

    def send(self, world: World, request: Request) -> Response:
        """Raises:
        SandboxCrash, ConnectionRefused, AnswerLost: as the faults say.
        """
        with world.exclusive():
            due = [fault for place, fault in enumerate(self.faults) if self._strikes(place, fault, request)]
            for fault in due:
                if fault.at == "before" and (response := _before(world, fault)):
                    return response
            response = self.handle(world, request)
            world.failing = None
            for fault in due:
                response = _after(fault, response, self.handle, world, request)
            return response

    def _strikes(self, place: int, fault: Fault, request: Request) -> bool:
        if not fault.matches(request):
            return False
        seen = self._seen[place] = self._seen.get(place, 0) + 1
        return fault.nth <= seen < fault.nth + fault.times


def _before(world: World, fault: Fault) -> Response | None:
    if isinstance(fault, Crash):
        raise SandboxCrash("the process dies before the request")
    if isinstance(fault, Lost):
        raise ConnectionRefused("connection refused")
    if isinstance(fault, OperationFails):
        world.failing = {"code": fault.code, "message": fault.message}
    return _error(fault) if isinstance(fault, Answer) else None


def _after(fault: Fault, response: Response, handle: Handle, world: World, request: Request) -> Response:
    if isinstance(fault, Unseen):
        return _without(fault, response, handle, world, request)
    if fault.at == "after":
        if isinstance(fault, Crash):
            raise SandboxCrash("the process dies after the request's effect")
        if isinstance(fault, Lost):
            raise AnswerLost("the answer was lost")
        if isinstance(fault, Answer):
            return _error(fault)
    return response


def _error(fault: Answer) -> Response:
    headers = {"Content-Type": "application/json"}
    if fault.retry_after is not None:
        headers["Retry-After"] = fault.retry_after
    return Refusal(fault.status, fault.code, fault.message, headers).answer()


def _without(fault: Unseen, response: Response, handle: Handle, world: World, request: Request) -> Response:
    body = json.loads(response.body) if response.body else None
    if not isinstance(body, dict) or response.status != 200:
        return response
    rows = "value" if "value" in body else "data"
    if rows in body:
        kept = [entry for entry in body[rows] if not _hidden(fault, entry)]
        body |= {rows: kept} | ({"count": len(kept), "totalRecords": len(kept)} if rows == "data" else {})
        return Response(200, response.headers, json.dumps(body, separators=(",", ":")).encode())
    if not _hidden(fault, body):
        return response
    return _absent(handle, world, request)


def _hidden(fault: Unseen, entry: dict[str, object]) -> bool:
    return fnmatchcase(str(entry.get("id", "")).lower(), fault.hides.lower())


def _absent(handle: Handle, world: World, request: Request) -> Response:
    """What a GET says when the thing is not there: the answer for a name that does not exist, with the name put back."""
    head, _, query = request.url.partition("?")
    parent, _, name = head.rpartition("/")
    absent = handle(world, Request(request.method, f"{parent}/{name}unseen?{query}", request.headers))
    body = re.sub(re.escape(f"{unquote(name)}unseen").encode(), unquote(name).encode(), absent.body)
    return Response(absent.status, {**absent.headers, "Content-Length": str(len(body))}, body)
