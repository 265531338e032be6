"""Unknown is not absent: which answers prove an absence, and everything else that must not be taken for one."""

import json
from collections.abc import Callable

import pytest

from reconciler.core.errors import CloudError, Unreadable
from reconciler.core.live import Live
from tests.cloud.canned import (
    ARM,
    COMMAND_ID,
    FIREWALL,
    NSG,
    ON_VAULT,
    RULE_ID,
    VAULT,
    VM,
    Canned,
    Reply,
    Sent,
    error,
)

ITEM = {"id": VM.item_id(VAULT), "name": VM.item, "properties": {"sourceResourceId": VM.id}}
GATEWAY_404 = error(404, "ResourceNotFound", "The Resource 'Microsoft.RecoveryServices/vaults/rsv-prod' was not found.")
READS: dict[str, Callable[[Live], object]] = {
    "vault": lambda look: look.vault(VAULT),
    "storage_config": lambda look: look.storage_config(VAULT),
    "vault_config": lambda look: look.vault_config(VAULT),
    "policy": lambda look: look.policy(VAULT, "daily"),
    "item": lambda look: look.item(VAULT, VM),
    "machine": lambda look: look.machine(VM),
    "instance_view": lambda look: look.instance_view(VM),
    "security group": lambda look: look.resource(NSG.id),
    "firewall": lambda look: look.resource(FIREWALL.id),
    "security rule": lambda look: look.resource(RULE_ID),
    "run command": lambda look: look.resource(COMMAND_ID),
}
LISTS: dict[str, Callable[[Live], object]] = {
    "running_jobs": lambda look: look.running_jobs(VAULT, VM),
    "backup_jobs": lambda look: look.backup_jobs(VAULT, VM),
    "recovery_points": lambda look: look.recovery_points(VAULT, VM),
}


@pytest.mark.parametrize("read", READS.values(), ids=READS)
@pytest.mark.parametrize("code", ["ResourceNotFound", "ResourceGroupNotFound"])
def test_the_404s_that_prove_an_absence(read: Callable[[Live], object], code: str) -> None:
    assert read(Canned(error(404, code)).azure.look()) is None


@pytest.mark.parametrize("read", LISTS.values(), ids=LISTS)
def test_what_does_not_exist_has_no_jobs_and_no_points(read: Callable[[Live], object]) -> None:
    assert read(Canned(GATEWAY_404).azure.look()) == ()


@pytest.mark.parametrize("code", ["NotFound", "ParentResourceNotFound"])
def test_what_lies_inside_a_resource_has_404s_of_its_own(code: str) -> None:
    for resource_id in (RULE_ID, COMMAND_ID):
        assert Canned(error(404, code)).azure.look().resource(resource_id) is None
    assert Canned(error(404, code)).azure.look().instance_view(VM) is None
    for name in ("machine", "security group", "firewall"):
        with pytest.raises(Unreadable):
            READS[name](Canned(error(404, code)).azure.look())


def test_a_run_command_comes_with_how_it_ran() -> None:
    canned = Canned(Reply(200, {"properties": {}}))
    look = canned.azure.look()
    assert look.resource(COMMAND_ID) is look.resource(COMMAND_ID.upper().replace("/SUBSCRIPTIONS/", "/subscriptions/"))
    assert [sent.url.partition("?")[2] for sent in canned.sent] == ["api-version=2026-04-01&%24expand=instanceView"]


def test_a_vm_and_its_body_are_one_request() -> None:
    canned = Canned(Reply(200, {"id": VM.id, "location": "westeurope"}))
    look = canned.azure.look()
    assert look.machine(VM)
    assert look.virtual_machine(VM) == {"id": VM.id, "location": "westeurope"}
    assert len(canned.sent) == 1


def test_a_missing_item_has_a_code_of_its_own() -> None:
    gone = error(404, "BMSUserErrorDataSourceObjectNotFound", "Item not found.")
    assert Canned(gone).azure.look().item(VAULT, VM) is None
    assert Canned(gone).azure.look().recovery_points(VAULT, VM) == ()
    with pytest.raises(Unreadable):
        Canned(gone).azure.look().vault(VAULT)


def test_a_missing_policy_is_an_empty_object() -> None:
    assert Canned(Reply(404, {})).azure.look().policy(VAULT, "daily") is None
    for other in (READS["vault"], READS["item"], READS["storage_config"]):
        with pytest.raises(Unreadable):
            other(Canned(Reply(404, {})).azure.look())
    with pytest.raises(Unreadable):
        Canned(Reply(404, {"surprise": 1})).azure.look().policy(VAULT, "daily")


