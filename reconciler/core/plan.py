"""A plan as a value: steps, findings, and what they were derived from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from reconciler.core.canonical import digest
from reconciler.core.ids import VaultRef, VmRef
from reconciler.core.taxonomy import StepClass, class_of, effect_of

Action = Literal["create", "update", "undelete", "resume", "stop", "delete", "trigger"]
Severity = Literal["blocking", "warning", "info"]
Operation = Literal[
    "vault.create",
    "vault.update",
    "storage_config.update",
    "vault_config.update",
    "policy.put",
    "item.put",
    "item.delete",
    "item.backup",
    "security_rule.put",
    "security_rule.delete",
    "firewall.put",
    "rule_collection_group.put",
    "rule_collection_group.delete",
    "run_command.put",
    "run_command.delete",
]


@dataclass(frozen=True, slots=True)
class Write:
    """The one request of a step that changes something; `body` is wire JSON. The cloud room maps it to a typed SDK call.

    Writes to a vault name it; those to networks and guests name the `resource_id` instead.
    """

    operation: Operation
    vault: VaultRef | None = None
    body: Mapping[str, object] | None = None
    policy: str = ""
    vm: VmRef | None = None
    resource_id: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """One compared field; `effect` is a code of the taxonomy."""

    path: str
    before: object
    after: object
    effect: str


@dataclass(frozen=True, slots=True)
class Step:
    """`needs` are addresses whose steps come first, this step's own address meaning its earlier steps.

    `expects` is the digest of the live fields the step was derived from; `lane` names what only one write at a time may touch.
    """

    address: str
    kind: str
    action: Action
    changes: tuple[Change, ...]
    why: str
    write: Write
    expects: str
    needs: tuple[str, ...] = ()
    lane: str = ""

    @property
    def step_class(self) -> StepClass:
        return class_of(change.effect for change in self.changes)

    def document(self) -> dict[str, object]:
        """The step as the JSON plan shows it (design, section 3)."""
        return {
            "address": self.address,
            "kind": self.kind,
            "action": self.action,
            "class": self.step_class.word,
            "changes": [
                {
                    "path": change.path,
                    "before": change.before,
                    "after": change.after,
                    "effect": change.effect,
                    "class": effect_of(change.effect).step_class.word,
                }
                for change in self.changes
            ],
            "why": self.why,
            "needs": list(self.needs),
            "expects": self.expects,
        }

    @property
    def identity(self) -> str:
        """Equal for two derivations of the same step from the same live fields.

        The request itself is left out: it may hold what moves with the clock (the expiry of a first recovery point) or
        what others have added since and is carried along.
        """
        return digest([self.address, self.action, self.changes, self.expects])


@dataclass(frozen=True, slots=True)
class Finding:
    """What a plan says beside its steps.

    A blocking one keeps every step of its address from running, and every step that needs that address, unless it stands
    `alone`: then nothing that others need would have come of it.
    """

    code: str
    severity: Severity
    address: str
    what: str
    why: str
    remedy: str
    where: str = ""  # file:line:column of the entry it speaks of, if one does
    alone: bool = False

    def document(self) -> dict[str, str]:
        return {
            "code": self.code,
            "severity": self.severity,
            "address": self.address,
            "where": self.where,
            "what": self.what,
            "why": self.why,
            "remedy": self.remedy,
        }


@dataclass(frozen=True, slots=True)
class Plan:
    """Steps in an order in which they can run one after the other; findings sorted by address and code."""

    steps: tuple[Step, ...]
    findings: tuple[Finding, ...]
    spec_digest: str
    blocked: Mapping[str, str] = field(default_factory=dict)  # address → address of what blocks it

    @property
    def is_blocked(self) -> bool:
        return any(finding.severity == "blocking" for finding in self.findings)

    def counts_by_class(self) -> dict[str, int]:
        return _count(step.step_class.word for step in self.steps)

    def counts_by_action(self) -> dict[str, int]:
        return _count(step.action for step in self.steps)


def _count(words: Iterable[str]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for word in words:
        counts[word] = counts.get(word, 0) + 1
    return dict(sorted(counts.items()))
