"""What is said of the rules of others on an Azure Firewall: what they pass already, and what they keep from passing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from reconciler.core.desired import FirewallEgress
from reconciler.core.destinations import Destination
from reconciler.core.plan import Finding
from reconciler.kinds.egress import finding_of
from reconciler.kinds.firewall_order import Judgement, Passing, Rule, judge


def allowed_by_others(egress: FirewallEgress, needed: Destination, judged: Iterable[Judgement]) -> Finding:
    rules = dict.fromkeys(each.rule.told for each in judged if each.rule is not None)
    return finding_of(
        egress, "P204", f"{_traffic(egress, needed.tag, needed.ports)}: allowed by {'; '.join(rules)}",
        "somebody else's rule already lets it pass", "none needed", "info",
    )  # fmt: skip


def denied_before(egress: FirewallEgress, rules: Sequence[Rule], needed: Iterable[Destination]) -> tuple[Finding, ...]:
    """Of each rule that certainly denies, what it denies. `rules` are those after the plan, azbackup's among them."""
    denied: dict[str, dict[str, dict[int, None]]] = {}  # rule -> tag -> ports
    for each in needed:
        for passing in Passing.all_of(egress.sources, each):
            judged = judge(rules, passing)
            if judged.result == "denied" and judged.rule is not None:
                denied.setdefault(judged.rule.told, {}).setdefault(each.tag, {})[passing.port] = None
    return tuple(
        finding_of(
            egress, "P209",
            f"{'; '.join(_traffic(egress, tag, ports) for tag, ports in tags.items())}: denied by {told}",
            "it counts before azbackup's rule: the first match ends it, rules of a parent policy come first, and network rules"
            " before application rules",
            "narrow that rule, or allow this traffic by a rule that counts before it",
            "warning",
        )
        for told, tags in denied.items()
    )  # fmt: skip


def parent_not_seen(egress: FirewallEgress, policy_id: str) -> Finding:
    return finding_of(
        egress, "P210", f"the parent policy {policy_id} may not be read",
        "its rules count first, so whether they let this traffic pass, or deny it, was not seen",
        "give the identity the right to read it, and its rule collection groups", "info",
    )  # fmt: skip


def _traffic(egress: FirewallEgress, tag: str, ports: Iterable[int]) -> str:
    return f"{', '.join(sorted(egress.sources))} to {tag}, TCP {', '.join(map(str, ports))}"
