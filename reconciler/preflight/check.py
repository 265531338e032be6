"""Every VM of a spec, checked: the plan's own findings and the checks of this room, gathered into one verdict a VM."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping

from reconciler.core.desired import Spec
from reconciler.core.errors import Unreadable
from reconciler.core.live import Survey, Wire
from reconciler.core.plan import Finding, Plan
from reconciler.core.readiness import MachineReadiness, Reach, Readiness
from reconciler.preflight.admin_rules import AdminRules
from reconciler.preflight.azure_policy import policy_concerns
from reconciler.preflight.catalogue import finding
from reconciler.preflight.disks import disk_findings, managed_disks
from reconciler.preflight.egress import needs_network, ways_out
from reconciler.preflight.encryption import encryption_of
from reconciler.preflight.key_vaults import KeyVaults
from reconciler.preflight.locks import Lock, lock_findings, locks_of, vault_lock_findings, write_lock_findings
from reconciler.preflight.machine import extension_findings, machine_findings
from reconciler.preflight.network import Network, NotFound, NotSeen
from reconciler.preflight.prevalidation import not_asked, prevalidation_findings, to_be_asked
from reconciler.preflight.questions import Questions
from reconciler.preflight.rights import right_concerns
from reconciler.preflight.subject import Subject, subjects
from reconciler.preflight.vaults import edit_findings, soft_deleted_findings, vault_findings

DISK_TYPE = "Microsoft.Compute/disks"
_NOTED = ("blocking", "warning")


def preflight(spec: Spec, survey: Survey, plan: Plan) -> Readiness:
    """`spec` has its selections resolved, `plan` was made of the same spec and survey.

    What the kinds judge comes from the plan; only what they don't look at is looked at here. What could not be read
    is a warning of the VM that needs it: unknown is not fine.
    """
    wanted = sorted(subjects(spec), key=lambda subject: subject.address.lower())
    questions = Questions(len(wanted))
    concerns = [*right_concerns(plan, survey, questions), *policy_concerns(wanted, survey, plan, questions)]
    new = to_be_asked(wanted, plan)
    asked = new[: questions.take_half(len(new))]
    admin = AdminRules(survey, {subject.wanted.vm.subscription.lower() for subject in wanted}, questions)
    checks = _Checks(survey, plan, admin, questions, {subject.address for subject in asked})
    shared = [*plan.findings, *edit_findings(plan), *_of_vaults(spec, wanted, survey, plan, checks)]
    by_address: dict[str, list[Finding]] = {}
    for each in shared:
        by_address.setdefault(each.address.lower(), []).append(each)
    for concern in concerns:
        for address in concern.addresses:
            by_address.setdefault(address.lower(), []).append(concern.finding)
    machines = tuple(checks.readiness(subject, by_address) for subject in wanted)
    owned = {address.lower() for subject in wanted for address in subject.own_addresses}
    rest = [each for each in shared if each.address.lower() not in owned]
    rest += [concern.finding for concern in concerns]
    rest += [*not_asked(len(asked), new), *admin.findings()]
    return Readiness(machines, _sorted(rest))


def _of_vaults(spec: Spec, wanted: list[Subject], survey: Survey, plan: Plan, checks: _Checks) -> Iterator[Finding]:
    for vault in spec.vaults:
        own = [subject for subject in wanted if subject.vault.ref == vault.ref]
        yield from vault_findings(vault, own, survey, plan)
        policies = [policy for policy in spec.policies if policy.vault == vault.ref]
        yield from vault_lock_findings(vault, policies, checks.locks(vault.ref.subscription))
    yield from write_lock_findings(plan, checks.locks)


class _Checks:
    """The checks of single VMs; disks, locks and networks are read once for all of them."""

    def __init__(
        self, survey: Survey, plan: Plan, admin: AdminRules, questions: Questions, asked: Collection[str]
    ) -> None:
        self._survey = survey
        self._admin = admin
        self._asked = asked
        self._network = Network(survey, plan, questions)
        self._key_vaults = KeyVaults(survey, questions)
        self._disks: dict[str, Mapping[str, Wire]] = {}
        self._locks: dict[str, tuple[Lock, ...]] = {}

    def locks(self, subscription: str) -> tuple[Lock, ...]:
        """Without the right to list locks there are none to be told of; the subjects say that they were not seen."""
        try:
            return self._locks_of(subscription)
        except Unreadable:
            return ()

    def readiness(self, subject: Subject, by_address: Mapping[str, list[Finding]]) -> MachineReadiness:
        own = [each for address in subject.own_addresses for each in by_address.get(address.lower(), [])]
        for address in subject.shared_addresses:
            own += [each for each in by_address.get(address.lower(), []) if each.severity in _NOTED]
        reaches: tuple[Reach, ...] = ()
        if subject.wanted.vm.subscription.lower() != subject.vault.ref.subscription.lower():
            own.append(
                finding("F171", subject.address, "it is in another subscription than its vault", where=subject.where)
            )
        own += self._try(subject, "its protected item", lambda: soft_deleted_findings(subject, self._survey))
        if subject.address in self._asked:
            own += self._try(subject, "Azure's own check", lambda: prevalidation_findings(subject, self._survey))
        machine = self._machine(subject, own)
        if machine is not None:
            own += machine_findings(subject, machine)
            own += self._try(subject, "its instance view", lambda: self._extensions(subject))
            own += self._try(subject, "its disks", lambda: disk_findings(subject, machine, self._disk))
            own += self._encryption(subject, machine)
            own += self._try(
                subject,
                "locks",
                lambda: lock_findings(subject, machine, self._locks_of(subject.wanted.vm.subscription)),
            )
            reaches, found = self._ways_out(subject, machine)
            own += found
        return MachineReadiness(subject.address, subject.vault.ref.name, subject.name, _sorted(own), reaches)

    def _machine(self, subject: Subject, own: list[Finding]) -> Wire | None:
        """That a VM is not there is said by the plan, if something is to be done for it."""
        try:
            return self._survey.virtual_machine(subject.wanted.vm)
        except Unreadable as error:
            own.append(_unread(subject, "the VM", error))
            return None

    def _extensions(self, subject: Subject) -> Iterator[Finding]:
        view = self._survey.instance_view(subject.wanted.vm)
        return extension_findings(subject, view) if view is not None else iter(())

    def _encryption(self, subject: Subject, machine: Wire) -> Iterator[Finding]:
        """What can't be read of view and disks is told with them; the VM's own body then has to do."""
        view, disks = self._seen(subject), self._managed_disks(machine)
        uses = encryption_of(machine, view, disks)
        return iter(()) if uses is None else self._key_vaults.findings(subject, machine, uses)

    def _seen(self, subject: Subject) -> Wire:
        try:
            return self._survey.instance_view(subject.wanted.vm) or {}
        except Unreadable:
            return {}

    def _managed_disks(self, machine: Wire) -> list[Wire]:
        try:
            return managed_disks(machine, self._disk)
        except Unreadable:
            return []

    def _ways_out(self, subject: Subject, machine: Wire) -> tuple[tuple[Reach, ...], tuple[Finding, ...]]:
        try:
            return ways_out(subject, machine, self._network, self._admin)
        except NotFound as error:
            code = "F296" if needs_network(subject, machine, self._network) else "F293"
            return (), (finding(code, subject.address, str(error), where=subject.where),)
        except NotSeen as error:
            return (), (self._not_listed(subject, machine, str(error)),)
        except Unreadable as error:
            return (), (_unread(subject, "its network", error),)

    def _not_listed(self, subject: Subject, machine: Wire, resource_id: str) -> Finding:
        """A list leaves out what the identity may not see, so Azure is asked about the thing itself, where it matters."""
        if not needs_network(subject, machine, self._network):
            return finding("F293", subject.address, f"{resource_id} is not in its list", where=subject.where)
        try:
            told = self._network.told(resource_id)
        except Unreadable as error:
            return _unread(subject, "its network", error)
        what = told or f"its network: {resource_id} is not among those that the identity may list"
        return finding("F296" if told else "F299", subject.address, what, where=subject.where)

    def _try(self, subject: Subject, what: str, check: Callable[[], Iterator[Finding]]) -> list[Finding]:
        try:
            return list(check())
        except Unreadable as error:
            return [_unread(subject, what, error)]

    def _disk(self, resource_id: str) -> Wire | None:
        subscription = resource_id.split("/")[2].lower()
        if subscription not in self._disks:
            listed = self._survey.resources(subscription, DISK_TYPE)
            self._disks[subscription] = {str(body.get("id")).lower(): body for body in listed}
        return self._disks[subscription].get(resource_id.lower())

    def _locks_of(self, subscription: str) -> tuple[Lock, ...]:
        if subscription.lower() not in self._locks:
            self._locks[subscription.lower()] = locks_of(self._survey.locks(subscription))
        return self._locks[subscription.lower()]


def _unread(subject: Subject, what: str, error: Unreadable) -> Finding:
    problem = error.problem
    return finding(
        "F299", subject.address, f"{what}: {problem.what}; {problem.why}", remedy=problem.remedy, where=subject.where
    )


def _sorted(findings: list[Finding]) -> tuple[Finding, ...]:
    return tuple(sorted(set(findings), key=lambda each: (each.address.lower(), each.code, each.what, each.where)))
