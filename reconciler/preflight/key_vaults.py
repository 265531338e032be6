"""Whether Azure Backup may read the secrets and keys of encrypted VMs (backup-rules A.5, F.7; I.26).

The grant belongs to the app Backup Management Service. Its object id differs from tenant to tenant, and asking the directory for it is not
this tool's business: so that nobody has the rights is certain, that somebody has them is for a person to compare.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

from reconciler.core.errors import Unreadable
from reconciler.core.live import Survey, Wire
from reconciler.core.plan import Finding
from reconciler.core.wire import dig, dig_list, dig_text
from reconciler.preflight.catalogue import finding
from reconciler.preflight.encryption import KeyVaultUse
from reconciler.preflight.questions import Questions
from reconciler.preflight.subject import Subject, region

KEY_VAULT_TYPE = "Microsoft.KeyVault/vaults"
APP, GOVERNMENT_APP = "262044b1-e2ce-469f-a196-69ab7ada62d3", "ff281ffe-705c-4f53-9f37-a40e6f2c68f3"
_GOVERNMENT = ".usgovcloudapi.net"
# Permissions of access policies. The template grants backup of secrets, too, but older instructions did without.
_SECRETS, _KEYS = frozenset({"get", "list"}), frozenset({"get", "list", "backup"})
_SECRET_ACTIONS = ("secrets/backup/action", "secrets/getsecret/action", "secrets/readmetadata/action")
_KEY_ACTIONS = ("keys/backup/action", "keys/read")
_MAY_BE_THE_APP = ("serviceprincipal", "group", "")
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Grant:
    """Object ids that have all the rights; `doubt` says what could not be looked at, where there are none."""

    holders: tuple[str, ...] = ()
    doubt: str = ""


class KeyVaults:
    """Key vaults of the subscriptions that encrypted VMs name, each list read once."""

    def __init__(self, survey: Survey, questions: Questions) -> None:
        self._survey, self._questions = survey, questions
        self._vaults: dict[str, Mapping[str, Wire]] = {}
        self._roles: dict[str, Mapping[str, tuple[Wire, ...]]] = {}
        self._asked: set[str] = set()  # vaults whose role assignments were read, or could not be
        self._grants: dict[tuple[str, KeyVaultUse], Grant] = {}

    def findings(self, subject: Subject, machine: Wire, uses: Iterable[KeyVaultUse]) -> Iterator[Finding]:
        """What is said of one encrypted VM."""
        told = list(uses)
        if not told:
            yield _told(
                subject,
                "F261",
                "its disks are encrypted by Azure Disk Encryption; it does not say with which key vault",
            )
        for use in told:
            yield from self._of(subject, machine, use)

    def _of(self, subject: Subject, machine: Wire, use: KeyVaultUse) -> Iterator[Finding]:
        own = subject.wanted.vm.subscription.lower()
        subscription = use.vault.split("/")[2].lower() if use.vault.lower().startswith("/subscriptions/") else own
        if subscription != own:
            yield _told(subject, "F262", f"its key vault {use.vault} is in another subscription")
        body, grant = self._looked_at(subscription, use)
        here, there = dig_text(machine, "location"), dig_text(body, "location")
        if there and region(here) != region(there):
            yield _told(subject, "F262", f"its key vault {use.name} is in {there}, and the VM in {here}")
        encrypted = f"its disks are encrypted by Azure Disk Encryption with key vault {use.name}"
        if grant.doubt:
            yield _told(subject, "F261", f"{encrypted}: {grant.doubt}")
        elif grant.holders:
            more = f" and {len(grant.holders) - _SHOWN} more" if len(grant.holders) > _SHOWN else ""
            who = f"{', '.join(grant.holders[:_SHOWN])}{more} may read {_what(use)} of key vault {use.name}"
            check = f"compare with: az ad sp show --id {_app(body)} --query id; if it is none of these: {_command(body, use)}"
            yield _told(subject, "F264", who, check)
        else:
            nobody = f"no service principal or group may read {_what(use)} of key vault {use.name}"
            yield _told(subject, "F263", nobody, _command(body, use))

    def _looked_at(self, subscription: str, use: KeyVaultUse) -> tuple[Wire | None, Grant]:
        body = None
        try:
            body = self._vault(subscription, use.vault)
            return body, self._grant(body, use) if body else Grant(doubt="it is not there, or not to be seen")
        except Unreadable as error:
            return body, Grant(doubt=f"{error.problem.what}; {error.problem.why}")

    def _vault(self, subscription: str, named: str) -> Wire | None:
        if subscription not in self._vaults:
            listed = list(self._survey.resources(subscription, KEY_VAULT_TYPE))
            by_url = {dig_text(body, "properties", "vaultUri").rstrip("/").lower(): body for body in listed}
            self._vaults[subscription] = by_url | {dig_text(body, "id").lower(): body for body in listed}
        return self._vaults[subscription].get(named.rstrip("/").lower())

    def _grant(self, body: Wire, use: KeyVaultUse) -> Grant:
        key = dig_text(body, "id").lower(), use
        if key not in self._grants:
            by_role = dig(body, "properties", "enableRbacAuthorization") is True
            self._grants[key] = self._by_role(body, use) if by_role else _by_policy(body, use)
        return self._grants[key]

    def _by_role(self, body: Wire, use: KeyVaultUse) -> Grant:
        vault_id = dig_text(body, "id")
        if vault_id not in self._asked and not self._questions.take():
            return Grant(doubt="its role assignments take a request, and others were asked first")
        self._asked.add(vault_id)
        assignments = self._survey.role_assignments(vault_id)
        return _grant_by_role(assignments, self._definitions(vault_id.split("/")[2]), use)

    def _definitions(self, subscription: str) -> Mapping[str, tuple[Wire, ...]]:
        """Permissions of roles by the last part of the id, which is the same in every subscription."""
        if subscription not in self._roles:
            self._roles[subscription] = {
                _last(dig_text(role, "id")): tuple(
                    each for each in dig_list(role, "properties", "permissions") if isinstance(each, Mapping)
                )
                for role in self._survey.role_definitions(subscription)
            }
        return self._roles[subscription]


def _by_policy(body: Wire, use: KeyVaultUse) -> Grant:
    entries = dig_list(body, "properties", "accessPolicies")
    return Grant(tuple(sorted({dig_text(entry, "objectId") for entry in entries if _is_enough(entry, use)})))


def _is_enough(entry: object, use: KeyVaultUse) -> bool:
    secrets = {str(each).lower() for each in dig_list(entry, "permissions", "secrets")}
    keys = {str(each).lower() for each in dig_list(entry, "permissions", "keys")}
    may_secrets = not use.secrets or "all" in secrets or secrets >= _SECRETS
    return may_secrets and (not use.keys or "all" in keys or keys >= _KEYS)


def _grant_by_role(assignments: Iterable[Wire], roles: Mapping[str, tuple[Wire, ...]], use: KeyVaultUse) -> Grant:
    """A principal's rights are those of all its roles together; an assignment to a person is not one to an app."""
    rights: dict[str, list[Wire]] = {}
    unknown: set[str] = set()
    for each in assignments:
        if dig_text(each, "properties", "principalType").lower() not in _MAY_BE_THE_APP:
            continue
        role = _last(dig_text(each, "properties", "roleDefinitionId"))
        if role not in roles:
            unknown.add(role)
        rights.setdefault(dig_text(each, "properties", "principalId"), []).extend(roles.get(role, ()))
    wanted = [*(_SECRET_ACTIONS if use.secrets else ()), *(_KEY_ACTIONS if use.keys else ())]
    holders = tuple(sorted(who for who, permissions in rights.items() if _allow_all(permissions, wanted)))
    if unknown and not holders:
        return Grant(doubt=f"what role {min(unknown)} allows is not to be seen")
    return Grant(holders)


