"""What ships: the files, their hashes, and the parameters they take."""

import hashlib
import re

import pytest

from reconciler.cloud.guest_scripts import script_text
from reconciler.core.errors import CloudError
from reconciler.core.guest_scripts import (
    ALL,
    LINUX_AGENT_UPDATE,
    LINUX_PROXY,
    WINDOWS_PROXY,
    GuestScript,
    proxy_parameters,
    proxy_script,
    undo_parameters,
)
from tests.guest.machine import SCRIPTS


def test_every_script_is_in_the_list_and_the_other_way_round() -> None:
    assert sorted(path.name for path in SCRIPTS.iterdir()) == sorted(script.name for script in ALL)


@pytest.mark.parametrize("script", ALL, ids=lambda script: str(script.name))
def test_the_hashes_are_current_and_the_texts_are_plain(script: GuestScript) -> None:
    content = (SCRIPTS / script.name).read_bytes()
    assert script.sha256 == hashlib.sha256(content).hexdigest(), (
        f"{script.name} has changed: write its hash into core/guest_scripts.py"
    )
    assert content.isascii()
    assert b"\r" not in content
    assert script_text(script) == content.decode()


def test_a_script_that_was_changed_is_not_sent() -> None:
    changed = GuestScript(LINUX_PROXY.name, "Linux", {}, "0" * 64)
    with pytest.raises(CloudError, match=r"C121.*linux-proxy.sh|linux-proxy.sh.*C121"):
        script_text(changed)


def test_an_observed_text_is_recognised_whatever_its_line_ends() -> None:
    text = script_text(WINDOWS_PROXY)
    assert WINDOWS_PROXY.is_text(text)
    assert WINDOWS_PROXY.is_text(text.replace("\n", "\r\n"))
    assert not WINDOWS_PROXY.is_text(text + " ")
    assert not LINUX_PROXY.is_text(text)


def test_the_linux_scripts_read_the_parameters_that_are_listed() -> None:
    for script in (LINUX_PROXY, LINUX_AGENT_UPDATE):
        read = set(re.findall(r"\$\{(AZBACKUP_[A-Z_]+):-\}", script_text(script)))
        assert read == {*script.parameters, "AZBACKUP_TEST_ROOT"}


def test_the_parameters_that_set_and_undo() -> None:
    assert proxy_parameters(proxy_script("Linux"), "10.0.0.5", 8080) == [
        {"name": "AZBACKUP_ACTION", "value": "set"},
        {"name": "AZBACKUP_PROXY_HOST", "value": "10.0.0.5"},
        {"name": "AZBACKUP_PROXY_PORT", "value": "8080"},
    ]
    assert proxy_parameters(proxy_script("Windows"), "proxy.corp.example", 80) == [
        {"name": "Action", "value": "set"},
        {"name": "ProxyHost", "value": "proxy.corp.example"},
        {"name": "ProxyPort", "value": "80"},
    ]
    assert undo_parameters(LINUX_PROXY) == [{"name": "AZBACKUP_ACTION", "value": "undo"}]
    assert undo_parameters(WINDOWS_PROXY) == [{"name": "Action", "value": "undo"}]
    assert LINUX_AGENT_UPDATE.run_command_parameters({}) == []


@pytest.mark.parametrize("script", [LINUX_PROXY, WINDOWS_PROXY], ids=lambda script: str(script.name))
@pytest.mark.parametrize(
    ("host", "port"),
    [
        ("", 80), ("a b", 80), ("$(id)", 80), ("a\n", 80), ("-a", 80), ("a.", 80), ("a;b", 80), ("'a'", 80), ("é", 80), ("a" * 254, 80),
        ("a", 0), ("a", -1), ("a", 65536), ("a", 655350),
    ],
)  # fmt: skip
def test_hostile_values_are_not_sent(script: GuestScript, host: str, port: int) -> None:
    with pytest.raises(ValueError, match="takes no"):
        proxy_parameters(script, host, port)


def test_a_parameter_that_a_script_does_not_have_is_not_sent() -> None:
    with pytest.raises(ValueError, match="takes no"):
        LINUX_PROXY.run_command_parameters({"AZBACKUP_TEST_ROOT": "set"})


@pytest.mark.parametrize("port", [1, 9999, 10000, 59999, 60000, 64999, 65499, 65529, 65535])
def test_every_port_is_sent(port: int) -> None:
    assert proxy_parameters(LINUX_PROXY, "a", port)[2]["value"] == str(port)
