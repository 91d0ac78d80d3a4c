"""Silence is no fall: a source that stops while its files go on, a department, a municipality."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.mart.layout import DISCLOSURE_KEY, FOLDER
from indexer.mart.coverage import gaps_of_places
from ronda.v1 import statistics_service_pb2 as contract
from ronda.v1 import value_pb2
from ronda.v1.statistics_service_pb2 import CellState, ChangeState
from server.statistics.mart import OpenMart
from server.statistics.question import read_question
from server.statistics.table import answer
from tests.mart.small_sources import SmallSources

D = contract.Dimension
DAY = datetime.timedelta(1)
TODAY = datetime.date(2025, 11, 27)
DEPARTMENTS = ("01", "05", "13")
Row = list[Any]


def country() -> dict[int, list[Row]]:
    """Events of three departments with three towns each, year by year."""
    rng = np.random.default_rng(1)
    rows: dict[int, list[Row]] = {}
    day, number = datetime.date(2023, 1, 1), 0
    while day < TODAY:
        for department in DEPARTMENTS:
            for town in rng.choice(["01", "02", "03"], rng.poisson(40 / 7), p=[0.5, 0.3, 0.2]).tolist():
                number += 1
                rows.setdefault(day.year, []).append(
                    [f"H{number}", day.isoformat(), "10:00", department + town, "ROBO", "", 1]
                )
        day += DAY
    return rows


@contextmanager
def opened(root: Path, lost: Callable[[Row], bool]) -> Iterator[OpenMart]:
    sources = SmallSources(root)
    for year, rows in country().items():
        delivered = datetime.date(year + 1, 1, 15) if year < TODAY.year else TODAY
        sources.csv(f"hechos_{year}_{delivered:%Y%m%d}.csv", [row for row in rows if not lost(row)])
    with opened_as(sources) as found:
        yield found


@contextmanager
def opened_as(sources: SmallSources) -> Iterator[OpenMart]:
    mart = sources.build().mart
    found = OpenMart(sources.data / FOLDER / mart.id, (sources.data / FOLDER / DISCLOSURE_KEY).read_bytes(), 128, 1)
    try:
        yield found
    finally:
        found.close()


def told(
    mart: OpenMart, by: list[int], vintage: datetime.date = TODAY, **fixed: Any
) -> tuple[contract.StatisticsFrame, list[Any]]:
    asked = contract.QueryRequest(
        rule=contract.COUNTING_RULE_EVENT,
        by=by,  # type: ignore[arg-type]
        filter=contract.StatisticsFilter(first_year=TODAY.year, **fixed),
        vintage=value_pb2.PartialDate(year=vintage.year, month=vintage.month, day=vintage.day),
    )
    messages = list(answer(read_question(asked, mart, TODAY), mart, TODAY, False, True))
    return messages[0].frame, [cell for message in messages for cell in message.cells]


def falls(cells: list[Any]) -> list[str]:
    return [cell.keys[0].code for cell in cells if cell.change == ChangeState.CHANGE_STATE_FALL]


def states(cells: list[Any], first: str, last: str) -> set[int]:
    return {cell.state for cell in cells if first <= cell.keys[0].code <= last}


def test_a_source_whose_files_go_on_without_rows_is_no_fall(tmp_path: Path) -> None:
    with opened(tmp_path, lambda row: row[1] >= "2025-10-25") as mart:
        frame, weeks = told(mart, [D.DIMENSION_WEEK, D.DIMENSION_DEPARTMENT])
        weeks = [cell for cell in weeks if cell.keys[1].code in DEPARTMENTS]
        assert states(weeks, "2025-10-27", "2025-11-17") == {CellState.CELL_STATE_GAP}
        assert falls([cell for cell in weeks if cell.keys[0].code >= "2025-10-20"]) == []
        assert any("sin ningún registro del 25/10/2025 al 26/11/2025" in text for text in frame.coverage)
        _, months = told(mart, [D.DIMENSION_MONTH])
        assert falls(months) == []


@pytest.mark.parametrize(("first", "after"), [("2025-08-04", "2025-09-08"), ("2025-10-27", "2099")])
def test_a_municipality_that_is_silent_is_no_fall_of_it_nor_of_its_department(
    tmp_path: Path, first: str, after: str
) -> None:
    with opened(tmp_path, lambda row: row[3] == "0501" and first <= row[1] < after) as mart:
        frame, weeks = told(mart, [D.DIMENSION_WEEK], municipality="0501")
        whole = (datetime.date.fromisoformat(first) + 14 * DAY).isoformat()
        assert states(weeks, first, whole) == {CellState.CELL_STATE_GAP}
        assert any("sin ningún registro del" in text for text in frame.coverage)
        for place in ({"municipality": "0501"}, {"department": "05"}, {}):
            _, weeks = told(mart, [D.DIMENSION_WEEK], TODAY, **place)
            assert falls([cell for cell in weeks if first <= cell.keys[0].code < after]) == []
        _, weeks = told(mart, [D.DIMENSION_WEEK], municipality="0502")
        assert CellState.CELL_STATE_GAP not in states(weeks, first, whole)
        _, (year,) = told(mart, [], department="13")
        assert year.state != CellState.CELL_STATE_GAP


def test_a_town_whose_reports_are_late_has_lost_nothing() -> None:
    """No record of the last days, where reports still come in: provisional, and no gap; the town beside it has one."""
    days = 400
    first = datetime.date(2025, 1, 1)
    counts = {town: np.full(days, 2, dtype=np.int64) for town in ("0101", "0102", "0103")}
    for town in ("0101", "0102"):
        counts[town][-30:] = 0
    late = first + (days - 60) * DAY
    gaps = gaps_of_places(counts, first, lambda place: late if place == "0102" else first + days * DAY)
    assert [(gap.place, gap.first_day) for gap in gaps] == [("0101", first + (days - 30) * DAY)]
    assert gaps[0].share == gaps[0].country_share
    assert 0.3 < gaps[0].share < 0.36


def test_a_department_that_is_silent_is_told_once() -> None:
    counts = {town: np.full(400, 2, dtype=np.int64) for town in ("0101", "0102", "0201")}
    counts["0101"][100:130] = counts["0102"][100:131] = 0
    gaps = gaps_of_places(counts, datetime.date(2025, 1, 1), lambda _place: datetime.date(2026, 1, 1))
    assert [gap.place for gap in gaps] == ["01"]


def test_an_outage_is_no_fall_at_a_vintage_from_within_it_either(tmp_path: Path) -> None:
    """It is made good by now: a question as of then mentions the gap, one as of today does not."""
    sources = SmallSources(tmp_path)
    rows = country()
    for year, events in rows.items():
        delivered = datetime.date(year + 1, 1, 15) if year < TODAY.year else TODAY
        sources.csv(f"hechos_{year}_{delivered:%Y%m%d}.csv", events)
    within = datetime.date(2025, 9, 1)
    known = [row for row in rows[2025] if row[1] < "2025-09-01" and not (row[3][:2] == "05" and row[1] >= "2025-08-04")]
    sources.csv(f"hechos_2025_{within:%Y%m%d}.csv", known)
    with opened_as(sources) as mart:
        frame, weeks = told(mart, [D.DIMENSION_WEEK], within + 10 * DAY, department="05")
        assert states(weeks, "2025-08-04", "2025-08-18") == {CellState.CELL_STATE_GAP}
        assert falls([cell for cell in weeks if cell.keys[0].code >= "2025-08-04"]) == []
        assert any("sin ningún registro del 04/08/2025" in text for text in frame.coverage)
        _, weeks = told(mart, [D.DIMENSION_WEEK], department="05")
        assert states(weeks, "2025-08-04", "2025-08-18") == {CellState.CELL_STATE_COMPLETE}
