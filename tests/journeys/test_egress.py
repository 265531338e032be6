"""The examples of ways out, on the locked-down estate: made, left out, removed; what belongs to others stays as it is."""

from __future__ import annotations

import re

import pytest

from reconciler.core.desired import Spec
from reconciler.sandbox.estate import load_estate_text
from reconciler.sandbox.faults import Answer
from reconciler.sandbox.show import show
from reconciler.sandbox.world import World
from tests.journeys.local import REPOSITORY, Local, spec_from, world_of
from tests.journeys.networks import networks, of_others, run_commands

_EXAMPLES = ("egress-nsg.yaml", "egress-proxy.yaml", "egress-firewall.yaml")
_WAY_OUT = ("nsg_rule", "proxy", "firewall_rule", "guest_proxy")


def _text(name: str) -> str:
    return (REPOSITORY / "specs" / name).read_text()


def _absent(text: str) -> str:
    """The same spec with every egress to be removed."""
    for line in text.splitlines():
        if "via: nsg" in line or "via: firewall" in line:
            text = text.replace(line, line.rstrip("}") + ", state: absent}")
        elif "via: proxy" in line:
            text = text.replace(line, f"{line}\n    state: absent")
    return text


def _without_egress(text: str) -> str:
    """The same spec with its egresses and their uses left out."""
    head, _, rest = text.partition("egress:\n")
    rest = rest[rest.index("vaults:") :]
    lines = [line.split(", egress: ")[0] + "}" if ", egress: " in line else line for line in rest.splitlines()]
    return head + "\n".join(line for line in lines if not line.strip().startswith("egress:")) + "\n"


def _applied(world: World, spec: Spec) -> list[str]:
    """The steps of the apply; it must do all of them and leave nothing."""
    plan = Local(world, read_only=True).plan(spec)
    outcome = Local(world).apply(spec)
    assert [result.problem for result in outcome.results if result.status != "done"] == []
    assert Local(world, read_only=True).plan(spec).steps == ()
    return [f"{step.action} {step.address}" for step in plan.steps]


@pytest.mark.parametrize("name", _EXAMPLES)
def test_a_way_out_comes_and_goes_and_leaves_the_rules_of_others_alone(name: str) -> None:
    world, text = world_of("network-estate.yaml"), _text(name)
    before = networks(world)
    _applied(world, spec_from({name: text}))
    made = networks(world)
    assert made != before
    assert of_others(made) == of_others(before)
    assert _applied(world, spec_from({name: _without_egress(text)})) == []
    assert networks(world) == made
    steps = _applied(world, spec_from({name: _absent(text)}))
    assert {step.split()[1].split("/")[0] for step in steps} <= set(_WAY_OUT)
    assert networks(world) == before
    assert [key for key in run_commands(world) if key.endswith("/azbackup-proxy")] == []


def test_guests_are_told_once_by_scripts_that_ship() -> None:
    world, spec = world_of("network-estate.yaml"), spec_from({"egress-proxy.yaml": _text("egress-proxy.yaml")})
    _applied(world, spec)
    told = run_commands(world)
    assert sorted(key.split("/virtualmachines/")[1] for key in told) == [
        "vm-locked-01/runcommands/azbackup-agent-update",
        "vm-locked-01/runcommands/azbackup-proxy",
        "vm-locked-02/runcommands/azbackup-proxy",
    ]
    assert {command["runs"] for command in told.values()} == {1}
    shipped = [path.read_text() for path in (REPOSITORY / "reconciler" / "guest").iterdir() if path.is_file()]
    assert all(command["properties"]["source"]["script"] in shipped for command in told.values())


