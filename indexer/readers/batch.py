"""The output of every reader: batches of text columns, and the rows that are not whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa

RowRule = Literal["wrong_column_count", "wrong_length", "malformed_row", "undecodable_bytes"]

BATCH_ROWS = 65_536
"""Rows that a reader aims at in a batch: a few tens of megabytes of text."""
BLOCK_BYTES = 8 << 20
"""Bytes that a reader of text files takes at once."""
LINE_BYTES_MAX = 1 << 20
"""A longer line is no row of a register: the file has lost its line breaks."""


class Unreadable(Exception):
    """A source that cannot be read to its end. `why` is for operators and holds no personal data."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True)
class BadRow:
    """A row with unclear columns: its number, the rule it breaks, and its cells as far as they show."""

    row: int
    rule: RowRule
    cells: tuple[str, ...] = ()


@dataclass(frozen=True)
class Batch:
    """Rows in file order. `columns` are the asked ones, in the order asked, of type string."""

    columns: Sequence[pa.Array[Any]]
    rows: npt.NDArray[np.int64]
    undecodable: npt.NDArray[np.uint8] | None = None
    bad: list[BadRow] = field(default_factory=list)
    bytes_done: int = 0


def batch_of_rows(
    rows: list[int],
    cells: Sequence[Sequence[str | None]],
    names: list[str],
    bad: list[BadRow],
    bytes_done: int,
    damaged: list[int] | None = None,
) -> Batch:
    """A batch from rows of cells; `damaged` are places in `rows` that hold U+FFFD for unreadable bytes."""
    by_column = zip(*cells, strict=True) if cells else ([] for _ in names)
    columns = [pa.array(column, pa.string()) for column in by_column]
    undecodable = None
    if damaged:
        undecodable = np.zeros(len(rows), np.uint8)
        undecodable[damaged] = 1
    return Batch(columns, np.array(rows, np.int64), undecodable, bad, bytes_done)


def require_columns(asked: list[str], present: list[str]) -> None:
    """Raises Unreadable for the first asked column that the source lacks."""
    for name in asked:
        if name not in present:
            raise Unreadable(f"column {name!r} is missing")
