"""What people read when Azure says no."""

import pytest
from azure.core.exceptions import ServiceRequestError

from reconciler.cloud.errors import failed, plain, refused, service_error
from reconciler.cloud.refusals import REFUSALS, UNKNOWN, refusal_of

WHERE = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.RecoveryServices/vaults/v"


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (b'{"error":{"code":"A","message":"b"}}', ("A", "b")),
        (
            b'{"error":{"code":"A","message":"one\\r\\ntwo","target":null,"details":null,"innerError":null}}',
            ("A", "one two"),
        ),
        (b'{"code":"A","message":"b"}', ("A", "b")),
        (b'{"error":{}}', ("", "")),
        (b'{"error":null}', ("", "")),
        (b'{"error":"text"}', ("", "")),
        (b"{}", ("", "")),
        (b"[]", ("", "")),
        (b"<html>", ("", "")),
        (b"", ("", "")),
        (b'{"error":{"code":5,"message":null}}', ("5", "")),
    ],
)
def test_error_envelopes(body: bytes, found: tuple[str, str]) -> None:
    assert service_error(body) == found


def test_a_missing_permission_names_action_scope_and_role() -> None:
    message = (
        "The client 'a' with object id 'b' does not have authorization to perform action "
        "'Microsoft.RecoveryServices/vaults/write' over scope '/subscriptions/s' or the scope is invalid."
    )
    body = f'{{"error":{{"code":"AuthorizationFailed","message":"{message}"}}}}'.encode()
    raised = refused("PUT", WHERE, 403, {"x-ms-request-id": "req-1"}, body)
    assert raised.problem.code == "C104"
    assert "Microsoft.RecoveryServices/vaults/write on /subscriptions/s" in raised.problem.remedy
    assert "--role 'Backup Contributor'" in raised.problem.remedy
    assert "request id req-1" in raised.problem.why
    assert (raised.transient, raised.sent) == (False, False)


@pytest.mark.parametrize(
    ("action", "role"),
    [
        ("Microsoft.RecoveryServices/vaults/read", "Backup Reader"),
        ("Microsoft.RecoveryServices/locations/backupStatus/action", "Backup Reader"),
        ("Microsoft.RecoveryServices/Vaults/backupPolicies/write", "Backup Contributor"),
        (
            "Microsoft.RecoveryServices/Vaults/backupFabrics/protectionContainers/protectedItems/backup/action",
            "Backup Operator",
        ),
        (
            "Microsoft.RecoveryServices/Vaults/backupFabrics/protectionContainers/protectedItems/delete",
            "Backup Contributor",
        ),
        ("Microsoft.Compute/virtualMachines/read", "Reader"),
        ("Microsoft.Compute/virtualMachines/write", "Virtual Machine Contributor"),
        ("Microsoft.Compute/virtualMachines/runCommands/write", "Virtual Machine Contributor"),
        ("Microsoft.Network/networkSecurityGroups/securityRules/write", "Network Contributor"),
        ("Microsoft.Network/networkSecurityGroups/read", "Reader"),
        ("Microsoft.Authorization/locks/read", "Backup Reader"),
    ],
)
def test_the_smallest_role_for_an_action(action: str, role: str) -> None:
    body = f'{{"error":{{"code":"AuthorizationFailed","message":"no action \'{action}\' over scope \'/s\'"}}}}'.encode()
    assert f"--role '{role}' " in refused("GET", WHERE, 403, {}, body).problem.remedy


def test_a_missing_permission_on_a_linked_resource_is_named_too() -> None:
    message = (
        "The client 'a' with object id 'b' has permission to perform action 'x/write' on scope '/s'; however, it does not have "
        "permission to perform action(s) 'Microsoft.Compute/virtualMachines/write' on the linked scope(s) '/vm' or the linked "
        "scope(s) are invalid."
    )
    body = f'{{"error":{{"code":"LinkedAuthorizationFailed","message":"{message}"}}}}'.encode()
    remedy = refused("PUT", WHERE, 403, {}, body).problem.remedy
    assert "Microsoft.Compute/virtualMachines/write on /vm" in remedy
    assert "--role 'Virtual Machine Contributor' --scope /vm" in remedy


def test_an_unknown_code_keeps_azures_text_and_request_id() -> None:
    body = b'{"error":{"code":"BrandNew","message":"Read this \\u001b[2J\\u202ehere."}}'
    raised = refused("PUT", WHERE, 400, {"x-ms-request-id": "abc"}, body)
    assert raised.service_code == "BrandNew"
    assert raised.problem.what == "Azure refused PUT with 400 BrandNew"
    assert raised.problem.why == "Azure says: Read this \ufffd[2J\ufffdhere.; request id abc"
    assert raised.problem.remedy == UNKNOWN.remedy


def test_an_answer_without_a_word_still_has_five_parts() -> None:
    problem = refused("GET", WHERE, 502, {}, b"").problem
    assert all([problem.code, problem.where, problem.what, problem.why, problem.remedy])


def test_a_certificate_that_nobody_trusts_names_the_setting() -> None:
    raised = failed(ServiceRequestError("certificate verify failed: self-signed certificate in chain"), "GET", WHERE)
    assert "REQUESTS_CA_BUNDLE" in raised.problem.remedy


def test_codes_are_found_in_any_case_and_all_say_what_to_do() -> None:
    assert refusal_of("bmsusererrorobjectlocked") is REFUSALS["BMSUserErrorObjectLocked"]
    assert refusal_of("nobody-knows") is UNKNOWN
    assert len({code.lower() for code in REFUSALS}) == len(REFUSALS)
    assert [code for code, refusal in REFUSALS.items() if not refusal.why or not refusal.remedy] == []


PASSING = {
    "RSVaultUpdateErrorConflictingOperationInProgress",
    "BMSUserErrorConflictingProtectionOperation",
    "BMSUserErrorObjectLocked",
    "ResourceRequestsThrottled",
    "SubscriptionRequestsThrottled",
    "CloudInternalError",
}
LASTING = {
    "BMSUserErrorInvalidPolicyInput",
    "BMSUserErrorPolicyRetentionInvalid",
    "BMSUserErrorInvalidPolicyForGivenProvider",
    "BMSUserErrorRedundancySettingsUseVaultApi",
    "BMSUserErrorSoftDeleteUseVaultApi",
    "StorageModelModifyError",
    "UserErrorDeleteBackupItemOnImmutableItem",
    "ServiceResourceNotEmptyWithBackendMessage",
    "AuthorizationFailed",
    "CloudDosTimeboudLimitReached",
}


def test_which_refusals_pass_by_themselves() -> None:
    """backup-rules section F, below the catalogue."""
    assert {code for code in PASSING | LASTING if refusal_of(code).passing} == PASSING
    assert set(REFUSALS) >= PASSING | LASTING


def test_plain_text_is_one_line_of_limited_length() -> None:
    assert plain("a\r\n\tb\u2028c\x07") == "a b c\ufffd"
    assert len(plain("x" * 10_000)) == 600
