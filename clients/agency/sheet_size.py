"""How much a workbook would take to read: looked at in its bytes, before a reader sets memory aside for all it states.

A cell in the last column of the last row, or one of a gigabyte, fits into a file of some kilobytes.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from clients.agency.failures import AgencyError
from clients.agency.formulas import first_sheet

_CHUNK = 1 << 20
_TAIL = 64  # bytes, more than a cell's place needs
_MOST_ROWS = 1_048_576  # what Excel itself holds
_MOST_COLUMNS = 16_384
_MOST_CELLS = 60_000_000  # of the rectangle that they lie in: 57 columns of a full sheet
_LONGEST_RUN = 1 << 20  # bytes without a tag: a cell holds 32,767 characters
_ROW = re.compile(rb"<(?:\w+:)?row[\s/>]")
_FAR = re.compile(rb"""\sr=["'](?:([A-Z]{2,})([0-9]+)|[A-Z]([0-9]{6,}))["']""")  # beyond column Z, or row 99,999


class _TooLarge(Exception):
    """It is."""


def check_size(path: Path) -> None:
    """Raises AgencyError for an XLSX file that holds, or says that it holds, more than a list does.

    Raises zipfile.BadZipFile, KeyError, etree.XMLSyntaxError: the file is damaged.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            sheet = first_sheet(archive)
            for part in archive.namelist():
                if part == sheet:
                    with archive.open(part) as file:
                        _check_sheet(file)
                elif part.endswith(".xml"):
                    with archive.open(part) as file:
                        for _ in _pieces(file):
                            pass
    except _TooLarge:
        raise AgencyError(
            f"{path.name} ocupa más de lo que una lista ocupa (filas, columnas, o una celda enorme): deje en un libro "
            "nuevo solo la lista, y guárdelo como .xlsx o CSV."
        ) from None


def _check_sheet(file: IO[bytes]) -> None:
    rows = last_row = 0
    last_column = 26
    for piece in _pieces(file):
        rows += sum(1 for _ in _ROW.finditer(piece, _TAIL))
        for letters, far_row, row in _FAR.findall(piece):
            if letters and (column := _column(letters)) > last_column:
                last_column = column
            if (number := _number(far_row or row)) > last_row:
                last_row = number
        if rows > _MOST_ROWS or last_row > _MOST_ROWS or last_column > _MOST_COLUMNS:
            raise _TooLarge
        if max(rows, last_row) * last_column > _MOST_CELLS:
            raise _TooLarge


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    """The content by pieces, each behind the last bytes of the one before, `_TAIL` of them."""
    tail, without = b" " * _TAIL, 0
    while data := file.read(_CHUNK):
        without = 0 if b"<" in data else without + len(data)
        if without >= _LONGEST_RUN:
            raise _TooLarge
        yield tail + data
        tail = (tail + data)[-_TAIL:]


def _number(digits: bytes) -> int:
    return int(digits) if len(digits) <= 7 else _MOST_ROWS + 1


def _column(letters: bytes) -> int:
    if len(letters) > 3:
        return _MOST_COLUMNS + 1
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number
