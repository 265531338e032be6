"""The networks of estate files: what they say is what a client would have made, and mistakes are told."""

from typing import Any

import pytest

from reconciler.sandbox.estate import EstateError, load_estate_text
from reconciler.sandbox.world import World
from tests.sandbox.lab import Lab

NETWORKS = """
resourceGroups:
  rg-app:
    virtualMachines:
      vm1: {subnet: rg-net/vnet/a, address: 10.0.1.9, nsg: rg-net/nsg}
      vm2: {subnet: rg-net/vnet/a}
  rg-net:
    location: northeurope
    azureFirewalls:
      afw: {policy: rg-net/afwp, address: 10.9.0.4}
      old: {tier: Premium, networkRuleCollections: [{name: c, properties: {priority: 9}}]}
    firewallPolicies:
      base: {}
      afwp: {base: rg-net/base, tier: Premium, ruleCollectionGroups: {g: {priority: 300, ruleCollections: [{name: c, rules: []}]}}}
    virtualNetworks:
      vnet: {location: westeurope, addresses: [10.0.0.0/8], subnets: {a: {prefix: 10.0.1.0/24, nsg: rg-net/nsg, routeTable: rg-net/rt}}}
    routeTables: {rt: {routes: {out: {to: 0.0.0.0/0, via: 10.9.0.4}, in: {to: 10.2.0.0/16, via: Network}}}}
    networkSecurityGroups:
      nsg:
        rules:
          some:
            {priority: 200, access: allow, protocol: tcp, from: [10.0.0.0/8, 10.9.9.9], to: Storage, ports: [443, 8000-8080],
             description: why}
          rest: {priority: 1000, direction: inbound, access: deny}
"""


def test_networks_are_those_that_clients_would_have_made() -> None:
    lab = Lab()
    load_estate_text(lab.world, NETWORKS, "estate.yaml")
    root = f"/subscriptions/{lab.subscription}/resourceGroups"

    def at(path: str) -> dict[str, Any]:
        found: dict[str, Any] = lab.ok("GET", f"{root}/{path}", version="2024-05-01")
        return {**found["properties"], "location": found.get("location"), "id": found["id"]}

    network = "rg-net/providers/Microsoft.Network"
    group, vnet, table = (
        at(f"{network}/{one}") for one in ("networkSecurityGroups/nsg", "virtualNetworks/vnet", "routeTables/rt")
    )
    first, second = (at(f"rg-app/providers/Microsoft.Network/networkInterfaces/vm{number}-nic") for number in (1, 2))
    some, rest = (rule["properties"] for rule in group["securityRules"])
    assert (group["location"], vnet["location"], len(group["defaultSecurityRules"])) == ("northeurope", "westeurope", 6)
    assert (some["sourceAddressPrefixes"], some["destinationAddressPrefix"]) == (["10.0.0.0/8", "10.9.9.9"], "Storage")
    assert (some["destinationPortRanges"], some["protocol"], some["description"]) == (
        ["443", "8000-8080"],
        "Tcp",
        "why",
    )
    assert (some["direction"], some["access"], some["priority"]) == ("Outbound", "Allow", 200)
    assert (rest["direction"], rest["access"], rest["protocol"]) == ("Inbound", "Deny", "*")
    assert (
        {rest[f"{side}AddressPrefix"] for side in ("source", "destination")} == {"*"} == {rest["destinationPortRange"]}
    )
    (subnet,) = vnet["subnets"]
    assert (vnet["addressSpace"], subnet["properties"]["addressPrefix"]) == (
        {"addressPrefixes": ["10.0.0.0/8"]},
        "10.0.1.0/24",
    )
    assert (subnet["properties"]["networkSecurityGroup"], subnet["properties"]["routeTable"]) == (
        {"id": group["id"]},
        {"id": table["id"]},
    )
    assert [(nic["id"].rsplit("/", 1)[1]) for nic in group["networkInterfaces"]] == ["vm1-nic"]
    hops = [
        (route["properties"]["nextHopType"], route["properties"].get("nextHopIpAddress")) for route in table["routes"]
    ]
    assert hops == [("VirtualAppliance", "10.9.0.4"), ("VnetLocal", None)]
    own, next_free = (nic["ipConfigurations"][0]["properties"] for nic in (first, second))
    assert (own["privateIPAddress"], own["privateIPAllocationMethod"]) == ("10.0.1.9", "Static")
    assert (next_free["privateIPAddress"], next_free["privateIPAllocationMethod"]) == ("10.0.1.4", "Dynamic")
    vm = at("rg-app/providers/Microsoft.Compute/virtualMachines/vm1")
    assert (first["virtualMachine"], vm["networkProfile"]) == (
        {"id": vm["id"]},
        {"networkInterfaces": [{"id": first["id"]}]},
    )
    assert (first["location"], "networkSecurityGroup" in second) == ("westeurope", False)


