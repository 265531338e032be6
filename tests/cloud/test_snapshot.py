"""Live Azure in bulk: what is asked for, how often, and what a list may not prove."""

import gc
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from reconciler.core.desired import (
    Criteria,
    DesiredPolicy,
    DesiredProtection,
    DesiredVault,
    Retention,
    Schedule,
    Selection,
    Spec,
)
from reconciler.core.errors import Place, Unreadable
from reconciler.core.ids import VaultRef, VmRef
from reconciler.core.live import Survey
from tests.cloud.canned import ARM, START, SUBSCRIPTION, VAULT, Canned, Reply, Sent, error

PLACE = Place("spec.yaml", 1, 1)
SETTINGS = {"securitySettings": {"softDeleteSettings": {"softDeleteState": "AlwaysON"}}}
ELSEWHERE = VaultRef.of(SUBSCRIPTION, "rg-other", "rsv-other")


def vm(number: int) -> VmRef:
    return VmRef.of(SUBSCRIPTION, "rg-app", f"vm-{number:04d}")


def item(vault: VaultRef, of: VmRef, **properties: object) -> dict[str, object]:
    body = {"protectionState": "Protected", "sourceResourceId": of.id.replace("rg-app", "RG-APP"), **properties}
    return {"id": of.item_id(vault), "name": of.item, "properties": body}


def machine(of: VmRef, location: str = "westeurope") -> dict[str, object]:
    disk = {"storageProfile": {"osDisk": {"osType": "Linux"}}}
    return {"id": of.id, "name": of.name, "location": location, "tags": {"backup": "daily"}, "properties": disk}


class Service:
    """Resources and lists by their path; what it does not have is the gateway's 404. Pages hold 200."""

    def __init__(self) -> None:
        self.found: dict[str, Any] = {}

    def vault(self, vault: VaultRef, *items: dict[str, object], properties: dict[str, object] | None = None) -> None:
        self.found[vault.id] = {
            "id": vault.id,
            "location": "westeurope",
            "properties": SETTINGS if properties is None else properties,
        }
        self.found[f"{vault.id}/backupstorageconfig/vaultstorageconfig"] = {
            "properties": {"storageTypeState": "Locked"}
        }
        self.found[f"{vault.id}/backupconfig/vaultconfig"] = {"properties": {"softDeleteFeatureState": "Enabled"}}
        self.found[f"{vault.id}/backupPolicies"] = [{"id": f"{vault.id}/backupPolicies/Daily", "name": "Daily"}]
        self.found[f"{vault.id}/backupProtectedItems"] = list(items)
        self.found[f"{vault.id}/backupJobs"] = []

    def __call__(self, sent: Sent) -> Reply:
        path = sent.path.replace("%3B", ";")
        found = self.found.get(path, error(404, "ResourceNotFound"))
        if not isinstance(found, list):
            return found if isinstance(found, Reply) else Reply(200, found)
        start = int(sent.url.partition("skip=")[2] or 0)
        more = {"nextLink": f"{ARM}{path}?skip={start + 200}"} if len(found) > start + 200 else {}
        return Reply(200, {"value": found[start : start + 200], **more})


VMS = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Compute/virtualMachines"
VAULTS = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.RecoveryServices/vaults"


def protect(vault: VaultRef, *vms: VmRef) -> Spec:
    desired = DesiredVault(vault, "westeurope", PLACE)
    return Spec(
        "d", vaults=(desired,), protections=tuple(DesiredProtection(vault, each, PLACE, "Daily") for each in vms)
    )


def survey(service: Service, spec: Spec, **options: Any) -> tuple[Survey, Canned]:
    canned = Canned(service, read_only=True, **options)
    return canned.azure.survey(spec), canned


@pytest.fixture
def service() -> Service:
    service = Service()
    service.vault(VAULT, *(item(VAULT, vm(number)) for number in range(1000)))
    service.found[VMS] = [machine(vm(number)) for number in range(1000)]
    service.found[VAULTS] = [
        {"id": VAULT.id, "location": "West Europe"},
        {"id": ELSEWHERE.id, "location": "westeurope"},
    ]
    return service


