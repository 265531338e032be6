"""The commands `sandbox load | reset | show | generate`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from reconciler.cli.files import read_text, write_whole
from reconciler.cli.options import Sandboxed
from reconciler.cli.worlds import opened
from reconciler.core.errors import ExitCode, Problem, SpecError
from reconciler.report.neutralise import code, line, render
from reconciler.report.outline import outline
from reconciler.report.words import counted
from reconciler.sandbox.estate import EstateError, load_estate_text
from reconciler.sandbox.estate import reset as empty
from reconciler.sandbox.generate import generate as fill
from reconciler.sandbox.show import show as contents_of
from reconciler.sandbox.world import World


@dataclass(frozen=True)
class Size:
    vms: int
    vaults: int
    policies: int
    protected: bool


def load(sandboxed: Sandboxed, estate: Path) -> ExitCode:
    """Raises `SpecError` for an estate that can't be used; the sandbox stays as it was then."""
    text = read_text(estate)
    with opened(sandboxed.sandbox, must_exist=False) as world:
        try:
            load_estate_text(world, text, str(estate))
        except EstateError as error:
            raise SpecError(Problem(error.code, error.where, error.what, error.why, error.remedy)) from error
        return _summarise(sandboxed, world)


def reset(sandboxed: Sandboxed) -> ExitCode:
    with opened(sandboxed.sandbox) as world:
        empty(world)
        return _summarise(sandboxed, world)


def show(sandboxed: Sandboxed) -> ExitCode:
    with opened(sandboxed.sandbox) as world:
        contents = contents_of(world)
    sandboxed.output.result(
        text=lambda: outline(contents),
        document=lambda: {"formatVersion": "1", **contents},
        markdown=lambda: "".join(f"    {row}\n" for row in render(outline(contents), color=False).splitlines()),
    )
    return ExitCode.DONE


def generate(sandboxed: Sandboxed, spec: Path, size: Size) -> ExitCode:
    with opened(sandboxed.sandbox, must_exist=False) as world:
        write_whole(spec, fill(world, size.vms, size.vaults, size.policies, size.protected), mode=0o644)
        return _summarise(sandboxed, world, spec=str(spec))


def _summarise(sandboxed: Sandboxed, world: World, **also: str) -> ExitCode:
    contents = contents_of(world)
    nouns = {"resourceGroups": "resource group", "virtualMachines": "VM", "vaults": "vault"}
    counts = {key: sum(len(each[key]) for each in contents["subscriptions"]) for key in nouns}
    said = ", ".join(counted(counts[key], noun) for key, noun in nouns.items())
    text = f"{sandboxed.sandbox} holds {said}; its time is {contents['now']}."
    sandboxed.output.result(
        text=lambda: (line(text), *(line(f"The {name} for it is {path}.") for name, path in also.items())),
        document=lambda: {
            "formatVersion": "1",
            "sandbox": str(sandboxed.sandbox),
            "now": contents["now"],
            "counts": counts,
            **also,
        },
        markdown=lambda: f"{code(text)}\n",
    )
    return ExitCode.DONE