def test_a_vm_without_a_subnet_has_an_interface_too() -> None:
    lab = Lab()
    text = "resourceGroups: {rg-app: {virtualMachines: {vm1: {}, vm2: {}, vm3: {location: northeurope}, vm4: {nics: [/x]}}}}"
    load_estate_text(lab.world, text, "estate.yaml")
    root = f"/subscriptions/{lab.subscription}/resourceGroups/rg-app/providers/Microsoft"
    places = []
    for number in (1, 2, 3):
        vm = lab.ok("GET", f"{root}.Compute/virtualMachines/vm{number}", version="2024-07-01")
        (reference,) = vm["properties"]["networkProfile"]["networkInterfaces"]
        nic = lab.ok("GET", reference["id"], version="2024-05-01")
        (own,) = nic["properties"]["ipConfigurations"]
        assert (nic["location"], nic["properties"]["virtualMachine"]) == (vm["location"], {"id": vm["id"]})
        places.append((own["properties"]["subnet"]["id"].split("/")[8], own["properties"]["privateIPAddress"]))
    assert places == [
        ("vnet-default-westeurope", "10.0.0.4"),
        ("vnet-default-westeurope", "10.0.0.5"),
        ("vnet-default-northeurope", "10.0.0.4"),
    ]
    assert lab.send("GET", f"{root}.Network/networkInterfaces/vm4-nic", version="2024-05-01").status == 404


def test_firewalls_are_those_that_clients_would_have_made() -> None:
    lab = Lab()
    load_estate_text(lab.world, NETWORKS, "estate.yaml")
    network = f"/subscriptions/{lab.subscription}/resourceGroups/rg-net/providers/Microsoft.Network"
    hub, old, policy, group = (
        lab.ok("GET", f"{network}/{path}", version="2024-05-01")
        for path in (
            "azureFirewalls/afw", "azureFirewalls/old", "firewallPolicies/afwp", "firewallPolicies/afwp/ruleCollectionGroups/g",
        )
    )  # fmt: skip
    base = lab.ok("GET", f"{network}/firewallPolicies/base", version="2024-05-01")
    assert policy["properties"]["basePolicy"] == {"id": base["id"]}
    assert base["properties"]["childPolicies"] == [{"id": policy["id"]}]
    assert hub["properties"]["firewallPolicy"] == {"id": policy["id"]}
    assert hub["properties"]["ipConfigurations"][0]["properties"]["privateIPAddress"] == "10.9.0.4"
    assert [entry["name"] for entry in old["properties"]["networkRuleCollections"]] == ["c"]
    assert (old["properties"]["sku"]["tier"], policy["properties"]["sku"]) == ("Premium", {"tier": "Premium"})
    assert policy["properties"]["ruleCollectionGroups"] == [{"id": group["id"]}]
    assert (group["properties"]["priority"], group["location"]) == (300, "northeurope")
    assert [collection["name"] for collection in group["properties"]["ruleCollections"]] == ["c"]