def ask_all(found: Survey, vault: VaultRef, numbers: range) -> None:
    """What a plan without changes asks."""
    assert found.vault(vault)
    assert not found.group_missing(vault)
    found.storage_config(vault)
    assert found.policy(vault, "daily")
    for number in numbers:
        assert found.item(vault, vm(number))
        assert found.machine(vm(number))
        assert found.running_jobs(vault, vm(number)) == ()


def test_a_thousand_machines_cost_fourteen_requests(service: Service) -> None:
    found, canned = survey(service, protect(VAULT, *map(vm, range(1000))))
    ask_all(found, VAULT, range(1000))
    assert canned.azure.requests == {"GET": 14}  # vault, redundancy, policies, jobs; 5 pages of items, 5 of machines
    assert len(list(found.items(VAULT))) == len(list(found.machines(SUBSCRIPTION.upper()))) == 1000
    assert [policy["name"] for policy in found.policies(VAULT)] == ["Daily"]
    assert canned.azure.requests == {"GET": 14}


def test_ten_thousand_machines_in_ten_vaults_cost_140_requests() -> None:
    service, specs = Service(), []
    for number in range(10):
        vault = VaultRef.of(SUBSCRIPTION, "rg-backup", f"rsv-{number}")
        mine = range(number * 1000, number * 1000 + 1000)
        service.vault(vault, *(item(vault, vm(each)) for each in mine))
        specs.append((vault, mine))
    service.found[VMS] = [machine(vm(number)) for number in range(10_000)]
    spec = Spec(
        "d", protections=tuple(DesiredProtection(vault, vm(each), PLACE) for vault, mine in specs for each in mine)
    )
    found, canned = survey(service, spec)
    for vault, mine in specs:
        ask_all(found, vault, mine)
    assert canned.azure.requests == {"GET": 140}


def test_threads_read_the_same_as_one_after_the_other(service: Service) -> None:
    spec = protect(VAULT, *map(vm, range(1000)))
    with ThreadPoolExecutor(8) as workers:
        found, canned = survey(service, spec, workers=workers)
    ask_all(found, VAULT, range(1000))
    assert canned.azure.requests == {"GET": 14}
    assert canned.credential.asked == 1


def test_reads_go_in_the_same_order_every_time(service: Service) -> None:
    spec = protect(VAULT, *map(vm, range(10)))
    urls = [[sent.url for sent in survey(service, spec)[1].sent] for _ in range(2)]
    assert urls[0] == urls[1]


def test_a_spec_of_vaults_and_policies_reads_no_machines(service: Service) -> None:
    policy = DesiredPolicy(VAULT, "Daily", "standard", Schedule("Daily", "23:00"), Retention(30), 2, PLACE)
    _, canned = survey(service, Spec("d", policies=(policy,)))
    assert VMS not in [sent.path for sent in canned.sent]
    selection = Selection(VAULT, "westeurope", "Daily", Criteria(), PLACE)
    found, canned = survey(service, Spec("d", selections=(selection,)))
    assert len(list(found.machines(SUBSCRIPTION))) == 1000


def test_an_absent_vault_costs_one_request() -> None:
    service = Service()
    service.found[VMS] = []
    found, canned = survey(service, Spec("d", vaults=(DesiredVault(VAULT, "westeurope", PLACE),)))
    assert found.vault(VAULT) is None
    assert (
        found.policy(VAULT, "Daily")
        is found.item(VAULT, vm(1))
        is found.storage_config(VAULT)
        is found.vault_config(VAULT)
        is None
    )
    assert (
        found.items(VAULT)
        == found.policies(VAULT)
        == found.running_jobs(VAULT, vm(1))
        == found.backup_jobs(VAULT, vm(1))
        == ()
    )
    assert len(canned.sent) == 1


