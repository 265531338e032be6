"""Whose a rule or a collection in the network is: name and description of what azbackup has made say so."""

from __future__ import annotations

from reconciler.core.desired import Egress

_OWNER = "Managed by azbackup: egress"


def owner_text(egress: Egress) -> str:
    """The description of every rule that azbackup makes."""
    return f"{_OWNER} {egress.name}"


def is_own(name: str, description: str, egress: Egress) -> bool:
    """Whether a rule or collection is what azbackup has made for this egress: both the name and the description say so."""
    named = f"{name.lower()}-".startswith(f"azbackup-{egress.name.lower()}-")
    return named and f"{description} ".startswith(f"{owner_text(egress)} ")


def is_anyones(name: str, description: str) -> bool:
    """Whether azbackup has made it, for whichever egress."""
    return name.lower().startswith("azbackup-") and description.startswith(_OWNER)


def owner_named(name: str, description: str) -> str:
    """The egress for which azbackup has made it, or "" for what is somebody else's."""
    if not is_anyones(name, description):
        return ""
    return description.removeprefix(_OWNER).strip().partition(" ")[0]
