"""A change that no rule foresaw is refused by itself, and holds up nobody else's."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import duckdb

from core.ledger.change import Change
from indexer.live.fed_rows import RefusedChange

# What a row alone may cause; OSError, MemoryError, CoreError and what DuckDB says of disk and memory are none of these.
_OF_A_CHANGE = (ValueError, TypeError, LookupError, ArithmeticError, duckdb.DataError, duckdb.ProgrammingError)


def settle_each(
    due: Sequence[Change], settle: Callable[[Sequence[Change]], Sequence[RefusedChange]]
) -> list[RefusedChange]:
    """Settles changes, all at once where that goes, and returns those that were refused.

    settle: returns the changes that it refuses; what it raises leaves everything as it was. What fails for another
    reason than a change (disk, memory, the base) is raised.
    """
    try:
        return list(settle(due))
    except _OF_A_CHANGE as error:
        if len(due) == 1:
            return [RefusedChange.of(due[0], f"not_linked {type(error).__name__}")]
    half = len(due) // 2
    return settle_each(due[:half], settle) + settle_each(due[half:], settle)
