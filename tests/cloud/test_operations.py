"""Polling: every way in which the service says where an operation stands (wire-facts 1.5)."""

import pytest

from reconciler.core.ports import Progress
from tests.cloud.canned import ARM, VAULT, VM, Canned, Reply, error

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
    assert Canned(reply).azure.operation(VAULT, URL) == progress


@pytest.mark.parametrize("word", ["Canceled", "Cancelled", "canceled"])
def test_cancelled_is_spelt_in_two_ways(word: str) -> None:
    assert Canned(status(word)).azure.operation(VAULT, URL).state == "cancelled"


@pytest.mark.parametrize("value", ["0", "-1", "nan", "86400", "soon"])
def test_the_service_can_not_make_us_hammer_or_hang(value: str) -> None:
    progress = Canned(Reply(202, None, {"Retry-After": value})).azure.operation(VAULT, URL)
    assert 1 <= progress.retry_after_seconds <= 300


def test_a_polling_url_has_the_semicolons_of_item_names() -> None:
    item = VM.item_id(VAULT)
    canned = Canned(status("Succeeded"))
    assert canned.azure.operation(VAULT, f"{ARM}{item}/operationsStatus/1?api-version=2026-10-01").state == "succeeded"


def test_a_polling_url_in_another_case_is_the_same_vault() -> None:
    canned = Canned(status("Succeeded"))
    assert canned.azure.operation(VAULT, URL.replace("/resourceGroups/", "/resourcegroups/")).state == "succeeded"
