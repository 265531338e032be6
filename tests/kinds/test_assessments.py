"""What the cases can't say: entries that no spec file can hold, and what an assessment carries beside its changes."""

from __future__ import annotations

from dataclasses import replace

from reconciler.core.desired import MonthDays, MonthlyRetention, Retention, Schedule
from reconciler.kinds.initial_backup import InitialBackupKind
from reconciler.kinds.policy import PolicyKind
from reconciler.kinds.policy_wire import live_form
from reconciler.kinds.protected_vm import ProtectedVm, ProtectedVmKind
from reconciler.kinds.vault_security import live_soft_delete
from tests.support.desired import VAULT, WEB, a_policy, a_spec, a_vm, an_estate, live_item, protect
from tests.support.wire import point_body, vault_body, vault_config

KIND = ProtectedVmKind()


def test_a_vm_without_a_known_policy_is_moved_with_care_and_resumed_with_more() -> None:
    survey = an_estate()
    entry = ProtectedVm(protect(WEB, "elsewhere"), "westeurope", None)
    live_item(survey, WEB)
    assert [each.effect for step in KIND.assess(entry, survey).steps for each in step.changes] == ["UNKNOWN"]
    live_item(survey, WEB, "ProtectionStopped")
    survey.points[VAULT.key, WEB.key] = [point_body(survey.now)]
    assert KIND.assess(entry, survey).steps[0].step_class.word == "destructive"


def test_a_step_names_what_it_needs_and_what_one_write_at_a_time_may_touch() -> None:
    survey = an_estate(a_policy("other"))
    spec = a_spec(protect(initial_backup_days=7))
    vm_step = KIND.assess(next(iter(KIND.entries(spec))), survey).steps[0]
    backup = InitialBackupKind().assess(spec.protections[0], survey).steps[0]
    policy_step = PolicyKind().assess(spec.policies[0], survey).steps[0]
    around = ("vault/rsv", "replication/rsv", "vault_security/rsv")
    assert vm_step.needs == (*around, "policy/rsv/daily", "vm_agent/rg-app/vm-web", "protected_vm/rsv/rg-app/vm-web")
    assert backup.needs == (*around, "protected_vm/rsv/rg-app/vm-web")
    assert policy_step.needs == ("vault/rsv",)
    assert (policy_step.lane, vm_step.lane) == (f"vault:{VAULT.key}", "")


def test_what_a_step_expects_follows_the_live_fields_it_was_derived_from() -> None:
    survey = an_estate(a_policy("one"), a_policy("two"), vms=(WEB, a_vm("vm-a")))
    entry = ProtectedVm(protect(), "westeurope", a_policy())

    def expects(policy: str) -> str:
        live_item(survey, WEB, "Protected", policy)
        return KIND.assess(entry, survey).steps[0].expects

    assert expects("one") == expects("ONE")
    assert expects("one") != expects("two")


def test_an_unknown_zone_is_sent_as_it_is_and_followed_nowhere() -> None:
    retention = Retention(daily_days=30, monthly=MonthlyRetention(12, MonthDays((1,))))
    lost = Schedule("Daily", "23:00", "Mars/Olympus", "follow")
    step = PolicyKind().assess(a_policy("x", schedule=lost, retention=retention), an_estate()).steps[0]
    assert step.write.body is not None
    assert live_form(step.write.body["properties"])["schedule"] == {  # type: ignore[arg-type]
        "at": "23:00",
        "every": "day",
        "timeZone": "Mars/Olympus",
    }


def test_soft_delete_of_a_vault_that_says_nothing_is_that_of_every_vault() -> None:
    assert live_soft_delete(vault_body(VAULT, legacy=True), None) == {"state": "Enabled", "days": 14}
    assert live_soft_delete(vault_body(VAULT, legacy=True), vault_config("alwaysOn")) == {
        "state": "AlwaysON",
        "days": 14,
    }


def test_a_spec_tells_apart_whose_first_backup_it_wants() -> None:
    wanted = protect(initial_backup_days=7)
    both = (wanted, protect(a_vm("vm-a")), replace(wanted, vm=a_vm("vm-b"), state="stopped"))
    assert list(InitialBackupKind().entries(a_spec(*both))) == [wanted]
