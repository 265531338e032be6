"""Outbound access as it is written: by NSG rule, proxy or Azure Firewall."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, JsonValue

from reconciler.spec.entry import Entry
from reconciler.spec.network_words import Address, FirewallName, NsgName, Port, Prefix
from reconciler.spec.scalars import Flag
from reconciler.spec.words import VmName

Via = Literal["none", "nsg", "proxy", "firewall"]
NEEDED: dict[Via, tuple[str, ...]] = {
    "none": (),
    "nsg": ("nsg",),
    "proxy": ("proxy",),
    "firewall": ("firewall", "sources"),
}
ALLOWED: dict[Via, tuple[str, ...]] = {
    "none": (),
    "nsg": ("nsg", "state"),
    "proxy": ("proxy", "nsg", "configureGuests", "state"),
    "firewall": ("firewall", "sources", "state"),
}
_OTHERS = ("nsg", "proxy", "configureGuests", "firewall", "sources", "state")


def _branch(via: Via) -> JsonValue:
    """What the schema says of the other keys, once `via` is written."""
    never: dict[str, JsonValue] = {key: False for key in _OTHERS if key not in ALLOWED[via]}
    then: dict[str, JsonValue] = {"required": [*NEEDED[via]], "properties": never}
    return {"if": {"required": ["via"], "properties": {"via": {"const": via}}}, "then": then}


_BY_VIA: dict[str, JsonValue] = {"allOf": [_branch(via) for via in NEEDED]}


class Proxy(Entry):
    """An HTTP proxy without authentication."""

    address: Address = Field(description="IPv4 address of the proxy in the virtual network.", examples=["10.0.0.5"])
    port: Port = Field(description="TCP port on which it listens, 1 to 65535.", examples=[8080])
    vm: VmName | None = Field(
        None,
        description="The proxy's own VM, GROUP/NAME or its ARM id: its NSG lets the virtual network in to the port. "
        "Left out: the way in is not managed.",
        examples=["rg-net/vm-proxy"],
    )


class Egress(Entry):
    """A way out to Azure Backup for VMs that need one. VMs with managed disks need none."""

    model_config = ConfigDict(json_schema_extra=_BY_VIA)

    via: Via = Field(
        description="`none`: nothing is made; `nsg`: outbound rules on a network security group; `proxy`: the rules "
        "of a proxy and, if wanted, the guests; `firewall`: a rule on an Azure Firewall or its policy.",
        examples=["nsg"],
    )
    nsg: NsgName | None = Field(
        None,
        description="The network security group, GROUP/NAME or its ARM id: with `via: nsg` that of the VMs; with "
        "`via: proxy` the one that locks the proxy's way out down.",
        examples=["rg-net/nsg-app"],
    )
    proxy: Proxy | None = Field(
        None, description="The proxy; with `via: proxy` only.", examples=[{"address": "10.0.0.5", "port": 8080}]
    )
    configure_guests: Annotated[bool, Flag()] = Field(
        False,
        description="Whether the VMs are told to use the proxy, by a managed run command; with `via: proxy` only.",
        examples=[True],
    )
    firewall: FirewallName | None = Field(
        None,
        description="The Azure Firewall, GROUP/NAME or its ARM id; with `via: firewall` only.",
        examples=["rg-hub/afw-hub"],
    )
    sources: Annotated[list[Prefix], Field(min_length=1)] | None = Field(
        None,
        description="Networks of the VMs, in CIDR form, /8 to /32; with `via: firewall` only.",
        examples=[["10.0.0.0/16"]],
    )
    state: Literal["present", "absent"] = Field(
        "present",
        description="`absent` removes what azbackup has made for this egress. Leaving the egress out removes nothing.",
        examples=["absent"],
    )
