"""Each guard stops the attack it is there for, and what it stops never leaves: no request, no token."""

from collections.abc import Callable

import pytest

from reconciler.cloud.guards import ReadOnlyPolicy
from reconciler.core.errors import CloudError, Unreadable
from reconciler.core.ids import VaultRef, VmRef, arm_id
from reconciler.core.live import Live
from reconciler.core.plan import Operation, Write
from tests.cloud.canned import ARM, ON_VAULT, SUBSCRIPTION, VAULT, VM, Canned, Reply

BELOW = f"{VAULT.id}/backupOperations/0b1f6471"

OTHER_PLACES = [
    f"https://evil.example{BELOW}",
    f"https://management.azure.cam{BELOW}",  # as long as the right one
    f"http://management.azure.com{BELOW}",
    f"https://management.azure.com:8443{BELOW}",
    f"https://management.azure.com:443{BELOW}",
    f"https://management.azure.com@evil.example{BELOW}",
    f"https://user:secret@management.azure.com{BELOW}",
    f"https://management.azure.com.evil.example{BELOW}",
    f"https://management.azure.com\\@evil.example{BELOW}",
    f"https://management.azure.com%2eevil.example{BELOW}",
    f"https://mаnagement.azure.com{BELOW}",  # a Cyrillic letter
    f"//evil.example{BELOW}",
    f"https:/{BELOW}",
    f" https://management.azure.com{BELOW}",
    f"{ARM}\t{BELOW}",
    f"{ARM}/{BELOW}",
    f"{ARM}{BELOW}/../../../vaults/other",
    f"{ARM}{BELOW}/%2e%2e/x",
    f"{ARM}{BELOW}/..%2fx",
    f"{ARM}{BELOW}/%252e%252e/x",
    f"{ARM}{BELOW}/a\\b",
    f"{ARM}{BELOW}#fragment",
    f"{ARM}{BELOW}?t=1#fragment",
    f"{ARM}{BELOW}?t=a b",
    f'{ARM}{BELOW}?t="a"',
    f"{ARM}{BELOW}?t=\u2028",
    f"{ARM}{VAULT.id}",
    f"{ARM}{VAULT.id}-other/backupOperations/1",
    f"{ARM}/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-backup",
    "javascript:alert(1)",
    "",
]


@pytest.mark.parametrize("url", OTHER_PLACES)
def test_a_polling_url_to_another_place_is_not_followed(url: str) -> None:
    canned = Canned(Reply(200, {"status": "Succeeded"}))
    with pytest.raises(CloudError) as caught:
        canned.azure.operation(ON_VAULT, url)
    assert (caught.value.problem.code, caught.value.sent) == ("C107", False)
    assert canned.sent == []
    assert canned.credential.asked == 0


def test_a_signed_polling_url_is_followed_as_it_is() -> None:
    canned = Canned(Reply(200, {"status": "Succeeded"}))
    url = f"{ARM}{VAULT.id}/operationStatus/MjA0NztmY2I0=?api-version=2026-07-01&t=1&c=MII~x&s=a_b-c&h=d"
    assert canned.azure.operation(ON_VAULT, url).state == "succeeded"
    assert canned.sent[0].url == url


HOSTILE = [
    "..",
    ".",
    "",
    "a/b",
    "a\\b",
    "../x",
    "%2e%2e",
    "a?b",
    "a#b",
    "x\n",
    "a\x00b",
    "a;b",
    " a",
    "a ",
    "a.",
    "{endpoint}",
    "x" * 261,
]
LOOKS: dict[str, Callable[[Live, VaultRef, VmRef, str], object]] = {
    "vault": lambda look, vault, vm, name: look.vault(vault),
    "storage_config": lambda look, vault, vm, name: look.storage_config(vault),
    "vault_config": lambda look, vault, vm, name: look.vault_config(vault),
    "policy": lambda look, vault, vm, name: look.policy(vault, name),
    "item": lambda look, vault, vm, name: look.item(vault, vm),
    "running_jobs": lambda look, vault, vm, name: look.running_jobs(vault, vm),
    "backup_jobs": lambda look, vault, vm, name: look.backup_jobs(vault, vm),
    "recovery_points": lambda look, vault, vm, name: look.recovery_points(vault, vm),
    "machine": lambda look, vault, vm, name: look.machine(vm),
    "other_vault": lambda look, vault, vm, name: look.other_vault(vault, vm),
    "virtual_machine": lambda look, vault, vm, name: look.virtual_machine(vm),
    "instance_view": lambda look, vault, vm, name: look.instance_view(vm),
    "resource": lambda look, vault, vm, name: look.resource(f"{vm.id}/runCommands/x"),
}
PLACES: dict[str, Callable[[str], tuple[VaultRef, VmRef, str]]] = {
    "vault": lambda name: (VaultRef.of(SUBSCRIPTION, "rg-backup", name), VmRef.of(SUBSCRIPTION, "rg", name), name),
    "group": lambda name: (VaultRef.of(SUBSCRIPTION, name, "rsv"), VmRef.of(SUBSCRIPTION, name, "vm"), name),
    "subscription": lambda name: (VaultRef.of(name, "rg", "rsv"), VmRef.of(name, "rg", "vm"), name),
}


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("place", PLACES)
def test_a_hostile_name_sends_nothing(name: str, place: str) -> None:
    vault, vm, policy = PLACES[place](name)
    canned = Canned(Reply(200, {}))
    for ask in LOOKS.values():
        with pytest.raises(CloudError, match="C108"):
            ask(canned.azure.look(), vault, vm, policy)
    for operation in OPERATIONS:
        with pytest.raises(CloudError, match="C108"):
            canned.azure.send(Write(operation, vault, {}, policy, vm), "id")
    for operation, resource_id in RESOURCES.items():
        odd = resource_id(vm.subscription, vm.resource_group, vm.name)
        with pytest.raises(CloudError, match="C108"):
            canned.azure.send(Write(operation, body=SCRIPT, resource_id=odd), "id")
        with pytest.raises(CloudError, match="C108"):
            canned.azure.operation(Write(operation, resource_id=odd), f"{ARM}/x")
    with pytest.raises(CloudError, match="C108"):
        canned.azure.operation(Write("vault.update", vault), f"{ARM}{vault.id}/backupOperations/1")
    with pytest.raises(CloudError, match="C108"):
        canned.azure.job(vault, name)
    assert canned.sent == []


