"""What Azure has after a write to a network or a guest has landed (wire-facts 8), written down apart from the kinds."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

from reconciler.core.plan import Write
from tests.support.fake_survey import FakeSurvey
from tests.support.network import rule_body
from tests.support.wire import Body

_NETWORK_RULE: Body = {"ipv6Rule": False, "sourceIpGroups": [], "destinationIpGroups": [], "destinationFqdns": []}
_APPLICATION_RULE: Body = {"terminateTLS": False, "targetFqdns": [], "webCategories": [], "sourceIpGroups": []}


def land_resource(survey: FakeSurvey, write: Write, body: Body) -> None:
    match write.operation:
        case "security_rule.put" | "security_rule.delete":
            _land_rule(survey, write.resource_id, body)
        case "firewall.put":
            survey.add_resource({**body, "id": write.resource_id})
        case "rule_collection_group.put" | "rule_collection_group.delete":
            _land_group(survey, write.resource_id, body)
        case "run_command.put":
            sent = body["properties"]
            text = (files("reconciler") / "guest" / sent["source"]["script"]).read_text("utf-8")
            shown = sent | {"source": {"script": text}, "provisioningState": "Succeeded"}
            name = write.resource_id.rsplit("/", 1)[1]
            survey.add_resource({**body, "id": write.resource_id, "name": name, "properties": shown})
        case _:
            del survey.resource_bodies[write.resource_id.lower()]


def _land_rule(survey: FakeSurvey, rule_id: str, body: Body) -> None:
    """A group takes a rule whose priority nobody has in its direction, as Azure does."""
    group_id, name = rule_id.split("/securityRules/")
    group = survey.resource_bodies[group_id.lower()]
    rules: list[Body] = group["properties"]["securityRules"]
    others = [rule for rule in rules if rule["name"].lower() != name.lower()]
    if body:
        sent = body["properties"]
        taken = {(rule["properties"]["direction"], rule["properties"]["priority"]) for rule in others}
        assert (sent["direction"], sent["priority"]) not in taken
        assert 100 <= sent["priority"] <= 4096
        others.append(rule_body(group["id"], name, **sent))
    group["properties"]["securityRules"] = others


def _land_group(survey: FakeSurvey, group_id: str, body: Body) -> None:
    policy = survey.resource_bodies[group_id.lower().split("/rulecollectiongroups/")[0]]
    groups: list[Body] = policy["properties"]["ruleCollectionGroups"]
    known = [each for each in groups if each["id"].lower() != group_id.lower()]
    policy["properties"]["ruleCollectionGroups"] = [*known, {"id": group_id}] if "properties" in body else known
    if "properties" not in body:  # a delete, which names the version that it is for
        del survey.resource_bodies[group_id.lower()]
        return
    taken = [survey.resource_bodies[each["id"].lower()]["properties"]["priority"] for each in known]
    assert body["properties"]["priority"] not in taken
    priorities = [each["priority"] for each in body["properties"]["ruleCollections"]]
    assert len(set(priorities)) == len(priorities)
    for collection in body["properties"]["ruleCollections"]:
        collection["rules"] = [_shown(rule) for rule in collection["rules"]]
    properties = body["properties"] | {"provisioningState": "Succeeded"}
    survey.add_resource({"id": group_id, "name": body["name"], "etag": "6e38a7fa", "properties": properties})


def _shown(rule: Body) -> dict[str, Any]:
    more = _NETWORK_RULE if rule["ruleType"] == "NetworkRule" else _APPLICATION_RULE
    return more | rule
