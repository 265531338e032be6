"""The guards of tests/conftest.py stop what they are there to stop, and nothing else."""

import socket
import time
import urllib.request
from collections.abc import Callable

import pytest

# Were a guard broken, these would still send nothing: the one is this machine itself, the other no host at all.
ADDRESS = ("0.0.0.0", 9)  # noqa: S104 - refused before anything listens
HOST = "management.azure.invalid"


@pytest.mark.parametrize(
    "reach",
    [
        lambda stream, _: stream.connect(ADDRESS),
        lambda stream, _: stream.connect_ex(ADDRESS),
        lambda stream, _: stream.bind(ADDRESS),
        lambda _, datagram: datagram.sendto(b"x", ADDRESS),
        lambda *_: socket.getaddrinfo(HOST, 443),
        lambda *_: urllib.request.urlopen(f"https://{HOST}/", timeout=1),
    ],
    ids=["connect", "connect_ex", "bind", "sendto", "look_up", "urlopen"],
)
def test_reaching_beyond_the_loopback_fails_the_test(reach: Callable[..., object]) -> None:
    with (
        socket.socket(type=socket.SOCK_STREAM) as stream,
        socket.socket(type=socket.SOCK_DGRAM) as datagram,
        pytest.raises(pytest.fail.Exception, match=r"a test (reached for the network|looked up a host)"),
    ):
        reach(stream, datagram)


def test_the_loopback_is_open() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        answered, _ = server.accept()
        with answered:
            client.sendall(b"hello")
            assert answered.recv(5) == b"hello"


def test_real_sleeping_fails_the_test() -> None:
    with pytest.raises(pytest.fail.Exception, match="slept on the real clock"):
        time.sleep(0.001)  # caught before it sleeps: the guard is what is tested


def test_giving_way_to_other_threads_is_not_sleeping() -> None:
    assert time.sleep(0) is None  # type: ignore[func-returns-value]
