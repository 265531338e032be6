"""Where Azure is: management endpoint, token scope and sign-in authority of a cloud, which must agree (sdk.md section 4)."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit

from reconciler.core.errors import CloudError, Problem


@dataclass(frozen=True, slots=True)
class Endpoint:
    """`url` has no slash at its end. `authority` is the host that signs people and services in."""

    url: str
    scope: str
    authority: str

    @property
    def is_loopback(self) -> bool:
        return is_loopback(urlsplit(self.url).hostname or "")


PUBLIC = Endpoint("https://management.azure.com", "https://management.azure.com/.default", "login.microsoftonline.com")
CLOUDS = {
    "public": PUBLIC,
    "china": Endpoint(
        "https://management.chinacloudapi.cn",
        "https://management.chinacloudapi.cn/.default",
        "login.chinacloudapi.cn",
    ),
    "usgov": Endpoint(
        "https://management.usgovcloudapi.net",
        "https://management.core.usgovcloudapi.net/.default",
        "login.microsoftonline.us",
    ),
}


def endpoint_of(cloud: str = "public", url: str = "") -> Endpoint:
    """The endpoint of a named cloud, or a custom one, for which a token of its own audience is asked.

    So a token for Azure never goes to a host that is not Azure. Raises `CloudError` for a URL that is no endpoint;
    plain http is for the loopback only.
    """
    known = CLOUDS.get(cloud)
    if known is None:
        raise _unusable(cloud, "there is no cloud of this name", f"write one of {', '.join(CLOUDS)}")
    if not url:
        return known
    text = url.rstrip("/")
    for standard in CLOUDS.values():
        if text.lower() == standard.url:
            return standard
    try:
        parts = urlsplit(text)
        whole = bool(parts.hostname) and parts.port != 0
    except ValueError:
        whole = False
    if not whole or not text.isascii() or not text.isprintable() or any(mark in text for mark in " \\@?#{}"):
        raise _unusable(url, "it is not a plain address of a host", "write it as https://HOST[:PORT]")
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(parts.hostname or "")):
        raise _unusable(url, "tokens are sent over https only, save to this machine itself", "write https://")
    return Endpoint(text, f"{parts.scheme}://{parts.netloc}/.default", known.authority)


def is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def _unusable(where: str, why: str, remedy: str) -> CloudError:
    return CloudError(Problem("C110", where, "this endpoint can't be used", why, remedy))
