"""Raw reads through the SDK clients' public `send_request`: one resource, or all pages of a list.

The generated models are not used for reading: they take 350 µs an item and lose fields of VM items (sdk.md 1.6, 2.3).
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from azure.core.exceptions import AzureError
from azure.core.rest import HttpRequest, HttpResponse

from reconciler.cloud.clients import API_VERSIONS, Clients, Family
from reconciler.cloud.errors import broken, failed, refused, service_error, unreadable
from reconciler.cloud.paths import quoted
from reconciler.cloud.throttle import subscription_of
from reconciler.core.errors import CloudError, Problem, Unreadable

LARGEST_BODY_BYTES = 64 * 1024 * 1024
MOST_PAGES = 1000

# Codes with which a 404 proves an absence (wire-facts 1.4, 2.2, 5.3); any other 404 proves nothing.
GONE = frozenset({"ResourceNotFound", "ResourceGroupNotFound"})
ITEM_GONE = GONE | {"BMSUserErrorDataSourceObjectNotFound", "BMSUserErrorContainerObjectNotFound"}
# What lies inside a network resource or a VM: the parent answers for it, or ARM says that there is no parent.
CHILD_GONE = GONE | {"NotFound", "ParentResourceNotFound"}
POLICY_GONE = GONE | {""}  # a missing policy is a 404 with the body {} (policy-get-404-2024)

Body = dict[str, object]


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer. `document` is None when there is no body."""

    status: int
    retry_after: str
    document: Body | None


@dataclass(frozen=True, slots=True)
class Listing:
    """All entries of a list. Not `consistent` when an id came twice: then entries may be missing, too."""

    values: tuple[Body, ...]
    consistent: bool = True


class Reader:
    """Every failure is an `Unreadable`: what could not be read is unknown, not absent."""

    def __init__(self, clients: Clients) -> None:
        self._clients = clients

    def one(self, family: Family, path: str, gone: Collection[str], options: str = "") -> tuple[Body | None, str]:
        """The resource, or None and the code of the 404 that proves its absence. `options` end the query, encoded."""
        return self._document_or_none(path, self._get(family, self._first(family, path) + options, meant=path), gone)

    def all(
        self, family: Family, path: str, filter_text: str = "", gone: Collection[str] = (), options: str = ""
    ) -> Listing:
        """Every page of a list; a page link must lead to the same list, to a page not seen yet.

        Empty when a 404 with one of the codes `gone` says that what the list belongs to does not exist.
        """
        link = ""
        seen: set[str] = set()
        values: list[Body] = []
        while True:
            page, link = self.page(family, path, filter_text, link, gone, options)
            values.extend(page)
            if not link:
                break
            if link in seen or len(seen) + 2 > MOST_PAGES:
                raise _endless(path)
            seen.add(link)
        ids = {str(value.get("id", "")).lower() for value in values}
        return Listing(tuple(values), consistent=len(ids) == len(values))

    def page(
        self,
        family: Family,
        path: str,
        filter_text: str,
        link: str = "",
        gone: Collection[str] = (),
        options: str = "",
    ) -> tuple[list[Body], str]:
        """One page, the first or that of a link, and the link to the next one."""
        answer = self._get(family, link or self._first(family, path, filter_text) + options, meant=path)
        document, _ = self._document_or_none(path, answer, gone)
        return ([], "") if document is None else _page(path, document)

    def follow(self, family: Family, url: str, below: str) -> Answer:
        """A URL that Azure gave, which must lie below the resource. Any status; a body that can't be read raises."""
        return self._get(family, url, below=below)

    def ask(
        self, family: Family, path: str, question: Body, subscription: str, gone: Collection[str] = ()
    ) -> Body | None:
        """The answer to a POST that only reads (guards.py names them), and may be sent again like a GET.

        None when a 404 with one of the codes `gone` says that what is asked about does not exist.
        """
        request = HttpRequest("POST", self._first(family, path), json=question)
        answer = self._send(family, request, subscription, path, meant=path, meant_method="POST", repeatable=True)
        return self._document_or_none(path, answer, gone)[0]

    def _first(self, family: Family, path: str, filter_text: str = "") -> str:
        query = f"&%24filter={quote(filter_text, safe='')}" if filter_text else ""
        return f"{self._clients.endpoint.url}{quoted(path)}?api-version={API_VERSIONS[family]}{query}"

    def _get(self, family: Family, url: str, **target: str) -> Answer:
        where = target.get("meant") or target.get("below") or url
        url = url.replace("{", "%7B").replace("}", "%7D")  # the SDK would take braces for a place to fill in
        return self._send(family, HttpRequest("GET", url), subscription_of(url), where, **target)

    def _send(self, family: Family, request: HttpRequest, subscription: str, where: str, **options: Any) -> Answer:
        method = request.method
        try:
            client = self._clients.raw(family, subscription)
            response = client.send_request(request, stream=True, **options)
            try:
                body = _body(response, where)
            finally:
                response.close()
        except (AzureError, CloudError, ValueError) as error:
            raise unreadable(failed(error, method, where)) from error
        if response.status_code >= 400 and response.status_code != 404:
            raise unreadable(refused(method, where, response.status_code, response.headers, body))
        return Answer(response.status_code, response.headers.get("Retry-After") or "", _document(response, body, where))

    def _document_or_none(self, path: str, answer: Answer, gone: Collection[str]) -> tuple[Body | None, str]:
        if answer.status == 200 and answer.document is not None:
            return answer.document, ""
        body = json.dumps(answer.document).encode()
        service_code, _ = service_error(body)
        # Without a code only the empty object counts: it is how the service says that a policy is missing.
        if answer.status == 404 and service_code in gone and (service_code or answer.document == {}):
            return None, service_code
        raise unreadable(refused("GET", path, answer.status, {}, body))


def _body(response: HttpResponse, where: str) -> bytes:
    chunks: list[bytes] = []
    size = 0
    for chunk in response.iter_bytes():
        chunks.append(chunk)
        size += len(chunk)
        if size > LARGEST_BODY_BYTES:
            raise broken(where, f"it is larger than {LARGEST_BODY_BYTES} bytes", status=response.status_code)
    return b"".join(chunks)


def _document(response: HttpResponse, body: bytes, where: str) -> Body | None:
    """The JSON object of an answer. A page of HTML is never an empty or an absent resource (F-07)."""
    if not body:
        return None
    content_type = response.headers.get("Content-Type") or ""
    if "json" not in content_type.lower():
        raise unreadable(broken(where, f"it is {content_type or 'of no type'}, not JSON", status=response.status_code))
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise unreadable(broken(where, f"its JSON is broken: {error}", status=response.status_code)) from error
    if not isinstance(document, dict):
        raise unreadable(broken(where, "it is JSON, but no object", status=response.status_code))
    return document


def _page(path: str, document: Body) -> tuple[list[Body], str]:
    values, link = document.get("value"), document.get("nextLink") or ""
    if (
        not isinstance(values, list)
        or not all(isinstance(value, dict) for value in values)
        or not isinstance(link, str)
    ):
        raise unreadable(broken(path, "it is no page of a list"))
    return values, link


def _endless(path: str) -> Unreadable:
    return Unreadable(
        Problem(
            "C109",
            path,
            "a list of Azure does not end",
            f"a page link led back to a page already read, or there were more than {MOST_PAGES} pages",
            "run it again; if it stays so, report it to Azure support",
        ),
        transient=True,
    )
