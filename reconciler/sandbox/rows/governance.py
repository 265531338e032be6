"""Rows of what governs the caller: the permissions of a scope, and what Azure Policy would say to a resource."""

from reconciler.sandbox import access
from reconciler.sandbox.azure_policies import FACT, Violation, violations
from reconciler.sandbox.call import Call
from reconciler.sandbox.rows.any_resource import scope
from reconciler.sandbox.table import GROUP, SUBSCRIPTION, Route
from reconciler.sandbox.wire import Refusal, Response, reply


def permissions(call: Call) -> Response:
    """What the caller may do there, inherited rights too."""
    return reply({"value": list(access.entries(call.world, scope(call).key))})


def list_assignments(call: Call) -> Response:
    """Those that hold at the scope; without a filter those of what lies below it too."""
    here, asked = scope(call).key, call.query.get("$filter", "").lower()
    exact, below = "atexactscope()" in asked, not asked or "atscopeandbelow()" in asked
    if not (exact or below or "atscope()" in asked):
        raise Refusal(400, "InvalidFilterInQueryString", f"Invalid $filter '{asked}' in the query string.")
    found = []
    for each in call.world.fact(FACT) or ():
        there = each["scope"].lower()
        holds = there == here if exact else f"{here}/".startswith(f"{there}/")
        if holds or (below and there.startswith(f"{here}/")):
            found.append(_assignment(Violation(each, ())))
    return reply({"value": found})


def _assignment(found: Violation) -> dict[str, object]:
    properties = {
        "displayName": found.assignment["displayName"],
        "policyDefinitionId": found.definition_id,
        "scope": found.assignment["scope"],
        "notScopes": [],
        "parameters": {},
        "enforcementMode": "Default",
    }
    kind = "Microsoft.Authorization/policyAssignments"
    return {"properties": properties, "id": found.id, "type": kind, "name": found.assignment["name"]}


def check_restrictions(call: Call) -> Response:
    """Denials only, and audits when they are asked for."""
    details = call.body.get("resourceDetails")
    content = details.get("resourceContent") if isinstance(details, dict) else None
    if not isinstance(content, dict) or not content.get("type"):
        raise Refusal(400, "InvalidCheckRestrictionsRequest", "The resource content must have a type.")
    told = ("Deny", "Audit") if call.body.get("includeAuditEffect") is True else ("Deny",)
    found = [each for each in violations(call.world, scope(call).key, content) if each.effect in told]
    evaluations = [_evaluation(each) for each in found]
    return reply({"fieldRestrictions": [], "contentEvaluationResult": {"policyEvaluations": evaluations}})


def _evaluation(violation: Violation) -> dict[str, object]:
    return {
        "policyInfo": {"policyDefinitionId": violation.definition_id, "policyAssignmentId": violation.id},
        "evaluationResult": "NonCompliant",
        "evaluationDetails": {"evaluatedExpressions": list(violation.expressions)},
        "effectDetails": {"policyEffect": violation.effect},
    }


_RESOURCE = f"{GROUP}/providers/{{namespace}}/{{type}}/{{resource}}"
_CHECK = "providers/Microsoft.PolicyInsights/checkPolicyRestrictions"
ROUTES = (
    *(
        Route("GET", f"{root}/providers/Microsoft.Authorization/permissions", permissions, "SDK", counter="arm")
        for root in (SUBSCRIPTION, GROUP, _RESOURCE)
    ),
    *(
        Route(
            "GET", f"{root}/providers/Microsoft.Authorization/policyAssignments", list_assignments, "SDK", counter="arm"
        )
        for root in (SUBSCRIPTION, GROUP, _RESOURCE)
    ),
    *(
        Route("POST", f"{root}/{_CHECK}", check_restrictions, "SDK", "pending fields are not judged", counter="arm")
        for root in (SUBSCRIPTION, GROUP)
    ),
)
