"""Checks what one cell of a published file says, and what it does not."""

from __future__ import annotations

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.mart import cells
from indexer.mart.cells import Places, Unreadable
from indexer.mart.offence_maps import map_exists, offence_map, place_names, table
from nation.tables import departments

PLACES = Places(*place_names())
MARCH = datetime.date(2025, 3, 7)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2025-03-07", MARCH),
        ("2025-03-07T00:00:00", MARCH),
        ("2025-03-07 14:35", MARCH),
        ("07/03/2025", MARCH),
        ("7/3/2025", MARCH),
        ("07-03-2025", MARCH),
        ("45723", MARCH),
        ("45723.604", MARCH),
    ],
)
def test_a_date_is_read_in_every_form(text: str, day: datetime.date) -> None:
    assert cells.read_day(text) == day


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        (None, "date_missing"),
        ("sin dato", "date_missing"),
        ("31/02/2025", "date_impossible"),
        ("2025-13-01", "date_impossible"),
        ("marzo", "date_unreadable"),
        ("123", "date_unreadable"),
        ("2025", "date_unreadable"),
    ],
)
def test_what_is_no_date_says_why(text: str | None, rule: str) -> None:
    with pytest.raises(Unreadable, match=rule):
        cells.read_day(text)


@given(st.dates(datetime.date(1960, 1, 1), datetime.date(2100, 1, 1)))
def test_a_spreadsheets_day_number_is_its_day(day: datetime.date) -> None:
    number = (day - datetime.date(1899, 12, 30)).days
    assert cells.read_day(str(number)) == cells.read_day(f"{number}.0") == day


@pytest.mark.parametrize(
    ("text", "code"),
    [("0101", "0101"), ("101", "0101"), ("101.0", "0101"), (" 2217 ", "2217"), (None, "0000"), ("0900", "0900")],
)
def test_a_code_that_lost_its_zeros_is_read(text: str | None, code: str) -> None:
    assert PLACES.whole(text) == code


@pytest.mark.parametrize(
    ("department", "town", "code"),
    [
        ("1", "1", "0101"),
        ("09", "20", "0920"),
        ("Quetzaltenango", "20", "0920"),
        ("QUICHE", "1", "1401"),
        ("9", "920", "0920"),
        ("9", None, "0900"),
        (None, "101", "0101"),
    ],
)
def test_halves_of_a_code_are_put_together(department: str | None, town: str | None, code: str) -> None:
    assert PLACES.halves(department, town) == code


@pytest.mark.parametrize(
    ("department", "town", "rule"),
    [
        ("23", "1", "department_unknown"),
        ("1", "18", "municipality_unknown"),
        ("1", "920", "municipality_of_another_department"),
        ("1", "x", "municipality_unreadable"),
    ],
)
def test_a_place_that_is_none_is_refused(department: str, town: str, rule: str) -> None:
    with pytest.raises(Unreadable, match=rule):
        PLACES.halves(department, town)


@pytest.mark.parametrize(
    ("text", "hour"), [("14:35", 14), ("14", 14), ("0.604166667", 14), ("00:10:00", 0), ("", None), ("23 horas", 23)]
)
def test_an_hour_is_read_in_every_form(text: str, hour: int | None) -> None:
    assert cells.read_hour(text) == hour


def test_counts_are_whole_and_not_negative() -> None:
    assert [cells.read_count(text) for text in ("12", "1,234", "7.0")] == [12, 1234, 7]
    for text, rule in (
        ("-1", "count_unreadable"),
        ("-3", "count_negative"),
        ("1.5", "count_unreadable"),
        ("x", "count"),
    ):
        with pytest.raises(Unreadable, match=rule):
            cells.read_count(text)


def test_ages_fall_into_bands() -> None:
    assert [cells.read_age(text) for text in ("0", "9", "17", "18", "29", "60", "119", "999", None)] == [
        "0-9", "0-9", "15-17", "18-19", "25-29", "60+", "60+", None, None,
    ]  # fmt: skip


def test_the_places_are_those_of_the_nation() -> None:
    municipalities, names = place_names()
    assert len(municipalities) == 340
    for department in departments():
        code = f"{department.ine:02}"
        assert names[code] == department.name
        assert [municipalities[f"{code}{n:02}"] for n in range(1, len(department.municipalities) + 1)] == list(
            department.municipalities
        )


@pytest.mark.parametrize("name", ["penal_code", "icd10", "morgue"])
def test_every_map_leads_to_codes_of_iccs(name: str) -> None:
    assert map_exists(name)
    assert set(offence_map(name).values()) <= {row["iccs"] for row in table("iccs")}
