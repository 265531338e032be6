"""From what the SDK raises and Azure answers to errors of five parts."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import cast

from azure.core.exceptions import AzureError, ClientAuthenticationError, HttpResponseError
from azure.core.rest import HttpResponse

from reconciler.cloud.refusals import refusal_of
from reconciler.cloud.retry import may_have_been_sent
from reconciler.core.errors import CloudError, Problem, Unreadable
from reconciler.core.permissions import assignment

_LONGEST_TEXT = 600
_PASSING = frozenset({408, 429, 500, 502, 503, 504})
# After these the request may have had its effect all the same (F-13).
_UNSURE = frozenset({408, 500, 502, 503, 504})
_MISSING = re.compile(r"action(?:\(s\))? '([^']+)' (?:over scope|on the linked scope\(s\)) '([^']+)'")


def plain(text: str) -> str:
    """Foreign text on one line, without characters that could move a terminal."""
    line = " ".join(text.split())
    return "".join(mark if mark.isprintable() else "\ufffd" for mark in line)[:_LONGEST_TEXT]


def service_error(body: bytes) -> tuple[str, str]:
    """Code and message of an error envelope, or empty texts (wire-facts 1.4)."""
    try:
        document = json.loads(body)
    except ValueError:
        return "", ""
    error = document.get("error", document) if isinstance(document, dict) else None
    if not isinstance(error, dict):
        return "", ""
    return plain(str(error.get("code") or "")), plain(str(error.get("message") or ""))


def refused(method: str, where: str, status: int, headers: Mapping[str, str], body: bytes) -> CloudError:
    """Azure answered, and the answer is no."""
    service_code, message = service_error(body)
    known = refusal_of(service_code)
    request_id = plain(headers.get("x-ms-request-id") or "")
    told = [known.why, f"Azure says: {message}" if message else "", f"request id {request_id}" if request_id else ""]
    return CloudError(
        Problem(
            code={403: "C104", 429: "C105", 401: "C106"}.get(status, "C103"),
            where=where,
            what=f"Azure refused {method} with {status} {service_code}".rstrip(),
            why="; ".join(part for part in told if part) or "Azure gives no reason",
            remedy=_grant(message) or known.remedy,
        ),
        status=status,
        service_code=service_code,
        transient=known.passing or status in _PASSING,
        sent=method not in {"GET", "HEAD"} and status in _UNSURE,
    )


def failed(error: Exception, method: str, where: str) -> CloudError:
    """No answer came, or none that can be understood, or (from a typed operation of the SDK) one that is a refusal."""
    text = plain(str(error))
    if isinstance(error, CloudError):
        return error
    if isinstance(error, ClientAuthenticationError):
        remedy = "sign in, for example with `az login`, or set the variables of a service principal"
        return CloudError(Problem("C106", where, "there is no token for Azure", text, remedy))
    if isinstance(error, HttpResponseError) and (error.status_code or 0) >= 400:
        answer = cast(HttpResponse, error.response)
        return refused(method, where, answer.status_code, answer.headers, answer.text().encode())
    if not isinstance(error, AzureError):
        return broken(where, f"the answer could not be understood: {text}", sent=method not in {"GET", "HEAD"})
    sent = method not in {"GET", "HEAD"} and may_have_been_sent(error)
    what = f"no answer to {method}; whether it had its effect is not known" if sent else f"{method} did not reach Azure"
    remedy = "check network, proxy (HTTPS_PROXY) and name resolution, then run the same command again"
    if "certificate" in text.lower():
        remedy = (
            "if a proxy inspects TLS, name the file of its CA in REQUESTS_CA_BUNDLE; verification is never switched off"
        )
    return CloudError(Problem("C101", where, what, text, remedy), transient=True, sent=sent)


def broken(where: str, why: str, *, status: int = 0, sent: bool = False) -> CloudError:
    """An answer came that says nothing: HTML, half a body, another shape."""
    remedy = "check whether a proxy or a sign-in page of the network answers instead of Azure, then run it again"
    problem = Problem("C102", where, "Azure's answer can't be read", plain(why), remedy)
    return CloudError(problem, status=status, transient=True, sent=sent)


def unreadable(error: CloudError) -> Unreadable:
    return Unreadable(error.problem, status=error.status, service_code=error.service_code, transient=error.transient)


def _grant(message: str) -> str:
    """How to get the permission that an AuthorizationFailed message names."""
    found = _MISSING.search(message)
    if not found:
        return ""
    action, scope = found.groups()
    return f"let the identity do {action} on {scope}: {assignment(action, scope)}"
