"""Polite retry: what may be sent again, when, and never more (reliability.md F-01 to F-13).

The SDK's own retry sends POSTs again, and waits for a day when it is told to; it is not used.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from azure.core.exceptions import IncompleteReadError, ServiceRequestError, ServiceResponseError
from azure.core.pipeline import PipelineRequest, PipelineResponse
from azure.core.pipeline.policies import HTTPPolicy
from azure.core.rest import HttpRequest, HttpResponse

from reconciler.cloud.throttle import Throttle, pause, subscription_of
from reconciler.core.ports import Clock

_TRIES = 4
_LONGEST_BACKOFF_SECONDS = 30.0
_THROTTLED_TRIES = 10
_LONGEST_THROTTLED_SECONDS = 900.0
_PASSING = frozenset({408, 500, 502, 503, 504})
_READS = frozenset({"GET", "HEAD"})

SHORTEST_RETRY_AFTER_SECONDS, LONGEST_RETRY_AFTER_SECONDS = 1.0, 300.0


class PoliteRetry(HTTPPolicy[HttpRequest, HttpResponse]):
    """Reads are tried four times; the option `repeatable` says of a POST that it is one. A request that changes something
    is sent again only if it certainly had no effect:

    after a 429, or when no connection came about. Whether it had one after a 5xx or a lost answer, only a look can tell.
    """

    def __init__(self, throttle: Throttle, clock: Clock) -> None:
        super().__init__()
        self._throttle = throttle
        self._clock = clock

    def send(self, request: PipelineRequest[HttpRequest]) -> PipelineResponse[HttpRequest, HttpResponse]:
        method = request.http_request.method.upper()
        repeatable = bool(request.context.options.pop("repeatable", False)) or method in _READS
        tries, throttled, throttled_seconds = 1, 1, 0.0
        while True:
            pause_seconds = min(2.0 ** (tries - 1), _LONGEST_BACKOFF_SECONDS)
            try:
                response = self.next.send(request)
            except (ServiceRequestError, ServiceResponseError, IncompleteReadError) as error:
                if tries >= _TRIES or (not repeatable and may_have_been_sent(error)):
                    raise
            else:
                status, headers = response.http_response.status_code, response.http_response.headers
                asked_seconds = retry_after_seconds(headers.get("Retry-After"), self._clock.now())
                if status == 429:
                    wait_seconds = asked_seconds if asked_seconds is not None else pause_seconds * 5
                    throttled_seconds += wait_seconds
                    self._throttle.close(subscription_of(request.http_request.url), method, wait_seconds)
                    if throttled >= _THROTTLED_TRIES or throttled_seconds > _LONGEST_THROTTLED_SECONDS:
                        return response
                    throttled += 1
                    continue  # the gate does the waiting
                if status not in _PASSING or not repeatable or tries >= _TRIES:
                    return response
                pause_seconds = max(pause_seconds, asked_seconds or 0.0)
            pause(request, pause_seconds)
            tries += 1


def retry_after_seconds(value: str | None, now: datetime) -> float | None:
    """Seconds of a Retry-After header, a number or a date, held between 1 and 300; None when it is missing or says nothing."""
    if not value:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            moment = parsedate_to_datetime(value)
        except ValueError:
            return None
        seconds = (moment.replace(tzinfo=moment.tzinfo or UTC) - now).total_seconds()
    if math.isnan(seconds):
        return None
    return min(max(seconds, SHORTEST_RETRY_AFTER_SECONDS), LONGEST_RETRY_AFTER_SECONDS)


def may_have_been_sent(error: BaseException) -> bool:
    """Whether the request may have reached Azure although no answer came.

    azure-core reports a broken TLS stream like a connection that never was; such a request may have arrived.
    """
    if not isinstance(error, ServiceRequestError):
        return True
    names = {type(cause).__name__ for cause in _causes(error)}
    return any("SSL" in name for name in names) and "SSLCertVerificationError" not in names


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    waiting: list[object] = [error]
    while waiting:
        cause = waiting.pop()
        if isinstance(cause, BaseException) and id(cause) not in seen:
            seen.add(id(cause))
            yield cause
            inner = [getattr(cause, name, None) for name in ("inner_exception", "reason", "__cause__", "__context__")]
            waiting.extend([*inner, *cause.args])
