"""Network security groups as they come from the service: recorded ones, both shapes of a rule, and what can't be read."""

import json
from pathlib import Path
from typing import Any

import pytest

from reconciler.core.errors import Unreadable
from reconciler.core.nsg import DEFAULT_RULES, Side
from reconciler.core.nsg_wire import security_group, security_rule
from reconciler.core.places import ANYWHERE, ServiceTag, addresses
from reconciler.core.spans import ANY_PORT, Span
from tests.network.bodies import asg_id, group_body, rule_body

EXCHANGES = Path(__file__).parents[2] / ".." / "shared" / "azure" / "exchanges"


def recorded(name: str) -> dict[str, Any] | None:
    path = EXCHANGES / f"{name}.json"
    if not path.exists():
        print(f"{name}: the recorded exchanges are not beside this checkout; the project's own cases say the same")
        return None
    body: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))["response"]["body"]
    return body


def test_the_recorded_default_rules_are_the_ones_we_know() -> None:
    body = recorded("nsg-list-2020")
    for listed in body["value"] if body else [group_body("nsg", [])]:
        found = security_group(listed)
        assert {rule for rule in found.rules if rule.priority > 4096} == set(DEFAULT_RULES)
        assert len(found.rules) == len(listed["properties"]["securityRules"]) + 6
        assert [rule.priority for rule in found.rules] == sorted(rule.priority for rule in found.rules)


def test_a_recorded_rule_with_single_values() -> None:
    # The recording has words that are neither addresses nor known tags ("789"); the service took them.
    body = recorded("nsgrule-put-201-2021") or rule_body("web 1000 in allow * from 789 to 1234 port 4444")
    rule = security_rule(body)
    assert (rule.name, rule.priority, rule.direction, rule.access, rule.protocol) == (
        "web",
        1000,
        "Inbound",
        "Allow",
        "*",
    )
    assert (rule.source, rule.destination) == (Side((ServiceTag("789"),)), Side((ServiceTag("1234"),)))
    assert (rule.source_ports, rule.destination_ports) == ((ANY_PORT,), (Span(4444, 4444),))


def test_a_rule_with_several_values_has_no_singular_key() -> None:
    body = rule_body("r 100 out deny tcp from 10.0.0.4,10.1.0.0/16 to * port 80,8000-9000")
    assert "sourceAddressPrefix" not in body["properties"]
    rule = security_rule(body)
    assert rule.source == Side((addresses("10.0.0.4"), addresses("10.1.0.0/16")))
    assert rule.destination == Side((ANYWHERE,))
    assert rule.destination_ports == (Span(80, 80), Span(8000, 9000))


def test_a_rule_for_groups_holds_their_ids_without_case() -> None:
    rule = security_rule(rule_body("r 100 out deny tcp from asg:Web,asg:db to *"))
    assert rule.source == Side(groups=frozenset({asg_id("web").lower(), asg_id("db").lower()}))


def test_a_group_is_named_by_the_end_of_its_id() -> None:
    assert security_group(group_body("nsg-app", [])).name == "nsg-app"


@pytest.mark.parametrize(
    "spoilt",
    [
        {"priority": None},
        {"direction": "Sideways"},
        {"access": None},
        {"destinationPortRange": "https"},
        {"destinationPortRange": "80-x"},
    ],
)
def test_a_rule_that_can_not_be_read_is_not_overlooked(spoilt: dict[str, Any]) -> None:
    body = group_body("nsg", ["r 100 out deny tcp from * to * port 443"])
    body["properties"]["securityRules"][0]["properties"] |= spoilt
    with pytest.raises(Unreadable, match="C120"):
        security_group(body)
