"""The VM as Compute has it: provisioning, extensions, size, kind (backup-rules A.3; I.22, I.23, I.25)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from reconciler.core.live import Wire
from reconciler.core.plan import Finding
from reconciler.core.wire import dig, dig_list, dig_text
from reconciler.preflight.catalogue import finding
from reconciler.preflight.subject import Subject

_CHANGING = ("creating", "updating", "deleting", "migrating")
_ONE_PROCESSOR = re.compile(r"(standard|basic)_[a-z]+1(?![0-9])(?!-)", re.IGNORECASE)


def machine_findings(subject: Subject, machine: Wire) -> Iterator[Finding]:
    state = dig_text(machine, "properties", "provisioningState")
    if state.lower() in ("failed", "unavailable"):
        vm = subject.wanted.vm
        reapply = f"az vm reapply --resource-group {vm.resource_group} --name {vm.name}"
        yield _told(subject, "F221", f"its provisioning state is {state}", f"repair what failed, then: {reapply}")
    elif state.lower() in _CHANGING:
        yield _told(subject, "F222", f"it is {state}")
    size = dig_text(machine, "properties", "hardwareProfile", "vmSize")
    if _ONE_PROCESSOR.match(size):
        yield _told(subject, "F255", f"its size {size} has one processor")
    kind = dig_text(machine, "properties", "securityProfile", "securityType")
    if kind.lower() == "confidentialvm":
        yield _told(subject, "F252", "it is a confidential VM")
    elif kind.lower() == "trustedlaunch" and not subject.is_enhanced:
        yield _told(subject, "F251", f"it has Trusted Launch, and policy {subject.wanted.policy} is a standard one")
    if dig(machine, "extendedLocation") and not subject.is_enhanced:
        yield _told(subject, "F254", f"it is in the extended zone {dig_text(machine, 'extendedLocation', 'name')}")


def extension_findings(subject: Subject, view: Wire) -> Iterator[Finding]:
    for extension in dig_list(view, "extensions"):
        failed = [
            status
            for status in dig_list(extension, "statuses")
            if dig_text(status, "code").lower().startswith("provisioningstate/failed")
        ]
        if failed:
            said = dig_text(failed[0], "message") or dig_text(failed[0], "displayStatus")
            yield _told(subject, "F231", f"extension {dig_text(extension, 'name')} has failed: {said}")


def _told(subject: Subject, code: str, what: str, remedy: str = "") -> Finding:
    return finding(code, subject.address, what, remedy=remedy, where=subject.where)
