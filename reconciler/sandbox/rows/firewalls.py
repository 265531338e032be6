"""Rows of Azure Firewall: firewalls with their own rule collections, policies and their rule collection groups."""

from collections.abc import Callable, Mapping
from typing import Any

from reconciler.sandbox.call import Call
from reconciler.sandbox.listing import page
from reconciler.sandbox.rows import arm_operations
from reconciler.sandbox.rows.any_resource import group_of
from reconciler.sandbox.rows.malformed import reading
from reconciler.sandbox.rows.network import NOTIFIED, refuse_when_busy, refuse_when_changed
from reconciler.sandbox.table import GROUP, SUBSCRIPTION, Route
from reconciler.sandbox.wire import Refusal, Response, empty, not_found, reply
from reconciler.sandbox.world import Row, World, effect

POLICY, GROUPS = "Microsoft.Network/firewallPolicies", "ruleCollectionGroups"
FIREWALL = "Microsoft.Network/azureFirewalls"
_UPDATE_SECONDS = 20
# The order in which the service writes a collection and each kind of rule (network rules: recorded in 2023).
_COLLECTION = ("ruleCollectionType", "action", "rules", "name", "priority")
_RULES = {
    "NetworkRule": (
        "ruleType", "ipv6Rule", "name", "description", "ipProtocols", "sourceAddresses", "sourceIpGroups",
        "destinationAddresses", "destinationIpGroups", "destinationFqdns", "destinationPorts",
    ),
    "ApplicationRule": (
        "ruleType", "name", "description", "protocols", "fqdnTags", "webCategories", "targetFqdns", "targetUrls",
        "terminateTLS", "sourceAddresses", "destinationAddresses", "sourceIpGroups", "httpHeadersToInsert",
    ),
}  # fmt: skip
_DEFAULTS = {"ipv6Rule": False, "terminateTLS": False, "name": None, "description": None}  # the others are lists
_COLLECTIONS = ("networkRuleCollections", "applicationRuleCollections", "natRuleCollections")


def group_properties(sent: Mapping[str, Any]) -> dict[str, Any]:
    """Rules come back with the lists that were left out (wire-facts 8)."""
    collections = []
    for collection in sent.get("ruleCollections") or []:
        full = {**collection, "rules": [_rule(rule) for rule in collection.get("rules") or []]}
        collections.append({name: full[name] for name in (*_COLLECTION, *full) if full.get(name) is not None})
    return {"priority": sent.get("priority"), "ruleCollections": collections}


def _rule(rule: Mapping[str, Any]) -> dict[str, Any]:
    empty: dict[str, Any] = {name: _DEFAULTS.get(name, []) for name in _RULES.get(str(rule.get("ruleType", "")), ())}
    full = empty | {name: value for name, value in rule.items() if value is not None}
    return {name: value for name, value in full.items() if value is not None}


def policy_properties(sent: Mapping[str, Any]) -> dict[str, Any]:
    names = ("threatIntelWhitelist", "dnsSettings", "insights", "basePolicy", "intrusionDetection", "snat", "sql")
    return {
        "sku": sent.get("sku") or {"tier": "Standard"},
        "threatIntelMode": sent.get("threatIntelMode", "Alert"),
        **{name: sent[name] for name in names if sent.get(name)},
    }


def firewall_properties(id: str, sent: Mapping[str, Any]) -> dict[str, Any]:
    """Its own collections have ids and states of their own; with a policy there are none."""
    names = ("ipConfigurations", "managementIpConfiguration", "firewallPolicy", "virtualHub", "hubIPAddresses")
    kept: dict[str, Any] = {name: sent[name] for name in names if sent.get(name)}
    for segment in _COLLECTIONS:
        kept[segment] = [
            {
                "name": entry["name"],
                "id": f"{id}/{segment}/{entry['name']}",
                "properties": entry.get("properties") or {},
            }
            for entry in sent.get(segment) or []
        ]
    sku = sent.get("sku") or {"name": "AZFW_VNet", "tier": "Standard"}
    return kept | {"sku": sku, "threatIntelMode": sent.get("threatIntelMode", "Alert"), "additionalProperties": {}}


