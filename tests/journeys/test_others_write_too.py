"""Somebody else writes to the same network between a look and the request after it: nothing of theirs is lost, no rule stays away."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from azure.core.rest import HttpRequest, HttpResponse

from reconciler.sandbox.app import handle
from reconciler.sandbox.transport import TOKEN, SandboxTransport
from reconciler.sandbox.wire import Request
from reconciler.sandbox.world import World
from tests.journeys.local import REPOSITORY, Local, spec_from, world_of
from tests.journeys.networks import networks, of_others

_GROUP = "/subscriptions/00000000-0000-4000-8000-000000000001/resourceGroups/{}/providers/Microsoft.Network/{}"
_FIREWALL = _GROUP.format("rg-hub", "azureFirewalls/afw-classic")
_GROUPS = _GROUP.format("rg-hub", "firewallPolicies/afwp-hub/ruleCollectionGroups/")
_NSG = _GROUP.format("rg-net", "networkSecurityGroups/nsg-shop")
_RULE = {"name": "sql", "sourceAddresses": ["*"], "destinationAddresses": ["Sql"], "destinationPorts": ["1433"]}


def _ask(world: World, method: str, path: str, body: Any = None) -> Any:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    request = Request(method, f"https://management.azure.com{path}?api-version=2026-03-01", headers)
    sent = Request(method, request.url, headers, b"" if body is None else json.dumps(body).encode())
    answer = handle(world, sent)
    assert answer.status < 300, answer.body
    return answer.json()


def _collection_on_the_firewall(world: World) -> None:
    body = _ask(world, "GET", _FIREWALL)
    theirs = {"priority": 150, "action": {"type": "Deny"}, "rules": [_RULE | {"protocols": ["TCP"]}]}
    body["properties"]["networkRuleCollections"].append({"name": "theirs", "properties": theirs})
    _ask(world, "PUT", _FIREWALL, body)


def _collection_in_our_group(world: World) -> None:
    body = _ask(world, "GET", f"{_GROUPS}azbackup")
    rules = [_RULE | {"ruleType": "NetworkRule", "ipProtocols": ["TCP"]}]
    theirs = {"name": "theirs", "priority": 150, "action": {"type": "Deny"}, "rules": rules}
    theirs["ruleCollectionType"] = "FirewallPolicyFilterRuleCollection"
    body["properties"]["ruleCollections"].append(theirs)
    _ask(world, "PUT", f"{_GROUPS}azbackup", body)


def _rule_in_the_security_group(world: World) -> None:
    rule = {"priority": 996, "access": "Deny", "direction": "Outbound", "protocol": "*"}
    rule |= {"sourceAddressPrefix": "*", "sourcePortRange": "*", "destinationAddressPrefix": "Sql"}
    _ask(world, "PUT", f"{_NSG}/securityRules/theirs", {"properties": rule | {"destinationPortRange": "1433"}})


class _Shared(SandboxTransport):
    """Lets somebody else act, to the end, right before the first request that writes to a path."""

    def __init__(self, world: World, path: str, act: Callable[[World], None]) -> None:
        super().__init__(world)
        self._path, self._act = path, act
        self.theirs: dict[str, Any] = {}

    def send(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        if request.method != "GET" and self._path.lower() in request.url.lower() and not self.theirs:
            self._act(self.world)
            self.world.advance(60)
            self.theirs = of_others(networks(self.world))
        return super().send(request, **kwargs)


@pytest.mark.parametrize(
    ("name", "before", "after", "path", "act"),
    [
        ("egress-firewall.yaml", None, "present", _FIREWALL, _collection_on_the_firewall),
        ("egress-firewall.yaml", "present", "absent", _FIREWALL, _collection_on_the_firewall),
        ("egress-firewall.yaml", "present", "absent", _GROUPS, _collection_in_our_group),
        ("egress-nsg.yaml", None, "present", _NSG, _rule_in_the_security_group),
        ("egress-nsg.yaml", "present", "absent", _NSG, _rule_in_the_security_group),
    ],
)
def test_what_others_write_at_the_same_moment_stays(
    name: str, before: str | None, after: str, path: str, act: Callable[[World], None]
) -> None:
    world, text = world_of("network-estate.yaml"), (REPOSITORY / "specs" / name).read_text()
    present = spec_from({name: text})
    absent = spec_from({name: text.replace("{via: ", "{state: absent, via: ")})
    if before:
        Local(world).apply(present)
    spec = present if after == "present" else absent
    shared = _Shared(world, path, act)
    Local(world, transport=shared).apply(spec)
    assert shared.theirs
    Local(world).apply(spec)
    assert Local(world, read_only=True).plan(spec).steps == ()
    assert of_others(networks(world)) == shared.theirs
    assert '"theirs"' in json.dumps(networks(world))  # what lies in a group of ours is not among the others above
