"""Resource Graph: an index of all resources that answers in pages of 1,000, and lags by seconds to a minute (decision 5)."""

from __future__ import annotations

from collections.abc import Collection

from reconciler.cloud.errors import broken, unreadable
from reconciler.cloud.paths import GRAPH_PATH
from reconciler.cloud.reading import MOST_PAGES, Body, Reader
from reconciler.core.wire import dig_text

PAGE_ROWS = 1000
_MOST_SUBSCRIPTIONS = 100  # of one query (backup-rules H.3)


class Graph:
    """Queries sort by an id and keep one column that is no object: else pages overlap, or there is no next one (paging-results)."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def rows(self, subscriptions: Collection[str], query: str) -> tuple[Body, ...]:
        """All rows of some subscriptions. Raises `Unreadable` when Azure refuses the query, or cuts its answer."""
        wanted = sorted({subscription.lower() for subscription in subscriptions})
        parts = [wanted[at : at + _MOST_SUBSCRIPTIONS] for at in range(0, len(wanted), _MOST_SUBSCRIPTIONS)]
        return tuple(row for part in parts for row in self._all(part, query))

    def _all(self, subscriptions: list[str], query: str) -> tuple[Body, ...]:
        seen, rows, token = set[str](), list[Body](), ""
        while len(seen) < MOST_PAGES:
            options: Body = {"$top": PAGE_ROWS, "resultFormat": "objectArray"} | (
                {"$skipToken": token} if token else {}
            )
            question: Body = {"query": query, "subscriptions": subscriptions, "options": options}
            told = self._reader.ask("graph", GRAPH_PATH, question, subscriptions[0]) or {}
            data, total, token = told.get("data"), told.get("totalRecords"), dig_text(told, "$skipToken")
            if (
                not isinstance(data, list)
                or not isinstance(total, int)
                or not all(isinstance(row, dict) for row in data)
            ):
                raise unreadable(broken(GRAPH_PATH, "it is no page of rows"))
            rows += data
            if not token or not data:
                if len(rows) < total:
                    raise unreadable(
                        broken(GRAPH_PATH, f"it holds {len(rows)} of {total} rows, and no way to the rest")
                    )
                return tuple(rows)
            if token in seen:
                break
            seen.add(token)
        raise unreadable(broken(GRAPH_PATH, "its pages do not end"))
