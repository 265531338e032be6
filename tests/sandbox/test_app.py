"""The rules that hold for every row, at the wire."""

from urllib.parse import unquote

import pytest

from reconciler.sandbox.app import TABLE
from reconciler.sandbox.table import Route, Table
from reconciler.sandbox.wire import GATEWAY, empty
from tests.sandbox.lab import HEADERS, Lab, code


def test_an_unknown_route_is_a_loud_501_that_names_itself() -> None:
    response = Lab().send("PATCH", "/subscriptions/x/somethingElse")
    assert code(response) == (501, "SandboxHasNoSuchRoute")
    assert "PATCH /subscriptions/x/somethingElse" in response.json()["error"]["message"]


@pytest.mark.parametrize(
    ("path", "version", "headers", "expected"),
    [
        ("{vault}", "2026-10-01", {}, (401, "AuthenticationFailed")),
        ("{vault}", "", HEADERS, (400, "MissingApiVersionParameter")),
        ("{vault}", "latest", HEADERS, (400, "InvalidApiVersionParameter")),
        ("/subscriptions/nobody/resourceGroups/rg", "2026-10-01", HEADERS, (404, "SubscriptionNotFound")),
        ("{subscription}/resourceGroups/nowhere", "2026-10-01", HEADERS, (404, "ResourceGroupNotFound")),
        ("{vault}", "2026-10-01", HEADERS, (404, "ResourceNotFound")),
        ("{vault}/backupPolicies", "2026-10-01", HEADERS, (404, "ResourceNotFound")),
    ],
)
def test_the_envelope_refuses_before_any_row_does(
    path: str, version: str, headers: dict[str, str], expected: tuple[int, str]
) -> None:
    lab = Lab()
    full = path.format(vault=lab.vault, subscription=f"/subscriptions/{lab.subscription}")
    response = lab.send("GET", full, version=version, headers=headers)
    assert code(response) == expected
    assert response.headers["x-ms-failure-cause"] == GATEWAY["x-ms-failure-cause"]


def test_paths_match_in_any_case_and_ids_keep_that_of_the_first_writer() -> None:
    lab = Lab()
    lab.make_vault()
    other = (
        lab.vault.replace("/subscriptions/", "/Subscriptions/")
        .replace("resourceGroups", "RESOURCEGROUPS")
        .replace("rsv", "RSV")
    )
    assert lab.ok("GET", other)["id"] == lab.vault


def test_semicolons_are_taken_raw_and_encoded_and_given_raw() -> None:
    lab = Lab()
    lab.make_vault()
    vm = lab.vm("vm1")
    lab.protect(vm)
    raw = lab.item(vm)
    encoded = raw.replace(";", "%3B")
    assert lab.ok("GET", raw) == lab.ok("GET", encoded)
    assert lab.ok("GET", encoded)["id"] == raw
    assert "%3B" not in lab.send("DELETE", encoded).headers["Location"]


@pytest.mark.parametrize(
    "query",
    [
        "%24filter=backupManagementType+eq+%27AzureIaasVM%27+and+itemType+eq+%27VM%27",
        "$filter=backupManagementType%20eq%20%27AzureIaasVM%27%20and%20itemType%20eq%20%27VM%27",
        "$filter=backupManagementType%20eq%20'AzureIaasVM'%20and%20itemType%20eq%20'VM'",
    ],
)
def test_a_filter_may_come_in_three_encodings(query: str) -> None:
    lab = Lab()
    lab.make_vault()
    lab.protect(lab.vm("vm1"))
    assert len(lab.ok("GET", f"{lab.vault}/backupProtectedItems?{query}")["value"]) == 1
    sql = query.replace("AzureIaasVM", "AzureWorkload")
    assert lab.ok("GET", f"{lab.vault}/backupProtectedItems?{sql}")["value"] == []


