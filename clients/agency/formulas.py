"""Cells of an XLSX file that have no value: a formula that no program calculated, or an error of the spreadsheet's."""

from __future__ import annotations

import posixpath
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from lxml import etree

_CHUNK = 1 << 20
_PLACE = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")


@dataclass(frozen=True)
class Unvalued:
    """Such a cell. row, column: from 0; error: as the sheet shows it (#N/A), "" = a formula without a value."""

    row: int
    column: int
    error: str

    @property
    def address(self) -> str:
        """B7."""
        letters, number = "", self.column + 1
        while number:
            number, place = divmod(number - 1, 26)
            letters = chr(ord("A") + place) + letters
        return f"{letters}{self.row + 1}"


def unvalued_cells(path: Path) -> Iterator[Unvalued]:
    """Such cells of the first sheet, in its order.

    Raises etree.XMLSyntaxError, zipfile.BadZipFile, KeyError: the file is damaged.
    """
    with zipfile.ZipFile(path) as archive:
        part = first_sheet(archive)
        if part is None:
            return
        with archive.open(part) as sheet:
            if not _may_have_any(sheet):  # nearly always: a sheet is read through here twice as fast as it is parsed
                return
        with archive.open(part) as sheet:
            yield from _empty(sheet)


def first_sheet(archive: zipfile.ZipFile) -> str | None:
    """The part that holds it, by the workbook's own order."""
    sheet = next(_elements(archive, "xl/workbook.xml", "{*}sheet"), None)
    # The relation's attribute has another namespace in a workbook that was saved as "strict".
    wanted = None if sheet is None else next((str(id_) for key, id_ in sheet.items() if str(key).endswith("}id")), None)
    for relation in _elements(archive, "xl/_rels/workbook.xml.rels", "{*}Relationship"):
        if relation.get("Id") == wanted:
            target = str(relation.get("Target"))
            return target.lstrip("/") if target.startswith("/") else posixpath.normpath(f"xl/{target}")
    return None


def _elements(archive: zipfile.ZipFile, part: str, tag: str) -> Iterator[etree._Element]:
    with archive.open(part) as file:
        for _, element in etree.iterparse(file, tag=tag, resolve_entities=False, no_network=True):
            yield element


def _may_have_any(sheet: IO[bytes]) -> bool:
    """Returns whether a tag begins like a formula's (its name may have a prefix), or a cell has the type of errors."""
    held = b""
    while data := sheet.read(_CHUNK):
        if re.search(rb"""<(?:\w+:)?f[\s/>]|\st=["']e["']""", held + data):
            return True
        held = data[-32:]
    return False


def _empty(sheet: IO[bytes]) -> Iterator[Unvalued]:
    row = column = -1
    events = etree.iterparse(
        sheet, events=("start", "end"), tag=("{*}row", "{*}c"), resolve_entities=False, no_network=True
    )
    for event, element in events:
        if etree.QName(element).localname == "row":
            if event == "start":
                row, column = int(element.get("r") or row + 2) - 1, -1
            else:
                element.clear()
                while element.getprevious() is not None:  # memory stays flat
                    del element.getparent()[0]
        elif event == "start":
            found = _PLACE.fullmatch(element.get("r") or "")
            column = _number(found[1]) if found else column + 1
        elif element.get("t") == "e":
            yield Unvalued(row, column, element.findtext("{*}v") or "#N/A")
        elif element.find("{*}f") is not None and not _has_value(element):
            yield Unvalued(row, column, "")


def _has_value(cell: etree._Element) -> bool:
    """Returns whether a formula has a value: one with an empty text has the type of a text, and an empty element."""
    value = cell.find("{*}v")
    return value is not None and (bool(value.text) or cell.get("t") == "str")


def _number(letters: str) -> int:
    """A column's, from 0: A = 0, AA = 26."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1
