"""The evaluator against a judge of another make, on random groups in random worlds: never wrong, and sure wherever one can be sure."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.core.admin_rules import Governed, admin_rules, governed
from reconciler.core.nsg import passage
from reconciler.core.nsg_wire import security_group
from reconciler.core.places import NetworkSpace
from tests.network.bodies import admin_body, asg_id, group_body, traffic
from tests.network.brute_force import World, outcomes

OWN, NEIGHBOUR, AFAR = "10.0.0.4", "10.0.1.4", "192.168.0.9"
PUBLIC = ("20.0.0.1", "20.0.0.2", "20.0.1.1", "40.0.0.1", "40.0.0.2")
SPACE = NetworkSpace.of(["10.0.0.0/16"])
SERVICES = [
    ("Storage", "WestEurope"),
    ("Storage", "NorthEurope"),
    ("AzureBackup", "WestEurope"),
    ("AzureBackup", ""),
    ("Sql", "WestEurope"),
    ("", ""),
]
REGIONAL = ["AzureCloud.WestEurope", "AzureCloud.NorthEurope", "Storage.WestEurope"]
TAGS = ["Internet", "AzureCloud", "Storage", "AzureBackup", "VirtualNetwork", *REGIONAL]
BLOCKS = [
    "*",
    "0.0.0.0/0",
    "10.0.0.0/16",
    "10.0.0.4",
    "10.0.1.0/24",
    "192.168.0.0/16",
    "20.0.0.0/8",
    "20.0.0.0/24",
    "40.0.0.1",
    "0.0.0.0/1",
]
EXACT = [
    "*",
    "0.0.0.0/0",
    "10.0.0.0/16",
    "10.0.0.4",
    "10.0.1.0/24",
    "20.0.0.0/24",
    "40.0.0.1",
    "VirtualNetwork",
    "Internet",
]


@st.composite
def worlds(draw: st.DrawFn) -> World:
    services = {address: draw(st.sampled_from(SERVICES)) for address in PUBLIC}
    connected = {OWN, NEIGHBOUR} | ({AFAR} if draw(st.booleans()) else set())
    web, db = asg_id("web").lower(), asg_id("db").lower()
    neighbours = draw(st.sampled_from([frozenset[str](), frozenset({db})]))
    return World(services, frozenset(connected), {OWN: frozenset({web}), NEIGHBOUR: neighbours})


@st.composite
def rule_lines(draw: st.DrawFn, places: list[str], groups: list[str]) -> list[str]:
    lines = []
    blocks = [name for name in places if name[0] in "*0123456789"]
    side = st.sampled_from([*places, *groups]) | st.lists(st.sampled_from(blocks), min_size=2, max_size=3).map(",".join)
    for number in range(draw(st.integers(0, 6))):
        direction, access = draw(st.sampled_from(["in", "out"])), draw(st.sampled_from(["allow", "deny"]))
        protocol, port = draw(st.sampled_from(["*", "tcp", "udp"])), draw(st.sampled_from(["*", "443", "80,8000-9000"]))
        sport = draw(st.sampled_from(["*", "*", "1000-1999"])) if groups else "*"
        priority = 100 + 10 * draw(st.integers(0, 30)) + number
        lines.append(
            f"r{number} {priority} {direction} {access} {protocol} from {draw(side)} sport {sport} to {draw(side)} port {port}"
        )
    return lines


@st.composite
def admin_lines(draw: st.DrawFn, places: list[str]) -> list[str]:
    """At most four of one manager; each has its own priority."""
    side = st.sampled_from(places)
    return [
        f"a{number} {10 * draw(st.integers(1, 5)) + number} {draw(st.sampled_from(['in', 'out', 'out']))} "
        f"{draw(st.sampled_from(['allow', 'always', 'deny']))} {draw(st.sampled_from(['*', 'tcp', 'udp']))} "
        f"from {draw(side)} to {draw(side)} port {draw(st.sampled_from(['*', '443', '80,8000-9000']))}"
        for number in range(draw(st.integers(0, 4)))
    ]


def evaluate(bodies: list[dict[str, Any]], line: str, admin: list[dict[str, Any]]) -> Governed:
    interface, subnet = (security_group(body) for body in bodies)
    wanted = traffic(line)
    return governed(admin_rules(admin), wanted, passage(wanted, interface, subnet, SPACE), SPACE)


@settings(max_examples=200)
@given(
    worlds(),
    rule_lines(TAGS + BLOCKS, ["asg:web", "asg:db"]),
    rule_lines(TAGS + BLOCKS, ["asg:web"]),
    admin_lines(TAGS + BLOCKS),
    st.data(),
)
def test_a_sure_word_is_true_of_every_packet(
    world: World, nic: list[str], subnet: list[str], lines: list[str], data: st.DataObject
) -> None:
    admin = [admin_body(line) for line in lines]
    bodies = [group_body("nic", nic), group_body("subnet", subnet)]
    other = data.draw(st.sampled_from([*TAGS, *PUBLIC, NEIGHBOUR, AFAR, "10.0.0.0/8", "20.0.0.0/24"]))
    port = data.draw(st.sampled_from([80, 443, 8443]))
    others = world.addresses(other)
    going_out = evaluate(bodies, f"out Tcp from {OWN}+asg:web to {other} port {port}", admin)
    coming_in = evaluate(bodies, f"in Tcp from {other} to {OWN}+asg:web port {port}", admin)
    assert_true(going_out, outcomes(world, bodies, "Outbound", [OWN], others, port, admin))
    assert_true(coming_in, outcomes(world, bodies, "Inbound", others, [OWN], port, admin))


def assert_true(verdict: Governed, truth: set[bool]) -> None:
    assert verdict.result == "uncertain" or truth <= {verdict.result == "allowed"}, str(verdict)


@settings(max_examples=120)
@given(
    worlds(),
    rule_lines(EXACT, []),
    rule_lines(EXACT, []),
    admin_lines(EXACT),
    st.sampled_from([NEIGHBOUR, *PUBLIC]),
    st.sampled_from([80, 443, 8443]),
)
def test_what_can_be_known_is_known(
    world: World, nic: list[str], subnet: list[str], lines: list[str], other: str, port: int
) -> None:
    """One address, and rules of blocks, VirtualNetwork and Internet alone: no room for doubt."""
    admin = [admin_body(line) for line in lines]
    bodies = [group_body("nic", nic), group_body("subnet", subnet)]
    for line, direction, sources, destinations in (
        (f"out Tcp from {OWN}+asg: to {other}+asg: port {port}", "Outbound", [OWN], [other]),
        (f"in Tcp from {other}+asg: to {OWN}+asg: port {port}", "Inbound", [other], [OWN]),
    ):
        verdict = evaluate(bodies, line, admin)
        assert verdict.result != "uncertain", str(verdict)
        truth = outcomes(world, bodies, direction, sources, destinations, port, admin)
        assert truth == {verdict.result == "allowed"}, str(verdict)
