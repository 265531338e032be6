"""Rows of protection intents: the portal's way to protect a VM (published example; wire-facts 5.8)."""

import json
from contextlib import suppress
from typing import Any

from reconciler.sandbox.call import Call
from reconciler.sandbox.listing import page
from reconciler.sandbox.rows import protection
from reconciler.sandbox.rows.item_state import VM, Names
from reconciler.sandbox.table import VAULT, Route
from reconciler.sandbox.wire import Refusal, Request, Response, empty, reply
from reconciler.sandbox.world import Row

_TYPE = "Microsoft.RecoveryServices/vaults/backupProtectionIntent"


def _collection(call: Call) -> str:
    return f"{call.vault_key}/backupprotectionintents"


def _key(call: Call) -> str:
    return f"{call.vault_key}/backupfabrics/azure/backupprotectionintent/{call.names['intent']}".lower()


def put(call: Call) -> Response:
    """200 at once, even where the protecting that follows fails (wire-facts 5.8).

    Raises:
        Refusal: 400, it is not about a VM and a policy.
    """
    vm_id, policy_id = call.properties.get("sourceResourceId"), call.properties.get("policyId")
    if call.properties.get("protectionIntentItemType") != "AzureResourceItem" or not isinstance(policy_id, str):
        raise Refusal(400, "BMSUserErrorInvalidInput", "Input provided for the call is invalid: properties")
    if not isinstance(vm_id, str) or vm_id.count("/") != 8:
        raise Refusal(400, "BMSUserErrorInvalidInput", "Input provided for the call is invalid: sourceResourceId")
    properties = {
        "protectionIntentItemType": "AzureResourceItem",
        "backupManagementType": "AzureIaasVM",
        "policyId": policy_id,
        "protectionState": "Protected",
    }
    id = f"{call.vault_id}/backupFabrics/Azure/backupProtectionIntent/{call.names['intent']}"
    body = {"id": id, "name": call.names["intent"], "type": _TYPE, "properties": properties}
    call.world.put(Row(_key(call), _collection(call), body))
    with suppress(Refusal):  # the intent stands, even where the item does not come
        protection.put(_protecting(call, vm_id, policy_id))
    return reply(body)


def _protecting(call: Call, vm_id: str, policy_id: str) -> Call:
    """The PUT of the item that an intent stands for."""
    names = Names.of(vm_id)
    path = names.item_id(call.vault_id)
    sent = {"properties": {"protectedItemType": VM, "sourceResourceId": vm_id, "policyId": policy_id}}
    url = f"{call.base}{path}?api-version={call.version}"
    request = Request("PUT", url, call.request.headers, json.dumps(sent).encode())
    return Call(call.world, request, {**call.names, "container": names.container, "item": names.item})


def _find(call: Call) -> Row:
    row = call.world.get(_key(call))
    if row is None:
        raise Refusal(404, "BMSUserErrorProtectionIntentNotFound", "The protection intent was not found.")
    return row


def get(call: Call) -> Response:
    return reply(_find(call).body)


def delete(call: Call) -> Response:
    """The intent goes, what it protected stays."""
    call.world.delete(_key(call))
    return empty(204)


def list_intents(call: Call) -> Response:
    def entry(key: str, body: dict[str, Any]) -> dict[str, Any]:
        return body

    return page(call, _collection(call), entry)


_ONE = f"{VAULT}/backupFabrics/{{fabric}}/backupProtectionIntent/{{intent}}"
ROUTES = (
    Route("GET", f"{VAULT}/backupProtectionIntents", list_intents, "SDK", "filters ignored"),
    Route("GET", _ONE, get, "SDK", "code of the refusal is our own"),
    Route("PUT", _ONE, put, "published example; wire-facts 5.8", "intents for Azure VMs only"),
    Route("DELETE", _ONE, delete, "SDK"),
)
