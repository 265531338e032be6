"""Policies: defaults, normalisation, refusals, changes in use (facts of wire-facts 4 and backup-rules C, restated)."""

import copy
from typing import Any

import pytest

from tests.sandbox.lab import Lab, code, policy

STAMP = "2026-01-01T23:00:00Z"


def weekly(days: list[str] | None = None, instant: int = 5, **retention: Any) -> dict[str, Any]:
    body = policy()
    body["schedulePolicy"] |= {"scheduleRunFrequency": "Weekly", "scheduleRunDays": days or ["Sunday"]}
    weeks = layer("Weeks", 12, daysOfTheWeek=["Sunday"])
    body["retentionPolicy"] = {"retentionPolicyType": "LongTermRetentionPolicy", "weeklySchedule": weeks, **retention}
    return body | {"instantRpRetentionRangeInDays": instant}


def layer(unit: str, count: int, time: str = STAMP, **more: Any) -> dict[str, Any]:
    return {**more, "retentionTimes": [time], "retentionDuration": {"count": count, "durationType": unit}}


def monthly(count: int, form: str = "Weekly", time: str = STAMP) -> dict[str, Any]:
    days = {"daysOfTheMonth": [{"date": 1, "isLast": False}]}
    weeks = {"daysOfTheWeek": ["Sunday"], "weeksOfTheMonth": ["First"]}
    shape = {"retentionScheduleDaily": days} if form == "Daily" else {"retentionScheduleWeekly": weeks}
    return layer("Months", count, time, retentionScheduleFormatType=form, **shape)


def hourly(interval: int = 4, window: int = 12, **changes: Any) -> dict[str, Any]:
    body = policy(policyType="V2", **changes)
    timing = {"interval": interval, "scheduleWindowStartTime": STAMP, "scheduleWindowDuration": window}
    body["schedulePolicy"] = {
        "schedulePolicyType": "SimpleSchedulePolicyV2",
        "scheduleRunFrequency": "Hourly",
        "hourlySchedule": timing,
    }
    return body


def daily_v2(**changes: Any) -> dict[str, Any]:
    body = policy(policyType="V2", **changes)
    body["schedulePolicy"] = {
        "schedulePolicyType": "SimpleSchedulePolicyV2",
        "scheduleRunFrequency": "Daily",
        "dailySchedule": {"scheduleRunTimes": [STAMP]},
    }
    return body


def put(lab: Lab, body: dict[str, Any], name: str = "p1") -> Any:
    return lab.send("PUT", f"{lab.vault}/backupPolicies/{name}", {"properties": body})


@pytest.fixture
def lab() -> Lab:
    lab = Lab()
    lab.make_vault()
    return lab


