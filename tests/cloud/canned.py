"""A transport that answers from a script, a clock that only waiting moves, and an `Azure` on top of them."""

import json
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from azure.core.credentials import AccessToken
from azure.core.rest import HttpRequest, HttpResponse
from azure.core.utils import CaseInsensitiveDict

from reconciler.cloud.azure import Azure
from reconciler.core.ids import FirewallRef, NsgRef, VaultRef, VmRef, arm_id
from reconciler.core.plan import Write
from reconciler.sandbox.transport import SocketlessTransport

SUBSCRIPTION = "00000000-0000-4000-8000-000000000001"
VAULT = VaultRef.of(SUBSCRIPTION, "rg-backup", "rsv-prod")
VM = VmRef.of(SUBSCRIPTION, "rg-app", "vm-web-01")
ON_VAULT = Write("vault.update", VAULT)
NSG = NsgRef.of(SUBSCRIPTION, "rg-net", "nsg-app")
FIREWALL = FirewallRef.of(SUBSCRIPTION, "rg-hub", "afw-hub")
RULE_ID = f"{NSG.id}/securityRules/azbackup-app-443"
GROUP_ID = arm_id(SUBSCRIPTION, "rg-hub", "Microsoft.Network/firewallPolicies", "afwp/ruleCollectionGroups/azbackup")
COMMAND_ID = f"{VM.id}/runCommands/azbackup-proxy"
ARM = "https://management.azure.com"
START = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
TOKEN = "canary-token-of-a-real-identity"


class VirtualClock:
    def __init__(self) -> None:
        self.moment = START
        self.slept: list[float] = []

    def now(self) -> datetime:
        return self.moment

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.moment += timedelta(seconds=seconds)

    @property
    def elapsed_seconds(self) -> float:
        return (self.moment - START).total_seconds()


class Credential:
    """Counts how often it is asked; gives `TOKEN`, or the tokens it was given, one after the other."""

    sandbox_only = False

    def __init__(self, *tokens: str) -> None:
        self.tokens = list(tokens) or [TOKEN]
        self.asked = 0

    def get_token(self, *scopes: str, **kwargs: Any) -> AccessToken:
        token = self.tokens[min(self.asked, len(self.tokens) - 1)]
        self.asked += 1
        self.scopes = scopes
        return AccessToken(token, int(START.timestamp()) + 24 * 3600)


@dataclass
class Reply:
    status: int = 200
    body: object = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def content(self) -> bytes:
        if isinstance(self.body, Exception):
            raise self.body
        if isinstance(self.body, bytes):
            return self.body
        return b"" if self.body is None else json.dumps(self.body).encode()


@dataclass
class Sent:
    method: str
    url: str
    headers: Mapping[str, str]
    body: Any

    @property
    def path(self) -> str:
        return self.url.partition("?")[0].removeprefix(ARM)


Script = Callable[[Sent], Reply | Exception]


class CannedTransport(SocketlessTransport):
    """Takes the arguments that the real transport takes, and no others."""

    def __init__(self, script: Script, clock: VirtualClock) -> None:
        self._script, self._clock = script, clock
        self.sent: list[Sent] = []

    def send(self, request: HttpRequest, *, stream: bool = False, proxies: Any = None, **kwargs: Any) -> HttpResponse:
        assert not kwargs, f"options leak to the transport: {sorted(kwargs)}"
        content = request.content
        sent = Sent(request.method, request.url, dict(request.headers), json.loads(content) if content else None)
        self.sent.append(sent)
        reply = self._script(sent)
        if isinstance(reply, Exception):
            raise reply
        return CannedResponse(request, reply)

    def sleep(self, duration: float) -> None:
        self._clock.sleep(duration)


class CannedResponse(HttpResponse):
    def __init__(self, request: HttpRequest, reply: Reply) -> None:
        self._request, self._reply = request, reply
        headers = {} if reply.body is None else {"Content-Type": "application/json; charset=utf-8"}
        self._headers: MutableMapping[str, str] = CaseInsensitiveDict({**headers, **reply.headers})

    request = property(lambda self: self._request)
    status_code = property(lambda self: self._reply.status)
    headers = property(lambda self: self._headers)
    reason = property(lambda self: str(self._reply.status))
    content_type = property(lambda self: self._headers.get("Content-Type"))
    is_closed = property(lambda self: True)
    is_stream_consumed = property(lambda self: True)
    encoding = "utf-8"
    url = property(lambda self: self._request.url)
    content = property(lambda self: self._reply.content())

    def text(self, encoding: str | None = None) -> str:
        return self._reply.content().decode()

    def json(self) -> Any:
        return json.loads(self._reply.content())

    def raise_for_status(self) -> None:
        """Azure's clients raise by themselves."""

    def read(self) -> bytes:
        return self._reply.content()

    def iter_raw(self, **kwargs: Any) -> Iterator[bytes]:
        yield self._reply.content()

    def iter_bytes(self, **kwargs: Any) -> Iterator[bytes]:
        yield self._reply.content()

    def close(self) -> None:
        """Nothing to close."""

    def __enter__(self) -> "CannedResponse":
        return self

    def __exit__(self, *args: object) -> None:
        self.close()


class Canned:
    """An `Azure` whose answers are given as a list, in order, the last one for ever; or by a function."""

    def __init__(self, *replies: Reply | Exception | Script, read_only: bool = False, **options: Any) -> None:
        self._replies = list(replies)
        self.clock = VirtualClock()
        self.credential = options.pop("credential", None) or Credential()
        self.transport = CannedTransport(self._answer, self.clock)
        self.azure = Azure(self.credential, self.transport, self.clock, read_only=read_only, **options)

    @property
    def sent(self) -> list[Sent]:
        return self.transport.sent

    def _answer(self, sent: Sent) -> Reply | Exception:
        reply = self._replies.pop(0) if len(self._replies) > 1 else self._replies[0]
        return reply(sent) if not isinstance(reply, Reply | Exception) else reply


def error(status: int, code: str, message: str = "", **headers: str) -> Reply:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status, {"error": {"code": code, "message": message}}, named)
