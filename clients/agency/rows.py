"""A block of a CSV file becomes columns: what each row asks, and why a row cannot be asked.

Two ways that give the same: pyarrow reads a block whole where nothing in it needs thought; else Python's csv module
reads it row by row.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute
import pyarrow.csv as arrow_csv
from numpy.typing import NDArray

from clients.agency.blocks import Block
from clients.agency.cells import CUI_DIGITS, Unread, plain, read_birth, read_cui
from clients.agency.columns import Columns

Column = Any  # a pyarrow.Array of texts: the stubs know less of its functions than pyarrow does
pc: Any = pyarrow.compute

_SHOWN_BROKEN = 200  # characters of a cell that cannot be read which the rejects show
csv.field_size_limit(1 << 30)  # a cell is bounded by its block


class Broken(NamedTuple):
    """Why a row is not asked: the contract's column, or "" for the whole row, and the rule."""

    field: str
    rule: str


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
        self._parse = arrow_csv.ParseOptions(delimiter=delimiter, quote_char=False, ignore_empty_lines=False)
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
        """None: something in it needs thought."""
        if b'"' in data or b"\x00" in data or b"\n\n" in data or b"\n\r\n" in data or data[:1] in (b"\n", b"\r"):
            return None
        if data.count(b"\r") != data.count(b"\r\n"):
            return None
        try:
            source: Any = pa.py_buffer(data)
            table = arrow_csv.read_csv(source, self._read, self._parse, self._convert)
        except pa.ArrowInvalid:  # cells too many or too few, bytes that are no UTF-8
            return None
        given = [_one(table.column(str(place))) for place in self._places]
        empty = given[0].buffers()[1] is None or bool(pc.any(_all_empty(given)).as_py())
        rows = table.num_rows
        if empty or rows != data.count(b"\n") + (not data.endswith(b"\n")):
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
        whole = "".join(row)
        if "\x00" in whole:
            return Broken("", "NUL byte")
        if not whole.isascii() and any("\udc80" <= letter <= "\udcff" for letter in whole):
            return Broken("", "encoding")
        if len(row) <= max(self._places) or (
            len(row) > self._width and any(cell.strip() for cell in row[self._width :])
        ):
            return Broken("", "cells")
        return None


def _one(column: Column) -> Column:
    return column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)


def _all_empty(given: list[Column]) -> Column:
    empty = pc.equal(pc.binary_length(given[0]), 0)
    for column in given[1:]:
        empty = pc.and_(empty, pc.equal(pc.binary_length(column), 0))
    return empty


def _shown(cell: str) -> str:
    return cell[:_SHOWN_BROKEN].replace("\x00", " ").encode("utf-8", "replace").decode()


@dataclass
class Asked:
    """The rows of a block that the server is asked about, column by column; None = the column is not used.

    places: of each in `Rows`. cuis: where each is of 13 digits, an array of (rows, 13) bytes; else texts.
    """

    places: NDArray[np.int64]
    cuis: NDArray[np.uint8] | list[str] | None = None
    names: list[str] | None = None
    births: list[int] | None = None
    plates: list[str] | None = None
    vins: list[str] | None = None


def asked_of(rows: Rows, columns: Columns) -> Asked:
    """What is asked of a block; a row that cannot be asked goes into `rows.broken`."""
    if columns.fields == ("cui",) and len(rows.given) == 1 and not rows.broken:
        digits = _all_digits(rows.given[0])
        if digits is not None:
            return Asked(np.arange(len(rows.numbers)), digits)
        return _asked_by_cui(rows)
    return _asked_row_by_row(rows, columns)


def _all_digits(column: Column) -> NDArray[np.uint8] | None:
    """The cells as (rows, 13) bytes; None where one is not of 13 digits."""
    count = len(column)
    _, offsets_buffer, data_buffer = column.buffers()
    if not count or data_buffer is None:
        return None
    offsets = np.frombuffer(offsets_buffer, np.int32)[column.offset : column.offset + count + 1]
    begin, end = int(offsets[0]), int(offsets[-1])
    if end - begin != count * CUI_DIGITS or not (np.diff(offsets) == CUI_DIGITS).all():
        return None
    digits: NDArray[np.uint8] = np.frombuffer(data_buffer, np.uint8)[begin:end].reshape(count, CUI_DIGITS)
    return digits if ((digits >= ord("0")) & (digits <= ord("9"))).all() else None


def _asked_by_cui(rows: Rows) -> Asked:
    """Only the cells that are not of 13 digits are looked at one by one."""
    column = rows.given[0]
    whole = pc.and_(pc.equal(pc.binary_length(column), CUI_DIGITS), pc.ascii_is_decimal(column)).to_numpy(
        zero_copy_only=False
    )
    cuis = column.to_pylist()
    for place in np.flatnonzero(~whole).tolist():
        try:
            cuis[place] = _asked_cui(cuis[place])
        except Unread as error:
            rows.broken[place] = Broken("cuis", str(error))
    return _kept(rows, Asked(np.arange(len(cuis)), cuis))


def _asked_cui(text: str) -> str:
    cui = read_cui(text)
    if "\ufffd" in cui:
        raise Unread("encoding")
    if not cui:
        raise Unread("nothing was asked")
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


def _read_row(asked: Asked, place: int, born: list[str] | None) -> Broken | None:
    """Reads a row's cells in place; why it cannot be asked. A birth date beside a CUI is not compared."""
    column = "cuis"
    given = False
    try:
        if asked.cuis is not None:
            text = asked.cuis[place]
            asked.cuis[place] = cui = text if len(text) == CUI_DIGITS and text.isdecimal() else read_cui(text)
            given = bool(cui)
        has_cui = given
        for column, texts in (("names", asked.names), ("plates", asked.plates), ("vins", asked.vins)):
            if texts is not None:
                texts[place] = text = plain(texts[place])
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
    return None if given else Broken("", "nothing was asked")


def _kept(rows: Rows, asked: Asked) -> Asked:
    """Without the rows that cannot be asked."""
    if not rows.broken:
        return asked
    keep = np.ones(len(asked.places), bool)
    keep[list(rows.broken)] = False
    kept = np.flatnonzero(keep)

    def only(column: list | None) -> list | None:  # type: ignore[type-arg]
        return None if column is None else [column[place] for place in kept]

    assert not isinstance(asked.cuis, np.ndarray)
    return Asked(kept, only(asked.cuis), only(asked.names), only(asked.births), only(asked.plates), only(asked.vins))
