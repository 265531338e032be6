"""The request budget of a subscription, and the gate that one 429 closes for all (backup-rules H.1).

Budgets per subscription: reads 250 at once and 25 a second, writes and deletes 200 at once and 10 a second each.
"""

from __future__ import annotations

import re
import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from azure.core.pipeline import PipelineRequest, PipelineResponse
from azure.core.pipeline.policies import HTTPPolicy
from azure.core.pipeline.transport import HttpTransport
from azure.core.rest import HttpRequest, HttpResponse

from reconciler.core.ports import Clock

_RATES = {"reads": (250.0, 25.0), "writes": (200.0, 10.0), "deletes": (200.0, 10.0)}
_SUBSCRIPTION = re.compile(r"/subscriptions/([^/?]+)", re.IGNORECASE)
_REMAINING = re.compile(r"x-ms-ratelimit-remaining-subscription-(global-)?(resource-requests|reads|writes|deletes)")
_SHORTEST_WAIT_SECONDS = 0.001
_LONGEST_CLOSED_SECONDS = 900.0


@dataclass(slots=True)
class _Bucket:
    size: float
    per_second: float
    level: float
    at: float

    def take(self, now: float) -> float:
        """Takes one token, which may not be there yet; returns the seconds until it is."""
        ahead = _ahead_seconds(self.at, now)
        elapsed = max(0.0, now - self.at)
        self.level, self.at = min(self.size, self.level + elapsed * self.per_second) - 1.0, now + ahead
        return ahead + max(0.0, -self.level / self.per_second)


def _ahead_seconds(moment: float, now: float) -> float:
    """How far a moment of ours lies ahead; nothing when it is so far that the clock must have been set back."""
    ahead = moment - now
    return ahead if 0.0 < ahead <= _LONGEST_CLOSED_SECONDS else 0.0


class Throttle:
    """Shared by all clients of a run; knows what was sent, too."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._buckets: dict[tuple[str, str], _Bucket] = {}
        self._gate = 0.0
        self._sent: Counter[str] = Counter()

    @property
    def sent(self) -> dict[str, int]:
        """Requests that were sent, by method."""
        with self._lock:
            return dict(sorted(self._sent.items()))

    def reserve(self, subscription: str, method: str) -> float:
        """Counts one request; returns the seconds it has to wait."""
        with self._lock:
            now = self._clock.now().timestamp()
            return max(self._bucket(subscription, method, now).take(now), _ahead_seconds(self._gate, now))

    def closed_seconds(self) -> float:
        with self._lock:
            return _ahead_seconds(self._gate, self._clock.now().timestamp())

    def close(self, subscription: str, method: str, seconds: float) -> None:
        """After a 429: nobody sends for so long, and then not all at once."""
        with self._lock:
            now = self._clock.now().timestamp()
            self._gate = now + max(seconds, _ahead_seconds(self._gate, now))
            bucket = self._bucket(subscription, method, now)
            bucket.level = min(bucket.level, 0.0)
            bucket.at = max(bucket.at, self._gate)

    def observe(self, subscription: str, method: str, headers: Mapping[str, str]) -> None:
        """Believes the service when it says that less is left than was thought."""
        left = [
            int(value) for name, value in headers.items() if _REMAINING.fullmatch(name.lower()) and value.isdecimal()
        ]
        if left:
            with self._lock:
                bucket = self._bucket(subscription, method, self._clock.now().timestamp())
                bucket.level = min(bucket.level, float(min(left)))

    def count(self, method: str) -> None:
        with self._lock:
            self._sent[method] += 1

    def _bucket(self, subscription: str, method: str, now: float) -> _Bucket:
        kind = {"GET": "reads", "HEAD": "reads", "DELETE": "deletes"}.get(method, "writes")
        key = (subscription.lower(), kind)
        if key not in self._buckets:
            size, per_second = _RATES[kind]
            self._buckets[key] = _Bucket(size, per_second, size, now)
        return self._buckets[key]


class ThrottlePolicy(HTTPPolicy[HttpRequest, HttpResponse]):
    """Waits for the budget and the gate before each attempt, and counts it. Waits by the transport's own clock."""

    def __init__(self, throttle: Throttle) -> None:
        super().__init__()
        self._throttle = throttle

    def send(self, request: PipelineRequest[HttpRequest]) -> PipelineResponse[HttpRequest, HttpResponse]:
        method = request.http_request.method.upper()
        subscription = subscription_of(request.http_request.url)
        wait_seconds = self._throttle.reserve(subscription, method)
        for _ in range(3):  # the gate may have been closed anew meanwhile
            if wait_seconds < _SHORTEST_WAIT_SECONDS:
                break
            pause(request, wait_seconds)
            wait_seconds = self._throttle.closed_seconds()
        self._throttle.count(method)
        response = self.next.send(request)
        self._throttle.observe(subscription, method, response.http_response.headers)
        return response


def pause(request: PipelineRequest[HttpRequest], seconds: float) -> None:
    """Waits by the transport's clock, which in the sandbox is the world's."""
    cast(HttpTransport[HttpRequest, HttpResponse], request.context.transport).sleep(seconds)


def subscription_of(url: str) -> str:
    found = _SUBSCRIPTION.search(url)
    return found.group(1) if found else ""
