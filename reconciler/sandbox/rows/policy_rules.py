"""What the service refuses about a policy (wire-facts 4.2, backup-rules C). It names no field: one opaque code."""

from collections.abc import Mapping
from typing import Any

from reconciler.sandbox.rows.policy_state import part
from reconciler.sandbox.times import parse
from reconciler.sandbox.wire import Refusal

Policy = Mapping[str, Any]

_LAYERS = {"dailySchedule": "Days", "weeklySchedule": "Weeks", "monthlySchedule": "Months", "yearlySchedule": "Years"}
_MOST = {"Days": 9999, "Weeks": 5163, "Months": 1188, "Years": 99}
_HOURLY_SNAPSHOT_DAYS = {4: 17, 6: 22, 8: 30, 12: 30, 24: 30}
_WEEKDAYS = {"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"}


def check(policy: Policy) -> None:
    """Looks at a policy as `kept` gives it.

    Raises:
        Refusal: BMSUserErrorInvalidPolicyInput or BMSUserErrorInstantRPRetentionExceedsVaultedRetention.
    """
    try:
        sound = _schedule_is_sound(policy) and _layers_fit(policy) and _times_agree(policy) and _counts(policy)
        sound = sound and _snapshots(policy) and _tiering(policy)
    except (TypeError, ValueError, KeyError, AttributeError):
        sound = False  # a value of a wrong kind
    if not sound:
        raise Refusal(
            400,
            "BMSUserErrorInvalidPolicyInput",
            "Input for create or update policy is not in proper format. Please check format of parameters like "
            "schedule time, schedule days, retention time and retention days ",
        )
    daily = part(policy["retentionPolicy"], "dailySchedule")
    days = policy["instantRpRetentionRangeInDays"]
    if daily and days >= daily["retentionDuration"]["count"] > 1:
        said = "Instant restore retention must be less than the daily retention of the policy."
        raise Refusal(400, "BMSUserErrorInstantRPRetentionExceedsVaultedRetention", said)


def enhanced(policy: Policy) -> bool:
    return policy.get("policyType") == "V2"


def frequency(policy: Policy) -> str:
    return str(policy["schedulePolicy"]["scheduleRunFrequency"])


def timing(policy: Policy) -> Mapping[str, Any]:
    """The part of the schedule that holds its days and times, wherever the policy's tier keeps it."""
    schedule: Mapping[str, Any] = policy["schedulePolicy"]
    if not enhanced(policy):
        return schedule
    return part(schedule, f"{frequency(policy).lower()}Schedule")


def run_time(policy: Policy) -> str:
    """The wire timestamp of the (first) run of a day."""
    found = timing(policy)
    return str(found["scheduleWindowStartTime"] if frequency(policy) == "Hourly" else found["scheduleRunTimes"][0])


def _schedule_is_sound(policy: Policy) -> bool:
    kind = policy["schedulePolicy"]["schedulePolicyType"]
    if kind != ("SimpleSchedulePolicyV2" if enhanced(policy) else "SimpleSchedulePolicy"):
        return False
    found, often = timing(policy), frequency(policy)
    if often == "Hourly":
        interval, duration = found["interval"], found["scheduleWindowDuration"]
        fits = 4 <= duration <= 24 and duration % interval == 0
        return enhanced(policy) and interval in _HOURLY_SNAPSHOT_DAYS and fits
    if often not in ("Daily", "Weekly") or len(found["scheduleRunTimes"]) != 1:
        return False
    days = found.get("scheduleRunDays") or []
    return bool(days) and set(days) <= _WEEKDAYS if often == "Weekly" else not days


def _layers_fit(policy: Policy) -> bool:
    """A weekly schedule keeps weeks and no days, the others keep days; longer layers of it count by weeks."""
    retention = policy["retentionPolicy"]
    if retention["retentionPolicyType"] != "LongTermRetentionPolicy":
        return False
    weekly = frequency(policy) == "Weekly"
    if ("dailySchedule" in retention) == weekly or (weekly and "weeklySchedule" not in retention):
        return False
    if weekly and set(retention["weeklySchedule"]["daysOfTheWeek"]) != set(timing(policy)["scheduleRunDays"]):
        return False
    if "weeklySchedule" in retention and not set(retention["weeklySchedule"]["daysOfTheWeek"]) <= _WEEKDAYS:
        return False
    return all(
        _long_layer(retention[name], weekly, yearly=name == "yearlySchedule")
        for name in ("monthlySchedule", "yearlySchedule")
        if name in retention
    )


def _long_layer(layer: Policy, weekly: bool, *, yearly: bool) -> bool:
    form = layer["retentionScheduleFormatType"]
    if yearly and not layer.get("monthsOfYear"):
        return False
    if form == "Daily":
        return not weekly and bool(layer["retentionScheduleDaily"]["daysOfTheMonth"])
    weeks = layer["retentionScheduleWeekly"]
    return form == "Weekly" and bool(weeks["daysOfTheWeek"]) and bool(weeks["weeksOfTheMonth"])


def _times_agree(policy: Policy) -> bool:
    """On the hour or half hour, and the same in the schedule and every layer; the date part means nothing."""
    run = parse(run_time(policy))
    if run.minute not in (0, 30) or run.second:
        return False
    layers = [policy["retentionPolicy"][name] for name in _LAYERS if name in policy["retentionPolicy"]]
    return all(
        [(parse(stamp).hour, parse(stamp).minute) for stamp in layer["retentionTimes"]] == [(run.hour, run.minute)]
        for layer in layers
    )


def _counts(policy: Policy) -> bool:
    for name, unit in _LAYERS.items():
        layer = policy["retentionPolicy"].get(name)
        if layer is None:
            continue
        count = layer["retentionDuration"]["count"]
        if layer["retentionDuration"]["durationType"] != unit or not 1 <= count <= _MOST[unit]:
            return False
        if unit == "Days" and 2 <= count <= 6:
            return False
    return True


def _snapshots(policy: Policy) -> bool:
    days = policy["instantRpRetentionRangeInDays"]
    if not enhanced(policy):
        return bool(days == 5 if frequency(policy) == "Weekly" else 1 <= days <= 5)
    most = _HOURLY_SNAPSHOT_DAYS[timing(policy)["interval"]] if frequency(policy) == "Hourly" else 30
    return bool(1 <= days <= most)


def _tiering(policy: Policy) -> bool:
    """Archive needs points that live long enough: nine months, or any year (backup-rules C.6)."""
    tiering = part(part(policy, "tieringPolicy"), "ArchivedRP")
    mode = tiering.get("tieringMode", "DoNotTier")
    if mode == "DoNotTier":
        return True
    retention = policy["retentionPolicy"]
    months = part(part(retention, "monthlySchedule"), "retentionDuration").get("count", 0)
    long = months >= 9 or "yearlySchedule" in retention
    if mode == "TierAfter":
        return long and tiering["duration"] >= 1 and tiering["durationType"] in ("Days", "Months")
    return mode == "TierRecommended" and long
