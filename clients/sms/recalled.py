"""The recalls that the SMSC took lately, by telephone: what an answer of before says may no longer be so."""

from __future__ import annotations

import time
from collections import OrderedDict

_TELEPHONES = 50_000
_ANSWERS = 100  # of one telephone, newest last: longer than a session's questions


class Recalled:
    """Recall parts in memory alone: a restart forgets the parts of answers, too."""

    def __init__(self) -> None:
        self._of: OrderedDict[str, tuple[float, tuple[int, ...]]] = OrderedDict()

    def add(self, number: str, reference: int) -> None:
        """Remembers a recall of the answer with this number; 0 = it has none."""
        _, references = self._of.get(number, (0.0, ()))
        self._of[number] = time.time(), (*references, reference)[-_ANSWERS:]
        self._of.move_to_end(number)
        if len(self._of) > _TELEPHONES:
            self._of.popitem(last=False)

    def since(self, number: str) -> float:
        """Returns the time (Unix) of the telephone's newest recall; 0 = none."""
        return self._of.get(number, (0.0, ()))[0]

    def holds(self, number: str, reference: int) -> bool:
        """Returns whether this answer was recalled."""
        return reference in self._of.get(number, (0.0, ()))[1]
