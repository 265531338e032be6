"""Writes to networks and guests, each one typed SDK call on the resource that the write names by its ARM id."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any

from reconciler.cloud.clients import Clients
from reconciler.cloud.guest_scripts import script_text
from reconciler.cloud.paths import resource_of
from reconciler.core.guest_scripts import ALL
from reconciler.core.plan import Operation, Write
from reconciler.core.wire import dig_text

Call = Callable[[Clients, Write, dict[str, Any]], object]

# A write reaches a resource of its type only: a rule is never written as a whole security group.
_TYPES: dict[str, str] = {
    "security_rule": "microsoft.network/networksecuritygroups/securityrules",
    "firewall": "microsoft.network/azurefirewalls",
    "rule_collection_group": "microsoft.network/firewallpolicies/rulecollectiongroups",
    "run_command": "microsoft.compute/virtualmachines/runcommands",
}


def _names(write: Write) -> tuple[str, ...]:
    """Resource group and names, outermost first."""
    named = resource_of(write.resource_id)
    if named.resource_type.lower() != _TYPES[write.operation.partition(".")[0]]:
        raise ValueError(f"{write.operation} does not write {write.resource_id}")
    return (named.resource_group, *named.names)


def _meant(write: Write) -> str:
    _names(write)
    return resource_of(write.resource_id).path


def _subscription(write: Write) -> str:
    return resource_of(write.resource_id).subscription


def _security_rule_put(clients: Clients, write: Write, options: dict[str, Any]) -> object:
    group, nsg, rule = _names(write)
    rules = clients.network(_subscription(write)).security_rules
    return rules.begin_create_or_update(group, nsg, rule, _body(write), polling=False, **options)


def _security_rule_delete(clients: Clients, write: Write, options: dict[str, Any]) -> object:
    return clients.network(_subscription(write)).security_rules.begin_delete(*_names(write), polling=False, **options)


def _firewall_put(clients: Clients, write: Write, options: dict[str, Any]) -> object:
    group, firewall = _names(write)
    firewalls = clients.network(_subscription(write)).azure_firewalls
    headers = _unchanged(write)
    return firewalls.begin_create_or_update(group, firewall, _body(write), polling=False, headers=headers, **options)


def _rule_collection_group_put(clients: Clients, write: Write, options: dict[str, Any]) -> object:
    group, policy, name = _names(write)
    groups = clients.network(_subscription(write)).firewall_policy_rule_collection_groups
    headers = _unchanged(write)
    return groups.begin_create_or_update(group, policy, name, _body(write), polling=False, headers=headers, **options)


def _rule_collection_group_delete(clients: Clients, write: Write, options: dict[str, Any]) -> object:
    groups = clients.network(_subscription(write)).firewall_policy_rule_collection_groups
    return groups.begin_delete(*_names(write), polling=False, headers=_unchanged(write), **options)


def _run_command_put(clients: Clients, write: Write, options: dict[str, Any]) -> object:
    group, vm, name = _names(write)
    commands = clients.compute(_subscription(write)).virtual_machine_run_commands
    return commands.begin_create_or_update(group, vm, name, _with_script(write), polling=False, **options)


def _run_command_delete(clients: Clients, write: Write, options: dict[str, Any]) -> object:
    commands = clients.compute(_subscription(write)).virtual_machine_run_commands
    return commands.begin_delete(*_names(write), polling=False, **options)


def _body(write: Write) -> Any:
    return dict(write.body or {})


def _unchanged(write: Write) -> dict[str, str]:
    """What was read is written back, or deleted, only while nobody else has written meanwhile.

    The etag of firewalls is bare in the body and quoted in headers (firewallpolicy-rcg-put-201-2022).
    """
    etag = dig_text(write.body, "etag")
    if not etag:
        return {}
    return {"If-Match": etag if etag.endswith('"') else f'"{etag}"'}


def _with_script(write: Write) -> Any:
    """The write names one of the scripts that ship with azbackup; no other text ever reaches a guest (reliability S-18)."""
    body = deepcopy(_body(write))
    name = dig_text(body, "properties", "source", "script")
    script = next((each for each in ALL if each.name == name), None)
    if script is None:
        raise ValueError(f"{write.resource_id}: no guest script has this name")
    body["properties"]["source"] = {"script": script_text(script)}
    return body


ON_RESOURCES: dict[Operation, tuple[str, Callable[[Write], str], Call]] = {
    "security_rule.put": ("PUT", _meant, _security_rule_put),
    "security_rule.delete": ("DELETE", _meant, _security_rule_delete),
    "firewall.put": ("PUT", _meant, _firewall_put),
    "rule_collection_group.put": ("PUT", _meant, _rule_collection_group_put),
    "rule_collection_group.delete": ("DELETE", _meant, _rule_collection_group_delete),
    "run_command.put": ("PUT", _meant, _run_command_put),
    "run_command.delete": ("DELETE", _meant, _run_command_delete),
}
