"""A backup policy as it is written."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Discriminator, Field, Tag

from reconciler.spec.entry import Entry
from reconciler.spec.scalars import Whole, Written
from reconciler.spec.words import ClockTime, Month, PointDay, Weekday, shape

Weekdays = Annotated[list[Weekday], Field(min_length=1, max_length=7, examples=[["sunday"], ["monday", "thursday"]])]
PointDays = Annotated[
    Annotated[PointDay, Tag("text")] | Annotated[list[PointDay], Field(min_length=1), Tag("a list")],
    Discriminator(shape),
]
_NAME_PART = r"[A-Za-z0-9._()-]"


class Schedule(Entry):
    """When backups run."""

    every: Literal["hour", "day", "week"] = Field(
        description="How often: several times a day (enhanced tier only), once a day, or on weekdays.", examples=["day"]
    )
    at: ClockTime = Field(
        description="Start of the backup, or of the window of hourly backups: HH:00 or HH:30, in `timeZone`.",
        examples=["23:00"],
    )
    on: Weekdays | None = Field(None, description="Weekdays of the backups; with `every: week` only.")
    interval_hours: Annotated[int, Whole(4, 24, "hours", "E811")] | None = Field(
        None, description="Hours between backups: 4, 6, 8, 12 or 24; with `every: hour` only.", examples=[4]
    )
    window_hours: Annotated[int, Whole(4, 24, "hours", "E811")] | None = Field(
        None, description="Length of the window in hours, a multiple of intervalHours; with `every: hour` only.",
        examples=[12],
    )  # fmt: skip
    time_zone: str = Field(
        "UTC", description="Zone of `at`, by its IANA or Windows name.", examples=["Europe/Madrid", "UTC"]
    )
    daylight_saving: Literal["fixed", "follow"] = Field(
        "fixed",
        description="`fixed` sends the zone to Azure as it is, and Azure ignores clock changes; `follow` keeps the "
        "wall-clock time: the plan computes the UTC time of the day, and drift shows the shift after a clock change.",
        examples=["follow"],
    )


class Weekly(Entry):
    """Points kept by the week."""

    weeks: Annotated[int, Whole(1, 5163, "weeks", "E802")] = Field(description="Kept for so many weeks.", examples=[12])
    on: Weekdays = Field(description="Weekdays whose point is kept; those of the schedule when it is weekly.")


class Monthly(Entry):
    """Points kept by the month."""

    months: Annotated[int, Whole(1, 1188, "months", "E802")] = Field(
        description="Kept for so many months.", examples=[12]
    )
    on: PointDays = Field(
        description="Days of the month whose point is kept: `first sunday` … `last saturday`, or `day 1` … `day 31` "
        "and `last day`; one or a list, of one form. A list by week names every weekday in every one of its weeks.",
        examples=["first sunday", ["day 1", "day 15", "last day"]],
    )


class Yearly(Entry):
    """Points kept by the year."""

    years: Annotated[int, Whole(1, 99, "years", "E802")] = Field(description="Kept for so many years.", examples=[3])
    on: PointDays = Field(
        description="Days of each month in `in` whose point is kept, written as in `monthly`.",
        examples=["first sunday", "last day"],
    )
    months: Annotated[list[Month], Field(min_length=1, max_length=12)] = Field(
        alias="in", description="Months of the year.", examples=[["january"], ["january", "july"]]
    )


class Retain(Entry):
    """How long recovery points stay in the vault."""

    daily: Annotated[int, Whole(7, 9999, "days", "E802")] | None = Field(
        None, description="Days that each day's point is kept; required unless the schedule is weekly.", examples=[30]
    )
    weekly: Weekly | None = Field(
        None, description="Retention of weekly points.", examples=[{"weeks": 12, "on": ["sunday"]}]
    )
    monthly: Monthly | None = Field(
        None, description="Retention of monthly points.", examples=[{"months": 12, "on": "first sunday"}]
    )
    yearly: Yearly | None = Field(
        None,
        description="Retention of yearly points.",
        examples=[{"years": 3, "on": "first sunday", "in": ["january"]}],
    )


class SnapshotGroupName(Entry):
    """Name of the resource group of the snapshots: prefix, a number that the service counts, suffix."""

    prefix: Annotated[str, Written(rf"{_NAME_PART}{{1,73}}", "E815", "1 to 73 letters, digits or . _ - ( )")] = Field(
        description="Text before the number.", examples=["rg-snapshots-"]
    )
    suffix: Annotated[
        str, Written(rf"{_NAME_PART}{{0,71}}[A-Za-z0-9_()-]", "E815", "1 to 72 letters, digits or . _ - ( ), no dot last")
    ] | None = Field(None, description="Text after the number.", examples=["-weu"])  # fmt: skip


class Snapshots(Entry):
    """Snapshots kept beside the VM, for fast restores."""

    days: Annotated[int, Whole(1, 30, "days", "E816")] | None = Field(
        None,
        description="Days that snapshots are kept. Left out: 2 for standard, 5 for weekly, 7 for enhanced policies.",
        examples=[2],
    )
    resource_group: SnapshotGroupName | None = Field(
        None,
        description="Name of the group that holds the snapshots; left out, the service chooses.",
        examples=[{"prefix": "rg-snapshots-"}],
    )


class ArchiveAfter(Entry):
    """Age at which points move to the archive tier; exactly one unit."""

    after_days: Annotated[int, Whole(90, 36135, "days", "E814")] | None = Field(
        None, description="Age in days, 90 or more.", examples=[100]
    )
    after_weeks: Annotated[int, Whole(13, 5163, "weeks", "E814")] | None = Field(
        None, description="Age in weeks, 13 or more.", examples=[14]
    )
    after_months: Annotated[int, Whole(3, 1188, "months", "E814")] | None = Field(
        None, description="Age in months, 3 or more.", examples=[6]
    )
    after_years: Annotated[int, Whole(1, 99, "years", "E814")] | None = Field(
        None, description="Age in years.", examples=[1]
    )


class Policy(Entry):
    """A backup policy of the vault."""

    tier: Literal["standard", "enhanced"] = Field(
        "standard",
        description="Kind of policy. Enhanced has hourly backups and longer snapshots; there is no way back from it.",
        examples=["standard"],
    )
    schedule: Schedule = Field(description="Times of the backups.", examples=[{"every": "day", "at": "23:00"}])
    retain: Retain = Field(description="How long recovery points are kept.", examples=[{"daily": 30}])
    snapshots: Snapshots | None = Field(None, description="How long snapshots stay, and where.", examples=[{"days": 2}])
    consistency: Literal["default", "crashConsistentOnly"] | None = Field(
        None,
        description="`default` is application-consistent where the guest can; `crashConsistentOnly` needs no agent, "
        "and the enhanced tier. Left out: not managed.",
        examples=["default"],
    )
    archive: (
        Annotated[
            Annotated[Literal["never", "recommended"], Tag("text")] | Annotated[ArchiveAfter, Tag("a mapping")],
            Discriminator(shape),
        ]
        | None
    ) = Field(
        None,
        description="Whether monthly and yearly points move to the archive tier: `never`, when Azure recommends it, "
        "or at an age. Left out: not managed.",
        examples=["never", {"afterMonths": 6}],
    )
