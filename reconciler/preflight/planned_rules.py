"""Network security groups as they will be once a plan has been applied."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from reconciler.core.nsg import SecurityGroup, SecurityRule
from reconciler.core.nsg_wire import security_rule
from reconciler.core.plan import Plan

_MARK = "/securityrules/"


@dataclass(frozen=True, slots=True)
class Planned:
    """Rules that a plan writes, by the lower-cased ids of their group and their own lower-cased names; None for a removal."""

    rules: Mapping[str, Mapping[str, SecurityRule | None]]

    def after(self, group: SecurityGroup) -> SecurityGroup:
        changed = self.rules.get(group.id.lower())
        if not changed:
            return group
        kept = [rule for rule in group.rules if rule.name.lower() not in changed]
        return SecurityGroup.of(group.id, [*kept, *(rule for rule in changed.values() if rule is not None)])


def planned_rules(plan: Plan) -> Planned:
    found: dict[str, dict[str, SecurityRule | None]] = {}
    for step in plan.steps:
        group, mark, name = step.write.resource_id.lower().rpartition(_MARK)
        if not mark:
            continue
        body = {"name": step.write.resource_id.rsplit("/", 1)[-1], **(step.write.body or {})}
        removes = step.write.operation == "security_rule.delete"
        found.setdefault(group, {})[name] = None if removes else security_rule(body)
    return Planned(found)
