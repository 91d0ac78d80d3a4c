"""Turns a block of a CSV file into columns: the question of each row, and the reason if there is none.

Two ways with the same result: pyarrow reads a block whole if nothing in it needs care; else Python's csv module reads
it row by row.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.csv as arrow_csv
from numpy.typing import NDArray

from clients.agency.blocks import Block
from clients.agency.cells import CUI_DIGITS, LONGEST_CELL, Unread, plain, read_birth, read_cui, read_name
from clients.agency.columns import Columns
from clients.agency.texts import Column, has_none_of, pc, replaced

_NO_INK = bytes(byte for byte in range(256) if not ord("!") <= byte <= ord("~"))
# A name that `read_name` gives back as it stands, as most are; others are read by it.
_PLAIN_NAME = "^[{0}]+(?:[ .-]+[{0}]+)*$".format("A-Za-zÁÉÍÓÚÜÑáéíóúüñ")
_SHOWN_BROKEN = 200  # characters of a cell that cannot be read which the rejects show
csv.field_size_limit(1 << 30)  # a cell is bounded by its block


class Broken(NamedTuple):
    """The reason why a row is not asked: the contract's column, or "" for the whole row, and the rule."""

    field: str
    rule: str


_NOTHING = Broken("", "nothing was asked")


@dataclass
class Rows:
    """The rows of a block that are not blank.

    numbers: of each row, as a spreadsheet counts them. given: for each mapped column, its cells as they stand in the
    file. broken: place of a row -> why it is not asked. blank: how many rows were blank. total: rows, blank ones too.
    """

    numbers: NDArray[np.int64]
    given: list[Column]
    broken: dict[int, Broken] = field(default_factory=dict)
    blank: int = 0
    total: int = 0


class BlockReader:
    """Reads blocks of one file. width: cells of its header."""

    def __init__(self, columns: Columns, width: int, delimiter: str) -> None:
        self._places = [place for name in columns.fields for place in columns.places[name]]
        self._width = width
        self._delimiter = delimiter
        names = [str(place) for place in range(width)]
        wanted = list(dict.fromkeys(str(place) for place in self._places))
        self._read = arrow_csv.ReadOptions(column_names=names, use_threads=False, block_size=1 << 22)
        self._plain = arrow_csv.ParseOptions(delimiter=delimiter, quote_char=False, ignore_empty_lines=False)
        self._quoted = arrow_csv.ParseOptions(delimiter=delimiter, ignore_empty_lines=False)
        self._convert = arrow_csv.ConvertOptions(
            include_columns=wanted, column_types=dict.fromkeys(wanted, pa.string()), strings_can_be_null=False
        )

    def read(self, block: Block, first: int) -> Rows:
        """`first`: number of the block's first row."""
        if block.broken:
            given: list[Column] = [pa.array([""]) for _ in self._places]
            return Rows(np.array([first]), given, {0: Broken("", block.broken)}, 0, 1)
        return self._fast(block.data, first) or self._slow(block.data, first)

    def _fast(self, data: bytes, first: int) -> Rows | None:
        """Reads a block whole; None if it needs care: blank rows, breaks in cells, rows of another length, bytes no
        UTF-8."""
        if b"\x00" in data or (b"\r" in data and data.count(b"\r") != data.count(b"\r\n")):
            return None
        try:
            source: Any = pa.py_buffer(data)
            table = arrow_csv.read_csv(source, self._read, self._quoted if b'"' in data else self._plain, self._convert)
        except pa.ArrowInvalid:
            return None
        given = [_one(table.column(str(place))) for place in self._places]
        rows = table.num_rows
        if rows != data.count(b"\n") + (not data.endswith(b"\n")) or _some_blank(given):
            return None
        return Rows(np.arange(first, first + rows), given, {}, 0, rows)

    def _slow(self, data: bytes, first: int) -> Rows:
        text = data.decode("utf-8", "surrogateescape")
        numbers: list[int] = []
        cells: list[list[str]] = [[] for _ in self._places]
        broken: dict[int, Broken] = {}
        number = first - 1
        for number, row in enumerate(csv.reader(io.StringIO(text, newline=""), delimiter=self._delimiter), first):
            if not any(cell.strip() for cell in row):
                continue
            if why := self._why_broken(row):
                broken[len(numbers)] = why
            numbers.append(number)
            for column, place in zip(cells, self._places, strict=True):
                cell = row[place] if place < len(row) else ""
                column.append(_shown(cell) if why else cell)
        total = number - first + 1
        given: list[Column] = [pa.array(column, pa.string()) for column in cells]
        return Rows(np.array(numbers, np.int64), given, broken, total - len(numbers), total)

    def _why_broken(self, row: list[str]) -> Broken | None:
        if any("\x00" in cell for cell in row):
            return Broken("", "NUL byte")
        if len(row) <= max(self._places) or (
            len(row) > self._width and any(cell.strip() for cell in row[self._width :])
        ):
            return Broken("", "cells")
        asked = "".join([row[place] for place in self._places])
        if not asked.isascii() and any("\udc80" <= letter <= "\udcff" for letter in asked):
            return Broken("", "encoding")
        return None


