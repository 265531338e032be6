"""Resource Graph: the part of its language that clients send, over what the world holds."""

from typing import Any

import pytest

from reconciler.sandbox import kql
from reconciler.sandbox.app import handle
from reconciler.sandbox.faults import Script, Unseen
from reconciler.sandbox.rows.virtual_machines import vm_row
from reconciler.sandbox.wire import Request
from reconciler.sandbox.world import DEFAULT_SUBSCRIPTION
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


def test_run_commands_are_rows_without_their_view_and_what_is_protected() -> None:
    asker = Asker()
    vm = f"{GROUP}/providers/Microsoft.Compute/virtualMachines/VM-1"
    asker.world.put(
        vm_row(DEFAULT_SUBSCRIPTION, "rg-net", {"name": "VM-1", "location": "westeurope"}, asker.world.now())
    )
    sent = {"source": {"script": "true"}, "protectedParameters": [{"name": "A", "value": "secret"}]}
    asker.put(f"{vm}/runCommands/azbackup-proxy", {"location": "westeurope", "properties": sent})
    asker.get(f"{vm}/runCommands/azbackup-proxy?$expand=instanceView")
    query = "resources | where type =~ 'microsoft.compute/virtualmachines/runcommands'"
    (found,) = asked(asker, f"{query} and id contains '/runCommands/AZBACKUP-'")["data"]
    assert (found["name"], found["type"]) == ("azbackup-proxy", "microsoft.compute/virtualmachines/runcommands")
    assert found["properties"] == {
        "source": {"script": "true"},
        "asyncExecution": False,
        "timeoutInSeconds": 0,
        "treatFailureAsDeploymentFailure": False,
        "provisioningState": "Succeeded",
    }
    assert [each["name"] for each in asker.get(f"{SUBSCRIPTION}/resources")["value"]] == ["VM-1"]


def test_the_index_lags_where_a_fault_says_so() -> None:
    asker = Asker()
    for name in ("seen", "unseen"):
        asker.put(f"{GROUP}/providers/Microsoft.Network/networkSecurityGroups/{name}", {"location": "westeurope"})
    script = Script(handle, [Unseen(method="POST", path="*.ResourceGraph/resources", hides="*/unseen")])
    url = f"https://management.azure.com{GRAPH}?api-version=2021-03-01"
    request = Request("POST", url, {"Authorization": "Bearer x"}, b'{"query": "resources | project id, name"}')
    first, second = (script.send(asker.world, request).json() for _ in range(2))
    assert [each["name"] for each in first["data"]] == ["seen"]
    assert (first["count"], first["totalRecords"]) == (1, 1)
    assert (second["count"], second["totalRecords"]) == (2, 2)


@pytest.mark.parametrize("query", ["resources | summarize count()", "securityresources"])
def test_an_unknown_query_is_a_loud_501(query: str) -> None:
    assert Asker().refused("POST", GRAPH, {"query": query}) == (501, "SandboxHasNoSuchQuery")