_HUB = "11111111-2222-4333-8444-555555555555"
_TROUBLED = f"""
resourceGroups:
  rg-backup: {{}}
  rg-app:
    applicationSecurityGroups: {{web: {{}}, db: {{}}}}
    storageAccounts: {{stplain: {{blobEncryption: false}}, stsafe: {{}}}}
    networkSecurityGroups:
      nsg:
        rules:
          AZBACKUP-out: {{priority: 199, access: allow, protocol: tcp, to: Sql, description: not azbackup's}}
          no-db: {{priority: 200, access: deny, from: "asg:rg-app/db"}}
          some: {{priority: 201, access: deny, from: [10.0.0.0/16, 10.7.0.0/16], to: [20.0.0.0/8, 52.0.0.0/8], ports: [80, 443, 8000-9000]}}
    virtualNetworks: {{vnet: {{subnets: {{a: {{prefix: 10.0.1.0/24, nsg: rg-app/nsg}}, b: {{prefix: 10.0.2.0/24}}}}}}}}
    virtualMachines:
      vm-1: {{subnet: rg-app/vnet/a, asgs: [rg-app/web], disks: {{os: {{account: stsafe}}}}}}
      vm-2: {{subnet: rg-app/vnet/a, asgs: [rg-app/db], disks: {{os: {{account: stplain}}}}}}
      vm-3: {{subnet: rg-app/vnet/b, disks: {{os: {{account: stsafe}}}}}}
subscriptions:
  {_HUB}:
    resourceGroups:
      rg-hub:
        firewallPolicies:
          base:
            ruleCollectionGroups:
              deny:
                priority: 65000
                ruleCollections:
                  - {{name: c, priority: 100, action: {{type: Deny}}, rules: [{{ruleType: NetworkRule, name: n, ipProtocols: [Any],
                      sourceAddresses: ["*"], destinationAddresses: [AzureActiveDirectory], destinationPorts: ["*"]}}]}}
          spoke: {{base: rg-hub/base, ruleCollectionGroups: {{first: {{priority: 100, ruleCollections: []}}}}}}
        azureFirewalls: {{afw: {{policy: rg-hub/spoke}}}}
"""
_THROUGH = f"""apiVersion: azbackup/v1
subscription: 00000000-0000-4000-8000-000000000001
location: westeurope
resourceGroup: rg-backup
egress:
  OUT: {{via: nsg, nsg: RG-APP/nsg, state: STATE}}
  hub:
    via: firewall
    firewall: /subscriptions/{_HUB}/resourceGroups/rg-hub/providers/Microsoft.Network/azureFirewalls/afw
    sources: [10.0.2.0/24]
    state: STATE
vaults:
  rsv:
    policies: {{daily: {{schedule: {{every: day, at: 23:00}}, retain: {{daily: 30}}}}}}
    protect:
      - {{vm: rg-app/vm-1, policy: daily, egress: OUT}}
      - {{vm: rg-app/vm-2, policy: daily, egress: OUT}}
      - {{vm: rg-app/vm-3, policy: daily, egress: hub}}
"""


def test_a_troubled_network_of_two_subscriptions() -> None:
    world = World.open()
    load_estate_text(world, _TROUBLED, "troubled.yaml")
    before = networks(world)
    present, absent = (spec_from({"s.yaml": _THROUGH.replace("STATE", state)}) for state in ("present", "absent"))
    _applied(world, present)
    (group,) = [body for key, body in networks(world).items() if key.endswith("/networksecuritygroups/nsg")]
    own = {rule["name"]: rule["properties"] for rule in group["properties"]["securityRules"]}
    storage = own["azbackup-OUT-storage"]
    assert (storage["priority"], storage["destinationPortRanges"]) == (
        198,
        ["443", "80"],
    )  # lists are sorted as texts here
    told = {each.code for each in Local(world, read_only=True).plan(present).findings}
    assert told == {"P209"}
    steps = _applied(world, absent)
    assert sorted(steps) == ["delete firewall_rule/hub", *["delete nsg_rule/OUT"] * 3]
    assert networks(world) == before
    assert _applied(world, absent) == []


