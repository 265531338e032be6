"""Policy bodies: from what was sent to what the service keeps and shows (wire-facts 4.1, 4.3)."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zlib import crc32

from reconciler.sandbox.rows.vault_state import region
from reconciler.sandbox.world import Row

TYPE = "Microsoft.RecoveryServices/vaults/backupPolicies"
_DEFAULT_TIMES = ("16:00", "20:00", "21:00", "23:00", "23:30")  # all seen; which region has which is not known
_KNOWN_TIMES = {"southeastasia": "20:00"}  # policy-get-default-2022
_ZERO_FRACTION = re.compile(r"\.0+(?=Z|[+-]\d\d:\d\d|$)")

Policy = dict[str, Any]


def policy_row(vault_id: str, name: str, properties: Policy) -> Row:
    """A stored policy. Lists have no recognisable order (wire-facts 4.1), so its place comes from a checksum."""
    id = f"{vault_id}/backupPolicies/{name}"
    body = {"id": id, "name": name, "type": TYPE, "properties": properties}
    key = id.lower()
    return Row(key, key.rsplit("/", 1)[0], body, live=True, position=crc32(name.lower().encode()))


def default_policies(vault_id: str, location: str, now: datetime) -> list[Row]:
    """The three policies that every new vault has."""
    place = region(location)
    clock = _KNOWN_TIMES.get(place) or _DEFAULT_TIMES[crc32(place.encode()) % len(_DEFAULT_TIMES)]
    daily, window = f"{now:%Y-%m-%d}T{clock}:00Z", f"{now:%Y-%m-%d}T08:00:00Z"
    hourly = {"interval": 4, "scheduleWindowStartTime": window, "scheduleWindowDuration": 12}
    v2 = {"schedulePolicyType": "SimpleSchedulePolicyV2", "scheduleRunFrequency": "Hourly", "hourlySchedule": hourly}
    virtual_machine = {"backupManagementType": "AzureIaasVM", "timeZone": "UTC", "instantRpRetentionRangeInDays": 2}
    bodies = {
        "HourlyLogBackup": _log_backup(daily),
        "DefaultPolicy": kept(virtual_machine | {"schedulePolicy": _daily(daily), "retentionPolicy": _days(daily)}),
        "EnhancedPolicy": kept(
            virtual_machine | {"policyType": "V2", "schedulePolicy": v2, "retentionPolicy": _days(window)}
        ),
    }
    return [policy_row(vault_id, name, properties) for name, properties in bodies.items()]


def _daily(time: str) -> Policy:
    return {
        "schedulePolicyType": "SimpleSchedulePolicy",
        "scheduleRunFrequency": "Daily",
        "scheduleRunTimes": [time],
        "scheduleWeeklyFrequency": 0,
    }


def _days(time: str, days: int = 30) -> Policy:
    daily = {"retentionTimes": [time], "retentionDuration": {"count": days, "durationType": "Days"}}
    return {"retentionPolicyType": "LongTermRetentionPolicy", "dailySchedule": daily}


def _log_backup(time: str) -> Policy:
    """The SQL policy that every vault has too: a reader of policies must skip it (policy-get-hourlylogbackup-2024)."""
    log = {
        "policyType": "Log",
        "schedulePolicy": {"schedulePolicyType": "LogSchedulePolicy", "scheduleFrequencyInMins": 60},
        "retentionPolicy": {
            "retentionPolicyType": "SimpleRetentionPolicy",
            "retentionDuration": {"count": 30, "durationType": "Days"},
        },
    }
    return {
        "backupManagementType": "AzureWorkload",
        "workLoadType": "SQLDataBase",
        "settings": {"timeZone": "UTC", "issqlcompression": False, "isCompression": False},
        "subProtectionPolicy": [
            {"policyType": "Full", "schedulePolicy": _daily(time), "retentionPolicy": _days(time)},
            log,
        ],
        "protectedItemsCount": 0,
    }


def kept(sent: Mapping[str, Any]) -> Policy:
    """What the service keeps of the properties of a policy for virtual machines, in its own order of keys.

    Nulls and unknown keys go, `instantRPDetails` and `scheduleWeeklyFrequency` come, times lose a zero fraction.
    """
    v2 = sent.get("policyType") == "V2"
    instant = part(sent, "instantRPDetails")
    schedule = part(sent, "schedulePolicy")
    properties: Policy = {"backupManagementType": "AzureIaasVM"}
    if v2:
        properties["policyType"] = "V2"
    properties["instantRPDetails"] = _only(instant, "azureBackupRGNamePrefix", "azureBackupRGNameSuffix")
    properties["schedulePolicy"] = _schedule_v2(schedule) if v2 else _schedule(schedule)
    properties["retentionPolicy"] = _retention(part(sent, "retentionPolicy"))
    tiering = part(part(sent, "tieringPolicy"), "ArchivedRP")
    if tiering and (v2 or tiering.get("tieringMode") == "DoNotTier"):  # others are ignored on V1 (backup-rules C.6)
        properties["tieringPolicy"] = {"ArchivedRP": _tiering(tiering)}
    days = sent.get("instantRpRetentionRangeInDays")
    # A weekly standard policy has exactly 5 (backup-rules C.2): clients that leave it out rely on that.
    default = 7 if v2 else 5 if schedule.get("scheduleRunFrequency") == "Weekly" else 2
    properties["instantRpRetentionRangeInDays"] = days if days is not None else default
    properties["timeZone"] = sent.get("timeZone") or "UTC"
    if v2 and sent.get("snapshotConsistencyType"):
        properties["snapshotConsistencyType"] = sent["snapshotConsistencyType"]
    return properties | {"protectedItemsCount": 0}


def part(value: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """A nested object, or nothing when it is null, absent or something else."""
    found = value.get(name)
    return found if isinstance(found, Mapping) else {}


def _only(value: Mapping[str, Any], *names: str) -> Policy:
    return {name: value[name] for name in names if value.get(name) is not None}


def _times(value: Mapping[str, Any], *names: str) -> Policy:
    """As `_only`, with the times in it as the service spells them: `.000Z` becomes `Z`, `+00:00` stays."""
    return {
        name: _time(found) if isinstance(found, str) else [_time(stamp) for stamp in found] if "Time" in name else found
        for name, found in _only(value, *names).items()
    }


def _time(stamp: Any) -> Any:
    return _ZERO_FRACTION.sub("", stamp) if isinstance(stamp, str) else stamp


def _schedule(sent: Mapping[str, Any]) -> Policy:
    names = ("schedulePolicyType", "scheduleRunFrequency", "scheduleRunDays", "scheduleRunTimes")
    return _times(sent, *names) | {"scheduleWeeklyFrequency": sent.get("scheduleWeeklyFrequency") or 0}


def _schedule_v2(sent: Mapping[str, Any]) -> Policy:
    schedule = _only(sent, "schedulePolicyType", "scheduleRunFrequency")
    hourly = part(sent, "hourlySchedule")
    if hourly:
        schedule["hourlySchedule"] = _only(hourly, "interval") | _times(hourly, "scheduleWindowStartTime")
        schedule["hourlySchedule"] |= _only(hourly, "scheduleWindowDuration")
    for name in ("dailySchedule", "weeklySchedule"):
        if part(sent, name):
            schedule[name] = _times(part(sent, name), "scheduleRunDays", "scheduleRunTimes")
    return schedule


def _retention(sent: Mapping[str, Any]) -> Policy:
    retention = _only(sent, "retentionPolicyType")
    for name in ("dailySchedule", "weeklySchedule", "monthlySchedule", "yearlySchedule"):
        layer = part(sent, name)
        if layer:
            retention[name] = _layer(layer)
    return retention


def _layer(sent: Mapping[str, Any]) -> Policy:
    layer = _only(sent, "daysOfTheWeek", "retentionScheduleFormatType", "monthsOfYear")
    days, weeks = part(sent, "retentionScheduleDaily"), part(sent, "retentionScheduleWeekly")
    if days and layer.get("retentionScheduleFormatType") == "Daily":
        layer["retentionScheduleDaily"] = _only(days, "daysOfTheMonth")
    if weeks and layer.get("retentionScheduleFormatType") != "Daily":
        layer["retentionScheduleWeekly"] = _only(weeks, "daysOfTheWeek", "weeksOfTheMonth")
    layer |= _times(sent, "retentionTimes")
    return layer | {"retentionDuration": _only(part(sent, "retentionDuration"), "count", "durationType")}


def _tiering(sent: Mapping[str, Any]) -> Policy:
    mode = sent.get("tieringMode")
    if mode == "TierAfter":
        return _only(sent, "tieringMode", "duration", "durationType")
    return {"tieringMode": mode, "duration": 0, "durationType": "Invalid"}
