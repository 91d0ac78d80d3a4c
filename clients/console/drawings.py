"""Data for the page's script: values and texts of the charts, all of them figures as they left the server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from clients.console.tiles import TileBoard
from clients.statistics.words import STATES
from ronda.v1.statistics_service_pb2 import CellState

if TYPE_CHECKING:
    from clients.statistics.asking import Cell, FigureTable


def drawn_map(board: TileBoard) -> list[dict[str, Any]]:
    """A place each, as the map and its reader for the blind have it."""
    return [
        {"name": tile.code, "title": tile.name, "state": tile.state, "sign": tile.sign, "text": tile_text(tile)}
        for tile in board.tiles
    ]


def tile_text(tile: Any) -> str:
    """One line: state, figure, limits, reason."""
    told = f"{tile.name}: {tile.word}"
    if tile.reason:
        return f"{told}, {tile.reason}"
    figure = "oculta" if tile.figure is None else str(tile.figure)
    return f"{told}, {figure}; límites {tile.low:.0f} a {tile.high:.0f}"


def drawn_hours(table: FigureTable) -> dict[str, Any]:
    """Weekday by hour: [hour, weekday, figure or None]."""
    days: dict[str, int] = {}
    names: list[str] = []
    cells = []
    for cell in table.cells:
        day, hour = cell.keys[0], cell.keys[1].code
        if day.code not in days:
            days[day.code] = len(days)
            names.append(day.text)
        if hour:
            cells.append([int(hour), days[day.code], _figure(cell)])
    state = table.cells[0].state if table.cells else CellState.CELL_STATE_UNSPECIFIED  # one period, one place
    grey = state in (CellState.CELL_STATE_STALE, CellState.CELL_STATE_GAP)
    hidden = sum(each[2] is None for each in cells)
    return {"days": names, "cells": cells, "grey": grey, "told": STATES[state], "hidden": hidden}


def drawn_trend(now: FigureTable, before: FigureTable | None) -> dict[str, Any]:
    """Months: as known now, where whole and where not, and as known at an earlier day."""
    labels = [cell.keys[0].text for cell in now.cells]
    whole = [_figure(cell) if cell.state == CellState.CELL_STATE_COMPLETE else None for cell in now.cells]
    partial = [None if cell.state == CellState.CELL_STATE_COMPLETE else _figure(cell) for cell in now.cells]
    last = max((place for place, cell in enumerate(now.cells) if cell.HasField("value")), default=-1) + 1
    drawn: dict[str, Any] = {"labels": labels[:last], "whole": whole[:last], "partial": partial[:last]}
    if before is not None:
        day = before.frame.vintage
        figures = [_figure(cell) for cell in before.cells][:last]
        drawn |= {"before": figures, "before_day": f"{day.day:02}/{day.month:02}/{day.year}"}
    return drawn


def _figure(cell: Cell) -> int | None:
    return cell.value if cell.HasField("value") else None