TROUBLED = """
locks: {all: {level: CanNotDelete}}
resourceGroups:
  rg-app:
    locks: {hold: {level: readonly, notes: audit}}
    virtualMachines:
      vm1: {subnet: rg-net/vnet/a, asgs: [rg-net/web, rg-net/db], publicIPAddress: rg-net/pip, locks: {own: {}}}
  rg-net:
    applicationSecurityGroups: {web: {}, db: {}}
    publicIPAddresses: {pip: {}, pip2: {allocation: dynamic}}
    virtualNetworks:
      vnet:
        subnets: {a: {prefix: 10.0.1.0/24}}
        peerings: {out: {to: rg-net/hub}, old: {to: rg-net/hub, state: disconnected, access: false}}
      hub: {addresses: [10.9.0.0/16], peerings: {back: {to: rg-net/vnet, forwarded: true}}, locks: {net: {}}}
    networkSecurityGroups:
      nsg:
        rules:
          r: {priority: 100, access: deny, from: ["asg:rg-net/web", "asg:rg-net/db"], fromPorts: [1, 2-3], to: "asg:rg-net/db"}
vaults: {rsv: {resourceGroup: rg-app, locks: {vault: {}}}}
"""


def test_groups_peerings_addresses_and_locks_are_those_that_clients_would_have_made() -> None:
    lab = Lab()
    load_estate_text(lab.world, TROUBLED, "estate.yaml")
    root = f"/subscriptions/{lab.subscription}"
    network = f"{root}/resourceGroups/rg-net/providers/Microsoft.Network"
    groups = [{"id": f"{network}/applicationSecurityGroups/{name}"} for name in ("web", "db")]
    nic = lab.ok("GET", f"{root}/resourceGroups/rg-app/providers/Microsoft.Network/networkInterfaces/vm1-nic")
    own = nic["properties"]["ipConfigurations"][0]["properties"]
    assert own["applicationSecurityGroups"] == groups
    address, other = (lab.ok("GET", f"{network}/publicIPAddresses/{name}")["properties"] for name in ("pip", "pip2"))
    assert (own["publicIPAddress"], "ipAddress" in address, "ipAddress" in other) == (
        {"id": f"{network}/publicIPAddresses/pip"},
        True,
        False,
    )
    rule = lab.ok("GET", f"{network}/networkSecurityGroups/nsg/securityRules/r")["properties"]
    assert (rule["sourceApplicationSecurityGroups"], rule["sourcePortRanges"]) == (groups, ["1", "2-3"])
    assert (rule["destinationApplicationSecurityGroups"], "destinationAddressPrefix" in rule) == (groups[1:], False)
    out, old = lab.ok("GET", f"{network}/virtualNetworks/vnet")["properties"]["virtualNetworkPeerings"]
    assert (out["name"], out["properties"]["remoteVirtualNetwork"]) == ("out", {"id": f"{network}/virtualNetworks/hub"})
    assert out["properties"]["remoteAddressSpace"] == {"addressPrefixes": ["10.9.0.0/16"]}
    known = ("peeringState", "allowVirtualNetworkAccess", "allowForwardedTraffic")
    assert [out["properties"][name] for name in known] == ["Connected", True, False]
    assert [old["properties"][name] for name in known] == ["Disconnected", False, False]
    locks = lab.ok("GET", f"{root}/providers/Microsoft.Authorization/locks", version="2020-05-01")["value"]
    assert {lock["name"]: lock["properties"] for lock in locks} == {
        "all": {"level": "CanNotDelete"},
        "hold": {"level": "ReadOnly", "notes": "audit"},
        **{name: {"level": "CanNotDelete"} for name in ("own", "net", "vault")},
    }
    refused = lab.send("DELETE", f"{network}/networkSecurityGroups/nsg")
    assert (refused.status, refused.json()["error"]["code"]) == (409, "ScopeLocked")


