"""Files to one spec. Everything wrong in any of them is said at once."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

from pydantic import ValidationError

from reconciler.core.desired import (
    Consent,
    DesiredPolicy,
    DesiredProtection,
    DesiredVault,
    Selection,
    Spec,
)
from reconciler.core.errors import Problem
from reconciler.core.ids import VaultRef
from reconciler.spec import resolve
from reconciler.spec.digest import digest, meaning
from reconciler.spec.egress_rules import Egresses
from reconciler.spec.entry import complain_of
from reconciler.spec.files import read_files
from reconciler.spec.models import Document, Protection, Vault
from reconciler.spec.source import Complaints, Source
from reconciler.spec.text import read_source
from reconciler.spec.tree import read_tree
from reconciler.spec.vault_rules import check_consent, check_vault


def load_spec(paths: Sequence[str | Path], *, today: date) -> tuple[Spec, tuple[Problem, ...]]:
    """The spec of all files and folders, and its warnings (W…) and infos (I…). Raises SpecError with every error.

    A folder stands for its .yaml and .yml files, in sub-folders too, except those named `sandbox` or starting with a
    dot; links that leave the folder are refused (security requirement S-12).
    """
    complaints = Complaints()
    return _load(read_files(paths, complaints), today, complaints)


def load_documents(sources: Mapping[str, str | bytes], *, today: date) -> tuple[Spec, tuple[Problem, ...]]:
    """The same from texts by name. Names stand for files in complaints."""
    return _load(sources, today, Complaints())


def _load(contents: Mapping[str, str | bytes], today: date, complaints: Complaints) -> tuple[Spec, tuple[Problem, ...]]:
    estate = _Estate()
    read: list[tuple[Source, Document]] = []
    for name in sorted(contents):
        source = read_source(name, contents[name], complaints)
        document = _read_document(source) if source else None
        estate.egresses.add(source, document)
        if source and document:
            read.append((source, document))
    for source, document in read:
        for consent in document.consents or ():
            check_consent(source, consent, today)
            estate.consents.append(resolve.consent_of(consent, source.place(consent.start_at)))
        for vault_name, vault in (document.vaults or {}).items():
            estate.add_vault(source, document, vault_name, vault, today)
    estate.egresses.finish()
    problems = complaints.finish()
    return estate.spec(), problems


def _read_document(source: Source) -> Document | None:
    tree = read_tree(source)
    if tree is None:
        return None
    try:
        return Document.model_validate(tree, context=source)
    except ValidationError as error:
        complain_of(source, tree, error)
        return None


class _Estate:
    """What all files want together, and the rules that hold across files."""

    def __init__(self) -> None:
        self.vaults: dict[str, DesiredVault] = {}
        self.policies: list[DesiredPolicy] = []
        self.names: dict[str, DesiredVault] = {}  # addresses carry a vault's name alone, so it is unique over the spec
        self.protections: dict[str, DesiredProtection] = {}
        self.selections: list[Selection] = []
        self.consents: list[Consent] = []
        self.egresses = Egresses()

    def add_vault(self, source: Source, document: Document, name: str, vault: Vault, today: date) -> None:
        name_at = document.written("vaults").key_at(name)
        check_vault(source, name_at, vault, today)
        group, subscription = (
            vault.resource_group or document.resource_group,
            vault.subscription or document.subscription,
        )
        location = vault.location or document.location
        for key, value in (("subscription", subscription), ("resourceGroup", group), ("location", location)):
            if value is None and not (vault.has(key) or document.has(key)):
                what = f"the key '{key}' is missing for the vault '{name}'"
                source.complain("E402", name_at, what, "write it at the top of the file, or in the vault")
        if subscription is None or group is None or location is None:
            return
        ref = VaultRef.of(subscription, group, name)
        wanted = resolve.vault_of(ref, location, vault, source.place(name_at))
        first = self.names.setdefault(name.lower(), wanted)
        self.vaults[ref.key] = first
        if first is not wanted:
            source.complain("E505", name_at, f"the vault '{name}' is described at {first.place} already")
        names = {policy.lower(): policy for policy in vault.policies or {}}
        for policy_name, policy in (vault.policies or {}).items():
            place = source.place(vault.written("policies").key_at(policy_name))
            self.policies.append(resolve.policy_of(wanted, policy_name, policy, place))
        for entry in vault.protect or ():
            self._add_protection(source, ref, location, entry, names)

    def _add_protection(
        self, source: Source, vault: VaultRef, location: str, entry: Protection, policies: dict[str, str]
    ) -> None:
        place, egress = source.place(entry.start_at), self.egresses.used_by(source, entry)
        if entry.vm is None:
            self.selections.append(resolve.selection_of(vault, location, entry, place, policies, egress))
            return
        wanted = resolve.protection_of(vault, entry, place, policies, egress)
        at, vm = entry.value_at("vm"), wanted.vm
        if vm.subscription.lower() != vault.subscription.lower():
            source.complain("E503", at, f"the VM is in {vm.subscription}, the vault in {vault.subscription}")
        first = self.protections.setdefault(vm.key, wanted)
        if first is wanted:
            return
        name = f"{vm.resource_group}/{vm.name}"
        if first.vault == vault and first.policy == wanted.policy and first.state == wanted.state:
            source.complain("E505", at, f"the VM {name} is listed at {first.place} already")
        else:
            what = f"the VM {name} is assigned at {first.place} already, to {_assignment(first)}"
            source.complain("E601", at, what)

    def spec(self) -> Spec:
        vaults = tuple(sorted(self.vaults.values(), key=lambda vault: vault.ref.key))
        policies = tuple(sorted(self.policies, key=lambda policy: (policy.vault.key, policy.name.lower())))
        protections = tuple(sorted(self.protections.values(), key=lambda wanted: (wanted.vault.key, wanted.vm.key)))
        selections = tuple(sorted(self.selections, key=lambda rule: (rule.vault.key, _canonical(rule))))
        consents = tuple(sorted(self.consents, key=_canonical))
        egresses = tuple(self.egresses.found[name] for name in sorted(self.egresses.found))
        hashed = digest((vaults, policies, protections, selections, consents, egresses))
        return Spec(hashed, vaults, policies, protections, selections, consents, egresses)


def _assignment(wanted: DesiredProtection) -> str:
    policy = f" by policy '{wanted.policy}'" if wanted.policy else f" as {wanted.state}"
    return f"vault '{wanted.vault.name}'{policy}"


def _canonical(value: object) -> str:
    return json.dumps(meaning(value), sort_keys=True)
