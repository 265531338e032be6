"""What drift says beyond a plan: stopped, orphaned and stale items, and VMs that a selection wants."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from reconciler.core.desired import Criteria, DesiredPolicy, Retention, Schedule, Selection, Spec, WeeklyRetention
from reconciler.core.ids import VaultRef
from reconciler.plan import posture
from tests.support.desired import (
    PLACE,
    VAULT,
    WEB,
    a_policy,
    a_spec,
    a_vm,
    an_enhanced,
    an_estate,
    live_item,
    protect,
)
from tests.support.fake_survey import NOW, FakeSurvey
from tests.support.wire import ItemState, stamp

SELECT_ALL = Selection(VAULT, "westeurope", "daily", Criteria(), PLACE)


def _said(spec: Spec, survey: FakeSurvey) -> list[str]:
    return [f"{each.code} {each.severity} {each.address}" for each in posture(spec, survey)]


def _one(state: ItemState, *, wanted: str = "", exists: bool = True, **properties: Any) -> list[str]:
    """What is said of one item; `wanted` is the state in the spec, empty when the spec leaves the VM out."""
    survey = an_estate(vms=(WEB,) if exists else ())
    live_item(survey, WEB, state, **{"lastRecoveryPoint": stamp(NOW), **properties})
    named = protect(WEB, "daily" if wanted == "protected" else "", state=wanted)
    ending = " protected_vm/rsv/rg-app/vm-web"
    return [line.removesuffix(ending) for line in _said(a_spec(*[named][: bool(wanted)]), survey)]


@pytest.mark.parametrize(
    ("state", "wanted", "exists", "said"),
    [
        ("Protected", "protected", True, []),
        ("Protected", "", True, []),
        ("ProtectionStopped", "protected", True, ["D401 warning"]),
        ("ProtectionStopped", "", True, ["D401 warning"]),
        ("BackupsSuspended", "", True, ["D401 warning"]),
        ("ProtectionStopped", "stopped", True, []),
        ("ProtectionStopped", "deleted", True, []),
        ("Protected", "protected", False, ["D402 warning"]),
        ("Protected", "", False, ["D402 warning"]),
        ("Protected", "stopped", False, ["D402 warning"]),  # its backups run, and fail
        ("ProtectionStopped", "", False, ["D402 warning"]),
        ("ProtectionStopped", "protected", False, ["D402 warning"]),
        ("ProtectionStopped", "stopped", False, []),
        ("SoftDeleted", "", True, ["D406 warning"]),
        ("SoftDeleted", "", False, ["D406 warning"]),
        ("SoftDeleted", "deleted", True, []),
        ("SoftDeleted", "protected", True, []),  # the plan undeletes it
    ],
)
def test_states(state: ItemState, wanted: str, exists: bool, said: list[str]) -> None:
    assert _one(state, wanted=wanted, exists=exists) == said


def _weekly(*days: Any) -> DesiredPolicy:
    schedule = Schedule("Weekly", "23:00", weekdays=days)
    return a_policy(schedule=schedule, retention=Retention(weekly=WeeklyRetention(5, days)), snapshot_days=5)


def _windowed(interval: int, window: int) -> DesiredPolicy:
    return an_enhanced("daily", schedule=Schedule("Hourly", "08:00", interval_hours=interval, window_hours=window))


@pytest.mark.parametrize(
    ("policy", "gap_hours"),
    [
        (a_policy(), 24),
        (_weekly("Sunday"), 168),
        (_weekly("Monday", "Thursday"), 96),
        (_windowed(4, 12), 12),  # the night, not the interval
        (_windowed(4, 24), 4),
        (_windowed(6, 12), 12),
    ],
)
def test_a_point_may_be_twice_the_longest_gap_old_and_no_minute_more(policy: DesiredPolicy, gap_hours: int) -> None:
    def at(age: timedelta) -> list[str]:
        survey = an_estate(policy)
        live_item(survey, WEB, lastRecoveryPoint=(NOW - age).isoformat())
        return _said(a_spec(protect(), policies=(policy,)), survey)

    limit = timedelta(hours=2 * gap_hours)
    assert at(limit) == []
    assert at(limit + timedelta(minutes=1)) == ["D403 warning protected_vm/rsv/rg-app/vm-web"]


def test_a_stale_point_is_shown_with_its_age_and_the_promise_of_the_policy() -> None:
    survey = an_estate()
    live_item(survey, WEB, lastRecoveryPoint=(NOW - timedelta(hours=75, minutes=59)).isoformat())
    found = posture(a_spec(protect()), survey)[0]
    assert found.what == "the last good recovery point is 75 hours old"
    assert found.why.startswith("policy daily makes one at least every 24 hours")


def test_no_point_yet() -> None:
    assert _one("IRPending", wanted="protected", lastRecoveryPoint=None) == ["D404 info"]
    assert _one("IRPending", wanted="protected", lastRecoveryPoint=None, lastBackupStatus="Failed") == ["D404 warning"]


@pytest.mark.parametrize("policy_id", ["", VAULT.policy_id("lost")])
def test_without_a_policy_nothing_is_said_of_age(policy_id: str) -> None:
    assert _one("Protected", wanted="protected", lastRecoveryPoint="2020-01-01T00:00:00Z", policyId=policy_id) == []


def test_vms_that_a_selection_wants_and_nobody_protects() -> None:
    survey = an_estate(vms=(WEB, a_vm("vm-db"), a_vm("vm-own"), a_vm("vm-out")))
    live_item(survey, a_vm("vm-db"), lastRecoveryPoint=stamp(NOW))
    spec = a_spec(protect(a_vm("vm-own")), selections=(SELECT_ALL,))
    assert _said(spec, survey) == [
        "D405 warning protected_vm/rsv/rg-app/vm-out",
        "D405 warning protected_vm/rsv/rg-app/vm-web",
    ]


def test_a_selected_vm_whose_item_is_stopped_is_stopped_not_unprotected() -> None:
    survey = an_estate()
    live_item(survey, WEB, "ProtectionStopped")
    assert _said(a_spec(selections=(SELECT_ALL,)), survey) == ["D401 warning protected_vm/rsv/rg-app/vm-web"]


def test_only_vaults_of_the_spec_and_only_vms_are_looked_at() -> None:
    survey = an_estate()
    live_item(survey, WEB, "ProtectionStopped", vault=VaultRef.of(VAULT.subscription, "rg-other", "rsv-other"))
    live_item(survey, a_vm("files"), "ProtectionStopped", sourceResourceId="/subscriptions/x/storage")
    assert _said(a_spec(), survey) == []
