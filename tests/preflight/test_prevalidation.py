"""Azure's own check, for VMs that are to be protected anew."""

from __future__ import annotations

import pytest

from reconciler.core.readiness import Readiness
from reconciler.kinds import THOROUGH_KINDS
from reconciler.plan import make_plan
from reconciler.preflight import preflight
from reconciler.preflight.questions import MOST_QUESTIONS
from tests.preflight.estate import an_estate_with
from tests.support.desired import VAULT, WEB, a_machine, a_policy, a_spec, a_vm, live_item, protect
from tests.support.fake_survey import FakeSurvey

REFUSED = {
    "status": "Failed",
    "errorCode": "UserErrorVmAlreadyProtected",
    "errorMessage": "It is protected already.",
    "recommendation": "Stop the other protection.",
}


def _checked(survey: FakeSurvey, *vms: str) -> Readiness:
    spec = a_spec(*(protect(a_vm(name)) for name in vms or (WEB.name,)), policies=(a_policy(),))
    return preflight(spec, survey, make_plan(spec, survey, THOROUGH_KINDS))


def test_what_azure_has_against_a_vm_blocks_it() -> None:
    survey = an_estate_with()
    survey.prevalidations[WEB.key] = REFUSED
    (machine,) = _checked(survey).machines
    (found,) = (each for each in machine.findings if each.code == "F302")
    assert machine.verdict == "blocked"
    assert found.what == "UserErrorVmAlreadyProtected: It is protected already."
    assert found.remedy == "Stop the other protection."


def test_a_vm_that_azure_would_take_is_ready() -> None:
    survey = an_estate_with()
    (machine,) = _checked(survey).machines
    assert survey.asked_azure == [WEB.key]
    assert "F302" not in {each.code for each in machine.findings}


@pytest.mark.parametrize("why", ["protected already", "no vault yet"])
def test_azure_is_not_asked_without_need(why: str) -> None:
    survey = an_estate_with()
    if why == "protected already":
        live_item(survey, WEB, "Protected", "daily")
    else:
        del survey.vaults[VAULT.key]
    _checked(survey)
    assert survey.asked_azure == []


def test_a_check_that_can_not_be_asked_is_a_warning() -> None:
    survey = an_estate_with()
    survey.unreadable.add("prevalidation")
    (machine,) = _checked(survey).machines
    assert "F299" in {each.code for each in machine.findings}


def test_only_the_first_few_of_many_are_asked_about() -> None:
    survey = an_estate_with()
    names = [f"vm-{number:02}" for number in range(MOST_QUESTIONS)]
    for name in names:
        survey.vms[a_vm(name).key] = a_machine(a_vm(name))
    readiness = _checked(survey, *names)
    assert 0 < len(survey.asked_azure) < len(names)
    (note,) = (each for each in readiness.findings if each.code == "F303")
    assert note.what == f"{len(survey.asked_azure)} of {len(names)} VMs were asked about"
    assert "F303" not in {each.code for each in _checked(an_estate_with()).findings}
