"""Rows of tags: the one `tags/default` that every subscription, group and resource has."""

from typing import Any

from reconciler.sandbox.call import Call
from reconciler.sandbox.rows.any_resource import scope, set_tags, tags_of
from reconciler.sandbox.table import GROUP, SUBSCRIPTION, Route
from reconciler.sandbox.wire import Refusal, Response, empty, reply
from reconciler.sandbox.world import Row

_MAX_TAGS = 50


def _body(row: Row) -> dict[str, Any]:
    return {
        "id": f"{row.body['id']}/providers/Microsoft.Resources/tags/default",
        "name": "default",
        "type": "Microsoft.Resources/tags",
        "properties": {"tags": tags_of(row)},
    }


def get(call: Call) -> Response:
    return reply(_body(scope(call)))


def _sent(call: Call) -> dict[str, str]:
    tags = call.properties.get("tags")
    if not isinstance(tags, dict):
        raise Refusal(400, "InvalidTagsParameter", "The tags of the request are missing or no object.")
    return tags


def _store(call: Call, row: Row, tags: dict[str, str]) -> Response:
    if len(tags) > _MAX_TAGS:
        said = f"The number of tags {len(tags)} on the resource is more than the maximum of {_MAX_TAGS}."
        raise Refusal(400, "InvalidTagCount", said)
    set_tags(call.world, row, tags)
    return reply(_body(row))


def put(call: Call) -> Response:
    return _store(call, scope(call), _sent(call))


def patch(call: Call) -> Response:
    """Merge, Replace or Delete; names of tags match in any casing."""
    row, sent, operation = scope(call), _sent(call), str(call.body.get("operation", "")).lower()
    if operation == "replace":
        return _store(call, row, sent)
    lowered = {name.lower(): value for name, value in sent.items()}
    kept = {name: value for name, value in tags_of(row).items() if name.lower() not in lowered}
    if operation == "merge":
        return _store(call, row, kept | sent)
    if operation == "delete":
        same = {n: v for n, v in tags_of(row).items() if n.lower() in lowered and lowered[n.lower()] not in ("", v)}
        return _store(call, row, kept | same)
    raise Refusal(400, "InvalidTagsOperation", f"The operation '{call.body.get('operation')}' is none of tags.")


def delete(call: Call) -> Response:
    set_tags(call.world, scope(call), {})
    return empty(200)


_RESOURCE = f"{GROUP}/providers/{{namespace}}/{{type}}/{{resource}}"
ROUTES = tuple(
    Route(method, f"{root}/providers/Microsoft.Resources/tags/default", handler, "SDK", counter="arm")
    for root in (SUBSCRIPTION, GROUP, _RESOURCE)
    for method, handler in (("GET", get), ("PUT", put), ("PATCH", patch), ("DELETE", delete))
)