def test_a_missing_group_is_told_from_a_missing_vault() -> None:
    assert Canned(error(404, "ResourceGroupNotFound")).azure.look().group_missing(VAULT)
    assert not Canned(GATEWAY_404).azure.look().group_missing(VAULT)
    assert not Canned(Reply(200, {"name": "rsv-prod"})).azure.look().group_missing(VAULT)


UNREADABLE = {
    "403": error(403, "AuthorizationFailed"),
    "another 404": error(404, "SubscriptionNotFound"),
    "404 without a body": Reply(404),
    "404 of a sign-in page": Reply(404, b"<html></html>", {"Content-Type": "text/html"}),
    "500": error(500, "InternalServerError"),
    "sign-in page": Reply(200, b"<html>Please sign in</html>", {"Content-Type": "text/html"}),
    "json that says it is html": Reply(200, {"value": []}, {"Content-Type": "text/html"}),
    "html that says it is json": Reply(200, b"<html></html>"),
    "no body": Reply(200),
    "204": Reply(204),
    "null": Reply(200, b"null"),
    "a list": Reply(200, []),
    "a text": Reply(200, "x"),
    "not utf-8": Reply(200, b'{"name": "\xff"}'),
    "deep nesting": Reply(200, b'{"a":' + b"[" * 100_000),
}


@pytest.mark.parametrize("read", [*READS.values(), *LISTS.values()], ids=[*READS, *LISTS])
@pytest.mark.parametrize("reply", UNREADABLE.values(), ids=UNREADABLE)
def test_what_is_not_an_answer_is_unreadable(read: Callable[[Live], object], reply: Reply) -> None:
    with pytest.raises(Unreadable) as caught:
        read(Canned(reply).azure.look())
    assert not caught.value.sent
    assert all(
        [caught.value.problem.code, caught.value.problem.where, caught.value.problem.why, caught.value.problem.remedy]
    )


def test_half_an_answer_is_unreadable_wherever_it_ends() -> None:
    whole = json.dumps(ITEM).encode()
    for end in range(len(whole)):
        with pytest.raises(Unreadable):
            Canned(Reply(200, whole[:end])).azure.look().item(VAULT, VM)
    page = json.dumps({"value": [ITEM]}).encode()
    for end in range(len(page)):
        with pytest.raises(Unreadable):
            Canned(Reply(200, page[:end])).azure.look().recovery_points(VAULT, VM)


def test_an_answer_that_is_too_large_is_unreadable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reconciler.cloud.reading.LARGEST_BODY_BYTES", 1000)
    assert Canned(Reply(200, {"x": "y" * 900})).azure.look().vault(VAULT)
    with pytest.raises(Unreadable, match="larger than 1000 bytes"):
        Canned(Reply(200, {"x": "y" * 1000})).azure.look().vault(VAULT)


def points(look: Live) -> list[object]:
    return [point["name"] for point in look.recovery_points(VAULT, VM)]


def test_pages_are_read_to_the_end() -> None:
    path = f"{VM.item_id(VAULT)}/recoveryPoints"

    def script(sent: Sent) -> Reply:
        page = int(sent.url.partition("skipToken=")[2] or 0)
        link = f"{ARM}{path}?api-version=2026-10-01&%24skipToken={page + 1}" if page < 6 else ""
        return Reply(200, {"value": [{"id": f"{page}", "name": page}], "nextLink": link})

    canned = Canned(script)
    assert points(canned.azure.look()) == list(range(7))
    assert len(canned.sent) == 7


@pytest.mark.parametrize("end", [{}, {"nextLink": None}, {"nextLink": ""}])
def test_a_list_ends_without_a_link(end: dict[str, object]) -> None:
    assert points(Canned(Reply(200, {"value": [], **end})).azure.look()) == []


def test_a_list_that_turns_in_a_circle_is_unreadable() -> None:
    path = f"{VM.item_id(VAULT)}/recoveryPoints"
    canned = Canned(
        Reply(200, {"value": [], "nextLink": f"{ARM}{path}?page=2"}),
        Reply(200, {"value": [], "nextLink": f"{ARM}{path}?page=3"}),
        Reply(200, {"value": [], "nextLink": f"{ARM}{path}?page=2"}),
    )
    with pytest.raises(Unreadable, match="C109"):
        points(canned.azure.look())
    assert len(canned.sent) == 3


