"""The caller's rights against the steps of the plan: what is missing where, in few requests."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from reconciler.core.ids import VmRef
from reconciler.core.plan import Finding, Plan, Step, Write
from reconciler.core.readiness import Readiness
from reconciler.kinds import THOROUGH_KINDS
from reconciler.plan import make_plan
from reconciler.preflight import preflight
from reconciler.preflight.questions import MOST_QUESTIONS, Questions
from reconciler.preflight.rights import right_concerns
from tests.preflight.estate import an_estate_with
from tests.support.desired import SUBSCRIPTION, VAULT, WEB, a_machine, a_policy, a_spec, a_vm, protect
from tests.support.fake_survey import FakeSurvey
from tests.support.wire import Body

ROOT = f"/subscriptions/{SUBSCRIPTION}"
BACKUP, APP = f"{ROOT}/resourcegroups/rg-backup", f"{ROOT}/resourcegroups/rg-app"
READ: list[Body] = [{"actions": ["*/read", "*/backupStatus/action"], "notActions": []}]
BACKUPS: list[Body] = [{"actions": ["Microsoft.RecoveryServices/*"], "notActions": []}]
MACHINES: list[Body] = [{"actions": ["Microsoft.Compute/virtualMachines/*"], "notActions": []}]
VM_WRITE = "Microsoft.Compute/virtualMachines/write"


def seen_by(permissions: dict[str, list[Body]], *vms: VmRef) -> tuple[Readiness, FakeSurvey]:
    """An estate whose vault is there, and VMs that are yet to be protected, as a caller with these permissions sees it."""
    survey = an_estate_with()
    survey.permission_bodies = {scope.lower(): bodies for scope, bodies in permissions.items()}
    for vm in vms:
        survey.vms[vm.key] = a_machine(vm)
    spec = a_spec(*(protect(vm) for vm in vms or (WEB,)), policies=(a_policy(),))
    return preflight(spec, survey, make_plan(spec, survey, THOROUGH_KINDS)), survey


def of_rights(found: Iterable[Finding]) -> list[Finding]:
    return [each for each in found if each.address.startswith("rights/")]


def asked(survey: FakeSurvey) -> list[str]:
    return [scope for what, scope in survey.asked_scopes if what == "permissions"]


def in_group(number: int) -> VmRef:
    return VmRef.of(SUBSCRIPTION, f"rg-{number:02}", "vm")


def test_full_rights_on_the_subscription_cost_one_request() -> None:
    readiness, survey = seen_by({}, *(a_vm(f"vm-{number}") for number in range(50)))
    assert asked(survey) == [ROOT]
    assert of_rights(readiness.findings) == []


def test_rights_given_on_groups_are_found_there() -> None:
    readiness, survey = seen_by({ROOT: READ, BACKUP: BACKUPS, APP: MACHINES})
    assert asked(survey) == [ROOT, APP, BACKUP]
    assert of_rights(readiness.findings) == []
    assert readiness.machines[0].verdict == "ready"


def test_rights_given_on_single_resources_are_found_there() -> None:
    readiness, survey = seen_by({ROOT: READ, VAULT.id: BACKUPS, WEB.id: MACHINES})
    assert asked(survey)[3:] == [WEB.key, VAULT.key]
    assert of_rights(readiness.findings) == []


def test_a_missing_right_is_told_once_with_what_gives_it_and_blocks_the_vms_that_need_it() -> None:
    vms = [a_vm("vm-web"), a_vm("vm-sql"), VmRef.of(SUBSCRIPTION, "rg-other", "vm-else")]
    readiness, _ = seen_by({ROOT: READ + BACKUPS, f"{ROOT}/resourceGroups/rg-other": MACHINES}, *vms)
    (found,) = of_rights(readiness.findings)
    scope = f"{ROOT}/resourceGroups/rg-app"
    assert (found.code, found.severity, found.address) == ("F308", "blocking", "rights/rg-app")
    assert found.what.startswith(
        f"the identity lacks {VM_WRITE} on {scope}; needed by protected_vm/rsv/rg-app/vm-sql, "
    )
    command = f"az role assignment create --role 'Virtual Machine Contributor' --scope {scope} --assignee ID"
    assert found.remedy == f"let the identity do {VM_WRITE}: {command}"
    verdicts = {machine.vm: machine.verdict for machine in readiness.machines}
    assert verdicts == {"rg-app/vm-web": "blocked", "rg-app/vm-sql": "blocked", "rg-other/vm-else": "ready"}


def test_what_one_resource_lacks_is_to_be_given_on_it() -> None:
    readiness, _ = seen_by({ROOT: READ + BACKUPS})
    (found,) = of_rights(readiness.findings)
    assert found.remedy.endswith(f"--scope {WEB.id} --assignee ID")


def test_a_vault_that_is_yet_to_be_made_needs_rights_on_its_group() -> None:
    survey = an_estate_with()
    del survey.vaults[VAULT.key]
    survey.permission_bodies = {ROOT: READ + MACHINES}
    plan = make_plan(a_spec(protect(), policies=(a_policy(),)), survey, THOROUGH_KINDS)
    found = [concern.finding for concern in right_concerns(plan, survey, Questions(1))]
    assert {each.code for each in found} == {"F308"}
    assert all(f"--scope {ROOT}/resourceGroups/rg-backup " in each.remedy for each in found)
    assert asked(survey) == [ROOT, BACKUP]


def test_no_scope_is_asked_about_twice() -> None:
    _, survey = seen_by({ROOT: [{"actions": ["*/read"]}]})
    assert sorted(asked(survey)) == sorted({ROOT, APP, BACKUP, WEB.key, VAULT.key})


def test_only_the_rights_of_planned_steps_are_asked_for() -> None:
    survey = an_estate_with()
    survey.permission_bodies = {ROOT: READ}
    assert list(right_concerns(Plan((), (), "sha256:x"), survey, Questions(1))) == []
    assert survey.asked_scopes == []


def test_when_there_is_no_room_for_more_questions_the_rest_is_a_warning() -> None:
    groups = 20
    readiness, survey = seen_by({ROOT: READ + BACKUPS}, *map(in_group, range(groups)))
    resources = len(asked(survey)) - 1 - groups
    assert 0 < resources < MOST_QUESTIONS - groups
    codes = [each.code for each in of_rights(readiness.findings)]
    assert (codes.count("F308"), codes.count("F299")) == (resources, groups - resources)
    assert readiness.counts() == {"ready": 0, "warnings": groups - resources, "blocked": resources}


def test_groups_with_most_steps_come_first() -> None:
    crowd = [a_vm(f"vm-{number}") for number in range(5)]
    readiness, survey = seen_by(
        {ROOT: READ + BACKUPS, APP: MACHINES}, *(in_group(number) for number in range(15)), *crowd
    )
    assert asked(survey)[1] == APP
    assert all(machine.verdict == "ready" for machine in readiness.machines if machine.vm.startswith("rg-app/"))


def test_permissions_that_can_not_be_read_are_unknown_and_not_missing() -> None:
    survey = an_estate_with()
    survey.unreadable.add("permissions")
    spec = a_spec(protect(), policies=(a_policy(),))
    readiness = preflight(spec, survey, make_plan(spec, survey, THOROUGH_KINDS))
    assert {each.code for each in of_rights(readiness.findings)} == {"F299"}
    assert readiness.verdict == "warnings"


def test_a_subscription_that_can_not_be_read_does_not_hide_the_rights_on_a_group() -> None:
    survey = an_estate_with()
    survey.unreadable.add(ROOT)
    survey.permission_bodies = {BACKUP: BACKUPS, APP: MACHINES}
    spec = a_spec(protect(), policies=(a_policy(),))
    plan = make_plan(spec, survey, THOROUGH_KINDS)
    (unknown,) = right_concerns(
        plan, survey, Questions(1)
    )  # Azure tells of other vaults for a region of the subscription only
    assert (unknown.finding.code, unknown.finding.address) == ("F299", f"rights/{SUBSCRIPTION}")
    survey.permission_bodies = {BACKUP: BACKUPS, APP: READ}
    assert {concern.finding.code for concern in right_concerns(plan, survey, Questions(1))} == {"F299", "F308"}


def test_steps_of_a_stopped_vm_block_preflight_too() -> None:
    survey = an_estate_with()
    survey.permission_bodies = {ROOT: READ}
    step = Step(
        "protected_vm/rsv/rg-app/vm-web", "protected_vm", "stop", (), "", Write("item.put", VAULT, {}, vm=WEB), "x"
    )
    spec = a_spec(replace(protect(), state="stopped", policy=""))
    readiness = preflight(spec, survey, Plan((step,), (), "sha256:x"))
    assert {each.code for each in readiness.findings} == {"F308"}
    assert readiness.verdict == "blocked"