def changed(body: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    body = copy.deepcopy(body)
    *parents, last = path.split(".")
    part = body
    for name in parents:
        part = part[name]
    part[last] = value
    return body


DAILY = "retentionPolicy.dailySchedule"
ARCHIVE = {"ArchivedRP": {"tieringMode": "TierRecommended"}}
INVALID = {
    "daily count 2": policy(days=2),
    "daily count 6": policy(days=6),
    "daily count 0": changed(policy(), f"{DAILY}.retentionDuration.count", 0),
    "daily count above 9999": policy(days=10_000),
    "unit of another layer": changed(policy(), f"{DAILY}.retentionDuration.durationType", "Weeks"),
    "weekly V1 with other than 5 snapshot days": weekly(instant=2),
    "six snapshot days on V1": policy(instantRpRetentionRangeInDays=6),
    "no snapshot days on V1": policy(instantRpRetentionRangeInDays=0),
    "31 snapshot days on V2": daily_v2(days=60, instantRpRetentionRangeInDays=31),
    "four-hourly with 18 snapshot days": hourly(instantRpRetentionRangeInDays=18),
    "retention time unlike the run time": changed(policy(), f"{DAILY}.retentionTimes", ["2026-01-01T22:00:00Z"]),
    "a quarter past": policy(time="23:15"),
    "two run times": changed(policy(), "schedulePolicy.scheduleRunTimes", [STAMP, STAMP]),
    "daily schedule without daily retention": changed(policy(), "retentionPolicy", weekly()["retentionPolicy"]),
    "weekly schedule with daily retention": weekly(dailySchedule=layer("Days", 30)),
    "weekly schedule without weeks": changed(weekly(), "retentionPolicy", policy()["retentionPolicy"]),
    "weekly days unlike the schedule's": weekly(["Monday"]),
    "weekly schedule without days": changed(weekly(), "schedulePolicy.scheduleRunDays", []),
    "unknown weekday": weekly(["Caturday"]),
    "daily schedule with weekdays": changed(policy(), "schedulePolicy.scheduleRunDays", ["Sunday"]),
    "months by day under a weekly schedule": weekly(monthlySchedule=monthly(12, "Daily")),
    "years without months": changed(
        policy(),
        "retentionPolicy.yearlySchedule",
        {**monthly(3), "retentionDuration": {"count": 3, "durationType": "Years"}},
    ),
    "interval of 5 hours": hourly(interval=5, window=10),
    "window no multiple of the interval": hourly(interval=8, window=12),
    "window above 24 hours": hourly(interval=12, window=36),
    "hourly on V1": changed(policy(), "schedulePolicy.scheduleRunFrequency", "Hourly"),
    "schedule type of the other tier": changed(daily_v2(), "schedulePolicy.schedulePolicyType", "SimpleSchedulePolicy"),
    "archive without long retention": daily_v2(tieringPolicy=ARCHIVE),
    "archive with eight months": changed(
        daily_v2(tieringPolicy=ARCHIVE), "retentionPolicy.monthlySchedule", monthly(8)
    ),
    "another kind of retention": changed(policy(), "retentionPolicy.retentionPolicyType", "SimpleRetentionPolicy"),
    "no schedule": {name: value for name, value in policy().items() if name != "schedulePolicy"},
    "a text for a count": changed(policy(), f"{DAILY}.retentionDuration.count", "thirty"),
    "a text for a time": changed(policy(), "schedulePolicy.scheduleRunTimes", ["at night"]),
}
VALID = {
    "daily count 1": changed(policy(days=1), "instantRpRetentionRangeInDays", 1),
    "daily count 7": policy(days=7),
    "half past": policy(time="23:30"),
    "weekly": weekly(),
    "weekly with months and weeks": weekly(monthlySchedule=monthly(12)),
    "daily with months by day": changed(policy(), "retentionPolicy.monthlySchedule", monthly(12, "Daily")),
    "hourly": hourly(),
    "hourly round the clock": hourly(interval=12, window=24),
    "daily V2": daily_v2(),
    "archive with nine months": changed(daily_v2(tieringPolicy=ARCHIVE), "retentionPolicy.monthlySchedule", monthly(9)),
}


@pytest.mark.parametrize("body", INVALID.values(), ids=INVALID.keys())
def test_a_refused_policy_names_no_field(lab: Lab, body: dict[str, Any]) -> None:
    response = put(lab, body)
    assert code(response) == (400, "BMSUserErrorInvalidPolicyInput")
    assert response.json()["error"]["message"].endswith("retention days ")


@pytest.mark.parametrize("body", VALID.values(), ids=VALID.keys())
def test_an_accepted_policy_reads_back_as_it_was_answered(lab: Lab, body: dict[str, Any]) -> None:
    response = put(lab, body)
    assert response.status == 200, response.body
    assert lab.ok("GET", f"{lab.vault}/backupPolicies/p1") == response.json()


@pytest.mark.parametrize(
    "body",
    [
        policy(days=7, policyType="V2"),
        policy(days=7, instantRpRetentionRangeInDays=5) | {"instantRpRetentionRangeInDays": 5},
    ],
)
def test_snapshot_days_stay_below_the_daily_count(lab: Lab, body: dict[str, Any]) -> None:
    """V2 takes 7 when nothing is sent, so 7 daily days fail on it; V1 with 7 and 5 is fine."""
    if "policyType" in body:
        body = changed(daily_v2(days=7), "instantRpRetentionRangeInDays", None)
        assert code(put(lab, body)) == (400, "BMSUserErrorInstantRPRetentionExceedsVaultedRetention")
    else:
        assert put(lab, body).status == 200


def test_what_is_sent_is_normalised(lab: Lab) -> None:
    sent = policy(time="23:00")
    sent["schedulePolicy"]["scheduleRunTimes"] = ["2021-12-22T23:00:00.000Z"]
    sent["retentionPolicy"]["dailySchedule"]["retentionTimes"] = ["2026-09-09T23:00:00+00:00"]
    sent |= {
        "weekly": None,
        "eTag": "x",
        "protectedItemsCount": 99,
        "tieringPolicy": None,
        "timeZone": "India Standard Time",
    }
    sent |= {"instantRPDetails": {"azureBackupRGNamePrefix": "rg-snap", "azureBackupRGNameSuffix": None}}
    kept = put(lab, sent).json()["properties"]
    assert list(kept) == [
        "backupManagementType", "instantRPDetails", "schedulePolicy", "retentionPolicy", "instantRpRetentionRangeInDays",
        "timeZone", "protectedItemsCount",
    ]  # fmt: skip
    assert kept["instantRPDetails"] == {"azureBackupRGNamePrefix": "rg-snap"}
    assert kept["schedulePolicy"]["scheduleRunTimes"] == ["2021-12-22T23:00:00Z"]
    assert kept["schedulePolicy"]["scheduleWeeklyFrequency"] == 0
    assert kept["retentionPolicy"]["dailySchedule"]["retentionTimes"] == ["2026-09-09T23:00:00+00:00"]
    assert (kept["timeZone"], kept["protectedItemsCount"]) == ("India Standard Time", 0)


def test_archive_modes_are_completed_or_ignored(lab: Lab) -> None:
    off = {"ArchivedRP": {"tieringMode": "DoNotTier"}}
    full = {"ArchivedRP": {"tieringMode": "DoNotTier", "duration": 0, "durationType": "Invalid"}}
    assert put(lab, daily_v2(tieringPolicy=off)).json()["properties"]["tieringPolicy"] == full
    assert "tieringPolicy" not in put(lab, policy(tieringPolicy=ARCHIVE), "v1").json()["properties"]
    after = {"ArchivedRP": {"tieringMode": "TierAfter", "duration": 90, "durationType": "Days"}}
    long = changed(daily_v2(tieringPolicy=after), "retentionPolicy.monthlySchedule", monthly(12))
    assert put(lab, long, "after").json()["properties"]["tieringPolicy"] == after


def test_a_new_vault_has_three_policies_in_no_recognisable_order(lab: Lab) -> None:
    found = lab.ok("GET", f"{lab.vault}/backupPolicies")["value"]
    assert {policy["name"] for policy in found} == {"DefaultPolicy", "EnhancedPolicy", "HourlyLogBackup"}
    for number in range(8):
        put(lab, policy(), f"policy-{number}")
    names = [policy["name"] for policy in lab.ok("GET", f"{lab.vault}/backupPolicies")["value"]]
    made = [name for name in names if name.startswith("policy-")]
    assert len(made) == 8
    assert made not in (sorted(made), sorted(made, reverse=True))
    path = f"{lab.vault}/backupPolicies?$filter=backupManagementType%20eq%20'AzureIaasVM'"
    machines = {policy["name"] for policy in lab.ok("GET", path)["value"]}
    assert "HourlyLogBackup" not in machines
    assert {policy["name"] for policy in lab.ok("GET", path.replace("Azure", "azure"))["value"]} == machines


def test_a_missing_policy_is_404_with_an_empty_object(lab: Lab) -> None:
    response = lab.send("GET", f"{lab.vault}/backupPolicies/none")
    assert (response.status, response.body, response.headers["Content-Type"]) == (404, b"{}", "application/json")
    assert lab.send("DELETE", f"{lab.vault}/backupPolicies/none").status == 204


def test_the_tier_and_the_kind_of_a_policy_are_fixed(lab: Lab) -> None:
    put(lab, policy())
    assert code(put(lab, daily_v2())) == (400, "BMSUserErrorInvalidPolicyInput")
    wrong = (400, "BMSUserErrorInvalidPolicyForGivenProvider")
    assert code(put(lab, policy(), "HourlyLogBackup")) == wrong
    assert code(put(lab, policy(backupManagementType="AzureStorage"), "files")) == wrong


def test_a_policy_in_use_changes_asynchronously_with_a_job_for_each_item(lab: Lab) -> None:
    put(lab, policy())
    for name in ("vm1", "vm2"):
        lab.protect(lab.vm(name), "p1")
    response = put(lab, policy(days=60))
    assert (response.status, response.body) == (202, b"")
    assert "/backupPolicies/p1/operations/" in response.headers["Azure-AsyncOperation"]
    assert "/backupPolicies/p1/operationResults/" in response.headers["Location"]
    assert lab.send("GET", response.headers["Location"]).status == 202
    count = "retentionPolicy.dailySchedule.retentionDuration.count"
    assert _at(lab.ok("GET", f"{lab.vault}/backupPolicies/p1")["properties"], count) == 30
    lab.world.advance(60)
    status = lab.ok("GET", response.headers["Azure-AsyncOperation"])
    assert status["status"] == "Succeeded"
    assert status["properties"]["objectType"] == "OperationStatusJobsExtendedInfo"
    assert len(status["properties"]["jobIds"]) == 2
    assert status["properties"]["failedJobsError"] == {}
    after = lab.ok("GET", response.headers["Location"])["properties"]
    assert (_at(after, count), after["protectedItemsCount"]) == (60, 2)
    jobs = [lab.ok("GET", f"{lab.vault}/backupJobs/{job}")["properties"] for job in status["properties"]["jobIds"]]
    assert [(job["operation"], job["status"]) for job in jobs] == [("ConfigureBackup", "Completed")] * 2


def _at(value: Any, path: str) -> Any:
    for name in path.split("."):
        value = value[name]
    return value


def test_a_policy_in_use_is_not_deleted_but_stopped_items_do_not_count(lab: Lab) -> None:
    put(lab, policy())
    vm = lab.vm("vm1")
    lab.protect(vm, "p1")
    assert code(lab.send("DELETE", f"{lab.vault}/backupPolicies/p1")) == (400, "BMSUserErrorPolicyObjectInUse")
    lab.stop(vm)
    response = lab.send("DELETE", f"{lab.vault}/backupPolicies/p1")
    assert (response.status, response.body) == (200, b"")


def test_an_immutable_vault_keeps_what_is_retained(lab: Lab) -> None:
    put(lab, policy(days=30))
    lab.send("PATCH", lab.vault, {"properties": {"securitySettings": {"immutabilitySettings": {"state": "Unlocked"}}}})
    lab.world.advance(60)
    assert code(put(lab, policy(days=14))) == (400, "UserErrorOperationDeniedOnImmutableItem")
    assert put(lab, policy(days=60)).status == 200
    assert put(lab, policy(days=60, time="21:00")).status == 200
