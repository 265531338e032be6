"""The proxy script for Linux, run for real on files in a temporary root."""

from pathlib import Path

import pytest

from tests.guest.machine import SHELLS, Machine

BLOCK = """# BEGIN azbackup proxy{note}
http_proxy=http://10.0.0.5:8080
https_proxy=http://10.0.0.5:8080
no_proxy={direct}
# END azbackup proxy
"""
AGENT_BLOCK = """# BEGIN azbackup proxy{note}
HttpProxy.Host=10.0.0.5
HttpProxy.Port=8080
# END azbackup proxy
"""
HOST_ADDRESSES = "168.63.129.16,169.254.169.254"
PLAIN = BLOCK.format(note="", direct=HOST_ADDRESSES)
RESTART = "systemd-run --on-active=15 systemctl restart walinuxagent.service"
AGENT = "Extensions.Enabled=y\n# HttpProxy.Host=None\n# HttpProxy.Port=None\nOS.EnableFIPS=n\n"
LOOKALIKES = b"my_http_proxy=a\nhttp_proxyx=b\nHTTP_PROXY=c\n"
EVERY_BYTE = bytes(byte for byte in range(1, 256) if byte not in b"\r\n")

# What it is about, /etc/environment before (None: no such file), and after.
ENVIRONMENTS: list[tuple[str, bytes | None, bytes]] = [
    ("no file", None, BLOCK.format(note=" (file made)", direct=HOST_ADDRESSES).encode()),
    ("an empty file", b"", PLAIN.encode()),
    ("other lines", b'PATH="/usr/bin:/bin"\nLANG=C\n', b'PATH="/usr/bin:/bin"\nLANG=C\n' + PLAIN.encode()),
    ("comments and blank lines", b"# http_proxy=x\n\n  # no_proxy=y\n\n", b"# http_proxy=x\n\n  # no_proxy=y\n\n" + PLAIN.encode()),
    ("no end of line", b"LANG=C", b"LANG=C\n" + BLOCK.format(note=" (line ended)", direct=HOST_ADDRESSES).encode()),
    (
        "line ends of Windows",
        b'LANG=C\r\nno_proxy="a"\r\n',
        b'LANG=C\r\n# azbackup keeps: no_proxy="a"\r\n' + BLOCK.format(note="", direct=f"a,{HOST_ADDRESSES}").encode(),
    ),
    ("every byte", EVERY_BYTE + b"\n", EVERY_BYTE + b"\n" + PLAIN.encode()),
    ("names that only look like it", LOOKALIKES, LOOKALIKES + PLAIN.encode()),
    (
        "another proxy",
        b'A=1\nhttp_proxy="http://old:3128"\n export https_proxy = http://old:3128\nB=2\n',
        b'A=1\n# azbackup keeps: http_proxy="http://old:3128"\n# azbackup keeps:  export https_proxy = http://old:3128\nB=2\n'
        + PLAIN.encode(),
    ),
    (
        "exceptions of its own",
        b'no_proxy="*.corp.example, 169.254.169.254"\n',
        b'# azbackup keeps: no_proxy="*.corp.example, 169.254.169.254"\n'
        + BLOCK.format(note="", direct="*.corp.example,169.254.169.254,168.63.129.16").encode(),
    ),
    ("hostile lines", b"A=$(touch owned)`touch owned`;'\"\\\n* ?\n", b"A=$(touch owned)`touch owned`;'\"\\\n* ?\n" + PLAIN.encode()),
]  # fmt: skip


@pytest.fixture(params=SHELLS)
def machine(request: pytest.FixtureRequest, tmp_path: Path) -> Machine:
    made = Machine(tmp_path, request.param)
    made.file("waagent.conf").write_text(AGENT, encoding="utf-8")
    return made


@pytest.mark.parametrize(("about", "before", "after"), ENVIRONMENTS, ids=[case[0] for case in ENVIRONMENTS])
def test_set_again_and_undo(machine: Machine, about: str, before: bytes | None, after: bytes) -> None:
    if before is not None:
        machine.file("environment").write_bytes(before)
    untouched = machine.files()

    first = machine.set_proxy()
    assert first.report == {
        "script": "linux-proxy",
        "action": "set",
        "changed": ["/etc/environment", "/etc/waagent.conf"],
        "agentRestarted": True,
    }
    assert machine.calls() == [RESTART]
    done = machine.files()
    assert done == {"etc/environment": after, "etc/waagent.conf": (AGENT + AGENT_BLOCK.format(note="")).encode()}

    again = machine.set_proxy()
    assert (again.exit_code, again.report["changed"], again.report["agentRestarted"]) == (0, [], False)
    assert machine.files() == done
    assert machine.calls() == []

    back = machine.undo_proxy()
    assert (back.exit_code, back.report["agentRestarted"]) == (0, True)
    assert machine.files() == untouched
    assert machine.calls() == [RESTART]

    assert machine.undo_proxy().report["changed"] == []
    assert machine.files() == untouched
    assert machine.calls() == []


def test_another_proxy_later_replaces_the_first_and_undo_still_goes_back_to_the_start(machine: Machine) -> None:
    machine.file("environment").write_bytes(b"http_proxy=http://old:3128")
    machine.file("waagent.conf").write_bytes(b"HttpProxy.Host=old\nHttpProxy.Port = 3128\nLogs.Verbose=n")
    untouched = machine.files()
    machine.set_proxy("10.0.0.5", "8080")
    machine.set_proxy("proxy.corp.example", "3129")
    assert machine.file("waagent.conf").read_text(encoding="utf-8") == (
        "# azbackup keeps: HttpProxy.Host=old\n# azbackup keeps: HttpProxy.Port = 3128\nLogs.Verbose=n\n"
        "# BEGIN azbackup proxy (line ended)\nHttpProxy.Host=proxy.corp.example\nHttpProxy.Port=3129\n# END azbackup proxy\n"
    )
    assert b"10.0.0.5" not in machine.file("environment").read_bytes()
    machine.undo_proxy()
    assert machine.files() == untouched


