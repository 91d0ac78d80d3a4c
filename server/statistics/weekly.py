"""Weeks of a table held against their own history: the figures before them, asked as the table asks; their limits."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

from ronda.v1 import statistics_service_pb2 as contract
from ronda.v1.statistics_service_pb2 import CellState, ChangeState, Dimension
from server.statistics.counting import Counts, count
from server.statistics.coverage import Coverage
from server.statistics.mart import OpenMart
from server.statistics.question import MOST_CELLS, Identities, Question, domain, invalid

if TYPE_CHECKING:
    from server.statistics.charts import Week

METHOD = (
    "Cambio por semana: suma acumulada (CUSUM) de cada celda contra su propia historia, 52 semanas que terminan 4 "
    "antes, según la época del año; los límites son la cifra desde la que esa semana se afirma un cambio. Sin cambio, "
    "a lo sumo 5 de cada 1000 semanas probadas se señalan por azar."
)
_COMPLETE = CellState.CELL_STATE_COMPLETE
_YEARS_BEFORE = 2  # hold charts.HISTORY_WEEKS, and two whole years to learn the season of
_SIGNAL = {
    1: ChangeState.CHANGE_STATE_RISE,
    -1: ChangeState.CHANGE_STATE_FALL,
    0: ChangeState.CHANGE_STATE_NONE,
}

Series = dict[tuple[str, ...], "list[Week]"]


def check_size(question: Question) -> None:
    """Raises Refusal for a table that would be too large with its history."""
    cells = len(question.domains[0]) if question.by else 1
    for each in question.domains[1:]:
        cells *= len(each)
    years = question.last_year - question.first_year + 1
    if cells * (years + _YEARS_BEFORE) > MOST_CELLS * years:
        raise invalid("change", "at most 20,000 combinations")


def counts_with_history(question: Question, opened: OpenMart) -> Counts:
    """Returns the counts of the table's weeks and of the earlier weeks that its limits are learnt from, read once."""
    return count(_longer(question, opened, question.by, question.fixed), opened)


def add_limits(question: Question, opened: OpenMart, cells: list[contract.StatisticsCell], counts: Counts) -> int:
    """Sets the expected figure, limits and signal of each week; returns the number of weeks tested.

    counts: as `counts_with_history` gives them.
    """
    from server.statistics.charts import chart, season  # noqa: PLC0415 # numpy, for workers that are asked for it

    place = question.by.index(Dimension.DIMENSION_WEEK)
    history = _series(_longer(question, opened, question.by, question.fixed), opened, place, counts)
    fixed = {name: code for name, code in question.fixed.items() if name != "place"}
    whole = _longer(question, opened, (Dimension.DIMENSION_WEEK,), fixed)
    country = _series(whole, opened, 0, count(whole, opened))
    seasons = season(country[()], question.first_year)
    first = date(question.first_year, 1, 1)
    charted = {codes: chart(weeks, seasons, first) for codes, weeks in history.items()}
    tested = 0
    for cell in cells:
        codes = tuple(key.code for key in cell.keys)
        found = charted[codes[:place] + codes[place + 1 :]].get(date.fromisoformat(codes[place]))
        if found is not None:
            cell.expected = round(found.expected, 1)
            cell.low, cell.high = round(max(found.low, 0.0), 1), round(found.high, 1)
            cell.change = _SIGNAL[found.signal]
            tested += 1
    return tested


def _longer(question: Question, opened: OpenMart, by: tuple[int, ...], fixed: dict[str, str]) -> Question:
    """The question with the years before, by these dimensions."""
    longer = replace(question, first_year=question.first_year - _YEARS_BEFORE, by=by, fixed=fixed)
    return replace(longer, domains=tuple(tuple(domain(longer, each, opened)) for each in by))


def _series(question: Question, opened: OpenMart, place: int, counts: Counts) -> Series:
    """Codes without the week's -> its weeks, in order; as they are shown."""
    from server.statistics.charts import Week, is_whole_week  # noqa: PLC0415

    coverage, identities = Coverage(question, opened), Identities(question)
    found: Series = {}
    weeks = {code: date.fromisoformat(code) for code, _ in question.domains[place]}
    for nodes in itertools.product(*question.domains):
        codes = tuple(code for code, _ in nodes)
        first = weeks[codes[place]]
        whole = is_whole_week(first) and coverage.state(codes) == _COMPLETE
        figure = opened.disclosure.shown(identities.of(codes), counts.get(codes, 0))
        found.setdefault(codes[:place] + codes[place + 1 :], []).append(Week(first, figure, whole))
    return found
