"""Figures of ./run bench-names: metrics, the oracle of ties, bars that were not measured."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pytest

from bench.names import bars, metrics
from bench.names.oracle_ties import NO_SECOND_GIVEN, NO_SECOND_SURNAME, ORDER, TieOracle
from bench.names.population import PARTS, Population


def test_ranks_count_equal_keys_once() -> None:
    assert metrics.rank_of("b", ["a", "a", "a", "b"]) == 2
    assert metrics.rank_of("c", ["a"]) is None
    assert metrics.recall_at([1, 2, None, 6], 5) == 0.5
    assert metrics.recall_at([], 5) == 0.0


def test_the_threshold_lets_no_more_strangers_through_than_allowed() -> None:
    strangers = [0.0] * 90 + [0.5] * 8 + [0.9] * 2
    limit = metrics.threshold_at(strangers, 0.02)
    assert sum(score >= limit for score in strangers) <= 2
    assert metrics.recall_at_rate([0.9, 0.6, 0.5, 0.4], strangers, 0.02) == 0.5
    tied = metrics.threshold_at(strangers, 0.01)  # both of 0.9 stand or fall together
    assert sum(score >= tied for score in strangers) == 0


def test_the_curve_rises_and_meets_the_thresholds() -> None:
    truths, strangers = [0.9, 0.8, 0.3], [0.85, 0.2, 0.1, 0.0]
    alarms, recalls = metrics.curve(truths, strangers)
    assert alarms.tolist() == sorted(alarms.tolist()) and recalls.tolist() == sorted(recalls.tolist())
    assert (alarms[-1], recalls[-1]) == (1.0, 1.0)
    assert (0.0, pytest.approx(1 / 3)) in list(zip(alarms.tolist(), recalls.tolist(), strict=True))


def test_reliability_of_a_score_that_says_what_it_is() -> None:
    scores = [0.25] * 100 + [0.75] * 100
    same = [place % 4 == 0 for place in range(100)] + [place % 4 != 0 for place in range(100)]
    assert metrics.calibration_error(metrics.reliability(scores, same)) == pytest.approx(0)
    assert metrics.calibration_error(metrics.reliability([1.0] * 10, [False] * 10)) == pytest.approx(1)


def test_f1_and_its_best_threshold() -> None:
    scores, same = [0.9, 0.8, 0.8, 0.4, 0.3], [True, True, True, False, False]
    limit = metrics.best_limit(scores, same)
    assert limit == 0.8
    assert metrics.f1(scores, same, limit) == (1.0, 1.0, 1.0)
    assert metrics.f1(scores, same, 0.85)[2] == pytest.approx(1 / 3)


def _population(names: Sequence[tuple[str, ...]], years: list[int]) -> Population:
    rows: list[dict[str, Any]] = []
    for number, (name, year) in enumerate(zip(names, years, strict=True)):
        rows.append(
            dict(zip(PARTS, [part or None for part in (*name, "")], strict=True))
            | {"cui": f"{number + 1:013d}", "birth_date": datetime.date(year, 1, 1), "death_date": None, "sex": 2}
            | {"birth_department": 1, "home_department": 1, "father_name": None, "mother_name": None}
        )
    return Population(pa.Table.from_pylist(rows))


@pytest.fixture
def people() -> Population:
    names = [
        ("José", given, "", "Pérez", surname) for given in ("Luis", "Juan", "Mario") for surname in ("Cruz", "Díaz")
    ]
    names += [
        ("JOSE", "LUIS", "", "PEREZ", "CRUZ"),
        ("José", "", "", "Pérez", "Cruz"),
        ("Luis", "José", "", "Pérez", "Cruz"),
    ]
    return _population(names, [1980, 1981, 1982, 1983, 1984, 1985, 1980, 1980, 1980])


def test_equal_standardised_names_share_a_group(people: Population) -> None:
    assert people.group[0] == people.group[6]
    assert people.group_size[people.group[0]] == 2
    assert people.place("0000000000003") == 2
    assert people.place("9999999999999") is None and people.place("") is None


def test_the_oracle_breaks_ties_at_random_and_puts_the_very_words_first(people: Population) -> None:
    oracle = TieOracle(people, with_year=False)
    # JOSE ... PEREZ CRUZ: LUIS, JUAN, MARIO, and LUIS JOSE tie; JOSE PEREZ CRUZ himself stands before them
    assert oracle.recall(NO_SECOND_GIVEN, 0, "JOSE", first=2) == pytest.approx(1 / 4)
    assert oracle.recall(NO_SECOND_GIVEN, 0, "JOSE", first=5) == 1.0
    assert oracle.recall(NO_SECOND_SURNAME, 0, "", first=1) == pytest.approx(1 / 2)
    assert oracle.recall(ORDER, 0, "", first=1) == pytest.approx(1 / 2)  # JOSE LUIS and LUIS JOSE
    dated = TieOracle(people, with_year=True)
    assert dated.recall(NO_SECOND_GIVEN, 2, "JOSE", first=1) == 1.0


def test_halves_are_by_person_and_both_there(people: Population) -> None:
    halves = {people.held_back(place) for place in range(people.count)}
    assert halves == {True, False}


def test_a_bar_that_was_not_measured_is_listed_and_not_met() -> None:
    values = bars.values({"recall": None, "minutes": 12.5})
    assert set(values) == set(bars.BARS)
    rows = {name: bar.measured(values[name]) for name, bar in bars.BARS.items()}
    assert rows["minutes"]["met"] is True
    assert all(row["value"] is None and row["met"] is False for name, row in rows.items() if name != "minutes")
