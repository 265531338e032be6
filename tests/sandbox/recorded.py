"""How a recorded exchange is compared with the sandbox's answer."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.sandbox.wire import Response

GUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
VAULT_OPERATION = re.compile(r"(operation(?:Status|Results)/)?(?:MjA0Nz|MTAyMz|NDA5NT)[A-Za-z0-9+=]+")
SIGNED = re.compile(r"&t=[^&]*&c=[^&]*&s=[^&]*&h=[^&]*$")
CONSTANT_TIMES = ("2001-01-01T00:00:00Z", "0001-01-01T00:00:00")
# The moment they were recorded at is not a fact about the service.
MOVING = {
    "etag", "startTime", "endTime", "duration", "lastBackupTime", "lastRecoveryPoint", "recoveryPointTime", "time",
    "deferredDeleteTimeInUTC", "deferredDeleteTimeRemaining", "vaultDeletionTime", "purgeAt", "protectedItemDataId",
}  # fmt: skip
POLLING = ("azure-asyncoperation", "location", "x-ms-failure-cause")


def plain(text: str) -> str:
    """Text without what is drawn by lot: GUIDs, operation ids, signatures, numbers of recovery points."""
    text = SIGNED.sub("&signed", VAULT_OPERATION.sub(r"\1<operation>", text))
    return re.sub(r"recoveryPoints/\d+$", "recoveryPoints/<number>", GUID.sub("<guid>", text))


def differences(recorded: Mapping[str, Any], answer: Response) -> Iterator[tuple[str, Any, Any]]:
    """(place, recorded, answered) for everything that matters and is not alike."""
    if recorded["status"] != answer.status:
        yield "status", recorded["status"], answer.status
    there = {name.lower(): value for name, value in recorded["headers"].items()}
    here = {name.lower(): value for name, value in answer.headers.items()}
    for name in there:
        if name not in here and (name in POLLING or name.startswith(("content-", "x-ms-ratelimit", "retry"))):
            yield f"header {name}", there[name], None
    for name in POLLING:
        if plain(there.get(name, "")) != plain(here.get(name, "")):
            yield f"header {name}", there.get(name), here.get(name)
    if there.get("content-type", "") not in ("", here.get("content-type")):
        yield "header content-type", there["content-type"], here.get("content-type")
    body = answer.json() if answer.body else ""
    yield from _body("", "", recorded["body"], body)


def _body(place: str, name: str, there: Any, here: Any) -> Iterator[tuple[str, Any, Any]]:
    if type(there) is not type(here):
        yield place, there, here
    elif isinstance(there, dict):
        if list(there) != list(here):
            yield f"{place} keys", list(there), list(here)
        for key in there.keys() & here.keys():
            yield from _body(f"{place}.{key}", key, there[key], here[key])
    elif isinstance(there, list):
        if len(there) != len(here):
            yield f"{place} length", len(there), len(here)
        for number, (left, right) in enumerate(zip(there, here, strict=False)):
            yield from _body(f"{place}[{number}]", name, left, right)
    elif name == "name" and str(there).isdigit() and str(here).isdigit():
        return  # recovery points are named by numbers
    elif name in MOVING and there not in CONSTANT_TIMES:
        return
    elif (isinstance(there, str) and plain(there) != plain(here)) or (not isinstance(there, str) and there != here):
        yield place, there, here
