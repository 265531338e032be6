"""The order of the rules of a firewall, and what they make of traffic: cases from the documented semantics."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.core.destinations import Destination
from reconciler.kinds.firewall_order import Passing, Rule, classic_rules, judge, policy_rules

STORAGE = Destination("storage", "Storage.WestEurope", (443,))
BACKUP = Destination("backup", "AzureBackup", (443,))


def network(action: str, to: str = "*", ports: str = "*", source: str = "*", **more: Any) -> dict[str, Any]:
    rule = {
        "name": "r",
        "protocols": ["TCP"],
        "sourceAddresses": source.split(","),
        "destinationAddresses": to.split(","),
    }
    return {"action": action, "rule": rule | {"destinationPorts": ports.split(",")} | more}


def application(action: str, source: str = "*", protocol: str = "Https:443", **more: Any) -> dict[str, Any]:
    kind, port = protocol.split(":")
    rule = {"name": "a", "protocols": [{"protocolType": kind, "port": int(port)}], "sourceAddresses": [source]}
    return {"action": action, "rule": rule | more}


ALL, TAG = application("Allow", targetFqdns=["*"]), application("Allow", fqdnTags=["AzureBackup"])

# What it is about, to where, the network rules in their order, the application rules in theirs, the outcome.
CASES: list[tuple[str, Destination, list[dict[str, Any]], list[dict[str, Any]], str]] = [
    ("no rule", STORAGE, [], [], "denied"),
    ("the tag of the region", STORAGE, [network("Allow", "storage.westeurope", "443")], [], "allowed"),
    ("the tag of all regions", STORAGE, [network("Allow", "Storage")], [], "allowed"),
    ("another region", STORAGE, [network("Allow", "Storage.NorthEurope")], [], "denied"),
    ("one port of a range", STORAGE, [network("Allow", "*", "80,440-450")], [], "allowed"),
    ("another port", STORAGE, [network("Allow", "*", "80,8443")], [], "denied"),
    ("ports of no form", STORAGE, [network("Allow", "*", "https")], [], "denied"),
    ("UDP", STORAGE, [network("Allow", protocols=["UDP", "ICMP"])], [], "denied"),
    ("any protocol", STORAGE, [network("Allow", protocols=["Any"])], [], "allowed"),
    ("a wider source", STORAGE, [network("Allow", source="10.0.0.0/8")], [], "allowed"),
    ("two halves of the source", STORAGE, [network("Allow", source="10.0.0.0/17,10.0.128.0/17")], [], "allowed"),
    ("a part of the source", STORAGE, [network("Allow", source="10.0.1.0/24")], [], "uncertain"),
    ("another source", STORAGE, [network("Allow", source="10.9.0.0/16")], [], "denied"),
    ("an IP group as source", STORAGE, [network("Allow", source="10.9.0.0/16", sourceIpGroups=["x"])], [], "uncertain"),
    ("an IP group to go to", STORAGE, [network("Allow", "10.9.9.9", destinationIpGroups=["x"])], [], "uncertain"),
    ("names to go to", STORAGE, [network("Allow", "10.9.9.9", destinationFqdns=["x"])], [], "uncertain"),
    ("a deny before", STORAGE, [network("Deny"), network("Allow")], [], "denied"),
    ("a deny after", STORAGE, [network("Allow"), network("Deny")], [], "allowed"),
    ("a deny of some addresses before", STORAGE, [network("Deny", "20.0.0.0/8"), network("Allow")], [], "uncertain"),
    ("an allow of some before a deny", STORAGE, [network("Allow", "20.0.0.0/8"), network("Deny")], [], "uncertain"),
    ("a deny of some before a deny", STORAGE, [network("Deny", "20.0.0.0/8"), network("Deny")], [], "denied"),
    ("network rules come first", BACKUP, [network("Deny")], [TAG], "denied"),
    ("and allow first, too", BACKUP, [network("Allow", "AzureBackup")], [application("Deny", targetFqdns=["*"])], "allowed"),
    ("the FQDN tag", BACKUP, [], [TAG], "allowed"),
    ("is that of backup alone", STORAGE, [], [TAG], "uncertain"),
    ("another FQDN tag", BACKUP, [], [application("Allow", fqdnTags=["WindowsUpdate"])], "uncertain"),
    ("every name", STORAGE, [], [ALL], "allowed"),
    ("every name on another port", STORAGE, [], [application("Allow", protocol="Https:8443", targetFqdns=["*"])], "denied"),
    ("every name by HTTP", STORAGE, [], [application("Allow", protocol="Http:443", targetFqdns=["*"])], "denied"),
    ("some names", STORAGE, [], [application("Allow", targetFqdns=["*.blob.core.windows.net"])], "uncertain"),
    ("nobody's names", STORAGE, [], [application("Allow")], "denied"),
    ("TLS is looked into", BACKUP, [], [application("Allow", fqdnTags=["AzureBackup"], terminateTLS=True)], "uncertain"),
    ("to some addresses", BACKUP, [], [application("Allow", fqdnTags=["AzureBackup"], destinationAddresses=["1.2.3.4"])], "uncertain"),
    ("to all addresses", BACKUP, [], [application("Allow", fqdnTags=["AzureBackup"], destinationAddresses=["*"])], "allowed"),
    ("web categories are denied before", BACKUP, [], [application("Deny", webCategories=["x"]), TAG], "uncertain"),
]  # fmt: skip


def _outcome(rules: tuple[Rule, ...], needed: Destination) -> str:
    (passing,) = Passing.all_of(["10.0.0.0/16"], needed)
    return judge(rules, passing).result


@pytest.mark.parametrize(("about", "to", "first", "then", "outcome"), CASES, ids=[case[0] for case in CASES])
def test_what_becomes_of_traffic(
    about: str, to: Destination, first: list[dict[str, Any]], then: list[dict[str, Any]], outcome: str
) -> None:
    firewall = {f"{family}RuleCollections": [  # stored the other way round: numbers count, not places
        {"name": f"c{number}", "properties": {"priority": 100 + number, "action": {"type": each["action"]}, "rules": [each["rule"]]}}
        for number, each in reversed([*enumerate(entries)])
    ] for family, entries in (("network", first), ("application", then))}  # fmt: skip
    assert _outcome(classic_rules({"properties": firewall}), to) == outcome


def test_parents_count_first_then_groups_then_collections_and_rules_as_they_stand() -> None:
    def group(name: str, priority: int, *collections: tuple[str, int]) -> dict[str, Any]:
        made = [
            {"name": each, "priority": number, "rules": [{"ruleType": f"{kind}Rule", "name": kind} for kind in kinds]}
            for each, number in collections
        ]
        return {"id": f"/pol/groups/{name}", "properties": {"priority": priority, "ruleCollections": made}}

    kinds = ("Application", "Network", "Nat")
    parent = [group("p2", 200, ("c", 100)), group("p1", 100, ("c", 100))]
    child = [group("g2", 90, ("late", 300), ("soon", 200)), group("g1", 80, ("c", 500)), {"id": "/pol/groups/none"}]
    told = [each.told for each in policy_rules([parent, child])]
    order = ["c (priority 100) of group p1", "c (priority 100) of group p2", "c (priority 500) of group g1"]
    order += ["soon (priority 200) of group g2", "late (priority 300) of group g2"]
    assert told == [
        f"{family} rule {family.capitalize()} of collection {each} of pol"
        for family in ("network", "application")
        for each in order
    ]