def test_a_list_without_end_is_unreadable() -> None:
    path = f"{VM.item_id(VAULT)}/recoveryPoints"
    numbers = iter(range(10_000))
    canned = Canned(lambda sent: Reply(200, {"value": [], "nextLink": f"{ARM}{path}?page={next(numbers)}"}))
    with pytest.raises(Unreadable, match="C109"):
        points(canned.azure.look())
    assert len(canned.sent) == 1000


@pytest.mark.parametrize("page", [{}, {"value": None}, {"value": {}}, {"value": ["x"]}, {"value": [], "nextLink": 5}])
def test_what_is_no_page_is_unreadable(page: object) -> None:
    with pytest.raises(Unreadable, match="C102"):
        points(Canned(Reply(200, page)).azure.look())


def test_braces_in_a_link_are_no_place_to_fill_in() -> None:
    path = f"{VM.item_id(VAULT)}/recoveryPoints"
    canned = Canned(Reply(200, {"value": [], "nextLink": f"{ARM}{path}?t={{endpoint}}"}), Reply(200, {"value": []}))
    assert points(canned.azure.look()) == []
    assert canned.sent[1].url.endswith("?t=%7Bendpoint%7D")


def test_names_and_filters_are_encoded() -> None:
    canned = Canned(Reply(200, {"value": []}))
    look = canned.azure.look()
    look.policy(VAULT, "my policy (1)")
    look.item(VAULT, VM)
    look.running_jobs(VAULT, VM)
    assert canned.sent[0].path.endswith("/backupPolicies/my%20policy%20%281%29")
    assert canned.sent[1].path.endswith("/protectedItems/VM%3Biaasvmcontainerv2%3Brg-app%3Bvm-web-01")
    assert canned.sent[2].url.endswith("/backupJobs?api-version=2026-10-01&%24filter=status%20eq%20%27InProgress%27")


def test_a_look_asks_each_thing_once_and_the_next_look_asks_again() -> None:
    canned = Canned(Reply(200, {"name": "x"}))
    look = canned.azure.look()
    for read in READS.values():
        read(look), read(look)
    assert len(canned.sent) == len(READS)
    canned.azure.look().vault(VAULT)
    assert len(canned.sent) == len(READS) + 1


def test_a_look_that_could_not_read_says_so_each_time() -> None:
    canned = Canned(error(403, "AuthorizationFailed"), Reply(200, {}))
    look = canned.azure.look()
    for _ in range(2):
        with pytest.raises(Unreadable):
            look.vault(VAULT)
    assert len(canned.sent) == 1


def test_ids_differ_in_case_and_are_the_same() -> None:
    vm = {"id": VM.id.upper(), "location": "westeurope", "tags": {"a": "b"}}
    found = Canned(Reply(200, vm)).azure.look().machine(VM)
    assert found is not None
    assert (found.ref, found.os, found.tags) == (VM, "", {"a": "b"})


def test_where_there_is_neither_vm_nor_vault_nothing_protects_it() -> None:
    canned = Canned(error(404, "ResourceNotFound"))
    assert canned.azure.look().other_vault(VAULT, VM) == ""
    assert [sent.method for sent in canned.sent] == ["GET", "GET"]


def test_the_vault_of_the_spec_itself_is_no_other_vault() -> None:
    vm = Reply(200, {"id": VM.id, "location": "westeurope"})
    for status in (
        {"protectionStatus": "Protected", "vaultId": VAULT.id.upper()},
        {"protectionStatus": "NotProtected", "vaultId": VAULT.id + "-other"},
        {"protectionStatus": "ProtectionFailed", "vaultId": ""},
        {},
    ):
        assert Canned(vm, Reply(200, status)).azure.look().other_vault(VAULT, VM) == ""
    with pytest.raises(Unreadable):
        Canned(vm, error(403, "AuthorizationFailed")).azure.look().other_vault(VAULT, VM)
    with pytest.raises(Unreadable):
        Canned(vm, Reply(200, b"<html>", {"Content-Type": "text/html"})).azure.look().other_vault(VAULT, VM)


def test_an_operation_that_can_not_be_read_is_an_error() -> None:
    for reply in (Reply(200, b"{"), error(403, "AuthorizationFailed"), Reply(500), Reply(301)):
        with pytest.raises(CloudError):
            Canned(reply).azure.operation(ON_VAULT, f"{ARM}{VAULT.id}/backupOperations/1")
