"""A VM that the spec wants protected, with everything of the spec and of Azure that its checks look at."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from reconciler.core.desired import (
    DesiredPolicy,
    DesiredProtection,
    DesiredVault,
    Egress,
    FirewallEgress,
    NsgEgress,
    Spec,
)
from reconciler.core.live import Wire


@dataclass(frozen=True, slots=True)
class Subject:
    wanted: DesiredProtection
    vault: DesiredVault
    policy: DesiredPolicy | None
    egress: Egress | None

    @property
    def name(self) -> str:
        return f"{self.wanted.vm.resource_group}/{self.wanted.vm.name}"

    @property
    def address(self) -> str:
        return f"protected_vm/{self.vault.ref.name}/{self.name}"

    @property
    def where(self) -> str:
        return str(self.wanted.place)

    @property
    def is_enhanced(self) -> bool:
        return self.policy is not None and self.policy.tier == "enhanced"

    @property
    def egress_address(self) -> str:
        """The address of the network's side of the egress, or ""."""
        if self.egress is None:
            return ""
        kind = {NsgEgress: "nsg_rule", FirewallEgress: "firewall_rule"}.get(type(self.egress), "proxy")
        return f"{kind}/{self.egress.name}"

    @property
    def own_addresses(self) -> tuple[str, ...]:
        """Addresses of plans that speak of this VM alone."""
        guest = (f"guest_proxy/{self.egress.name}/{self.name}",) if self.egress else ()
        return (
            self.address,
            f"initial_backup/{self.vault.ref.name}/{self.name}",
            f"vm_agent/{self.name}",
            *guest,
        )

    @property
    def shared_addresses(self) -> tuple[str, ...]:
        """Addresses of plans that this VM needs beside others."""
        vault = self.vault.ref.name
        kinds = ("vault", "replication", "vault_security")
        return (*(f"{kind}/{vault}" for kind in kinds), f"policy/{vault}/{self.wanted.policy}", self.egress_address)


def subjects(spec: Spec) -> Iterable[Subject]:
    """Every VM that a spec, its selections resolved, wants protected."""
    vaults = {vault.ref.key: vault for vault in spec.vaults}
    policies = {(policy.vault.key, policy.name.lower()): policy for policy in spec.policies}
    egresses = {egress.name: egress for egress in spec.egresses}
    for wanted in spec.protections:
        if wanted.state == "protected":
            policy = policies.get((wanted.vault.key, wanted.policy.lower()))
            yield Subject(wanted, vaults[wanted.vault.key], policy, egresses.get(wanted.egress))


def region(location: object) -> str:
    """`West Europe` and `westeurope` are one region."""
    return str(location).replace(" ", "").lower()


def has_flag(body: Wire, name: str) -> bool:
    return body.get(name) is True
