"""Percentiles, what is judged by them, and what a report says; it never says what was asked."""

from __future__ import annotations

import datetime
from collections import Counter
from pathlib import Path

from ronda.objectives.asking import Asked
from ronda.objectives.report import Circumstances, table_rows, to_html, to_json, to_markdown
from ronda.objectives.targets import Target
from ronda.objectives.verdict import judge, percentile

OF = Circumstances("127.0.0.1:50051", True, Path("slo.toml"), datetime.datetime(2026, 11, 27, tzinfo=datetime.UTC))


def target(**more: object) -> Target:
    given = {"name": "one | box", "questions": "q.txt", "rate": 10, "seconds": 10, "p99_ms": 50, **more}
    return Target.model_validate(given)


def test_a_percentile_is_the_nearest_rank() -> None:
    values = [float(value) for value in range(100, 0, -1)]
    assert [percentile(values, share) for share in (0.5, 0.95, 0.99, 0.999)] == [50, 95, 99, 100]
    assert percentile([7.0], 0.5) == 7
    assert percentile([], 0.5) is None


def test_met_and_not_met() -> None:
    fast = Asked([1.0] * 99 + [60.0])
    assert judge(target(), fast).met
    assert not judge(target(), Asked([1.0] * 98 + [60.0] * 2)).met
    assert not judge(target(p50_ms=0.5), fast).met
    failing = Asked([1.0] * 99, Counter({"UNAVAILABLE": 1}))
    assert not judge(target(), failing).met
    assert judge(target(failures=1), failing).met


def test_nothing_answered_is_never_met() -> None:
    verdict = judge(target(failures=100), Asked([], Counter({"UNAVAILABLE": 100})))
    assert not verdict.met
    assert [figure.value for figure in verdict.figures] == [None, None, None, 100]


def test_a_percentile_of_too_few_is_not_told() -> None:
    names = [figure.name for figure in judge(target(), Asked([1.0] * 100)).figures]
    assert names == ["p50_ms", "p95_ms", "p99_ms", "failures"]


def test_the_report_says_what_holds() -> None:
    verdicts = [judge(target(), Asked([1.0] * 100, generations={"20261127T000000Z-1"}))]
    text, page = to_markdown(OF, verdicts), to_html(OF, [judge(target(name="<b>"), Asked([90.0] * 100))])
    assert "verdict: all objectives are met" in text
    assert "one \\| box" in text and "20261127T000000Z-1" in text and "| p99 | 50.00 ms | 1.00 ms | yes |" in text
    assert "NOT all objectives are met" in page and "&lt;b&gt;" in page and "<b>" not in page
    document = to_json(OF, verdicts)
    assert document["met"] and document["targets"][0]["answered"] == 100
    assert len(table_rows(verdicts)) == 4