def test_another_port_of_the_proxy_takes_the_place_of_the_old_one_and_the_guests_follow() -> None:
    world, text = world_of("network-estate.yaml"), _text("egress-proxy.yaml")
    _applied(world, spec_from({"egress-proxy.yaml": text}))
    steps = _applied(world, spec_from({"egress-proxy.yaml": text.replace("port: 8080", "port: 3128")}))
    # Both groups that the way to the proxy passes, and then each guest.
    assert steps == ["update proxy/lockdown"] * 2 + [
        f"update guest_proxy/lockdown/rg-locked/vm-locked-0{number}" for number in (1, 2)
    ]
    rules = [
        rule["properties"]
        for key, body in networks(world).items()
        if "/networksecuritygroups/" in key
        for rule in body["properties"]["securityRules"]
        if rule["name"] == "azbackup-lockdown-proxy"
    ]
    assert [(rule["destinationPortRange"], rule["destinationPortRanges"]) for rule in rules] == [("3128", [])] * 2
    told = {
        parameter["value"]
        for key, command in run_commands(world).items()
        if key.endswith("/azbackup-proxy")
        for parameter in command["properties"]["parameters"]
        if "port" in parameter["name"].lower()
    }
    assert told == {"3128"}


def test_the_way_out_is_open_before_the_deny_of_the_guide() -> None:
    """The guide's deny is at 1000; a rule that is somebody else's keeps its place below it."""
    world = world_of("network-estate.yaml")
    _applied(world, spec_from({"egress-nsg.yaml": _text("egress-nsg.yaml")}))
    (group,) = [body for key, body in networks(world).items() if key.endswith("/networksecuritygroups/nsg-shop")]
    rules = {rule["name"]: rule["properties"] for rule in group["properties"]["securityRules"]}
    own = {name: rule for name, rule in rules.items() if name.startswith("azbackup-")}
    assert {rule["destinationAddressPrefix"].lower() for rule in own.values()} == {
        "storage.westeurope",
        "azurebackup",
        "azureactivedirectory",
    }
    for rule in own.values():
        assert 100 <= rule["priority"] < 1000
        assert (rule["sourceAddressPrefix"], rule["sourcePortRange"], rule["protocol"]) == (
            "VirtualNetwork",
            "*",
            "Tcp",
        )
        assert (rule["access"], rule["direction"]) == ("Allow", "Outbound")
        assert rule["description"].startswith("Managed by azbackup: egress shop-nsg")
    ports = {
        name: {rule.get("destinationPortRange"), *rule["destinationPortRanges"]} - {None} for name, rule in own.items()
    }
    assert ports["azbackup-shop-nsg-storage"] == {"443", "8443"}  # the VMs have managed disks


def test_the_specs_of_the_guide_are_good() -> None:
    blocks = re.findall(r"```yaml\n(.*?)```", (REPOSITORY / "docs/how-to/egress.md").read_text(), re.DOTALL)
    assert len(blocks) == 4
    head = _text("egress-nsg.yaml").partition("egress:\n")[0]
    assert all(spec_from({"guide.yaml": head + block}).egresses for block in blocks)


def test_a_vm_whose_way_out_could_not_be_opened_is_not_enabled() -> None:
    world, spec = world_of("network-estate.yaml"), spec_from({"egress-nsg.yaml": _text("egress-nsg.yaml")})
    refused = Answer(method="PUT", path="*/securityRules/*", times=99, status=400, code="InvalidRequestFormat")
    outcome = Local(world, faults=[refused]).apply(spec)
    ended = {result.step.address: result.status for result in outcome.results}
    assert ended["nsg_rule/shop-nsg"] in ("failed", "blocked")
    assert {ended[address] for address in ended if address.startswith("protected_vm/")} == {"blocked"}
    assert ended["policy/rsv-shop/shop-daily"] == "done"
    assert show(world)["subscriptions"][0]["vaults"][0]["items"] == []
    Local(world).apply(spec)
    assert Local(world, read_only=True).plan(spec).steps == ()
