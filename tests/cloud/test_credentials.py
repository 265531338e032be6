"""Which endpoint gets which token, and that one run stays one identity."""

import base64
import json
import logging
import threading
from typing import Any

import pytest
from azure.core.credentials import AccessToken
from azure.core.exceptions import ClientAuthenticationError

from reconciler.cloud.connect import connect
from reconciler.cloud.credentials import SharedCredential, credential_for
from reconciler.cloud.endpoints import CLOUDS, PUBLIC, endpoint_of
from reconciler.core.errors import CloudError, Unreadable
from reconciler.core.plan import Write
from tests.cloud.canned import TOKEN, VAULT, Canned, Credential, Reply, VirtualClock, error


def jwt(tenant: str, identity: str, serial: int) -> str:
    claims = (
        base64.urlsafe_b64encode(json.dumps({"tid": tenant, "oid": identity, "n": serial}).encode())
        .decode()
        .rstrip("=")
    )
    return f"head.{claims}.signature"


def test_the_clouds_agree_with_the_sdk() -> None:
    from azure.core import AzureClouds
    from azure.mgmt.core.tools import get_arm_endpoints

    pairs = {
        "public": AzureClouds.AZURE_PUBLIC_CLOUD,
        "china": AzureClouds.AZURE_CHINA_CLOUD,
        "usgov": AzureClouds.AZURE_US_GOVERNMENT,
    }
    for name, cloud in pairs.items():
        known = get_arm_endpoints(cloud)
        assert CLOUDS[name].url == known["resource_manager"].rstrip("/")
        assert [CLOUDS[name].scope] == known["credential_scopes"]


