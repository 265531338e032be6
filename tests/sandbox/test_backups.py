"""Backups on demand and by schedule, jobs, recovery points (facts of wire-facts 6 and backup-rules C and E, restated)."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from reconciler.sandbox.schedule import expires, runs_after, standard_zone
from tests.sandbox.lab import Lab, code, policy

HOUR = 3600


@pytest.fixture
def lab() -> Lab:
    lab = Lab()
    lab.make_vault()
    lab.ok("PUT", f"{lab.vault}/backupPolicies/p1", {"properties": policy(time="12:00")})
    return lab


@pytest.fixture
def vm(lab: Lab) -> str:
    vm = lab.vm("vm1", os="Windows")
    lab.protect(vm, "p1")
    return vm


def trigger(lab: Lab, vm: str, expiry: str | None = None) -> Any:
    body: dict[str, Any] = {"properties": {"objectType": "IaasVMBackupRequest"}}
    if expiry:
        body["properties"]["recoveryPointExpiryTimeInUTC"] = expiry
    return lab.send("POST", f"{lab.item(vm)}/backup", body)


def points(lab: Lab, vm: str) -> list[str]:
    return [
        point["properties"]["recoveryPointTime"] for point in lab.ok("GET", f"{lab.item(vm)}/recoveryPoints")["value"]
    ]


def newest_job(lab: Lab) -> dict[str, Any]:
    name = lab.ok("GET", f"{lab.vault}/backupJobs")["value"][0]["name"]
    found: dict[str, Any] = lab.ok("GET", f"{lab.vault}/backupJobs/{name}")["properties"]
    return found


def test_the_operation_ends_at_once_and_the_job_after_an_hour(lab: Lab, vm: str) -> None:
    response = trigger(lab, vm, "2026-12-01T00:00:00.000Z")
    assert (response.status, response.body) == (202, b"")
    status = lab.ok("GET", response.headers["Azure-AsyncOperation"])
    assert status["status"] == "Succeeded"
    job = newest_job(lab)
    assert (job["status"], job["actionsInfo"]) == ("InProgress", ["Cancellable"])
    assert "endTime" not in job
    assert [task["status"] for task in job["extendedInfo"]["tasksList"]] == ["InProgress", "NotStarted", "NotStarted"]
    assert job["extendedInfo"]["propertyBag"]["Recovery Point Expiry Time in UTC"] == "12/1/2026 12:00:00 AM"
    lab.world.advance(HOUR)
    job = newest_job(lab)
    assert (job["status"], job["duration"]) == ("InProgress", "PT1H")
    assert [task["status"] for task in job["extendedInfo"]["tasksList"]] == ["Completed", "Completed", "InProgress"]
    assert points(lab, vm) == []
    lab.world.advance(72)
    job = newest_job(lab)
    assert (job["status"], job["duration"]) == ("Completed", "PT1H1M12S")
    assert "Backup Size" in job["extendedInfo"]["propertyBag"]
    assert len(points(lab, vm)) == 1
    item = lab.read(vm)
    assert (item["protectionState"], item["lastBackupStatus"]) == ("Protected", "Completed")
    assert item["healthDetails"][0]["code"] == 400239
    assert item["lastRecoveryPoint"] == points(lab, vm)[0]
    assert lab.ok("GET", lab.vault)["properties"]["backupStorageVersion"] == "V1"


def test_nine_backups_a_day_and_no_more(lab: Lab, vm: str) -> None:
    for _ in range(9):
        assert trigger(lab, vm).status == 202
        lab.world.advance(2 * HOUR)
    assert code(trigger(lab, vm)) == (400, "CloudDosTimeboudLimitReached")
    lab.world.advance(7 * HOUR)
    assert trigger(lab, vm).status == 202


def test_a_second_backup_beside_a_running_one_fails(lab: Lab, vm: str) -> None:
    trigger(lab, vm)
    assert trigger(lab, vm).status == 202
    assert newest_job(lab)["errorDetails"][0]["errorTitle"] == "UserErrorBackupOperationInProgress"
    lab.world.advance(2 * HOUR)
    assert Counter(job["status"] for job in lab.jobs() if job["operation"] == "Backup") == {"Completed": 1, "Failed": 1}


def test_only_active_items_are_backed_up(lab: Lab, vm: str) -> None:
    lab.stop(vm)
    assert code(trigger(lab, vm)) == (400, "UserErrorBcmDatasourceNotPresent")
    assert code(trigger(lab, lab.vm("vm2"))) == (404, "BMSUserErrorDataSourceObjectNotFound")
    lab.protect(vm, "p1")
    assert code(trigger(lab, vm, "tomorrow")) == (400, "BMSUserErrorInvalidInput")


def test_a_job_is_cancelled_in_its_snapshot_phase_only(lab: Lab, vm: str) -> None:
    trigger(lab, vm)
    job = lab.ok("GET", f"{lab.vault}/backupJobs")["value"][0]
    response = lab.send("POST", f"{job['id']}/cancel")
    assert response.status == 202
    assert "api-version=2019-05-13-preview" in response.headers["Azure-AsyncOperation"]
    assert newest_job(lab)["status"] == "Cancelling"
    assert lab.send("GET", response.headers["Location"]).status == 202
    lab.world.advance(60)
    assert newest_job(lab)["status"] == "Cancelled"
    assert lab.send("GET", response.headers["Location"]).status == 204
    lab.world.advance(2 * HOUR)
    assert (newest_job(lab)["status"], points(lab, vm)) == ("Cancelled", [])
    trigger(lab, vm)
    lab.world.advance(HOUR / 2)
    job = lab.ok("GET", f"{lab.vault}/backupJobs")["value"][0]
    assert code(lab.send("POST", f"{job['id']}/cancel")) == (400, "UserErrorJobCancelNotAllowed")
    configured = lab.ok("GET", f"{lab.vault}/backupJobs")["value"][-1]
    assert code(lab.send("POST", f"{configured['id']}/cancel")) == (400, "UserErrorJobCancelNotAllowed")
    assert lab.send("GET", f"{lab.vault}/backupJobs/none").status == 404


def test_the_schedule_makes_the_first_backup_and_those_after_it(lab: Lab, vm: str) -> None:
    lab.world.advance(2 * HOUR)  # 11:02
    assert lab.read(vm)["protectionState"] == "IRPending"
    lab.world.advance(1.1 * HOUR)  # 12:08: the run has begun
    assert newest_job(lab)["status"] == "InProgress"
    lab.world.advance(HOUR)
    assert lab.read(vm)["protectionState"] == "Protected"
    lab.world.advance(2 * 24 * HOUR)
    assert points(lab, vm) == [f"2026-11-{day}T12:00:03.7Z" for day in (24, 23, 22)]


def test_a_jump_of_weeks_brings_the_last_runs_only(lab: Lab, vm: str) -> None:
    lab.world.advance(10 * 24 * HOUR)
    assert points(lab, vm) == [f"2026-{day}T12:00:03.7Z" for day in ("12-01", "11-30", "11-29", "11-22")]
    lab.world.advance(2 * 24 * HOUR)
    assert len(points(lab, vm)) == 6


def test_a_changed_schedule_runs_at_its_new_time_only(lab: Lab, vm: str) -> None:
    lab.send("PUT", f"{lab.vault}/backupPolicies/p1", {"properties": policy(time="14:00")})
    lab.world.advance(24 * HOUR)
    assert points(lab, vm) == ["2026-11-22T14:00:03.7Z"]


def test_a_stopped_item_is_not_backed_up_and_loses_nothing(lab: Lab, vm: str) -> None:
    lab.world.advance(24 * HOUR)
    lab.stop(vm)
    before = points(lab, vm)
    lab.world.advance(200 * 24 * HOUR)
    assert points(lab, vm) == before != []


def test_resuming_collects_what_is_past_its_time_but_never_the_newest(lab: Lab, vm: str) -> None:
    lab.world.advance(4 * 24 * HOUR)
    lab.stop(vm)
    newest = points(lab, vm)[0]
    lab.world.advance(100 * 24 * HOUR)
    lab.protect(vm, "p1")
    assert points(lab, vm) == [newest]


def test_old_points_are_collected_as_new_ones_come(lab: Lab, vm: str) -> None:
    for _ in range(5):
        lab.world.advance(10 * 24 * HOUR)
    oldest = datetime.fromisoformat(points(lab, vm)[-1])
    assert lab.world.now() - oldest < timedelta(days=31)


def test_a_point_on_demand_ends_at_its_own_time(lab: Lab, vm: str) -> None:
    trigger(lab, vm, "2026-11-25T00:00:00Z")
    lab.world.advance(2 * 24 * HOUR)
    assert len(points(lab, vm)) == 3
    lab.world.advance(24 * HOUR)
    assert points(lab, vm)[-1] == "2026-11-22T12:00:03.7Z"


def test_a_vm_that_has_gone_fails_its_backups_and_keeps_its_points(lab: Lab, vm: str) -> None:
    lab.world.advance(4 * HOUR)
    lab.world.delete(vm)
    lab.world.advance(24 * HOUR)
    item = lab.read(vm)
    assert item["protectionState"] == "Protected"
    assert (item["protectionStatus"], item["healthStatus"]) == ("Unhealthy", "ActionRequired")
    assert (item["lastBackupStatus"], item["healthDetails"][0]["title"]) == ("Failed", "UserErrorVmNotFoundV2")
    assert "extendedProperties" not in item
    assert newest_job(lab)["errorDetails"][0]["errorTitle"] == "UserErrorVmNotFoundV2"
    assert len(points(lab, vm)) == 1


def test_jobs_are_listed_newest_first_and_filtered(lab: Lab, vm: str) -> None:
    lab.world.advance(24 * HOUR)
    trigger(lab, vm)
    starts = [job["startTime"] for job in lab.jobs()]
    assert starts == sorted(starts, reverse=True)
    assert all("extendedInfo" not in job for job in lab.jobs())

    def found(clause: str) -> list[str]:
        value = lab.ok("GET", f"{lab.vault}/backupJobs?$filter={clause}")["value"]
        return [job["properties"]["operation"] for job in value]

    assert found("status eq 'InProgress'") == ["Backup"]
    assert found("backupManagementType eq 'AzureIaasVM' and status eq 'InProgress'") == ["Backup"]
    assert found("backupManagementType eq 'AzureWorkload'") == []
    assert found("operation eq 'ConfigureBackup' and status eq 'Completed'") == ["ConfigureBackup"]
    assert found("startTime eq '2026-11-22 11:00:00 AM' and endTime eq '2026-11-22 01:00:00 PM'") == ["Backup"]
    assert found("startTime eq '2026-11-23T00:00:00Z'") == ["Backup"]
    path = f"{lab.vault}/backupJobs?$filter=startTime eq 'yesterday'"
    assert code(lab.send("GET", path)) == (400, "BMSUserErrorInvalidInput")


def test_recovery_points_show_the_vm_and_are_found_by_name(lab: Lab) -> None:
    off = lab.vm("vm2", power="deallocated", size="Standard_E2s_v5")
    lab.protect(off, "p1")
    lab.world.advance(24 * HOUR)
    point = lab.ok("GET", f"{lab.item(off)}/recoveryPoints")["value"][0]
    assert point["properties"]["recoveryPointType"] == "CrashConsistent"
    assert (point["properties"]["osType"], point["properties"]["virtualMachineSize"]) == ("Linux", "Standard_E2s_v5")
    assert point["name"].isdigit()
    assert lab.ok("GET", point["id"]) == point
    assert lab.send("GET", point["id"][:-1]).status == 404


WEEKS = {"daysOfTheWeek": ["Sunday"], "weeksOfTheMonth": ["First", "Last"]}


@pytest.mark.parametrize(
    ("taken", "days"),
    [
        ("2026-11-25", 30),  # a Wednesday: daily only
        ("2026-11-22", 84),  # a Sunday, the fourth
        ("2026-11-29", 372),  # the last Sunday of a month counts for twelve months of 31 days
        ("2026-11-01", 372),  # the first one
        ("2026-01-04", 1098),  # the first one of January counts for three years
        ("2026-01-31", 1098),  # the last day of January, by the yearly layer's days
    ],
)
def test_a_point_lives_as_long_as_the_longest_layer_that_tags_it(taken: str, days: int) -> None:
    def layer(unit: str, count: int, **more: Any) -> dict[str, Any]:
        return {"retentionDuration": {"count": count, "durationType": unit}, **more}

    yearly = {"daysOfTheMonth": [{"date": 4, "isLast": False}, {"date": 0, "isLast": True}]}
    retention = {
        "retentionPolicyType": "LongTermRetentionPolicy",
        "dailySchedule": layer("Days", 30),
        "weeklySchedule": layer("Weeks", 12, daysOfTheWeek=["Sunday"]),
        "monthlySchedule": layer("Months", 12, retentionScheduleFormatType="Weekly", retentionScheduleWeekly=WEEKS),
        "yearlySchedule": layer(
            "Years", 3, monthsOfYear=["January"], retentionScheduleFormatType="Daily", retentionScheduleDaily=yearly
        ),
    }
    moment = datetime.fromisoformat(f"{taken}T23:00:00+00:00")
    assert expires(policy() | {"retentionPolicy": retention}, moment) == moment + timedelta(days=days)


@pytest.mark.parametrize(
    ("zone", "first"),
    [("UTC", "23:00"), ("Romance Standard Time", "22:00"), ("India Standard Time", "17:30"), ("Nowhere", "23:00")],
)
def test_runs_keep_the_standard_offset_of_their_zone_in_summer_too(zone: str, first: str) -> None:
    for month in (1, 7):
        run = next(runs_after(policy(timeZone=zone), datetime(2026, month, 5, 0, 0, tzinfo=UTC)))
        assert run.strftime("%H:%M") == first


def test_southern_zones_have_their_standard_offset_in_january() -> None:
    assert standard_zone("AUS Eastern Standard Time").utcoffset(None) == timedelta(hours=10)


def test_an_hourly_policy_runs_within_its_window(lab: Lab) -> None:
    enhanced = lab.ok("GET", f"{lab.vault}/backupPolicies/EnhancedPolicy")["properties"]
    runs = runs_after(enhanced, datetime(2026, 11, 22, 9, 0, tzinfo=UTC))
    assert [next(runs).strftime("%d %H:%M") for _ in range(4)] == ["22 12:00", "22 16:00", "23 08:00", "23 12:00"]
