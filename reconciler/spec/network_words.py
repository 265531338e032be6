"""How networks are written: references to their resources, addresses, ports and prefixes."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from typing import Annotated, Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from reconciler.spec.near import shown
from reconciler.spec.scalars import Whole, Written, refuse
from reconciler.spec.words import GROUP, GUID, explain_reference

_OCTET = r"(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_IPV4 = rf"{_OCTET}(?:\.{_OCTET}){{3}}"
# No VM has these: this network, loopback, link-local, multicast and beyond, and the address of the host.
_OF_NO_VM = r"(?!0\.|127\.|169\.254\.|2(?:2[4-9]|[3-5][0-9])\.|168\.63\.129\.16$)"
_PREFIX = rf"{_IPV4}/(?:[89]|[12][0-9]|3[0-2])"
_RESOURCE = r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,78}[A-Za-z0-9_])?"


def _reference(resource_type: str, what: str) -> Written:
    """GROUP/NAME, or a whole ARM id of the type: `Microsoft.Network/azureFirewalls` without regard to case."""
    caseless = "".join(f"[{sign.upper()}{sign.lower()}]" if sign.isalpha() else sign for sign in resource_type)
    provider = caseless.replace(".", "[.]")
    whole = rf"/[Ss]ubscriptions/{GUID}/[Rr]esource[Gg]roups/{GROUP}/[Pp]roviders/{provider}/{_RESOURCE}"
    return Written(rf"{GROUP}/{_RESOURCE}|{whole}", "E502", "GROUP/NAME", _explain(what))


def _explain(what: str) -> Callable[[str], PydanticCustomError]:
    return lambda value: explain_reference(value, what)


def _explain_address(value: str) -> PydanticCustomError:
    if "@" in value:  # not echoed: it may hold a password
        return refuse("E833", "the address of the proxy has a user name before it")
    found = re.search(_IPV4, value)
    if found and value == found[0]:
        return refuse("E830", f"no VM has the address {shown(value)}")
    remedy = f"write {found[0]}, and the port under `port`" if found else ""
    return refuse("E830", f"{shown(value)} is no IPv4 address", remedy)


class _Prefix:
    """An IPv4 network in CIDR form, /8 to /32, without host bits."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self.read, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"type": "string", "pattern": f"^(?:{_PREFIX})$"}

    def read(self, value: str) -> str:
        if re.fullmatch(_PREFIX, value):
            network = str(ipaddress.ip_network(value, strict=False))
            if network != value:
                raise refuse("E832", f"{shown(value)} has bits after its prefix", f"write {network}")
            return value
        remedy = f"write {value}/32" if re.fullmatch(_IPV4, value) else ""
        raise refuse("E832", f"{shown(value)} is no IPv4 network of /8 to /32", remedy)


EgressName = Annotated[
    str, Written(r"[A-Za-z](?:[A-Za-z0-9-]{0,38}[A-Za-z0-9])?", "E501", "1 to 40 letters, digits or -, a letter first")
]
NsgName = Annotated[str, _reference("Microsoft.Network/networkSecurityGroups", "a network security group")]
FirewallName = Annotated[str, _reference("Microsoft.Network/azureFirewalls", "an Azure Firewall")]
Address = Annotated[str, Written(rf"{_OF_NO_VM}{_IPV4}", "E830", "an IPv4 address", _explain_address)]
Port = Annotated[int, Whole(1, 65535, "as a port", "E831")]
Prefix = Annotated[str, _Prefix()]
