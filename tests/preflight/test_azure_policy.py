"""Azure Policy: which questions are asked, what a denial becomes, and what an answer that did not come becomes."""

from __future__ import annotations

import pytest

from reconciler.core.desired import SnapshotGroup
from reconciler.core.ids import VaultRef
from reconciler.core.plan import Finding, Plan
from reconciler.core.readiness import Readiness
from reconciler.kinds import THOROUGH_KINDS
from reconciler.plan import make_plan
from reconciler.preflight import preflight
from reconciler.preflight.azure_policy import COLLECTION_TYPE, GROUP_TYPE
from reconciler.preflight.questions import MOST_QUESTIONS
from tests.preflight.estate import an_estate_with
from tests.support.desired import SUBSCRIPTION, VAULT, WEB, a_policy, a_spec, a_vault, live_item, protect
from tests.support.fake_survey import FakeSurvey
from tests.support.wire import Body

ROOT = f"/subscriptions/{SUBSCRIPTION}"
GROUP = f"{ROOT}/resourcegroups/azurebackuprg_westeurope_1"
VAULT_TYPE = "Microsoft.RecoveryServices/vaults"


def a_denial(*paths: str, effect: str = "Deny", result: str = "NonCompliant") -> Body:
    expressions = [{"path": path, "expression": path, "result": "True"} for path in ("type", *paths)]
    return {
        "policyInfo": {
            "policyDefinitionId": f"{ROOT}/providers/Microsoft.Authorization/policyDefinitions/tags-needed",
            "policyAssignmentId": f"{ROOT}/providers/Microsoft.Authorization/policyAssignments/57DAC8A0",
        },
        "evaluationResult": result,
        "evaluationDetails": {"evaluatedExpressions": expressions},
        "effectDetails": {"policyEffect": effect},
    }


def checked(survey: FakeSurvey, snapshots: SnapshotGroup | None = None) -> Readiness:
    spec = a_spec(protect(), policies=(a_policy(snapshot_group=snapshots),))
    return preflight(spec, survey, make_plan(spec, survey, THOROUGH_KINDS))


def denied(readiness: Readiness) -> list[Finding]:
    return [each for each in readiness.findings if each.code == "F309"]


def questions(survey: FakeSurvey) -> list[tuple[str, str]]:
    return [each for each in survey.asked_scopes if each[0] != "permissions"]


def denying(kind: str, scope: str, *denials: Body) -> FakeSurvey:
    survey = an_estate_with()
    survey.denials[scope.lower(), kind.lower()] = list(denials)
    return survey


def test_what_is_to_be_made_is_asked_about_where_it_will_be() -> None:
    survey = an_estate_with()
    del survey.vaults[VAULT.key]
    readiness = checked(survey)
    assert questions(survey) == [
        (VAULT_TYPE, f"{ROOT}/resourcegroups/rg-backup"),
        (GROUP_TYPE, ROOT),
        (COLLECTION_TYPE, ROOT),
    ]
    vault, group, points = survey.asked_contents
    assert (vault["name"], vault["location"], vault["sku"]) == ("rsv", "westeurope", {"name": "Standard"})
    assert group == {"type": GROUP_TYPE, "name": "AzureBackupRG_westeurope_1", "location": "westeurope"}
    assert points["properties"] == {"source": {"id": WEB.id}}
    assert denied(readiness) == []


def test_an_update_is_judged_with_what_the_vault_has() -> None:
    survey = an_estate_with()
    survey.vaults[VAULT.key]["tags"] = {"cost": "7", "Owner": "nobody"}
    spec = a_spec(vaults=(a_vault(tags={"owner": "platform"}),))
    preflight(spec, survey, make_plan(spec, survey, THOROUGH_KINDS))
    (content,) = survey.asked_contents
    assert content["tags"] == {"cost": "7", "owner": "platform"}
    assert content["location"] == "westeurope"
    assert content["properties"]["publicNetworkAccess"] == "Enabled"


def test_a_denied_vault_blocks_all_that_need_it() -> None:
    survey = denying(VAULT_TYPE, f"{ROOT}/resourcegroups/rg-backup", a_denial("location"))
    del survey.vaults[VAULT.key]
    readiness = checked(survey)
    (found,) = denied(readiness)
    assert (found.severity, found.address) == ("blocking", "vault/rsv")
    assert found.what == (
        f"vault rsv is denied by policy assignment 57DAC8A0 of {ROOT} (definition tags-needed), which looks at location"
    )
    assert "az policy exemption create" in found.remedy
    assert readiness.machines[0].verdict == "blocked"


