"""Canonical JSON, comparison by paths, and reading of wire bodies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.canonical import canonical_json, digest
from reconciler.core.compare import Difference, differences
from reconciler.core.wire import dig, dig_int, dig_list, dig_object, dig_text


@dataclass(frozen=True, slots=True)
class _Point:
    y: int
    x: object


def test_canonical_json_of_every_kind_of_value() -> None:
    value: object = _Point(
        1,
        {
            "b": (1, None, True),
            "a": MappingProxyType({"d": date(2026, 11, 22), "t": datetime(2026, 11, 22, 1, tzinfo=UTC)}),
            "s": frozenset({"z", "é"}),
        },
    )
    assert canonical_json(value) == (
        '{"x":{"a":{"d":"2026-11-22","t":"2026-11-22T01:00:00+00:00"},"b":[1,null,true],"s":["z","é"]},"y":1}'
    )


def test_what_has_no_canonical_form_is_refused() -> None:
    with pytest.raises(TypeError, match="object has no canonical JSON form"):
        canonical_json(object())
    with pytest.raises(TypeError, match="type has no canonical JSON form"):
        canonical_json(_Point)


def test_digests_tell_values_apart() -> None:
    assert digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1})
    values: list[object] = [None, "", 0, False, [], {}, "0", "\ud800"]
    assert len({digest(value) for value in values}) == len(values)
    assert digest(None) == "sha256:74234e98afe7498fb5daf1f36ac2d78acc339464f950703b8c019892f982b90b"


@pytest.mark.parametrize(
    ("live", "wanted", "expected"),
    [
        ({"a": {"b": 1}}, {"a": {"b": 1}}, ()),
        ({"a": {"b": 1, "c": 2}}, {"a": {"b": 3, "c": 2}}, (Difference("a.b", 1, 3),)),
        ({}, {"a": {"b": 1}}, (Difference("a", None, {"b": 1}),)),
        ({"a": {"b": 1}}, {}, (Difference("a", {"b": 1}, None),)),
        ({"on": ["Monday", "Sunday"]}, {"on": ["Sunday"]}, (Difference("on", ["Monday", "Sunday"], ["Sunday"]),)),
        ({"on": [1, 2]}, {"on": [2, 1]}, (Difference("on", [1, 2], [2, 1]),)),
        ({"at": "23:00"}, {"at": ["22:00", "23:00"]}, (Difference("at", "23:00", ["22:00", "23:00"]),)),
        ({"a": {"b": 1}}, {"a": "never"}, (Difference("a", {"b": 1}, "never"),)),
        ({"tags": {"__env": "a"}}, {"tags": {"__env": "b"}}, (Difference("tags.__env", "a", "b"),)),
        ({"tags": {"a.b['c']": "a"}}, {"tags": {"a.b['c']": "b"}}, (Difference("tags.a.b['c']", "a", "b"),)),
        ({"b": 1, "a": 1}, {"b": 2, "a": 2}, (Difference("a", 1, 2), Difference("b", 1, 2))),
        (
            {"a": {"b": {"c": 1}}},
            {"a": {"b": {"c": 2}, "d": 3}},
            (Difference("a.b.c", 1, 2), Difference("a.d", None, 3)),
        ),
    ],
)
def test_differences(live: dict[str, Any], wanted: dict[str, Any], expected: tuple[Difference, ...]) -> None:
    assert differences(live, wanted) == expected


_leaves = st.one_of(st.none(), st.integers(0, 3), st.text("ab_", max_size=3), st.lists(st.integers(0, 2), max_size=2))
_trees = st.dictionaries(
    st.text("ab_.'", min_size=1, max_size=3),
    st.one_of(_leaves, st.dictionaries(st.text("xy_", min_size=1, max_size=3), _leaves, max_size=3)),
    max_size=3,
)


@given(_trees, _trees)
def test_documents_that_differ_always_have_a_path_that_says_so(live: dict[str, Any], wanted: dict[str, Any]) -> None:
    found = differences(live, wanted)
    assert bool(found) == (live != wanted)
    assert all(each.before != each.after or None in (each.before, each.after) for each in found)


BODY: Mapping[str, object] = {"properties": {"name": "x", "count": 3, "on": True, "days": [1], "none": None}}


def test_reading_finds_values_of_the_kind_asked_for() -> None:
    assert dig(BODY, "properties", "on") is True
    assert dig_text(BODY, "properties", "name") == "x"
    assert dig_int(BODY, "properties", "count") == 3
    assert dig_list(BODY, "properties", "days") == [1]
    assert dig_object(BODY, "properties")["count"] == 3


@pytest.mark.parametrize(
    "path", [("nothing",), ("properties", "none"), ("properties", "name", "deeper"), ("properties", "on")]
)
def test_what_is_absent_null_or_of_another_kind_reads_as_empty(path: tuple[str, ...]) -> None:
    assert dig_text(BODY, *path) == ""
    assert dig_int(BODY, *path) is None
    assert dig_list(BODY, *path) == []
    assert dict(dig_object(BODY, *path)) == {}
    assert dig(None, *path) is None
