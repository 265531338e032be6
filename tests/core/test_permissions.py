"""What a caller may do, by Azure's rules: against a matcher written another way, and cases of the published documents."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.permissions import BUILT_IN_ROLES, Permission, is_granted, permissions_of, smallest_role
from reconciler.core.rights import READ_RIGHTS, WRITE_RIGHTS

_ACTIONS = st.text("abA/.+", min_size=1, max_size=6)
_PATTERNS = st.text("abA/.+*", max_size=6)
_ENTRIES = st.tuples(st.lists(_PATTERNS, max_size=3), st.lists(_PATTERNS, max_size=2))


def _fits(pattern: str, action: str) -> bool:
    """One character after the other, without any pattern language."""
    if not pattern:
        return not action
    if pattern[0] == "*":
        return any(_fits(pattern[1:], action[start:]) for start in range(len(action) + 1))
    return bool(action) and pattern[0].lower() == action[0].lower() and _fits(pattern[1:], action[1:])


@given(_ACTIONS, st.lists(_ENTRIES, max_size=3))
def test_a_right_is_given_by_one_entry_that_does_not_take_it_away_itself(
    action: str, entries: list[tuple[list[str], list[str]]]
) -> None:
    expected = any(
        any(_fits(pattern, action) for pattern in actions) and not any(_fits(pattern, action) for pattern in taken)
        for actions, taken in entries
    )
    bodies = [{"actions": actions, "notActions": taken, "dataActions": ["*"]} for actions, taken in entries]
    assert is_granted(action, permissions_of(bodies)) is expected


_CONTRIBUTOR = Permission(("*",), ("Microsoft.Authorization/*/Delete", "Microsoft.Authorization/*/Write"))
_READER = Permission(("*/read",))
_LOCKS = Permission(("Microsoft.Authorization/locks/*",))
_VM_WRITE = "Microsoft.Compute/virtualMachines/write"


@pytest.mark.parametrize(
    ("action", "permissions", "granted"),
    [
        (_VM_WRITE, [_CONTRIBUTOR], True),
        (_VM_WRITE, [_READER], False),
        ("Microsoft.Compute/virtualMachines/read", [_READER], True),
        ("microsoft.compute/VIRTUALMACHINES/Read", [_READER], True),
        ("Microsoft.Authorization/roleAssignments/write", [_CONTRIBUTOR], False),
        ("Microsoft.Authorization/locks/write", [_CONTRIBUTOR], False),
        ("Microsoft.Authorization/locks/write", [_CONTRIBUTOR, _LOCKS], True),
        (_VM_WRITE, [Permission(("Microsoft.Compute/virtualMachines/writes",))], False),
        (_VM_WRITE, [], False),
    ],
)
def test_cases(action: str, permissions: list[Permission], granted: bool) -> None:
    assert is_granted(action, permissions) is granted


def test_an_entry_without_lists_gives_nothing() -> None:
    assert not is_granted(_VM_WRITE, permissions_of([{}, {"actions": None, "notActions": None}]))


def test_every_action_that_is_ever_needed_has_a_role_smaller_than_contributor() -> None:
    needed = {right.action for right in WRITE_RIGHTS} | {right.action for right in READ_RIGHTS}
    assert BUILT_IN_ROLES[-1].name == "Contributor"
    assert {smallest_role(action) for action in needed} == {role.name for role in BUILT_IN_ROLES[:-1]}
