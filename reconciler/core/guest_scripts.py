"""The scripts that ship with azbackup for managed run commands: their names, parameters and hashes (reliability GST-02, GST-03, S-18).

The texts are files in reconciler/guest/; the cloud room reads them. A script is sent only as it was hashed here, and what varies goes into
its named parameters: on Linux they reach it as environment variables, and an empty value not at all.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

# Both scripts check these again: what they are given by hand does not pass here.
_ACTION = "set|undo"
_HOST = "[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?"
_PORT = "[1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5]"


@dataclass(frozen=True)
class GuestScript:
    """`name` is the file's; `parameters` maps each name to the pattern of its values; `sha256` is over the text with LF line ends."""

    name: str
    os: Literal["Linux", "Windows"]
    parameters: Mapping[str, str]
    sha256: str

    def is_text(self, text: str) -> bool:
        """Whether a text, as observed in a run command, is this script; line ends don't count."""
        return hashlib.sha256(text.replace("\r\n", "\n").encode()).hexdigest() == self.sha256

    def run_command_parameters(self, values: Mapping[str, str]) -> list[dict[str, str]]:
        """`properties.parameters` of a managed run command, sorted by name. Raises ValueError for a name or value that is not allowed."""
        for name, value in values.items():
            if name not in self.parameters or not re.fullmatch(self.parameters[name], value):
                raise ValueError(f"{self.name} takes no {name}={value!r}")
        return [{"name": name, "value": values[name]} for name in sorted(values)]


LINUX_PROXY = GuestScript(
    "linux-proxy.sh",
    "Linux",
    {"AZBACKUP_ACTION": _ACTION, "AZBACKUP_PROXY_HOST": _HOST, "AZBACKUP_PROXY_PORT": _PORT},
    "5a7c449f4c47ee7b43d485e59b014fa164d800a81f422a1150d74ed871a0fa81",
)
LINUX_AGENT_UPDATE = GuestScript(
    "linux-agent-update.sh", "Linux", {}, "4b4dd64be0f3e39ab9eb5d893b7c3148945dc802e50102cecdbe96a6d4cc2e13"
)
WINDOWS_PROXY = GuestScript(
    "windows-proxy.ps1",
    "Windows",
    {"Action": _ACTION, "ProxyHost": _HOST, "ProxyPort": _PORT},
    "c67fe80e7e81b2ba04cc97f1484b5ca609e1b92d6ec0d06877d9f59a41b30e92",
)
WINDOWS_AGENT_UPDATE = GuestScript(
    "windows-agent-update.ps1", "Windows", {}, "0497fd3ea550d970226edf52f5f621665d87a79c8b3333af546e070341ac84c5"
)

ALL = (LINUX_PROXY, LINUX_AGENT_UPDATE, WINDOWS_PROXY, WINDOWS_AGENT_UPDATE)


def agent_script(os: Literal["Linux", "Windows"]) -> GuestScript:
    return LINUX_AGENT_UPDATE if os == "Linux" else WINDOWS_AGENT_UPDATE


def proxy_script(os: Literal["Linux", "Windows"]) -> GuestScript:
    return LINUX_PROXY if os == "Linux" else WINDOWS_PROXY


def proxy_parameters(script: GuestScript, host: str, port: int) -> list[dict[str, str]]:
    """The parameters with which a proxy script sets the proxy. Raises ValueError for a host or port that it does not take."""
    return script.run_command_parameters(dict(zip(script.parameters, ("set", host, str(port)), strict=True)))


def undo_parameters(script: GuestScript) -> list[dict[str, str]]:
    """The parameters with which a proxy script takes the proxy back."""
    return script.run_command_parameters({next(iter(script.parameters)): "undo"})
