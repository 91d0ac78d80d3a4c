"""The figures of the second alert list against values worked out by hand."""

from __future__ import annotations

import math

import pytest

from bench.foreign_list import scoring


def test_wilsons_interval() -> None:
    # 8 of 10: centre (0.8 + 3.8415/20) / 1.38415 = 0.7167, half 0.2266
    found = scoring.share(8, 10)
    assert found.value == 0.8
    assert found.low == pytest.approx(0.4902, abs=1e-4)
    assert found.high == pytest.approx(0.9433, abs=1e-4)
    whole = scoring.share(10, 10)
    assert whole.low == pytest.approx(0.7225, abs=1e-4) and whole.high == 1.0
    assert scoring.share(0, 0) == scoring.Share(0, 0, 0.0, 0.0, 1.0)


def test_recall_at_the_first_so_many() -> None:
    questions = [{"person": "a"}, {"person": "b"}, {"person": "c"}, {"person": "d"}]
    orders = {"a": ["a", "x"], "b": ["x", "b"], "c": ["x", "y", "c"], "d": []}
    first, second = (scoring.recall_at(questions, lambda q: orders[q["person"]], n) for n in (1, 2))
    assert (first.hits, first.total, second.hits) == (1, 4, 2)


def test_the_limit_of_a_rate_never_alerts_more_than_allowed() -> None:
    strangers = [0.9, 0.9] + [0.5] * 8 + [0.0] * 90
    at_two = scoring.at_rate([0.95, 0.9, 0.6, 0.4], strangers, 0.02)
    # 2 of 100 may be alerted: both of 0.9; the least limit above 0.5 that any score has is 0.6.
    assert (at_two.limit, at_two.alarms.hits, at_two.recall.hits) == (0.6, 2, 3)
    at_one = scoring.at_rate([0.95, 0.9, 0.6, 0.4], strangers, 0.01)
    assert (at_one.limit, at_one.alarms.hits, at_one.recall.hits) == (0.95, 0, 1)
    none = scoring.at_rate([0.3], [0.9], 0.01)
    assert none.limit == math.inf and none.recall.hits == 0
    assert scoring.at_rate([0.9], [], 0.01).recall.hits == 0
    own = scoring.at_limit([0.95, 0.4], strangers, 0.5)
    assert (own.recall.hits, own.alarms.hits, own.rate) == (1, 10, 0.1)


def test_f1_and_its_best_limit() -> None:
    scores, same = [0.9, 0.8, 0.7, 0.6, 0.2], [True, False, True, True, False]
    verdict = scoring.f1_at(scores, same, 0.7)
    # Two right of three said, two of three found.
    assert verdict.f1 == pytest.approx(2 / 3)
    assert (verdict.precision.hits, verdict.precision.total, verdict.recall.hits, verdict.recall.total) == (2, 3, 2, 3)
    # At 0.6: three of four said, all found: 6/7.
    assert scoring.best_limit(scores, same) == 0.6
    assert scoring.f1_at(scores, same, 0.6).f1 == pytest.approx(6 / 7)
    assert scoring.f1_at([0.1], [False], 0.5).f1 == 0.0
    assert scoring.best_limit([0.5, 0.5], [True, False]) == 0.5
    assert scoring.best_limit([0.5], [False]) == math.inf


def test_auc_counts_ties_half() -> None:
    # Of the six pairs of one and two: 0.9 beats both, 0.5 beats 0.1 and ties 0.5, 0.05 beats none.
    assert scoring.auc([0.9, 0.5, 0.05, 0.5, 0.1], [True, True, True, False, False]) == pytest.approx(3.5 / 6)
    assert scoring.auc([0.2], [True]) == 0.5


def test_calibration_by_tenths() -> None:
    found = scoring.calibration([0.05, 0.95, 1.0, 0.95, 0.9], [False, True, True, False, True])
    assert [tenth.pairs for tenth in found] == [1, 0, 0, 0, 0, 0, 0, 0, 0, 4]
    last = found[9]
    assert last.expected == pytest.approx(3.8) and last.true == 3
    assert last.off == pytest.approx(0.8 / 3.8)
    assert found[0].off == pytest.approx(1.0) and found[1].off == 0.0
    assert scoring.Tenth(0.0, 1, 0.0, 1).off == math.inf
    with pytest.raises(ValueError, match="probability"):
        scoring.calibration([1.2], [True])
