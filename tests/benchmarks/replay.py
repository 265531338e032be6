"""Answers that were given once, given again without the sandbox behind them: what is timed is the reader alone."""

from __future__ import annotations

from typing import Any

from azure.core.rest import HttpRequest, HttpResponse

from reconciler.sandbox.transport import SandboxResponse, SocketlessTransport
from reconciler.sandbox.wire import Request, Response


class Tape:
    """Every GET answer of a run, by URL. Its `hear` is a transport's `on_request`."""

    def __init__(self) -> None:
        self.answers: dict[str, Response] = {}

    def hear(self, request: Request, answer: Response | None) -> None:
        if answer is not None:
            self.answers[request.url] = answer

    def bodies(self) -> list[bytes]:
        return [answer.body for answer in self.answers.values()]


class Replay(SocketlessTransport):
    """A transport that answers from a tape."""

    def __init__(self, tape: Tape) -> None:
        self._tape = tape

    def send(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        return SandboxResponse(request, self._tape.answers[request.url])

    def sleep(self, duration: float) -> None:
        """Replayed answers ask for no waiting."""