def test_a_denied_snapshot_group_comes_with_the_command_that_makes_it() -> None:
    survey = denying(GROUP_TYPE, ROOT, a_denial("tags['owner']", "tags.cost"))
    survey.missing_scopes.add(GROUP)
    readiness = checked(survey)
    (found,) = denied(readiness)
    assert found.address == "snapshots/AzureBackupRG_westeurope_1"
    assert found.remedy == (
        "give the policy the effect Modify, or make the group: "
        "az group create --name AzureBackupRG_westeurope_1 --location westeurope --tags owner=VALUE cost=VALUE"
    )
    assert readiness.machines[0].verdict == "blocked"
    assert questions(survey) == [(GROUP_TYPE, ROOT), (COLLECTION_TYPE, GROUP), (COLLECTION_TYPE, ROOT)]


def test_a_group_that_is_there_already_need_not_be_made() -> None:
    survey = denying(GROUP_TYPE, ROOT, a_denial("tags[owner]"))
    readiness = checked(survey)
    assert denied(readiness) == []
    assert questions(survey) == [(GROUP_TYPE, ROOT), (COLLECTION_TYPE, GROUP)]


def test_denied_restore_points_block_as_well() -> None:
    readiness = checked(denying(COLLECTION_TYPE, ROOT, a_denial()))
    (found,) = denied(readiness)
    assert found.what.startswith(
        "restore points in AzureBackupRG_westeurope_1 are denied by policy assignment 57DAC8A0"
    )


def test_a_policy_of_its_own_names_the_group() -> None:
    survey = an_estate_with()
    checked(survey, SnapshotGroup("snap-", "-x"))
    assert [each["name"] for each in survey.asked_contents] == ["snap-1-x", "AzureBackup_vm-web_1"]


@pytest.mark.parametrize(
    "answer",
    [a_denial(effect="Audit"), a_denial(effect="DenyAction"), a_denial(result="Compliant"), a_denial(result="Error")],
)
def test_what_denies_nothing_is_not_told(answer: Body) -> None:
    assert denied(checked(denying(COLLECTION_TYPE, ROOT, answer))) == []


def test_an_effect_that_is_not_named_is_a_denial() -> None:
    answer = a_denial()
    del answer["effectDetails"]
    assert len(denied(checked(denying(COLLECTION_TYPE, ROOT, answer)))) == 1


def test_a_policy_without_a_subscription_is_one_of_a_management_group() -> None:
    answer = a_denial()
    answer["policyInfo"]["policyAssignmentId"] = "/providers/Microsoft.Authorization/policyAssignments/root"
    (found,) = denied(checked(denying(COLLECTION_TYPE, ROOT, answer)))
    assert "policy assignment root of a management group" in found.what


def test_azure_policy_that_can_not_be_asked_is_said() -> None:
    survey = an_estate_with()
    survey.unreadable.add("policy_restrictions")
    readiness = checked(survey)
    (found,) = [each for each in readiness.findings if each.code == "F301"]
    assert (found.severity, found.remedy) == ("info", "ask for it")
    assert readiness.machines[0].verdict == "ready"


def test_a_plan_without_steps_asks_nothing() -> None:
    survey = an_estate_with()
    live_item(survey, WEB)
    preflight(a_spec(protect(), policies=(a_policy(),)), survey, Plan((), (), "sha256:x"))
    assert survey.asked_scopes == []


def test_the_number_of_questions_has_a_bound() -> None:
    refs = [VaultRef.of(SUBSCRIPTION, "rg-backup", f"rsv-{number:02}") for number in range(MOST_QUESTIONS + 3)]
    survey = an_estate_with()
    spec = a_spec(vaults=tuple(a_vault(ref) for ref in refs))
    readiness = preflight(spec, survey, make_plan(spec, survey, THOROUGH_KINDS))
    assert len(questions(survey)) == MOST_QUESTIONS
    (found,) = [each for each in readiness.findings if each.code == "F301"]
    assert found.what == f"{MOST_QUESTIONS} of {len(refs)} questions were asked"
