"""Whether an Azure Policy denies what the plan makes: vaults, and the group that the service makes for snapshots (A.6, I.30).

Azure itself is asked, with what it would get. Of a denial that comes later nothing is seen but a failed backup.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from reconciler.core.errors import Unreadable
from reconciler.core.ids import VAULT_TYPE, VaultRef
from reconciler.core.live import Survey, Wire
from reconciler.core.plan import Finding, Plan, Step
from reconciler.core.wire import dig_list, dig_object, dig_text
from reconciler.preflight.catalogue import finding
from reconciler.preflight.questions import Questions
from reconciler.preflight.rights import Concern
from reconciler.preflight.subject import Subject, region

GROUP_TYPE = "Microsoft.Resources/subscriptions/resourceGroups"
COLLECTION_TYPE = "Microsoft.Compute/restorePointCollections"
_PART_OF_BODY = ("location", "sku", "tags", "properties", "identity")
_AUTHORIZATION = re.compile("/providers/Microsoft.Authorization/", re.IGNORECASE)
_TAG = re.compile(r"tags(?:\['?|\.)([^'\]]+)'?\]?", re.IGNORECASE)
_SAID_OF_ALL = ("type", "kind")  # conditions that only say which resources a policy is about


@dataclass(frozen=True, slots=True)
class _Denial:
    """A policy that says no. `fields` are those its conditions looked at."""

    assignment_id: str
    definition_id: str
    fields: tuple[str, ...]

    @property
    def told(self) -> str:
        name, definition = self.assignment_id.rsplit("/", 1)[-1], self.definition_id.rsplit("/", 1)[-1]
        scope = _AUTHORIZATION.split(self.assignment_id)[0]
        looked_at = f", which looks at {', '.join(self.fields)}" if self.fields else ""
        return f"policy assignment {name} of {scope or 'a management group'} (definition {definition}){looked_at}"


def policy_concerns(subjects: list[Subject], survey: Survey, plan: Plan, room: Questions) -> Iterator[Concern]:
    """A finding for each denial, and one for each question that Azure did not answer."""
    questions = [*_of_vaults(survey, plan), *_of_snapshots(subjects, survey, plan)]
    asked = [question for question in questions if room.take(question.requests)]
    for question in asked:
        try:
            found = list(question.ask())
        except Unreadable as error:
            problem = error.problem
            what = f"{question.about}: {problem.what}; {problem.why}"
            found = [finding("F301", question.address, what, remedy=problem.remedy)]
        for each in found:
            yield Concern(each, question.addresses)
    if len(asked) < len(questions):
        what = f"{len(asked)} of {len(questions)} questions were asked"
        yield Concern(finding("F301", "preflight", what), frozenset())


@dataclass(frozen=True, slots=True)
class _Question:
    """What Azure is asked `about`, by as many `requests`; the answer concerns steps of these addresses."""

    requests: int
    about: str
    address: str
    addresses: frozenset[str]
    ask: Callable[[], Iterator[Finding]]


def _of_vaults(survey: Survey, plan: Plan) -> Iterator[_Question]:
    """One a vault, with all that the plan writes to it."""
    writes: dict[VaultRef, list[Step]] = {}
    for step in plan.steps:
        if step.write.operation in ("vault.create", "vault.update") and step.write.vault is not None:
            writes.setdefault(step.write.vault, []).append(step)
    for ref, steps in writes.items():
        addresses = frozenset(step.address for step in steps)
        ask = partial(_vault_denials, survey, ref, steps)
        yield _Question(1, f"vault {ref.name}", f"vault/{ref.name}", addresses, ask)


def _vault_denials(survey: Survey, ref: VaultRef, steps: list[Step]) -> Iterator[Finding]:
    content: dict[str, object] = {"type": VAULT_TYPE, "name": ref.name}
    for body in (survey.vault(ref) or {}, *(step.write.body or {} for step in steps)):
        content = _merged(content, {name: body[name] for name in _PART_OF_BODY if name in body})
    group_id = f"/subscriptions/{ref.subscription}/resourceGroups/{ref.resource_group}"
    for denial in _denials(survey.policy_restrictions(group_id, content)):
        remedy = f"change the spec to obey it, or: {_exemption(denial, group_id)}"
        yield finding("F309", f"vault/{ref.name}", f"vault {ref.name} is denied by {denial.told}", remedy=remedy)


def _of_snapshots(subjects: list[Subject], survey: Survey, plan: Plan) -> Iterator[_Question]:
    """One for each group in which the service will keep snapshots of VMs that get protection, a policy or a backup."""
    writing = {step.address for step in plan.steps if step.write.operation in ("item.put", "item.backup")}
    groups: dict[tuple[str, str, str], list[Subject]] = {}
    for subject in subjects:
        if writing.intersection(subject.own_addresses):
            pattern = subject.policy.snapshot_group if subject.policy else None
            location = region(subject.vault.location)
            name = f"{pattern.prefix}1{pattern.suffix}" if pattern else f"AzureBackupRG_{location}_1"
            groups.setdefault((subject.vault.ref.subscription, location, name), []).append(subject)
    for (subscription, location, name), alike in groups.items():
        addresses = frozenset(address for each in alike for address in writing.intersection(each.own_addresses))
        ask = partial(_snapshot_denials, survey, f"/subscriptions/{subscription}", location, name, alike[0])
        yield _Question(2, f"snapshots in {name}", f"snapshots/{name}", addresses, ask)


def _snapshot_denials(survey: Survey, root: str, location: str, name: str, subject: Subject) -> Iterator[Finding]:
    """First the subscription is asked. Only when it denies the group it matters whether the group is there already."""
    group: Wire = {"type": GROUP_TYPE, "name": name, "location": location}
    vm = subject.wanted.vm
    points: Wire = {
        "type": COLLECTION_TYPE,
        "name": f"AzureBackup_{vm.name}_1",
        "location": location,
        "properties": {"source": {"id": vm.id}},
    }
    denied = list(_denials(survey.policy_restrictions(root, group)))
    inside = survey.policy_restrictions(f"{root}/resourceGroups/{name}", points) if denied else None
    if inside is None:
        for denial in denied:
            remedy = f"give the policy the effect Modify, or make the group: {_by_hand(denial, name, location)}"
            what = f"resource group {name} is denied by {denial.told}"
            yield finding("F309", f"snapshots/{name}", what, remedy=remedy)
        inside = survey.policy_restrictions(root, points)
    for denial in _denials(inside):
        what = f"restore points in {name} are denied by {denial.told}"
        yield finding("F309", f"snapshots/{name}", what, remedy=_exemption(denial, f"{root}/resourceGroups/{name}"))


def _denials(answer: Wire | None) -> Iterator[_Denial]:
    """The policies that deny the content as it is. An answer of another kind, an audit, denies nothing."""
    for each in dig_list(answer, "contentEvaluationResult", "policyEvaluations"):
        effect = dig_text(each, "effectDetails", "policyEffect") or "Deny"  # older forms tell of denials only
        if dig_text(each, "evaluationResult").lower() == "noncompliant" and effect.lower() == "deny":
            info = dig_object(each, "policyInfo")
            looked_at = (
                dig_text(one, "path") or dig_text(one, "expression")
                for one in dig_list(each, "evaluationDetails", "evaluatedExpressions")
            )
            fields = tuple(dict.fromkeys(path for path in looked_at if path and path.lower() not in _SAID_OF_ALL))
            yield _Denial(dig_text(info, "policyAssignmentId"), dig_text(info, "policyDefinitionId"), fields)


def _by_hand(denial: _Denial, name: str, location: str) -> str:
    tags = [match[1] for match in (_TAG.fullmatch(each) for each in denial.fields) if match]
    told = f" --tags {' '.join(f'{tag}=VALUE' for tag in tags)}" if tags else ""
    return f"az group create --name {name} --location {location}{told}"


def _exemption(denial: _Denial, scope: str) -> str:
    command = "az policy exemption create --name azbackup --exemption-category Waiver"
    return f"{command} --policy-assignment {denial.assignment_id} --scope {scope}"


def _merged(old: Mapping[str, object], new: Mapping[str, object]) -> dict[str, object]:
    """What a PATCH makes of a body: objects are merged, but tags are replaced."""
    merged = dict(old)
    for name, value in new.items():
        before = merged.get(name)
        if isinstance(value, Mapping) and isinstance(before, Mapping) and name != "tags":
            value = _merged(before, value)
        merged[name] = value
    return merged
