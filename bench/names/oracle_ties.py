"""The best possible results for a cut or turned name: an oracle that knows the change, and breaks ties at random.

The oracle knows the true name and its change. It ranks bearers of exactly the asked words first (nobody can know that
they were cut). Then come the bearers of names that give the asked words after the same change, in random order. Persons
of the very same standardised name (and birth year, if it is asked) count as one.
"""

from __future__ import annotations

import numpy as np

from bench.names.population import Ints, Population, packed

ORDER, NO_SECOND_GIVEN, NO_SECOND_SURNAME = "swapped order", "dropped second name", "dropped second surname"
KINDS = (ORDER, NO_SECOND_GIVEN, NO_SECOND_SURNAME)
_YEAR_BITS = 8
_FIRST_YEAR = 1850


def _with_year(key: Ints, year: Ints) -> Ints:
    return (key << _YEAR_BITS) | (year - _FIRST_YEAR)


class _Groups:
    """The number of different standardised names behind a key."""

    def __init__(self, key: Ints, group: Ints) -> None:
        order = np.lexsort((group, key))
        key, group = key[order], group[order]
        new = np.ones(len(key), dtype=bool)
        new[1:] = (key[1:] != key[:-1]) | (group[1:] != group[:-1])
        self._keys: Ints = key[new]

    def count(self, key: int) -> int:
        found = np.searchsorted(self._keys, key, side="right") - np.searchsorted(self._keys, key, side="left")
        return int(found)


class TieOracle:
    """Expected recall of the oracle for one question."""

    def __init__(self, population: Population, with_year: bool) -> None:
        self._population, self._year = population, with_year
        parts, group, year = population.parts, population.group, population.year
        given, surnames = parts[:, :3], parts[:, 3:]
        self._multiset = self._groups(packed(np.sort(parts, axis=1)), group, year)
        several = given[:, 1] != 0
        dropped = [
            (packed(np.column_stack([given[several, i], surnames[several]])), group[several], year[several])
            for i in range(3)
        ]
        keys, groups, years = (np.concatenate(column) for column in zip(*dropped, strict=True))
        self._by_one_given = self._groups(keys, groups, years)
        self._one_given = self._groups(
            packed(np.column_stack([given[~several, 0], surnames[~several]])), group[~several], year[~several]
        )
        two = surnames[:, 1] != 0
        key = packed(np.column_stack([given, surnames[:, 0]]))
        self._by_first_surname = self._groups(key[two], group[two], year[two])
        self._one_surname = self._groups(key[~two], group[~two], year[~two])

    def _groups(self, key: Ints, group: Ints, year: Ints) -> _Groups:
        return _Groups(_with_year(key, year) if self._year else key, group)

    def _key(self, numbers: list[int], year: int) -> int:
        key = int(packed(np.array([numbers], dtype=np.int64))[0])
        return (key << _YEAR_BITS) | (year - _FIRST_YEAR) if self._year else key

    def recall(self, kind: str, place: int, asked_given: str, first: int = 5) -> float:
        """Chance that the truth (a place) is among the first so many. `asked_given`: the given name that was kept."""
        parts = [int(number) for number in self._population.parts[place]]
        year = int(self._population.year[place])
        better = 0
        if kind == ORDER:
            ties = self._multiset.count(self._key(sorted(parts), year))
        elif kind == NO_SECOND_GIVEN:
            key = self._key([self._population.part_numbers[asked_given], *parts[3:]], year)
            ties, better = self._by_one_given.count(key), self._one_given.count(key)
        else:
            key = self._key(parts[:4], year)
            ties, better = self._by_first_surname.count(key), self._one_surname.count(key)
        return max(0.0, min(1.0, (first - better) / max(1, ties)))
