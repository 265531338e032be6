"""A sandbox with an estate, served over HTTPS for the clients, and what it was asked."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
TIME_FACTOR = 1200  # an hour's backup takes three seconds; a run of some minutes stays within the days of soft delete
AZBACKUP = (sys.executable, "-m", "reconciler")


@dataclass(frozen=True)
class Served:
    """Where the sandbox answers; `folder` is the clients' own to write to."""

    folder: Path
    file: Path
    url: str
    proxy: str
    authority: Path

    def requests(self) -> list[str]:
        """One line a request: method, URL, status."""
        return (self.folder / "requests.log").read_text(encoding="utf-8").splitlines()


@contextmanager
def served(folder: Path, estate: Path) -> Iterator[Served]:
    """Starts `azbackup sandbox serve`, and stops it by SIGTERM.

    Raises:
        RuntimeError: it did not stop cleanly.
    """
    file, log = folder / "azure.sqlite", folder / "requests.log"
    load = [*AZBACKUP, "sandbox", "load", str(estate), "--sandbox", str(file)]
    subprocess.run(load, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    command = [*AZBACKUP, "sandbox", "serve", "--sandbox", str(file), "--time-factor", str(TIME_FACTOR), "--verbose"]
    with (
        log.open("w", encoding="utf-8") as stderr,
        subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=stderr, text=True) as process,
    ):
        try:
            addresses = json.loads(process.stdout.readline() if process.stdout else "")
            yield Served(folder, file, addresses["url"], addresses["proxy"], Path(addresses["ca"]))
        finally:
            process.terminate()
            code = process.wait(timeout=20)
    if code != 0:
        raise RuntimeError(f"the served sandbox ended with exit code {code}")
