"""What lies in the vaults of a spec and is not in the spec: named, never touched."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reconciler.core.desired import DesiredVault, Spec
from reconciler.core.errors import Unreadable
from reconciler.core.ids import parse_vm
from reconciler.core.live import Survey
from reconciler.core.plan import Finding
from reconciler.core.wire import dig_text

_MADE_BY_AZURE = ("defaultpolicy", "enhancedpolicy")
_NAMES_SHOWN = 5


def unmanaged(spec: Spec, survey: Survey) -> Iterator[Finding]:
    """One finding a vault for policies, one for items; `spec` has its selections resolved."""
    policies = {(policy.vault.key, policy.name.lower()) for policy in spec.policies}
    protected = {(protection.vault.key, protection.vm.key) for protection in spec.protections}
    for vault in spec.vaults:
        try:
            names = [
                dig_text(policy, "name")
                for policy in survey.policies(vault.ref)
                if dig_text(policy, "properties", "backupManagementType") == "AzureIaasVM"
            ]
            vms = [parse_vm(dig_text(item, "properties", "sourceResourceId")) for item in survey.items(vault.ref)]
        except Unreadable:
            continue  # the kinds say so, with the reason
        others = [
            name
            for name in names
            if name.lower() not in _MADE_BY_AZURE and (vault.ref.key, name.lower()) not in policies
        ]
        if others:
            yield _finding(vault, "P171", "policy", "policies", others)
        strangers = [
            f"{vm.resource_group}/{vm.name}"
            for vm in vms
            if vm is not None and (vault.ref.key, vm.key) not in protected
        ]
        if strangers:
            yield _finding(vault, "P172", "protected item", "protected items", strangers)


def _finding(vault: DesiredVault, code: str, one: str, many: str, names: Sequence[str]) -> Finding:
    shown = sorted(names, key=str.lower)[:_NAMES_SHOWN]
    rest = len(names) - len(shown)
    listed = ", ".join(shown) + (f" and {rest} more" if rest else "")
    return Finding(
        code=code,
        severity="info",
        address=f"vault/{vault.ref.name}",
        where=str(vault.place),
        what=f"{len(names)} {one if len(names) == 1 else many} not in the spec: {listed}",
        why="what a spec leaves out is left alone",
        remedy="none needed; write it into the spec to manage it",
    )
