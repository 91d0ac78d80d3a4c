"""Cells of an XLSX file with a formula and no value, as programs write them that do not calculate."""

from __future__ import annotations

import posixpath
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from lxml import etree

_CHUNK = 1 << 20
_PLACE = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")


def uncalculated(path: Path) -> Iterator[str]:
    """Addresses (B7) of such cells of the first sheet, in its order.

    Raises etree.XMLSyntaxError, zipfile.BadZipFile, KeyError: the file is damaged.
    """
    with zipfile.ZipFile(path) as archive:
        part = _first_sheet(archive)
        if part is None:
            return
        with archive.open(part) as sheet:
            if not _has_formulas(sheet):  # nearly always: a sheet is read through here twice as fast as it is parsed
                return
        with archive.open(part) as sheet:
            yield from _empty(sheet)


def _first_sheet(archive: zipfile.ZipFile) -> str | None:
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


def _has_formulas(sheet: IO[bytes]) -> bool:
    """Whether an element begins like one of a formula; its name may have a prefix."""
    held = b""
    while data := sheet.read(_CHUNK):
        if re.search(rb"<(?:\w+:)?f[\s/>]", held + data):
            return True
        held = data[-32:]
    return False


def _empty(sheet: IO[bytes]) -> Iterator[str]:
    row = column = 0
    events = etree.iterparse(
        sheet, events=("start", "end"), tag=("{*}row", "{*}c"), resolve_entities=False, no_network=True
    )
    for event, element in events:
        if etree.QName(element).localname == "row":
            if event == "start":
                row, column = int(element.get("r") or row + 1), 0
            else:
                element.clear()
                while element.getprevious() is not None:  # memory stays flat
                    del element.getparent()[0]
        elif event == "start":
            found = _PLACE.fullmatch(element.get("r") or "")
            column = _number(found[1]) if found else column + 1
        elif element.find("{*}f") is not None and not _has_value(element):
            yield f"{_letters(column)}{row}"


def _has_value(cell: etree._Element) -> bool:
    """A formula whose value is an empty text has the type of one, and the element of a value, which is empty."""
    value = cell.find("{*}v")
    return value is not None and (bool(value.text) or cell.get("t") == "str")


def _number(letters: str) -> int:
    """A column's: A = 1, AA = 27."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number


def _letters(number: int) -> str:
    letters = ""
    while number:
        number, place = divmod(number - 1, 26)
        letters = chr(ord("A") + place) + letters
    return letters
