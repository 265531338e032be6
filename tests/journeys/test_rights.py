"""What preflight says of rights and Azure Policy is what apply meets: step by step, on estates that restrict the caller."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
import yaml

from reconciler.apply import Outcome
from reconciler.core.desired import Spec
from reconciler.core.plan import Plan
from reconciler.core.readiness import Readiness
from reconciler.core.rights import READ_RIGHTS, rights_of
from reconciler.kinds import THOROUGH_KINDS
from reconciler.plan import make_plan
from reconciler.plan.select import resolve
from reconciler.preflight import preflight
from reconciler.preflight.questions import Questions
from reconciler.preflight.rights import right_concerns
from reconciler.sandbox import access
from reconciler.sandbox.estate import load_estate_text
from reconciler.sandbox.world import World
from tests.journeys.local import START, Local, spec_from, spec_of, world_of
from tests.journeys.test_journeys import spec_of_leg

_CASES = sorted((Path(__file__).parent / "cases").glob("*.yaml"))
_EXAMPLES = [
    ("troubled.yaml", "troubled-estate.yaml"),
    ("egress-proxy.yaml", "network-estate.yaml"),
    ("egress-firewall.yaml", "network-estate.yaml"),
]
_READS = {
    command: [right.action for right in READ_RIGHTS if right.command == command] for command in ("plan", "preflight")
}


# A look reads a single subnet, a plan its whole network. No step names the network, so preflight can't ask about it.
_UNNAMED = "Microsoft.Network/virtualNetworks/subnets/read"


def _allow(world: World, actions: Iterable[str], but: str = "") -> None:
    """The caller may do these, everywhere, but for one."""
    world.set_fact(access.FACT, [{"scope": "", "actions": sorted(actions), "notActions": [but] if but else []}])


def _needed(plan: Plan) -> set[str]:
    return {needed.action for step in plan.steps for needed in rights_of(step)}


def _ended(outcome: Outcome) -> dict[str, str]:
    """How every step ended, by address; of several steps of one address the one that went wrong."""
    ended: dict[str, str] = {}
    for result in outcome.results:
        if ended.get(result.step.address, "done") == "done":
            ended[result.step.address] = result.status
    return ended


def _proven(world: World, spec: Spec, tried: set[str]) -> Plan:
    """Without any one of its actions the plan fails where preflight says; with exactly these it is applied.

    What was `tried` is not tried again. Returns what is left to do at the end.
    """
    plan = Local(world, read_only=True).plan(spec)
    actions = _needed(plan) | set(_READS["plan"]) | {"Microsoft.Authorization/permissions/read"}
    for action in sorted({*_needed(plan), *_READS["plan"]} - tried):
        _allow(other := world.copy(), actions, but=action)
        before = Local(other, read_only=True)
        if before.plan(spec) != plan or action == _UNNAMED:
            continue  # what a plan can't read shows by itself
        tried.add(action)
        predicted = {
            address for each in right_concerns(plan, before.survey(spec), Questions(1)) for address in each.addresses
        }
        ended = _ended(Local(other).apply(spec))
        failed = {address for address, status in ended.items() if status == "failed"}
        failed -= {
            address for address in failed if address.startswith("vm_agent/")
        }  # looks at an item its request does not name
        assert bool(failed) is bool(predicted), action
        assert failed <= predicted <= {address for address, status in ended.items() if status != "done"}, action
    _allow(world, actions)
    assert {*_ended(Local(world).apply(spec)).values()} <= {"done"}
    return Local(world, read_only=True).plan(spec)


@pytest.mark.parametrize("path", _CASES, ids=lambda path: path.stem)
def test_the_table_of_rights_holds_on_a_journey(path: Path) -> None:
    journey: dict[str, Any] = yaml.safe_load(path.read_text())
    world = world_of(journey["estate"])
    tried = set(_READS["plan"])
    for leg in journey["journey"]:
        assert _proven(world, spec_of_leg(journey, leg), tried).steps == ()


@pytest.mark.parametrize(("spec", "estate"), _EXAMPLES[:2], ids=lambda name: name)
def test_the_table_of_rights_holds_for_an_example(spec: str, estate: str) -> None:
    assert _proven(world_of(estate), spec_of(spec), set()).steps == ()


def _checked(world: World, spec: Spec) -> Readiness:
    survey = Local(world, read_only=True).survey(spec)
    resolved, _ = resolve(spec, survey)
    return preflight(resolved, survey, make_plan(spec, survey, THOROUGH_KINDS))


@pytest.mark.parametrize(("spec", "estate"), _EXAMPLES, ids=lambda name: name)
def test_the_rights_to_read_are_enough_for_preflight(spec: str, estate: str) -> None:
    """With only these it says the same as with all, but for the rights that are then missing."""
    world, wanted = world_of(estate), spec_of(spec)
    free = _checked(world, wanted)
    _allow(world, _READS["plan"] + _READS["preflight"])
    bound = _checked(world, wanted)
    assert {each for each in bound.findings if not each.address.startswith("rights/")} == set(free.findings)
    assert {each.code for each in bound.findings if each.address.startswith("rights/")} <= {"F308", "F299"}


_ESTATE = """\
now: 2026-11-22T09:00:00Z
resourceGroups:
  rg-backup: {}
  rg-app: {virtualMachines: {vm-web: {}, vm-sql: {}}}
  rg-other: {virtualMachines: {vm-else: {}}}
