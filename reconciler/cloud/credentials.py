"""Who azbackup is to Azure: one credential a run, its token cached under a lock, and never on the wrong road.

A real credential is never sent to this machine itself, where anything could be listening (reliability.md S-13).
"""

from __future__ import annotations

import base64
import json
import threading
from typing import Any, Protocol, cast, runtime_checkable

from azure.core.credentials import AccessToken, AccessTokenInfo, TokenCredential, TokenRequestOptions
from azure.core.exceptions import ClientAuthenticationError
from azure.core.pipeline import PipelineRequest, PipelineResponse
from azure.core.rest import HttpRequest, HttpResponse
from azure.mgmt.core.policies import ARMChallengeAuthenticationPolicy

from reconciler.cloud.endpoints import Endpoint
from reconciler.core.errors import CloudError, Problem
from reconciler.core.ports import Clock

_REFRESH_SECONDS = 300.0
_SANDBOX_TOKEN_SECONDS = 3600 * 24 * 365


@runtime_checkable
class _GivesTokenInfo(Protocol):
    def get_token_info(self, *scopes: str, options: TokenRequestOptions | None = None) -> AccessTokenInfo: ...


class SandboxToken:
    """A token for a sandbox on this machine, worth nothing anywhere else."""

    sandbox_only = True

    def __init__(self, token: str, clock: Clock) -> None:
        self._token, self._clock = token, clock

    def get_token(self, *scopes: str, **kwargs: Any) -> AccessToken:
        return AccessToken(self._token, int(self._clock.now().timestamp()) + _SANDBOX_TOKEN_SECONDS)


def credential_for(endpoint: Endpoint, clock: Clock, sandbox_token: str = "") -> TokenCredential:
    """`DefaultAzureCredential` of the endpoint's authority; for an endpoint on this machine the given sandbox token.

    Raises `CloudError` when a loopback endpoint comes without one, or a sandbox token with a real endpoint.
    """
    if endpoint.is_loopback != bool(sandbox_token):
        raise _wrong_road(endpoint)
    if sandbox_token:
        return SandboxToken(sandbox_token, clock)
    from azure.identity import DefaultAzureCredential  # takes 0.4 s

    return DefaultAzureCredential(authority=endpoint.authority)


class SharedCredential:
    """One token for all clients of a run, asked for once (az takes half a second for each).

    A new token must be of the same tenant and identity as the one before: a run never changes hands (F-21).
    """

    def __init__(self, credential: TokenCredential, endpoint: Endpoint, clock: Clock) -> None:
        if endpoint.is_loopback and not getattr(credential, "sandbox_only", False):
            raise _wrong_road(endpoint)
        self._credential, self._clock = credential, clock
        self._lock = threading.Lock()
        self._token: AccessTokenInfo | None = None
        self._identity: tuple[str, str] = ("", "")

    def get_token_info(self, *scopes: str, options: TokenRequestOptions | None = None) -> AccessTokenInfo:
        """The cached token while it is fresh. Claims, which Azure asks for when rights have changed, need a new one."""
        claims = (options or {}).get("claims")
        with self._lock:
            token = self._token
            if claims or token is None or token.expires_on - self._clock.now().timestamp() < _REFRESH_SECONDS:
                token = self._token = self._ask(scopes, options or {})
            return token

    def get_token(self, *scopes: str, **kwargs: Any) -> AccessToken:
        token = self.get_token_info(*scopes, options=cast(TokenRequestOptions, kwargs))
        return AccessToken(token.token, token.expires_on)

    def forget(self, header: str) -> None:
        """Azure refused the token of this Authorization header. One that has been renewed meanwhile is kept."""
        with self._lock:
            if self._token is not None and header == f"Bearer {self._token.token}":
                self._token = None

    def _ask(self, scopes: tuple[str, ...], options: TokenRequestOptions) -> AccessTokenInfo:
        if isinstance(self._credential, _GivesTokenInfo):
            token = self._credential.get_token_info(*scopes, options=options)
        else:
            plain = self._credential.get_token(*scopes, **cast(dict[str, Any], options))
            token = AccessTokenInfo(plain.token, plain.expires_on)
        identity = _identity_of(token.token)
        if self._identity != ("", "") and identity != self._identity:
            raise ClientAuthenticationError("the signed-in identity changed while azbackup was running")
        self._identity = identity
        return token


class TokenPolicy(ARMChallengeAuthenticationPolicy):
    """Adds the token. After a 401 it asks once for a new one and sends again: a request that got a 401 had no effect."""

    def __init__(self, credential: SharedCredential, scope: str) -> None:
        super().__init__(credential, scope)
        self._shared, self._scope = credential, scope

    def on_request(self, request: PipelineRequest[HttpRequest]) -> None:
        """Plain http needs no second refusal here: the endpoint allows it on the loopback only, the target guard keeps to it."""
        self._authorize(request, {})

    def authorize_request(self, request: PipelineRequest[HttpRequest], *scopes: str, **kwargs: Any) -> None:
        self._authorize(request, cast(TokenRequestOptions, kwargs))

    def _authorize(self, request: PipelineRequest[HttpRequest], options: TokenRequestOptions) -> None:
        token = self._shared.get_token_info(self._scope, options=options)
        request.http_request.headers["Authorization"] = f"Bearer {token.token}"

    def send(self, request: PipelineRequest[HttpRequest]) -> PipelineResponse[HttpRequest, HttpResponse]:
        response = super().send(request)
        if response.http_response.status_code != 401:
            return response
        self._shared.forget(request.http_request.headers.get("Authorization", ""))
        return super().send(request)


def _identity_of(token: str) -> tuple[str, str]:
    """Tenant and object id of a token, empty when it does not tell. Only compared, never trusted."""
    try:
        payload = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        return str(claims.get("tid", "")), str(claims.get("oid", ""))
    except (IndexError, ValueError, AttributeError):
        return "", ""


def _wrong_road(endpoint: Endpoint) -> CloudError:
    return CloudError(
        Problem(
            "C106",
            endpoint.url,
            "this endpoint and this credential do not belong together",
            "a real credential never goes to this machine itself, and a sandbox token never goes anywhere else",
            "for a local sandbox give its token, for Azure leave the token and the endpoint out",
        )
    )
