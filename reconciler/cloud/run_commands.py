"""Managed run commands in bulk. An index that lags answers for most of them; see docs/decisions/0005-an-index-that-lags.md."""

from __future__ import annotations

from collections.abc import Callable, Collection

from reconciler.cloud.direct import Direct
from reconciler.cloud.graph import Graph
from reconciler.cloud.memo import Memo
from reconciler.cloud.paths import ResourcePath
from reconciler.cloud.reading import Body
from reconciler.core.errors import Unreadable
from reconciler.core.wire import dig_text

MOST_ASKED_DIRECTLY, FEWEST_ASKED_DIRECTLY = 20, 3
"""Of a survey: commands that Resource Graph lacks, or shows as anything but Succeeded."""
_VMS_A_QUESTION = 50  # the lists of larger estates leave less room for questions about single commands

_OWN = "azbackup-"
_QUERY = (
    "resources | where type =~ 'microsoft.compute/virtualmachines/runcommands'"
    f" and id contains '/runcommands/{_OWN}'"
    " | project id, state = tostring(properties.provisioningState),"
    " script = tostring(properties.source.script), parameters = properties.parameters"
    " | order by id asc"
)


def most_asked_directly(vms: int) -> int:
    """For a survey of so many VMs."""
    return max(FEWEST_ASKED_DIRECTLY, MOST_ASKED_DIRECTLY - vms // _VMS_A_QUESTION)


class RunCommands:
    """What a survey of so many VMs knows of run commands.

    `exact`: ids of those that are asked for directly, since they have just been written.
    """

    def __init__(
        self, graph: Graph, direct: Direct, memo: Memo, vms: Callable[[], int], exact: Collection[str]
    ) -> None:
        self._graph, self._direct, self._memo, self._vms = graph, direct, memo, vms
        self._exact = frozenset(each.lower() for each in exact)
        self._asked = 0
        self._blind: set[str] = set()
        self._refused: dict[str, Unreadable] = {}

    def one(self, named: ResourcePath) -> Body | None:
        return self._memo.ask(("run command", named.path.lower()), lambda: self._read(named))

    def _read(self, named: ResourcePath) -> Body | None:
        key = named.path.lower()
        if key in self._exact or not named.names[-1].lower().startswith(_OWN):
            return self._direct.resource(named.path)
        index = self._index(named.subscription)
        row = None if index is None else index.get(key)
        if index is None or (row is not None and not _script(row)):
            return self._direct.resource(named.path)  # no index, or one that does not tell which script it is
        if row is not None and _state(row) == "Succeeded":
            return _body(row)
        if self._asked < most_asked_directly(self._vms()):
            self._asked += 1
            return self._ask(named, empty=not index)
        if row is None and _group(named) in self._refused:
            raise self._refused[_group(named)]  # an index shows nothing of what the identity must not read
        return row and _body(row)

    def _ask(self, named: ResourcePath, *, empty: bool) -> Body | None:
        try:
            found = self._direct.resource(named.path)
        except Unreadable as error:
            if error.status == 403:
                self._refused[_group(named)] = error
            raise
        if found is not None and empty:
            self._blind.add(named.subscription.lower())
        return found

    def _index(self, subscription: str) -> dict[str, Body] | None:
        """The rows by id. None when there is no use in them: unreadable, cut, or empty though there are run commands."""

        def read() -> dict[str, Body] | None:
            try:
                rows = self._graph.rows([subscription], _QUERY)
            except Unreadable:
                return None
            return {dig_text(row, "id").lower(): row for row in rows}

        if subscription.lower() in self._blind:
            return None
        return self._memo.ask(("run commands", subscription.lower()), read)


def _script(row: Body) -> str:
    return dig_text(row, "script")


def _state(row: Body) -> str:
    return dig_text(row, "state")


def _group(named: ResourcePath) -> str:
    return f"{named.subscription}/{named.resource_group}".lower()


def _body(row: Body) -> Body:
    """The row as Compute would send it. There is no instance view: a script that fails fails the resource, too."""
    properties = {
        "source": {"script": _script(row)},
        "parameters": row.get("parameters") or [],
        "provisioningState": _state(row),
    }
    command = dig_text(row, "id")
    return {"id": command, "name": command.rpartition("/")[2], "properties": properties}
