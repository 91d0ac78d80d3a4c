"""A table of figures from a server, whole."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ronda.v1 import statistics_service_pb2 as contract

if TYPE_CHECKING:
    from clients.client.connection import Connection

Cell = contract.StatisticsCell


@dataclass
class FigureTable:
    """A frame and its cells, in the order of the server."""

    frame: contract.StatisticsFrame
    cells: list[Cell] = field(default_factory=list)


def ask_table(connection: Connection, request: contract.QueryRequest, timeout: float) -> FigureTable:
    """Raises grpc.RpcError."""
    table = FigureTable(contract.StatisticsFrame())
    for message in connection.statistics.Query(request, timeout=timeout):
        if message.HasField("frame"):
            table.frame.CopyFrom(message.frame)
        table.cells.extend(message.cells)
    return table
