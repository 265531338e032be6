"""The transport of real runs, over a socket of this machine: what arrives there, and what a broken line gives."""

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, HTTPServer, ThreadingHTTPServer
from typing import Any

import pytest

from reconciler.cloud import Azure, connect
from reconciler.core.errors import CloudError, Unreadable
from reconciler.core.plan import Write
from tests.cloud.canned import VAULT, VM, VirtualClock


class Arm(BaseHTTPRequestHandler):
    """Answers everything with the server's `reply`: status, headers, body."""

    def answer(self) -> None:
        server: Any = self.server
        length = int(self.headers.get("Content-Length") or 0)
        server.arrived.append((self.command, self.path, self.headers["Authorization"], self.rfile.read(length)))
        status, headers, body = server.reply
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", "Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_PUT = do_POST = do_DELETE = answer

    def log_message(self, *arguments: object) -> None:
        """Nothing is printed."""


@pytest.fixture
def server() -> Iterator[Any]:
    server: Any = HTTPServer(("127.0.0.1", 0), Arm)
    server.arrived, server.reply = [], (200, {}, b"{}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def azure(server: Any) -> Iterator[Azure]:
    url = f"http://127.0.0.1:{server.server_port}"
    azure = connect(VirtualClock(), read_only=False, endpoint=url, sandbox_token="sandbox-only")
    yield azure
    azure.close()


def test_a_read_and_a_write_arrive_as_they_were_meant(azure: Azure, server: Any) -> None:
    server.reply = (200, {}, json.dumps({"name": "rsv-prod"}).encode())
    assert azure.look().vault(VAULT) == {"name": "rsv-prod"}
    azure.send(Write("item.backup", VAULT, {"properties": {}}, vm=VM), "id")
    path = VM.item_id(VAULT).replace(";", "%3B")
    assert server.arrived == [
        ("GET", f"{VAULT.id}?api-version=2026-11-01", "Bearer sandbox-only", b""),
        ("POST", f"{path}/backup?api-version=2026-10-01", "Bearer sandbox-only", b'{"properties": {}}'),
    ]


def test_a_body_that_breaks_off_is_unreadable(azure: Azure, server: Any) -> None:
    server.reply = (200, {"Content-Length": "100"}, b'{"name": "rsv')
    with pytest.raises(Unreadable):
        azure.look().vault(VAULT)


def test_hostile_names_never_reach_the_socket(azure: Azure, server: Any) -> None:
    for name in ("..", ".", "a/../b", "%2e%2e"):
        with pytest.raises(CloudError):
            azure.send(Write("policy.put", VAULT, {}, name), "id")
    assert server.arrived == []


def test_a_redirect_to_another_host_is_not_followed(azure: Azure, server: Any) -> None:
    server.reply = (307, {"Location": "http://127.0.0.1:9/"}, b"")
    with pytest.raises(CloudError, match="307"):
        azure.send(Write("vault.create", VAULT, {}), "id")
    assert len(server.arrived) == 1


def test_as_many_connections_are_kept_as_requests_go_at_a_time() -> None:
    """Twice twenty reads that are all on their way together need twenty connections, not more for the second time."""

    class KeptAlive(Arm):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            self.server.together.wait(timeout=10)  # type: ignore[attr-defined]
            super().answer()

        do_GET = answer

        def setup(self) -> None:
            self.server.opened.append(self.client_address)  # type: ignore[attr-defined]
            super().setup()

    server: Any = ThreadingHTTPServer(("127.0.0.1", 0), KeptAlive)
    server.arrived, server.opened, server.reply, server.together = [], [], (200, {}, b"{}"), threading.Barrier(20)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    url = f"http://127.0.0.1:{server.server_port}"
    azure = connect(VirtualClock(), read_only=True, endpoint=url, sandbox_token="sandbox-only", connections=20)
    with ThreadPoolExecutor(20) as pool:
        for _ in range(2):
            list(pool.map(lambda _: azure.look().vault(VAULT), range(20)))
    azure.close()
    server.shutdown()
    thread.join()
    server.server_close()
    assert len(server.opened) == 20
