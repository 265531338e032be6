"""The row of security admin rules that network managers bring to a virtual network (published example of the operation).

An estate says which rules there are; network managers themselves are not here.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from reconciler.sandbox.call import Call
from reconciler.sandbox.rows.network import find
from reconciler.sandbox.rows.network_kinds import KINDS
from reconciler.sandbox.table import GROUP, Route
from reconciler.sandbox.wire import Response, reply
from reconciler.sandbox.world import Row, World

COLLECTION = "/effectivesecurityadminrules"
_NETWORKS = next(kind for kind in KINDS if kind.segment == "virtualNetworks")
_PAGE = 100


def govern(world: World, network_id: str, location: str, rules: Sequence[Mapping[str, Any]]) -> None:
    """Stores what reaches a network: Resource Graph shows that there is something, the operation shows the rules."""
    id = f"{network_id}/providers/Microsoft.Network/effectiveSecurityAdminRules/default"
    configurations = sorted({rule["id"].split("/ruleCollections/")[0] for rule in rules})
    body = {
        "id": id,
        "name": "default",
        "type": "Microsoft.Network/effectiveSecurityAdminRules",
        "location": location,
        "properties": {
            "provisioningState": "Succeeded",
            "effectiveSecurityAdminConfigurations": [{"id": each} for each in configurations],
        },
    }
    world.put(Row(id.lower(), COLLECTION, body, {"rules": [dict(rule) for rule in rules]}))


def effective_rules(call: Call) -> Response:
    """Pages by `skipToken` in the body; a network that nobody governs has no rules."""
    network = find(call, _NETWORKS)
    row = call.world.get(f"{network.key}/providers/microsoft.network/effectivesecurityadminrules/default")
    rules = row.meta["rules"] if row else []
    start, size = (_number(call.body.get("skipToken"), 0), _number(call.query.get("$top"), _PAGE) or _PAGE)
    more = {"skipToken": str(start + size)} if start + size < len(rules) else {}
    return reply({"value": rules[start : start + size], **more})


def _number(value: Any, default: int) -> int:
    return int(value) if str(value or "").isdecimal() else default


ROUTES = (
    Route(
        "POST",
        f"{GROUP}/providers/{_NETWORKS.type}/{{name}}/listNetworkManagerEffectiveSecurityAdminRules",
        effective_rules,
        "published API",
        "rules are those of the estate file; pages of 100 are assumed",
        counter="arm",
    ),
)
