"""The sandbox as an azure-core transport: the real SDK clients talk to it in-process, and their waiting costs no time."""

import json
from collections.abc import Callable, Iterator, MutableMapping, Sequence
from datetime import datetime
from http import HTTPStatus
from types import TracebackType
from typing import Any

from azure.core.credentials import AccessToken, AccessTokenInfo
from azure.core.exceptions import HttpResponseError, ServiceRequestError, ServiceResponseError
from azure.core.pipeline.transport import HttpTransport
from azure.core.rest import HttpRequest, HttpResponse
from azure.core.utils import CaseInsensitiveDict

from reconciler.sandbox.app import handle
from reconciler.sandbox.faults import AnswerLost, ConnectionRefused, Fault, Script
from reconciler.sandbox.wire import Request, Response
from reconciler.sandbox.world import World

TOKEN = "sandbox-only"  # no secret: nothing but the sandbox takes it
_EXPIRES = 4_102_444_800  # the year 2100


class SandboxClock:
    """The world's clock, to be used in place of the machine's."""

    def __init__(self, world: World) -> None:
        self._world = world

    def now(self) -> datetime:
        return self._world.now()

    def sleep(self, seconds: float) -> None:
        self._world.advance(seconds)


class SandboxCredential:
    """A credential whose token only the sandbox takes."""

    def get_token(self, *scopes: str, **kwargs: Any) -> AccessToken:
        return AccessToken(TOKEN, _EXPIRES)

    def get_token_info(self, *scopes: str, options: Any = None) -> AccessTokenInfo:
        return AccessTokenInfo(TOKEN, _EXPIRES)


class SocketlessTransport(HttpTransport[HttpRequest, HttpResponse]):
    """What transports share that open nothing: they answer from this process."""

    def open(self) -> None:
        """Nothing to open."""

    def close(self) -> None:
        """Nothing to close."""

    def __exit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        self.close()


class SandboxTransport(SocketlessTransport):
    """Sends every request to `handle`; no socket is opened, URLs stay those of Azure.

    `sleep` moves the world's clock, so retries and long operations wait in virtual time. `on_request` hears of every
    request, with None as the answer when there was none.
    """

    def __init__(
        self,
        world: World,
        faults: Sequence[Fault] = (),
        on_request: Callable[[Request, Response | None], None] | None = None,
    ) -> None:
        self.world = world
        self._script = Script(handle, faults)
        self._on_request = on_request

    def send(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        sent = Request(request.method, request.url, dict(request.headers), _content(request))
        answer: Response | None = None
        try:
            answer = self._script.send(self.world, sent)
        except ConnectionRefused as error:
            raise ServiceRequestError(str(error)) from error
        except AnswerLost as error:
            raise ServiceResponseError(str(error)) from error
        finally:
            if self._on_request is not None:
                self._on_request(sent, answer)
        return SandboxResponse(request, answer)

    def sleep(self, duration: float) -> None:
        self.world.advance(duration)


def _content(request: HttpRequest) -> bytes:
    content = request.content
    if content is None:
        return b""
    return content.encode() if isinstance(content, str) else bytes(content)


class SandboxResponse(HttpResponse):
    """An answer in the shape that azure-core reads."""

    def __init__(self, request: HttpRequest, answer: Response) -> None:
        self._request, self._answer = request, answer
        self._headers: MutableMapping[str, str] = CaseInsensitiveDict(answer.headers)
        self._encoding: str | None = "utf-8"

    @property
    def request(self) -> HttpRequest:
        return self._request

    @property
    def status_code(self) -> int:
        return self._answer.status

    @property
    def headers(self) -> MutableMapping[str, str]:
        return self._headers

    @property
    def reason(self) -> str:
        return HTTPStatus(self._answer.status).phrase

    @property
    def content_type(self) -> str | None:
        return self._headers.get("Content-Type")

    @property
    def is_closed(self) -> bool:
        return True

    @property
    def is_stream_consumed(self) -> bool:
        return True

    @property
    def encoding(self) -> str | None:
        return self._encoding

    @encoding.setter
    def encoding(self, value: str | None) -> None:
        self._encoding = value

    @property
    def url(self) -> str:
        return self._request.url

    @property
    def content(self) -> bytes:
        return self._answer.body

    def text(self, encoding: str | None = None) -> str:
        return self.content.decode(encoding or self._encoding or "utf-8")

    def json(self) -> Any:
        return json.loads(self.content)

    def raise_for_status(self) -> None:
        if self.status_code >= 400:
            raise HttpResponseError(response=self)

    def read(self) -> bytes:
        return self.content

    def iter_raw(self, **kwargs: Any) -> Iterator[bytes]:
        yield self.content

    def iter_bytes(self, **kwargs: Any) -> Iterator[bytes]:
        yield self.content

    def close(self) -> None:
        """Nothing to close."""

    def __enter__(self) -> "SandboxResponse":
        return self

    def __exit__(self, *args: object) -> None:
        self.close()
