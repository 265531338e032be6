"""The clients under test, each in its own virtual environment under .venv-clients, made once."""

import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / ".venv-clients"
AZ, ANSIBLE = ("azure-cli==2.91.0",), ("ansible==12.3.0",)
_COLLECTION = "ansible_collections/azure/azcollection/requirements.txt"


def az_python() -> Path:
    """The Python that has the az CLI."""
    return _made("az", AZ)


def ansible_python() -> Path:
    """The Python that has Ansible and what its azure.azcollection asks for."""
    return _made("ansible", ANSIBLE, follow=_COLLECTION)


def _made(name: str, packages: tuple[str, ...], follow: str = "") -> Path:
    """`follow` is a requirements file that comes with the packages, relative to where they are installed."""
    folder = FOLDER / name
    python, ready = folder / "bin" / "python", folder / "ready"
    if ready.is_file() and ready.read_text() == "\n".join(packages):
        return python
    print(
        f"clients: installing {', '.join(packages)} into {folder.relative_to(ROOT)} (once, a minute or two)", flush=True
    )
    venv.create(folder, clear=True, with_pip=True)
    _install(python, *packages)
    if follow:
        version = f"python{sys.version_info.major}.{sys.version_info.minor}"
        _install(python, "-r", str(folder / "lib" / version / "site-packages" / follow))
    ready.write_text("\n".join(packages))
    return python


def _install(python: Path, *what: str) -> None:
    command = [str(python), "-m", "pip", "install", "--quiet", "--quiet", "--disable-pip-version-check", *what]
    subprocess.run(command, check=True)
