"""Rows that read the extensions of virtual machines, which an estate says (vm-get-instanceview-2020)."""

from typing import Any

from reconciler.sandbox.call import Call
from reconciler.sandbox.rows.virtual_machines import TYPE, find
from reconciler.sandbox.table import GROUP, Route
from reconciler.sandbox.wire import Response, not_found, reply
from reconciler.sandbox.world import Row


def _shown(call: Call, vm: Row, extension: dict[str, Any]) -> dict[str, Any]:
    """With `$expand=instanceView` as the VM's own view has it."""
    if call.query.get("$expand", "").lower() == "instanceview":
        for view in vm.meta["view"].get("extensions", []):
            if view["name"] == extension["name"]:
                extension["properties"]["instanceView"] = view
    return extension


def list_extensions(call: Call) -> Response:
    vm = find(call)
    return reply({"value": [_shown(call, vm, extension) for extension in vm.meta["extensions"]]})


def get(call: Call) -> Response:
    vm, name = find(call), call.names["extension"]
    for extension in vm.meta["extensions"]:
        if extension["name"].lower() == name.lower():
            return reply(_shown(call, vm, extension))
    raise not_found(TYPE, f"{call.names['vm']}/extensions/{name}", call.names["group"])


_ALL, _SOURCE = f"{GROUP}/providers/{TYPE}/{{vm}}/extensions", "vm-get-instanceview-2020; published API"
ROUTES = (
    Route("GET", _ALL, list_extensions, _SOURCE, counter="compute"),
    Route("GET", f"{_ALL}/{{extension}}", get, _SOURCE, counter="compute"),
)
