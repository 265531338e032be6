"""Jobs: read once for many that wait, and never older than what this run has caused."""

import pytest

from reconciler.cloud.jobs import FEW_JOBS
from reconciler.core.errors import Unreadable
from reconciler.core.ids import VmRef
from reconciler.core.plan import Write
from tests.cloud.canned import ARM, SUBSCRIPTION, VAULT, VM, Canned, Reply, Sent, error

PATH = f"{VAULT.id}/backupJobs"


def job(number: int, status: str = "InProgress", vm: VmRef = VM, **properties: object) -> dict[str, object]:
    container = f"iaasvmcontainerv2;{vm.resource_group};{vm.name}"
    start = f"2026-11-22T{number // 60 % 24:02d}:{number % 60:02d}:00Z"
    body = {"containerName": container, "operation": "Backup", "status": status, "startTime": start, **properties}
    return {"id": f"{PATH}/job-{number}", "name": f"job-{number}", "properties": body}


class Jobs:
    """A vault's jobs, newest first, in pages of three."""

    def __init__(self, *jobs: dict[str, object]) -> None:
        self.jobs = list(jobs)
        self.canned = Canned(self.answer)

    def answer(self, sent: Sent) -> Reply:
        if sent.method != "GET":
            return Reply(202)
        if sent.path != PATH:
            found = [job for job in self.jobs if sent.path == f"{PATH}/{job['name']}"]
            return Reply(200, found[0]) if found else error(404, "ResourceNotFound")
        running = "InProgress" in sent.url or "running=1" in sent.url
        listed = [job for job in self.jobs if not running or job["properties"]["status"] == "InProgress"]  # type: ignore[index]
        start = int(sent.url.partition("skip=")[2] or 0)
        more = f"{ARM}{PATH}?running={int(running)}&skip={start + 3}" if len(listed) > start + 3 else None
        return Reply(200, {"value": listed[start : start + 3], "nextLink": more})

    def requests(self) -> int:
        count = len(self.canned.sent)
        self.canned.sent.clear()
        return count


def other(number: int) -> VmRef:
    return VmRef.of(SUBSCRIPTION, "rg-app", f"vm-{number}")


def test_jobs_of_an_item_are_its_own() -> None:
    jobs = Jobs(job(3, vm=other(1)), job(2), job(1, "Completed"))
    assert [found["name"] for found in jobs.canned.azure.look().running_jobs(VAULT, VM)] == ["job-2"]
    jobs.jobs[1]["properties"]["containerName"] = "IaasVMContainerV2;RG-APP;VM-WEB-01"  # type: ignore[index]
    shouting = VmRef.of(SUBSCRIPTION.upper(), "RG-APP", "VM-WEB-01")
    assert [found["name"] for found in jobs.canned.azure.look().running_jobs(VAULT, shouting)] == ["job-2"]


def test_a_hundred_looks_share_one_list_for_half_a_minute() -> None:
    jobs = Jobs(job(1))
    for number in range(100):
        jobs.canned.azure.look().running_jobs(VAULT, other(number))
    assert jobs.requests() == 1
    jobs.canned.clock.sleep(31)
    jobs.canned.azure.look().running_jobs(VAULT, VM)
    assert jobs.requests() == 1


def test_after_a_write_to_an_item_its_jobs_are_read_anew() -> None:
    jobs = Jobs()
    azure = jobs.canned.azure
    assert azure.look().running_jobs(VAULT, VM) == ()
    azure.send(Write("item.backup", VAULT, {}, vm=VM), "id")
    jobs.jobs.append(job(1))
    assert [found["name"] for found in azure.look().running_jobs(VAULT, VM)] == ["job-1"]
    jobs.requests()
    azure.look().running_jobs(VAULT, other(1))
    assert jobs.requests() == 0


def test_a_list_that_was_read_while_a_write_was_under_way_does_not_count() -> None:
    jobs = Jobs()
    azure = jobs.canned.azure

    def answer(sent: Sent) -> Reply:
        if sent.method != "POST":
            return jobs.answer(sent)
        azure.look().running_jobs(VAULT, other(1))  # somebody else reads the list
        jobs.jobs.append(job(1))
        return Reply(202)

    jobs.canned.transport._script = answer
    azure.send(Write("item.backup", VAULT, {}, vm=VM), "id")
    assert len(azure.look().running_jobs(VAULT, VM)) == 1


def test_a_write_to_a_policy_starts_jobs_of_all_its_items() -> None:
    jobs = Jobs()
    azure = jobs.canned.azure
    azure.look().running_jobs(VAULT, VM)
    azure.send(Write("policy.put", VAULT, {}, "daily"), "id")
    jobs.jobs.append(job(1))
    assert len(azure.look().running_jobs(VAULT, VM)) == 1


def test_a_job_that_is_seen_to_end_does_not_keep_its_item_busy() -> None:
    jobs = Jobs(job(1))
    azure = jobs.canned.azure
    assert azure.look().running_jobs(VAULT, VM)
    jobs.jobs[0] = job(1, "Completed")
    assert azure.job(VAULT, "job-1").state == "succeeded"
    assert azure.look().running_jobs(VAULT, VM) == ()


