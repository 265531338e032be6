"""Jobs and recovery points as versions show them: numbers before 2025, names and times since (recorded July 2026)."""

import pytest

from tests.sandbox.lab import NEW, Lab, code

OLD = "2022-02-01"
UNENDED = "0001-01-01T00:00:00"


@pytest.fixture
def lab() -> Lab:
    """A vault with one running backup, which started at 09:03."""
    lab = Lab()
    lab.make_vault()
    vm = lab.vm("vm1")
    lab.protect(vm)
    assert lab.send("POST", f"{lab.item(vm)}/backup", {"properties": {}}).status == 202
    return lab


def job_path(lab: Lab) -> str:
    return f"{lab.vault}/backupJobs/{lab.ok('GET', f'{lab.vault}/backupJobs')['value'][0]['name']}"


def test_the_tasks_of_a_backup_have_their_times(lab: Lab) -> None:
    path = job_path(lab)
    lab.world.advance(1200)
    details = lab.ok("GET", path)["properties"]["extendedInfo"]
    assert details["tasksList"] == [
        {
            "taskId": "Take Snapshot",
            "startTime": "2026-11-22T09:03:00Z",
            "endTime": "2026-11-22T09:13:00Z",
            "duration": "PT10M",
            "status": "Completed",
            "taskType": "Normal",
        },
        {
            "taskId": "Transfer data to vault",
            "startTime": "2026-11-22T09:13:00Z",
            "endTime": UNENDED,
            "duration": "PT10M",
            "status": "InProgress",
            "taskType": "Normal",
        },
        {
            "taskId": "Validate Backup",
            "startTime": UNENDED,
            "endTime": UNENDED,
            "duration": "PT0S",
            "status": "NotStarted",
            "taskType": "Normal",
        },
    ]
    assert (details["progressPercentage"], details["propertyBag"]["VM Subscription ID"]) == (1.0, lab.subscription)
    lab.world.advance(3600)
    details = lab.ok("GET", path)["properties"]["extendedInfo"]
    assert [task["status"] for task in details["tasksList"]] == ["Completed"] * 3
    assert (details["progressPercentage"], details["tasksList"][2]["endTime"]) == (100.0, "2026-11-22T10:04:12Z")


def test_a_cancelled_backup_ends_in_its_first_task(lab: Lab) -> None:
    path = job_path(lab)
    lab.ok("POST", f"{path}/cancel")
    lab.world.advance(60)
    tasks = lab.ok("GET", path)["properties"]["extendedInfo"]["tasksList"]
    assert [task["status"] for task in tasks] == ["Cancelled", "NotStarted", "NotStarted"]


def test_old_versions_have_numbers_and_two_tasks_without_times(lab: Lab) -> None:
    for version, action in ((OLD, [1]), ("2025-02-01", ["Cancellable"]), (NEW, ["Cancellable"])):
        assert lab.ok("GET", job_path(lab), version=version)["properties"]["actionsInfo"] == action
        listed = lab.ok("GET", f"{lab.vault}/backupJobs", version=version)["value"]
        assert [job["properties"].get("actionsInfo") for job in listed] == [action, None]
    details = lab.ok("GET", job_path(lab), version=OLD)["properties"]["extendedInfo"]
    assert [set(task) for task in details["tasksList"]] == [{"taskId", "duration", "status"}] * 2
    assert "progressPercentage" not in details


def test_one_job_has_a_counter_of_its_own(lab: Lab) -> None:
    counter = "x-ms-ratelimit-remaining-subscription-resource-requests"
    assert lab.send("GET", job_path(lab)).headers[counter] == "249"
    assert lab.send("GET", job_path(lab), version=OLD).headers[counter] == "299"


def test_the_tiers_of_a_point_have_names_since_2025(lab: Lab) -> None:
    lab.world.advance(3700)
    points = f"{lab.ok('GET', f'{lab.vault}/backupProtectedItems')['value'][0]['id']}/recoveryPoints"
    new, old = (lab.ok("GET", points, version=version)["value"][0] for version in (NEW, OLD))
    assert lab.ok("GET", f"{points}/{new['name']}") == new
    assert lab.ok("GET", f"{points}/{new['name']}", version=OLD) == old
    tiers = [{"type": "InstantRP", "status": "Valid"}, {"type": "HardenedRP", "status": "Valid"}]
    assert new["properties"]["recoveryPointTierDetails"] == tiers
    assert old["properties"]["recoveryPointTierDetails"] == [{"type": 1, "status": 1}, {"type": 2, "status": 1}]
    added = {"securityType", "isPrivateAccessEnabledOnAnyDisk", "createdWithPolicyType"}
    assert new["properties"].keys() - old["properties"].keys() == added
    assert new["properties"]["createdWithPolicyType"] == "V1"
    assert code(lab.send("GET", f"{points}/none"))[0] == 404