def create(world: World, id: str, body: Mapping[str, Any], *, state: str = "Succeeded") -> Row:
    """Stores a firewall, a policy or a rule collection group from its id and the body of a PUT."""
    sent, name = body.get("properties") or {}, id.rsplit("/", 1)[1]
    if f"/{GROUPS.lower()}/" in id.lower():
        parent = id[: id.lower().index(f"/{GROUPS.lower()}/")]
        type, collection = "Microsoft.Network/FirewallPolicies/RuleCollectionGroups", f"{parent}/{GROUPS}".lower()
        properties = group_properties(sent) | {"provisioningState": state}
    else:
        segment = "azureFirewalls" if "/azurefirewalls/" in id.lower() else "firewallPolicies"
        type = (
            "Microsoft.Network/AzureFirewalls" if segment == "azureFirewalls" else "Microsoft.Network/FirewallPolicies"
        )
        collection = f"/subscriptions/{id.split('/')[2]}/providers/microsoft.network/{segment}".lower()
        made = firewall_properties(id, sent) if segment == "azureFirewalls" else policy_properties(sent)
        properties = made | {"provisioningState": state}
    full: dict[str, Any] = {"properties": properties, "id": id, "name": name, "type": type, "etag": world.guid()}
    full["location"] = body["location"]
    full |= {field: body[field] for field in ("tags", "zones", "identity") if body.get(field)}
    return world.put(Row(id.lower(), collection, full))


def _shown(world: World, row: Row) -> dict[str, Any]:
    if row.body["type"] == "Microsoft.Network/FirewallPolicies":
        subscription = row.key.split("/")[2]
        firewalls = world.listed(f"/subscriptions/{subscription}/providers/microsoft.network/azurefirewalls")
        using = [each.body["id"] for each in firewalls if _refers(each, "firewallPolicy") == row.key]
        policies = world.listed(f"/subscriptions/{subscription}/providers/microsoft.network/firewallpolicies")
        row.body["properties"] |= {
            "childPolicies": [{"id": each.body["id"]} for each in policies if _refers(each, "basePolicy") == row.key],
            "ruleCollectionGroups": [{"id": group.body["id"]} for group in world.listed(f"{row.key}/{GROUPS.lower()}")],
            "firewalls": [{"id": id} for id in using],
        }
    return row.body


def _refers(row: Row, property: str) -> str:
    return str((row.body["properties"].get(property) or {}).get("id", "")).lower()


def _key(call: Call, type: str) -> str:
    return f"{call.group_key}/providers/{type}/{call.names['name']}".lower()


def _find(call: Call, type: str) -> Row:
    row = call.world.get(_key(call, type))
    if row is None:
        raise not_found(type, call.names["name"], call.names["group"])
    return row


