"""Chance that is the same on every Python: streams named by seed, kind and number, made of uniform draws alone."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import accumulate
from random import Random
from typing import TypeVar

T = TypeVar("T")


@lru_cache(maxsize=1024)
def _cumulated(weights: tuple[tuple[object, float], ...]) -> tuple[tuple[object, ...], tuple[float, ...]]:
    return tuple(key for key, _ in weights), tuple(accumulate(weight for _, weight in weights))


class Draws:
    """One stream. What is drawn for one person does not depend on how many others are made, nor in which order."""

    def __init__(self, seed: int, *stream: str | int) -> None:
        # Of Random only random() is used: choices, shuffle and the like may change from one Python to the next.
        self._uniform = Random(":".join(str(word) for word in (seed, *stream))).random

    def chance(self, share: float) -> bool:
        """True in this share of the cases."""
        return self._uniform() < share

    def below(self, limit: int) -> int:
        """0 to limit - 1."""
        return int(self._uniform() * limit)

    def between(self, first: int, last: int) -> int:
        """first to last, both included."""
        return first + self.below(last - first + 1)

    def pick(self, choices: Sequence[T]) -> T:
        """One of them, each as likely."""
        return choices[self.below(len(choices))]

    def place(self, cumulative: Sequence[float]) -> int:
        """A place by cumulative weights."""
        return min(bisect_right(cumulative, self._uniform() * cumulative[-1]), len(cumulative) - 1)

    def weighted(self, weights: Mapping[T, float]) -> T:
        """A key by its weight."""
        keys, cumulative = _cumulated(tuple(weights.items()))
        return keys[self.place(cumulative)]  # type: ignore[return-value]

    def mixed(self, things: Sequence[T]) -> list[T]:
        """All of them, in any order."""
        left, found = list(things), []
        while left:
            found.append(left.pop(self.below(len(left))))
        return found
