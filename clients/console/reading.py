"""Tables as received, read once: officers who get the same bytes share the result.

Each officer still asks with their own token; only the reading of equal bytes is shared.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from functools import cached_property
from typing import Any

from clients.console.drawings import drawn_hours
from clients.console.tiles import TileBoard, tile_board
from clients.statistics.asking import FigureTable
from ronda.v1 import statistics_service_pb2 as contract

MOST = 32


class SeenTable:
    """A table, and what is made of it; nobody changes it."""

    def __init__(self, parts: tuple[bytes, ...]) -> None:
        self.table = FigureTable(contract.StatisticsFrame())
        for part in parts:
            message = contract.QueryResponse.FromString(part)
            if message.HasField("frame"):
                self.table.frame.CopyFrom(message.frame)
            self.table.cells.extend(message.cells)
        self._texts: dict[tuple[str, ...], str] = {}

    @property
    def mart_id(self) -> str:
        """Id of the mart that answered."""
        return str(self.table.frame.mart_id)

    @cached_property
    def tiles(self) -> TileBoard:
        """The tiles of a table by week and place."""
        return tile_board(self.table)

    @cached_property
    def hours(self) -> dict[str, Any]:
        """The hours of a table by weekday and hour."""
        return drawn_hours(self.table)

    def text(self, key: tuple[str, ...], make: Callable[[], str]) -> str:
        """A text that is made of the table and of `key` alone."""
        if key not in self._texts:
            self._texts[key] = make()
        return self._texts[key]


class SeenTables:
    """The last tables that came."""

    def __init__(self) -> None:
        self._seen: OrderedDict[tuple[bytes, ...], SeenTable] = OrderedDict()

    def table(self, parts: tuple[bytes, ...]) -> SeenTable:
        """Returns the table from the messages of one answer. Raises DecodeError."""
        found = self._seen.get(parts)
        if found is None:
            found = self._seen[parts] = SeenTable(parts)
            while len(self._seen) > MOST:
                self._seen.popitem(last=False)
        self._seen.move_to_end(parts)
        return found
