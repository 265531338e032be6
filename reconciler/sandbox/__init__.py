"""The local Azure: `handle(world, request) -> response` over one SQLite file, with virtual time and scripted faults.

It knows nothing of specs and plans on purpose, so that a misunderstanding there cannot agree with itself here.
What it does is taken from recorded exchanges and named documents; see docs/sandbox.md.
"""

from reconciler.sandbox import rows

__all__ = ["rows"]  # importing the rows registers their delayed effects with the world