OPERATIONS: tuple[Operation, ...] = (
    "vault.create",
    "vault.update",
    "storage_config.update",
    "vault_config.update",
    "policy.put",
    "item.put",
    "item.delete",
    "item.backup",
)
SCRIPT = {"properties": {"source": {"script": "linux-proxy.sh"}}}


def _id_of(resource_type: str, child: str = "") -> Callable[[str, str, str], str]:
    return lambda subscription, group, name: arm_id(subscription, group, resource_type, name) + child


_RULE = _id_of("Microsoft.Network/networkSecurityGroups", "/securityRules/x")
_GROUP = _id_of("Microsoft.Network/firewallPolicies", "/ruleCollectionGroups/x")
_COMMAND = _id_of("Microsoft.Compute/virtualMachines", "/runCommands/x")
RESOURCES: dict[Operation, Callable[[str, str, str], str]] = {
    "security_rule.put": _RULE,
    "security_rule.delete": _RULE,
    "firewall.put": _id_of("Microsoft.Network/azureFirewalls"),
    "rule_collection_group.put": _GROUP,
    "rule_collection_group.delete": _GROUP,
    "run_command.put": _COMMAND,
    "run_command.delete": _COMMAND,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_policy_name_in_a_good_vault_sends_nothing(name: str) -> None:
    canned = Canned(Reply(200, {}))
    with pytest.raises(CloudError, match="C108"):
        canned.azure.send(Write("policy.put", VAULT, {}, name), "id")
    assert canned.sent == []


def test_the_path_is_compared_again_when_it_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Were the names not checked, the guard would still see that `..` leads from a policy to its vault."""
    monkeypatch.setattr("reconciler.cloud.paths._checked", lambda name: name)
    canned = Canned(Reply(200, {}))
    for name in ("..", "."):
        with pytest.raises(CloudError, match="C107"):
            canned.azure.send(Write("policy.put", VAULT, {}, name), "id")
        with pytest.raises(CloudError, match="C107"):
            canned.azure.look().policy(VAULT, name)
    assert canned.sent == []


def test_a_call_that_reaches_another_resource_than_it_means_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        VmRef, "container", property(lambda vm: "IaasVMContainer;iaasvmcontainerv2;rg;other"), raising=True
    )
    monkeypatch.setattr(VmRef, "item_id", lambda vm, vault: f"{vault.id}/backupFabrics/Azure/protectionContainers/x")
    canned = Canned(Reply(202))
    with pytest.raises(CloudError, match="C107"):
        canned.azure.send(Write("item.delete", VAULT, vm=VM), "id")
    assert canned.sent == []


def test_a_call_that_does_not_say_what_it_means_is_stopped() -> None:
    canned = Canned(Reply(200, {"value": []}))
    client = canned.azure._clients.backup(SUBSCRIPTION)
    with pytest.raises(CloudError, match="does not say which resource"):
        list(client.backup_policies.list(VAULT.name, VAULT.resource_group))
    names = (VAULT.name, VAULT.resource_group, "Azure", VM.container, VM.item)
    with pytest.raises(CloudError, match="PUT is meant"):
        client.protected_items.delete(*names, meant=VM.item_id(VAULT), meant_method="PUT")
    assert canned.sent == []


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_reading_command_can_not_write(operation: Operation) -> None:
    canned = Canned(Reply(200, {}), read_only=True)
    with pytest.raises(CloudError) as caught:
        canned.azure.send(Write(operation, VAULT, {}, "daily", VM), "id")
    assert (caught.value.problem.code, caught.value.sent) == ("C107", False)
    assert canned.sent == []


@pytest.mark.parametrize("operation", RESOURCES)
def test_a_reading_command_can_not_write_to_networks_and_guests(operation: Operation) -> None:
    canned = Canned(Reply(200, {}), read_only=True)
    resource_id = RESOURCES[operation](SUBSCRIPTION, "rg", "x")
    with pytest.raises(CloudError) as caught:
        canned.azure.send(Write(operation, body=SCRIPT, resource_id=resource_id), "id")
    assert (caught.value.problem.code, caught.value.sent) == ("C107", False)
    assert canned.sent == []


@pytest.mark.parametrize(
    "resource_id",
    [
        "",
        "/",
        VM.id[1:],
        f"{VM.id}/",
        f"{VM.id}/runCommands",
        f"/subscriptions/{SUBSCRIPTION}",
        ARM + VM.id,
        f"{VM.id}?x",
    ],
)
def test_what_is_no_id_of_a_resource_is_not_asked_for(resource_id: str) -> None:
    canned = Canned(Reply(200, {}))
    with pytest.raises(CloudError, match="C108"):
        canned.azure.look().resource(resource_id)
    assert canned.sent == []


def test_a_reading_command_may_ask_by_post_which_vault_protects_a_vm() -> None:
    status = {"protectionStatus": "Protected", "vaultId": VaultRef.of(SUBSCRIPTION, "rg-x", "rsv-x").id}
    vm = {"id": VM.id, "location": "westeurope"}
    canned = Canned(Reply(200, vm), Reply(200, status), read_only=True)
    assert canned.azure.look().other_vault(VAULT, VM) == status["vaultId"]
    assert [sent.method for sent in canned.sent] == ["GET", "POST"]
    assert canned.sent[1].body == {"resourceType": "VM", "resourceId": VM.id}


def test_an_endpoint_may_have_a_path_of_its_own() -> None:
    vm, status = Reply(200, {"id": VM.id, "location": "West Europe"}), Reply(200, {})
    canned = Canned(vm, status, read_only=True, endpoint="https://arm.example/stack/")
    assert canned.azure.look().other_vault(VAULT, VM) == ""
    where = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.RecoveryServices/locations/westeurope/backupStatus"
    assert canned.sent[0].url == f"https://arm.example/stack{VM.id}?api-version=2026-04-01"
    assert canned.sent[1].path.lower() == f"https://arm.example/stack{where}".lower()


@pytest.mark.parametrize(
    "path",
    [
        "/subscriptions/s/providers/Microsoft.RecoveryServices/register",
        "/x/backupStatus",
        "/subscriptions/s/providers/x/backupStatus",
        "/providers/Microsoft.PolicyInsights/checkPolicyRestrictions",
        "/subscriptions/s/resourceGroups/g/x/providers/Microsoft.PolicyInsights/checkPolicyRestrictions",
        "/subscriptions/s/providers/Microsoft.PolicyInsights/checkPolicyRestrictions/x",
        "/subscriptions/s/providers/Microsoft.PolicyInsights/policyStates/latest/triggerEvaluation",
        "/subscriptions/s/resourceGroups/g/providers/Microsoft.Authorization/permissions",
        "/providers/Microsoft.ResourceGraph/operations",
        "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v/x",
        "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v/x/listNetworkManagerEffectiveSecurityAdminRules",
        "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/listNetworkManagerEffectiveSecurityAdminRules",
        "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v/listNetworkManagerEffectiveSecurityAdminRules/x",
    ],
)
def test_no_other_post_counts_as_a_read(path: str) -> None:
    from azure.core.pipeline import Pipeline
    from azure.core.rest import HttpRequest

    canned = Canned(Reply(200, {}))
    pipeline = Pipeline(canned.transport, [ReadOnlyPolicy(ARM)])
    with pytest.raises(CloudError, match="only reads"):
        pipeline.run(HttpRequest("POST", ARM + path))
    assert canned.sent == []


def test_a_page_link_to_another_host_or_list_is_not_followed() -> None:
    for link in (f"https://evil.example{VAULT.id}/backupJobs?x=1", f"{ARM}{VAULT.id}/backupPolicies?x=1"):
        canned = Canned(Reply(200, {"value": [], "nextLink": link}))
        with pytest.raises(Unreadable, match="C107"):
            canned.azure.look().running_jobs(VAULT, VM)
        assert len(canned.sent) == 1


def test_a_redirect_is_not_followed() -> None:
    canned = Canned(Reply(302, None, {"Location": "https://evil.example/"}))
    with pytest.raises(Unreadable, match="302"):
        canned.azure.look().vault(VAULT)
    assert len(canned.sent) == 1


def test_an_unregistered_provider_is_reported_and_never_registered() -> None:
    message = "The subscription is not registered to use namespace 'Microsoft.RecoveryServices'."
    canned = Canned(Reply(409, {"error": {"code": "MissingSubscriptionRegistration", "message": message}}))
    with pytest.raises(Unreadable, match=r"az provider register --namespace Microsoft\.RecoveryServices"):
        canned.azure.look().vault(VAULT)
    with pytest.raises(CloudError, match="az provider register"):
        canned.azure.send(Write("vault.create", VAULT, {}), "id")
    assert [sent.method for sent in canned.sent] == ["GET", "PUT"]
