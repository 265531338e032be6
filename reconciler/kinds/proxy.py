"""A way out through a proxy: the way out for the proxy itself and the way in to it. The guests are a kind of their own."""

from __future__ import annotations

from collections.abc import Iterable

from reconciler.core.desired import ProxyEgress, Spec
from reconciler.core.kind import Assessment
from reconciler.core.live import Live
from reconciler.kinds.egress import EgressEntry, entries_of
from reconciler.kinds.wanted_rules import assess_rules


class ProxyKind:
    name = "proxy"

    def entries(self, spec: Spec) -> Iterable[EgressEntry]:
        return entries_of(spec, ProxyEgress)

    def address(self, entry: EgressEntry) -> str:
        return entry.use.address

    def assess(self, entry: EgressEntry, live: Live) -> Assessment:
        return assess_rules(entry, live)