def test_unmanaged_disks_lie_in_accounts() -> None:
    lab = Lab()
    text = """
resourceGroups:
  rg-app:
    storageAccounts: {stplain: {blobEncryption: false}, stsafe: {}}
    virtualMachines: {vm1: {disks: {os: {account: stplain}, data: [{account: stelsewhere}, {lun: 4}]}}}
"""
    load_estate_text(lab.world, text, "estate.yaml")
    group = f"/subscriptions/{lab.subscription}/resourceGroups/rg-app/providers"
    storage = lab.ok("GET", f"{group}/Microsoft.Compute/virtualMachines/vm1")["properties"]["storageProfile"]
    disks = [storage["osDisk"], *storage["dataDisks"]]
    assert [disk.get("vhd") for disk in disks] == [
        {"uri": "https://stplain.blob.core.windows.net/vhds/vm1-os.vhd"},
        {"uri": "https://stelsewhere.blob.core.windows.net/vhds/vm1-data-0.vhd"},
        None,
    ]
    assert ["managedDisk" in disk for disk in disks] == [False, False, True]
    listed = lab.ok("GET", f"/subscriptions/{lab.subscription}/providers/Microsoft.Storage/storageAccounts")["value"]
    assert {body["name"]: body["properties"]["encryption"]["services"]["blob"]["enabled"] for body in listed} == {
        "stplain": False,
        "stsafe": True,
    }


NSG = "resourceGroups:\n  rg:\n    networkSecurityGroups:\n      nsg:\n        rules: {a: %s}"
VMS = "resourceGroups:\n  rg:\n    virtualMachines:\n      vm1: %s"
GROUP = "resourceGroups:\n  rg:\n    %s"
AFW = "resourceGroups:\n  rg:\n    azureFirewalls:\n      afw: %s"


@pytest.mark.parametrize(
    ("text", "where", "says"),
    [
        (NSG % "{priority: 99, access: deny}", "4:7", "Azure would refuse it: 400 SecurityRuleInvalidPriority"),
        (NSG % "{access: deny}", "4:7", "Azure would refuse it: 400 SecurityRuleInvalidPriority"),
        (NSG % "{priority: 100, access: perhaps}", "5:36", "access cannot be perhaps"),
        (NSG % "{priority: 100, protocols: tcp}", "5:36", "did you mean protocol"),
        (VMS % "{subnet: rg/vnet}", "4:13", "rg/vnet names no subnet"),
        (VMS % "{subnet: rg/vnet/a}", "4:7", "Azure would refuse it: 400 InvalidResourceReference"),
        (VMS % "{nsg: rg/a}", "4:13", "nsg without subnet"),
        (VMS % "{address: 10.0.0.4}", "4:13", "address without subnet"),
        (GROUP % "storageAccounts: {ST: {}}", "3:23", "Azure would refuse it: 400 AccountNameInvalid"),
        (VMS % "{subnet: rg/v/a, asgs: [rg/x]}", "4:29", "rg/x names no applicationSecurityGroup"),
        (NSG % '{priority: 100, from: "asg:rg/x"}', "5:36", "rg/x names no applicationSecurityGroup"),
        (GROUP % "virtualNetworks: {v: {peerings: {p: {to: rg/x}}}}", "3:42", "rg/x names no virtualNetwork"),
        (GROUP % "locks: {l: {level: soft}}", "3:17", "level cannot be soft"),
        (AFW % "{policy: rg/p}", "4:13", "rg/p names no firewallPolicy"),
        (AFW % "{policy: p}", "4:13", "p names no firewallPolicy"),
    ],
)
def test_mistakes_are_told_with_their_place(text: str, where: str, says: str) -> None:
    with pytest.raises(EstateError) as raised:
        load_estate_text(World.open(), text, "estate.yaml")
    assert raised.value.where == f"estate.yaml:{where}"
    assert says in str(raised.value)
