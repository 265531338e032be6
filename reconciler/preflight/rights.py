"""Whether the caller may do what the plan is going to do (backup-rules G, I.30).

Asked are the subscription first, then those resource groups for which its answer is not enough, then single resources: a role
may be given anywhere on the way. All of it in few requests, so what many steps need is asked about first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from reconciler.core.errors import Problem, Unreadable
from reconciler.core.live import Survey
from reconciler.core.permissions import Permission, assignment, is_granted, permissions_of
from reconciler.core.plan import Finding, Plan
from reconciler.core.rights import Needed, rights_of
from reconciler.preflight.catalogue import finding
from reconciler.preflight.questions import Questions

_FOR_OTHERS = 3  # questions that the checks after this one need at least
_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Concern:
    """A finding, and the addresses of the steps it is about."""

    finding: Finding
    addresses: frozenset[str]


def right_concerns(plan: Plan, survey: Survey, questions: Questions) -> Iterator[Concern]:
    """One for each missing action and place, whatever the number of steps that need it."""
    open_needs: dict[Needed, set[str]] = {}
    for step in plan.steps:
        for needed in rights_of(step):
            open_needs.setdefault(needed, set()).add(step.address)
    made = {step.write.vault.key for step in plan.steps if step.write.operation == "vault.create" and step.write.vault}
    asked = _Asked(survey, questions, frozenset(made))
    for place in ("subscription_id", "group_id", "resource_id"):
        open_needs = asked.left(open_needs, place)
    yield from _told(open_needs, asked)


@dataclass(slots=True)
class _Asked:
    """The scopes that were asked about, by lower-cased id, and why some could not be read. `absent` ones can't be asked about."""

    survey: Survey
    questions: Questions
    absent: frozenset[str]
    known: dict[str, tuple[Permission, ...]] = field(default_factory=dict)
    unread: dict[str, Problem] = field(default_factory=dict)

    def left(self, needs: dict[Needed, set[str]], place: str) -> dict[Needed, set[str]]:
        """What is still not granted after the scopes of one kind were asked: subscriptions all, others as far as there is room."""
        weight: dict[str, int] = {}
        for needed, addresses in needs.items():
            scope = str(getattr(needed, place)).lower()
            weight[scope] = weight.get(scope, 0) + len(addresses)
        scopes = sorted(
            weight.keys() - self.absent - self.known.keys() - self.unread.keys(),
            key=lambda scope: (-weight[scope], scope),
        )
        for scope in scopes:
            if place == "subscription_id" or self.questions.take(keep=_FOR_OTHERS):
                self._ask(scope)
        return {
            needed: addresses
            for needed, addresses in needs.items()
            if not is_granted(needed.action, self.known.get(str(getattr(needed, place)).lower(), ()))
        }

    def _ask(self, scope: str) -> None:
        try:
            self.known[scope] = tuple(permissions_of(self.survey.permissions(scope)))
        except Unreadable as error:
            self.unread[scope] = error.problem

    def problem_of(self, needed: Needed) -> Problem | None:
        """Why the nearest scope of a need could not be read, if it could not."""
        return self.unread.get(needed.resource_id.lower()) or self.unread.get(needed.group_id.lower())

    def there(self, needed: Needed) -> bool:
        """Whether the resource itself answered."""
        return bool(self.known.get(needed.resource_id.lower()))

    def lacks(self, needed: Needed) -> bool:
        """Whether everything was asked that could give it; if not, it is unknown."""
        done = needed.resource_id.lower() in self.known.keys() | self.absent and needed.group_id.lower() in self.known
        return done or self.there(needed)


def _told(needs: Mapping[Needed, set[str]], asked: _Asked) -> Iterator[Concern]:
    gathered: dict[tuple[str, str, bool, bool], list[Needed]] = {}
    for needed in needs:
        lacks, unread = asked.lacks(needed), asked.problem_of(needed) is not None
        gathered.setdefault((needed.group_id, needed.action, lacks, unread), []).append(needed)
    for (group_id, action, lacks, _), alike in sorted(gathered.items()):
        addresses = frozenset(address for needed in alike for address in needs[needed])
        group = group_id.rsplit("/", 1)[-1]
        scope = alike[0].resource_id if len(alike) == 1 and asked.there(alike[0]) else group_id
        remedy = f"let the identity do {action}: {assignment(action, scope)}"
        problem = asked.problem_of(alike[0])
        if lacks:
            what = f"the identity lacks {action} on {scope}"
        elif problem is not None:
            what, remedy = f"rights on {scope}: {problem.what}; {problem.why}", problem.remedy
        else:
            what = f"{action}: resource group {group} does not give it, and not everything in it was asked about"
        code = "F308" if lacks else "F299"
        yield Concern(finding(code, f"rights/{group}", f"{what}; {_steps(addresses)}", remedy=remedy), addresses)


def _steps(addresses: Iterable[str]) -> str:
    named = sorted(addresses, key=str.lower)
    more = f" and {len(named) - _SHOWN} more" if len(named) > _SHOWN else ""
    return f"needed by {', '.join(named[:_SHOWN])}{more}"
