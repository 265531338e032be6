"""What a caller may do: the permissions that Azure reports for a scope, and the built-in roles that hold them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache

from reconciler.core.live import Wire
from reconciler.core.wire import dig_list


@dataclass(frozen=True, slots=True)
class Permission:
    """What one role gives. Its `not_actions` take away from its own `actions` only, never from those of another role."""

    actions: tuple[str, ...]
    not_actions: tuple[str, ...] = ()

    def grants(self, action: str) -> bool:
        return _any_fits(self.actions, action) and not _any_fits(self.not_actions, action)


def permissions_of(bodies: Iterable[Wire]) -> Iterator[Permission]:
    """Entries of `GET {scope}/providers/Microsoft.Authorization/permissions`; what they say of data is left out."""
    for body in bodies:
        yield Permission(_texts(body, "actions"), _texts(body, "notActions"))


def is_granted(action: str, permissions: Iterable[Permission]) -> bool:
    return any(permission.grants(action) for permission in permissions)


@dataclass(frozen=True, slots=True)
class Role:
    """A built-in role; of its actions those that azbackup could need."""

    name: str
    permission: Permission


_RS = "Microsoft.RecoveryServices/vaults"
_ITEMS = f"{_RS}/backupFabrics/protectionContainers/protectedItems"
_READS = (
    "Microsoft.Authorization/*/read",
    f"{_RS}/read",
    f"{_RS}/backupconfig/read",
    f"{_RS}/backupstorageconfig/read",
    f"{_RS}/backupPolicies/read",
    f"{_RS}/backupPolicies/operations/read",
    f"{_RS}/backupProtectedItems/read",
    f"{_RS}/backupJobs/read",
    f"{_RS}/backupOperations/read",
    f"{_ITEMS}/read",
    f"{_ITEMS}/operationsStatus/read",
    f"{_ITEMS}/recoveryPoints/read",
    "Microsoft.RecoveryServices/locations/backupStatus/action",
)

BUILT_IN_ROLES: tuple[Role, ...] = tuple(
    Role(name, Permission(actions))
    for name, actions in (
        ("Backup Reader", _READS),
        ("Reader", ("*/read",)),
        (
            "Backup Operator",
            (
                *_READS,
                f"{_RS}/backupstorageconfig/*",
                f"{_ITEMS}/write",
                f"{_ITEMS}/backup/action",
                "Microsoft.RecoveryServices/locations/backupPreValidateProtection/action",
            ),
        ),
        (
            "Backup Contributor",
            (
                *_READS,
                f"{_RS}/write",
                f"{_RS}/backupconfig/*",
                f"{_RS}/backupstorageconfig/*",
                f"{_RS}/backupPolicies/*",
                f"{_RS}/backupJobs/*",
                f"{_RS}/backupFabrics/protectionContainers/*",
                f"{_RS}/operationStatus/read",
                "Microsoft.RecoveryServices/locations/*",
            ),
        ),
        ("Virtual Machine Contributor", ("Microsoft.Compute/virtualMachines/*", "Microsoft.Compute/locations/*")),
        ("Network Contributor", ("Microsoft.Network/*",)),
        ("Contributor", ("*",)),
    )
)
"""The smaller ones first (backup-rules section G, and the published definitions of the roles)."""


def smallest_role(action: str) -> str:
    """The first role that has the action; Contributor has all that azbackup does."""
    return next(role.name for role in BUILT_IN_ROLES if role.permission.grants(action))


def assignment(action: str, scope: str) -> str:
    """The command that gives the smallest role with this action, at the scope or what the list there belongs to."""
    return f"az role assignment create --role '{smallest_role(action)}' --scope {assignable(scope)} --assignee ID"


def assignable(scope: str) -> str:
    """A role is assigned to a resource, a group or a subscription: a type without a name is a list of one of these."""
    start, mark, rest = scope.rpartition("/providers/")
    parts = rest.split("/")
    if not mark or len(parts) % 2:  # a namespace, then types and names by turns
        return scope
    return start if len(parts) == 2 else scope.rpartition("/")[0]


def _any_fits(patterns: Iterable[str], action: str) -> bool:
    return any(_fits(pattern, action) for pattern in patterns)


def _fits(pattern: str, action: str) -> bool:
    return _compiled(pattern.lower()).fullmatch(action.lower()) is not None


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    """`*` stands for any text, slashes too; everything else for itself."""
    return re.compile(".*".join(map(re.escape, re.sub(r"\*+", "*", pattern).split("*"))), re.DOTALL)


def _texts(body: Wire, name: str) -> tuple[str, ...]:
    return tuple(str(each) for each in dig_list(body, name))
