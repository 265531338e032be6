"""Live checks before protecting: what a plan doesn't look at, and one verdict a VM with the evidence. Pure."""

from reconciler.preflight.check import preflight

__all__ = ["preflight"]
