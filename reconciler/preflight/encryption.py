"""Azure Disk Encryption of a VM: whether there is any, and which key vaults hold its secrets and keys (backup-rules A.5).

It stands in up to four places. Of the first kind ("dual pass"): in the OS disk's entry of the VM. Of the second: in the settings of the
extension, in each managed disk, and in the instance view. A list of VMs may name extensions by their ids alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from reconciler.core.live import Wire
from reconciler.core.wire import dig, dig_list, dig_object, dig_text

_EXTENSION = "azurediskencryption"


@dataclass(frozen=True, slots=True)
class KeyVaultUse:
    """A key vault of a VM, by id or else by URL, and whether it holds secrets, key encryption keys, or both."""

    vault: str
    secrets: bool
    keys: bool

    @property
    def name(self) -> str:
        part = self.vault.rstrip("/").rsplit("/", 1)[-1]
        return part.partition(".")[0]


def encryption_of(machine: Wire, view: Wire, disks: Iterable[Wire]) -> tuple[KeyVaultUse, ...] | None:
    """The key vaults in use, none if it is not told which; None for a VM without Azure Disk Encryption.

    `view` is the instance view, `disks` are the bodies of the VM's managed disks, as far as they could be read.
    """
    extensions = [each for each in dig_list(machine, "resources") if _is_extension(each)]
    active = [each for each in extensions if not _is_off(each)]
    entries = [*_entries(machine, view, disks), *map(_entry_of_extension, active)]
    shown = any(_EXTENSION in dig_text(each, "type").lower() for each in dig_list(view, "extensions"))
    if not entries and not (shown and not extensions):
        return None
    secrets = _named(dig_text(entry, "diskEncryptionKey", "sourceVault", "id") for entry in entries)
    keys = _named(dig_text(entry, "keyEncryptionKey", "sourceVault", "id") for entry in entries)
    named = {**keys, **secrets}
    return tuple(KeyVaultUse(named[key], key in secrets, key in keys) for key in sorted(named))


def _entries(machine: Wire, view: Wire, disks: Iterable[Wire]) -> Iterator[Wire]:
    own = dig_object(machine, "properties", "storageProfile", "osDisk", "encryptionSettings")
    if own.get("enabled") is True:
        yield own
    for disk in disks:
        if dig(disk, "properties", "encryptionSettingsCollection", "enabled") is True:
            found = dig_list(disk, "properties", "encryptionSettingsCollection", "encryptionSettings")
            yield from (dig_object(each) for each in found or [{}])
    for disk_view in dig_list(view, "disks"):
        settings = (dig_object(each) for each in dig_list(disk_view, "encryptionSettings"))
        yield from (each for each in settings if each.get("enabled") is True)


def _is_extension(resource: object) -> bool:
    named = dig_text(resource, "properties", "type") or dig_text(resource, "id").rsplit("/", 1)[-1]
    return named.lower().startswith(_EXTENSION)


def _is_off(extension: object) -> bool:
    return _setting(extension, "EncryptionOperation").lower().startswith("disable")


def _entry_of_extension(extension: object) -> Wire:
    key_vault = _setting(extension, "KeyVaultResourceId") or _setting(extension, "KeyVaultURL")
    entry: dict[str, object] = {"diskEncryptionKey": {"sourceVault": {"id": key_vault}}}
    key_url = _setting(extension, "KeyEncryptionKeyURL")
    if key_url:
        of_key = _setting(extension, "KekVaultResourceId") or key_url.partition("/keys/")[0]
        entry["keyEncryptionKey"] = {"sourceVault": {"id": of_key}}
    return entry


def _setting(extension: object, name: str) -> str:
    settings = dig_object(extension, "properties", "settings")
    return next((str(value or "") for key, value in settings.items() if key.lower() == name.lower()), "")


def _named(ids: Iterable[str]) -> dict[str, str]:
    """Ids by themselves lower-cased; several disks mostly share a vault."""
    return {each.rstrip("/").lower(): each for each in ids if each}
