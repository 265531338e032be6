"""When the policies of a spec run next, in UTC and on the wall clock, and when clocks change in their zones."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from reconciler.core.clock_changes import ClockChange, Run, next_clock_change, next_runs
from reconciler.core.desired import DesiredPolicy, Schedule
from reconciler.core.zones import zone_info
from reconciler.report.neutralise import Line, Span, line

RUNS_SHOWN = 2
POLICIES_SHOWN = 20
"""More policies than this are listed with `verbose` only."""


@dataclass(frozen=True, slots=True)
class PolicyClock:
    """`change` is the next change of the zone's offset, None when there is none within 400 days."""

    address: str
    schedule: Schedule
    runs: tuple[Run, ...]
    change: ClockChange | None

    def document(self) -> dict[str, object]:
        change = self.change and {"at": _stamp(self.change.at), "shiftMinutes": self.change.shift_minutes}
        return {
            "policy": self.address,
            "timeZone": self.schedule.time_zone,
            "daylightSaving": self.schedule.daylight_saving,
            "nextRuns": [{"utc": _stamp(run.utc), "local": run.local.isoformat()} for run in self.runs],
            "nextChange": change,
        }


def policy_clocks(policies: Iterable[DesiredPolicy], now: datetime) -> tuple[PolicyClock, ...]:
    """For every policy whose zone is known, in the order of their addresses."""

    @cache
    def change_of(time_zone: str) -> ClockChange | None:
        zone = zone_info(time_zone)
        return next_clock_change(zone, now) if zone else None

    found = []
    for policy in policies:
        zone = zone_info(policy.schedule.time_zone)
        if zone is not None:
            runs = next_runs(policy.schedule, zone, now, RUNS_SHOWN)
            address = f"policy/{policy.vault.name}/{policy.name}"
            found.append(PolicyClock(address, policy.schedule, runs, change_of(policy.schedule.time_zone)))
    return tuple(sorted(found, key=lambda each: each.address.lower()))


def clock_lines(clocks: Sequence[PolicyClock], *, verbose: bool = False) -> Iterator[Line]:
    """Nothing for a spec without policies; else the section with an empty line behind it."""
    shown = clocks if verbose else clocks[:POLICIES_SHOWN]
    for clock in shown:
        runs = ", ".join(_run(run, clock.schedule.time_zone) for run in clock.runs)
        yield line(Span("next runs: ", "dim"), f"{clock.address}  {runs}")
        if clock.change is not None:
            yield line("  ", Span(_change(clock, clock.change), "dim"))
    if len(shown) < len(clocks):
        yield line(f"… {len(clocks) - len(shown)} more policies; -v lists them")
    if clocks:
        yield line()


def _run(run: Run, time_zone: str) -> str:
    local = "" if run.utc.utcoffset() == run.local.utcoffset() else f" ({run.local:%a %H:%M} {time_zone})"
    return f"{run.utc:%Y-%m-%d %H:%M} UTC{local}"


def _change(clock: PolicyClock, change: ClockChange) -> str:
    forward = change.shift_minutes > 0
    minutes = abs(change.shift_minutes)
    moved = f"clocks go {'forward' if forward else 'back'} by {minutes} min on {change.at:%Y-%m-%d %H:%M} UTC"
    if clock.schedule.daylight_saving == "follow":
        return f"{moved}; drift then asks for the shift that keeps {clock.schedule.at}"
    return f"{moved}; Azure does not follow, so runs are then {minutes} min {'later' if forward else 'earlier'} on the clock"


def _stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