def _one(column: Column) -> Column:
    return column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)


def _some_blank(given: list[Column]) -> bool:
    """Returns whether a row holds nothing but blanks in the question's columns: it may be a blank row."""
    if any(_all_inked(column) for column in given):
        return False
    blank = _blank(given[0])
    for column in given[1:]:
        blank = pc.and_(blank, _blank(column))
    return bool(pc.any(blank).as_py())


def _all_inked(column: Column) -> bool:
    """True for a column of printed ASCII in every cell; False says nothing."""
    return bool(pc.min(pc.binary_length(column)).as_py()) and has_none_of(column, _NO_INK)


def _blank(column: Column) -> Column:
    return pc.equal(pc.binary_length(pc.utf8_trim_whitespace(column)), 0)


def _shown(cell: str) -> str:
    return cell[:_SHOWN_BROKEN].replace("\x00", " ").encode("utf-8", "replace").decode()


@dataclass
class Asked:
    """The rows of a block that the server is asked about, column by column; None = the column is not used.

    places: of each in `Rows`. cuis: an Arrow array where only they are asked by.
    """

    places: NDArray[np.int64]
    cuis: Column | list[str] | None = None
    names: list[str] | None = None
    births: list[int] | None = None
    plates: list[str] | None = None
    vins: list[str] | None = None


def asked_of(rows: Rows, columns: Columns) -> Asked:
    """Returns the questions of a block; a row without one goes into `rows.broken`."""
    if columns.fields == ("cui",) and len(rows.given) == 1:
        return _asked_by_cui(rows)
    if set(columns.fields) == {"name", "born"} and len(rows.given) == len(columns.fields):
        return _asked_by_name(rows, columns)
    return _asked_row_by_row(rows, columns)


def _asked_by_name(rows: Rows, columns: Columns) -> Asked:
    """Names of plain letters are taken as they stand, and each birth date is read once; the other rows one by one."""
    given = dict(zip(columns.fields, rows.given, strict=True))
    names: list[str] = given["name"].to_pylist()
    dates = given["born"].dictionary_encode()
    read = np.array([_birth_or_none(text) for text in dates.dictionary.to_pylist()], np.int64)
    births = read[dates.indices.to_numpy()] if len(read) else np.zeros(0, np.int64)
    plainly = pc.and_(
        pc.match_substring_regex(given["name"], _PLAIN_NAME),
        pc.less_equal(pc.binary_length(given["name"]), LONGEST_CELL),
    )
    ready = plainly.to_numpy(zero_copy_only=False) & (births > 0)
    asked = Asked(np.arange(len(names)), names=names, births=births.tolist())
    odd = np.flatnonzero(~ready).tolist()
    born: dict[int, str] = dict(zip(odd, given["born"].take(pa.array(odd, pa.int64())).to_pylist(), strict=True))
    for place in odd:
        if place not in rows.broken and (why := _read_row(asked, place, born)):
            rows.broken[place] = why
    return _kept(rows, asked)