"""
_SPEC = """\
apiVersion: azbackup/v1
subscription: 00000000-0000-4000-8000-000000000001
location: westeurope
resourceGroup: rg-backup
vaults:
  rsv:
    policies: {daily: {schedule: {every: day, at: "23:00"}, retain: {daily: 30}}}
    protect:
      - {vm: rg-app/vm-web, policy: daily, initialBackup: {retainDays: 30}}
      - {vm: rg-other/vm-else, policy: daily}
"""
_READER = '- {actions: ["*/read", "*/backupStatus/action", "*/backupPreValidateProtection/action"]}'
_ON_BACKUP = f'{_READER}\n  - {{scope: rg-backup, actions: ["*"]}}\n'
_GROUPS = "Microsoft.Resources/subscriptions/resourceGroups"
_VAULTS = "Microsoft.RecoveryServices/vaults"


@pytest.mark.parametrize(
    ("governance", "mended", "code", "failed"),
    [
        (f"callerPermissions:\n  {_ON_BACKUP}  - {{scope: rg-other, actions: ['*']}}\n",
         f"callerPermissions:\n  {_ON_BACKUP}  - {{scope: rg-other, actions: ['*']}}\n  - {{scope: rg-app, actions: ['*']}}\n",
         "F308", {"protected_vm/rsv/rg-app/vm-web"}),
        (f"policyAssignments: {{named: {{types: [{_VAULTS}], missingTag: owner, scope: rg-backup}}}}\n",
         f"policyAssignments: {{named: {{types: [{_VAULTS}], missingTag: owner, scope: rg-other}}}}\n",
         "F309", {"vault/rsv"}),
        (f"policyAssignments: {{named: {{types: [{_GROUPS}], missingTag: owner}}}}\n",
         f"policyAssignments: {{named: {{types: [{_GROUPS}], missingTag: owner, effect: audit}}}}\n",
         "F309", {"initial_backup/rsv/rg-app/vm-web"}),
        (f"policyAssignments: {{here: {{types: [{_GROUPS}], locations: [northeurope]}}}}\n",
         f"policyAssignments: {{here: {{types: [{_GROUPS}], locations: [northeurope, westeurope]}}}}\n",
         "F309", {"initial_backup/rsv/rg-app/vm-web"}),
    ],
    ids=["right on a VM", "tag of the vault", "tag of the snapshots' group", "region of the snapshots' group"],
)  # fmt: skip
def test_what_preflight_blocks_is_what_apply_fails_on_and_mending_the_estate_mends_both(
    governance: str, mended: str, code: str, failed: set[str]
) -> None:
    world, spec = World.open(now=START), spec_from({"spec.yaml": _SPEC})
    load_estate_text(world, _ESTATE + governance, "estate.yaml")
    readiness = _checked(world, spec)
    assert (readiness.verdict, {each.code for each in readiness.findings}) == ("blocked", {code})
    outcome = Local(world).apply(spec)
    assert {result.step.address for result in outcome.results if result.status == "failed"} == failed
    load_estate_text(world, _ESTATE + mended, "estate.yaml")
    assert _checked(world, spec).verdict == "ready"
    assert {result.status for result in Local(world).apply(spec).results} == {"done"}


def test_the_verdict_of_a_vm_does_not_suffer_from_the_group_of_another() -> None:
    world, spec = World.open(now=START), spec_from({"spec.yaml": _SPEC})
    permissions = f"callerPermissions:\n  {_ON_BACKUP}  - {{scope: rg-other, actions: ['*']}}\n"
    load_estate_text(world, _ESTATE + permissions, "estate.yaml")
    verdicts = {machine.vm: machine.verdict for machine in _checked(world, spec).machines}
    assert verdicts == {"rg-app/vm-web": "blocked", "rg-other/vm-else": "ready"}
