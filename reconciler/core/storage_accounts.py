"""Storage accounts of unmanaged disks: whether one encrypts its blobs decides the port that a backup needs (backup-rules D.2)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlsplit

from reconciler.core.destinations import Disk, disks_of
from reconciler.core.errors import Unreadable
from reconciler.core.ids import STORAGE_ACCOUNT_TYPE, parse_vm
from reconciler.core.live import Wire
from reconciler.core.wire import dig, dig_list, dig_object, dig_text


class Lists(Protocol):
    """The part of `Live` that is asked here."""

    def resources(self, subscription: str, resource_type: str) -> Iterable[Wire]: ...


@dataclass(frozen=True, slots=True)
class Disks:
    """The kinds of disks of some VMs. `unseen`: accounts whose encryption can't be told, and why; their disks count as unencrypted."""

    kinds: frozenset[Disk] = frozenset()
    unseen: tuple[str, ...] = ()


def disks_among(machines: Iterable[Wire], lists: Lists) -> Disks:
    """From bodies of VMs. Accounts are read only where a disk is unmanaged, by one list for each subscription of such VMs.

    Raises `Unreadable` when that list fails for another reason than a missing right: then the next run may know.
    """
    kinds: set[Disk] = set()
    accounts: dict[str, set[str]] = {}
    for machine in machines:
        kinds |= disks_of(machine)
        vm = parse_vm(dig_text(machine, "id"))
        if vm is not None and (named := set(_accounts_of(machine))):
            accounts.setdefault(vm.subscription.lower(), set()).update(named)
    unseen: list[str] = []
    for subscription, named in sorted(accounts.items()):
        known, why = _encrypted(subscription, lists)
        if not all(known.get(account, False) for account in named):
            kinds.add("unencrypted")
        if hidden := sorted(named - known.keys()):
            unseen.append(f"{', '.join(hidden)}: {why}")
    return Disks(frozenset(kinds), tuple(unseen))


def _encrypted(subscription: str, lists: Lists) -> tuple[dict[str, bool], str]:
    """Whether each account that can be seen encrypts its blobs, and why others can't be seen."""
    try:
        listed = lists.resources(subscription, STORAGE_ACCOUNT_TYPE)
        blobs = ((body, ("properties", "encryption", "services", "blob", "enabled")) for body in listed)
        return {dig_text(body, "name").lower(): dig(body, *path) is True for body, path in blobs}, (
            f"subscription {subscription} has no such account, or it may not be seen"
        )
    except Unreadable as error:
        if error.status != 403:
            raise
        return {}, f"the storage accounts of subscription {subscription} may not be listed"


def _accounts_of(machine: Wire) -> Iterator[str]:
    """Names of the accounts with a VM's disks: of `https://ACCOUNT.blob.SUFFIX/…` the account, of any other address its host."""
    storage = dig_object(machine, "properties", "storageProfile")
    for disk in (storage.get("osDisk"), *dig_list(storage, "dataDisks")):
        if dig(disk, "vhd"):
            yield _account(dig_text(disk, "vhd", "uri"))


def _account(uri: str) -> str:
    try:
        host = urlsplit(uri).hostname or uri
    except ValueError:
        return uri
    return host.partition(".")[0] if ".blob." in host else host
