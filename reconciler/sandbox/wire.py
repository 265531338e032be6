"""What goes over the wire: requests, answers, refusals and their JSON."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

GATEWAY = {"x-ms-failure-cause": "gateway"}


@dataclass(frozen=True, slots=True)
class Request:
    """One request as a client sent it: `url` is absolute and untouched."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Response:
    """One answer as Azure would send it."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    def json(self) -> Any:
        return json.loads(self.body)


class Refusal(Exception):
    """The service says no: becomes an error envelope, and nothing of the request is kept."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        headers: Mapping[str, str] | None = None,
        more: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status, self.code, self.message, self.headers = status, code, message, dict(headers or {})
        self.more = dict(more or {})

    def answer(self) -> Response:
        return reply({"error": {"code": self.code, "message": self.message, **self.more}}, self.status, self.headers)


_COMPACT = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False)


def encode(value: Any) -> str:
    """Compact JSON text, as the service sends it."""
    return _COMPACT.encode(value)


def reply(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """An answer with a JSON body."""
    return Response(status, dict(headers or {}), encode(value).encode())


def empty(status: int, headers: Mapping[str, str] | None = None) -> Response:
    """An answer without a body."""
    return Response(status, dict(headers or {}))


def not_found(kind: str, name: str, group: str) -> Refusal:
    """The gateway's 404 of a missing resource (vault-get-404-2026)."""
    return Refusal(
        404,
        "ResourceNotFound",
        f"The Resource '{kind}/{name}' under resource group '{group}' was not found. "
        "For more details please go to https://aka.ms/ARMResourceNotFoundFix",
        GATEWAY,
    )
