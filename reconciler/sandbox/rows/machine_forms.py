"""How a virtual machine is written down: stored in its newest form, shown as each api-version shows it."""

from collections.abc import Mapping
from typing import Any

Body = dict[str, Any]

_ENVELOPE = ("name", "id", "type", "location", "tags", "zones", "identity", "plan", "properties", "etag", "resources")
_OLD_ORDER = (
    "vmId", "hardwareProfile", "storageProfile", "osProfile", "networkProfile", "diagnosticsProfile",
    "provisioningState", "instanceView", "timeCreated",
)  # fmt: skip
_ORDER = (
    "hardwareProfile", "provisioningState", "vmId", "storageProfile", "osProfile", "networkProfile",
    "diagnosticsProfile", "instanceView", "timeCreated",
)  # fmt: skip
# Since when a property is there, by the path to it below `properties`.
_SINCE = {
    ("osProfile", "requireGuestProvisionSignal"): "2020-12",
    ("storageProfile", "osDisk", "deleteOption"): "2021-03",
    ("storageProfile", "dataDisks", "deleteOption"): "2021-03",
    ("osProfile", "windowsConfiguration", "patchSettings", "assessmentMode"): "2021-11",
    ("osProfile", "linuxConfiguration", "patchSettings", "assessmentMode"): "2021-11",
    ("timeCreated",): "2021-11",
    ("osProfile", "windowsConfiguration", "enableVMAgentPlatformUpdates"): "2022-03",
    ("osProfile", "linuxConfiguration", "enableVMAgentPlatformUpdates"): "2022-03",
    ("storageProfile", "diskControllerType"): "2022-08",
}
NEWEST = "2024"  # from here on the stored form is the one that is shown


def ordered(body: Mapping[str, Any]) -> Body:
    """The body with its keys, and those of its properties, in the newest order."""
    head = _in(_ENVELOPE, body)
    return head | {"properties": _in(_ORDER, body["properties"])}


def _in(order: tuple[str, ...], values: Mapping[str, Any]) -> Body:
    return {name: values[name] for name in (*order, *values) if name in values}


def as_of(body: Body, version: str) -> Body:
    """What an api-version shows of a body in its newest form; the body itself is spent.

    The forms are those recorded in 2021 (2020-12-01), 2022 (2021-11-01, 2022-03-01) and 2025 (2024-11-01).
    """
    if version >= NEWEST:
        return ordered(body)
    body.pop("etag", None)
    for path, since in _SINCE.items():
        if version < since:
            _drop(body["properties"], path)
    return body | {"properties": _in(_OLD_ORDER, body["properties"])}


def _drop(place: Any, path: tuple[str, ...]) -> None:
    if isinstance(place, list):
        for each in place:
            _drop(each, path)
    elif isinstance(place, dict):
        if len(path) == 1:
            place.pop(path[0], None)
        else:
            _drop(place.get(path[0]), path[1:])
