"""What a change does to recoverability, as one table. A change is classed by its effect, never by its verb.

The codes and classes are those of field/reliability.md section 4; what the table does not know counts as weakening.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum


class StepClass(IntEnum):
    """Ordered by how much care a step needs."""

    SAFE = 0
    DISRUPTIVE = 1
    WEAKENING = 2
    IRREVERSIBLE = 3
    DESTRUCTIVE = 4

    @property
    def word(self) -> str:
        return self.name.lower()

    @property
    def needs_allowance(self) -> bool:
        """`--allow CLASS=COUNT` is needed; `--auto-approve` does not cover it."""
        return self >= StepClass.WEAKENING

    @property
    def needs_consent(self) -> bool:
        """In addition a `consents:` entry in the spec is needed for each change."""
        return self >= StepClass.IRREVERSIBLE


@dataclass(frozen=True, slots=True)
class Effect:
    code: str
    step_class: StepClass
    meaning: str


_SAFE, _DISRUPTIVE, _WEAKENING = StepClass.SAFE, StepClass.DISRUPTIVE, StepClass.WEAKENING
_IRREVERSIBLE, _DESTRUCTIVE = StepClass.IRREVERSIBLE, StepClass.DESTRUCTIVE

UNKNOWN = Effect("UNKNOWN", _WEAKENING, "the effect of this change is not known, so it is treated with care")

EFFECTS: dict[str, Effect] = {
    effect.code: effect
    for effect in (
        Effect("VLT-01", _SAFE, "a new vault"),
        Effect("VLT-02", _SAFE, "tags of the vault"),
        Effect("VLT-06", _DISRUPTIVE, "workloads inside VMs may lose their way to the vault"),
        Effect("VLT-07", _WEAKENING, "the vault can be reached from public networks"),
        Effect("VLT-08", _SAFE, "redundancy of a vault that protects nothing yet"),
        Effect("VLT-10", _IRREVERSIBLE, "cross region restore can't be switched off once VMs are protected"),
        Effect("VLT-11", _WEAKENING, "no restore in the paired region any more"),
        Effect("VLT-12", _WEAKENING, "no restore into another subscription any more"),
        Effect("VLT-13", _IRREVERSIBLE, "cross subscription restore can never be allowed again"),
        Effect("VLT-12R", _WEAKENING, "data can be restored into other subscriptions"),
        Effect("VLT-14", _SAFE, "deleted data stays recoverable, or stays so for longer"),
        Effect("VLT-15", _WEAKENING, "deleted data stays recoverable for fewer days"),
        Effect("VLT-17", _IRREVERSIBLE, "soft delete can never be switched off again"),
        Effect("VLT-18", _DISRUPTIVE, "retention can't be cut and data can't be deleted while immutability is on"),
        Effect("VLT-19", _WEAKENING, "backups can be deleted and retention cut again"),
        Effect("VLT-20", _IRREVERSIBLE, "immutability can never be switched off again"),
        Effect("POL-01", _SAFE, "a new policy"),
        Effect("POL-02", _DISRUPTIVE, "backups run at another time"),
        Effect("POL-03", _DISRUPTIVE, "the schedule follows another time zone"),
        Effect("POL-04", _DISRUPTIVE, "backups run more often"),
        Effect("POL-05", _WEAKENING, "backups run less often, the gap between points grows"),
        Effect("POL-06", _DISRUPTIVE, "points are kept for longer, and cost for longer"),
        Effect("POL-07", _DESTRUCTIVE, "existing points past the shorter retention go at the next clean-up"),
        Effect("POL-08", _WEAKENING, "snapshots for fast restore go earlier"),
        Effect("POL-09", _DISRUPTIVE, "snapshots are kept for longer, or are application-consistent again"),
        Effect("POL-09C", _WEAKENING, "points are only crash-consistent"),
        Effect("POL-11", _DISRUPTIVE, "old points move to, or stay out of, the archive tier"),
        Effect("POL-12", _DISRUPTIVE, "new snapshots go to another resource group"),
        Effect("ITM-01", _SAFE, "a VM gets its backup"),
        Effect("ITM-04", _DISRUPTIVE, "the VM follows a policy that keeps as much and runs as often"),
        Effect(
            "ITM-05", _DESTRUCTIVE, "the VM follows a policy that keeps less: existing points go at the next clean-up"
        ),
        Effect("ITM-06", _WEAKENING, "the VM follows a policy that runs less often"),
        Effect("ITM-08", _WEAKENING, "no new points; the ones there are kept and paid for until deleted"),
        Effect("ITM-10", _DESTRUCTIVE, "all recovery points of the VM are deleted"),
        Effect("ITM-11", _SAFE, "soft-deleted data comes back, stopped"),
        Effect("ITM-12", _SAFE, "backups run again; no point is past its expiry"),
        Effect("ITM-12D", _DESTRUCTIVE, "backups run again, and points past their expiry are removed at once"),
        Effect("ITM-13", _WEAKENING, "a disk is left out of the backup"),
        Effect("ITM-14", _DISRUPTIVE, "a disk is taken into the backup"),
        Effect("POL-10", _IRREVERSIBLE, "the VM moves to an enhanced policy; there is no way back to a standard one"),
        Effect("ITM-18", _DISRUPTIVE, "a full backup runs now"),
        Effect("NET-01", _DISRUPTIVE, "VMs can reach a service of Azure, that of other tenants too"),
        Effect("NET-02", _WEAKENING, "a machine can reach the internet"),
        Effect("NET-03I", _WEAKENING, "a machine can be reached from the whole virtual network at one more port"),
        Effect("NET-04", _WEAKENING, "new connections fail where this rule was what allowed them; open ones go on"),
        Effect("NET-09", _DISRUPTIVE, "the firewall passes other traffic to the services of backup than before"),
        Effect("GST-02", _WEAKENING, "a script that ships with azbackup changes settings in the VM, as root or SYSTEM"),
    )
}


def effect_of(code: str) -> Effect:
    return EFFECTS.get(code, UNKNOWN)


def class_of(codes: Iterable[str]) -> StepClass:
    """The most careful class of several effects. No effect at all is unknown, and so weakening."""
    return max((effect_of(code).step_class for code in codes), default=UNKNOWN.step_class)
