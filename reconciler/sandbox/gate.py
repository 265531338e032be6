"""What stands before all rows: the caller's rights, and what Azure Policy lets through."""

from reconciler.sandbox import access, azure_policies
from reconciler.sandbox.call import Call
from reconciler.sandbox.rows.any_resource import tags_of
from reconciler.sandbox.rows.item_state import TYPE as ITEM
from reconciler.sandbox.rows.item_state import VM
from reconciler.sandbox.wire import GATEWAY, Refusal

_WRITES = ("PUT", "PATCH")
_NOT_JUDGED = ("microsoft.authorization/", "microsoft.resources/tags")


def refuse_unauthorized(call: Call) -> None:
    """Raises:
    Refusal: 403 AuthorizationFailed, or LinkedAuthorizationFailed for a VM that is put under protection or another policy.
    """
    if not access.restricted(call.world):
        return
    action = access.action_of(call.request.method.upper(), call.path)
    if not action:
        return
    if not access.is_granted(call.world, action, call.path):
        said = (
            f"The client 'sandbox' with object id 'sandbox' does not have authorization to perform action '{action}' over "
            f"scope '{call.path}' or the scope is invalid. If access was recently granted, please refresh your credentials."
        )
        raise Refusal(403, "AuthorizationFailed", said, GATEWAY)
    vm_id = str(call.properties.get("sourceResourceId") or "") if action == f"{ITEM}/write" else ""
    if vm_id and call.properties.get("policyId") and not access.is_granted(call.world, f"{VM}/write", vm_id):
        said = (
            f"The client 'sandbox' with object id 'sandbox' has permission to perform action '{action}' on scope "
            f"'{call.path}'; however, it does not have permission to perform action(s) '{VM}/write' on the linked scope(s) "
            f"'{vm_id}' or the linked scope(s) are invalid."
        )
        raise Refusal(403, "LinkedAuthorizationFailed", said, GATEWAY)


def refuse_disallowed(call: Call) -> None:
    """Judges the resource that a write would leave.

    Raises:
        Refusal: 403 RequestDisallowedByPolicy.
    """
    if (
        call.request.method.upper() not in _WRITES
        or "group" not in call.names
        or not azure_policies.assigned(call.world)
    ):
        return
    parts = [part for part in call.path.split("/") if part]
    kind = "/".join([parts[5], *parts[6::2]]) if len(parts) > 5 else azure_policies.GROUP_TYPE
    if kind.lower().startswith(_NOT_JUDGED) or "providers" in parts[6:]:
        return
    before = call.world.get(call.path)
    content = {
        "type": kind,
        "name": parts[-1],
        "location": call.body.get("location")
        or (before and (before.body.get("location") or before.meta.get("location"))),
        "tags": call.body["tags"] if call.body.get("tags") is not None else before and tags_of(before),
    }
    azure_policies.refuse_denied(call.world, call.path, content)