def test_a_missing_group_is_known_from_the_vault() -> None:
    service = Service()
    service.found[VAULT.id] = error(404, "ResourceGroupNotFound")
    found, _ = survey(service, Spec("d", vaults=(DesiredVault(VAULT, "westeurope", PLACE),)))
    assert found.vault(VAULT) is None
    assert found.group_missing(VAULT)


def test_old_vaults_are_asked_for_their_soft_delete(service: Service) -> None:
    service.vault(VAULT, properties={})
    found, canned = survey(service, protect(VAULT))
    assert f"{VAULT.id}/backupconfig/vaultconfig" in [sent.path for sent in canned.sent]
    assert found.vault_config(VAULT) == {"properties": {"softDeleteFeatureState": "Enabled"}}


FAILURES = {
    "not allowed": error(403, "AuthorizationFailed"),
    "broken": Reply(200, b'{"value": ['),
    "sign-in page": Reply(200, b"<html>", {"Content-Type": "text/html"}),
    "server error": error(500, "InternalServerError"),
}
CHILDREN: dict[str, Callable[[Survey], object]] = {
    "backupProtectedItems": lambda found: found.item(VAULT, vm(1)),
    "backupPolicies": lambda found: found.policy(VAULT, "Daily"),
    "backupJobs": lambda found: found.running_jobs(VAULT, vm(1)),
    "backupstorageconfig/vaultstorageconfig": lambda found: found.storage_config(VAULT),
}


@pytest.mark.parametrize("failure", FAILURES.values(), ids=FAILURES)
@pytest.mark.parametrize("child", CHILDREN)
def test_a_failure_is_kept_for_who_asks_and_disturbs_nobody_else(service: Service, child: str, failure: Reply) -> None:
    service.found[f"{VAULT.id}/{child}"] = failure
    found, canned = survey(service, protect(VAULT, vm(1)))
    sent = len(canned.sent)
    for name, ask in CHILDREN.items():
        if name == child:
            with pytest.raises(Unreadable):
                ask(found)
        else:
            ask(found)
    assert len(canned.sent) == sent


def test_a_vault_that_can_not_be_read_makes_everything_in_it_unknown(service: Service) -> None:
    service.found[VAULT.id] = error(403, "AuthorizationFailed")
    found, _ = survey(service, protect(VAULT, vm(1)))
    asks: list[Callable[[Survey], object]] = [
        *CHILDREN.values(),
        lambda found: found.items(VAULT),
        lambda found: found.vault(VAULT),
    ]
    for ask in asks:
        with pytest.raises(Unreadable):
            ask(found)
    assert found.machine(vm(1))


def test_a_machine_that_the_list_lacks_is_asked_for_directly(service: Service) -> None:
    service.found[VMS] = []
    service.found[vm(1).id] = machine(vm(1))
    service.found[vm(2).id] = error(403, "AuthorizationFailed")
    found, _ = survey(service, protect(VAULT, vm(1)))
    assert found.machine(vm(1))
    with pytest.raises(Unreadable):
        found.machine(vm(2))
    assert found.machine(vm(3)) is None


def test_a_list_that_shows_an_item_twice_proves_no_absence(service: Service) -> None:
    service.found[f"{VAULT.id}/backupProtectedItems"] = [item(VAULT, vm(1)), item(VAULT, vm(1))]
    service.found[vm(2).item_id(VAULT)] = item(VAULT, vm(2))
    service.found[vm(4).item_id(VAULT)] = error(403, "AuthorizationFailed")
    found, _ = survey(service, protect(VAULT))
    assert found.item(VAULT, vm(2)) == item(VAULT, vm(2))
    assert found.item(VAULT, vm(3)) is None
    with pytest.raises(Unreadable):
        found.item(VAULT, vm(4))


