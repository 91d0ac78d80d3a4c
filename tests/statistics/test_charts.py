"""Weeks held against their own history: what is learnt, what is tested, what signals; and the nation's truth."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, timedelta

import pytest

from bench.numbers.limits import MEANS, simulate
from core.mart.layout import DISCLOSURE_KEY, FOLDER
from ronda.v1 import statistics_service_pb2 as contract
from ronda.v1.statistics_service_pb2 import CellState, ChangeState
from server.statistics.charts import HISTORY_WEEKS, LEAST_PERIODS, Charted, Week, chart, is_whole_week, season
from server.statistics.mart import OpenMart
from server.statistics.question import read_question
from server.statistics.table import answer
from tests.kit.incident_nation import AS_OF, IncidentNation

_FIRST = date(2022, 1, 3)
_SHOWN = date(2023, 6, 5)
_FLAT = [1.0] * 53
_WEEKS = 100


def weeks(figures: list[int | None]) -> list[Week]:
    """One after the other, whole unless a year's turn cuts them."""
    firsts = [_FIRST + timedelta(7 * n) for n in range(len(figures))]
    return [Week(first, figure, is_whole_week(first)) for first, figure in zip(firsts, figures, strict=True)]


def charted(figures: list[int | None]) -> dict[date, Charted]:
    return dict(chart(weeks(figures), _FLAT, _SHOWN))


def steady(last: int | None = 20) -> list[int | None]:
    return [*([15, 20, 25, 20] * 25)[: _WEEKS - 1], last]


def test_the_figure_at_the_limit_signals_and_none_within() -> None:
    last = max(charted(steady()))
    found = charted(steady())[last]
    assert 0 < found.low < 20 < found.high < 60
    high, low = -(-int(found.high * 10 + 9) // 10), int(found.low)
    assert charted(steady(high))[last].signal == 1
    assert charted(steady(int(found.high)))[last].signal == 0
    assert charted(steady(low))[last].signal == -1
    assert charted(steady(low + 1))[last].signal == 0


def test_a_rise_within_the_limits_narrows_those_of_the_next_week() -> None:
    calm, raised = steady(), steady()
    raised[-2] = 30
    last = max(charted(calm))
    assert charted(raised)[last].high < charted(calm)[last].high


def test_the_sum_begins_again_after_a_signal() -> None:
    figures = [*steady(), 60, 60, 60, 60]
    signals = [each.signal for each in charted(figures).values()][-4:]
    assert signals == [1, 1, 1, 1]
    figures = [*steady(), 60, 20, 20, 20]
    assert [each.signal for each in charted(figures).values()][-4:] == [1, 0, 0, 0]


def test_too_little_history_tests_nothing() -> None:
    short = weeks(steady())[-LEAST_PERIODS:]
    assert not chart(short, _FLAT, _SHOWN)


def test_a_small_series_is_not_tested() -> None:
    assert not charted([None] * _WEEKS)
    assert charted([*[None, 5] * (_WEEKS // 2)]) == {}


def test_weeks_that_are_not_whole_are_neither_tested_nor_learnt_from() -> None:
    figures = weeks(steady())
    gap = [Week(week.first, 500, False) if 70 <= place < 80 else week for place, week in enumerate(figures)]
    found = chart(gap, _FLAT, _SHOWN)
    assert not {week.first for week in gap[70:80]} & set(found)
    assert max(each.expected for each in found.values()) < 25
    assert not any(each.signal for each in found.values())


def test_a_season_is_learnt_and_allowed_for() -> None:
    shape = [1.3 if 20 <= place % 52 < 30 else 0.95 for place in range(260)]
    country = weeks([int(5000 * share) for share in shape])
    shares = season(country, 2026)
    assert max(shares) == pytest.approx(1.3 / 1.02, abs=0.05)
    assert min(shares) == pytest.approx(0.95 / 1.02, abs=0.03)
    assert season(country, 2022) == [1.0] * 53  # no whole year before


def test_weeks_of_a_years_turn_are_cut() -> None:
    assert not is_whole_week(date(2025, 1, 1))
    assert not is_whole_week(date(2024, 12, 30))
    assert is_whole_week(date(2025, 1, 6))


def test_chance_is_seldom_called_and_a_doubling_mostly_found() -> None:
    """As `./run bench-numbers` has it, with fewer series: a coarse net."""
    false, _, found = simulate(60, seed=3)
    assert set(false) == set(MEANS)
    assert sum(false.values()) / len(false) < 0.005
    assert found > 0.65
    assert HISTORY_WEEKS < 2 * 52


@pytest.fixture(scope="module")
def opened(incident_nation: IncidentNation) -> Iterator[OpenMart]:
    key = (incident_nation.data / FOLDER / DISCLOSURE_KEY).read_bytes()
    found = OpenMart(incident_nation.folder, key, 128, 1)
    yield found
    found.close()


def asked(
    opened: OpenMart, by: list[int], **fixed: object
) -> tuple[contract.StatisticsFrame, list[contract.StatisticsCell]]:
    request = contract.QueryRequest(
        rule=contract.COUNTING_RULE_EVENT,
        by=by,  # type: ignore[arg-type]
        filter=contract.StatisticsFilter(**fixed),  # type: ignore[arg-type]
        change=True,
    )
    messages = list(answer(read_question(request, opened, AS_OF), opened, AS_OF, False, True))
    return messages[0].frame, [cell for message in messages for cell in message.cells]


WEEK, DEPARTMENT = contract.DIMENSION_WEEK, contract.DIMENSION_DEPARTMENT


@pytest.mark.slow
def test_the_nations_doubling_is_called_and_little_else(incident_nation: IncidentNation, opened: OpenMart) -> None:
    truth = json.loads((incident_nation.directory / "truth" / "incidents.json").read_text(encoding="utf-8"))
    point = truth["change_point"]
    day = date.fromisoformat(point["day"])
    frame, cells = asked(opened, [WEEK], first_year=day.year, offence="02051", department=point["department"])
    rises = [date.fromisoformat(cell.keys[0].code) for cell in cells if cell.change == ChangeState.CHANGE_STATE_RISE]
    assert min(rises) > day - timedelta(7)
    assert min(rises) < day + timedelta(7 * 8)
    assert frame.tested == sum(cell.HasField("expected") for cell in cells) > 45
    assert "CUSUM" in frame.change_method
    _, others = asked(opened, [WEEK, DEPARTMENT], first_year=2023)
    tested = [cell for cell in others if cell.HasField("expected")]
    called = [cell for cell in tested if cell.change != ChangeState.CHANGE_STATE_NONE]
    assert len(tested) > 500
    assert len(called) / len(tested) < 0.01


@pytest.mark.slow
def test_the_outage_is_no_fall_and_late_weeks_are_not_tested(incident_nation: IncidentNation, opened: OpenMart) -> None:
    truth = json.loads((incident_nation.directory / "truth" / "incidents.json").read_text(encoding="utf-8"))
    outage = truth["outage"]
    _, cells = asked(opened, [WEEK, DEPARTMENT], first_year=2025)
    there = [cell for cell in cells if cell.keys[1].code == outage["department"]]
    assert sum(cell.state == CellState.CELL_STATE_GAP for cell in there) >= 3
    assert not any(cell.change == ChangeState.CHANGE_STATE_FALL for cell in there)
    for cell in cells:
        if cell.state != CellState.CELL_STATE_COMPLETE:
            assert cell.change == ChangeState.CHANGE_STATE_UNSPECIFIED
            assert not cell.HasField("expected")
    assert any(cell.state == CellState.CELL_STATE_PROVISIONAL for cell in cells)
