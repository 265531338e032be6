"""Room for questions: the lists of a large estate leave less of it."""

import pytest

from reconciler.preflight.questions import FEWEST_QUESTIONS, MOST_QUESTIONS, Questions


@pytest.mark.parametrize(
    ("vms", "left"),
    [(0, MOST_QUESTIONS), (100, MOST_QUESTIONS - 2), (1_000, FEWEST_QUESTIONS), (10_000, FEWEST_QUESTIONS)],
)
def test_larger_estates_leave_less_room(vms: int, left: int) -> None:
    assert Questions(vms).left == left


def test_nothing_is_taken_beyond_what_is_left_or_kept_for_others() -> None:
    room = Questions(1_000)
    assert [room.take(4), room.take(4), room.take(keep=2), room.take(keep=1)] == [True, False, False, True]
    assert [room.take_half(9), room.take_half(9), room.left] == [1, 0, 0]
