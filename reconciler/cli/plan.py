"""The commands `plan` and `drift`, and the planning that `apply` shares with them. Nothing here can write to Azure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from reconciler.cli.files import write_whole
from reconciler.cli.options import Common
from reconciler.cli.progress import reading
from reconciler.cli.wiring import Connection, connected
from reconciler.core.desired import Spec
from reconciler.core.errors import ExitCode
from reconciler.core.kind import AnyKind
from reconciler.core.live import Survey
from reconciler.core.plan import Plan
from reconciler.kinds import KINDS
from reconciler.plan import make_plan, posture, saved
from reconciler.report.clock import clock_lines, policy_clocks
from reconciler.report.markdown import plan_markdown
from reconciler.report.neutralise import line, render_json
from reconciler.report.text import drift_lines, plan_lines, problem_lines
from reconciler.report.words import counted, place_told, severity_of
from reconciler.spec import load_spec

UNREADABLE = "P901"
"""Code of the finding for what could not be read: drift can't say that there is none."""


@dataclass(frozen=True)
class Picture:
    """What is wanted, what is there, what is left to do, at one moment."""

    spec: Spec
    survey: Survey
    plan: Plan
    now: datetime
    told: str
    """The target and the subscriptions that the spec speaks of, for people."""


def picture(
    common: Common, connection: Connection, targets: Sequence[str], kinds: Sequence[AnyKind] = KINDS
) -> Picture:
    """Reads the spec and Azure. Raises `SpecError` for the one and `CloudError` for the other."""
    now = common.moment or connection.clock.now()
    spec, notes = load_spec(common.spec_paths, today=now.date())
    if common.verbose:
        common.output.note(problem_lines(notes))
    elif warnings := [note for note in notes if severity_of(note) == "warning"]:
        common.output.note([line(f"The spec has {counted(len(warnings), 'warning')}; azbackup validate lists them.")])
    return look(connection, spec, targets, now, kinds)


def look(
    connection: Connection,
    spec: Spec,
    targets: Sequence[str],
    now: datetime,
    kinds: Sequence[AnyKind] = KINDS,
    *,
    exact: Collection[str] = (),
) -> Picture:
    """Reads Azure through a door that refuses writes. `exact`: ids of resources that no index may answer for."""
    with reading(f"reading {connection.told}"):
        survey = connection.azure(read_only=True).survey(spec, now, exact=exact)
        told = place_told(connection.told, spec.subscriptions)
        return Picture(spec, survey, make_plan(spec, survey, kinds, targets), now, told)


def plan(common: Common, out: Path | None, detailed_exitcode: bool, targets: Sequence[str]) -> ExitCode:
    with connected(common) as connection:
        seen = picture(common, connection, targets)
        document = saved.document(seen.plan, target=connection.target, requests=connection.requests, now=seen.now)
    output = common.output
    clocks = policy_clocks(seen.spec.policies, seen.now)
    document["clock"] = [clock.document() for clock in clocks]
    output.result(
        text=lambda: plan_lines(
            seen.plan,
            target=seen.told,
            clock=clock_lines(clocks, verbose=common.verbose),
            verbose=common.verbose,
        ),
        document=lambda: document,
        markdown=lambda: plan_markdown(seen.plan, target=seen.told),
    )
    if out:
        write_whole(out, render_json(document))
        output.note([line(f"The plan is saved: azbackup apply --plan {out} runs it, and nothing else.")])
    if seen.plan.is_blocked:
        return ExitCode.BLOCKED
    return ExitCode.CHANGES if detailed_exitcode and seen.plan.steps else ExitCode.DONE


def drift(common: Common) -> ExitCode:
    with connected(common) as connection:
        seen = picture(common, connection, ())
        found = {*seen.plan.findings, *posture(seen.spec, seen.survey)}
        in_order = sorted(found, key=lambda finding: (finding.address.lower(), finding.code, finding.what))
        whole = replace(seen.plan, findings=tuple(in_order))
        document = saved.document(whole, target=connection.target, requests=connection.requests, now=seen.now)
    drifted = bool(whole.steps) or any(finding.severity != "info" for finding in whole.findings)
    document["clock"] = [clock.document() for clock in policy_clocks(seen.spec.policies, seen.now)]
    del document["digest"]  # what has drifted is not a plan that someone asked for
    common.output.result(
        text=lambda: drift_lines(whole, target=seen.told, drifted=drifted, verbose=common.verbose),
        document=lambda: {**document, "drifted": drifted},
        markdown=lambda: plan_markdown(whole, target=seen.told, title="azbackup drift"),
    )
    if any(finding.code == UNREADABLE for finding in whole.findings):
        return ExitCode.ERROR
    return ExitCode.CHANGES if drifted else ExitCode.DONE
