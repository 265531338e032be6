"""Rule collections of azbackup's on an Azure Firewall: one form for what is compared, and two ways to write and read it.

A classic firewall holds its collections itself, and takes them only in a PUT of the whole firewall. A firewall policy holds them in rule
collection groups, each a resource of its own (firewallpolicy-rcg-put-201-2022).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from reconciler.core.desired import FirewallEgress
from reconciler.core.destinations import Destination
from reconciler.core.live import Wire
from reconciler.core.ownership import owner_text
from reconciler.core.wire import dig, dig_int, dig_list, dig_object, dig_text

Family = Literal["application", "network"]
FAMILIES: tuple[Family, ...] = ("application", "network")
Form = dict[str, object]
_SPOKEN = ("name", "description", "ruleType", "sourceAddresses", "fqdnTags", "destinationAddresses", "destinationPorts")


@dataclass(frozen=True, slots=True)
class Collection:
    """One collection as the service has it, classic or of a policy."""

    name: str
    priority: int | None
    action: str
    rules: Sequence[Wire]
    family: Family

    @property
    def descriptions(self) -> tuple[str, ...]:
        return tuple(dig_text(rule, "description") for rule in self.rules)


def wanted_form(family: Family, egress: FirewallEgress, priority: int, needed: Iterable[Destination]) -> Form:
    """The FQDN tag AzureBackup passes the data of backups; storage and identity are reached by their service tags (backup-rules D.2)."""
    purposes: dict[str, list[Destination]] = {}
    for each in needed:
        if family_of(each) == family:
            purposes.setdefault(each.purpose, []).append(each)
    rules = {name: _wanted_rule(found, sorted(egress.sources)) for name, found in purposes.items()}
    return {"priority": priority, "action": "Allow", "rules": rules}


def family_of(needed: Destination) -> Family:
    return "application" if needed.purpose == "backup" else "network"


def _wanted_rule(needed: list[Destination], sources: list[str]) -> Form:
    """For one purpose; storage has a tag for each region."""
    if family_of(needed[0]) == "application":
        return {"sources": sources, "fqdnTags": ["AzureBackup"], "protocols": ["Https:443"]}
    tags, ports = {each.tag for each in needed}, {port for each in needed for port in each.ports}
    return {
        "sources": sources,
        "destinations": in_order(tags),
        "ports": [str(port) for port in sorted(ports)],
        "protocols": ["TCP"],
    }


def in_order(texts: Iterable[object]) -> list[str]:
    """As forms have lists whose order means nothing: ports by their size."""
    return sorted(map(str, texts), key=lambda each: (len(each), each))


def live_form(collection: Collection) -> Form:
    """What else somebody has put into a rule of azbackup's shows too, under the service's name for it."""
    rules = {dig_text(rule, "name"): _rule_form(rule) for rule in collection.rules}
    return {"priority": collection.priority, "action": collection.action, "rules": rules}


def _rule_form(rule: Wire) -> Form:
    form: Form = {"sources": sorted(map(str, dig_list(rule, "sourceAddresses"))), "protocols": _protocols(rule)}
    for key, name in (
        ("fqdnTags", "fqdnTags"),
        ("destinations", "destinationAddresses"),
        ("ports", "destinationPorts"),
    ):
        if found := dig_list(rule, name):
            form[key] = in_order(found)
    spoken = {*_SPOKEN, "protocols", "ipProtocols"}
    return form | {
        key: value for key, value in rule.items() if key not in spoken and value not in ([], None, False, "")
    }


def _protocols(rule: Wire) -> list[str]:
    found = dig_list(rule, "ipProtocols") or dig_list(rule, "protocols")
    return [
        f"{dig_text(each, 'protocolType')}:{dig(each, 'port')}" if isinstance(each, Mapping) else str(each)
        for each in found
    ]


def classic_collections(firewall: Wire, family: Family) -> list[Collection]:
    return [
        Collection(
            dig_text(entry, "name"),
            dig_int(entry, "properties", "priority"),
            dig_text(entry, "properties", "action", "type"),
            _objects(dig_list(entry, "properties", "rules")),
            family,
        )
        for entry in dig_list(firewall, "properties", f"{family}RuleCollections")
    ]


def policy_collections(group: Wire | None) -> list[Collection]:
    """Of a policy's group: a collection is of the family of its rules; azbackup's own say by their name which they are."""
    return [
        Collection(
            dig_text(entry, "name"),
            dig_int(entry, "priority"),
            dig_text(entry, "action", "type"),
            _objects(dig_list(entry, "rules")),
            "network" if dig_text(entry, "name").lower().endswith(_NETWORK) else "application",
        )
        for entry in dig_list(group, "properties", "ruleCollections")
    ]


_NETWORK = ".network"  # collections of both families share one list of names there; names of egresses have no dot


def collection_name(egress: FirewallEgress, family: Family, *, in_policy: bool) -> str:
    return f"azbackup-{egress.name}{_NETWORK if in_policy and family == 'network' else ''}"


def classic_body(name: str, family: Family, form: Form, egress: FirewallEgress) -> dict[str, object]:
    rules = [_rule_body(rule, family, dig_object(form, "rules", rule), egress, "protocols") for rule in _names(form)]
    properties = {"priority": form["priority"], "action": {"type": form["action"]}, "rules": rules}
    return {"name": name, "properties": properties}


def policy_body(name: str, family: Family, form: Form, egress: FirewallEgress) -> dict[str, object]:
    kind, protocols = ("ApplicationRule", "protocols") if family == "application" else ("NetworkRule", "ipProtocols")
    rules = [
        {"ruleType": kind, **_rule_body(rule, family, dig_object(form, "rules", rule), egress, protocols)}
        for rule in _names(form)
    ]
    return {
        "ruleCollectionType": "FirewallPolicyFilterRuleCollection",
        "name": name,
        "priority": form["priority"],
        "action": {"type": form["action"]},
        "rules": rules,
    }


def _names(form: Form) -> list[str]:
    return list(dig_object(form, "rules"))


def _rule_body(name: str, family: Family, form: Wire, egress: FirewallEgress, protocols: str) -> dict[str, object]:
    body: dict[str, object] = {
        "name": name,
        "description": owner_text(egress),
        "sourceAddresses": form["sources"],
    }
    if family == "application":
        return body | {"protocols": [{"protocolType": "Https", "port": 443}], "fqdnTags": form["fqdnTags"]}
    return body | {
        protocols: form["protocols"],
        "destinationAddresses": form["destinations"],
        "destinationPorts": form["ports"],
    }


def _objects(values: Iterable[object]) -> list[Wire]:
    return [each for each in values if isinstance(each, Mapping)]
