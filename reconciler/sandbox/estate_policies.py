"""Policies of estate files: the short form, or the wire properties as they are."""

from typing import Any

from reconciler.sandbox.marked import Section
from reconciler.sandbox.rows import policy_rules
from reconciler.sandbox.rows.policy_state import kept
from reconciler.sandbox.wire import Refusal

POLICY_KEYS = (
    "properties", "tier", "every", "at", "on", "intervalHours", "windowHours", "timeZone", "dailyDays", "weeklyWeeks",
    "monthlyMonths", "yearlyYears", "snapshotDays",
)  # fmt: skip


def wire_policy(section: Section) -> dict[str, Any]:
    """The stored properties of a policy.

    Raises:
        EstateError: Azure would refuse the policy.
    """
    sent = section.mapping("properties") or _short(section)
    policy = kept(sent)
    try:
        policy_rules.check(policy)
    except Refusal as refusal:
        section.refuse(
            (), "Azure would refuse this policy", f"{refusal.code}: {refusal.message}", "see azbackup explain"
        )
    return policy


def _short(section: Section) -> dict[str, Any]:
    """`every` day, week or hour; layers by count, weekly ones on `on` (Sunday), monthly and yearly on the first of these."""
    enhanced = section.choice("tier", {"standard": False, "enhanced": True}, False)
    often = section.choice("every", {"day": "Daily", "week": "Weekly", "hour": "Hourly"}, "Daily")
    stamp = f"2026-01-01T{section.text('at', '08:00' if often == 'Hourly' else '23:00')}:00Z"
    weekdays = [str(day).capitalize() for day in section.list("on")] or ["Sunday"]
    retention: dict[str, Any] = {"retentionPolicyType": "LongTermRetentionPolicy"}
    first = {
        "retentionScheduleFormatType": "Weekly",
        "retentionScheduleWeekly": {"daysOfTheWeek": weekdays[:1], "weeksOfTheMonth": ["First"]},
    }
    for key, name, unit, more, default in (
        ("dailyDays", "dailySchedule", "Days", {}, None if often == "Weekly" else 30),
        ("weeklyWeeks", "weeklySchedule", "Weeks", {"daysOfTheWeek": weekdays}, 12 if often == "Weekly" else None),
        ("monthlyMonths", "monthlySchedule", "Months", first, None),
        ("yearlyYears", "yearlySchedule", "Years", first | {"monthsOfYear": ["January"]}, None),
    ):
        count = section.number(key, default)
        if count is not None:
            duration = {"count": count, "durationType": unit}
            retention[name] = {**more, "retentionTimes": [stamp], "retentionDuration": duration}
    usual = 5 if often == "Weekly" and not enhanced else 7 if enhanced else 2
    return {
        "policyType": "V2" if enhanced else None,
        "schedulePolicy": _schedule(section, enhanced, often, stamp, weekdays),
        "retentionPolicy": retention,
        "instantRpRetentionRangeInDays": section.number("snapshotDays", usual),
        "timeZone": section.text("timeZone", "UTC"),
    }


def _schedule(section: Section, enhanced: bool, often: str, stamp: str, weekdays: list[str]) -> dict[str, Any]:
    timing: dict[str, Any] = {"scheduleRunTimes": [stamp]}
    if often == "Weekly":
        timing = {"scheduleRunDays": weekdays, **timing}
    if often == "Hourly":
        interval, window = section.number("intervalHours", 4), section.number("windowHours", 12)
        timing = {"interval": interval, "scheduleWindowStartTime": stamp, "scheduleWindowDuration": window}
    schedule = {"schedulePolicyType": f"SimpleSchedulePolicy{'V2' if enhanced else ''}", "scheduleRunFrequency": often}
    return schedule | ({f"{often.lower()}Schedule": timing} if enhanced else timing)
