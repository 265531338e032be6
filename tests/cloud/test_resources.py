"""Networks and instance views in bulk: which lists are read, what they prove, and what is asked for one by one."""

from typing import Any

import pytest

from reconciler.core.desired import FirewallEgress, NsgEgress, ProxyEgress, Spec
from reconciler.core.errors import Place, Unreadable
from reconciler.core.ids import FIREWALL_TYPE, NSG_TYPE, STORAGE_ACCOUNT_TYPE, NsgRef, arm_id
from reconciler.core.live import Survey
from tests.cloud.canned import (
    FIREWALL,
    GROUP_ID,
    NSG,
    RULE_ID,
    SUBSCRIPTION,
    VM,
    Canned,
    Reply,
    Sent,
    error,
)

PLACE = Place("spec.yaml", 1, 1)
PROVIDERS = f"/subscriptions/{SUBSCRIPTION}/providers"
NSGS, VMS = f"{PROVIDERS}/{NSG_TYPE}", f"{PROVIDERS}/Microsoft.Compute/virtualMachines"
NETWORKS, NICS = f"{PROVIDERS}/Microsoft.Network/virtualNetworks", f"{PROVIDERS}/Microsoft.Network/networkInterfaces"
LOCKS = f"{PROVIDERS}/Microsoft.Authorization/locks"
VNET = arm_id(SUBSCRIPTION, "rg-net", "Microsoft.Network/virtualNetworks", "vnet")
NIC = arm_id(SUBSCRIPTION, "rg-app", "Microsoft.Network/networkInterfaces", "vm-web-01-nic")
AGENT = {"vmAgentVersion": "2.11.1.12"}


def body(resource_id: str, **properties: object) -> dict[str, object]:
    return {"id": resource_id, "properties": properties}


def survey(found: dict[str, Any], spec: Spec | None = None) -> tuple[Survey, Canned]:
    """A list is a Python list; what is not there is the gateway's 404."""

    def answer(sent: Sent) -> Reply:
        reply = found.get(sent.path, error(404, "ResourceNotFound"))
        if isinstance(reply, Reply):
            return reply
        return Reply(200, {"value": reply} if isinstance(reply, list) else reply)

    canned = Canned(answer, read_only=True)
    return canned.azure.survey(spec or Spec("d")), canned


def paths(canned: Canned) -> list[str]:
    return [sent.path for sent in canned.sent]


def test_one_list_answers_for_all_resources_of_a_type() -> None:
    nsgs = [body(NsgRef.of(SUBSCRIPTION, "RG-NET", f"nsg-{number}").id) for number in range(50)]
    found, canned = survey({NSGS: nsgs})
    for number in range(50):
        ref = NsgRef.of(SUBSCRIPTION, "rg-net", f"nsg-{number}")
        assert found.resource(ref.id) == nsgs[number]
    assert list(found.resources(SUBSCRIPTION.upper(), NSG_TYPE)) == nsgs
    assert paths(canned) == [NSGS]
    assert canned.sent[0].url.endswith("?api-version=2026-03-01")


def test_what_lies_inside_a_resource_comes_with_it() -> None:
    rule, subnet = body(RULE_ID, priority=100), body(f"{VNET}/subnets/app")
    found, canned = survey({NSGS: [body(NSG.id, securityRules=[rule])], NETWORKS: [body(VNET, subnets=[subnet])]})
    assert found.resource(RULE_ID) == rule
    assert found.resource(RULE_ID.lower().replace("/resourcegroups/", "/resourceGroups/")) == rule
    assert found.resource(f"{NSG.id}/securityRules/other") is None
    assert found.resource(f"{VNET}/subnets/app") == subnet
    assert paths(canned) == [NSGS, NETWORKS]


def test_what_lies_inside_nothing_is_absent() -> None:
    found, canned = survey({NSGS: []})
    assert found.resource(RULE_ID) is None
    assert paths(canned) == [NSGS, NSG.id]


def test_what_the_list_lacks_is_asked_for_once() -> None:
    found, canned = survey({NICS: [], NIC: body(NIC)})
    assert found.resource(NIC) == found.resource(NIC) == body(NIC)
    assert found.resource(NIC.replace("web-01", "web-02")) is None
    assert paths(canned) == [NICS, NIC, NIC.replace("web-01", "web-02")]


def test_without_the_right_to_list_the_resource_itself_is_asked_for() -> None:
    found, _ = survey({NSGS: error(403, "AuthorizationFailed"), NSG.id: body(NSG.id)})
    assert found.resource(NSG.id) == body(NSG.id)
    with pytest.raises(Unreadable):
        found.resources(SUBSCRIPTION, NSG_TYPE)


