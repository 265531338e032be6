"""Peerings of virtual networks: each side is an entry of its network, and its state follows the other side's."""

import ipaddress
from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.sandbox.wire import Refusal
from reconciler.sandbox.world import Row, World

_FLAGS = {
    "allowVirtualNetworkAccess": True,
    "allowForwardedTraffic": False,
    "allowGatewayTransit": False,
    "useRemoteGateways": False,
    "doNotVerifyRemoteGateways": False,
}


def complete_peering(world: World, id: str, sent: Mapping[str, Any]) -> dict[str, Any]:
    """Initiated until the other network has its own side, which then becomes Connected too.

    Raises:
        Refusal: 400, the networks overlap.
    """
    own, remote = world.get(id.lower().split("/virtualnetworkpeerings/")[0]), _remote(world, sent)
    prefixes = remote.body["properties"]["addressSpace"]["addressPrefixes"] if remote else []
    if own and remote:
        _refuse_overlap(id, own, remote)
    backs = list(_entries_to(remote, own)) if own and remote else []
    for back in backs:
        back["properties"]["peeringState"] = "Connected"
    if backs and remote:
        world.put(remote)
    return {
        "peeringState": "Connected" if backs else "Initiated",
        "peeringSyncLevel": "FullyInSync" if backs else "RemoteNotInSync",
        "remoteVirtualNetwork": {"id": sent["remoteVirtualNetwork"]["id"]},
        **{name: bool(sent.get(name, default)) for name, default in _FLAGS.items()},
        "remoteAddressSpace": {"addressPrefixes": prefixes},
        "remoteVirtualNetworkAddressSpace": {"addressPrefixes": prefixes},
    }


def peering_removed(world: World, owner: Row, entry: Mapping[str, Any]) -> None:
    """The side that stays behind is Disconnected."""
    remote = _remote(world, entry["properties"])
    for back in _entries_to(remote, owner) if remote else ():
        back["properties"]["peeringState"] = "Disconnected"
    if remote:
        world.put(remote)


def refuse_second_peering(entries: list[dict[str, Any]]) -> None:
    """Raises:
    Refusal: 400, two peerings of a network lead to the same one.
    """
    seen: dict[str, str] = {}
    for entry in entries:
        remote = entry["properties"]["remoteVirtualNetwork"]["id"]
        if remote.lower() in seen:
            said = (
                f"Peering {entry['id']} cannot reference remote virtual network {remote} because another peering "
                f"{seen[remote.lower()]} already references it."
            )
            raise Refusal(400, "AnotherPeeringAlreadyReferencesRemoteVnet", said)
        seen[remote.lower()] = entry["id"]


def _remote(world: World, properties: Mapping[str, Any]) -> Row | None:
    return world.get(str(properties["remoteVirtualNetwork"]["id"]).lower())


def _entries_to(row: Row, other: Row) -> Iterator[dict[str, Any]]:
    for entry in row.body["properties"]["virtualNetworkPeerings"]:
        if entry["properties"]["remoteVirtualNetwork"]["id"].lower() == other.key:
            yield entry


def _refuse_overlap(id: str, own: Row, remote: Row) -> None:
    spaces = [
        [
            ipaddress.ip_network(prefix, strict=False)
            for prefix in row.body["properties"]["addressSpace"]["addressPrefixes"]
        ]
        for row in (own, remote)
    ]
    shared = [str(mine) for mine in spaces[0] if any(mine.overlaps(other) for other in spaces[1])]
    if shared:
        said = (
            f"Cannot create or update peering {id}. Virtual networks {own.body['id']} and {remote.body['id']} cannot be "
            f"peered because their address spaces overlap. Overlapping address prefixes: {', '.join(shared)}"
        )
        raise Refusal(400, "VnetAddressSpacesOverlap", said)
