"""Network resources and run commands of whole subscriptions, from one list a type; and from their parents what lies inside them."""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.cloud.direct import RUN_COMMANDS, Direct
from reconciler.cloud.memo import Memo
from reconciler.cloud.paths import (
    ResourcePath,
    locks_path,
    resource_of,
    role_assignments_path,
    role_definitions_path,
)
from reconciler.cloud.reading import Body, Reader
from reconciler.cloud.run_commands import RunCommands
from reconciler.core.errors import Unreadable
from reconciler.core.wire import dig_list, dig_text

_LISTED = frozenset(
    f"microsoft.network/{name}"
    for name in (
        "networksecuritygroups",
        "networkinterfaces",
        "virtualnetworks",
        "routetables",
        "applicationsecuritygroups",
        "publicipaddresses",
        "azurefirewalls",
        "firewallpolicies",
    )
)
# Children that their parent's body holds, too (nsg-list-2020).
_INSIDE = {
    "microsoft.network/networksecuritygroups/securityrules": "securityRules",
    "microsoft.network/virtualnetworks/subnets": "subnets",
    "microsoft.network/routetables/routes": "routes",
}


class Resources:
    """What a survey knows of networks. A list is read when something of its type is asked for first, and once."""

    def __init__(self, reader: Reader, direct: Direct, memo: Memo, run_commands: RunCommands) -> None:
        self._reader, self._direct, self._memo, self._run_commands = reader, direct, memo, run_commands

    def listed(self, subscription: str, resource_type: str) -> Sequence[Body]:
        return tuple(self._by_id(subscription, resource_type).values())

    def locks(self, subscription: str) -> Sequence[Body]:
        def read() -> tuple[Body, ...]:
            return self._reader.all("locks", locks_path(subscription)).values

        return self._memo.ask(("locks", subscription.lower()), read)

    def role_assignments(self, resource_id: str) -> Sequence[Body]:
        """Those made at the resource or above it; what a filter leaves out lies below."""

        def read() -> tuple[Body, ...]:
            return self._reader.all("roles", role_assignments_path(resource_id), "atScope()").values

        return self._memo.ask(("role assignments", resource_id.lower()), read)

    def role_definitions(self, subscription: str) -> Sequence[Body]:
        def read() -> tuple[Body, ...]:
            return self._reader.all("roles", role_definitions_path(subscription)).values

        return self._memo.ask(("role definitions", subscription.lower()), read)

    def one(self, resource_id: str) -> Body | None:
        """One that its list lacks is asked for directly: the identity may see only a part of the subscription, or no list."""
        named = resource_of(resource_id)
        if named.resource_type.lower() == RUN_COMMANDS:
            return self._run_commands.one(named)
        inside = _INSIDE.get(named.resource_type.lower())
        if inside:
            entries = dig_list(self.one(named.parent.path), "properties", inside)
            return next((each for each in map(_body, entries) if _key(each) == named.path.lower()), None)
        found = self._from_list(named)
        return found or self._memo.ask(("resource", named.path.lower()), lambda: self._direct.resource(resource_id))

    def _from_list(self, named: ResourcePath) -> Body | None:
        if named.resource_type.lower() not in _LISTED:
            return None
        try:
            return self._by_id(named.subscription, named.resource_type).get(named.path.lower())
        except Unreadable as error:
            if error.status != 403:
                raise
            return None

    def _by_id(self, subscription: str, resource_type: str) -> dict[str, Body]:
        def read() -> dict[str, Body]:
            return {_key(body): body for body in self._direct.resources(subscription, resource_type)}

        return self._memo.ask(("resources", subscription.lower(), resource_type.lower()), read)


def _body(entry: object) -> Body:
    return entry if isinstance(entry, dict) else {}


def _key(body: Body) -> str:
    return dig_text(body, "id").lower()
