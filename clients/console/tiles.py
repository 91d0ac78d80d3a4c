"""A weekly table as tiles: a place's last week that is whole, held against its limits, or grey with the reason."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from ronda.v1.statistics_service_pb2 import CellState, ChangeState

if TYPE_CHECKING:
    from clients.statistics.asking import Cell, FigureTable

RECENT_WEEKS = 4  # for which a signal is still shown
HIGHEST_FALSE_SHARE = 0.005  # of tested weeks that have not changed (docs/numbers.md)

RISE, FALL, SAME, UNTESTED, GREY = "sube", "baja", "igual", "no-probada", "gris"
WORDS = {RISE: "SUBE", FALL: "BAJA", SAME: "sin cambio", UNTESTED: "no se prueba", GREY: "GRIS"}
SIGNS = {RISE: "▲", FALL: "▼", SAME: "●", UNTESTED: "–", GREY: "▨"}
"""A state is shown by sign and word; its colour only repeats it."""

_REASONS = {
    CellState.CELL_STATE_GAP: "el registro perdió días: no es un descenso",
    CellState.CELL_STATE_PROVISIONAL: "aún llegan reportes de esa semana",
    CellState.CELL_STATE_UNSPECIFIED: "no se sabe si está completa",
}
_SIGNALS = {
    ChangeState.CHANGE_STATE_RISE: RISE,
    ChangeState.CHANGE_STATE_FALL: FALL,
    ChangeState.CHANGE_STATE_NONE: SAME,
}


@dataclass(frozen=True)
class Tile:
    """One place. figure: None = hidden. recent: what a week before called, of late."""

    code: str
    name: str
    state: str
    figure: int | None
    expected: float | None
    low: float | None
    high: float | None
    reason: str
    recent: str

    @property
    def word(self) -> str:
        """The state in Spanish."""
        return WORDS[self.state]

    @property
    def sign(self) -> str:
        """The sign of the state, for users who see no colours."""
        return SIGNS[self.state]

    @property
    def scale(self) -> float:
        """The highest value that a drawing of it must hold."""
        return max(self.high or 0.0, float(self.figure or 0), 1.0) * 1.1


@dataclass(frozen=True)
class TileBoard:
    """week: first day of the week shown; None = none. tested: tiles with a week compared with limits."""

    week: date | None
    tiles: tuple[Tile, ...]
    tested: int
    grey_reason: str

    @property
    def last_day(self) -> date | None:
        """Last day of the week shown."""
        return self.week + timedelta(6) if self.week else None

    @property
    def false_expected(self) -> float:
        """Signals that chance alone may bring, at most."""
        return self.tested * HIGHEST_FALSE_SHARE

    def counts(self) -> dict[str, int]:
        """State -> tiles."""
        return {state: sum(tile.state == state for tile in self.tiles) for state in WORDS}


def tile_board(table: FigureTable) -> TileBoard:
    """The tiles of a table by week and place."""
    by_place: dict[str, dict[date, Cell]] = {}
    names: dict[str, str] = {}
    for cell in table.cells:
        place = cell.keys[1]
        by_place.setdefault(place.code, {})[date.fromisoformat(cell.keys[0].code)] = cell
        names[place.code] = place.text
    stale = _stale_reason(table)
    week = _shown_week(table, by_place, stale)
    tiles = tuple(_tile(code, names[code], cells, week, stale) for code, cells in by_place.items())
    return TileBoard(week, tiles, sum(tile.state in (RISE, FALL, SAME) for tile in tiles), stale)


def _stale_reason(table: FigureTable) -> str:
    if not any(cell.state == CellState.CELL_STATE_STALE for cell in table.cells[:1]):
        return ""
    day = table.frame.as_of
    return f"{table.frame.source.institution} no entrega desde el {day.day:02}/{day.month:02}/{day.year}"


def _shown_week(table: FigureTable, by_place: dict[str, dict[date, Cell]], stale: str) -> date | None:
    """The last that is whole somewhere; of a source that is silent the last before its last delivery."""
    found = {week for cells in by_place.values() for week in cells}
    # Weeks that a year's turn cuts are of fewer days.
    weeks = sorted(week for week in found if week.weekday() == 0 and (week + timedelta(6)).year == week.year)
    if stale:
        day = table.frame.as_of
        known = [week for week in weeks if week + timedelta(6) < date(day.year, day.month, day.day)]
        return known[-1] if known else None
    whole = [
        week
        for week in weeks
        if any(week in cells and cells[week].state == CellState.CELL_STATE_COMPLETE for cells in by_place.values())
    ]
    return whole[-1] if whole else None


def _tile(code: str, name: str, cells: dict[date, Cell], week: date | None, stale: str) -> Tile:
    cell = cells.get(week) if week else None
    if cell is None:
        return Tile(code, name, GREY, None, None, None, None, stale or "no hay semana completa", "")
    figure = cell.value if cell.HasField("value") else None
    if _is_grey(cell):
        reason = stale or _REASONS.get(cell.state, _REASONS[CellState.CELL_STATE_UNSPECIFIED])
        return Tile(code, name, GREY, None, None, None, None, reason, "")
    if not cell.HasField("expected"):
        return Tile(code, name, UNTESTED, figure, None, None, None, "muy pocos por semana para probar", "")
    return Tile(code, name, _SIGNALS[cell.change], figure, cell.expected, cell.low, cell.high, "", _recent(cells, week))


def _is_grey(cell: Cell) -> bool:
    return cell.state != CellState.CELL_STATE_COMPLETE


def _recent(cells: dict[date, Cell], week: date | None) -> str:
    """Returns the signal of an earlier recent week: a sum begins again after its signal."""
    if week is None:
        return ""
    for ago in range(1, RECENT_WEEKS + 1):
        cell = cells.get(week - timedelta(7 * ago))
        if cell is not None and cell.change in (ChangeState.CHANGE_STATE_RISE, ChangeState.CHANGE_STATE_FALL):
            since = "la semana anterior" if ago == 1 else f"hace {ago} semanas"
            return f"{SIGNS[_SIGNALS[cell.change]]} {since}"
    return ""
