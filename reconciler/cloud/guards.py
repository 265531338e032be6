"""What a request must be before it gets a token: to the right host, to the path that was meant, and allowed at all.

These policies raise `CloudError` with `sent` False: what they stop has not left this process.
"""

from __future__ import annotations

import re
from urllib.parse import unquote

from azure.core.pipeline import PipelineRequest, PipelineResponse
from azure.core.pipeline.policies import HTTPPolicy
from azure.core.rest import HttpRequest, HttpResponse

from reconciler.core.errors import CloudError, Problem

_UNSAFE = re.compile(r"[^!-~]|[\\\"<>^`{|}#]")  # characters on which URL readers disagree
_READ_POSTS = re.compile(
    r"/subscriptions/[^/]+/providers/microsoft\.recoveryservices/locations/[^/]+/(backupstatus|backupprevalidateprotection)"
    r"|/providers/microsoft\.resourcegraph/resources"
    r"|/subscriptions/[^/]+(/resourcegroups/[^/]+)?/providers/microsoft\.policyinsights/checkpolicyrestrictions"
    r"|/subscriptions/[^/]+/resourcegroups/[^/]+/providers/microsoft\.network/virtualnetworks/[^/]+"
    r"/listnetworkmanagereffectivesecurityadminrules"
)


class TargetPolicy(HTTPPolicy[HttpRequest, HttpResponse]):
    """Host and path. Also for URLs that came from outside: page links, polling URLs, a journal.

    The call says by the option `meant` which path it means (decoded; compared without case, as ARM does);
    with `below` the path must lie below it. A call that says neither is refused. A write says its method, too.
    """

    def __init__(self, base_url: str) -> None:
        super().__init__()
        self._base = base_url.lower() + "/"

    def send(self, request: PipelineRequest[HttpRequest]) -> PipelineResponse[HttpRequest, HttpResponse]:
        meant = request.context.options.pop("meant", None)
        below = request.context.options.pop("below", None)
        method = request.context.options.pop("meant_method", None)
        url = request.http_request.url
        path = self._path_of(url)
        if meant is None and below is None:
            raise _stopped(url, "the request does not say which resource it means")
        if meant is not None and path.lower() != meant.lower():
            raise _stopped(url, f"its path is not that of the resource it is meant for, {meant}")
        if below is not None and not path.lower().startswith(below.lower() + "/"):
            raise _stopped(url, f"it does not lie below the resource it belongs to, {below}")
        if method is not None and request.http_request.method != method:
            raise _stopped(url, f"it is a {request.http_request.method}, and {method} is meant")
        return self.next.send(request)

    def _path_of(self, url: str) -> str:
        """The decoded path. Raises `CloudError` for another host, and for a path that readers could take differently."""
        if not url.lower().startswith(self._base):
            raise _stopped(url, f"requests go to {self._base} only")
        if _UNSAFE.search(url):
            raise _stopped(url, "it holds characters that no Azure URL holds")
        segments = [unquote(segment) for segment in url[len(self._base) :].partition("?")[0].split("/")]
        for segment in segments:
            if segment in {"", ".", ".."} or re.search(r"[/\\%?#\x00-\x1f\x7f]", segment):
                raise _stopped(url, "a part of its path could lead to another resource")
        return "/" + "/".join(segments)


class ReadOnlyPolicy(HTTPPolicy[HttpRequest, HttpResponse]):
    """Only GET, HEAD and the POSTs that read get through."""

    def __init__(self, base_url: str) -> None:
        super().__init__()
        self._base = base_url.lower()

    def send(self, request: PipelineRequest[HttpRequest]) -> PipelineResponse[HttpRequest, HttpResponse]:
        method, url = request.http_request.method.upper(), request.http_request.url
        path = url.lower().removeprefix(self._base).partition("?")[0]
        if method not in {"GET", "HEAD"} and not (method == "POST" and _READ_POSTS.fullmatch(path)):
            raise _stopped(url, f"this command only reads, and {method} is not a read")
        return self.next.send(request)


def _stopped(url: str, why: str) -> CloudError:
    where = ascii(url.partition("?")[0][:300])[1:-1]  # the query may hold a signature
    return CloudError(
        Problem(
            "C107",
            where,
            "azbackup stopped a request before it was sent",
            why,
            "if names and endpoint of the spec are right, report this: Azure or something between sent an odd URL",
        )
    )
