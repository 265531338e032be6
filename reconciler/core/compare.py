"""Where two normalised documents differ, path by path.

deepdiff explains unequal pairs; it never finds them: walking an equal pair with it costs about a thousand times as much as `==`
(field/sdk.md 2.4).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from reconciler.core.wire import dig


@dataclass(frozen=True, slots=True)
class Difference:
    """`path` is dotted; `before` is the live value and `after` the wanted one; None stands for absent."""

    path: str
    before: object
    after: object


def differences(live: Mapping[str, object], wanted: Mapping[str, object]) -> tuple[Difference, ...]:
    """The paths, sorted, at which `wanted` differs from `live`. Lists count as one value."""
    if live == wanted:
        return ()
    from deepdiff import DeepDiff  # costs a quarter of a second to import, and only changes need it

    # A tag may be called __x: deepdiff would take it for a private variable and be silent.
    tree = DeepDiff(live, wanted, view="tree", threshold_to_diff_deeper=0, ignore_private_variables=False)
    found = {_path_to_value(level.path(output_format="list")) for levels in tree.values() for level in levels}
    return tuple(Difference(".".join(path), dig(live, *path), dig(wanted, *path)) for path in sorted(found) if path)


def _path_to_value(path: list[str | int]) -> tuple[str, ...]:
    keys: list[str] = []
    for key in path:
        if isinstance(key, int):
            break
        keys.append(str(key))
    return tuple(keys)
