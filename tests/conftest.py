"""What holds for every test: no real waiting, no traffic beyond this machine, the same examples on every run."""

import ipaddress
import socket
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import settings

settings.register_profile("house", derandomize=True, deadline=None, database=None)
settings.load_profile("house")


def _is_local(address: object) -> bool:
    """Whether a socket address is a path, or a host and port on the loopback."""
    if not isinstance(address, tuple):
        return True
    host = str(address[0])
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _refuse_remote(name: str, original: Callable[..., Any]) -> Callable[..., Any]:
    def guarded(self: socket.socket, *arguments: Any) -> Any:
        if not _is_local(arguments[-1]):
            # Not an Exception: client libraries would catch that and try again.
            pytest.fail(f"a test reached for the network: socket.{name}{arguments!r}")
        return original(self, *arguments)

    return guarded


@pytest.fixture(autouse=True, scope="session")
def no_real_waiting() -> Iterator[None]:
    """A test that would sleep on the real clock fails; time is moved by the sandbox or by an injected clock."""

    def refuse(seconds: float) -> None:
        if seconds > 0:
            pytest.fail(f"a test slept on the real clock: time.sleep({seconds})")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(time, "sleep", refuse)
        yield


@pytest.fixture(autouse=True, scope="session")
def no_traffic() -> Iterator[None]:
    """A test that would talk to, or listen for, another machine fails; names are not even looked up."""
    look_up = socket.getaddrinfo

    def guarded_look_up(host: str | bytes | None, *arguments: Any, **options: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        if name and not _is_local((name,)):
            pytest.fail(f"a test looked up a host: {name}")
        return look_up(host, *arguments, **options)

    with pytest.MonkeyPatch.context() as patch:
        for name in ("bind", "connect", "connect_ex", "sendto"):
            patch.setattr(socket.socket, name, _refuse_remote(name, getattr(socket.socket, name)))
        patch.setattr(socket, "getaddrinfo", guarded_look_up)
        yield
