"""Estimates the memory for reading a workbook from its bytes, before a reader reserves memory for its stated size.

A cell in the last column of the last row, or one of a gigabyte, fits into a file of some kilobytes.
"""

from __future__ import annotations

import posixpath
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from lxml import etree

_BOOK, _RELATIONS = "xl/workbook.xml", "xl/_rels/workbook.xml.rels"
_CHUNK = 1 << 20
_TAIL = 64  # bytes, more than a cell's place needs
_MOST_ROWS = 1_048_576  # what Excel itself holds
_MOST_COLUMNS = 16_384
_MOST_CELLS = 60_000_000  # of the rectangle that they lie in: 57 columns of a full sheet
_LONGEST_RUN = 1 << 20  # bytes without a tag: a cell holds 32,767 characters
_ROW_OR_CELL = re.compile(
    rb"<(?:\w+:)?(?:(row)|c(?![^<>]*\sr=))[\s/>]"
)  # of cells those that do not say where they lie
_FAR = re.compile(rb"""\sr=["'](?:([A-Z]{2,})([0-9]+)|[A-Z]([0-9]{6,}))["']""")  # beyond column Z, or row 99,999


class SheetTooLarge(ValueError):
    """A workbook holds, or says that it holds, more than a list does."""


def check_size(path: Path, sheet: str | None = None) -> None:
    """Raises SheetTooLarge for an XLSX file with too large a sheet. sheet: its name; None = the first.

    A file with a workbook's name that is not in XLSX's form is not checked. Raises zipfile.BadZipFile, KeyError,
    etree.XMLSyntaxError: the file is damaged.
    """
    if not zipfile.is_zipfile(path):
        return
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        if _BOOK not in names:
            return
        read = _part_of(archive, sheet)
        for part in names:
            if part == read:
                with archive.open(part) as file:
                    _check_sheet(file)
            elif part.endswith(".xml"):
                with archive.open(part) as file:
                    for _ in _pieces(file):
                        pass


def _part_of(archive: zipfile.ZipFile, name: str | None) -> str | None:
    """The part that holds a sheet, by the workbook's own order."""
    for sheet in _elements(archive, _BOOK, "{*}sheet"):
        if name is None or sheet.get("name") == name:
            # The relation's attribute has another namespace in a workbook that was saved as "strict".
            wanted = next((str(id_) for key, id_ in sheet.items() if str(key).endswith("}id")), None)
            break
    else:
        return None
    for relation in _elements(archive, _RELATIONS, "{*}Relationship"):
        if relation.get("Id") == wanted:
            target = str(relation.get("Target"))
            return target.lstrip("/") if target.startswith("/") else posixpath.normpath(f"xl/{target}")
    return None


def _elements(archive: zipfile.ZipFile, part: str, tag: str) -> Iterator[etree._Element]:
    with archive.open(part) as file:
        for _, element in etree.iterparse(file, tag=tag, resolve_entities=False, no_network=True):
            yield element


def _check_sheet(file: IO[bytes]) -> None:
    rows = last_row = unplaced = 0
    last_column = 26
    for piece in _pieces(file):
        for found in _ROW_OR_CELL.finditer(piece, _TAIL):
            if found[1]:
                rows, unplaced = rows + 1, 0
            else:
                unplaced += 1
                last_column = max(last_column, unplaced)
        for letters, far_row, row in _FAR.findall(piece):
            if letters:
                last_column = max(last_column, _column(letters))
            last_row = max(last_row, _number(far_row or row))
        if rows > _MOST_ROWS or last_row > _MOST_ROWS or last_column > _MOST_COLUMNS:
            raise SheetTooLarge
        if max(rows, last_row) * last_column > _MOST_CELLS:
            raise SheetTooLarge


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    """The content by pieces, each behind the last bytes of the one before, `_TAIL` of them."""
    tail, without = b" " * _TAIL, 0
    while data := file.read(_CHUNK):
        without = 0 if b"<" in data else without + len(data)
        if without >= _LONGEST_RUN:
            raise SheetTooLarge
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
