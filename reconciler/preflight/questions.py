"""How many questions about single things a preflight may ask beyond its lists: all of it stays within 40 requests for 1,000 VMs."""

from __future__ import annotations

MOST_QUESTIONS = 26
FEWEST_QUESTIONS = 6
_VMS_A_QUESTION = 50  # 200 VMs are four pages: of VMs, of their states, of their interfaces, of items


class Questions:
    """What is left to be asked. The checks share it, the most telling ones first."""

    def __init__(self, vms: int) -> None:
        self.left = max(FEWEST_QUESTIONS, MOST_QUESTIONS - vms // _VMS_A_QUESTION)

    def take(self, number: int = 1, *, keep: int = 0) -> bool:
        """Whether so many more may be asked, and `keep` for others; they are counted then."""
        if number + keep > self.left:
            return False
        self.left -= number
        return True

    def take_half(self, wanted: int) -> int:
        """How many of the wanted ones may be asked when the other half is for others; they are counted."""
        taken = min(wanted, (self.left + 1) // 2)
        self.left -= taken
        return taken
