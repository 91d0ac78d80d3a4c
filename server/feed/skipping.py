"""Two officers give up a number with a change that cannot be taken: the first asks, another agrees within an hour."""

from __future__ import annotations

from typing import NamedTuple

_WAITS_S = 3600.0
_ASKED_MOST = 1000  # at once


class Numbered(NamedTuple):
    """A number of a source's changes of a register, and the record that its change named; "" = unknown."""

    source: str
    register: str
    sequence: int
    record_id: str


class Skipping:
    """The numbers that one officer asked for. Forgotten with the process: the first officer asks again."""

    def __init__(self) -> None:
        self._asked: dict[Numbered, tuple[str, float]] = {}

    def agrees(self, numbered: Numbered, officer: str, now_s: float) -> bool:
        """Notes that an officer asks; returns whether another one had asked for the very same before.

        officer: "institution/NIP". now_s: steady seconds.
        """
        self._asked = {each: asked for each, asked in self._asked.items() if now_s - asked[1] < _WAITS_S}
        first = self._asked.get(numbered)
        if first is not None and first[0] != officer:
            del self._asked[numbered]
            return True
        if first is not None or len(self._asked) < _ASKED_MOST:
            self._asked[numbered] = (officer, now_s)
        return False
