"""Network security group semantics, case by case: the outcome and the sentence that explains it."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from reconciler.core.admin_rules import admin_rules, governed
from reconciler.core.nsg import passage
from reconciler.core.places import NetworkSpace
from tests.network.bodies import admin_body, group, traffic

CASES: list[dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "nsg_cases.yaml").read_text(encoding="utf-8"))


def test_there_are_enough_cases_and_each_has_its_own_name() -> None:
    assert len({case["name"] for case in CASES}) == len(CASES) >= 60


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["name"]))
def test_what_becomes_of_traffic(case: dict[str, Any]) -> None:
    groups = {stage: None if case.get(stage) is None else group(stage, case[stage]) for stage in ("nic", "subnet")}
    space = NetworkSpace.of(case.get("network", ["10.0.0.0/16", "10.1.0.0/16"]))
    wanted = traffic(case["traffic"])
    through_groups = passage(wanted, groups["nic"], groups["subnet"], space)
    rules = admin_rules(map(admin_body, case.get("admin", [])))
    outcome = governed(rules, wanted, through_groups, space)
    assert str(outcome) == case["says"]
    word = case["says"].split(":")[0].split()[0]
    assert outcome.result == ("uncertain" if word == "may" else word)
    assert "admin" in case or through_groups.allowed == (word == "allowed")
