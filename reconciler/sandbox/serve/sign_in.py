"""What clients ask before they ask Azure's resource manager: cloud metadata, OpenID configuration, tokens.

Any tenant, client id and secret will do. The tokens are unsigned and name the sandbox as their issuer, so that nothing
else takes them; shapes are those that az, Ansible, Cloud Custodian and Terraform were seen to need.
"""

import base64
import json
import re
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

from reconciler.sandbox.wire import Refusal, Request, Response, encode, reply
from reconciler.sandbox.world import guid_of

TENANT = "00000000-0000-4000-8000-00000000000a"
TOKEN_SECONDS = 86_400  # well above the 20 minutes under which Go's client renews early
_OPENID = re.compile(r"/+([\w.-]+)(/v2\.0)?/\.well-known/openid-configuration/?$", re.IGNORECASE)
_TOKEN = re.compile(r"/+([\w.-]+)/oauth2(/v2\.0)?/token/?$", re.IGNORECASE)
_INSTANCE = re.compile(r"/+common/discovery/instance/?$", re.IGNORECASE)
_METADATA = re.compile(r"/+metadata/endpoints/?$", re.IGNORECASE)


def is_token_request(request: Request) -> bool:
    """Whether this is the one kind of request whose body is a form."""
    return request.method == "POST" and _TOKEN.match(urlsplit(request.url).path) is not None


def sign_in(request: Request, now: float) -> Response | None:
    """The answer to a request of sign-in, None for every other request.

    `now` is the machine's time in seconds since 1970, because the client judges the token's age by its own clock.

    Raises:
        Refusal: metadata of an unknown api-version.
    """
    parts = urlsplit(request.url)
    base = f"{parts.scheme}://{parts.netloc}"
    if request.method == "POST" and (match := _TOKEN.match(parts.path)):
        return reply(_token_answer(base, match[1], request.body, now), headers=_NEVER_KEPT)
    if request.method != "GET":
        return None
    if _METADATA.match(parts.path):
        return reply(_metadata(base, dict(parse_qsl(parts.query)).get("api-version", "")))
    if _INSTANCE.match(parts.path):
        return reply({"tenant_discovery_endpoint": _openid_url(base, "common"), "api-version": "1.1", "metadata": []})
    if match := _OPENID.match(parts.path):
        return reply(_openid(base, match[1]))
    return None


_NEVER_KEPT = {"Cache-Control": "no-store", "Pragma": "no-cache"}


def _openid_url(base: str, tenant: str) -> str:
    return f"{base}/{tenant}/v2.0/.well-known/openid-configuration"


def _openid(base: str, tenant: str) -> dict[str, Any]:
    """`adfs` stands for a whole authority without versions in its paths; every other name is a tenant."""
    version = "" if tenant.lower() == "adfs" else "/v2.0"
    root = f"{base}/{tenant}/oauth2{version}"
    return {
        "issuer": f"{base}/{tenant}{version}",
        "authorization_endpoint": f"{root}/authorize",
        "token_endpoint": f"{root}/token",
        "device_authorization_endpoint": f"{root}/devicecode",
        "jwks_uri": f"{base}/{tenant}/discovery{version}/keys",
        "response_types_supported": ["code", "id_token"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
    }


def _token_answer(base: str, tenant: str, form: bytes, now: float) -> dict[str, Any]:
    sent = parse_qs(form.decode("utf-8", errors="replace"))
    client = sent.get("client_id", ["sandbox"])[0]
    scope = sent.get("scope", sent.get("resource", [base]))[0]
    audience = scope.split(" ")[0].removesuffix("/.default")
    token = access_token(base, tenant, client, audience, now)
    return {"token_type": "Bearer", "expires_in": TOKEN_SECONDS, "ext_expires_in": TOKEN_SECONDS, "access_token": token}


def access_token(base: str, tenant: str, client: str, audience: str, now: float) -> str:
    """Three parts as in a real one, but of the algorithm `none`; `oid` spares Terraform a question to Microsoft Graph."""
    person = guid_of(f"client {client}")
    issued = int(now)
    claims = {
        "aud": audience,
        "iss": f"{base}/{tenant}/",
        "iat": issued,
        "nbf": issued,
        "exp": issued + TOKEN_SECONDS,
        "appid": client,
        "idp": f"{base}/{tenant}/",
        "oid": person,
        "sub": person,
        "tid": TENANT if tenant.lower() in ("common", "organizations", "adfs") else tenant,
        "ver": "1.0",
    }
    parts = (encode({"typ": "JWT", "alg": "none"}), encode(claims), "sandbox")
    return ".".join(base64.urlsafe_b64encode(part.encode()).decode().rstrip("=") for part in parts)


def is_real_token(token: str) -> bool:
    """Whether a bearer token is a signed one: that would be a credential for the real Azure."""
    head, *rest = token.split(".")
    if len(rest) != 2:
        return False
    try:
        header = json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))
    except ValueError:
        return True
    return not isinstance(header, dict) or header.get("alg") != "none"


def _metadata(base: str, version: str) -> Any:
    """2019: a list, from 2022 on one object, before both the flat form; each is what some client needs."""
    if version in ("1.0", "2015-01-01"):
        return {
            "galleryEndpoint": f"{base}/",
            "graphEndpoint": f"{base}/",
            "portalEndpoint": base,
            "authentication": {"loginEndpoint": f"{base}/", "audiences": [base, f"{base}/"]},
        }
    cloud = {
        "name": "AzbackupSandbox",
        "resourceManager": f"{base}/",
        "portal": base,
        "gallery": f"{base}/",
        "batch": f"{base}/",
        "graph": f"{base}/",
        "graphAudience": f"{base}/",
        "microsoftGraphResourceId": f"{base}/",
        "authentication": {
            "loginEndpoint": base,
            "audiences": [base, f"{base}/"],
            "tenant": "common",
            "identityProvider": "AAD",
        },
        "suffixes": {"keyVaultDns": "vault.sandbox.invalid", "storage": "storage.sandbox.invalid"},
    }
    if version in ("2019-05-01", "2019-10-01"):
        return [cloud]
    if version >= "2020" and re.fullmatch(r"20\d\d-\d\d-\d\d", version):
        return cloud
    said = f"The sandbox knows the metadata of api-versions 2015-01-01, 2019-05-01 and 2022-09-01, not of '{version}'."
    raise Refusal(400, "InvalidApiVersionParameter", said)
