"""What is sent again, when, and what never is."""

import math
from datetime import timedelta
from email.utils import format_datetime

import pytest
from azure.core.exceptions import IncompleteReadError, ServiceRequestError, ServiceResponseError

from reconciler.cloud.retry import may_have_been_sent, retry_after_seconds
from reconciler.core.errors import CloudError, Unreadable
from reconciler.core.plan import Operation, Write
from tests.cloud.canned import START, VAULT, VM, Canned, Reply, error

BODY = {"location": "westeurope", "properties": {}}
WRITES: list[Operation] = [
    "vault.create",
    "vault.update",
    "storage_config.update",
    "policy.put",
    "item.put",
    "item.delete",
]


def send(canned: Canned, operation: Operation) -> object:
    return canned.azure.send(Write(operation, VAULT, BODY, "daily", VM), "id-1")


@pytest.mark.parametrize("status", [408, 500, 502, 503, 504])
def test_a_read_is_tried_four_times_with_growing_pauses(status: int) -> None:
    canned = Canned(Reply(status))
    with pytest.raises(Unreadable) as caught:
        canned.azure.look().vault(VAULT)
    assert (len(canned.sent), canned.clock.slept) == (4, [1.0, 2.0, 4.0])
    assert (caught.value.status, caught.value.transient, caught.value.sent) == (status, True, False)


@pytest.mark.parametrize(
    "trouble", [ServiceRequestError("refused"), ServiceResponseError("reset"), IncompleteReadError("half")]
)
def test_a_read_survives_trouble_on_the_line(trouble: Exception) -> None:
    canned = Canned(trouble, trouble, Reply(200, {"name": "rsv-prod"}))
    assert canned.azure.look().vault(VAULT) == {"name": "rsv-prod"}
    assert len(canned.sent) == 3


def test_a_read_gives_up_on_a_dead_line() -> None:
    canned = Canned(ServiceRequestError("Failed to resolve host"))
    with pytest.raises(Unreadable, match="C101") as caught:
        canned.azure.look().vault(VAULT)
    assert (len(canned.sent), caught.value.transient, caught.value.status) == (4, True, 0)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 412])
def test_a_refused_read_is_not_repeated_even_with_retry_after(status: int) -> None:
    canned = Canned(error(status, "Whatever", Retry_After="5"))
    with pytest.raises(Unreadable):
        canned.azure.look().vault(VAULT)
    assert len(canned.sent) == (2 if status == 401 else 1)  # after a 401 once with a new token
    assert canned.clock.slept == []


@pytest.mark.parametrize("status", [400, 408, 409, 500, 502, 503, 504])
def test_a_backup_is_never_started_twice(status: int) -> None:
    canned = Canned(error(status, "Whatever", Retry_After="5"))
    with pytest.raises(CloudError) as caught:
        send(canned, "item.backup")
    assert [sent.method for sent in canned.sent] == ["POST"]
    assert caught.value.sent is (status >= 500 or status == 408)


@pytest.mark.parametrize("trouble", [ServiceResponseError("reset"), IncompleteReadError("half")])
@pytest.mark.parametrize("operation", [*WRITES, "item.backup"])
def test_a_write_whose_answer_is_lost_is_not_sent_again(operation: Operation, trouble: Exception) -> None:
    canned = Canned(trouble)
    with pytest.raises(CloudError, match="C101") as caught:
        send(canned, operation)
    assert (len(canned.sent), caught.value.sent, caught.value.transient) == (1, True, True)


@pytest.mark.parametrize("status", [408, 500, 502, 503, 504])
@pytest.mark.parametrize("operation", WRITES)
def test_a_write_is_not_sent_again_after_an_error_of_the_service(operation: Operation, status: int) -> None:
    canned = Canned(error(status, "InternalServerError"))
    with pytest.raises(CloudError) as caught:
        send(canned, operation)
    assert (len(canned.sent), caught.value.sent, caught.value.transient) == (1, True, True)


