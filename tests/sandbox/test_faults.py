"""Scripted trouble, seen through the transport by a real SDK client, and at the wire."""

from collections.abc import Sequence
from typing import Any

import pytest
from azure.core.exceptions import (
    ClientAuthenticationError,
    HttpResponseError,
    ResourceNotFoundError,
    ServiceRequestError,
    ServiceResponseError,
)
from azure.mgmt.recoveryservicesbackup import RecoveryServicesBackupClient

from reconciler.sandbox.faults import (
    Answer,
    Crash,
    Fault,
    Lost,
    OperationFails,
    SandboxCrash,
    Unseen,
    throttled,
    token_expired,
)
from reconciler.sandbox.transport import SandboxCredential, SandboxTransport
from reconciler.sandbox.wire import Request, Response
from tests.sandbox.lab import Lab, policy

POLICIES = "*/backuppolicies/*"


class Line:
    """A backup client over a lab's world, with faults on the way and a record of what was sent."""

    def __init__(self, lab: Lab, faults: Sequence[Fault], **options: Any) -> None:
        self.sent: list[tuple[str, int | None]] = []
        transport = SandboxTransport(lab.world, faults, self._note)
        self.client = RecoveryServicesBackupClient(
            SandboxCredential(), lab.subscription, transport=transport, **{"retry_total": 0, **options}
        )
        self.lab = lab

    def _note(self, request: Request, response: Response | None) -> None:
        self.sent.append((request.method, response.status if response else None))

    def put(self) -> Any:
        body: Any = {"properties": policy()}
        return self.client.protection_policies.create_or_update("rsv", "rg", "p1", body)

    def get(self) -> Any:
        return self.client.protection_policies.get("rsv", "rg", "p1")

    def names(self) -> set[str]:
        return {str(found.name) for found in self.client.backup_policies.list("rsv", "rg")}

    def there(self) -> bool:
        return self.lab.send("GET", f"{self.lab.vault}/backupPolicies/p1").status == 200


@pytest.fixture
def lab() -> Lab:
    lab = Lab()
    lab.make_vault()
    return lab


def test_throttling_is_waited_out_in_virtual_time(lab: Lab) -> None:
    line = Line(lab, [throttled(17, path=POLICIES)], retry_total=3)
    before = lab.world.now()
    line.put()
    assert [status for _, status in line.sent] == [429, 200]
    assert (lab.world.now() - before).total_seconds() == 17


def test_an_error_before_the_effect_and_one_after_it(lab: Lab) -> None:
    line = Line(lab, [Answer(status=503, method="PUT")])
    with pytest.raises(HttpResponseError) as raised:
        line.put()
    assert (raised.value.status_code, line.there()) == (503, False)
    line = Line(lab, [Answer(status=500, method="PUT", at="after")])
    with pytest.raises(HttpResponseError):
        line.put()
    assert line.there()


def test_a_refused_connection_and_a_lost_answer(lab: Lab) -> None:
    line = Line(lab, [Lost(method="PUT", at="before")])
    with pytest.raises(ServiceRequestError):
        line.put()
    assert not line.there()
    line = Line(lab, [Lost(method="PUT")])
    with pytest.raises(ServiceResponseError):
        line.put()
    assert line.there()
    assert line.sent == [("PUT", None)]


@pytest.mark.parametrize(("at", "there"), [("before", False), ("after", True)])
def test_a_death_of_the_process_keeps_what_was_committed(lab: Lab, at: Any, there: bool) -> None:
    line = Line(lab, [Crash(method="PUT", at=at)])
    with pytest.raises(SandboxCrash):
        line.put()
    assert line.there() is there


def test_a_death_is_no_exception_that_somebody_catches() -> None:
    assert not issubclass(SandboxCrash, Exception)


def test_an_expired_token(lab: Lab) -> None:
    line = Line(lab, [token_expired(nth=2)])
    line.put()
    with pytest.raises(ClientAuthenticationError):
        line.get()
    assert line.get().name == "p1"


def test_faults_strike_by_position_among_the_requests_they_match(lab: Lab) -> None:
    fault = Answer(
        status=409, code="BMSUserErrorObjectLocked", message="busy", nth=2, times=2, method="GET", path=POLICIES
    )
    line = Line(lab, [fault])
    line.put()
    line.names()
    outcomes = []
    for _ in range(4):
        try:
            outcomes.append(line.get().name)
        except HttpResponseError as error:
            outcomes.append(error.status_code)
    assert outcomes == ["p1", 409, 409, "p1"]


