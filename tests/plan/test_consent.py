"""The gate: exact counts by class, and for what can't be undone a consent for these very values."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from reconciler.core.desired import Consent, Retention
from reconciler.core.plan import Plan
from reconciler.core.taxonomy import StepClass
from reconciler.kinds import KINDS
from reconciler.plan import make_plan
from reconciler.plan.consent import refusals
from tests.support.desired import (
    WEB,
    a_consent,
    a_machine,
    a_policy,
    a_spec,
    a_vault,
    a_vm,
    an_estate,
    live_item,
    live_policy,
    protect,
)

TODAY = date(2026, 11, 22)
POLICY, VM = "policy/rsv/daily", "protected_vm/rsv/rg-app/vm-web"
FITTING = (a_consent(POLICY, "retain.daily", 60, 30), a_consent(VM, "state", "protected", "deleted"))
ALLOWED = {StepClass.WEAKENING: 1, StepClass.DESTRUCTIVE: 2}


def _plan() -> Plan:
    """One safe step, one weakening (a stop), two destructive ones (a shorter policy, a delete)."""
    survey = an_estate(vms=(WEB, a_vm("vm-a"), a_vm("vm-b")))
    live_policy(survey, a_policy(retention=Retention(daily_days=60)))
    live_item(survey, WEB)
    live_item(survey, a_vm("vm-a"))
    wanted = (protect(WEB, "", state="deleted"), protect(a_vm("vm-a"), "", state="stopped"), protect(a_vm("vm-b")))
    return make_plan(a_spec(*wanted), survey, KINDS)


def _whats(plan: Plan, consents: tuple[Consent, ...], allowed: dict[StepClass, int], today: date = TODAY) -> list[str]:
    return [f"{each.code} {each.where}: {each.what}" for each in refusals(plan, consents, allowed, today)]


def test_a_plan_with_every_word_it_needs_may_run() -> None:
    plan = _plan()
    assert plan.counts_by_class() == {"destructive": 2, "safe": 1, "weakening": 1}
    assert _whats(plan, FITTING, ALLOWED) == []


def test_without_a_word_everything_that_is_missing_is_said() -> None:
    assert _whats(_plan(), (), {}) == [
        "C501 protected_vm/rsv/rg-app/vm-a: 1 weakening step planned, nothing is allowed",
        f"C501 {POLICY}, {VM}: 2 destructive steps planned, nothing is allowed",
        f"C502 {POLICY}: no consent for retain.daily: destructive",
        f"C502 {VM}: no consent for state: destructive",
    ]


@pytest.mark.parametrize("step_class", [StepClass.WEAKENING, StepClass.DESTRUCTIVE])
@pytest.mark.parametrize("off", [-1, 1])
def test_the_count_must_be_exact(step_class: StepClass, off: int) -> None:
    wrong = ALLOWED | {step_class: ALLOWED[step_class] + off}
    found = refusals(_plan(), FITTING, wrong, TODAY)
    assert [each.code for each in found] == ["C501"]
    assert found[0].remedy == f"--allow {step_class.word}={ALLOWED[step_class]}"


def test_a_count_for_what_is_not_planned_is_refused() -> None:
    found = refusals(_plan(), FITTING, ALLOWED | {StepClass.IRREVERSIBLE: 1}, TODAY)
    assert [(each.code, each.where, each.remedy) for each in found] == [
        ("C501", "irreversible", "leave --allow irreversible out")
    ]


def test_a_count_of_none_for_what_is_not_planned_and_a_count_of_safe_steps_are_fine() -> None:
    assert _whats(_plan(), FITTING, ALLOWED | {StepClass.IRREVERSIBLE: 0, StepClass.SAFE: 1}) == []
    assert _whats(_plan(), FITTING, ALLOWED | {StepClass.SAFE: 2})[0].startswith("C501 protected_vm/rsv/rg-app/vm-b")


@pytest.mark.parametrize("missing", range(len(FITTING)))
def test_one_missing_consent_refuses_all(missing: int) -> None:
    rest = FITTING[:missing] + FITTING[missing + 1 :]
    assert [each.code for each in refusals(_plan(), rest, ALLOWED, TODAY)] == ["C502"]


@pytest.mark.parametrize(
    ("consent", "said"),
    [
        (a_consent(POLICY, "retain.daily", 61, 30), "is for other values"),
        (a_consent(POLICY, "retain.daily", 60, 29), "is for other values"),
        (a_consent(POLICY, "retain.daily", "60", 30), "is for other values"),
        (a_consent(POLICY, "retain.daily", 60, None), "is for other values"),
        (a_consent(POLICY, "retain.weekly", 60, 30), "no consent for retain.daily"),
        (a_consent("policy/rsv/dail", "retain.daily", 60, 30), "no consent for retain.daily"),
        (a_consent("policy/other/daily", "retain.daily", 60, 30), "no consent for retain.daily"),
        (a_consent(POLICY, "retain.daily", 60, 30, TODAY - timedelta(days=1)), "expired on 2026-11-21"),
    ],
)
def test_a_consent_fits_only_its_own_change(consent: Consent, said: str) -> None:
    found = _whats(_plan(), (consent, FITTING[1]), ALLOWED)
    assert len(found) == 1
    assert said in found[0]


def test_a_consent_holds_through_its_last_day_and_beside_one_that_has_expired() -> None:
    until_today = a_consent(POLICY, "retain.daily", 60, 30, TODAY)
    expired = a_consent(POLICY, "retain.daily", 60, 30, TODAY - timedelta(days=9))
    assert _whats(_plan(), (until_today, FITTING[1]), ALLOWED) == []
    assert _whats(_plan(), (expired, until_today, FITTING[1]), ALLOWED) == []
    assert _whats(_plan(), (until_today, FITTING[1]), ALLOWED, TODAY + timedelta(days=1)) != []


def test_addresses_of_consents_compare_without_case() -> None:
    shouted = a_consent(VM.upper(), "state", "protected", "deleted")
    assert _whats(_plan(), (FITTING[0], shouted), ALLOWED) == []


def test_consents_never_add_steps_and_never_change_them() -> None:
    survey = an_estate()
    survey.vms[WEB.key] = a_machine()
    live_item(survey, WEB)
    wanted = protect(WEB, "", state="stopped")
    bare = make_plan(a_spec(wanted), survey, KINDS)
    assert make_plan(a_spec(wanted, consents=FITTING), survey, KINDS) == bare
    assert _whats(bare, FITTING, {StepClass.WEAKENING: 1}) == []


def test_irreversible_steps_need_a_consent_too() -> None:
    survey = an_estate()
    spec = a_spec(vaults=(a_vault(immutability="Locked"),))
    plan = make_plan(spec, survey, KINDS)
    lock = a_consent("vault_security/rsv", "immutability", "Unlocked", "Locked")
    assert plan.counts_by_class() == {"disruptive": 1, "irreversible": 1}
    assert [each.code for each in refusals(plan, (), {StepClass.IRREVERSIBLE: 1}, TODAY)] == ["C502"]
    assert _whats(plan, (lock,), {StepClass.IRREVERSIBLE: 1}) == []
    assert len(_whats(plan, (lock,), {})) == 1


def test_safe_and_disruptive_steps_need_no_word() -> None:
    survey = an_estate()
    live_policy(survey, a_policy(retention=Retention(daily_days=7)))
    plan = make_plan(a_spec(protect(initial_backup_days=7)), survey, KINDS)
    assert plan.counts_by_class() == {"disruptive": 2, "safe": 1}
    assert _whats(plan, (), {}) == []


def test_a_refusal_shows_the_entry_that_would_allow_it() -> None:
    remedy = refusals(_plan(), (FITTING[1],), ALLOWED, TODAY)[0].remedy
    assert '"address":"policy/rsv/daily","change":"retain.daily","expires":"YYYY-MM-DD","new":30,"old":60' in remedy
