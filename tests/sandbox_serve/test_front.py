"""What a served sandbox lets in, and what it adds: sign-in, real waiting times, a moving clock."""

import base64
import json
from typing import Any

import pytest

from reconciler.sandbox.serve.front import Front
from reconciler.sandbox.serve.sign_in import TOKEN_SECONDS
from reconciler.sandbox.wire import Request, Response
from reconciler.sandbox.world import DEFAULT_SUBSCRIPTION, World

HOST = "127.0.0.1:8443"
BASE = f"https://{HOST}"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
REAL = ".".join(base64.urlsafe_b64encode(part).decode() for part in (b'{"alg":"RS256"}', b"{}", b"signed"))


class Machine:
    """A clock of a machine that the test moves."""

    def __init__(self) -> None:
        self.seconds = 1_800_000_000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def machine() -> Machine:
    return Machine()


@pytest.fixture
def world() -> World:
    return World.open()


@pytest.fixture
def front(world: World, machine: Machine) -> Front:
    return Front(world, machine, time_factor=60)


def ask(front: Front, method: str, target: str, body: bytes = b"", **headers: str) -> Response:
    given = {"Host": HOST} | {name.replace("_", "-"): value for name, value in headers.items()}
    if body:
        given.setdefault("Content-Type", "application/json")
    return front.answer(Request(method, f"https://{given['Host']}{target}", given, body), frozenset({HOST}))


def claims(token: str) -> Any:
    part = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def test_any_client_and_secret_gets_a_token_that_is_taken(front: Front, machine: Machine) -> None:
    form = f"client_id=me&client_secret=any&grant_type=client_credentials&scope={BASE}/.default".encode()
    answer = ask(front, "POST", "/some-tenant/oauth2/v2.0/token", form, Content_Type=FORM["Content-Type"]).json()
    assert answer["token_type"] == "Bearer"
    assert answer["expires_in"] == TOKEN_SECONDS
    told = claims(answer["access_token"])
    assert told["exp"] - machine.seconds == TOKEN_SECONDS
    assert (told["tid"], told["appid"], told["aud"], told["ver"]) == ("some-tenant", "me", BASE, "1.0")
    assert told["oid"]  # without it Terraform asks Microsoft Graph
    listed = ask(
        front, "GET", "/subscriptions?api-version=2022-12-01", Authorization=f"Bearer {answer['access_token']}"
    )
    assert [each["subscriptionId"] for each in listed.json()["value"]] == [DEFAULT_SUBSCRIPTION]


def test_the_adfs_authority_leads_to_its_own_token_endpoint(front: Front) -> None:
    found = ask(front, "GET", "/adfs/.well-known/openid-configuration").json()
    assert found["token_endpoint"] == f"{BASE}/adfs/oauth2/token"
    assert ask(front, "POST", "/adfs/oauth2/token", b"client_id=me", Content_Type=FORM["Content-Type"]).status == 200


@pytest.mark.parametrize("tenant", ["organizations", "00000000-0000-4000-8000-00000000000a"])
def test_openid_configuration_names_absolute_urls_of_the_host_asked(front: Front, tenant: str) -> None:
    found = ask(front, "GET", f"/{tenant}/v2.0/.well-known/openid-configuration").json()
    assert found["token_endpoint"] == f"{BASE}/{tenant}/oauth2/v2.0/token"
    assert found["issuer"].startswith(BASE)
    assert found["authorization_endpoint"].startswith(BASE)


@pytest.mark.parametrize(
    ("target", "kind"),
    [
        ("/metadata/endpoints?api-version=2019-05-01", list),
        ("//metadata/endpoints?api-version=2022-09-01", dict),
        ("/metadata/endpoints?api-version=2022-09-01", dict),
        ("/metadata/endpoints?api-version=2015-01-01", dict),
    ],
)
def test_metadata_has_the_shape_of_its_version(front: Front, target: str, kind: type) -> None:
    found = ask(front, "GET", target).json()
    assert isinstance(found, kind)


def test_metadata_has_what_terraform_needs(front: Front) -> None:
    found = ask(front, "GET", "/metadata/endpoints?api-version=2022-09-01").json()
    assert found["name"] != "AzureStackCloud"
    assert found["resourceManager"] == f"{BASE}/"
    assert found["authentication"]["loginEndpoint"] == BASE
    assert (found["authentication"]["tenant"], found["authentication"]["identityProvider"]) == ("common", "AAD")
    assert found["suffixes"]["storage"]
    assert found["suffixes"]["keyVaultDns"]
    assert found["microsoftGraphResourceId"]


def test_metadata_of_an_unknown_version_is_refused(front: Front) -> None:
    assert ask(front, "GET", "/metadata/endpoints?api-version=2018-01-01").status == 400


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "evil.example:8443"}, 421),
        ({"Host": "127.0.0.1:9999"}, 421),
        ({"Host": "management.azure.com"}, 421),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec_Fetch_Site": "cross-site"}, 403),
        ({"Sec_Fetch_Site": "same-site"}, 403),
        ({"Authorization": f"Bearer {REAL}"}, 401),
    ],
)
@pytest.mark.parametrize(
    "target", ["/subscriptions?api-version=2022-12-01", "/metadata/endpoints?api-version=2022-09-01"]
)
def test_what_is_kept_out(front: Front, headers: dict[str, str], status: int, target: str) -> None:
    answer = ask(front, "GET", target, b"", **({"Authorization": "Bearer sandbox"} | headers))
    assert answer.status == status
    assert REAL.encode() not in answer.body
    assert not [name for name in answer.headers if name.lower().startswith("access-control")]


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
def test_a_form_of_a_web_page_is_no_request(front: Front, world: World, kind: str) -> None:
    target = f"/subscriptions/{DEFAULT_SUBSCRIPTION}/resourceGroups/rg?api-version=2024-11-01"
    answer = ask(front, "PUT", target, b'{"location":"westeurope"}', Authorization="Bearer x", Content_Type=kind)
    assert answer.status == 415
    assert not world.has(f"/subscriptions/{DEFAULT_SUBSCRIPTION}/resourcegroups/rg")


def test_without_a_token_nothing_is_told(front: Front) -> None:
    assert ask(front, "GET", "/subscriptions?api-version=2022-12-01").status == 401


def test_the_world_follows_the_clock_by_the_factor(front: Front, world: World, machine: Machine) -> None:
    before = world.now()
    machine.seconds += 10
    front.tick()
    assert (world.now() - before).total_seconds() == 600
    machine.seconds -= 5  # somebody set the machine's clock
    front.tick()
    assert (world.now() - before).total_seconds() == 600


def test_waiting_times_are_in_real_seconds_and_jobs_move_on(front: Front, machine: Machine) -> None:
    group = f"/subscriptions/{DEFAULT_SUBSCRIPTION}/resourceGroups/rg"
    body = b'{"location":"westeurope"}'
    assert ask(front, "PUT", f"{group}?api-version=2024-11-01", body, Authorization="Bearer x").status == 201
    vault = f"{group}/providers/Microsoft.RecoveryServices/vaults/v"
    sent = ask(front, "PUT", f"{vault}?api-version=2026-07-01", body, Authorization="Bearer x")
    assert sent.headers["Retry-After"] == "1"  # 60 seconds of the world
    assert sent.headers["Azure-AsyncOperation"].startswith(f"{BASE}{vault}/operationStatus/")
    machine.seconds += 1
    assert (
        ask(front, "GET", f"{vault}?api-version=2026-07-01", Authorization="Bearer x").json()["properties"][
            "provisioningState"
        ]
        == "Succeeded"
    )
