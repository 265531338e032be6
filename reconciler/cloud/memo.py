"""Answers that are read once: also that something could not be read is an answer."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import TypeVar, cast

from reconciler.core.errors import Unreadable

T = TypeVar("T")


class Memo:
    """Two threads may read the same thing twice; the answers are equally good."""

    def __init__(self) -> None:
        self._answers: dict[Hashable, object] = {}

    def ask(self, key: Hashable, read: Callable[[], T]) -> T:
        """The answer of `read`, asked at most once. Raises `Unreadable` each time when it did."""
        if key not in self._answers:
            try:
                self._answers[key] = read()
            except Unreadable as error:
                self._answers[key] = error
        answer = self._answers[key]
        if isinstance(answer, Unreadable):
            raise answer.with_traceback(None)  # or each asking would make it longer
        return cast(T, answer)
