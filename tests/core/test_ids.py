"""ARM ids: parts, casing, and the names of Azure Backup."""

from __future__ import annotations

import pytest

from reconciler.core.ids import VaultRef, VmRef, parse_policy_name, parse_vault, parse_vm

SUB = "38304e13-357e-405e-9e9a-220351dcce8c"
VAULT = VaultRef.of(SUB, "HiagaRG", "hiagaVault2")
VM = VmRef.of(SUB, "HIAGARG", "hiaganewVM2")


def test_ids_keep_the_casing_of_the_spec() -> None:
    assert (
        VAULT.id
        == f"/subscriptions/{SUB}/resourceGroups/HiagaRG/providers/Microsoft.RecoveryServices/vaults/hiagaVault2"
    )
    assert VAULT.policy_id("Daily") == f"{VAULT.id}/backupPolicies/Daily"
    assert (
        VM.id == f"/subscriptions/{SUB}/resourceGroups/HIAGARG/providers/Microsoft.Compute/virtualMachines/hiaganewVM2"
    )


def test_item_names_are_lower_case_as_in_the_recorded_lists() -> None:
    assert VM.container == "IaasVMContainer;iaasvmcontainerv2;hiagarg;hiaganewvm2"
    assert VM.item == "VM;iaasvmcontainerv2;hiagarg;hiaganewvm2"
    assert VM.item_id(VAULT) == (
        f"{VAULT.id}/backupFabrics/Azure/protectionContainers/{VM.container}/protectedItems/{VM.item}"
    )


def test_casing_makes_no_difference_to_equality_hash_and_order() -> None:
    other = VmRef.of(SUB.upper(), "hiagarg", "HIAGANEWVM2")
    later = VmRef.of(SUB, "hiagarg", "z")
    assert other == VM
    assert len({other, VM, later}) == 2
    assert max(VM, other) is VM
    assert max(other, VM) is other
    assert sorted([later, other]) == [VM, later]


@pytest.mark.parametrize(
    "text",
    [
        VAULT.id,
        VAULT.id.upper(),
        VAULT.id + "/backupPolicies/p",
        VM.item_id(VAULT),
        f"https://management.azure.com{VAULT.id}",
        VAULT.id.replace("/subscriptions", "/Subscriptions") + "/",
    ],
)
def test_the_vault_of_an_id(text: str) -> None:
    assert parse_vault(text) == VAULT


@pytest.mark.parametrize("text", ["", "/", "https://management.azure.com", VM.id, VAULT.id.replace("vaults", "vault")])
def test_ids_that_name_no_vault(text: str) -> None:
    assert parse_vault(text) is None


def test_the_virtual_machine_of_an_id() -> None:
    assert parse_vm(VM.id) == VM
    assert parse_vm(VM.id.lower()) == VM
    assert parse_vm(VM.id + "/extensions/x") is None
    assert parse_vm(VAULT.id) is None
    assert parse_vm(VM.id.replace("providers", "provider")) is None


def test_policy_names() -> None:
    assert parse_policy_name(VAULT.policy_id("Daily!")) == "Daily!"
    assert parse_policy_name("") == ""
