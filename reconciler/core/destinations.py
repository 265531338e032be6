"""Where the traffic of a backup goes, as service tags and ports, for those VMs that need a way out (backup-rules D.1, D.2).

| for       | tag                  | ports                                                                                      |
| storage   | Storage.<Region>     | 443; 8443 for managed disks, 80 for unmanaged ones in an account that is not encrypted    |
| backup    | AzureBackup          | 443                                                                                        |
| identity  | AzureActiveDirectory | 443                                                                                        |

Which accounts are encrypted is told by `core/storage_accounts.py`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Literal

from reconciler.core.live import Wire
from reconciler.core.places import ServiceTag, place
from reconciler.core.wire import dig, dig_list, dig_object

Disk = Literal["managed", "unmanaged", "unencrypted", "writeAccelerated"]  # unencrypted ones are unmanaged, too
PORTS: dict[str, int] = {"managed": 8443, "unencrypted": 80}
HTTPS, HTTP = 443, 80
EVER_NEEDED = frozenset({HTTPS, *PORTS.values()})  # of storage, by VMs of whatever disks

# As tags spell them (service-tags-overview); other regions go by the name that Azure Resource Manager has for them.
_REGIONS = """
AustraliaCentral AustraliaCentral2 AustraliaEast AustraliaSoutheast AustriaEast BelgiumCentral BrazilSE BrazilSouth
CanadaCentral CanadaEast CentralFrance CentralIndia CentralUS ChileCentral ChinaEast ChinaEast2 ChinaEast3 ChinaNorth
ChinaNorth2 ChinaNorth3 DenmarkEast EastAsia EastUS EastUS2 GermanyN GermanyWC IndonesiaCentral IsraelCentral ItalyNorth
JapanEast JapanWest KoreaCentral KoreaSouth MalaysiaWest MexicoCentral NewZealandNorth NorthCentralUS NorthEurope NorwayE
NorwayW PolandCentral QatarCentral SouthAfricaNorth SouthAfricaWest SouthCentralUS SoutheastAsia SouthFrance SouthIndia
SpainCentral SwedenCentral SwedenSouth SwitzerlandN SwitzerlandW UAECentral UAENorth UKSouth UKWest USDoDCentral USDoDEast
USGovArizona USGovTexas USGovVirginia WestCentralUS WestEurope WestIndia WestUS WestUS2 WestUS3
"""


@dataclass(frozen=True, slots=True)
class Destination:
    purpose: Literal["storage", "backup", "identity"]
    tag: str
    ports: tuple[int, ...]


def destinations(location: str, disks: Collection[Disk]) -> tuple[Destination, ...]:
    """What VMs with these kinds of disks in this region need; `location` by its name or its display name."""
    storage = (HTTPS, *(port for kind, port in PORTS.items() if kind in disks))
    return (
        Destination("storage", storage_tag(location), tuple(sorted(storage))),
        Destination("backup", "AzureBackup", (HTTPS,)),
        Destination("identity", "AzureActiveDirectory", (HTTPS,)),
    )


def storage_tag(location: str) -> str:
    """`Storage.WestEurope` for `westeurope` or `West Europe`. Tags compare without case; this is how people know them."""
    name = location.replace(" ", "")
    return f"Storage.{_SPELLINGS.get(name.lower(), name)}"


def disks_of(machine: Wire) -> frozenset[Disk]:
    """The kinds of disks that a VM has, from its body; it doesn't say which ones are unencrypted."""
    storage = dig_object(machine, "properties", "storageProfile")
    disks = [storage.get("osDisk"), *dig_list(storage, "dataDisks")]
    return frozenset(kind for disk in disks for kind in _kinds(disk))


def _kinds(disk: object) -> Iterable[Disk]:
    if dig(disk, "vhd"):
        yield "unmanaged"
    elif disk:
        yield "managed"
    if dig(disk, "writeAcceleratorEnabled") is True:
        yield "writeAccelerated"


def _spelled() -> Iterable[tuple[str, str]]:
    for spelling in _REGIONS.split():
        tag = place(f"Storage.{spelling}")
        if isinstance(tag, ServiceTag):
            yield tag.region, spelling


_SPELLINGS = dict(_spelled())
