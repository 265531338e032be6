"""The budget of a subscription (backup-rules H.1), and what the counters say."""

from datetime import timedelta

import pytest

from reconciler.cloud.throttle import Throttle
from reconciler.core.plan import Write
from tests.cloud.canned import VAULT, VM, Canned, Reply, VirtualClock


def waits(throttle: Throttle, clock: VirtualClock, method: str, count: int, subscription: str = "s") -> None:
    for _ in range(count):
        clock.sleep(throttle.reserve(subscription, method))


@pytest.mark.parametrize(
    ("method", "burst", "per_second"), [("GET", 250, 25), ("PUT", 200, 10), ("POST", 200, 10), ("DELETE", 200, 10)]
)
def test_a_burst_is_free_and_then_the_rate_holds(method: str, burst: int, per_second: int) -> None:
    clock = VirtualClock()
    throttle = Throttle(clock)
    waits(throttle, clock, method, burst)
    assert clock.elapsed_seconds == 0
    waits(throttle, clock, method, 5 * per_second)
    assert clock.elapsed_seconds == pytest.approx(5.0, abs=0.01)


def test_subscriptions_and_kinds_of_request_have_budgets_of_their_own() -> None:
    clock = VirtualClock()
    throttle = Throttle(clock)
    waits(throttle, clock, "GET", 250)
    waits(throttle, clock, "PUT", 200)
    waits(throttle, clock, "DELETE", 200)
    waits(throttle, clock, "GET", 250, "another")
    assert clock.elapsed_seconds == 0


def test_the_budget_grows_back_but_not_beyond_its_size() -> None:
    clock = VirtualClock()
    throttle = Throttle(clock)
    waits(throttle, clock, "GET", 250)
    clock.sleep(3600)
    before = clock.elapsed_seconds
    waits(throttle, clock, "GET", 250)
    assert clock.elapsed_seconds == before
    waits(throttle, clock, "GET", 25)
    assert clock.elapsed_seconds == pytest.approx(before + 1.0, abs=0.01)


def test_a_counter_of_the_service_that_is_lower_is_believed() -> None:
    left = {
        "x-ms-ratelimit-remaining-subscription-reads": "3",
        "x-ms-ratelimit-remaining-subscription-global-reads": "9000",
    }
    canned = Canned(Reply(200, {}, left), Reply(200, {}))
    for _ in range(4):
        canned.azure.look().vault(VAULT)
    assert canned.clock.slept == []
    for _ in range(25):
        canned.azure.look().vault(VAULT)
    assert canned.clock.elapsed_seconds == pytest.approx(1.0, abs=0.05)


def test_after_a_429_the_waiting_requests_do_not_all_start_at_once() -> None:
    clock = VirtualClock()
    throttle = Throttle(clock)
    throttle.close("s", "GET", 30.0)
    assert throttle.reserve("s", "GET") == pytest.approx(30.04)
    assert throttle.reserve("s", "GET") == pytest.approx(30.08)
    assert throttle.reserve("another", "PUT") == pytest.approx(30.0)


def test_a_clock_that_is_set_back_closes_nothing() -> None:
    clock = VirtualClock()
    throttle = Throttle(clock)
    throttle.close("s", "GET", 30.0)
    clock.moment -= timedelta(days=3650)
    assert throttle.reserve("s", "GET") < 1.0
    assert throttle.closed_seconds() == 0


def test_requests_are_counted_by_method_with_every_attempt() -> None:
    canned = Canned(Reply(503), Reply(200, {}), Reply(202))
    canned.azure.look().vault(VAULT)
    canned.azure.send(Write("item.backup", VAULT, {}, vm=VM), "id")
    assert canned.azure.requests == {"GET": 2, "POST": 1}


def test_two_doors_to_azure_share_the_budget_of_a_run() -> None:
    throttle = Throttle(VirtualClock())
    reading, writing = Canned(Reply(200, {}), throttle=throttle), Canned(Reply(200, {}), throttle=throttle)
    for _ in range(250):
        reading.azure.look().vault(VAULT)
    writing.azure.look().vault(VAULT)
    assert reading.clock.slept == []
    assert len(writing.clock.slept) == 1
    assert writing.azure.requests == {"GET": 251}
