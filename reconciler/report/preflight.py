"""The answer of `preflight` as text, JSON and Markdown: a verdict for each VM with what says so."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Set

from reconciler.core.plan import Finding
from reconciler.core.readiness import MachineReadiness, Reach, Readiness, Verdict
from reconciler.report.markdown import Row, document_of
from reconciler.report.neutralise import Line, Span, Style, code, line
from reconciler.report.text import FOLD_FROM, SHOWN_OF_GROUP, finding_lines
from reconciler.report.words import counted

_STYLES: dict[Verdict, Style] = {"ready": "green", "warnings": "yellow", "blocked": "red"}
_SYMBOLS: dict[Verdict, str] = {"ready": "✓", "warnings": "!", "blocked": "✗"}
_WORDS: dict[Verdict, str] = {"ready": "ready", "warnings": "with warnings", "blocked": "blocked"}


def preflight_lines(readiness: Readiness, *, target: str, verbose: bool = False) -> Iterator[Line]:
    """Without `verbose`, many VMs whose findings are of the same codes are folded, and what a VM reaches without need is left out."""
    yield line(Span(f"target: {target}", "dim"))
    shared = frozenset(readiness.findings)
    for vault, machines in _by_vault(readiness).items():
        yield line()
        yield line(Span(vault, "bold"))
        for alike in _alike(machines, verbose):
            for machine in alike if len(alike) <= FOLD_FROM or verbose else alike[:SHOWN_OF_GROUP]:
                yield from _machine_lines(machine, shared, verbose)
            if len(alike) > FOLD_FROM and not verbose:
                rest = f" … {len(alike) - SHOWN_OF_GROUP} more VMs {_WORDS[alike[0].verdict]} alike; -v lists them"
                yield line("  ", Span(_SYMBOLS[alike[0].verdict], _STYLES[alike[0].verdict]), rest)
    if readiness.findings:
        yield line()
        for finding in readiness.findings:
            yield from finding_lines(finding)
    yield line()
    yield line(Span(preflight_summary(readiness), _STYLES[readiness.verdict]))


def preflight_summary(readiness: Readiness) -> str:
    """`3 VMs: 1 ready, 1 with warnings, 1 blocked. Preflight: blocked.`"""
    counts = ", ".join(f"{number} {_WORDS[verdict]}" for verdict, number in readiness.counts().items())
    return f"{counted(len(readiness.machines), 'VM')}: {counts}. Preflight: {_WORDS[readiness.verdict]}."


def preflight_document(
    readiness: Readiness, *, target: Mapping[str, object], spec_digest: str, requests: Mapping[str, int]
) -> dict[str, object]:
    severities = Counter(finding.severity for finding in readiness.all_findings())
    return {
        "formatVersion": "1",
        "target": dict(target),
        "specDigest": spec_digest,
        "verdict": readiness.verdict,
        "summary": {
            "vms": len(readiness.machines),
            "byVerdict": readiness.counts(),
            "findings": dict(sorted(severities.items())),
        },
        "vms": [machine.document() for machine in readiness.machines],
        "findings": [finding.document() for finding in readiness.findings],
        "requests": dict(sorted(requests.items())),
    }


def preflight_markdown(readiness: Readiness, *, target: str) -> str:
    found = [
        (finding.severity, code(finding.code), code(finding.address), code(finding.what), code(finding.remedy))
        for finding in readiness.all_findings()
    ]
    return document_of(
        f"## azbackup preflight\n\n**{preflight_summary(readiness)}** Target: {code(target)}\n",
        ("VMs", ("Verdict", "VM", "Vault", "Egress"), [_row(machine) for machine in readiness.machines]),
        ("Findings", ("Severity", "Code", "Address", "What", "Remedy"), found),
    )


def _machine_lines(machine: MachineReadiness, shared: Set[Finding], verbose: bool) -> Iterator[Line]:
    """`shared` are told once, at the end."""
    style = _STYLES[machine.verdict]
    word = _WORDS[machine.verdict]
    yield line("  ", Span(_SYMBOLS[machine.verdict], style), f" {machine.vm}  ", Span(word, style))
    see = (f"{each.severity} {each.code} of {each.address}, see below" for each in machine.findings if each in shared)
    for text in dict.fromkeys(see):
        yield line("      ", text)
    for finding in machine.findings:
        if finding not in shared and (finding.severity != "info" or verbose):
            yield from finding_lines(finding)
    shown = [each for each in machine.reaches if verbose or each.needed or each.result != "allowed"]
    for text in _reach_texts(shown):
        yield line("      ", Span("egress: ", "dim"), text)


def _reach_texts(reaches: Iterable[Reach]) -> Iterator[str]:
    """`Storage.WestEurope 443, 8443: allowed by …`; ports of one destination with one outcome stand together."""
    ports: dict[tuple[str, str], list[str]] = {}
    for reach in reaches:
        ports.setdefault((reach.destination, _outcome(reach)), []).append(str(reach.port))
    for (destination, outcome), numbers in ports.items():
        yield f"{destination} {', '.join(numbers)}: {outcome}"


def _outcome(reach: Reach) -> str:
    """The evidence starts with the result, or says what may be."""
    then = f"; {reach.after_plan} once the plan is applied" if reach.is_changed else ""
    return f"{reach.evidence}{then}{'' if reach.needed else ' (not needed)'}"


def _row(machine: MachineReadiness) -> Row:
    egress = "<br>".join(code(text) for text in _reach_texts(machine.reaches))
    return machine.verdict, code(machine.vm), code(machine.vault), egress


def _by_vault(readiness: Readiness) -> dict[str, list[MachineReadiness]]:
    vaults: dict[str, list[MachineReadiness]] = {}
    for machine in readiness.machines:
        vaults.setdefault(machine.vault, []).append(machine)
    return vaults


def _alike(machines: Iterable[MachineReadiness], verbose: bool) -> list[list[MachineReadiness]]:
    """VMs in their order, those with findings of the same codes gathered at the first of them when they are many."""
    groups: dict[object, list[MachineReadiness]] = {}
    for machine in machines:
        groups.setdefault(tuple(finding.code for finding in machine.findings), []).append(machine)
    return [
        part
        for group in groups.values()
        for part in ([group] if len(group) > FOLD_FROM and not verbose else [[machine] for machine in group])
    ]
