"""Resource Graph: an index of all resources that answers for a whole subscription in pages of 1,000, and lags by seconds to a minute."""

from __future__ import annotations

from typing import Any

from azure.core.exceptions import AzureError
from azure.core.pipeline import PipelineResponse
from azure.core.rest import HttpRequest, HttpResponse

from reconciler.cloud.clients import Clients
from reconciler.cloud.errors import broken, failed, refused, unreadable
from reconciler.cloud.reading import MOST_PAGES, Body, document_of
from reconciler.core.errors import CloudError, Unreadable

PATH = "/providers/Microsoft.ResourceGraph/resources"
PAGE_ROWS = 1000


class Graph:
    """Queries sort by an id and keep one column that is no object: else pages overlap, or there is no next one (paging-results)."""

    def __init__(self, clients: Clients) -> None:
        self._clients = clients

    def rows(self, subscription: str, query: str) -> tuple[Body, ...] | None:
        """All rows; None when Azure refuses the query or cuts its answer: then it proves nothing. Raises `Unreadable` for all else."""
        token, rows = "", list[Body]()
        for _ in range(MOST_PAGES):
            try:
                document = self._page(subscription, query, token)
            except Unreadable as error:
                if 400 <= error.status < 500:
                    return None
                raise
            data, total, token = (
                document.get("data"),
                document.get("totalRecords"),
                str(document.get("$skipToken") or ""),
            )
            if (
                not isinstance(data, list)
                or not isinstance(total, int)
                or not all(isinstance(row, dict) for row in data)
            ):
                raise unreadable(broken(PATH, "it is no page of rows"))
            rows += data
            if not token or not data:
                return tuple(rows) if len(rows) >= total else None
        return None

    def _page(self, subscription: str, query: str, token: str) -> Body:
        from azure.mgmt.resourcegraph.models import QueryRequest, QueryRequestOptions

        answers: list[HttpResponse] = []

        def keep(response: PipelineResponse[HttpRequest, HttpResponse]) -> None:
            answers.append(response.http_response)

        settings = QueryRequestOptions(top=PAGE_ROWS, skip_token=token or None, result_format="objectArray")
        request = QueryRequest(query=query, subscriptions=[subscription], options=settings)
        options: dict[str, Any] = {"meant": PATH, "meant_method": "POST", "repeatable": True, "raw_response_hook": keep}
        try:
            self._clients.graph().resources(request, **options)
        except (AzureError, CloudError, ValueError) as error:
            if not answers:
                raise unreadable(failed(error, "POST", PATH)) from error
        return _document(answers[-1])


def _document(answer: HttpResponse) -> Body:
    """From the answer itself: what the SDK makes of an error has no status."""
    body = answer.read()
    if answer.status_code != 200:
        raise unreadable(refused("POST", PATH, answer.status_code, answer.headers, body))
    return document_of(answer, body, PATH) or {}
