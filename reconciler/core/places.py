"""Where traffic comes from and goes to, as network security rules name it: addresses and service tags.

Service tags come without their address lists (those change weekly), so they are compared by what the documents say of them
(backup-rules D.2, D.3; `virtual-network/service-tags-overview.md`):
`Internet` is everything public outside the virtual network, Azure's own public addresses included; `AzureCloud` is all public
addresses of Azure; `Tag.Region` is the region's part of `Tag`; tags of different services have nothing in common; no tag of a
service has private addresses; `VirtualNetwork` also holds what is connected (peered, on-premises, routed to). Names compare without case.
Tags are judged for IPv4: Azure's IPv6 ranges are not in `AzureCloud`, and the services that backup needs are reached by IPv4.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from reconciler.core.spans import Cover, Span, cover_of

# Addresses as numbers, the IPv6 ones behind the IPv4 ones: so that one span type serves both, and they never overlap.
_IPV6_OFFSET = 1 << 32
IPV4 = Span(0, _IPV6_OFFSET - 1)
ANYWHERE = Span(0, _IPV6_OFFSET + (1 << 128) - 1)

HOST_ADDRESS = "168.63.129.16"
METADATA_ADDRESS = "169.254.169.254"

# Regions that tags spell in their own way (service-tags-overview, the list under the JSON files).
_REGION_SPELLINGS = {
    "brazilse": "brazilsoutheast",
    "centralfrance": "francecentral",
    "germanyn": "germanynorth",
    "germanywc": "germanywestcentral",
    "norwaye": "norwayeast",
    "norwayw": "norwaywest",
    "southfrance": "francesouth",
    "switzerlandn": "switzerlandnorth",
    "switzerlandw": "switzerlandwest",
}


@dataclass(frozen=True, slots=True)
class ServiceTag:
    """A tag, lower-cased. `region` is "" for a tag of the whole cloud."""

    service: str
    region: str = ""

    @property
    def scope(self) -> tuple[str | None, str | None, str | None]:
        """Whose, which service's, which region's addresses; None where the tag does not narrow them down."""
        if self.service == "internet":
            return None, None, None
        return "azure", None if self.service == "azurecloud" else self.service, self.region or None


Place = Span | ServiceTag

VIRTUAL_NETWORK = ServiceTag("virtualnetwork")
INTERNET = ServiceTag("internet")


def place(text: str) -> Place:
    """`*`, an address, a CIDR block, a range `first-last`, or else the name of a service tag."""
    word = text.strip()
    if word.lower() in {"*", "any"}:
        return ANYWHERE
    try:
        return addresses(word)
    except ValueError:
        service, _, region = word.lower().replace(" ", "").partition(".")
    if service == "azureloadbalancer":
        return addresses(HOST_ADDRESS)
    return ServiceTag(service, _REGION_SPELLINGS.get(region, region))


def addresses(text: str) -> Span:
    """The numbers of an address, a CIDR block (host bits are ignored) or a range. Raises ValueError for anything else."""
    first, dash, last = text.partition("-")
    if dash:
        return Span(addresses(first).first, addresses(last).last)
    network = ipaddress.ip_network(text.strip(), strict=False)
    offset = _IPV6_OFFSET if network.version == 6 else 0
    return Span(offset + int(network.network_address), offset + int(network.broadcast_address))


# Never reached over the internet: private, shared, local and multicast addresses, and those of the host.
_NOT_PUBLIC = tuple(
    addresses(block)
    for block in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", f"{HOST_ADDRESS}/32", "169.254.0.0/16", "172.16.0.0/12",
        "192.168.0.0/16", "224.0.0.0/3", "::/127", "fc00::/7", "fe80::/10", "ff00::/8",
    )
)  # fmt: skip


_HOST_SERVICES = frozenset(
    {"azureplatformdns", "azureplatformimds"}
)  # behind the addresses of the host, not behind public ones


@dataclass(frozen=True, slots=True)
class NetworkSpace:
    """What is known of the `VirtualNetwork` tag around an interface.

    `default_route`: a route of the subnet leads 0.0.0.0/0 elsewhere; the tag may then hold everything.
    """

    spans: tuple[Span, ...] = ()
    default_route: bool = False

    @classmethod
    def of(cls, prefixes: Iterable[str]) -> NetworkSpace:
        """From prefixes: of the network, of its peers, of the subnet's own routes (of these, service tags are left out)."""
        known = {found for prefix in prefixes if isinstance(found := place(prefix), Span)}
        defaults = {addresses("0.0.0.0/0"), addresses("::/0")}
        return cls(tuple(sorted(known - defaults)), not known.isdisjoint(defaults))


def cover_of_places(rule: Collection[Place], traffic: Place, space: NetworkSpace) -> Cover:
    """How much of the traffic's side the places of a rule's side take."""
    spans = [found for found in rule if isinstance(found, Span)]
    tags = [found for found in rule if isinstance(found, ServiceTag)]
    if isinstance(traffic, Span):
        named = max((_tag_of_addresses(tag, traffic, space) for tag in tags), default=Cover.NONE)
        return max(cover_of(spans, traffic), named)
    named = max((_tag_of_tag(tag, traffic, space) for tag in tags), default=Cover.NONE)
    return max(_addresses_of_tag(spans, traffic), named)


def _addresses_of_tag(spans: list[Span], tag: ServiceTag) -> Cover:
    if tag == VIRTUAL_NETWORK:
        return cover_of(spans, IPV4)
    if cover_of([*spans, *_NOT_PUBLIC], IPV4) is Cover.ALL:
        return Cover.ALL
    public = any(cover_of([IPV4], span) and cover_of(_NOT_PUBLIC, span) < Cover.ALL for span in spans)
    return Cover.SOME if public else Cover.NONE


def _tag_of_addresses(tag: ServiceTag, span: Span, space: NetworkSpace) -> Cover:
    inside, not_public = cover_of(space.spans, span), cover_of(_NOT_PUBLIC, span)
    if tag == VIRTUAL_NETWORK:
        # A private address outside the known prefixes may be on-premises or in a network connected by a gateway.
        return inside or (Cover.SOME if not_public or space.default_route else Cover.NONE)
    if tag.service in _HOST_SERVICES or cover_of([*space.spans, *_NOT_PUBLIC], span) is Cover.ALL:
        return Cover.NONE
    return Cover.ALL if tag == INTERNET and not inside and not not_public else Cover.SOME


def _tag_of_tag(rule: ServiceTag, traffic: ServiceTag, space: NetworkSpace) -> Cover:
    if rule == traffic:
        return Cover.ALL
    if VIRTUAL_NETWORK in (rule, traffic):
        return Cover.SOME if space.default_route else Cover.NONE
    if rule.service.startswith("azureplatform") or traffic.service.startswith("azureplatform"):
        return Cover.NONE
    pairs = list(zip(rule.scope, traffic.scope, strict=True))
    if all(wide is None or wide == narrow for wide, narrow in pairs):
        return Cover.ALL
    return Cover.SOME if all(one is None or other is None or one == other for one, other in pairs) else Cover.NONE
