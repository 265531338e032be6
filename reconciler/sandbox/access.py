"""What the caller may do, as an estate gives it, and the action that a request needs (the published Authorization API)."""

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any

from reconciler.sandbox.rows.item_state import TYPE as ITEM
from reconciler.sandbox.rows.item_state import VM
from reconciler.sandbox.world import World

FACT = "callerPermissions"
_EVERYTHING: list[dict[str, Any]] = [{"scope": "", "actions": ["*"], "notActions": []}]
_VERBS = {"GET": "read", "HEAD": "read", "PUT": "write", "PATCH": "write", "DELETE": "delete"}
_SIGNED = re.compile(r"/providers/[^/]+/locations/[^/]+/operation\w*/[^/]+$|/operationresults/[^/]+$", re.IGNORECASE)
_READ_POSTS = {
    "microsoft.policyinsights/checkpolicyrestrictions": "Microsoft.PolicyInsights/checkPolicyRestrictions/read"
}


def entries(world: World, scope: str) -> Iterator[dict[str, Any]]:
    """What holds at a scope (its id in any case): given there, or to something that it lies in."""
    for each in world.fact(FACT) or _EVERYTHING:
        if f"{scope.lower()}/".startswith(f"{each['scope'].lower()}/"):
            yield {name: each[name] for name in ("actions", "notActions")} | {"dataActions": [], "notDataActions": []}


def restricted(world: World) -> bool:
    return world.fact(FACT) is not None


def action_of(method: str, path: str) -> str:
    """`Microsoft.Compute/virtualMachines/read`; "" for what is of no subscription, and for the signed addresses of operations."""
    parts = [part for part in path.split("/") if part]
    if parts[:1] != ["subscriptions"] or len(parts) < 2 or _SIGNED.search(path):
        return ""
    after = [place for place, part in enumerate(parts) if part.lower() == "providers"]
    if after and len(parts) > after[-1] + 1:
        namespace, *rest = parts[after[-1] + 1 :]
        kinds = [namespace, *rest[::2]]
    else:
        kinds = ["Microsoft.Resources", *parts[::2]]
    spelt = "/".join(kinds)
    spelt = next((known for known in (ITEM, VM) if known.lower() == spelt.lower()), spelt)
    if method != "POST":
        return f"{spelt}/{_VERBS[method]}"
    return _READ_POSTS.get(spelt.lower(), f"{spelt}/action")


def is_granted(world: World, action: str, scope: str) -> bool:
    return any(
        _fits(each["actions"], action) and not _fits(each["notActions"], action) for each in entries(world, scope)
    )


def _fits(patterns: list[str], action: str) -> bool:
    return any(fnmatchcase(action.lower(), pattern.lower()) for pattern in patterns)