def test_reads_that_lag_do_not_see_what_was_made(lab: Lab) -> None:
    line = Line(lab, [Unseen(path="*/backuppolicies", hides="*/p1", times=1), Unseen(path="*/p1", times=2)])
    line.put()
    assert "p1" not in line.names()
    assert {"p1", "DefaultPolicy"} <= line.names()
    for _ in range(2):
        with pytest.raises(ResourceNotFoundError):
            line.get()
    assert line.get().name == "p1"


def test_an_unseen_thing_is_missing_under_its_own_name(lab: Lab) -> None:
    from reconciler.sandbox.app import handle
    from reconciler.sandbox.faults import Script
    from tests.sandbox.lab import BASE, HEADERS

    script = Script(handle, [Unseen(path="*/vaults/rsv")])
    answer = script.send(lab.world, Request("GET", f"{BASE}{lab.vault}?api-version=2026-10-01", HEADERS))
    assert answer.status == 404
    assert "vaults/rsv'" in answer.json()["error"]["message"]
    assert script.send(lab.world, Request("GET", f"{BASE}{lab.vault}?api-version=2026-10-01", HEADERS)).status == 200
    missing = Request("GET", f"{BASE}{lab.vault}x?api-version=2026-10-01", HEADERS)
    assert Script(handle, [Unseen()]).send(lab.world, missing).status == 404


OPERATIONS = ("enable", "policy", "backup", "vault", "delete")


@pytest.mark.parametrize("what", OPERATIONS)
def test_an_operation_that_ends_failed_changes_nothing(lab: Lab, what: str) -> None:
    vm = lab.vm("vm1")
    lab.ok("PUT", f"{lab.vault}/backupPolicies/p1", {"properties": policy()})
    if what != "enable":
        lab.protect(vm, "p1")
    requests = {
        "enable": ("PUT", lab.item(vm), {"properties": _enable(lab, vm)}),
        "policy": ("PUT", f"{lab.vault}/backupPolicies/p1", {"properties": policy(days=60)}),
        "backup": ("POST", f"{lab.item(vm)}/backup", {"properties": {}}),
        "vault": ("PATCH", lab.vault, {"properties": {"publicNetworkAccess": "Disabled"}}),
        "delete": ("DELETE", lab.item(vm), None),
    }
    before = _state(lab, vm)
    answer = _with_failure(lab, *requests[what])
    assert answer.status == 202
    lab.world.advance(200)
    status = lab.ok("GET", answer.headers["Azure-AsyncOperation"])
    assert (status["status"], status["error"]["code"]) == ("Failed", "CloudInternalError")
    assert _state(lab, vm) == before
    if what != "vault":
        assert lab.jobs()[0]["status"] == "Failed"


def _enable(lab: Lab, vm: str) -> dict[str, str]:
    kind = "Microsoft.Compute/virtualMachines"
    return {"protectedItemType": kind, "sourceResourceId": vm, "policyId": f"{lab.vault}/backupPolicies/p1"}


def _state(lab: Lab, vm: str) -> list[Any]:
    item = lab.send("GET", lab.item(vm))
    vault = lab.ok("GET", lab.vault)["properties"]["publicNetworkAccess"]
    return [item.status, item.body, vault, lab.ok("GET", f"{lab.vault}/backupPolicies/p1")]


def _with_failure(lab: Lab, method: str, path: str, body: Any) -> Response:
    import json

    from reconciler.sandbox.app import handle
    from reconciler.sandbox.faults import Script
    from tests.sandbox.lab import BASE, HEADERS

    content = b"" if body is None else json.dumps(body).encode()
    request = Request(method, f"{BASE}{path}?api-version=2026-10-01", HEADERS, content)
    return Script(handle, [OperationFails()]).send(lab.world, request)


def test_a_vault_that_fails_to_be_made_says_so(lab: Lab) -> None:
    other = lab.vault.replace("/rsv", "/rsv2")
    _with_failure(lab, "PUT", other, {"location": "westeurope"})
    lab.world.advance(60)
    assert lab.ok("GET", other)["properties"]["provisioningState"] == "Failed"


def test_a_planned_failure_does_not_wait_for_a_later_request(lab: Lab) -> None:
    _with_failure(lab, "GET", lab.vault, None)
    response = lab.send("PATCH", lab.vault, {"tags": {"a": "1"}})
    lab.world.advance(60)
    assert lab.ok("GET", response.headers["Azure-AsyncOperation"])["status"] == "Succeeded"
