"""The priority of an own rule: before every deny that matches, free, and the same on every run."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.core.nsg import SecurityRule
from reconciler.core.nsg_priority import NoRoom, free_priority, make_room
from reconciler.core.nsg_wire import security_rule
from reconciler.core.spans import Cover
from tests.network.bodies import rule_body, traffic

WANTED = traffic("out Tcp from VirtualNetwork to Storage.WestEurope port 443")
DENY_ALL = "deny-all 1000 out deny * from * to *"

# What it is about, the rules of the group, the priority for the rule `azbackup-storage`.
CASES: list[tuple[str, list[str], int]] = [
    ("nothing denies", [], 4000),
    ("nothing denies and the place is taken", ["a 4000 out allow * from * to *", "b 3999 out allow * from * to *"], 3998),
    ("the guide's deny", [DENY_ALL], 999),
    ("the number before it is taken", [DENY_ALL, "a 999 out allow tcp from * to Sql"], 998),
    ("the first of two denies counts", [DENY_ALL, "d 500 out deny tcp from * to Internet port 443"], 499),
    ("a deny of another port does not", [DENY_ALL, "d 500 out deny tcp from * to Internet port 80"], 999),
    ("a deny of another protocol does not", [DENY_ALL, "d 500 out deny udp from * to *"], 999),
    ("a deny of private addresses does not", [DENY_ALL, "d 500 out deny * from * to 10.0.0.0/8"], 999),
    ("a deny of another region does not", [DENY_ALL, "d 500 out deny * from * to Storage.NorthEurope"], 999),
    ("a deny of a part of the tag does", [DENY_ALL, "d 500 out deny * from * to 20.0.0.0/8"], 499),
    ("a deny for some of the machines does", [DENY_ALL, "d 500 out deny * from 10.0.3.0/24 to *"], 499),
    ("a deny for a group of machines does", [DENY_ALL, "d 500 out deny * from asg:db to *"], 499),
    ("an inbound deny does not, nor its number", [DENY_ALL, "d 999 in deny * from * to *"], 999),
    ("the own rule keeps its number", [DENY_ALL, "azbackup-storage 700 out allow tcp from VirtualNetwork to Storage"], 700),
    ("without case", [DENY_ALL, "AzBackup-Storage 700 out allow tcp from VirtualNetwork to Storage"], 700),
    ("unless a deny came before it", [DENY_ALL, "d 600 out deny * from * to *", "azbackup-storage 700 out allow tcp from * to *"], 599),
    ("what the own rule says does not count", ["azbackup-storage 700 out deny * from * to *"], 700),
    ("the own rule keeps its number where nothing denies", ["azbackup-storage 150 out allow tcp from * to *"], 150),
]  # fmt: skip


def rules(lines: list[str]) -> list[SecurityRule]:
    return [security_rule(rule_body(line)) for line in lines]


@pytest.mark.parametrize(("about", "lines", "priority"), CASES, ids=[case[0] for case in CASES])
def test_the_priority_of_the_own_rule(about: str, lines: list[str], priority: int) -> None:
    assert free_priority(rules(lines), WANTED, "azbackup-storage") == priority
    assert free_priority(rules(lines[::-1]), WANTED, "azbackup-storage") == priority


def test_rules_of_one_plan_do_not_take_the_same_number() -> None:
    given_out: list[int] = []
    for name in ("azbackup-a", "azbackup-b", "azbackup-c"):
        number = free_priority(rules([DENY_ALL]), WANTED, name, reserved=given_out)
        assert isinstance(number, int)
        given_out.append(number)
    assert given_out == [999, 998, 997]
    # After a part of the plan, the rest gets what it was shown.
    made = rules([DENY_ALL, "azbackup-b 998 out allow tcp from VirtualNetwork to AzureBackup"])
    assert free_priority(made, WANTED, "azbackup-a", reserved=[998]) == 999
    assert free_priority(made, WANTED, "azbackup-c", reserved=[999, 998]) == 997


def test_no_room_names_the_deny() -> None:
    lines = ["deny-all 100 out deny * from * to *", "x 101 out allow tcp from * to Sql"]
    assert free_priority(rules(lines), WANTED, "azbackup-storage") == NoRoom(rules(lines)[0])
    full = rules([f"r{number} {number} out allow tcp from * to Sql" for number in range(100, 4097)])
    assert free_priority(full, WANTED, "azbackup-storage") == NoRoom(None)


# The numbers of the rules, where room is needed, for how many, numbers that stay; the new numbers, the last one first.
ROOMS: list[tuple[list[int], int, int, set[int], dict[int, int]]] = [
    ([100], 100, 1, set(), {100: 101}),
    ([100], 100, 3, set(), {100: 103}),
    ([100, 101, 103], 100, 1, set(), {101: 102, 100: 101}),
    ([100, 101, 103], 100, 2, set(), {103: 104, 101: 103, 100: 102}),
    ([100, 104], 100, 3, set(), {100: 103}),
    ([100, 104], 100, 4, set(), {104: 105, 100: 104}),
    ([99, 100, 101], 100, 1, {101}, {100: 102}),  # what lies before is left alone
    ([100, 101, 102], 100, 2, {101}, {102: 104, 100: 103}),
    ([4096], 4096, 1, set(), {}),
    ([*range(100, 4096)], 100, 1, set(), {each: each + 1 for each in range(4095, 99, -1)}),
    ([*range(100, 4096)], 100, 2, set(), {}),
]


@pytest.mark.parametrize(("numbers", "first", "count", "kept", "moves"), ROOMS)
def test_room_is_made_by_moving_rules_up(
    numbers: list[int], first: int, count: int, kept: set[int], moves: dict[int, int]
) -> None:
    there = rules([f"r{number} {number} out allow tcp from * to Sql" for number in numbers])
    made = make_room(there, first, count, kept)
    assert [(rule.priority, number) for rule, number in made] == [*moves.items()]


@settings(max_examples=100)
@given(
    st.lists(
        st.tuples(
            st.integers(100, 112),
            st.sampled_from(["allow", "deny"]),
            st.sampled_from(["*", "Sql", "Storage", "10.0.0.0/8", "20.0.0.0/8"]),
        ),
        unique_by=lambda rule: rule[0],
        max_size=10,
    )
)
def test_the_number_is_free_and_lies_before_every_deny_that_matches(drawn: list[tuple[int, str, str]]) -> None:
    there = rules([f"r{number} {number} out {access} tcp from * to {to}" for number, access, to in drawn])
    denies = [rule.priority for rule in there if rule.access == "Deny" and rule.cover(WANTED) is not Cover.NONE]
    answer = free_priority(there, WANTED, "azbackup-storage")
    if isinstance(answer, NoRoom):
        assert set(range(100, min(denies))) <= {rule.priority for rule in there}
        return
    assert answer not in {rule.priority for rule in there}
    assert 100 <= answer < min([*denies, 4097])
    made = rules([f"azbackup-storage {answer} out allow tcp from VirtualNetwork to Storage.WestEurope port 443"])
    assert free_priority([*there, *made], WANTED, "azbackup-storage") == answer
