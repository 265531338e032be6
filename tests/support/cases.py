"""Cases as data: `spec` (in the language of specs) and `live` (short form) → expected steps and findings.

A file is `{base: {spec, egress, live}, cases: [{name, spec, egress, live, expect}]}`; a case is merged into the base, and null takes
a key away. `spec` is what stands under the vault `rsv`, `egress` what stands under that key. `live` has: vault (`absent`, or
`{legacy, location, tags, properties}`), missing_group, storage, config, policies (as in a spec, or `{wire: PROPERTIES}`; those of the
spec when left out), vms, items, jobs, points (ages in days), elsewhere, unreadable, and networks and guests (see network_cases).
`expect` has: steps (`ACTION ADDRESS CLASS` → changes as `[path, before, after, effect]`, null when they go without saying), findings
(`CODE SEVERITY ADDRESS`), blocked, and writes (operation and body, or resource, of each step, for those cases that are about the request).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import yaml

from reconciler.core.desired import Spec
from reconciler.core.ids import VmRef
from reconciler.core.live import Machine
from reconciler.core.plan import Plan, Step
from reconciler.spec import load_documents
from tests.support.desired import SUBSCRIPTION, VAULT, live_policy
from tests.support.fake_survey import NOW, FakeSurvey
from tests.support.network_cases import add_network
from tests.support.wire import item_body, job_body, point_body, policy_body, storage_config, vault_body, vault_config

CASES = Path(__file__).parent.parent / "cases"
Data = dict[str, Any]


class _Yaml12(yaml.SafeLoader):
    """`on` is a word here, as in specs, not a truth value."""


_Yaml12.yaml_implicit_resolvers = {
    first: [(tag, rule) for tag, rule in rules if not tag.endswith(":bool") or first in "tf"]
    for first, rules in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


@dataclass(frozen=True)
class Case:
    name: str
    spec: Spec
    live: Data
    expect: Data

    def survey(self) -> FakeSurvey:
        return survey_of(self.live, self.spec)


def cases() -> list[Case]:
    """Every case of every file under tests/cases."""
    return [case for path in sorted(CASES.glob("*/*.yaml")) for case in cases_of(path)]


def cases_of(path: Path) -> list[Case]:
    document = yaml.load(path.read_text("utf-8"), _Yaml12)  # noqa: S506 - built on SafeLoader
    base = document.get("base", {})
    name = f"{path.parent.name}/{path.stem}"
    return [_case(name, base, case) for case in document["cases"]]


def _case(file: str, base: Data, case: Data) -> Case:
    vault = _merged(base.get("spec", {}), case.get("spec", {}))
    live = _merged(base.get("live", {}), case.get("live", {}))
    egress = _merged(base.get("egress", {}), case.get("egress", {}))
    return Case(f"{file}: {case['name']}", load_vault(vault, egress=egress), live, case["expect"])


def load_vault(vault: Data, consents: list[Data] | None = None, egress: Data | None = None) -> Spec:
    """A spec of one vault `rsv`, through YAML and the spec room."""
    document: Data = {
        "apiVersion": "azbackup/v1",
        "subscription": SUBSCRIPTION,
        "location": "westeurope",
        "resourceGroup": VAULT.resource_group,
        "vaults": {VAULT.name: vault},
    }
    document |= {key: value for key, value in {"consents": consents, "egress": egress}.items() if value}
    return load_documents({"spec.yaml": json.dumps(document, indent=1)}, today=NOW.date())[0]


def _merged(base: Any, over: Any) -> Any:
    if not isinstance(base, dict) or not isinstance(over, dict):
        return deepcopy(over)
    both = {key: _merged(base[key], over[key]) if key in base else deepcopy(over[key]) for key in over}
    return {key: value for key, value in {**deepcopy(base), **both}.items() if value is not None}


def vm_of(text: str) -> VmRef:
    group, _, name = text.partition("/")
    return VmRef.of(SUBSCRIPTION, group, name)


def survey_of(live: Mapping[str, Any], spec: Spec) -> FakeSurvey:
    survey = FakeSurvey(unreadable=set(live.get("unreadable", ())))
    if live.get("missing_group"):
        survey.missing_groups.add(VAULT.resource_group.lower())
    if live.get("vault") != "absent":
        _add_vault(survey, live)
        _add_policies(survey, live, spec)
    for text, facts in live.get("vms", {}).items():
        given = facts or {}
        machine = Machine(
            vm_of(text), given.get("location", "westeurope"), given.get("os", "Linux"), given.get("tags", {})
        )
        survey.vms[machine.ref.key] = machine
    for text, facts in live.get("items", {}).items():
        state, _, policy = str(facts["is"]).partition(" ")
        vm, more = vm_of(text), {key: value for key, value in facts.items() if key != "is"}
        survey.item_bodies[VAULT.key, vm.key] = item_body(VAULT, vm, state, policy, **more)  # type: ignore[arg-type]
    for text, jobs in live.get("jobs", {}).items():
        survey.jobs[VAULT.key, vm_of(text).key] = [job_body(*job.split()) for job in jobs]
    for text, ages in live.get("points", {}).items():
        survey.points[VAULT.key, vm_of(text).key] = [point_body(NOW - timedelta(days=age)) for age in ages]
    add_network(survey, live)
    survey.elsewhere |= {vm_of(text).key: vault_id for text, vault_id in live.get("elsewhere", {}).items()}
    return survey


def _add_vault(survey: FakeSurvey, live: Mapping[str, Any]) -> None:
    facts = live.get("vault", {})
    body = vault_body(VAULT, legacy=facts.get("legacy", False), **facts.get("properties", {}))
    body |= {key: facts[key] for key in ("location", "tags") if key in facts}
    survey.vaults[VAULT.key] = body
    survey.storage[VAULT.key] = storage_config(**live.get("storage", {"kind": "LocallyRedundant"}))
    survey.configs[VAULT.key] = vault_config(**live.get("config", {}))


def _add_policies(survey: FakeSurvey, live: Mapping[str, Any], spec: Spec) -> None:
    if "policies" not in live:
        for policy in spec.policies:
            live_policy(survey, policy)
        return
    for name, facts in live["policies"].items():
        if "wire" in facts:
            survey.policy_bodies[VAULT.key, name.lower()] = policy_body(VAULT, name, facts["wire"])
        else:
            live_policy(survey, load_vault({"policies": {name: facts}}).policies[0])


def shown(step: Step) -> str:
    return f"{step.action} {step.address} {step.step_class.word}"


def found(plan: Plan) -> Data:
    """A plan in the form of `expect`, with everything in it."""
    return {
        "steps": [
            {shown(step): [[each.path, each.before, each.after, each.effect] for each in step.changes]}
            for step in plan.steps
        ],
        "findings": [f"{each.code} {each.severity} {each.address}" for each in plan.findings],
        "blocked": dict(plan.blocked),
        "writes": [{step.write.operation: step.write.body or step.write.resource_id or None} for step in plan.steps],
    }


def as_far_as_said(found: Data, expect: Data) -> Data:
    """What was found, without what the case leaves out: changes that are null, and writes."""
    steps = expect.get("steps", [])
    same_length = len(steps) == len(found["steps"])
    silent = [same_length and next(iter(each.values())) is None for each in steps] or []
    cut = [
        dict.fromkeys(each) if index < len(silent) and silent[index] else each
        for index, each in enumerate(found["steps"])
    ]
    return {**found, "steps": cut} | ({} if expect.get("writes") is not None else {"writes": None})
