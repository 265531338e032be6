"""A way out by rules of a network security group: to storage of the region, Azure Backup and identity."""

from __future__ import annotations

from collections.abc import Iterable

from reconciler.core.desired import NsgEgress, Spec
from reconciler.core.kind import Assessment
from reconciler.core.live import Live
from reconciler.kinds.egress import EgressEntry, entries_of
from reconciler.kinds.wanted_rules import assess_rules


class NsgRuleKind:
    name = "nsg_rule"

    def entries(self, spec: Spec) -> Iterable[EgressEntry]:
        return entries_of(spec, NsgEgress)

    def address(self, entry: EgressEntry) -> str:
        return entry.use.address

    def assess(self, entry: EgressEntry, live: Live) -> Assessment:
        return assess_rules(entry, live)
