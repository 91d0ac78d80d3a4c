"""The ledger's entries in pieces, each linked by itself: what one takes is bounded, however many there are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

from core.ledger.change import Change
from core.machine.freed_memory import give_back_now

AT_ONCE = 2_000  # changes of one piece


def pieces_of(changes: Iterable[Change]) -> Iterator[list[Change]]:
    """Yields the entries in pieces of AT_ONCE at most.

    The memory of a full piece is given back before the next, and before a level is written. Otherwise the C library
    would keep it (of 200,000 changes 150 MB), while the level takes other sizes. A tick that follows a feed has few and
    keeps it.
    """
    left = iter(changes)
    while due := list(islice(left, AT_ONCE)):
        yield due
        if len(due) == AT_ONCE:
            give_back_now()