@pytest.mark.parametrize("operation", [*WRITES, "item.backup"])
def test_a_write_that_never_left_is_sent_again(operation: Operation) -> None:
    canned = Canned(ServiceRequestError("connection refused"), Reply(202))
    send(canned, operation)
    assert len(canned.sent) == 2


def test_a_write_that_can_not_leave_says_so() -> None:
    canned = Canned(ServiceRequestError("connection refused"))
    with pytest.raises(CloudError) as caught:
        send(canned, "item.backup")
    assert (len(canned.sent), caught.value.sent, caught.value.transient) == (4, False, True)


def test_a_tls_stream_that_broke_may_have_carried_the_request() -> None:
    class SSLError(Exception):
        pass

    class SSLCertVerificationError(SSLError):
        pass

    broken = ServiceRequestError("EOF occurred in violation of protocol", error=SSLError("eof"))
    assert may_have_been_sent(broken)
    assert not may_have_been_sent(ServiceRequestError("bad certificate", error=SSLError(SSLCertVerificationError())))
    assert not may_have_been_sent(ServiceRequestError("connection refused"))
    canned = Canned(broken)
    with pytest.raises(CloudError) as caught:
        send(canned, "item.backup")
    assert (len(canned.sent), caught.value.sent) == (1, True)


def test_a_429_is_waited_for_and_even_a_post_is_sent_again() -> None:
    throttled = error(429, "ResourceRequestsThrottled", Retry_After="17")
    canned = Canned(throttled, throttled, Reply(202))
    send(canned, "item.backup")
    assert len(canned.sent) == 3
    assert 34 <= canned.clock.elapsed_seconds < 36


def test_a_429_slows_every_client_of_the_run() -> None:
    moments: list[float] = []
    canned = Canned(lambda sent: Reply(200, {}))
    canned.azure.look().vault(VAULT)

    def script(sent: object) -> Reply:
        moments.append(canned.clock.elapsed_seconds)
        return error(429, "SubscriptionRequestsThrottled", Retry_After="60") if len(moments) == 1 else Reply(200, {})

    canned.transport._script = script
    canned.azure._throttle.close("another", "GET", 45.0)
    canned.azure.look().policy(VAULT, "daily")
    assert moments[0] == pytest.approx(45.0)
    assert moments[1] == pytest.approx(105.0, abs=0.1)


def test_a_429_for_ever_ends() -> None:
    canned = Canned(error(429, "TooManyRequests", Retry_After="86400"))
    with pytest.raises(Unreadable, match="C105") as caught:
        canned.azure.look().vault(VAULT)
    assert caught.value.transient
    assert canned.clock.elapsed_seconds <= 900 + 1
    assert len(canned.sent) <= 10


@pytest.mark.parametrize(
    "value", ["", "0", "-1", "nan", "inf", "-inf", "86400", "1e400", "Sat, 01 Jan 2000 00:00:00 GMT", "5, 10", "soon"]
)
def test_a_hostile_retry_after_neither_hangs_nor_hammers(value: str) -> None:
    canned = Canned(error(429, "TooManyRequests", Retry_After=value), Reply(200, {}))
    canned.azure.look().vault(VAULT)
    assert 1.0 <= canned.clock.elapsed_seconds <= 301.0


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("", None),
        ("nan", None),
        ("soon", None),
        ("2.5", 2.5),
        ("0", 1.0),
        ("-7", 1.0),
        ("inf", 300.0),
        ("99999", 300.0),
        (format_datetime(START + timedelta(seconds=90)), 90.0),
        (format_datetime(START - timedelta(days=90)), 1.0),
        (format_datetime(START + timedelta(days=90)), 300.0),
    ],
)
def test_retry_after_is_seconds_between_one_and_three_hundred(value: str | None, seconds: float | None) -> None:
    found = retry_after_seconds(value, START)
    assert found == seconds
    assert found is None or math.isfinite(found)
