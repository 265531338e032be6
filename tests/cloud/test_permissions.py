"""Permissions and Azure Policy: the requests that ask for them, and what an answer or its absence means."""

from __future__ import annotations

import pytest

from reconciler.core.desired import Spec
from reconciler.core.errors import CloudError, Unreadable
from reconciler.core.live import Survey
from tests.cloud.canned import ARM, SUBSCRIPTION, VAULT, VM, Canned, Reply

ROOT = f"/subscriptions/{SUBSCRIPTION}"
GROUP = f"{ROOT}/resourceGroups/rg-backup"
PERMISSIONS = "/providers/Microsoft.Authorization/permissions"
CHECK = "/providers/Microsoft.PolicyInsights/checkPolicyRestrictions"
ALL = {"actions": ["*"], "notActions": [], "dataActions": [], "notDataActions": []}


def survey_of(*replies: Reply) -> tuple[Survey, Canned]:
    canned = Canned(*replies, read_only=True)
    return canned.azure.survey(Spec("d")), canned


def refusal(status: int, code: str) -> Reply:
    return Reply(status, {"error": {"code": code, "message": "no"}})


@pytest.mark.parametrize("scope", [ROOT, GROUP, VAULT.id, VM.id])
def test_permissions_are_read_once_for_each_scope(scope: str) -> None:
    survey, canned = survey_of(Reply(200, {"value": [ALL]}))
    assert (
        survey.permissions(scope)
        == survey.permissions(scope.upper().replace("/SUBSCRIPTIONS", "/subscriptions"))
        == (ALL,)
    )
    (sent,) = canned.sent
    assert (sent.method, sent.url) == ("GET", f"{ARM}{scope}{PERMISSIONS}?api-version=2022-04-01")


@pytest.mark.parametrize("code", ["ResourceGroupNotFound", "ResourceNotFound", "ParentResourceNotFound"])
def test_what_does_not_exist_gives_no_permissions(code: str) -> None:
    assert survey_of(refusal(404, code))[0].permissions(GROUP) == ()


@pytest.mark.parametrize("reply", [refusal(403, "AuthorizationFailed"), refusal(404, ""), Reply(200, b"<html>")])
def test_permissions_that_can_not_be_read_are_unknown(reply: Reply) -> None:
    with pytest.raises(Unreadable):
        survey_of(reply)[0].permissions(GROUP)


@pytest.mark.parametrize(
    ("kind", "version"),
    [
        ("Microsoft.RecoveryServices/vaults", {"apiVersion": "2026-11-01"}),
        ("Microsoft.Compute/restorePointCollections", {"apiVersion": "2026-04-01"}),
        ("Microsoft.Resources/subscriptions/resourceGroups", {}),
    ],
)
def test_azure_policy_is_asked_with_the_content(kind: str, version: dict[str, str]) -> None:
    answer = {"fieldRestrictions": [], "contentEvaluationResult": {"policyEvaluations": []}}
    survey, canned = survey_of(Reply(200, answer))
    content = {"type": kind, "name": "x", "tags": {"a": "{b}"}}
    assert survey.policy_restrictions(GROUP, content) == answer
    (sent,) = canned.sent
    assert (sent.method, sent.url) == ("POST", f"{ARM}{GROUP}{CHECK}?api-version=2024-10-01")
    assert sent.body == {"resourceDetails": {"resourceContent": content, **version}}


def test_a_group_that_does_not_exist_has_no_policies() -> None:
    assert survey_of(refusal(404, "ResourceGroupNotFound"))[0].policy_restrictions(GROUP, {"type": "x/y"}) is None


@pytest.mark.parametrize(
    "reply",
    [refusal(403, "AuthorizationFailed"), refusal(409, "MissingSubscriptionRegistration"), refusal(404, "NotFound")],
)
def test_policies_that_can_not_be_asked_are_unknown_and_asked_once(reply: Reply) -> None:
    survey, canned = survey_of(reply)
    with pytest.raises(Unreadable):
        survey.policy_restrictions(ROOT, {"type": "x/y"})
    assert len(canned.sent) == 1


@pytest.mark.parametrize(
    "scope",
    ["", "/", "/subscriptions", f"{ROOT}/", f"{ROOT}/resourceGroups", f"{ROOT}/resourceGroups/..", f"{ROOT}/x/rg", f"x{ROOT}",
     "/subscriptions/..", f"{GROUP}?x", f"{GROUP}/providers", f"{ROOT}/resourceGroups/a/b"],
)  # fmt: skip
def test_what_is_no_scope_is_not_asked_about(scope: str) -> None:
    survey, canned = survey_of(Reply(200, {"value": []}))
    for ask in (survey.permissions, lambda scope: survey.policy_restrictions(scope, {"type": "x/y"})):
        with pytest.raises(CloudError, match="C108"):
            ask(scope)
    assert canned.sent == []


def test_a_passing_error_does_not_leave_azure_policy_unasked() -> None:
    survey, canned = survey_of(Reply(503, None), Reply(200, {"fieldRestrictions": []}))
    assert survey.policy_restrictions(ROOT, {"type": "x/y"}) == {"fieldRestrictions": []}
    assert [sent.method for sent in canned.sent] == ["POST", "POST"]
