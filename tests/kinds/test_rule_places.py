"""The places of all rules of one group together: room for each of them whenever there is room, and one remedy when there is none."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.core.desired import NsgEgress, ProxyEgress, Spec
from reconciler.core.ids import NsgRef, VmRef
from reconciler.core.plan import Plan
from reconciler.kinds import KINDS
from reconciler.kinds.rule_places import Placed, WantedRule, custom_rules, place_all
from reconciler.plan import make_plan
from tests.support.desired import PLACE, SUBSCRIPTION, WEB, a_spec, an_estate, live_item, protect
from tests.support.fake_survey import FakeSurvey
from tests.support.landing import land_plan
from tests.support.network import group_body
from tests.support.wire import Body

NSG = NsgRef.of(SUBSCRIPTION, "rg-net", "nsg-app")
SQL = VmRef.of(SUBSCRIPTION, "rg-app", "vm-sql")
TAGS = ("Storage.WestEurope", "AzureBackup", "AzureActiveDirectory")


def rule(name: str, priority: int, access: str = "Deny", to: str = "*", **more: Any) -> Body:
    return {"name": name, "priority": priority, "access": access, "destinationAddressPrefix": to, **more}


def own(purpose: str, priority: int, to: str, egress: str = "app") -> Body:
    said = {"protocol": "Tcp", "sourceAddressPrefix": "VirtualNetwork", "destinationPortRange": "443"}
    said["description"] = f"Managed by azbackup: egress {egress}"
    return rule(f"azbackup-{egress}-{purpose}", priority, "Allow", to, **said)


def planned(*rules: Body) -> tuple[Plan, Spec, FakeSurvey]:
    survey, spec = an_estate(), a_spec(protect(egress="app"), egresses=(NsgEgress("app", NSG, PLACE),))
    live_item(survey, WEB)
    survey.add_resource(group_body(NSG.id, *rules))
    return make_plan(spec, survey, KINDS), spec, survey


def test_three_rules_without_room_are_one_finding_that_makes_room_for_all_three() -> None:
    theirs = (rule("deny-all", 100), rule("x", 101, "Allow", "Sql"), rule("z", 104, "Allow", "Sql"))
    plan, *_ = planned(*theirs)
    (told,) = [each for each in plan.findings if each.code == "P202"]
    assert told.what == (
        "nsg-app has no free priority before rule deny-all (priority 100) for VirtualNetwork to Storage.WestEurope, TCP 443, 8443; "
        "VirtualNetwork to AzureBackup, TCP 443; VirtualNetwork to AzureActiveDirectory, TCP 443"
    )
    assert told.remedy == "make room for 3 rules: renumber, from the last one on, z to 105, x to 104, deny-all to 103"
    moved = (rule("deny-all", 103), rule("x", 104, "Allow", "Sql"), rule("z", 105, "Allow", "Sql"))
    plan, *_ = planned(*moved)
    assert [step.action for step in plan.steps] == ["create"] * 3


def test_where_one_fits_the_remedy_makes_room_for_the_two_others() -> None:
    plan, *_ = planned(rule("deny-all", 101))
    (told,) = [each for each in plan.findings if each.code == "P202"]
    assert told.remedy == "make room for 2 rules: renumber, from the last one on, deny-all to 103"


def test_the_kind_whose_rules_have_room_is_silent_about_those_of_another() -> None:
    purposes = ("storage", "backup", "identity")
    kept = [own(purpose, 100 + number, tag) for number, (purpose, tag) in enumerate(zip(purposes, TAGS, strict=True))]
    _, spec, survey = planned(*kept, rule("deny-all", 103))
    out = ProxyEgress("out", "10.0.0.5", 8080, PLACE, SUBSCRIPTION, nsg=NSG)
    spec = replace(spec, protections=(*spec.protections, protect(SQL, egress="out")), egresses=(*spec.egresses, out))
    plan = make_plan(spec, survey, KINDS)
    assert [each.address for each in plan.findings if each.code == "P202"] == ["proxy/out"]


def test_without_any_number_left_it_says_how_many_have_to_go() -> None:
    plan, *_ = planned(*(rule(f"r{number}", number, "Allow", "Sql") for number in range(100, 4096)), rule("no", 4096))
    (told,) = [each for each in plan.findings if each.code == "P202"]
    assert told.remedy == "remove 3 rules that are not needed any more"


def test_a_rule_of_azbackup_leaves_the_only_place_that_another_one_can_have() -> None:
    theirs = (rule("no-backup", 101, to="AzureBackup"), rule("deny-all", 1000))
    plan, spec, survey = planned(*theirs, own("identity", 100, "AzureActiveDirectory"))
    told = [
        (step.action, change.path.rsplit(".", 1)[-1], change.after) for step in plan.steps for change in step.changes
    ]
    assert told[1] == ("update", "priority", 998)
    assert [step.action for step in plan.steps] == ["create", "update", "create"]
    assert plan.steps[-1].changes[0].after["priority"] == 100  # type: ignore[index]
    list(land_plan(plan, spec, survey))  # refuses a number that is taken
    assert make_plan(spec, survey, KINDS).steps == ()


def a_wanted(egress: str, tag: str) -> WantedRule:
    return WantedRule(NsgEgress(egress, NSG, PLACE), NSG.id, tag, "Outbound", "VirtualNetwork", tag, (443,), "NET-01")


WANTED = [a_wanted(egress, tag) for egress in ("app", "web") for tag in TAGS]


def _after(body: Body, placed: Placed) -> Body:
    """The group once somebody has followed the remedy."""
    moves = {rule.name: number for room in placed.rooms.values() for rule, number in room.renumber}
    rules = [dict(each) for each in custom_rules(body)]
    numbers = {each["name"]: each["properties"]["priority"] for each in rules}  # type: ignore[index]
    for name, number in moves.items():  # in the order of the remedy no number is taken
        assert number not in numbers.values()
        numbers[name] = number
    for each in rules:
        each["properties"] = {**each["properties"], "priority": numbers[each["name"]]}  # type: ignore[dict-item]
    return {**body, "properties": {**body["properties"], "securityRules": rules}}


_NUMBERS = st.integers(100, 112)
_THEIRS = st.tuples(_NUMBERS, st.sampled_from(["Allow", "Deny"]), st.sampled_from(["*", "Sql", *TAGS]))


@settings(max_examples=150)
@given(
    st.lists(_THEIRS, unique_by=lambda each: each[0], max_size=12),
    st.lists(
        st.tuples(_NUMBERS, st.sampled_from(WANTED)), unique_by=(lambda each: each[0], lambda each: each[1]), max_size=3
    ),
)
def test_the_remedy_makes_room_and_every_place_is_free(
    theirs: list[tuple[int, str, str]], made: list[tuple[int, WantedRule]]
) -> None:
    ours = {number: own(each.purpose, number, each.destination, each.egress.name) for number, each in made}
    rules = [rule(f"r{number}", number, access, to) for number, access, to in theirs if number not in ours]
    body = group_body(NSG.id, *rules, *ours.values())
    placed = place_all(body, WANTED)
    taken = {number for number, *_ in theirs} | set(ours)
    numbers = [each.priority for each in placed.of.values() if each.state == "placed" and not each.keeps]
    free = [
        each.priority for each in placed.of.values() if each.state == "placed" and not each.keeps and not each.waits_for
    ]
    assert len(set(numbers)) == len(numbers)
    assert taken.isdisjoint(free)
    if placed.rooms:
        again = place_all(_after(body, placed), WANTED)
        assert again.rooms == {}
