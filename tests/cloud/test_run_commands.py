"""Run commands in bulk: one query of Resource Graph a subscription, and when it is not believed."""

from collections.abc import Collection, Mapping
from typing import Any

import pytest

from reconciler.cloud.run_commands import MOST_ASKED_DIRECTLY
from reconciler.core.desired import Spec
from reconciler.core.errors import Unreadable
from reconciler.core.live import Survey
from reconciler.core.wire import dig_text
from tests.cloud.canned import COMMAND_ID, SUBSCRIPTION, Canned, Reply, Sent, error

GRAPH = "/providers/Microsoft.ResourceGraph/resources"
FORBIDDEN = error(403, "AuthorizationFailed")
PARAMETERS = [{"name": "AZBACKUP_ACTION", "value": "set"}]
MANY = MOST_ASKED_DIRECTLY + 5


def command(number: int, group: str = "rg-app", name: str = "azbackup-proxy") -> str:
    return COMMAND_ID.replace("rg-app", group).replace("vm-web-01", f"vm-{number:02d}").replace("azbackup-proxy", name)


def row(resource_id: str, state: str = "Succeeded", script: str = "true") -> dict[str, object]:
    """As the index shows it: in letters of its own choice."""
    shouted = resource_id.replace("rg-app", "RG-APP").replace("virtualMachines", "virtualmachines")
    return {"id": shouted, "state": state, "script": script, "parameters": PARAMETERS}


def page(*rows: object, total: int | None = None, token: str = "") -> Reply:
    head = {"totalRecords": len(rows) if total is None else total, "count": len(rows), "data": list(rows)}
    return Reply(200, head | ({"$skipToken": token} if token else {}))


def survey(
    graph: Reply | list[Reply], found: Mapping[str, str | Reply], exact: Collection[str] = ()
) -> tuple[Survey, Canned]:
    """`graph`: the answers of the index, in order, the last one for ever; `found`: ids and how the commands ended."""
    pages = graph if isinstance(graph, list) else [graph]

    def answer(sent: Sent) -> Reply:
        if sent.path == GRAPH:
            return pages.pop(0) if len(pages) > 1 else pages[0]
        state = found.get(sent.path)
        if state is None:
            return error(404, "ResourceNotFound")
        properties = {"source": {"script": "true"}, "provisioningState": state}
        return state if isinstance(state, Reply) else Reply(200, {"id": sent.path, "properties": properties})

    canned = Canned(answer, read_only=True)
    return canned.azure.survey(Spec("d"), exact=exact), canned


def states(seen: Survey, *ids: str) -> list[str]:
    return [dig_text(seen.resource(each), "properties", "provisioningState") for each in ids]


def directly(canned: Canned) -> list[str]:
    return [sent.path for sent in canned.sent if sent.path != GRAPH]


def test_one_query_answers_for_all_of_a_subscription() -> None:
    ids = [command(number) for number in range(50)]
    seen, canned = survey(page(*map(row, ids)), {})
    assert states(seen, *ids) == ["Succeeded"] * 50
    assert seen.resource(ids[7]) == {
        "id": row(ids[7])["id"],
        "name": "azbackup-proxy",
        "properties": {"source": {"script": "true"}, "parameters": PARAMETERS, "provisioningState": "Succeeded"},
    }
    (sent,) = canned.sent
    assert (sent.method, sent.path, sent.url.partition("?")[2]) == ("POST", GRAPH, "api-version=2021-03-01")
    assert sent.body["subscriptions"] == [SUBSCRIPTION]
    assert sent.body["options"] == {"$top": 1000, "resultFormat": "objectArray"}


def test_pages_are_followed_by_their_token() -> None:
    first, second = command(1), command(2)
    seen, canned = survey([page(row(first), total=2, token="next"), page(row(second), total=2)], {})
    assert states(seen, first, second) == ["Succeeded"] * 2
    assert [sent.body["options"].get("$skipToken") for sent in canned.sent] == [None, "next"]


