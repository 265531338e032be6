"""The one pipeline that every request goes through. Policies are made anew for each client: sharing one breaks it (sdk.md 1.3).

Left out on purpose: redirects, registration of resource providers, HTTP logging, the SDK's own retry.
"""

from __future__ import annotations

from typing import Any

from azure.core.pipeline.policies import CustomHookPolicy, HeadersPolicy, RequestIdPolicy, UserAgentPolicy

import reconciler
from reconciler.cloud.credentials import SharedCredential, TokenPolicy
from reconciler.cloud.endpoints import Endpoint
from reconciler.cloud.guards import ReadOnlyPolicy, TargetPolicy
from reconciler.cloud.retry import PoliteRetry
from reconciler.cloud.throttle import Throttle, ThrottlePolicy
from reconciler.core.ports import Clock


def policies(
    endpoint: Endpoint,
    credential: SharedCredential,
    throttle: Throttle,
    clock: Clock,
    *,
    read_only: bool,
    correlation_id: str,
) -> list[Any]:
    """First to last: names the request, guards it, then for each attempt waits, authorises, counts and sends."""
    headers = {"x-ms-correlation-request-id": correlation_id} if correlation_id else {}
    return [
        RequestIdPolicy(auto_request_id=False),
        HeadersPolicy(headers),
        UserAgentPolicy(f"azbackup/{reconciler.__version__}", user_agent_use_env=False),
        CustomHookPolicy(),
        *([ReadOnlyPolicy(endpoint.url)] if read_only else []),
        TargetPolicy(endpoint.url),
        PoliteRetry(throttle, clock),
        TokenPolicy(credential, endpoint.scope),
        ThrottlePolicy(throttle),
    ]