def test_a_list_that_shows_a_policy_twice_proves_no_absence(service: Service) -> None:
    service.found[f"{VAULT.id}/backupPolicies"] *= 2
    service.found[f"{VAULT.id}/backupPolicies/weekly"] = {"name": "weekly"}
    found, _ = survey(service, protect(VAULT))
    assert found.policy(VAULT, "weekly") == {"name": "weekly"}


def test_a_list_without_trouble_needs_no_second_look(service: Service) -> None:
    found, canned = survey(service, protect(VAULT))
    sent = len(canned.sent)
    assert [found.item(VAULT, vm(number)) for number in range(5000, 5100)] == [None] * 100
    assert found.policy(VAULT, "weekly") is None
    assert len(canned.sent) == sent


def test_another_vault_is_found_by_one_list_for_all_machines(service: Service) -> None:
    stopped, deleted = {"protectionState": "ProtectionStopped"}, {"isScheduledForDeferredDelete": True}
    others = [item(ELSEWHERE, vm(2000)), item(ELSEWHERE, vm(2001), **stopped), item(ELSEWHERE, vm(2002), **deleted)]
    service.vault(ELSEWHERE, *others)
    service.found[VMS] += [machine(vm(number)) for number in range(2000, 2004)]
    found, canned = survey(service, protect(VAULT))
    sent = len(canned.sent)
    answers = [found.other_vault(VAULT, vm(number)) for number in range(2000, 2004)]
    assert answers == [ELSEWHERE.id, "", "", ""]
    assert len(canned.sent) - sent == 3 + 6  # vaults, that vault, its items; machines were not read yet: 6 pages


def test_vaults_of_other_regions_are_not_read(service: Service) -> None:
    service.found[VAULTS] = [{"id": ELSEWHERE.id, "location": "northeurope"}]
    found, canned = survey(service, protect(VAULT, vm(1)))
    assert found.other_vault(VAULT, vm(1)) == ""
    assert ELSEWHERE.id not in [sent.path for sent in canned.sent]


def test_a_vault_of_other_people_is_asked_about_one_machine(service: Service) -> None:
    service.vault(ELSEWHERE)
    service.found[f"{ELSEWHERE.id}/backupProtectedItems"] = error(403, "AuthorizationFailed")
    status = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.RecoveryServices/locations/westeurope/backupStatus"
    service.found[status] = {"protectionStatus": "Protected", "vaultId": ELSEWHERE.id}
    found, canned = survey(service, protect(VAULT, vm(1)))
    assert found.other_vault(VAULT, vm(1)) == ELSEWHERE.id
    assert canned.sent[-1].method == "POST"
    service.found[status] = {"protectionStatus": "Protected", "vaultId": VAULT.id.lower()}
    assert found.other_vault(VAULT, vm(3)) == ""
    service.found[status] = error(403, "AuthorizationFailed")
    with pytest.raises(Unreadable):
        found.other_vault(VAULT, vm(2))


def test_points_and_backup_jobs_are_read_when_asked_and_once(service: Service) -> None:
    service.found[f"{vm(1).item_id(VAULT)}/recoveryPoints"] = [{"id": "1", "name": "1"}]
    found, canned = survey(service, protect(VAULT, vm(1)))
    sent = len(canned.sent)
    for number in range(100):
        found.backup_jobs(VAULT, vm(number))
        assert found.recovery_points(VAULT, vm(1)) == ({"id": "1", "name": "1"},)
    assert len(canned.sent) - sent == 2


def test_the_moment_of_the_run_can_be_given(service: Service) -> None:
    canned = Canned(service)
    assert canned.azure.survey(Spec("d")).now == START
    later = START.replace(year=2027)
    assert canned.azure.survey(Spec("d"), later).now == later


def test_the_garbage_collector_rests_while_reading_and_works_afterwards(service: Service) -> None:
    seen: list[bool] = []

    def answer(sent: Sent) -> Reply:
        seen.append(gc.isenabled())
        return service(sent)

    Canned(answer).azure.survey(protect(VAULT, vm(1)))
    assert (set(seen), gc.isenabled()) == ({False}, True)