def test_settings_that_are_right_already_stay_as_they_are(machine: Machine) -> None:
    machine.file("environment").write_text(
        f'http_proxy="http://10.0.0.5:8080"\nhttps_proxy=http://10.0.0.5:8080\nno_proxy={HOST_ADDRESSES},.corp\n',
        encoding="utf-8",
    )
    machine.file("waagent.conf").write_text(
        "HttpProxy.Host=wrong\nHttpProxy.Host=10.0.0.5\nHttpProxy.Port=8080\n", encoding="utf-8"
    )
    untouched = machine.files()
    outcome = machine.set_proxy()
    assert (outcome.exit_code, outcome.report["changed"], outcome.report["agentRestarted"]) == (0, [], False)
    assert machine.files() == untouched


def test_lines_that_others_add_later_survive_the_undo(machine: Machine) -> None:
    environment = machine.file("environment")
    environment.write_bytes(b"LANG=C")
    machine.set_proxy()
    environment.write_bytes(b"FIRST=1\n" + environment.read_bytes() + b"LAST=1\n")
    machine.undo_proxy()
    assert environment.read_bytes() == b"FIRST=1\nLANG=C\nLAST=1\n"


def test_a_file_we_made_stays_when_others_wrote_to_it(machine: Machine) -> None:
    machine.set_proxy()
    with machine.file("environment").open("ab") as stream:
        stream.write(b"LANG=C\n")
    machine.undo_proxy()
    assert machine.file("environment").read_bytes() == b"LANG=C\n"


def test_mode_and_links_stay(machine: Machine) -> None:
    machine.file("waagent.conf").chmod(0o640)
    machine.file("environment.real").write_bytes(b"LANG=C\n")
    machine.file("environment").symlink_to("environment.real")
    machine.set_proxy()
    assert machine.file("environment").is_symlink()
    assert b"http_proxy" in machine.file("environment.real").read_bytes()
    assert machine.file("waagent.conf").stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize(
    ("spoilt", "file"),
    [
        (b"# BEGIN azbackup proxy\nhttp_proxy=x\nLANG=C\n", "environment"),
        (b"http_proxy=x\n# END azbackup proxy\n", "environment"),
        (b"# END azbackup proxy\n# BEGIN azbackup proxy\n", "environment"),
        (b"# BEGIN azbackup proxy\n# END azbackup proxy\n" * 2, "environment"),
        (b"# BEGIN azbackup proxy\r\n# END azbackup proxy\r\n", "waagent.conf"),
        (b"LANG=C\0\n", "environment"),
    ],
)
def test_a_file_that_can_not_be_understood_is_left_alone(machine: Machine, spoilt: bytes, file: str) -> None:
    machine.file(file).write_bytes(spoilt)
    untouched = machine.files()
    for outcome in (machine.set_proxy(), machine.undo_proxy()):
        assert outcome.exit_code == 1
        assert f"/etc/{file}" in outcome.report["error"]
    assert machine.files() == untouched
    assert machine.calls() == []


def test_without_an_agent_there_is_nothing_to_set_and_nothing_to_undo(machine: Machine) -> None:
    machine.file("waagent.conf").unlink()
    outcome = machine.set_proxy()
    assert (outcome.exit_code, outcome.report["error"]) == (1, "/etc/waagent.conf is missing")
    assert machine.undo_proxy().exit_code == 0
    assert machine.files() == {}


HOSTILE = [
    "",
    "$(touch owned)",
    "`touch owned`",
    "a;touch owned",
    "a b",
    "a\nb",
    "-a",
    ".a",
    "a.",
    "a/b",
    "a&b",
    "é",
    '"',
    "a|b",
    "a\\b",
    "*",
]


@pytest.mark.parametrize("host", HOSTILE)
def test_a_hostile_host_is_refused_before_anything_is_touched(machine: Machine, host: str) -> None:
    assert_refused(machine, "AZBACKUP_PROXY_HOST", host=host)


@pytest.mark.parametrize(
    "port", ["", "0", "080", "65536", "100000", "9" * 30, "-1", "80x", "80 ", "8\n0", "$(id)", "٣"]
)
def test_a_hostile_port_is_refused_before_anything_is_touched(machine: Machine, port: str) -> None:
    assert_refused(machine, "AZBACKUP_PROXY_PORT", port=port)


def assert_refused(machine: Machine, name: str, **parameters: str) -> None:
    outcome = machine.set_proxy(**parameters)
    assert outcome.exit_code == 2
    assert outcome.report["error"].startswith(name)
    assert machine.files() == {"etc/waagent.conf": AGENT.encode()}
    assert machine.calls() == []


@pytest.mark.parametrize("action", ["", "reset", "set;id", "undo "])
def test_another_action_is_refused(machine: Machine, action: str) -> None:
    outcome = machine.run("linux-proxy.sh", AZBACKUP_ACTION=action)
    assert (outcome.exit_code, outcome.report["error"]) == (2, "AZBACKUP_ACTION is not set or undo")


@pytest.mark.parametrize("port", ["1", "80", "65535"])
def test_ports_at_the_ends_are_fine(machine: Machine, port: str) -> None:
    assert machine.set_proxy(port=port).exit_code == 0
    assert f"HttpProxy.Port={port}\n" in machine.file("waagent.conf").read_text(encoding="utf-8")