def _answer(call: Call, row: Row, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    return reply(_shown(call.world, row), status, {"ETag": f'"{row.body["etag"]}"', **(headers or {})})


def _change(call: Call, key: str, id: str, location: str) -> Response:
    old = call.world.get(key)
    if old:
        refuse_when_busy(old)
        refuse_when_changed(call, old.body["etag"])
    with reading():
        made = create(call.world, old.body["id"] if old else id, call.body | {"location": location}, state="Updating")
    segment = "operations" if "/azurefirewalls/" in key else "nfvOperations"
    operation, headers = arm_operations.start(call, "Microsoft.Network", location, segment)
    call.world.after(_UPDATE_SECONDS, firewall_settled, {"operation": operation, "resource": made.key})
    return _answer(call, made, 200 if old else 201, headers | NOTIFIED)


@effect
def firewall_settled(world: World, data: dict[str, Any]) -> None:
    row, error = world.get(data["resource"]), arm_operations.finish(world, data["operation"])
    if row is not None:
        row.body["properties"]["provisioningState"] = "Failed" if error else "Succeeded"
        row.body["etag"] = world.guid()
        world.put(row)


@effect
def firewall_removed(world: World, data: dict[str, Any]) -> None:
    if arm_operations.finish(world, data["operation"]) is None:
        world.delete(data["resource"])
        world.delete_under(data["resource"])


def _remove(call: Call, row: Row | None) -> Response:
    if row is None:
        return empty(204)
    refuse_when_busy(row)
    refuse_when_changed(call, row.body["etag"])
    operation, headers = arm_operations.start(call, "Microsoft.Network", row.body["location"], "nfvOperations")
    call.world.after(_UPDATE_SECONDS, firewall_removed, {"operation": operation, "resource": row.key})
    row.body["properties"]["provisioningState"] = "Deleting"
    call.world.put(row)
    return arm_operations.accepted(call, "Microsoft.Network", headers)


def _rows(type: str) -> tuple[Route, ...]:
    def get(call: Call) -> Response:
        return _answer(call, _find(call, type))

    def list_all(call: Call) -> Response:
        collection = f"{call.subscription_key}/providers/{type}"
        under = call.group_key if "group" in call.names else ""
        return page(call, collection, _render(call), always=True, under=under)

    def put(call: Call) -> Response:
        location = call.location()
        group = group_of(call)
        id = f"{group.body['id']}/providers/{type}/{call.names['name']}"
        return _change(call, _key(call, type), id, location.replace(" ", "").lower())

    def delete(call: Call) -> Response:
        row = call.world.get(_key(call, type))
        if row is not None and _shown(call.world, row)["properties"].get("firewalls"):
            said = f"Firewall policy {row.body['id']} cannot be deleted because it is in use."
            raise Refusal(400, "FirewallPolicyInUse", said)
        return _remove(call, row)

    one, source = f"{GROUP}/providers/{type}/{{name}}", "firewallpolicy-rcg-put-201-2022; wire-facts 8"
    return (
        Route("GET", f"{SUBSCRIPTION}/providers/{type}", list_all, "SDK", counter="arm"),
        Route("GET", f"{GROUP}/providers/{type}", list_all, "SDK", counter="arm"),
        Route("GET", one, get, source, counter="arm"),
        Route("PUT", one, put, source, "few of the checks", counter="arm"),
        Route("DELETE", one, delete, "SDK", counter="arm"),
    )


def _render(call: Call) -> Callable[[str, dict[str, Any]], dict[str, Any] | None]:
    def render(key: str, body: dict[str, Any]) -> dict[str, Any] | None:
        row = call.world.get(key)
        return _shown(call.world, row) if row else None

    return render


def _find_group(call: Call) -> Row:
    row = call.world.get(f"{_find(call, POLICY).key}/{GROUPS}/{call.names['child']}")
    if row is None:
        name = f"{call.names['name']}/{GROUPS}/{call.names['child']}"
        raise not_found(POLICY, name, call.names["group"])
    return row


def get_group(call: Call) -> Response:
    return _answer(call, _find_group(call))


def list_groups(call: Call) -> Response:
    return page(call, f"{_find(call, POLICY).key}/{GROUPS.lower()}", _render(call))


def put_group(call: Call) -> Response:
    policy = _find(call, POLICY)
    refuse_when_busy(policy)
    for other in call.world.listed(f"{policy.key}/{GROUPS.lower()}"):
        refuse_when_busy(other)
    priority = call.properties.get("priority")
    if not isinstance(priority, int) or not 100 <= priority <= 65000:
        said = f"The priority {priority} of a rule collection group must be between 100 and 65000."
        raise Refusal(400, "FirewallPolicyRuleCollectionGroupInvalidPriority", said)
    id = f"{policy.body['id']}/{GROUPS}/{call.names['child']}"
    return _change(call, id.lower(), id, policy.body["location"])


def delete_group(call: Call) -> Response:
    return _remove(call, call.world.get(f"{_find(call, POLICY).key}/{GROUPS}/{call.names['child']}"))


_GROUPS = f"{GROUP}/providers/{POLICY}/{{name}}/{GROUPS}"
_SOURCE = "firewallpolicy-rcg-put-201-2022"
ROUTES = (
    *_rows(FIREWALL),
    *_rows(POLICY),
    Route("GET", _GROUPS, list_groups, "SDK", counter="arm"),
    Route("GET", f"{_GROUPS}/{{child}}", get_group, _SOURCE, counter="arm"),
    Route("PUT", f"{_GROUPS}/{{child}}", put_group, _SOURCE, "lists of application rules are assumed", counter="arm"),
    Route("DELETE", f"{_GROUPS}/{{child}}", delete_group, "SDK", counter="arm"),
)