@pytest.mark.parametrize("body", [b"[1]", b"{", b'"text"'])
def test_a_body_that_is_no_object_is_refused(body: bytes) -> None:
    from reconciler.sandbox.app import handle
    from reconciler.sandbox.wire import Request

    lab = Lab()
    url = f"https://management.azure.com{lab.vault}?api-version=2026-10-01"
    assert code(handle(lab.world, Request("PUT", url, HEADERS, body))) == (400, "InvalidRequestContent")


def test_links_are_absolute_to_the_host_that_was_asked_and_lists_page_at_200() -> None:
    lab = Lab()
    for number in range(401):
        lab.vm(f"vm{number:03d}")
    url = f"https://localhost:8443/subscriptions/{lab.subscription}/providers/Microsoft.Compute/virtualMachines"
    sizes, names = [], []
    while url:
        page = lab.ok("GET", url)
        sizes.append(len(page["value"]))
        names += [entry["name"] for entry in page["value"]]
        url = page.get("nextLink", "")
        assert url == "" or url.startswith("https://localhost:8443/subscriptions/")
        assert url == "" or "%24skipToken=" in url
        assert "+" not in unquote(url).split("skipToken=")[-1]
    assert sizes == [200, 200, 1]
    assert names == [f"vm{number:03d}" for number in range(401)]


def test_a_refused_request_leaves_no_trace() -> None:
    lab = Lab()
    lab.make_vault()
    before = lab.send("GET", lab.vault).body
    sent = {
        "properties": {
            "publicNetworkAccess": "Disabled",
            "redundancySettings": {"standardTierStorageRedundancy": "Nowhere"},
        }
    }
    assert code(lab.send("PATCH", lab.vault, sent)) == (400, "InvalidRestApiParameter")
    lab.world.advance(600)
    assert lab.send("GET", lab.vault).body == before


def test_answers_carry_the_headers_of_nearly_every_answer() -> None:
    lab = Lab()
    headers = lab.send("GET", f"/subscriptions/{lab.subscription}").headers
    assert headers["x-ms-client-request-id"] == HEADERS["x-ms-client-request-id"]
    assert headers["Date"] == "Sun, 22 Nov 2026 09:00:00 GMT"
    assert {"x-ms-request-id", "x-ms-correlation-request-id", "x-ms-routing-request-id", "Cache-Control"} <= set(
        headers
    )


def test_every_row_says_where_its_behaviour_is_known_from() -> None:
    assert all(route.source for route in TABLE.routes)
    assert {route.counter for route in TABLE.routes} <= {"arm", "vault", "backup", "job", "compute", "network"}


def test_a_table_refuses_two_rows_for_one_route() -> None:
    row = Route("GET", "/a/{name}", lambda call: empty(204), "test")
    with pytest.raises(ValueError, match="two rows"):
        Table([row, row])
    with pytest.raises(ValueError, match="two names"):
        Table([row, Route("GET", "/a/{other}", row.handler, "test")])


@pytest.mark.parametrize(
    "version", ["2016-12-01", "2018-01-10", "2019-06-15", "2020-02-02", "2021-03-01", "2026-11-01"]
)
def test_versions_from_2016_on_are_answered(version: str) -> None:
    lab = Lab()
    lab.make_vault()
    for path in ("", "/backupPolicies", "/backupProtectedItems", "/backupstorageconfig/vaultstorageconfig"):
        assert lab.send("GET", f"{lab.vault}{path}", version=version).status == 200, path


@pytest.mark.parametrize("version", ["2021-08-01", "2026-01-01"])
def test_the_global_counters_do_not_ask_for_the_version(version: str) -> None:
    """An answer under 2021-08-01 had them when it was asked for in 2024."""
    lab = Lab()
    group = lab.vault.split("/providers/")[0]
    read, written = lab.send("GET", group, version=version), lab.send("PUT", group, {"location": "westeurope"}, version)
    assert read.headers["x-ms-ratelimit-remaining-subscription-global-reads"] == "16499"
    assert written.headers["x-ms-ratelimit-remaining-subscription-global-writes"] == "11999"
