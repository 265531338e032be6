"""What network managers impose on virtual networks: which networks they reach, and the rules they bring (backup-rules I.29)."""

from __future__ import annotations

from collections.abc import Callable, Collection

from reconciler.cloud.errors import broken, unreadable
from reconciler.cloud.graph import Graph
from reconciler.cloud.memo import Memo
from reconciler.cloud.paths import effective_admin_rules_path, resource_of
from reconciler.cloud.reading import MOST_PAGES, Body, Reader
from reconciler.core.wire import dig_list, dig_text

# Table and type as documented in `virtual-network-manager/query-azure-resource-graph.md`; rows lie below their virtual network.
_QUERY = (
    "networkresources | where type =~ 'microsoft.network/effectivesecurityadminrules' | project id | order by id asc"
)
_MARK = "/providers/microsoft.network/effectivesecurityadminrules/"


class Governance:
    """Reads by POST, each once. Failures are `Unreadable`: no word of admin rules is not the word that there are none."""

    def __init__(self, reader: Reader, graph: Graph, memo: Memo) -> None:
        self._reader, self._graph, self._memo = reader, graph, memo

    def networks(self, subscriptions: Collection[str]) -> frozenset[str]:
        wanted = sorted({subscription.lower() for subscription in subscriptions})

        def read() -> frozenset[str]:
            rows = self._graph.rows(wanted, _QUERY)
            return frozenset(dig_text(row, "id").lower().partition(_MARK)[0] for row in rows)

        return self._memo.ask(("governed", *wanted), read)

    def admin_rules(self, network_id: str) -> tuple[Body, ...]:
        return self._memo.ask(("admin rules", network_id.lower()), lambda: self._admin_rules(network_id))

    def _admin_rules(self, network_id: str) -> tuple[Body, ...]:
        where, subscription = effective_admin_rules_path(network_id), resource_of(network_id).subscription

        def page(token: str) -> tuple[list[object], str]:
            told = self._reader.ask("network", where, {"skipToken": token} if token else {}, subscription)
            return dig_list(told, "value"), dig_text(told, "skipToken")

        return _all(where, page)


def _all(where: str, page: Callable[[str], tuple[list[object], str]]) -> tuple[Body, ...]:
    """All entries; a token that came before would lead round in circles."""
    seen: set[str] = set()
    values, token = page("")
    while token:
        if token in seen or len(seen) >= MOST_PAGES:
            raise unreadable(broken(where, "its pages do not end"))
        seen.add(token)
        more, token = page(token)
        values = [*values, *more]
    bodies = tuple(value for value in values if isinstance(value, dict))
    if len(bodies) < len(values):
        raise unreadable(broken(where, "it is no list of resources"))
    return bodies
