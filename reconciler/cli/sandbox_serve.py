"""The command `sandbox serve`."""

from __future__ import annotations

import json
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from reconciler.cli.options import Sandboxed
from reconciler.cli.problems import usage
from reconciler.cli.worlds import opened
from reconciler.core.errors import ExitCode
from reconciler.report.neutralise import line
from reconciler.sandbox.serve import ServeError, ServeOptions
from reconciler.sandbox.serve import serve as serve_world
from reconciler.sandbox.world import World


@dataclass(frozen=True)
class Serving:
    """What the options of `sandbox serve` say; an empty `subscription` is the sandbox's own default."""

    host: str
    port: int
    proxy_port: int
    certificate: Path | None
    key: Path | None
    time_factor: float
    subscription: str


def serve(sandboxed: Sandboxed, serving: Serving) -> ExitCode:
    """Serves until it is told to stop. The first line on stdout is one JSON object with the addresses.

    Raises `UsageError` for a file that is no sandbox, and for an address or certificate that can't be used.
    """
    with ExitStack() as stack:
        world = _world(sandboxed.sandbox, serving.subscription, stack)
        folder = (
            sandboxed.sandbox.with_name(f"{sandboxed.sandbox.name}.tls")
            if sandboxed.sandbox
            else Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="azbackup-sandbox-")))
        )
        options = ServeOptions(
            folder,
            time.time,
            serving.host,
            serving.port,
            serving.proxy_port,
            serving.certificate,
            serving.key,
            serving.time_factor,
        )
        output = sandboxed.output
        try:
            serve_world(
                world,
                options,
                ready=lambda addresses: output.write(json.dumps(addresses) + "\n"),
                log=lambda text: output.note([line(text)]) if sandboxed.verbose else None,
            )
        except ServeError as error:
            raise usage("azbackup sandbox serve", error.what, error.remedy) from error
    return ExitCode.DONE


def _world(path: Path | None, subscription: str, stack: ExitStack) -> World:
    """A new world begins now, with one subscription."""
    now = datetime.now(UTC)
    new = {"subscription": subscription} if subscription else {}
    if path is None:
        world = World.open(now=now, **new)
        stack.callback(world.close)
        return world
    return stack.enter_context(opened(path, must_exist=False, now=now, **new))
