"""The sockets: loopback only, TLS that a client can verify, the CONNECT proxy, a clean end."""

import json
import socket
import ssl
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from http.client import HTTPSConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from reconciler.sandbox.serve import ServeError, ServeOptions, Server
from reconciler.sandbox.world import World

NOW = 1_800_000_000.0


@pytest.fixture
def told() -> list[str]:
    return []


@pytest.fixture
def server(tmp_path: Path, told: list[str]) -> Iterator[Server]:
    """A started server whose certificate is valid now: TLS looks at the machine's clock, not at the one handed in."""
    made = Server(World.open(), ServeOptions(tmp_path / "tls", time.time, time_factor=60), told.append)
    made.start()
    yield made
    made.stop()


def trusting(server: Server) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(server.authority))


def port_of(url: str) -> int:
    port = urlsplit(url).port
    assert port is not None
    return port


def get(connection: HTTPSConnection, target: str) -> tuple[int, Any]:
    connection.request("GET", target, headers={"Authorization": "Bearer sandbox"})
    answer = connection.getresponse()
    return answer.status, json.loads(answer.read())


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_client_that_trusts_the_authority_is_answered_on_one_connection(server: Server, host: str) -> None:
    connection = HTTPSConnection(host, port_of(server.addresses["url"]), context=trusting(server), timeout=10)
    status, metadata = get(connection, "/metadata/endpoints?api-version=2022-09-01")
    assert status == 200
    assert metadata["resourceManager"] == f"https://{host}:{port_of(server.addresses['url'])}/"
    status, body = get(connection, "/subscriptions?api-version=2022-12-01")
    assert status == 200
    assert len(body["value"]) == 1
    status, body = get(connection, "/subscriptions/x/nobody/knows")  # read to its end at once: its length is told
    assert (status, body["error"]["code"]) == (501, "SandboxHasNoSuchRoute")
    connection.close()


def test_a_client_that_does_not_know_the_authority_refuses(server: Server) -> None:
    connection = HTTPSConnection("127.0.0.1", port_of(server.addresses["url"]), timeout=10)
    with pytest.raises(ssl.SSLCertVerificationError):
        connection.connect()


@pytest.mark.parametrize("host", ["management.azure.com", "login.microsoftonline.com"])
def test_the_proxy_leads_azures_own_hosts_to_the_sandbox(server: Server, host: str) -> None:
    connection = HTTPSConnection("127.0.0.1", port_of(server.addresses["proxy"]), context=trusting(server), timeout=10)
    connection.set_tunnel(host, 443)
    status, metadata = get(connection, "/metadata/endpoints?api-version=2022-09-01")
    assert status == 200
    assert metadata["resourceManager"] == f"https://{host}/"
    connection.close()


@pytest.mark.parametrize("host", ["example.com", "graph.microsoft.com", "127.0.0.1"])
def test_the_proxy_leads_nowhere_else(server: Server, told: list[str], host: str) -> None:
    connection = HTTPSConnection("127.0.0.1", port_of(server.addresses["proxy"]), context=trusting(server), timeout=10)
    connection.set_tunnel(host, 443)
    with pytest.raises(OSError, match="403"):
        connection.connect()
    assert told == [f"CONNECT {host}:443 403"]


def test_the_direct_door_does_not_answer_under_azures_names(server: Server) -> None:
    connection = HTTPSConnection("127.0.0.1", port_of(server.addresses["url"]), context=trusting(server), timeout=10)
    connection.request("GET", "/subscriptions?api-version=2022-12-01", headers={"Host": "management.azure.com"})
    assert connection.getresponse().status == 421
    connection.close()


def test_only_the_loopback_listens(server: Server) -> None:
    for url in (server.addresses["url"], server.addresses["proxy"]):
        assert urlsplit(url).hostname == "127.0.0.1"
    for listener in (server._arm, server._proxy):
        assert listener.socket.getsockname()[0] == "127.0.0.1"


@pytest.mark.parametrize(
    "changes",
    [
        {"host": "0.0.0.0"},  # noqa: S104 - what must be refused
        {"host": "::"},
        {"host": "localhost.example"},
        {"host": "192.168.0.1"},
        {"time_factor": 0.5},
        {"certificate": Path("only-one.pem")},
    ],
)
def test_what_is_not_served(tmp_path: Path, changes: dict[str, Any]) -> None:
    with pytest.raises(ServeError):
        Server(World.open(), ServeOptions(tmp_path / "tls", lambda: NOW, **changes))


def test_a_port_in_use_is_told(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        options = ServeOptions(tmp_path / "tls", lambda: NOW, port=taken.getsockname()[1])
        with pytest.raises(ServeError, match="cannot be had"):
            Server(World.open(), options)


def test_only_the_owner_reads_the_key_and_nobody_has_the_authoritys(server: Server) -> None:
    folder = server.authority.parent
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {
        "ca.pem": 0o600,
        "server.pem": 0o600,
    }
    assert "PRIVATE KEY" not in (folder / "ca.pem").read_text()
    assert (folder / "server.pem").read_text().count("PRIVATE KEY-----") == 2  # one key, begin and end


def test_a_certificate_of_ones_own(tmp_path: Path, server: Server) -> None:
    own = server.authority.parent / "server.pem"
    options = ServeOptions(tmp_path / "unused", lambda: NOW, certificate=own, key=own)
    other = Server(World.open(), options)
    other.stop()
    assert other.authority == own
    assert not (tmp_path / "unused").exists()


def test_requests_are_told_without_signatures_and_tokens(server: Server, told: list[str]) -> None:
    connection = HTTPSConnection("127.0.0.1", port_of(server.addresses["url"]), context=trusting(server), timeout=10)
    get(connection, "/subscriptions?api-version=2022-12-01&t=1&c=secret")
    connection.close()
    assert told == [f"GET {server.addresses['url']}/subscriptions?api-version=2022-12-01 200"]


@pytest.mark.parametrize("headers", [{"Transfer-Encoding": "chunked"}, {"Content-Length": "99999999"}])
def test_a_body_without_bounds_is_refused(server: Server, headers: dict[str, str]) -> None:
    connection = HTTPSConnection("127.0.0.1", port_of(server.addresses["url"]), context=trusting(server), timeout=10)
    connection.putrequest("POST", "/x?api-version=2022-12-01")
    for name, value in headers.items():
        connection.putheader(name, value)
    connection.endheaders()
    assert connection.getresponse().status == 413
    connection.close()


def test_the_command_tells_its_addresses_and_ends_on_sigterm(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "reconciler", "sandbox", "serve", "--sandbox", str(tmp_path / "azure.sqlite")]
    subscription = "11111111-0000-4000-8000-000000000001"
    with subprocess.Popen(
        [*command, "--subscription", subscription], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        addresses = json.loads(process.stdout.readline())
        context = ssl.create_default_context(cafile=addresses["ca"])
        connection = HTTPSConnection("127.0.0.1", port_of(addresses["url"]), context=context, timeout=10)
        status, body = get(connection, "/subscriptions?api-version=2022-12-01")
        connection.close()
        process.terminate()
        out, err = process.communicate()
    assert (process.returncode, out, err) == (0, "", "")
    assert status == 200
    assert [each["subscriptionId"] for each in body["value"]] == [subscription]
    assert Path(addresses["ca"]).parent == tmp_path / "azure.sqlite.tls"


def test_the_command_refuses_an_address_that_is_not_loopback() -> None:
    command = [sys.executable, "-m", "reconciler", "sandbox", "serve", "--host", "0.0.0.0"]  # noqa: S104 - refused
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "is not loopback" in done.stderr
