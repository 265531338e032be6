"""The texts of the guest scripts, as they go into managed run commands."""

from __future__ import annotations

from importlib.resources import files

from reconciler.core.errors import CloudError, Problem
from reconciler.core.guest_scripts import GuestScript


def script_text(script: GuestScript) -> str:
    """The script as it ships. Raises `CloudError` when the file is not the one that was hashed: then nothing is sent."""
    text = (files("reconciler") / "guest" / script.name).read_text(encoding="utf-8")
    if not script.is_text(text):
        why = "its SHA-256 is not the one that azbackup was released with; scripts run as root on your machines"
        raise CloudError(
            Problem("C121", script.name, "this guest script has been changed", why, "install azbackup again")
        )
    return text.replace("\r\n", "\n")
