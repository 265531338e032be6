"""What a served sandbox checks and adds around `handle`: who may ask, the clock, waiting times in real seconds."""

import math
import threading
from collections.abc import Callable, Mapping

from reconciler.sandbox.app import handle
from reconciler.sandbox.serve.sign_in import is_real_token, is_token_request, sign_in
from reconciler.sandbox.wire import Refusal, Request, Response
from reconciler.sandbox.world import World

AZURE_HOSTS = ("management.azure.com", "login.microsoftonline.com")


class Front:
    """One world behind a lock, whose time follows a clock of the machine.

    `clock` gives seconds since 1970; a second there is `time_factor` seconds of the world.
    """

    def __init__(self, world: World, clock: Callable[[], float], time_factor: float) -> None:
        self._world, self._clock, self._factor = world, clock, time_factor
        self._lock = threading.Lock()
        self._ticked = clock()

    def tick(self) -> None:
        """Brings the world's time up to the clock's, so that jobs move on by themselves."""
        with self._lock:
            self._tick()

    def _tick(self) -> None:
        now = self._clock()
        self._world.advance(max(now - self._ticked, 0.0) * self._factor)
        self._ticked = now

    def answer(self, request: Request, hosts: frozenset[str]) -> Response:
        """Answers one request that came in under one of `hosts` (lower case, with the port where there is one)."""
        try:
            _check(request, hosts)
            early = sign_in(request, self._clock())
        except Refusal as refusal:
            early = refusal.answer()
        if early is not None:
            return _with_length(early)
        with self._lock:
            self._tick()
            return self._in_real_seconds(handle(self._world, request))

    def _in_real_seconds(self, response: Response) -> Response:
        """A client waits on the machine's clock: 60 seconds of the world are fewer there."""
        waits = response.headers.get("Retry-After", "")
        if not waits.isdecimal():
            return response
        seconds = str(math.ceil(int(waits) / self._factor))
        return Response(response.status, {**response.headers, "Retry-After": seconds}, response.body)


def _with_length(response: Response) -> Response:
    headers = {"Content-Type": "application/json; charset=utf-8", **response.headers}
    return Response(response.status, {**headers, "Content-Length": str(len(response.body))}, response.body)


def _check(request: Request, hosts: frozenset[str]) -> None:
    """Keeps out what a web page can make a browser send, and credentials of the real Azure.

    Raises:
        Refusal: such a request.
    """
    headers = {name.lower(): value for name, value in request.headers.items()}
    if headers.get("host", "").lower() not in hosts:
        raise Refusal(421, "MisdirectedRequest", "The sandbox answers under loopback names only.")
    if "origin" in headers or headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
        raise Refusal(403, "CrossSiteRequest", "The sandbox takes no requests from web pages.")
    _check_body(request, headers)
    kind, _, token = headers.get("authorization", "").partition(" ")
    if kind.lower() == "bearer" and is_real_token(token.strip()):
        said = (
            "The request carries a signed token, as for the real Azure. The sandbox takes only its own tokens: "
            "sign in at the endpoint that its metadata names, and take that token out of use."
        )
        raise Refusal(401, "SandboxTakesNoRealTokens", said, {"WWW-Authenticate": "Bearer"})


def _check_body(request: Request, headers: Mapping[str, str]) -> None:
    if not request.body:
        return
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    wanted = "application/x-www-form-urlencoded" if is_token_request(request) else "application/json"
    if kind != wanted:
        raise Refusal(415, "UnsupportedMediaType", f"The content type '{kind}' is not supported; '{wanted}' is.")