def _birth_or_none(text: str) -> int:
    """Returns the result of `read_birth`; 0 too for a refused text, which is then read again for its reason."""
    try:
        return read_birth(text)
    except Unread:
        return 0


def _asked_by_cui(rows: Rows) -> Asked:
    """Looks one by one only at the cells that are not of 13 digits."""
    column = rows.given[0]
    whole = pc.and_(pc.equal(pc.binary_length(column), CUI_DIGITS), pc.ascii_is_decimal(column))
    if not rows.broken and pc.all(whole).as_py():
        return Asked(np.arange(len(rows.numbers)), column)
    read: dict[int, str] = {}
    for place in np.flatnonzero(~whole.to_numpy(zero_copy_only=False)).tolist():
        if place in rows.broken:
            continue
        try:
            read[place] = _cui_of(column[place].as_py())
        except Unread as error:
            rows.broken[place] = Broken("cuis", str(error))
        else:
            if not read[place]:
                rows.broken[place] = _NOTHING
    places = _asked_places(rows)
    return Asked(places, replaced(column, read).take(pa.array(places)))


def _cui_of(text: str) -> str:
    """Returns the CUI in a cell, "" = none. Raises Unread."""
    cui = read_cui(text)
    if "\ufffd" in cui:
        raise Unread("encoding")
    return cui


def _asked_row_by_row(rows: Rows, columns: Columns) -> Asked:
    cells: dict[str, list[str]] = {}
    taken = 0
    for name in columns.fields:
        parts = [column.to_pylist() for column in rows.given[taken : taken + len(columns.places[name])]]
        taken += len(parts)
        cells[name] = parts[0] if len(parts) == 1 else [" ".join(filter(None, row)) for row in zip(*parts, strict=True)]
    asked = Asked(
        np.arange(len(rows.numbers)),
        cells.get("cui"),
        cells.get("name"),
        [0] * len(rows.numbers) if "born" in cells else None,
        cells.get("plate"),
        cells.get("vin"),
    )
    for place in range(len(rows.numbers)):
        if place not in rows.broken and (why := _read_row(asked, place, cells.get("born"))):
            rows.broken[place] = why
    return _kept(rows, asked)


def _read_row(asked: Asked, place: int, born: Sequence[str] | Mapping[int, str] | None) -> Broken | None:
    """Reads a row's cells in place; why it cannot be asked. A birth date beside a CUI is not compared."""
    column = "cuis"
    given = False
    try:
        if asked.cuis is not None:
            asked.cuis[place] = cui = _cui_of(asked.cuis[place])
            given = bool(cui)
        has_cui = given
        for column, texts in (("names", asked.names), ("plates", asked.plates), ("vins", asked.vins)):
            if texts is not None:
                texts[place] = text = (read_name if column == "names" else plain)(texts[place])
                given = given or bool(text)
                if "\ufffd" in text:
                    return Broken(column, "encoding")
        if asked.births is not None and born is not None and not has_cui:
            column = "birth_dates"
            asked.births[place] = read_birth(born[place])
        if asked.names is not None and asked.names[place] and not has_cui:
            column = "birth_dates"
            if asked.births is None or not asked.births[place]:
                return Broken(column, "a name needs one")
    except Unread as error:
        return Broken(column, str(error))
    return None if given else _NOTHING


def _kept(rows: Rows, asked: Asked) -> Asked:
    """Returns the questions without the rows that cannot be asked."""
    if not rows.broken:
        return asked
    kept = _asked_places(rows)

    def only(column: list | None) -> list | None:  # type: ignore[type-arg]
        return None if column is None else [column[place] for place in kept]

    return Asked(kept, only(asked.cuis), only(asked.names), only(asked.births), only(asked.plates), only(asked.vins))


def _asked_places(rows: Rows) -> NDArray[np.int64]:
    keep = np.ones(len(rows.numbers), bool)
    keep[list(rows.broken)] = False
    return np.flatnonzero(keep)
