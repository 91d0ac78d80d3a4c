"""Checks what a tile says of a week, rule by rule: unknown is never green, a silent or broken register is no fall."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from clients.console.drawings import drawn_hours, tile_text
from clients.console.tiles import FALL, GREY, RISE, SAME, SIGNS, UNTESTED, WORDS, tile_board
from clients.statistics.asking import FigureTable
from ronda.v1 import statistics_service_pb2 as contract
from ronda.v1.value_pb2 import CodedText, PartialDate

_WEEK = date(2025, 11, 3)
_COMPLETE, _GAP = contract.CELL_STATE_COMPLETE, contract.CELL_STATE_GAP
_STALE, _PROVISIONAL = contract.CELL_STATE_STALE, contract.CELL_STATE_PROVISIONAL
_TESTED: dict[str, Any] = {"expected": 20.0, "low": 5.0, "high": 40.0}


def cell(week: date, state: int, place: str = "01", **more: Any) -> contract.StatisticsCell:
    keys = [CodedText(code=week.isoformat(), text=""), CodedText(code=place, text="Guatemala")]
    return contract.StatisticsCell(keys=keys, state=state, **more)  # type: ignore[arg-type]


def table(*cells: contract.StatisticsCell) -> FigureTable:
    frame = contract.StatisticsFrame(as_of=PartialDate(year=2025, month=11, day=12))
    frame.source.institution = "PNC"
    return FigureTable(frame, list(cells))


@pytest.mark.parametrize(
    ("state", "given", "shown", "tested"),
    [
        (_COMPLETE, {"value": 20, "change": contract.CHANGE_STATE_NONE, **_TESTED}, SAME, 1),
        (_COMPLETE, {"value": 45, "change": contract.CHANGE_STATE_RISE, **_TESTED}, RISE, 1),
        (_COMPLETE, {"change": contract.CHANGE_STATE_FALL, **_TESTED}, FALL, 1),  # hidden, and below its limit
        (_COMPLETE, {"value": 5}, UNTESTED, 0),
        (_GAP, {}, GREY, 0),
        (_STALE, {"value": 20}, GREY, 0),
        (contract.CELL_STATE_UNSPECIFIED, {"value": 20}, GREY, 0),
    ],
)
def test_a_tile_says_no_more_than_its_week(state: int, given: dict[str, Any], shown: str, tested: int) -> None:
    other = cell(_WEEK, _STALE if state == _STALE else _COMPLETE, "02", value=20)
    board = tile_board(table(cell(_WEEK, state, **given), other))
    (tile,) = (each for each in board.tiles if each.code == "01")
    assert tile.state == shown
    assert (tile.word, tile.sign) == (WORDS[shown], SIGNS[shown])
    assert board.tested == tested
    assert bool(tile.reason) == (shown in (GREY, UNTESTED))
    if shown == GREY:
        assert tile.figure is None  # no number that looks like a fall
        assert "GRIS" in tile_text(tile)


def test_the_last_whole_week_is_shown_and_none_that_still_comes_in() -> None:
    week = timedelta(7)
    board = tile_board(
        table(
            cell(_WEEK - week, _COMPLETE, value=20),
            cell(_WEEK, _COMPLETE, value=25),
            cell(_WEEK + week, _PROVISIONAL, value=5),
            cell(date(2025, 12, 29), _COMPLETE, value=5),  # cut by the turn of the year
        )
    )
    assert board.week == _WEEK
    assert board.tiles[0].figure == 25


def test_a_silent_source_is_told_by_name_and_day() -> None:
    board = tile_board(table(cell(_WEEK - timedelta(7), _STALE, value=20), cell(_WEEK, _STALE, value=20)))
    assert board.grey_reason == "PNC no entrega desde el 12/11/2025"
    assert {tile.state for tile in board.tiles} == {GREY}


def test_a_signal_of_late_is_still_told_and_then_no_more() -> None:
    for ago, told in ((1, "▲ la semana anterior"), (3, "▲ hace 3 semanas"), (5, "")):
        called = cell(_WEEK - timedelta(7 * ago), _COMPLETE, value=45, change=contract.CHANGE_STATE_RISE, **_TESTED)
        now = cell(_WEEK, _COMPLETE, value=20, change=contract.CHANGE_STATE_NONE, **_TESTED)
        assert tile_board(table(called, now)).tiles[0].recent == told


def test_no_week_at_all_is_grey() -> None:
    board = tile_board(table(cell(_WEEK, _PROVISIONAL, value=20)))
    assert (board.week, board.tiles[0].state) == (None, GREY)


def test_hidden_hours_are_blank_and_counted() -> None:
    cells = [
        contract.StatisticsCell(keys=[CodedText(code="1", text="lunes"), CodedText(code=hour)], value=value)
        for hour, value in (("0", 10), ("1", None), ("", 5))
    ]
    drawn = drawn_hours(FigureTable(contract.StatisticsFrame(), cells))
    assert drawn["cells"] == [[0, 0, 10], [1, 0, None]]
    assert drawn["hidden"] == 1