@pytest.mark.parametrize(
    ("url", "scope"),
    [
        ("https://arm.example", "https://arm.example/.default"),
        ("https://ARM.example:8443/", "https://ARM.example:8443/.default"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080/.default"),
        ("http://[::1]:8080", "http://[::1]:8080/.default"),
        ("https://arm.example/stack/", "https://arm.example/.default"),
        ("https://management.azure.com/", PUBLIC.scope),
        ("https://management.usgovcloudapi.net", CLOUDS["usgov"].scope),
    ],
)
def test_a_token_for_azure_is_asked_for_azure_only(url: str, scope: str) -> None:
    assert endpoint_of("public", url).scope == scope


@pytest.mark.parametrize(
    "url",
    [
        "http://arm.example",
        "ftp://arm.example",
        "arm.example",
        "https://",
        "https://[::1",
        "https://a:99999",
        "https://a@b",
        "https://a?x=1",
        "https://a b",
        "https://\u0430.example",
        "http://127.0.0.1.evil.example",
    ],
)
def test_an_endpoint_that_would_leak_a_token_is_refused(url: str) -> None:
    with pytest.raises(CloudError, match="C110"):
        endpoint_of("public", url)


def test_an_unknown_cloud_is_refused_with_the_known_ones() -> None:
    with pytest.raises(CloudError, match="public, china, usgov"):
        endpoint_of("mars")


@pytest.mark.parametrize("url", ["http://127.0.0.1:8443", "https://localhost:8443", "https://[::1]"])
def test_a_real_credential_never_goes_to_this_machine(url: str) -> None:
    with pytest.raises(CloudError, match="C106"):
        Canned(Reply(200, {}), endpoint=url)
    with pytest.raises(CloudError, match="C106"):
        connect(VirtualClock(), read_only=True, endpoint=url)
    credential = credential_for(endpoint_of("public", url), VirtualClock(), "sandbox-only")
    canned = Canned(Reply(200, {}), endpoint=url, credential=credential)
    canned.azure.look().vault(VAULT)
    assert canned.sent[0].headers["Authorization"] == "Bearer sandbox-only"


def test_a_sandbox_token_never_goes_anywhere_else() -> None:
    with pytest.raises(CloudError, match="C106"):
        connect(VirtualClock(), read_only=True, sandbox_token="sandbox-only")


def test_a_real_endpoint_gets_the_default_credential_of_its_authority(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[dict[str, object]] = []
    monkeypatch.setattr("azure.identity.DefaultAzureCredential", lambda **options: made.append(options))
    for cloud in CLOUDS:
        credential_for(endpoint_of(cloud), VirtualClock())
    assert [options["authority"] for options in made] == [
        "login.microsoftonline.com",
        "login.chinacloudapi.cn",
        "login.microsoftonline.us",
    ]


def test_all_clients_share_one_token() -> None:
    canned = Canned(Reply(200, {}))
    look = canned.azure.look()
    look.vault(VAULT), look.policy(VAULT, "daily"), look.storage_config(VAULT)
    assert canned.credential.asked == 1
    assert canned.credential.scopes == (PUBLIC.scope,)


class Slow(Credential):
    """Takes its time over a token, unless somebody else asks for one meanwhile."""

    def __init__(self) -> None:
        super().__init__()
        self.entered, self.overlapped = threading.Lock(), threading.Event()

    def get_token(self, *scopes: str, **kwargs: Any) -> AccessToken:
        if not self.entered.acquire(blocking=False):
            self.overlapped.set()
        self.overlapped.wait(0.05)
        return super().get_token(*scopes, **kwargs)


def test_cold_threads_ask_for_one_token() -> None:
    credential = Slow()
    shared = SharedCredential(credential, PUBLIC, VirtualClock())
    threads = [threading.Thread(target=shared.get_token_info, args=(PUBLIC.scope,)) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert credential.asked == 1


def test_a_token_is_renewed_before_it_ends() -> None:
    clock, credential = VirtualClock(), Credential("one", "two")
    shared = SharedCredential(credential, PUBLIC, clock)
    assert shared.get_token(PUBLIC.scope).token == "one"
    clock.sleep(24 * 3600 - 301)
    assert shared.get_token(PUBLIC.scope).token == "one"
    clock.sleep(2)
    assert shared.get_token(PUBLIC.scope).token == "two"


def test_a_401_gets_one_new_token_and_another_try() -> None:
    canned = Canned(error(401, "ExpiredAuthenticationToken"), Reply(202), credential=Credential("old", "new"))
    canned.azure.send(Write("vault.update", VAULT, {}), "id")
    assert [sent.headers["Authorization"] for sent in canned.sent] == ["Bearer old", "Bearer new"]


def test_a_claims_challenge_is_answered_with_a_new_token() -> None:
    claims = base64.b64encode(b'{"access_token":{"nbf":{"value":"1"}}}').decode()
    challenge = {"WWW-Authenticate": f'Bearer realm="", error="insufficient_claims", claims="{claims}"'}
    canned = Canned(Reply(401, None, challenge), Reply(200, {}), credential=Credential("old", "new"))
    canned.azure.look().vault(VAULT)
    assert [sent.headers["Authorization"] for sent in canned.sent] == ["Bearer old", "Bearer new"]


def test_a_run_never_changes_hands() -> None:
    credential = Credential(jwt("t1", "me", 1), jwt("t1", "me", 2), jwt("t1", "someone-else", 3))
    canned = Canned(error(401, "ExpiredAuthenticationToken"), Reply(200, {}), credential=credential)
    canned.azure.look().vault(VAULT)
    canned._replies = [error(401, "ExpiredAuthenticationToken"), Reply(200, {})]
    with pytest.raises(Unreadable, match="identity changed"):
        canned.azure.look().vault(VAULT)
    assert len(canned.sent) == 3


def test_no_token_is_an_error_with_a_remedy_and_nothing_is_sent() -> None:
    class Nobody(Credential):
        def get_token(self, *scopes: str, **kwargs: object) -> object:  # type: ignore[override]
            raise ClientAuthenticationError("no credential in this chain provided a token")

    canned = Canned(Reply(200, {}), credential=Nobody())
    with pytest.raises(Unreadable, match=r"C106.*\n.*\n.*az login") as caught:
        canned.azure.look().vault(VAULT)
    assert (canned.sent, caught.value.transient) == ([], False)
    with pytest.raises(CloudError, match="C106") as refused:
        canned.azure.send(Write("vault.create", VAULT, {}), "id")
    assert not refused.value.sent


def test_no_token_in_logs_or_errors_at_any_level(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    canned = Canned(error(500, "InternalServerError"))
    with pytest.raises(CloudError) as caught:
        canned.azure.send(Write("vault.create", VAULT, {"properties": {}}), "id")
    assert canned.sent[0].headers["Authorization"] == f"Bearer {TOKEN}"
    assert TOKEN not in caplog.text
    assert TOKEN not in repr(caught.value) + str(caught.value)


def test_the_run_and_the_write_are_named() -> None:
    canned = Canned(Reply(200, {}), correlation_id="run-7")
    canned.azure.look().vault(VAULT)
    canned.azure.send(Write("vault.update", VAULT, {}), "write-1")
    assert [sent.headers["x-ms-correlation-request-id"] for sent in canned.sent] == ["run-7", "run-7"]
    assert [sent.headers.get("x-ms-client-request-id") for sent in canned.sent] == [None, "write-1"]
    assert canned.sent[0].headers["User-Agent"].startswith("azbackup/")