def test_of_what_the_index_lacks_some_are_asked_for_and_then_it_is_believed() -> None:
    ids = [command(number) for number in range(MANY)]
    seen, canned = survey(page(row(command(99))), dict.fromkeys(ids, "Succeeded"))
    assert states(seen, *ids, *ids) == (["Succeeded"] * MOST_ASKED_DIRECTLY + [""] * 5) * 2
    assert directly(canned) == ids[:MOST_ASKED_DIRECTLY]


def test_so_are_those_that_it_shows_as_anything_but_succeeded() -> None:
    ids = [command(number) for number in range(MANY)]
    seen, _ = survey(page(*(row(each, "Failed") for each in ids)), dict.fromkeys(ids, "Succeeded"))
    assert states(seen, *ids) == ["Succeeded"] * MOST_ASKED_DIRECTLY + ["Failed"] * 5


def test_what_has_just_been_written_is_asked_for_whatever_the_index_says() -> None:
    ids = [command(number) for number in range(MANY)]
    seen, _ = survey(page(*map(row, ids)), dict.fromkeys(ids[1:], "Failed"), exact=[each.upper() for each in ids])
    assert states(seen, *ids) == [""] + ["Failed"] * (MANY - 1)


@pytest.mark.parametrize(
    "graph",
    [
        FORBIDDEN,
        error(400, "BadRequest"),
        page(row(command(99)), total=2),
        page(),
        page(*(row(command(number), script="") for number in range(MANY))),
        Reply(200, b"<html>", {"Content-Type": "text/html"}),
        Reply(200, {"value": []}),
    ],
    ids=[
        "forbidden",
        "refused",
        "cut",
        "empty although there are some",
        "without scripts",
        "a sign-in page",
        "no rows",
    ],
)
def test_an_index_that_is_of_no_use_is_left_aside(graph: Reply) -> None:
    ids = [command(number) for number in range(MANY)]
    seen, canned = survey(graph, dict.fromkeys(ids, "Succeeded"))
    assert states(seen, *ids) == ["Succeeded"] * MANY
    assert directly(canned) == ids
    assert len(canned.sent) == MANY + 1


def test_an_index_that_is_down_is_left_aside() -> None:
    seen, canned = survey(error(503, "ServerBusy"), {COMMAND_ID: "Succeeded"})
    assert states(seen, COMMAND_ID, COMMAND_ID) == ["Succeeded"] * 2
    assert directly(canned) == [COMMAND_ID]


def test_a_passing_failure_of_the_index_passes() -> None:
    seen, canned = survey([error(503, "ServerBusy"), page(row(COMMAND_ID))], {})
    assert states(seen, COMMAND_ID) == ["Succeeded"]
    assert len(canned.sent) == 2


def test_what_the_identity_must_not_read_is_unknown_and_not_absent() -> None:
    ids = [command(number) for number in range(MANY)]
    seen, _ = survey(page(row(command(99))), dict.fromkeys(ids, FORBIDDEN))
    for each in ids:
        with pytest.raises(Unreadable):
            seen.resource(each)
    assert seen.resource(command(1, group="rg-other")) is None


def test_run_commands_of_others_are_asked_for() -> None:
    ids = [command(number, name="theirs") for number in range(MANY)]
    seen, canned = survey(page(), dict.fromkeys(ids, "Succeeded"))
    assert states(seen, *ids) == ["Succeeded"] * MANY
    assert directly(canned) == [sent.path for sent in canned.sent]


def test_each_subscription_is_asked_for_its_own() -> None:
    other = COMMAND_ID.replace(SUBSCRIPTION, SUBSCRIPTION.replace("1", "2"))
    seen, canned = survey([page(row(COMMAND_ID)), page(row(other))], {})
    assert states(seen, COMMAND_ID, other) == ["Succeeded"] * 2
    asked: list[Any] = [sent.body["subscriptions"] for sent in canned.sent]
    assert asked == [[SUBSCRIPTION], [SUBSCRIPTION.replace("1", "2")]]
