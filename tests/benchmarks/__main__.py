"""`make bench`: prints the costs; `python -m tests.benchmarks 1000x1` measures one size."""

from __future__ import annotations

import resource
import sys

from tests.benchmarks.guests import GuestEstate
from tests.benchmarks.plan_without_changes import measure

_SIZES = ("10x1", "1000x1", "10000x10")


def main(sizes: list[str]) -> None:
    print("plan without changes, 5 policies a vault; medians of 5 runs")
    print(
        f"{'VMs x vaults':>14} {'requests':>9} {'spec s':>8} {'plan s':>8} {'json s':>8} {'ratio':>6} {'peak MiB':>9}"
    )
    for size in sizes or _SIZES:
        vms, vaults = (int(part) for part in size.split("x"))
        cost = measure(vms, vaults, 5)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(
            f"{size:>14} {cost.requests:>9} {cost.spec_seconds:>8.3f} {cost.plan_seconds:>8.3f} "
            f"{cost.bare_seconds:>8.3f} {cost.ratio:>6.1f} {peak:>9.0f}"
        )
    estate = GuestEstate(1000)
    for when in ("nothing has run yet", "all have run"):
        print(f"1000 VMs with guests, {when}: plan {estate.plan()[0]} requests, preflight {estate.preflight()}")
        estate.run_commands()


if __name__ == "__main__":
    main(sys.argv[1:])