def test_many_that_wait_cost_one_list() -> None:
    jobs = Jobs(*(job(number, vm=other(number)) for number in range(60, 0, -1)))
    azure = jobs.canned.azure
    states = [azure.job(VAULT, f"job-{number}").state for number in range(1, 61)]
    assert states == ["running"] * 60
    assert jobs.requests() == 20  # pages


def test_few_that_wait_are_asked_one_by_one_for_how_far_they_are() -> None:
    tasks = [
        {"taskId": "Take Snapshot", "status": "Completed"},
        {"taskId": "Transfer data to vault", "status": "InProgress"},
    ]
    jobs = Jobs(job(1, extendedInfo={"tasksList": tasks}), job(2, extendedInfo={"progressPercentage": 42}))
    first, second = (jobs.canned.azure.job(VAULT, name) for name in ("job-1", "job-2"))
    assert (first.percent, first.detail) == (50.0, "Transfer data to vault")
    assert (second.percent, second.detail) == (42.0, "Backup")
    assert len(jobs.jobs) <= FEW_JOBS


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("Completed", "succeeded"),
        ("CompletedWithWarnings", "succeeded"),
        ("Failed", "failed"),
        ("Cancelled", "cancelled"),
        ("Cancelling", "running"),
        ("InProgress", "running"),
        ("Surprise", "unknown"),
    ],
)
def test_the_end_of_a_job(status: str, state: str) -> None:
    assert Jobs(job(1, status)).canned.azure.job(VAULT, "job-1").state == state


def test_a_job_that_is_not_shown_may_still_come_but_not_for_ever() -> None:
    jobs = Jobs()
    assert jobs.canned.azure.job(VAULT, "job-1").state == "running"
    jobs.canned.clock.sleep(299)
    assert jobs.canned.azure.job(VAULT, "job-1").state == "running"
    jobs.canned.clock.sleep(2)
    assert jobs.canned.azure.job(VAULT, "job-1").state == "unknown"
    with pytest.raises(Unreadable):
        Canned(error(403, "AuthorizationFailed")).azure.job(VAULT, "job-1")


def test_why_a_job_failed() -> None:
    details = [
        {
            "errorCode": 400001,
            "errorTitle": "Agent\r\noff",
            "errorString": "It \x1b[31m is off.",
            "recommendations": ["Start it."],
        }
    ]
    progress = Jobs(job(1, "Failed", errorDetails=details)).canned.azure.job(VAULT, "job-1")
    assert (progress.code, progress.message, progress.detail) == (
        "400001",
        "Agent off It \ufffd[31m is off.",
        "Start it.",
    )
    known = [{"errorCode": "UserErrorVmNotFoundV2", "errorString": "VM not found."}]
    assert "state: stopped" in Jobs(job(1, "Failed", errorDetails=known)).canned.azure.job(VAULT, "job-1").detail


def test_backup_jobs_come_newest_first_and_cost_one_request_a_look() -> None:
    jobs = Jobs(*(job(number, "Completed", other(number)) for number in range(40, 1, -1)), job(1, "Completed"))
    azure = jobs.canned.azure
    assert [found["name"] for found in azure.look().backup_jobs(VAULT, VM)] == ["job-1"]
    assert jobs.requests() == 14
    for _ in range(20):
        azure.look().backup_jobs(VAULT, VM)
    assert jobs.requests() == 20
    jobs.jobs.insert(0, job(50))
    assert [found["name"] for found in azure.look().backup_jobs(VAULT, VM)] == ["job-50", "job-1"]
    assert jobs.requests() == 1


def test_more_new_jobs_than_a_page_holds_are_all_seen() -> None:
    jobs = Jobs(job(1, "Completed"))
    azure = jobs.canned.azure
    azure.look().backup_jobs(VAULT, VM)
    jobs.jobs[:0] = [job(number, "Completed", VM if number == 2 else other(number)) for number in range(10, 1, -1)]
    assert [found["name"] for found in azure.look().backup_jobs(VAULT, VM)] == ["job-2", "job-1"]


def test_an_old_job_that_ended_meanwhile_is_not_shown_as_running() -> None:
    jobs = Jobs(*(job(number, "Completed", other(number)) for number in range(9, 1, -1)), job(1))
    azure = jobs.canned.azure
    azure.look().backup_jobs(VAULT, VM)
    jobs.jobs[-1] = job(1, "Failed")
    found = azure.look().backup_jobs(VAULT, VM)
    assert [each["properties"]["status"] for each in found] == ["Failed"]  # type: ignore[index]


def test_a_list_of_backup_jobs_that_turns_in_a_circle_ends() -> None:
    canned = Canned(Reply(200, {"value": [job(1)], "nextLink": f"{ARM}{PATH}?page=2"}))
    assert canned.azure.look().backup_jobs(VAULT, VM) == (job(1),)
    assert len(canned.sent) == 2


def test_backup_jobs_are_asked_for_the_last_two_days() -> None:
    jobs = Jobs()
    jobs.canned.azure.look().backup_jobs(VAULT, VM)
    asked = (
        jobs.canned.sent[0].url.partition("%24filter=")[2].replace("%20", " ").replace("%27", "'").replace("%3A", ":")
    )
    assert (
        asked
        == "operation eq 'Backup' and startTime eq '2026-11-20 09:00:00 AM' and endTime eq '2026-11-22 10:00:00 AM'"
    )
