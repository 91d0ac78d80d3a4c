"""Readers of dates as clerks and spreadsheets write them, called as other compiled modules call them."""

from __future__ import annotations

import ctypes

from core.standardise import dates as columns_dates
from core.standardise import dates_written as columns_dates_written
from tests.fuzz.c_functions import c_function, exact, room

VALUE_NULL, VALUE_OK, VALUE_BAD = 0, 1, 3
WRITTEN_MAX = 128
YEAR = 2026

_int = ctypes.c_int


class Cell(ctypes.Structure):
    _fields_ = (("data", ctypes.c_void_p), ("size", ctypes.c_int32))


class Date(ctypes.Structure):
    _fields_ = (("status", _int), ("year", _int), ("month", _int), ("day", _int), ("turned", _int))


other_date = c_function(columns_dates, "other_date", Date, Cell, _int, _int)
lone_year = c_function(columns_dates, "lone_year", _int, Cell)
written_date = c_function(columns_dates_written, "written_date", _int, Cell, ctypes.c_void_p)
about_year = c_function(columns_dates_written, "about_year", _int, Cell, Date)


def dates(data: bytes) -> None:
    """First byte: whether it is a birth, and whether the month stands first; the rest: the cell."""
    head, text = data[0] if data else 0, data[1:]
    with exact(text) as address, room(WRITTEN_MAX) as out:
        cell = Cell(address, len(text))
        assert 0 <= written_date(cell, out) <= WRITTEN_MAX
        assert lone_year(cell) == 0 or 1900 <= lone_year(cell) <= 2099
        assert 0 <= about_year(cell, Date(VALUE_OK, YEAR, head % 13, 0, 0)) <= 2099
        date: Date = other_date(cell, head & 1, head >> 1 & 1)  # type: ignore[assignment]  # a struct, not a number
        assert date.status in (VALUE_NULL, VALUE_OK, VALUE_BAD)
        if date.status == VALUE_OK:
            assert 0 <= date.month <= 12
            assert 0 <= date.day <= 31


def dates_seeds() -> list[bytes]:
    texts = [
        "04/03/85",
        "1985-03-04T08:30:00",
        "4 de marzo de 1985",
        "Mier. 04-III-1985 12:00:00 a. m.",
        "nacido el 00/00/1985",
        "30362.0",
        "circa 1962",
        "51 años de edad",
        "EDAD: 40 AÑOS",
        "2 años y 6 meses, 18DIAS",
        "O4/O3/l985",
        "04 MAR 85 08:30 hrs",
        # Words of one letter that become the three of a month, beside as much text as a cell of words may have.
        " ".join(["I"] * 8 + ["ABCDEFGHI"] * 8),
    ]
    return [bytes([head]) + text.encode() for text in texts for head in range(4)]
