"""The sockets of a served sandbox: HTTPS on loopback, and a CONNECT proxy for clients that know Azure's own hosts only."""

import ipaddress
import signal
import socket
import ssl
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from reconciler.sandbox.serve.certificate import make_certificate
from reconciler.sandbox.serve.front import AZURE_HOSTS, Front
from reconciler.sandbox.wire import Refusal, Request, Response
from reconciler.sandbox.world import World

_MAX_BODY_BYTES = 4 * 1024 * 1024  # ARM's own limit for a request
_IDLE_SECONDS = 60
_TICK_SECONDS = 1.0

Log = Callable[[str], None]


class ServeError(Exception):
    """The sandbox cannot be served like that: `what` is wrong, and the `remedy`."""

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(f"{what}; {remedy}")
        self.what, self.remedy = what, remedy


@dataclass(frozen=True)
class ServeOptions:
    """How to serve. Ports of 0 are chosen by the machine; `clock` gives seconds since 1970.

    Without `certificate` and `key` (PEM files) a throw-away pair is made in `folder`.
    """

    folder: Path
    clock: Callable[[], float]
    host: str = "127.0.0.1"
    port: int = 0
    proxy_port: int = 0
    certificate: Path | None = None
    key: Path | None = None
    time_factor: float = 1.0


class Server:
    """Listens from its making on; `start` begins to answer, `stop` ends it and frees the ports.

    Raises:
        ServeError: an address that is not the loopback's, a port in use, a certificate that cannot be read.
    """

    def __init__(self, world: World, options: ServeOptions, log: Log | None = None) -> None:
        if options.host not in ("127.0.0.1", "::1"):
            raise ServeError(f"the address {options.host} is not loopback", "use 127.0.0.1 or ::1")
        if not options.time_factor >= 1:
            raise ServeError(f"the time factor {options.time_factor} is below 1", "use 1 for real time, or more")
        if (options.certificate is None) != (options.key is None):
            raise ServeError("a certificate and its key go together", "give both --cert and --key, or neither")
        self.authority, context = _tls(options)
        front = Front(world, options.clock, options.time_factor)
        self.tick = front.tick
        self._arm = _listen(_Arm, options.host, options.port, front, context, log)
        try:
            self._proxy = _listen(_Proxy, options.host, options.proxy_port, front, context, log)
        except ServeError:
            self._arm.server_close()
            raise
        self._proxy.names = self._arm.names
        self._threads: list[threading.Thread] = []

    @property
    def addresses(self) -> dict[str, Any]:
        """The URLs and the CA's path, as `sandbox serve` prints them."""
        url = f"https://{self._arm.netloc}"
        return {
            "url": url,
            "metadata": f"{url}/metadata/endpoints?api-version=2022-09-01",
            "ca": str(self.authority),
            "proxy": f"http://{self._proxy.netloc}",
        }

    def start(self) -> None:
        for server in (self._arm, self._proxy):
            thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True)
            thread.start()
            self._threads.append(thread)

    def stop(self) -> None:
        for server in (self._arm, self._proxy):
            if self._threads:
                server.shutdown()
            server.server_close()
        for thread in self._threads:
            thread.join()
        self._threads.clear()


def serve(world: World, options: ServeOptions, ready: Callable[[dict[str, Any]], None], log: Log | None = None) -> None:
    """Serves until SIGTERM or SIGINT; `ready` gets the addresses as soon as they answer.

    Raises:
        ServeError: see `Server`.
    """
    server, over = Server(world, options, log), threading.Event()
    before = {number: signal.signal(number, lambda *_: over.set()) for number in (signal.SIGTERM, signal.SIGINT)}
    server.start()
    try:
        ready(server.addresses)
        while not over.wait(_TICK_SECONDS):
            server.tick()
    finally:
        server.stop()
        for number, handler in before.items():
            signal.signal(number, handler)


def _tls(options: ServeOptions) -> tuple[Path, ssl.SSLContext]:
    if options.certificate and options.key:
        authority, certificate, key = options.certificate, options.certificate, options.key
    else:
        authority, certificate = make_certificate(options.folder, AZURE_HOSTS, options.clock())
        key = certificate
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(certificate, key)
    except (OSError, ssl.SSLError) as error:
        raise ServeError(f"{certificate} and {key} are no certificate and key: {error}", "give PEM files") from error
    return authority, context


