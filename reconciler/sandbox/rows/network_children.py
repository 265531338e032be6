"""Rows of what lies inside a network resource and has a path of its own: rules, subnets, peerings, routes."""

from dataclasses import dataclass
from typing import Any

from reconciler.sandbox.call import Call
from reconciler.sandbox.rows import arm_operations
from reconciler.sandbox.rows.malformed import reading
from reconciler.sandbox.rows.network import (
    NOTIFIED,
    REMOVAL,
    UPDATE_SECONDS,
    begin,
    find,
    network_settled,
    refuse_when_busy,
    refuse_when_changed,
    shown,
    stored,
    with_addresses,
)
from reconciler.sandbox.rows.network_kinds import KINDS, Child, Kind, child_body, must_exist
from reconciler.sandbox.table import GROUP, Route
from reconciler.sandbox.wire import Refusal, Response, empty, reply
from reconciler.sandbox.world import Row


@dataclass(frozen=True, slots=True)
class Inside:
    """One collection that is kept in its parent's body, so that both views agree."""

    kind: Kind
    child: Child

    def _entries(self, row: Row) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = row.body["properties"][self.child.segment]
        return found

    def _place(self, call: Call, row: Row) -> int:
        """Where the entry is, or where a new one goes."""
        names = [entry["name"].lower() for entry in self._entries(row)]
        wanted = call.names["child"].lower()
        return names.index(wanted) if wanted in names else len(names)

    def get(self, call: Call) -> Response:
        row = find(call, self.kind)
        for entry in self._entries(row)[self._place(call, row) :][:1]:
            shown_entry = with_addresses(call.world, entry) if self.child.segment == "subnets" else entry
            return reply(shown_entry, headers={"ETag": entry["etag"]})
        said = f"Resource {row.body['id']}/{self.child.segment}/{call.names['child']} not found."
        raise Refusal(404, "NotFound", said)

    def list_all(self, call: Call) -> Response:
        body = shown(call, self.kind, find(call, self.kind))
        return reply({"value": body["properties"][self.child.segment]})

    def put(self, call: Call) -> Response:
        row = find(call, self.kind)
        refuse_when_busy(row)
        entries, place = self._entries(row), self._place(call, row)
        exists = place < len(entries)
        if exists:
            refuse_when_changed(call, entries[place]["etag"])
        name = entries[place]["name"] if exists else call.names["child"]
        id = f"{row.body['id']}/{self.child.segment}/{name}"
        for reference in self.child.names:
            if call.properties.get(reference):
                must_exist(call.world, id, call.properties[reference])
        with reading():
            properties = self.child.complete(call.world, id, call.properties)
        type = f"{self.kind.type}/{self.child.segment}"
        body = child_body(name, id, type, {"provisioningState": "Updating"} | properties)
        entries[place : place + 1] = [body]
        self.child.check(entries)
        self.kind.judge(row.body["properties"])
        return reply(body, 200 if exists else 201, self._begin(call, row) | NOTIFIED)

    def delete(self, call: Call) -> Response:
        row = find(call, self.kind)
        entries, place = self._entries(row), self._place(call, row)
        if place == len(entries):
            return empty(204)
        refuse_when_busy(row)
        refuse_when_changed(call, entries[place]["etag"])
        self.child.removed(call.world, row, entries.pop(place))
        return arm_operations.accepted(call, "Microsoft.Network", self._begin(call, row) | REMOVAL)

    def _begin(self, call: Call, row: Row) -> dict[str, str]:
        row.body["properties"]["provisioningState"] = "Updating"
        stored(call.world, row)
        return begin(call, row, network_settled, UPDATE_SECONDS)

    def routes(self) -> tuple[Route, ...]:
        root, note = f"{GROUP}/providers/{self.kind.type}/{{name}}/{self.child.segment}", "nsgrule-put-201-2021"
        one = f"{root}/{{child}}"
        return (
            Route("GET", root, self.list_all, "SDK", counter="arm"),
            Route("GET", one, self.get, note, counter="arm"),
            Route("PUT", one, self.put, note, "prefixes of rules are not judged", counter="arm"),
            Route("DELETE", one, self.delete, "wire-facts 8", counter="arm"),
        )


ROUTES = tuple(row for kind in KINDS for child in kind.children for row in Inside(kind, child).routes())
