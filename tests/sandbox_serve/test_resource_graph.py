"""Resource Graph: the part of its language that clients send, over what the world holds."""

from typing import Any

import pytest

from reconciler.sandbox import kql
from tests.sandbox_serve.asking import GROUP, SUBSCRIPTION, Asker

ROWS: list[dict[str, Any]] = [
    {"name": "a", "type": "x/vm", "tags": {"env": "Prod"}, "size": 3},
    {"name": "b", "type": "x/vm", "tags": None, "size": 1},
    {"name": "c", "type": "x/disk", "tags": {"env": "test"}, "size": 2},
]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("resources", "abc"),
        ("Resources | where type == 'x/vm'", "ab"),
        ("resources | where type =~ 'X/VM' and name != \"a\"", "b"),
        ("resources | where tags.env =~ 'prod'", "a"),
        ("resources | where tags['env'] == 'test'", "c"),
        ("resources | where name in ('a', 'c')", "ac"),
        ("resources | where type in~ ('X/DISK')", "c"),
        ("resources | where tolower(type) contains 'DISK'", "c"),
        ("resources | where type startswith 'x/' | order by name desc", "cba"),
        ("resources | sort by size asc | take 2", "bc"),
        ("resources | where type endswith 'disk' | limit 5;", "c"),
        ("resources | where type has 'vm'", "ab"),
        ("resources\n| where tostring(size) == '3'", "a"),
    ],
)
def test_queries(query: str, names: str) -> None:
    assert "".join(entry["name"] for entry in kql.run(query, lambda table: ROWS)) == names


def test_columns() -> None:
    found = kql.run("resources | extend all = strcat(name, '/', type) | project all, s = size", lambda table: ROWS)
    assert found[0] == {"all": "a/x/vm", "s": 3}
    assert kql.run("resources | count", lambda table: ROWS) == [{"Count": 3}]


@pytest.mark.parametrize(
    "query",
    [
        "",
        "resources | where name == 'a' or name == 'b'",
        "resources | summarize count() by type",
        "resources | join kind=inner (resources) on name",
        "resources | where name matches regex 'a.*'",
        "resources | where replace(name) == 'a'",
        "resources | where",
        "resources | where name == 'a' extra",
        "resources | project name; print 1",
        "resources | where name == 'unfinished",
        "union resources",
    ],
)
def test_what_is_not_known_is_refused_and_not_guessed(query: str) -> None:
    with pytest.raises(kql.UnknownQuery):
        kql.run(query, lambda table: ROWS)


GRAPH = "/providers/Microsoft.ResourceGraph/resources"


def asked(asker: Asker, query: str, **options: Any) -> Any:
    return asker.ask("POST", GRAPH, {"query": query, "options": options}).json()


def test_pages_are_followed_by_their_token() -> None:
    asker = Asker()
    for number in range(5):
        asker.put(f"{SUBSCRIPTION}/resourceGroups/rg-{number}", {"location": "westeurope"})
    first = asked(asker, "resourcecontainers | project name", **{"$top": 4})
    assert (first["totalRecords"], first["count"]) == (6, 4)
    rest = asked(asker, "resourcecontainers | project name", **{"$top": 4, "$skipToken": first["$skipToken"]})
    assert "$skipToken" not in rest
    assert [each["name"] for each in first["data"] + rest["data"]] == ["rg-net", *(f"rg-{n}" for n in range(5))]


def test_types_are_lower_case_and_groups_are_named() -> None:
    asker = Asker()
    asker.put(f"{GROUP}/providers/Microsoft.Network/networkSecurityGroups/N", {"location": "westeurope"})
    found = asked(asker, "resources | where resourceGroup == 'rg-net'")["data"]
    assert [each["type"] for each in found] == ["microsoft.network/networksecuritygroups"]


@pytest.mark.parametrize("query", ["resources | summarize count()", "securityresources"])
def test_an_unknown_query_is_a_loud_501(query: str) -> None:
    assert Asker().refused("POST", GRAPH, {"query": query}) == (501, "SandboxHasNoSuchQuery")
