"""Tables as they came, read once: officers who are sent the same bytes share what is made of them.

Each is still asked for by each officer with her own token; what is shared is the reading of bytes that she was sent.
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
        """Of the mart that answered."""
        return str(self.table.frame.mart_id)

    @cached_property
    def tiles(self) -> TileBoard:
        """Of a table by week and place."""
        return tile_board(self.table)

    @cached_property
    def hours(self) -> dict[str, Any]:
        """Of a table by weekday and hour."""
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
        """Of the messages of one answer. Raises DecodeError."""
        found = self._seen.get(parts)
        if found is None:
            found = self._seen[parts] = SeenTable(parts)
            while len(self._seen) > MOST:
                self._seen.popitem(last=False)
        self._seen.move_to_end(parts)
        return found
