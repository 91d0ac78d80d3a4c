"""Positions of a source's numbers in the ledger, eight bytes for each: a year of 20,000 a day is 7.3 million."""

from __future__ import annotations

from array import array

from core.ledger.change import Change


class Places:
    """Places by number, from 1; in the place of one that is not written yet stands the change itself."""

    def __init__(self, whole: array[int] | None = None) -> None:
        # Places of the numbers from 1 up to the first gap; the first element is unused.
        self._whole = whole if whole is not None else array("Q", (0,))
        self._others: dict[int, int | Change] = {}

    def __contains__(self, number: int) -> bool:
        return 0 < number < len(self._whole) or number in self._others

    def get(self, number: int) -> int | Change | None:
        """Returns the place, or the change; None = it never came."""
        return self._whole[number] if 0 < number < len(self._whole) else self._others.get(number)

    @property
    def whole(self) -> array[int] | None:
        """Places by number, the first of 0; None where a number is missing before the last, or not written."""
        return None if self._others else self._whole

    def put(self, number: int, place: int | Change) -> None:
        """Keeps the place of a number that came, or is written by now."""
        if 0 < number < len(self._whole) and isinstance(place, int):
            self._whole[number] = place
            return
        if number < len(self._whole):  # released after it was held: not written yet, under a number that is
            self._split(number)
        self._others[number] = place
        while isinstance(known := self._others.get(len(self._whole)), int):
            self._whole.append(known)
            del self._others[len(self._whole) - 1]

    def _split(self, number: int) -> None:
        """Takes the numbers from this one on out of the array, till it is written."""
        for each in range(number, len(self._whole)):
            self._others[each] = self._whole[each]
        del self._whole[number:]
