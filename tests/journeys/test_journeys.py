"""Sequences of specs on one world: plan says what is expected, apply does it all, a second plan is empty."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from reconciler.core.desired import Spec
from reconciler.sandbox.world import DEFAULT_SUBSCRIPTION
from tests.journeys.local import Local, spec_from, spec_of, world_of

_CASES = sorted((Path(__file__).parent / "cases").glob("*.yaml"))


@pytest.mark.parametrize("path", _CASES, ids=lambda path: path.stem)
def test_a_journey_ends_each_of_its_legs_in_sync(path: Path) -> None:
    journey = yaml.safe_load(path.read_text())
    world = world_of(journey["estate"])
    for number, leg in enumerate(journey["journey"], 1):
        spec = spec_of_leg(journey, leg)
        plan = Local(world, read_only=True).plan(spec)
        assert [f"{step.action} {step.address}" for step in plan.steps] == leg["expect"], f"leg {number}"
        blocking = [finding.code for finding in plan.findings if finding.severity == "blocking"]
        assert blocking == leg.get("findings", []), f"leg {number}"
        outcome = Local(world).apply(spec)
        assert [result.problem for result in outcome.results if result.status != "done"] == [], f"leg {number}"
        assert Local(world, read_only=True).plan(spec).steps == (), f"leg {number}, second plan"


@pytest.mark.parametrize(
    ("spec", "estate"), [("quickstart.yaml", "quickstart-estate.yaml"), ("troubled.yaml", "troubled-estate.yaml")]
)
def test_every_example_converges_with_its_estate(spec: str, estate: str) -> None:
    world, wanted = world_of(estate), spec_of(spec)
    outcome = Local(world).apply(wanted)
    assert {result.status for result in outcome.results} == {"done"}
    assert Local(world, read_only=True).plan(wanted).steps == ()


def test_the_reading_door_refuses_what_a_plan_would_do() -> None:
    world, spec = world_of("quickstart-estate.yaml"), spec_of("quickstart.yaml")
    before = Local(world).plan(spec)
    assert before.steps
    outcome = Local(world, read_only=True).apply(spec)
    assert {result.status for result in outcome.results} <= {"failed", "blocked"}
    assert Local(world).plan(spec) == before


def spec_of_leg(journey: dict[str, Any], leg: dict[str, Any]) -> Spec:
    vault = {
        **leg.get("vault", {}),
        "policies": leg.get("policies", journey["policies"]),
        "protect": leg.get("protect", []),
    }
    document = {
        "apiVersion": "azbackup/v1",
        "subscription": DEFAULT_SUBSCRIPTION,
        "location": "westeurope",
        "resourceGroup": "rg-backup",
        "egress": leg.get("egress", {}),
        "vaults": {journey.get("vault_name", "rsv"): {key: value for key, value in vault.items() if value != {}}},
    }
    return spec_from({"journey.yaml": json.dumps(document)})