def _allow_all(permissions: Iterable[Wire], actions: Iterable[str]) -> bool:
    known = list(permissions)
    return all(any(_allows(each, f"microsoft.keyvault/vaults/{action}") for each in known) for action in actions)


def _allows(permission: Wire, action: str) -> bool:
    def named(key: str) -> bool:
        return any(fnmatchcase(action, str(pattern).lower()) for pattern in dig_list(permission, key))

    return named("dataActions") and not named("notDataActions")


def _command(body: Wire | None, use: KeyVaultUse) -> str:
    """What makes the grant."""
    if dig(body, "properties", "enableRbacAuthorization") is True:
        role = f"--role 'Key Vault Administrator' --assignee {_app(body)} --scope {dig_text(body, 'id')}"
        return f"az role assignment create {role}"
    secrets = " --secret-permissions get list backup" if use.secrets else ""
    keys = " --key-permissions get list backup" if use.keys else ""
    return f"az keyvault set-policy --name {use.name} --spn {_app(body)}{secrets}{keys}"


def _app(body: Wire | None) -> str:
    """The app id of Backup Management Service; in the cloud of the US government it is Backup Fairfax."""
    in_government = dig_text(body, "properties", "vaultUri").rstrip("/").lower().endswith(_GOVERNMENT)
    return GOVERNMENT_APP if in_government else APP


def _what(use: KeyVaultUse) -> str:
    return " and ".join([*(["secrets"] if use.secrets else []), *(["keys"] if use.keys else [])])


def _last(resource_id: str) -> str:
    return resource_id.rsplit("/", 1)[-1].lower()


def _told(subject: Subject, code: str, what: str, remedy: str = "") -> Finding:
    return finding(code, subject.address, what, remedy=remedy, where=subject.where)
