"""From wanted and live values to a plan. Pure: no I/O, no clock, no randomness; the same inputs give the same bytes."""

from reconciler.plan.make import entries_by_address, make_plan
from reconciler.plan.posture import posture

__all__ = ["entries_by_address", "make_plan", "posture"]