@pytest.mark.parametrize("reply", [error(500, "InternalServerError"), Reply(200, b"<html>"), error(404, "NotFound")])
def test_a_list_that_can_not_be_read_proves_nothing(reply: Reply) -> None:
    found, _ = survey({NSGS: reply, NSG.id: body(NSG.id), LOCKS: reply, VMS: reply})
    for ask in (
        lambda: found.resource(NSG.id),
        lambda: found.resource(RULE_ID),
        lambda: found.resources(SUBSCRIPTION, NSG_TYPE),
        lambda: found.locks(SUBSCRIPTION),
        lambda: found.virtual_machine(VM),
        lambda: found.instance_view(VM),
    ):
        with pytest.raises(Unreadable):
            ask()


def test_rule_collection_groups_are_asked_for_one_by_one() -> None:
    found, canned = survey({GROUP_ID: body(GROUP_ID)})
    for _ in range(2):
        assert found.resource(GROUP_ID) == body(GROUP_ID)
        assert found.resource(GROUP_ID.replace("/azbackup", "/other")) is None
    assert len(canned.sent) == 2


def test_a_machine_and_its_body_are_of_one_list() -> None:
    vm = {"id": VM.id, "location": "westeurope", "properties": {"storageProfile": {"osDisk": {"osType": "Linux"}}}}
    found, canned = survey({VMS: [vm, {"id": "/odd"}]})
    machine = found.machine(VM)
    assert machine is not None
    assert machine.os == "Linux"
    assert found.virtual_machine(VM) == vm
    assert list(found.machines(SUBSCRIPTION)) == [machine]
    assert paths(canned) == [VMS]


def test_one_list_has_the_instance_views_of_all() -> None:
    others = [f"{VM.id}-{number}" for number in range(20)]
    found, canned = survey({VMS: [body(each, instanceView={"vmAgent": AGENT}) for each in (VM.id, *others)]})
    assert found.instance_view(VM) == {"vmAgent": AGENT}
    assert [sent.url.partition("&")[2] for sent in canned.sent] == ["statusOnly=true"]


def test_a_view_that_does_not_speak_of_the_agent_is_asked_for_again() -> None:
    """Which parts of the view such a list holds is not documented."""
    own = {"vmAgent": AGENT, "statuses": []}
    found, canned = survey({VMS: [body(VM.id, instanceView={"statuses": []})], f"{VM.id}/instanceView": own})
    assert found.instance_view(VM) == found.instance_view(VM) == own
    assert paths(canned) == [VMS, f"{VM.id}/instanceView"]
    found, _ = survey({VMS: []})
    assert found.instance_view(VM) is None


def test_locks_of_a_subscription_are_one_list() -> None:
    subscription = SUBSCRIPTION.replace("1", "a")
    lock = {"id": f"{NSG.id}/providers/Microsoft.Authorization/locks/keep", "properties": {"level": "CanNotDelete"}}
    found, canned = survey({LOCKS.replace(SUBSCRIPTION, subscription): [lock]})
    assert list(found.locks(subscription)) == list(found.locks(subscription.upper())) == [lock]
    assert [sent.url.partition("?")[2] for sent in canned.sent] == ["api-version=2020-05-01"]


def test_the_lists_that_every_plan_asks_for_are_read_beforehand() -> None:
    egresses = (
        NsgEgress("app", NSG, PLACE),
        ProxyEgress("lockdown", "10.0.0.5", 8080, PLACE, SUBSCRIPTION, nsg=NSG),
        ProxyEgress("open", "10.0.0.6", 8080, PLACE, SUBSCRIPTION),
        FirewallEgress("hub", FIREWALL, ("10.0.0.0/16",), PLACE),
    )
    firewalls = f"{PROVIDERS}/{FIREWALL_TYPE}"
    found, canned = survey({NSGS: [body(NSG.id)], firewalls: [body(FIREWALL.id)]}, Spec("d", egresses=egresses))
    assert [path.lower() for path in paths(canned)] == [firewalls.lower(), NSGS.lower()]
    assert found.resource(NSG.id)
    assert found.resource(FIREWALL.id)
    assert len(canned.sent) == 2


def test_storage_accounts_come_from_one_list_for_a_survey_and_for_a_fresh_look() -> None:
    path, account = f"{PROVIDERS}/{STORAGE_ACCOUNT_TYPE}", body("/subscriptions/s/x", encryption={})
    seen, canned = survey({path: [account]})
    for _ in range(3):
        assert list(seen.resources(SUBSCRIPTION, STORAGE_ACCOUNT_TYPE)) == [account]
    assert paths(canned) == [path]
    look = canned.azure.look()
    for _ in range(3):
        assert list(look.resources(SUBSCRIPTION, STORAGE_ACCOUNT_TYPE)) == [account]
    assert paths(canned) == [path, path]
    assert "api-version=2024-01-01" in canned.sent[-1].url
