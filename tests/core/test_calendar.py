"""core.calendar against its naive twin, and docs/answers.md sections 1 and 3 by example."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core import calendar
from tests.core import naive_calendar

AGREES, DISAGREES, UNKNOWN = 1, 2, 3

any_dates = st.tuples(st.integers(-1, 10001), st.integers(-1, 13), st.integers(-1, 32))
near_years = st.sampled_from([0, 1984, 1985, 1986, 2000, 1900])
partial_dates = st.tuples(near_years, st.integers(0, 12), st.integers(0, 31)).filter(
    lambda d: naive_calendar.date_problem(*d) is None
)
whole_dates = st.dates(date(1000, 1, 1), date(9999, 12, 31))


@given(st.integers(-719162, 2932896))
@example(-719162)
@example(11016)
def test_days_and_dates_equal_the_naive_twin(day: int) -> None:
    found = calendar.date_of(day)
    assert found == naive_calendar.date_of(day)
    if found[0] >= 1000:
        assert calendar.day_of(*found) == day


@given(any_dates)
@example((2023, 2, 29))
@example((0, 2, 29))
@example((2024, 2, 30))
@example((1900, 2, 29))
def test_date_problem_equals_the_naive_twin(parts: tuple[int, int, int]) -> None:
    assert calendar.date_problem(*parts) == naive_calendar.date_problem(*parts)
    if not naive_calendar.is_whole(parts):
        with pytest.raises(ValueError, match="whole date"):
            calendar.day_of(*parts)


@given(partial_dates, partial_dates)
def test_agreement_of_birth_dates_equals_the_naive_twin(a: tuple[int, int, int], b: tuple[int, int, int]) -> None:
    expected = naive_calendar.compare_birth_dates(a, b)
    assert calendar.compare_birth_dates(a, b) == calendar.compare_birth_dates(b, a) == expected


@given(partial_dates, partial_dates)
def test_grades_of_birth_dates_equal_the_naive_twin(a: tuple[int, int, int], b: tuple[int, int, int]) -> None:
    expected = naive_calendar.grade(a, b)
    assert calendar.grade_of_birth_dates(a, b) == calendar.grade_of_birth_dates(b, a) == expected


@pytest.mark.parametrize(
    ("a", "b", "grade"),
    [
        ((1985, 3, 4), (1985, 3, 4), "equal"),
        ((1985, 3, 4), (1985, 4, 3), "swapped"),
        ((1985, 3, 4), (1986, 3, 4), "year off"),
        ((2085, 3, 4), (1985, 3, 4), "century"),
        ((1885, 3, 4), (1985, 3, 4), "century"),
        ((1900, 1, 1), (1985, 3, 4), "none"),
        ((1900, 1, 1), (1900, 1, 1), "none"),
        ((1895, 4, 3), (1895, 4, 3), "none"),
        ((1900, 0, 0), (1900, 1, 1), "none"),
        ((1900, 0, 0), (1985, 3, 4), "none"),
        ((1901, 1, 1), (1901, 1, 1), "equal"),
        ((1985, 12, 31), (1986, 1, 2), "days"),
        ((1985, 3, 14), (1985, 3, 24), "digit"),
        ((1985, 3, 4), (1935, 3, 4), "digit"),
        ((1985, 3, 12), (1985, 3, 21), "digits swapped"),
        ((1985, 10, 9), (1985, 1, 9), "digits swapped"),
        ((1985, 3, 4), (1936, 3, 4), "day alone"),
        ((1985, 3, 4), (1985, 11, 20), "year alone"),
        ((1985, 3, 4), (1981, 11, 20), "decade"),
        ((1985, 3, 4), (1979, 11, 20), "else"),
        ((1985, 3, 0), (1985, 3, 4), "month known"),
        ((1985, 0, 0), (1985, 3, 4), "year known"),
        ((1985, 0, 4), (1985, 3, 4), "year known"),
        ((1986, 0, 0), (1985, 3, 4), "year near"),
        ((1985, 4, 0), (1985, 3, 4), "part differs"),
        ((1981, 0, 0), (1985, 3, 4), "part decade"),
        ((1971, 0, 0), (1985, 3, 4), "part else"),
        ((0, 3, 4), (1985, 3, 4), "none"),
    ],
)
def test_grade_of_birth_dates(a: tuple[int, int, int], b: tuple[int, int, int], grade: str) -> None:
    assert calendar.grade_of_birth_dates(a, b) == grade


@pytest.mark.parametrize(
    ("a", "b", "agreement"),
    [
        ((1985, 3, 4), (1985, 3, 4), AGREES),
        ((1985, 3, 4), (1985, 4, 3), UNKNOWN),
        ((1985, 3, 4), (1986, 3, 4), UNKNOWN),
        ((1985, 3, 4), (1987, 3, 4), UNKNOWN),
        ((1985, 3, 4), (1935, 3, 4), UNKNOWN),
        ((1985, 3, 4), (1958, 3, 4), UNKNOWN),
        ((1985, 3, 4), (1936, 3, 4), DISAGREES),
        ((1985, 3, 4), (1985, 3, 6), UNKNOWN),
        ((1985, 12, 31), (1986, 1, 2), UNKNOWN),
        ((1985, 12, 31), (1986, 1, 3), DISAGREES),
        ((1985, 3, 14), (1985, 3, 24), UNKNOWN),
        ((1985, 3, 12), (1985, 3, 21), UNKNOWN),
        ((1985, 3, 14), (1985, 3, 25), DISAGREES),
        ((1985, 10, 14), (1985, 1, 14), UNKNOWN),
        ((1985, 10, 14), (1985, 3, 14), DISAGREES),
        ((1985, 3, 4), (1935, 3, 5), DISAGREES),
        ((1985, 3, 4), (1986, 4, 3), DISAGREES),
        ((1985, 3, 4), (1985, 3, 0), UNKNOWN),
        ((1985, 3, 4), (1985, 0, 0), UNKNOWN),
        ((1985, 3, 0), (1985, 3, 0), UNKNOWN),
        ((1985, 3, 4), (1985, 5, 0), DISAGREES),
        ((1985, 3, 4), (1986, 0, 0), UNKNOWN),
        ((1985, 3, 4), (1987, 0, 0), DISAGREES),
        ((0, 3, 4), (1985, 5, 6), UNKNOWN),
        ((1900, 1, 1), (1900, 1, 1), UNKNOWN),
        ((1895, 4, 3), (1895, 4, 3), UNKNOWN),
        ((1900, 0, 0), (1985, 3, 4), UNKNOWN),
        ((1901, 1, 1), (1901, 1, 1), AGREES),
    ],
)
def test_agreement_of_birth_dates(a: tuple[int, int, int], b: tuple[int, int, int], agreement: int) -> None:
    assert calendar.compare_birth_dates(a, b) == agreement


@given(whole_dates, st.integers(-400000, 2900000))
def test_age_equals_the_naive_twin(born: date, today: int) -> None:
    parts = (born.year, born.month, born.day)
    assert calendar.age_on(parts, today) == naive_calendar.age_on(parts, today)


def test_age_changes_on_the_birthday() -> None:
    assert calendar.age_on((2008, 11, 25), calendar.day_of(2026, 11, 24)) == 17
    assert calendar.age_on((2008, 11, 25), calendar.day_of(2026, 11, 25)) == 18
    assert calendar.age_on((2008, 2, 29), calendar.day_of(2026, 2, 28)) == 17
    assert calendar.age_on((2008, 2, 29), calendar.day_of(2026, 3, 1)) == 18
    assert calendar.age_on((2008, 2, 0), calendar.day_of(2026, 3, 1)) is None
    assert calendar.age_on((2027, 1, 1), calendar.day_of(2026, 3, 1)) is None


@given(st.integers(1_167_609_600, 4_102_444_800))  # 2007, after the last daylight saving there, to 2100
def test_guatemala_day_is_the_date_on_a_clock_there(seconds: int) -> None:
    local = datetime.fromtimestamp(seconds, UTC).astimezone(ZoneInfo("America/Guatemala")).date()
    day = calendar.guatemala_day(seconds * 1000)
    assert day == (local - date(1970, 1, 1)).days


@given(st.integers(-(10**14), 10**14))
def test_guatemala_day_equals_the_naive_twin(clock_ms: int) -> None:
    assert calendar.guatemala_day(clock_ms) == naive_calendar.guatemala_day(clock_ms)


def test_hostile_clocks_stay_within_32_bits() -> None:
    assert calendar.guatemala_day(-(2**63)) == -(2**31)
    assert calendar.guatemala_day(2**63 - 1) == 2**31 - 1
    with pytest.raises(OverflowError):
        calendar.guatemala_day(2**63)
    with pytest.raises(OverflowError):
        calendar.date_of(2**31)
