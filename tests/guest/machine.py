"""A Linux machine for the guest scripts: a temporary root, the few real tools they use, and stand-ins for what must not be run."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SCRIPTS = Path(__file__).parents[2] / "reconciler" / "guest"
TOOLS = (
    "cat", "chmod", "cp", "grep", "head", "mkdir", "mktemp", "mv", "readlink", "rm", "sed", "sha256sum", "tail", "tr", "wc",
)  # fmt: skip
# One a different shell: sh is dash on Debian and Ubuntu, bash on the others.
SHELLS = list(
    {Path(found).resolve(): name for name in ("sh", "bash", "dash") if (found := shutil.which(name))}.values()
)

WRITES_ITS_CALL = '#!/bin/sh\necho "${0##*/} $*" >>"$AZBACKUP_TEST_ROOT/calls"\n'
KNOWS_ONE_SERVICE = WRITES_ITS_CALL + '[ "$1" != cat ] || [ "$2" = "$KNOWN_SERVICE.service" ]\n'


@dataclass
class Outcome:
    exit_code: int
    report: dict[str, Any]


class Machine:
    """`service` is the name of the agent's systemd unit, "" for a machine without systemd."""

    def __init__(self, root: Path, shell: str = "sh", service: str = "walinuxagent") -> None:
        self.root, self.service = root, service
        self.shell = str(shutil.which(shell))
        self.tools = root / "tools"
        for folder in (self.tools, root / "etc", root / "tmp"):
            folder.mkdir()
        for tool in TOOLS:
            (self.tools / tool).symlink_to(str(shutil.which(tool)))
        self.stand_in("systemctl", KNOWS_ONE_SERVICE if service else "#!/bin/sh\nexit 1\n")
        self.stand_in("systemd-run", WRITES_ITS_CALL)

    def stand_in(self, name: str, text: str) -> None:
        path = self.tools / name
        path.unlink(missing_ok=True)
        path.write_text(text, encoding="utf-8")
        path.chmod(0o755)

    def file(self, name: str) -> Path:
        return self.root / "etc" / name

    def run(self, script: str, **parameters: str) -> Outcome:
        """Runs a script as the run command's handler does: named parameters are environment variables, empty ones left out."""
        environment = {"PATH": str(self.tools), "TMPDIR": str(self.root / "tmp"), "AZBACKUP_TEST_ROOT": str(self.root)}
        environment |= {"KNOWN_SERVICE": self.service} | {name: text for name, text in parameters.items() if text}
        done = subprocess.run(
            [self.shell, str(SCRIPTS / script)],
            env=environment,
            cwd=self.root,
            capture_output=True,
            check=False,
        )
        lines = done.stdout.decode().splitlines()
        assert len(lines) == 1, (done.stdout, done.stderr)
        assert done.stderr == b"", done.stderr
        assert not list((self.root / "tmp").iterdir())
        return Outcome(done.returncode, json.loads(lines[0]))

    def set_proxy(self, host: str = "10.0.0.5", port: str = "8080") -> Outcome:
        return self.run("linux-proxy.sh", AZBACKUP_ACTION="set", AZBACKUP_PROXY_HOST=host, AZBACKUP_PROXY_PORT=port)

    def undo_proxy(self) -> Outcome:
        return self.run("linux-proxy.sh", AZBACKUP_ACTION="undo")

    def calls(self, *but: str) -> list[str]:
        """What was called of the stand-ins since the last time, without looking for the service."""
        path = self.root / "calls"
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        path.unlink(missing_ok=True)
        return [line for line in lines if not line.startswith(("systemctl cat", *but))]

    def files(self) -> dict[str, bytes]:
        """Everything but the tools and the log of calls."""
        found: Iterable[Path] = (path for path in self.root.rglob("*") if path.is_file() and not path.is_symlink())
        names = {os.fspath(path.relative_to(self.root)): path for path in found if self.tools not in path.parents}
        return {name: path.read_bytes() for name, path in names.items() if name != "calls"}
