"""Cells of an XLSX file with a formula and no value, as programs write them that do not calculate: nothing is read."""

from __future__ import annotations

import posixpath
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from lxml import etree

_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_CHUNK = 1 << 20
_PLACE = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")


def uncalculated(path: Path) -> Iterator[tuple[int, int]]:
    """Row and column, from 0, of each such cell of the first sheet, in its order; nothing of a file that is no XLSX.

    Raises etree.XMLSyntaxError, zipfile.BadZipFile, KeyError: the file is damaged.
    """
    if not zipfile.is_zipfile(path):
        return
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
    if "xl/workbook.xml" not in archive.namelist():
        return None
    sheet = next(_elements(archive, "xl/workbook.xml", f"{_MAIN}sheet"), None)
    wanted = None if sheet is None else sheet.get(_RELATION)
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


def _empty(sheet: IO[bytes]) -> Iterator[tuple[int, int]]:
    row = column = -1
    events = etree.iterparse(
        sheet, events=("start", "end"), tag=(f"{_MAIN}row", f"{_MAIN}c"), resolve_entities=False, no_network=True
    )
    for event, element in events:
        if element.tag == f"{_MAIN}row":
            if event == "start":
                row, column = int(element.get("r") or row + 2) - 1, -1
            else:
                element.clear()
                while element.getprevious() is not None:  # memory stays flat
                    del element.getparent()[0]
        elif event == "start":
            found = _PLACE.fullmatch(element.get("r") or "")
            column = _number(found[1]) if found else column + 1
        elif element.find(f"{_MAIN}f") is not None and not element.findtext(f"{_MAIN}v"):
            yield row, column


def _number(letters: str) -> int:
    """A column's, from 0: A = 0, AA = 26."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1
