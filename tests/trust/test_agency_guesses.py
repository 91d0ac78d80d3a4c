"""An agency that guesses who exists in a dense range, hidden among people on file, is refused; honest files pass."""

from __future__ import annotations

import random
from itertools import count, islice
from pathlib import Path

import pytest

from core.access.limits import Limits
from tests.trust.agency_files import (
    DAY,
    NOW,
    agency_of,
    anybody,
    first_serial,
    guesses,
    honest_file,
    row_of,
    rows_passed,
)
from tests.trust.walks import place


@pytest.mark.parametrize("known", ["one row", "twenty rows", "always others"])
def test_fifteen_percent_guesses_in_a_dense_range_are_refused(tmp_path: Path, known: str) -> None:
    rng = random.Random(1)
    again = {"one row": 1, "twenty rows": 20}.get(known, 0)
    rows = guesses(rng, 0.15, [anybody(rng) for _ in range(again)])
    assert len(rows_passed(agency_of(Limits(tmp_path / "limits")), rows, 20_000, NOW)) < 1_500


def test_finds_in_the_range_that_were_asked_before_pay_nothing(tmp_path: Path) -> None:
    """The first look at somebody of the range pays a quarter of a miss, once."""
    rng = random.Random(2)
    home = place(rng)
    known = [anybody(rng, home) for _ in range(20)]
    serials = count(first_serial(home) + 10_000)
    rows = (row_of(next(serials), home) if i % 7 == 0 else known[i % 20] for i in count())
    assert len(rows_passed(agency_of(Limits(tmp_path / "limits")), rows, 20_000, NOW)) < 1_500


def test_it_counts_over_days_and_ever_more(tmp_path: Path) -> None:
    """Nine thousand rows a day for sixty days: few of the 1,350 guesses of each day are answered, and ever fewer."""
    rng = random.Random(3)
    agency, rows = agency_of(Limits(tmp_path / "limits")), guesses(rng, 0.15)
    answered = [len(rows_passed(agency, rows, 9_000, NOW + day * DAY, 9_000)) for day in range(60)]
    guessed = [number * 0.15 for number in answered]
    assert max(guessed[30:]) < 40
    assert sum(guessed) < 800


def test_who_is_nobody_is_not_told_by_the_refusal(tmp_path: Path) -> None:
    rng = random.Random(4)
    agency, home = agency_of(Limits(tmp_path / "limits")), place(rng)
    serials = count(first_serial(home) + 10_000)
    rows_passed(agency, (row_of(next(serials), home) for _ in count()), 5_000, NOW)
    for _ in range(20):
        assert rows_passed(agency, iter([row_of(next(serials), home)]), 1, NOW) == []


def test_the_same_file_again_costs_nothing(tmp_path: Path) -> None:
    """An agency asks 9,000 rows each night, a fifth of them unknown: the first night alone is weighed."""
    rng = random.Random(5)
    agency = agency_of(Limits(tmp_path / "limits"))
    rows = list(islice(honest_file(rng, 0.15), 9_000))
    assert len(rows_passed(agency, iter(rows), 9_000, NOW)) == 9_000
    for night in range(1, 4):
        assert len(rows_passed(agency, iter(rows), 9_000, NOW + night * DAY)) == 9_000


@pytest.mark.parametrize("town", [None, 1401], ids=["country", "town"])
def test_an_honest_file_passes(tmp_path: Path, town: int | None) -> None:
    """The rows are of the whole country, or of one town with all numbers in one dense range."""
    rng = random.Random(6)
    most = 60_000 if town is None else 20_000
    assert len(rows_passed(agency_of(Limits(tmp_path / "limits")), honest_file(rng, 0.10, town), most, NOW)) == most


@pytest.mark.slow
@pytest.mark.long
def test_an_honest_million_passes(tmp_path: Path) -> None:
    rng = random.Random(7)
    assert len(rows_passed(agency_of(Limits(tmp_path / "limits")), honest_file(rng, 0.10), 1_000_000, NOW)) == 1_000_000
