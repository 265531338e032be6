"""What lies in the vaults and security groups of a spec and is not in the spec: named, never touched."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from reconciler.core.desired import DesiredVault, Egress, FirewallEgress, Spec
from reconciler.core.errors import Unreadable
from reconciler.core.ids import NSG_TYPE, parse_vm
from reconciler.core.live import Survey
from reconciler.core.ownership import owner_named
from reconciler.core.plan import Finding
from reconciler.core.wire import dig_list, dig_text

_MADE_BY_AZURE = ("defaultpolicy", "enhancedpolicy")
_NAMES_SHOWN = 5


def unmanaged(spec: Spec, survey: Survey) -> Iterator[Finding]:
    """One finding a vault for policies, one for items, one for a security group; `spec` has its selections resolved."""
    policies = {(policy.vault.key, policy.name.lower()) for policy in spec.policies}
    protected = {(protection.vault.key, protection.vm.key) for protection in spec.protections}
    yield from _rules_left(spec, survey)
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


def _rules_left(spec: Spec, survey: Survey) -> Iterator[Finding]:
    """Rules of azbackup's own that no egress wants any more: it was renamed, taken out, or moved to another group."""
    groups: dict[str, Egress] = {}
    ways_out: dict[str, str] = {}
    for egress in spec.egresses:
        if not isinstance(egress, FirewallEgress) and egress.nsg is not None:
            groups.setdefault(egress.nsg.key, egress)
            ways_out[egress.name.lower()] = egress.nsg.key
    names = {egress.name.lower() for egress in spec.egresses}
    for subscription in sorted({group.split("/")[2] for group in groups}):
        try:
            bodies = list(survey.resources(subscription, NSG_TYPE))
        except Unreadable:
            continue  # the kinds say so
        for body in bodies:
            key = dig_text(body, "id").lower()
            left = [
                dig_text(rule, "name")
                for rule in dig_list(body, "properties", "securityRules")
                if _is_left(rule, key, ways_out, named=key in groups, names=names)
            ]
            if left:
                yield _left(groups.get(key), key, left)


def _is_left(rule: object, group: str, ways_out: Mapping[str, str], *, named: bool, names: Collection[str]) -> bool:
    """Of an egress that the spec lacks only in groups that it names: other specs have egresses, too."""
    if dig_text(rule, "properties", "access").lower() != "allow":
        return False
    owner = owner_named(dig_text(rule, "name"), dig_text(rule, "properties", "description")).lower()
    if owner not in names:
        return bool(owner) and named
    outbound = dig_text(rule, "properties", "direction").lower() == "outbound"
    return outbound and ways_out.get(owner, group) != group


def _left(egress: Egress | None, group: str, names: Sequence[str]) -> Finding:
    name = group.rsplit("/", 1)[-1]
    by_hand = f"az network nsg rule delete --ids {group}/securityRules/NAME"
    return Finding(
        code="P173",
        severity="info",
        address=f"security_group/{name}",
        where=str(egress.place) if egress else "",
        what=f"{_listed(names, 'rule', 'rules')} of azbackup in {name} that no egress of the spec wants",
        why="what a spec leaves out is left alone, and these rules stay open",
        remedy=f"take them back with the egress that made them and state: absent, or: {by_hand}",
    )


def _listed(names: Sequence[str], one: str, many: str) -> str:
    shown = sorted(names, key=str.lower)[:_NAMES_SHOWN]
    rest = len(names) - len(shown)
    return f"{len(names)} {one if len(names) == 1 else many} ({', '.join(shown)}{f' and {rest} more' if rest else ''})"


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