def _listen(
    handler: type["_Handler"], host: str, port: int, front: Front, context: ssl.SSLContext, log: Log | None
) -> "_Listener":
    try:
        return _Listener(handler, host, port, front, context, log)
    except OSError as error:
        raise ServeError(f"port {port} of {host} cannot be had: {error.strerror}", "give another port") from error


class _Listener(ThreadingHTTPServer):
    """One listening socket; every connection has a thread of its own."""

    daemon_threads = True
    block_on_close = False

    def __init__(
        self, handler: type["_Handler"], host: str, port: int, front: Front, context: ssl.SSLContext, log: Log | None
    ) -> None:
        self.address_family = socket.AF_INET6 if ipaddress.ip_address(host).version == 6 else socket.AF_INET
        self.front, self.context, self.log = front, context, log or (lambda line: None)
        super().__init__((host, port), handler)
        shown = f"[{host}]" if ":" in host else host
        self.netloc = f"{shown}:{self.server_port}"
        self.names = frozenset(f"{name}:{self.server_port}" for name in ("localhost", "127.0.0.1", "[::1]"))

    def server_bind(self) -> None:
        """Without the look-up of the machine's name that the base class does."""
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_port = self.server_address[1]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A connection that breaks off is the client's affair."""
        self.log(f"connection broken off: {sys.exc_info()[1]!r}")


class _Handler(BaseHTTPRequestHandler):
    """What both kinds of connection share."""

    protocol_version = "HTTP/1.1"
    timeout = _IDLE_SECONDS
    server: _Listener

    def log_message(self, format: str, *args: Any) -> None:
        """The base class would write to stderr; requests are told by `_Exchange`."""

    def secure(self, hosts: frozenset[str]) -> None:
        """Speaks TLS on this connection from now on, as a server of `hosts`."""
        try:
            connection = self.server.context.wrap_socket(self.request, server_side=True)
        except OSError as error:  # ssl.SSLError among them
            self.server.log(f"TLS handshake failed: {error}")
            return
        with connection:
            _Exchange(connection, self.client_address, self.server, hosts)


class _Arm(_Handler):
    """A direct connection: TLS from the first byte."""

    def handle(self) -> None:
        self.secure(self.server.names)


class _Proxy(_Handler):
    """A connection through the proxy: plain until CONNECT names one of Azure's hosts, or the sandbox itself."""

    def do_CONNECT(self) -> None:
        target = self.path.lower()
        host = target.removesuffix(":443")
        self.close_connection = True
        if host in AZURE_HOSTS:
            hosts = frozenset({host, target})
        elif target in self.server.names:
            hosts = self.server.names
        else:
            self.server.log(f"CONNECT {self.path} 403")
            self.send_error(403, "Only the hosts of Azure's resource manager and sign-in lead to the sandbox")
            return
        self.send_response_only(200, "Connection established")
        self.end_headers()
        self.secure(hosts)


class _Exchange(BaseHTTPRequestHandler):
    """Requests and answers on one TLS connection."""

    protocol_version = "HTTP/1.1"
    timeout = _IDLE_SECONDS

    def __init__(self, connection: ssl.SSLSocket, client: Any, server: _Listener, hosts: frozenset[str]) -> None:
        self._listener, self._hosts = server, hosts
        super().__init__(connection, client, server)

    def _serve(self) -> None:
        response, host = self._response(), self.headers.get("Host", "")
        self._listener.log(f"{self.command} https://{host}{_told(self.path)} {response.status}")
        self.send_response_only(response.status)
        length = str(len(response.body))  # without one, a client on a kept connection waits for more
        for name, value in {"Content-Length": length, **response.headers}.items():
            if name != "Content-Length" or response.status != 204:
                self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(response.body)

    do_GET = do_HEAD = do_PUT = do_POST = do_PATCH = do_DELETE = do_OPTIONS = _serve

    def _response(self) -> Response:
        length = self.headers.get("Content-Length", "0")
        if "Transfer-Encoding" in self.headers or not length.isdecimal() or int(length) > _MAX_BODY_BYTES:
            self.close_connection = True
            return Refusal(413, "RequestEntityTooLarge", "A body needs a Content-Length of at most 4 MiB.").answer()
        url = f"https://{self.headers.get('Host', '')}{self.path}"
        request = Request(self.command, url, dict(self.headers), self.rfile.read(int(length)))
        return self._listener.front.answer(request, self._hosts)

    def log_message(self, format: str, *args: Any) -> None:
        """Requests are told by `_serve`."""


def _told(target: str) -> str:
    """Without the signature of polling URLs, which is some 3.5 kB long."""
    return target.split("&t=")[0]
