"""How each client is called: unchanged, with nothing but its own settings, and no way out of this machine."""

import json
import os
import shlex
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.clients.environments import ansible_python, az_python
from tests.clients.scenario import Answer, filled
from tests.clients.served import AZBACKUP, ROOT, Served

TENANT, CLIENT = "00000000-0000-4000-8000-00000000000a", "00000000-0000-4000-8000-00000000c11e"
_CLOSED = "http://127.0.0.1:9"  # nobody listens there: what is not meant for the sandbox goes nowhere
_SECONDS = 900


@dataclass(frozen=True)
class Clients:
    """The clients, pointed at one served sandbox."""

    served: Served
    names: dict[str, str]

    def az(self, command: str) -> Answer:
        """The az CLI, by its own settings (a registered cloud)."""
        return self._run([str(az_python()), "-m", "azure.cli", *shlex.split(command)], self._az_environment())

    def _az_environment(self) -> dict[str, str]:
        folder = self.served.folder / "az"
        folder.mkdir(exist_ok=True)
        known = folder / "versionCheck.json"
        if not known.exists():  # or az asks for the newest version, elsewhere
            here = {"local": "2.91.0", "pypi": "2.91.0"}
            versions = {"versions": {"core": here, "azure-cli": here}, "update_time": "2100-01-01 00:00:00.0"}
            known.write_text(json.dumps(versions))
        return {
            "AZURE_CONFIG_DIR": str(folder),
            "AZURE_CORE_COLLECT_TELEMETRY": "false",
            "AZURE_CORE_INSTANCE_DISCOVERY": "false",
            "AZURE_CORE_ENCRYPT_TOKEN_CACHE": "false",
            "AZURE_CORE_SURVEY_MESSAGE": "false",
            "AZURE_CORE_LOGIN_EXPERIENCE_V2": "off",
            "AZURE_CORE_NO_COLOR": "true",
            "AZURE_EXTENSION_USE_DYNAMIC_INSTALL": "no",
            "REQUESTS_CA_BUNDLE": str(self.served.authority),
            "HTTPS_PROXY": _CLOSED,
            "NO_PROXY": "localhost,127.0.0.1",
        }

    def azbackup(self, command: str) -> Answer:
        """This project's own command, on the file that is served."""
        return self._run([*AZBACKUP, *shlex.split(command)], {"AZBACKUP_SANDBOX": str(self.served.file)})

    def ansible(self, tasks: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The result of each task, run as one playbook, through the CONNECT proxy."""
        playbook = self.served.folder / "playbook.yaml"
        entries = [
            {f"azure.azcollection.{task['module']}": task["args"], "ignore_errors": True}
            for task in filled(tasks, self.names)
        ]
        play = {"hosts": "localhost", "connection": "local", "gather_facts": False, "tasks": entries}
        playbook.write_text(yaml.safe_dump([play]))
        python = ansible_python()
        command = [str(python), "-m", "ansible", "playbook", "-i", "localhost,", str(playbook)]
        command += ["-e", f"ansible_python_interpreter={python}"]
        answer = self._run(command, self._ansible_environment())
        if not isinstance(answer.document, dict):
            return [{"failed": True, "msg": answer.text[-600:]} for _ in tasks]
        return [task["hosts"]["localhost"] for task in answer.document["plays"][0]["tasks"]]

    def _ansible_environment(self) -> dict[str, str]:
        home = self.served.folder / "ansible"
        home.mkdir(exist_ok=True)
        return {
            "HOME": str(home),
            "AZURE_CONFIG_DIR": str(home / "azure"),
            "AZURE_SUBSCRIPTION_ID": self.names["subscription"],
            "AZURE_TENANT": TENANT,
            "AZURE_CLIENT_ID": CLIENT,
            "AZURE_SECRET": "any",
            "REQUESTS_CA_BUNDLE": str(self.served.authority),
            "SSL_CERT_FILE": str(self.served.authority),
            "HTTPS_PROXY": self.served.proxy,
            "ANSIBLE_STDOUT_CALLBACK": "ansible.posix.json",
            "ANSIBLE_LOCALHOST_WARNING": "False",
            "ANSIBLE_NOCOLOR": "1",
            "LC_ALL": "C.UTF-8",
        }

    def _run(self, command: list[str], settings: dict[str, str]) -> Answer:
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.served.folder)} | settings
        done = subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=_SECONDS, check=False
        )
        try:
            document = json.loads(done.stdout)
        except ValueError:
            document = None
        return Answer(done.returncode, document, done.stderr or done.stdout)


def names_for(served: Served) -> dict[str, str]:
    """What the scenarios can name: ids that many of them need, and the folder of their files."""
    subscription = "00000000-0000-4000-8000-000000000001"
    return {
        "subscription": subscription,
        "sub": f"/subscriptions/{subscription}",
        "tenant": TENANT,
        "client": CLIENT,
        "url": served.url,
        "files": str(Path(__file__).parent / "files"),
        "out": str(served.folder),
    }
