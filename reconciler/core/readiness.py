"""What preflight says: for each VM whether its backup can work, with the evidence; and what concerns more than one VM."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from reconciler.core.plan import Finding

Verdict = Literal["ready", "warnings", "blocked"]
ReachResult = Literal["allowed", "denied", "uncertain"]


@dataclass(frozen=True, slots=True)
class Reach:
    """Whether a VM reaches one destination, and what says so: the rule and its group, or the route.

    `needed` is whether the backup of this VM needs it: most need none but the host's address. `after_plan` is how it will be
    once the plan has been applied, "" where no plan was looked at.
    """

    destination: str
    port: int
    result: ReachResult
    evidence: str
    needed: bool
    after_plan: ReachResult | Literal[""] = ""

    @property
    def is_changed(self) -> bool:
        """Whether the plan opens the way, or closes it."""
        return self.after_plan not in ("", self.result)

    def document(self) -> dict[str, object]:
        return {
            "destination": self.destination,
            "port": self.port,
            "result": self.result,
            "evidence": self.evidence,
            "needed": self.needed,
            **({"afterPlan": self.after_plan} if self.is_changed else {}),
        }


@dataclass(frozen=True, slots=True)
class MachineReadiness:
    """One VM. `findings` are its own and those of what it needs: vault, policy, egress, agent."""

    address: str
    vault: str
    vm: str
    findings: tuple[Finding, ...] = ()
    reaches: tuple[Reach, ...] = ()

    @property
    def verdict(self) -> Verdict:
        severities = {finding.severity for finding in self.findings}
        if "blocking" in severities:
            return "blocked"
        return "warnings" if "warning" in severities else "ready"

    def document(self) -> dict[str, object]:
        return {
            "address": self.address,
            "vault": self.vault,
            "vm": self.vm,
            "verdict": self.verdict,
            "findings": [finding.document() for finding in self.findings],
            "egress": [reach.document() for reach in self.reaches],
        }


@dataclass(frozen=True, slots=True)
class Readiness:
    """All VMs in the order of their addresses, and the findings that belong to none of them alone."""

    machines: tuple[MachineReadiness, ...]
    findings: tuple[Finding, ...]

    @property
    def verdict(self) -> Verdict:
        severities = {finding.severity for finding in self.all_findings()}
        if "blocking" in severities:
            return "blocked"
        return "warnings" if "warning" in severities else "ready"

    def all_findings(self) -> Iterator[Finding]:
        """Each once, whatever number of VMs it concerns."""
        seen = dict.fromkeys(self.findings)
        for machine in self.machines:
            seen.update(dict.fromkeys(machine.findings))
        yield from seen

    def counts(self) -> dict[Verdict, int]:
        """How many VMs got each verdict."""
        counts: dict[Verdict, int] = {"ready": 0, "warnings": 0, "blocked": 0}
        for machine in self.machines:
            counts[machine.verdict] += 1
        return counts
