"""What estate files say of the caller's permissions and of Azure Policy."""

from reconciler.sandbox import access, azure_policies
from reconciler.sandbox.marked import Section
from reconciler.sandbox.world import World

GOVERNANCE_KEYS = ("callerPermissions", "policyAssignments")
_EFFECTS = {"deny": "Deny", "audit": "Audit"}


def place_governance(world: World, subscription: str, top: Section) -> None:
    """Scopes are a group of the estate's first subscription, any id, or nothing: then everything of the caller, and for
    assignments the first subscription.
    """
    root = f"/subscriptions/{subscription}"
    if "callerPermissions" in top.value:
        given = [
            {
                "scope": _scope(root, each) if "scope" in each.value else "",
                "actions": [str(action) for action in each.list("actions")],
                "notActions": [str(action) for action in each.list("notActions")],
            }
            for each in top.entries("callerPermissions", ("scope", "actions", "notActions"))
        ]
        world.set_fact(access.FACT, given or [{"scope": "", "actions": [], "notActions": []}])
    keys = ("scope", "effect", "types", "missingTag", "locations", "displayName")
    assigned = [
        {
            "name": name,
            "scope": _scope(root, each) if "scope" in each.value else root,
            "effect": each.choice("effect", _EFFECTS, "Deny"),
            "types": [str(kind) for kind in each.list("types")],
            "missingTag": each.text("missingTag") if "missingTag" in each.value else "",
            "locations": [str(place) for place in each.list("locations")],
            "displayName": each.text("displayName", name),
        }
        for name, each in top.named("policyAssignments", keys)
    ]
    if assigned:
        world.set_fact(azure_policies.FACT, assigned)


def _scope(root: str, section: Section) -> str:
    word = section.text("scope")
    return word.rstrip("/") if word.startswith("/") else f"{root}/resourceGroups/{word}"
