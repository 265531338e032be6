"""Rows of Site Recovery's settings of a vault: Terraform reads them at every read of a vault."""

from typing import Any

from reconciler.sandbox.call import VAULTS, Call
from reconciler.sandbox.table import VAULT, Route
from reconciler.sandbox.wire import Refusal, Response, reply
from reconciler.sandbox.world import Row

_TYPE = f"{VAULTS}/replicationVaultSettings"
_DEFAULTS = {"migrationSolutionId": None, "vmwareToAzureProviderType": "Legacy"}


def _row(call: Call) -> Row:
    id = f"{call.vault_id}/replicationVaultSettings/default"
    body = {"id": id, "name": "default", "type": _TYPE, "properties": dict(_DEFAULTS)}
    return call.world.get(id) or Row(id.lower(), f"{call.vault_key}/replicationvaultsettings", body)


def get(call: Call) -> Response:
    if call.names["setting"].lower() != "default":
        raise Refusal(404, "ResourceNotFound", f"The setting '{call.names['setting']}' was not found.")
    return reply(_row(call).body)


def list_settings(call: Call) -> Response:
    return reply({"value": [_row(call).body]})


def put(call: Call) -> Response:
    row = _row(call)
    sent: dict[str, Any] = {name: call.properties[name] for name in _DEFAULTS if name in call.properties}
    row.body["properties"] |= sent
    return reply(call.world.put(row).body)


_ONE = f"{VAULT}/replicationVaultSettings/{{setting}}"
ROUTES = (
    Route("GET", f"{VAULT}/replicationVaultSettings", list_settings, "SDK"),
    Route("GET", _ONE, get, "SDK", "defaults are assumed"),
    Route("POST", _ONE, put, "SDK", "at once"),
    Route("PUT", _ONE, put, "SDK", "at once"),
)
