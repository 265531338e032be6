"""A policy that was asked for, once Azure reports it, is as it was wanted: no phantom change."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.core.desired import DesiredPolicy
from reconciler.kinds.policy import PolicyKind
from reconciler.kinds.policy_wire import live_form, spoken_of, wanted_form, wire_body
from tests.support.desired import a_policy, an_enhanced, an_estate
from tests.support.fake_survey import NOW, FakeSurvey
from tests.support.service import normalised_policy
from tests.support.strategies import policies
from tests.support.wire import policy_body


def _sent(policy: DesiredPolicy, live: dict[str, Any] | None = None) -> dict[str, Any]:
    body = wire_body(wanted_form(policy, NOW), live or {})["properties"]
    assert isinstance(body, dict)
    return body


def _survey(policy: DesiredPolicy, properties: dict[str, Any]) -> FakeSurvey:
    survey = FakeSurvey()
    survey.policy_bodies[policy.vault.key, policy.name] = policy_body(policy.vault, policy.name, properties)
    return survey


@settings(max_examples=150)
@given(policies())
def test_what_was_asked_for_compares_equal_once_reported(policy: DesiredPolicy) -> None:
    reported = normalised_policy(_sent(policy), items=3)
    wanted = wanted_form(policy, NOW)
    assert spoken_of(live_form(reported), wanted) == wanted
    assert PolicyKind().assess(policy, _survey(policy, reported)).steps == ()


@settings(max_examples=80)
@given(
    policies(), st.sampled_from(["Z", ".000Z", "+00:00", ".0000000Z"]), st.sampled_from(["2019-03-01", "2026-09-09"])
)
def test_the_spelling_of_times_and_their_date_mean_nothing(policy: DesiredPolicy, ending: str, day: str) -> None:
    respelt = _map_texts(_sent(policy), lambda text: text.replace("2024-01-01", day).replace(":00Z", f":00{ending}"))
    assert PolicyKind().assess(policy, _survey(policy, respelt)).steps == ()


@settings(max_examples=80)
@given(policies(), st.randoms(use_true_random=False))
def test_key_order_set_order_and_nulls_mean_nothing(policy: DesiredPolicy, random: Any) -> None:
    reported = _shuffled(normalised_policy(_sent(policy)), random)
    nothing = dict.fromkeys(("tieringPolicy", "snapshotConsistencyType", "weeklySchedule", "policyType", "futureKey"))
    reported = {**nothing, **reported}
    for key in ("dailySchedule", "weeklySchedule", "monthlySchedule", "yearlySchedule"):
        reported["retentionPolicy"].setdefault(key, None)
    assert PolicyKind().assess(policy, _survey(policy, reported)).steps == ()


@settings(max_examples=80)
@given(policies(tier="standard"), policies(tier="standard"))
def test_an_edit_lands_and_leaves_nothing_to_do(live: DesiredPolicy, wanted: DesiredPolicy) -> None:
    before = normalised_policy(_sent(live))
    survey = _survey(wanted, before)
    for step in PolicyKind().assess(wanted, survey).steps:
        assert step.write.body is not None
        sent = step.write.body["properties"]
        assert isinstance(sent, dict)
        after = normalised_policy(sent)
        assert PolicyKind().assess(wanted, _survey(wanted, after)).steps == ()


@given(policies())
def test_what_others_have_added_goes_back_as_it_was_read(policy: DesiredPolicy) -> None:
    foreign = {
        "resourceGuardOperationRequests": ["x"],
        "futureSetting": {"deep": [1]},
        "tieringPolicy": {"FutureTier": {"tieringMode": "DoNotTier"}},
    }
    sent = _sent(policy, {**foreign, "protectedItemsCount": 7, "explicitNull": None})
    assert sent["futureSetting"] == {"deep": [1]}
    assert sent["resourceGuardOperationRequests"] == ["x"]
    assert sent["tieringPolicy"]["FutureTier"] == {"tieringMode": "DoNotTier"}
    assert "protectedItemsCount" not in sent
    assert "explicitNull" not in sent


@given(policies())
def test_all_times_of_a_body_are_the_time_of_the_schedule(policy: DesiredPolicy) -> None:
    sent = _sent(policy)
    times = set(_texts_like_times(sent))
    assert len(times) == 1
    assert times.pop()[11:16] == wanted_form(policy, NOW)["schedule"]["at"]  # type: ignore[index]


@pytest.mark.parametrize("policy", [a_policy(), an_enhanced()], ids=["standard", "enhanced"])
def test_only_an_enhanced_policy_has_a_type(policy: DesiredPolicy) -> None:
    assert _sent(policy).get("policyType") == ("V2" if policy.tier == "enhanced" else None)


def test_snapshot_days_that_are_not_reported_are_those_of_the_tier() -> None:
    for policy in (a_policy(), an_enhanced()):
        reported = normalised_policy(_sent(policy))
        del reported["instantRpRetentionRangeInDays"]
        assert PolicyKind().assess(policy, _survey(policy, reported)).steps == ()


def test_an_unknown_archive_mode_and_unknown_words_are_shown_as_they_are() -> None:
    reported = normalised_policy(_sent(a_policy()))
    reported["tieringPolicy"] = {"ArchivedRP": {"tieringMode": "TierSometimes"}}
    reported["timeZone"] = "Mars Standard Time"
    reported["retentionPolicy"]["weeklySchedule"] = {
        "daysOfTheWeek": ["Someday", "monday"],
        "retentionDuration": {"count": 1, "durationType": "Weeks"},
    }
    form = live_form(reported)
    assert form["archive"] == "TierSometimes"
    assert form["schedule"]["timeZone"] == "Mars Standard Time"  # type: ignore[index]
    assert form["retain"]["weekly"]["on"] == ["Monday", "Someday"]  # type: ignore[index]


def test_the_estate_of_the_tests_is_in_sync_to_begin_with() -> None:
    survey = an_estate(a_policy(), an_enhanced())
    assert all(PolicyKind().assess(policy, survey).steps == () for policy in (a_policy(), an_enhanced()))


def _map_texts(value: Any, change: Any) -> Any:
    if isinstance(value, dict):
        return {key: _map_texts(each, change) for key, each in value.items()}
    if isinstance(value, list):
        return [_map_texts(each, change) for each in value]
    return change(value) if isinstance(value, str) else value


def _shuffled(value: Any, random: Any) -> Any:
    value = deepcopy(value)
    if isinstance(value, dict):
        keys = list(value)
        random.shuffle(keys)
        return {key: _shuffled(value[key], random) for key in keys}
    if isinstance(value, list):
        random.shuffle(value)
        return [_shuffled(each, random) for each in value]
    return value


def _texts_like_times(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for each in value.values() for text in _texts_like_times(each)]
    if isinstance(value, list):
        return [text for each in value for text in _texts_like_times(each)]
    return [value] if isinstance(value, str) and value[10:11] == "T" and value.startswith("20") else []
