"""Polling: every way in which the service says where an operation stands (wire-facts 1.5)."""

import pytest

from reconciler.core.errors import CloudError
from reconciler.core.plan import Write
from reconciler.core.ports import Progress
from tests.cloud.canned import (
    ARM,
    COMMAND_ID,
    GROUP_ID,
    ON_VAULT,
    RULE_ID,
    SUBSCRIPTION,
    VAULT,
    VM,
    Canned,
    Reply,
    error,
)

JOB = "babde0e1-60a2-4b6c-a7da-4d40d0d0260c"
URL = f"{ARM}{VAULT.id}/backupOperations/b7d2af79?api-version=2026-10-01"
GUID = "b7d2af79-ce40-46d1-a92f-dc95fcfcf3d7"


def status(word: str, **more: object) -> Reply:
    times = {"startTime": "2026-11-22T09:00:00.1Z", "endTime": "0001-01-01T00:00:00"}
    return Reply(200, {"id": GUID, "name": GUID, "status": word, **times, **more})


JOBS = {"objectType": "OperationStatusJobsExtendedInfo", "jobIds": [JOB, "another"], "failedJobsError": {}}
REFUSED = {"code": "UserErrorDeleteBackupItemOnImmutableItem", "message": "The item\r\n is immutable."}
PRETTY = b'{\r\n  "id": "x",\r\n  "name": "x",\r\n  "status": "InProgress"\r\n}'

CASES: list[tuple[str, Reply, Progress]] = [
    ("under way", status("InProgress"), Progress("running", retry_after_seconds=10, detail="InProgress")),
    (
        "vault, under way",
        Reply(200, PRETTY, {"Retry-After": "60"}),
        Progress("running", retry_after_seconds=60, detail="InProgress"),
    ),
    (
        "a word of the enum that is no end",
        status("Invalid"),
        Progress("running", retry_after_seconds=10, detail="Invalid"),
    ),
    ("a word that nobody knows", status("Completed"), Progress("running", retry_after_seconds=10, detail="Completed")),
    ("done", status("Succeeded"), Progress("succeeded")),
    ("done, in another case", status("SUCCEEDED"), Progress("succeeded")),
    ("done with a job", status("Succeeded", properties={"jobId": JOB}), Progress("succeeded", JOB)),
    ("a policy, done with jobs", status("Succeeded", properties=JOBS), Progress("succeeded", JOB)),
    ("no jobs", status("Succeeded", properties={"jobIds": []}), Progress("succeeded")),
    ("null properties", status("Succeeded", properties=None), Progress("succeeded")),
    (
        "failed",
        status("Failed", error=REFUSED),
        Progress(
            "failed",
            code="UserErrorDeleteBackupItemOnImmutableItem",
            message="The item is immutable.",
            detail="write state: stopped, which keeps the points until they expire",
        ),
    ),
    (
        "failed jobs of a policy",
        status("Failed", properties={"jobIds": [JOB], "failedJobsError": {JOB: "Agent is off"}}),
        Progress(
            "failed",
            JOB,
            message="Agent is off",
            detail="read Azure's message; with the request id, Azure support can look it up",
        ),
    ),
    ("location, under way", Reply(202, None, {"Retry-After": "5"}), Progress("running", retry_after_seconds=5)),
    ("location, done", Reply(204), Progress("succeeded")),
    ("location, done with the resource", Reply(200, {"id": "x", "properties": {}}), Progress("succeeded")),
    ("location, done with nothing", Reply(200), Progress("succeeded")),
    (
        "gone with its vault",
        error(404, "ResourceNotFound"),
        Progress("unknown", message="the operation is not known any more", retry_after_seconds=10),
    ),
]


@pytest.mark.parametrize(("reply", "progress"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_where_an_operation_stands(reply: Reply, progress: Progress) -> None:
    assert Canned(reply).azure.operation(ON_VAULT, URL) == progress


PROVIDERS = f"{ARM}/subscriptions/{SUBSCRIPTION}/providers"
FOLLOWED: list[tuple[str, Write, str]] = [
    (
        "a rule",
        Write("security_rule.put", resource_id=RULE_ID),
        f"{PROVIDERS}/Microsoft.Network/locations/westus/operations/1?api-version=2021-08-01",
    ),
    (
        "a rule, after a delete",
        Write("security_rule.delete", resource_id=RULE_ID),
        f"{PROVIDERS}/Microsoft.Network/locations/westus/operationResults/1?api-version=2021-08-01",
    ),
    (
        "a firewall policy's group",
        Write("rule_collection_group.put", resource_id=GROUP_ID),
        f"{PROVIDERS}/Microsoft.Network/locations/westus2/nfvOperations/1?api-version=2022-01-01",
    ),
    (
        "a run command",
        Write("run_command.put", resource_id=COMMAND_ID),
        f"{PROVIDERS}/Microsoft.Compute/locations/westeurope/operations/1?p=x&api-version=2026-04-01",
    ),
]


@pytest.mark.parametrize(("write", "url"), [case[1:] for case in FOLLOWED], ids=[case[0] for case in FOLLOWED])
def test_networks_and_guests_are_polled_at_their_resource_provider(write: Write, url: str) -> None:
    canned = Canned(Reply(200, {"status": "InProgress"}, {"Retry-After": "3"}), Reply(200, {"status": "Succeeded"}))
    assert canned.azure.operation(write, url) == Progress("running", retry_after_seconds=3, detail="InProgress")
    assert canned.azure.operation(write, url) == Progress("succeeded")
    assert [sent.url for sent in canned.sent] == [url, url]
    elsewhere = [
        url.replace(SUBSCRIPTION, SUBSCRIPTION.replace("1", "2")),
        url.replace("Microsoft.Network", "Microsoft.Storage").replace("Microsoft.Compute", "Microsoft.Storage"),
        url.replace("/locations/", "/other/"),
        url.replace(ARM, "https://evil.example"),
    ]
    for other in elsewhere:
        with pytest.raises(CloudError, match="C107"):
            canned.azure.operation(write, other)
    assert len(canned.sent) == 2


@pytest.mark.parametrize("word", ["Canceled", "Cancelled", "canceled"])
def test_cancelled_is_spelt_in_two_ways(word: str) -> None:
    assert Canned(status(word)).azure.operation(ON_VAULT, URL).state == "cancelled"


@pytest.mark.parametrize("value", ["0", "-1", "nan", "86400", "soon"])
def test_the_service_can_not_make_us_hammer_or_hang(value: str) -> None:
    progress = Canned(Reply(202, None, {"Retry-After": value})).azure.operation(ON_VAULT, URL)
    assert 1 <= progress.retry_after_seconds <= 300


def test_a_polling_url_has_the_semicolons_of_item_names() -> None:
    item = VM.item_id(VAULT)
    canned = Canned(status("Succeeded"))
    assert (
        canned.azure.operation(ON_VAULT, f"{ARM}{item}/operationsStatus/1?api-version=2026-10-01").state == "succeeded"
    )


def test_a_polling_url_in_another_case_is_the_same_vault() -> None:
    canned = Canned(status("Succeeded"))
    assert canned.azure.operation(ON_VAULT, URL.replace("/resourceGroups/", "/resourcegroups/")).state == "succeeded"
