"""Azure Policy in a small form: assignments of an estate, and what they say to a resource (the published Policy Insights API)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from reconciler.sandbox.wire import Refusal, encode
from reconciler.sandbox.world import World

FACT = "policyAssignments"
GROUP_TYPE = "Microsoft.Resources/subscriptions/resourceGroups"
_COLLECTION = "Microsoft.Compute/restorePointCollections"


@dataclass(frozen=True, slots=True)
class Violation:
    """An assignment whose conditions a resource meets; its effect is Deny or Audit."""

    assignment: Mapping[str, Any]
    expressions: tuple[dict[str, Any], ...]

    @property
    def effect(self) -> str:
        return str(self.assignment["effect"])

    @property
    def id(self) -> str:
        return (
            f"{self.assignment['scope']}/providers/Microsoft.Authorization/policyAssignments/{self.assignment['name']}"
        )

    @property
    def definition_id(self) -> str:
        root = "/".join(self.assignment["scope"].split("/")[:3])
        return f"{root}/providers/Microsoft.Authorization/policyDefinitions/{self.assignment['name']}"


def assigned(world: World) -> bool:
    return world.fact(FACT) is not None


def violations(world: World, scope: str, content: Mapping[str, Any]) -> Iterator[Violation]:
    """What the assignments that hold at a scope have against a resource of this content: type, location, tags."""
    for each in world.fact(FACT) or ():
        if f"{scope.lower()}/".startswith(f"{each['scope'].lower()}/"):
            expressions = tuple(_expressions(each, content))
            if expressions:
                yield Violation(each, expressions)


def _expressions(assignment: Mapping[str, Any], content: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The conditions, if all of them are met. Tags and locations are judged of groups and of resources right in a group only."""
    kind = str(content.get("type", ""))
    types, tag, locations = assignment["types"], assignment["missingTag"], assignment["locations"]
    if types and kind.lower() not in [each.lower() for each in types]:
        return
    met = []
    if tag or locations:
        if kind.count("/") > 1 and kind.lower() != GROUP_TYPE.lower():
            return
        if tag and tag.lower() not in [name.lower() for name in content.get("tags") or {}]:
            met.append(_met(f"tags[{tag}]", None, "false", "Exists"))
        place = _region(content.get("location"))
        if locations and place not in [_region(each) for each in locations]:
            met.append(_met("location", content.get("location"), locations, "NotIn"))
        if len(met) < bool(tag) + bool(locations):
            return
    yield _met("type", kind, types or ["*"], "In")
    yield from met


def _met(path: str, value: Any, target: Any, operator: str) -> dict[str, Any]:
    about = {"result": "True", "expressionKind": "Field", "expression": path, "path": path}
    return about | {"expressionValue": value, "targetValue": target, "operator": operator}


def refuse_denied(world: World, scope: str, content: Mapping[str, Any]) -> None:
    """Raises:
    Refusal: 403 RequestDisallowedByPolicy with a PolicyViolation for each assignment that denies.
    """
    denied = [each for each in violations(world, scope, content) if each.effect == "Deny"]
    if not denied:
        return
    identifiers = [
        {
            "policyAssignment": {"name": each.assignment["displayName"], "id": each.id},
            "policyDefinition": {"name": each.assignment["displayName"], "id": each.definition_id},
        }
        for each in denied
    ]
    said = f"Resource '{content['name']}' was disallowed by policy. Policy identifiers: '{encode(identifiers)}'."
    info = [{"type": "PolicyViolation", "info": _info(each)} for each in denied]
    raise Refusal(403, "RequestDisallowedByPolicy", said, more={"target": content["name"], "additionalInfo": info})


def _info(violation: Violation) -> dict[str, Any]:
    assignment = violation.assignment
    return {
        "evaluationDetails": {"evaluatedExpressions": list(violation.expressions)},
        "policyDefinitionId": violation.definition_id,
        "policyDefinitionName": assignment["name"],
        "policyDefinitionDisplayName": assignment["displayName"],
        "policyDefinitionEffect": violation.effect,
        "policyAssignmentId": violation.id,
        "policyAssignmentName": assignment["name"],
        "policyAssignmentDisplayName": assignment["displayName"],
        "policyAssignmentScope": assignment["scope"],
        "policyAssignmentParameters": {},
    }


def snapshots_denied(world: World, vm_id: str, location: str, policy: Mapping[str, Any]) -> bool:
    """Whether the service may not keep snapshots: it makes a group for them when there is none, and collections in it."""
    details = policy.get("instantRPDetails") or {}
    prefix = details.get("azureBackupRGNamePrefix") or f"AzureBackupRG_{_region(location)}_"
    name = f"{prefix}1{details.get('azureBackupRGNameSuffix') or ''}"
    root = "/".join(vm_id.split("/")[:3])
    group_id = f"{root}/resourceGroups/{name}"
    made = [{"type": _COLLECTION, "name": f"AzureBackup_{vm_id.rsplit('/', 1)[-1]}_1", "location": location}]
    if not world.has(group_id):
        made.append({"type": GROUP_TYPE, "name": name, "location": location})
    return any(found.effect == "Deny" for content in made for found in violations(world, group_id, content))


def _region(location: Any) -> str:
    return str(location or "").replace(" ", "").lower()
