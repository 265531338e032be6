"""Which security admin rules reach which virtual networks; what was not looked at is told once (backup-rules D.3; I.29)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from reconciler.core.admin_rules import AdminRule, admin_rules
from reconciler.core.errors import Unreadable
from reconciler.core.live import Survey
from reconciler.core.plan import Finding
from reconciler.preflight.catalogue import finding
from reconciler.preflight.questions import Questions

_NAMED = 3


class AdminRules:
    """One query tells which networks network managers reach; only those are asked for their rules, each once."""

    def __init__(self, survey: Survey, subscriptions: Collection[str], questions: Questions) -> None:
        self._survey, self._subscriptions, self._questions = survey, subscriptions, questions
        self._known: dict[str, tuple[AdminRule, ...]] = {}
        self._unseen: dict[str, str] = {}  # id of a network -> why its rules were not looked at
        self._needed: set[str] = set()  # those of them through which a VM has to get out

    def of(self, network_id: str, *, needed: bool) -> tuple[AdminRule, ...]:
        """The rules that reach a network, as far as they could be looked at; `findings` tells where they could not."""
        key = network_id.lower()
        if key not in self._known:
            self._known[key] = self._read(network_id)
        if needed and key in self._unseen:
            self._needed.add(key)
        return self._known[key]

    def findings(self) -> Iterator[Finding]:
        """A warning for networks that VMs have to get out of, and a note for the others."""
        for code, unseen in (("F304", self._needed), ("F305", self._unseen.keys() - self._needed)):
            for why in sorted({self._unseen[key] for key in unseen}):
                names = sorted(key for key in unseen if self._unseen[key] == why)
                yield finding(code, "preflight", f"admin rules of {_named(names)} were not looked at: {why}")

    def _read(self, network_id: str) -> tuple[AdminRule, ...]:
        try:
            if network_id.lower() not in self._survey.governed_networks(self._subscriptions):
                return ()
            if not self._questions.take():
                self._unseen[network_id.lower()] = "they take a request for each network, and others were asked first"
                return ()
            return admin_rules(self._survey.admin_rules(network_id))
        except Unreadable as error:
            self._unseen[network_id.lower()] = f"{error.problem.what}; {error.problem.why}"
            return ()


def _named(keys: Iterable[str]) -> str:
    names = [key.rsplit("/", 1)[-1] for key in keys]
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"virtual network {', '.join(names[:_NAMED])}{more}"
