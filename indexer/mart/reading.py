"""A published file, CSV, XLSX or JSON, becomes the table `raw`: row_no and a column of text a column, c0, c1...

A CSV is read as a stream by DuckDB; a workbook and a JSON document are held whole, and refused above MOST_WHOLE_BYTES.
"""

from __future__ import annotations

import codecs
import csv
import datetime
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import orjson
import pyarrow as pa
from python_calamine import CalamineError, CalamineWorkbook

from core.mart.layout import read_as
from indexer.mart.headers import MOST_TITLE_ROWS, FileRefused, Header, find_header

MOST_WHOLE_BYTES = 512 * 1024 * 1024
_MOST_COLUMNS = 200
_CHUNK = 16 * 1024 * 1024
_DELIMITERS = ";,|\t"
_LONGEST_LINE = 1024 * 1024  # characters

Columns = Mapping[str, Sequence[str]]
Required = Sequence[Sequence[Sequence[str]]]


def load_raw(db: duckdb.DuckDBPyConnection, path: Path, columns: Columns, required: Required) -> tuple[Header, int]:
    """Makes the table `raw`; returns its header and how many lines had no columns to speak of. Raises FileRefused."""
    suffix = path.suffix.lower()
    if path.stat().st_size == 0:
        raise FileRefused("file_empty")
    if suffix == ".csv":
        return _load_csv(db, path, columns, required)
    if path.stat().st_size > MOST_WHOLE_BYTES:
        raise FileRefused("file_too_large", f"a {suffix[1:]} file is read whole: give it as CSV")
    rows = _sheet_rows(path, columns, required) if suffix == ".xlsx" else _json_rows(path)
    header = find_header(rows[:MOST_TITLE_ROWS], columns, required)
    _register(db, rows[header.row + 1 :], header.width, header.row + 2)
    return header, 0


def _register(db: duckdb.DuckDBPyConnection, rows: Sequence[Sequence[str]], width: int, first_row: int) -> None:
    kept = [(first_row + n, row) for n, row in enumerate(rows) if any(cell.strip() for cell in row)]
    arrays: list[Any] = [pa.array([number for number, _ in kept], pa.int64())]
    arrays += [
        pa.array([(row[place] or None) if place < len(row) else None for _, row in kept], pa.string())
        for place in range(width)
    ]
    table = pa.table(arrays, names=["row_no", *(f"c{place}" for place in range(width))])
    db.register("raw_arrow", table)
    db.execute("CREATE OR REPLACE TEMP TABLE raw AS SELECT * FROM raw_arrow")
    db.unregister("raw_arrow")


# ---- CSV ----


def _load_csv(db: duckdb.DuckDBPyConnection, path: Path, columns: Columns, required: Required) -> tuple[Header, int]:
    encoding = _encoding(path)
    with path.open(encoding="utf-8-sig" if encoding == "utf-8" else encoding, newline="", errors="replace") as file:
        head = [line for _ in range(MOST_TITLE_ROWS) if (line := file.readline(_LONGEST_LINE))]
    best: tuple[int, str, list[list[str]]] = (-1, ",", [])
    words = {word for texts in columns.values() for word in texts}
    for delimiter in _DELIMITERS:
        rows = [_split(line, delimiter) for line in head]
        known = max((sum(cell.strip() in words for cell in row) for row in rows), default=0)
        if known > best[0]:
            best = (known, delimiter, rows)
    header = find_header(best[2], columns, required)
    if header.width > _MOST_COLUMNS:
        raise FileRefused("columns_too_many", f"over {_MOST_COLUMNS}")
    # One column more than the header has: what stands in it shows that the row's cells are not where they should be.
    names = ", ".join(f"'c{place}': 'VARCHAR'" for place in range(header.width + 1))
    db.execute("SET preserve_insertion_order = true")
    source = (
        f"read_csv(?, header = false, skip = {header.row + 1}, delim = '{best[1]}', quote = '\"', escape = '\"', "
        f"columns = {{{names}}}, auto_detect = false, null_padding = true, strict_mode = false, "
        f"encoding = '{'utf-8' if encoding == 'utf-8' else 'latin-1'}', store_rejects = true, rejects_limit = 0, "
        f"max_line_size = {_LONGEST_LINE}, parallel = false)"
    )
    db.execute("DROP TABLE IF EXISTS reject_errors")
    db.execute("DROP TABLE IF EXISTS reject_scans")
    try:
        db.execute(
            f"CREATE OR REPLACE TEMP TABLE raw AS "  # noqa: S608 # of numbers and fixed words
            f"SELECT row_number() OVER () + {header.row + 1} AS row_no, * FROM {source}",
            [read_as(path)],
        )
    except duckdb.Error as error:
        raise FileRefused("file_unreadable", type(error).__name__) from None
    _refuse_swallowed_rows(db, header.width + 1, best[1])
    broken = db.execute("SELECT count(DISTINCT line) FROM reject_errors").fetchone()
    wide = db.execute(f"DELETE FROM raw WHERE c{header.width} IS NOT NULL RETURNING row_no").fetchall()  # noqa: S608
    db.execute(f"ALTER TABLE raw DROP COLUMN c{header.width}")
    return header, len(wide) + (int(broken[0]) if broken else 0)


def _split(line: str, delimiter: str) -> list[str]:
    """A line's cells: by itself, so that its number is its row's; none where it can be no header."""
    try:
        return next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return []


def _refuse_swallowed_rows(db: duckdb.DuckDBPyConnection, width: int, delimiter: str) -> None:
    """A quote that nobody closed takes the rows below into its cell: where they end, only the publisher knows."""
    cells = " OR ".join(
        f"(contains(c{place}, chr(10)) AND contains(c{place}, chr({ord(delimiter)})))" for place in range(width)
    )
    row = db.execute(f"SELECT min(row_no) FROM raw WHERE {cells}").fetchone()  # noqa: S608 # of numbers
    if row and row[0] is not None:
        raise FileRefused("quote_unclosed", f"in row {row[0]}")


def _encoding(path: Path) -> str:
    """utf-8 where the whole file is that; else the old one of Windows, whose letters are Latin-1's."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    with path.open("rb") as file:
        if file.read(2) in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
            raise FileRefused("encoding_unknown", "UTF-16: save it as UTF-8")
        file.seek(0)
        try:
            while chunk := file.read(_CHUNK):
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return "cp1252"
    return "utf-8"


# ---- XLSX ----


def _sheet_rows(path: Path, columns: Columns, required: Required) -> list[list[str]]:
    """Rows of the first sheet that has the header. Raises FileRefused."""
    try:
        book = CalamineWorkbook.from_path(str(path))
        refused: FileRefused | None = None
        for name in book.sheet_names:
            rows = [[_text(cell) for cell in row] for row in _rows_of(book, name)]
            try:
                find_header(rows[:MOST_TITLE_ROWS], columns, required)
            except FileRefused as error:
                refused = refused or error
                continue
            return rows
    except (CalamineError, OSError, ValueError) as error:
        raise FileRefused("file_unreadable", type(error).__name__) from None
    raise refused or FileRefused("header_missing", "no sheet has a row")


def _rows_of(book: Any, name: str) -> Iterator[list[Any]]:
    yield from book.get_sheet_by_name(name).to_python(skip_empty_area=False)


def _text(cell: Any) -> str:
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime.datetime | datetime.date | datetime.time):
        return cell.isoformat()
    return "" if cell is None else str(cell)


# ---- JSON ----


def _json_rows(path: Path) -> list[list[str]]:
    """Header and rows of a document: a list of objects, one inside an object, an object a line. Raises FileRefused."""
    content = path.read_bytes()
    try:
        records = _list_of_objects(orjson.loads(content))
    except orjson.JSONDecodeError:
        try:
            records = [orjson.loads(line) for line in content.splitlines() if line.strip()]
        except orjson.JSONDecodeError as error:
            raise FileRefused("file_unreadable", f"line {error.lineno} is no JSON") from None
    if not records or not all(isinstance(each, dict) for each in records):
        raise FileRefused("header_missing", "no list of objects")
    names = list(dict.fromkeys(name for record in records for name in record))
    if len(names) > _MOST_COLUMNS:
        raise FileRefused("columns_too_many", f"over {_MOST_COLUMNS}")
    return [names, *([_text(record.get(name)) for name in names] for record in records)]


def _list_of_objects(document: Any) -> list[Any]:
    if isinstance(document, list):
        return document
    lists = [value for value in document.values() if isinstance(value, list)] if isinstance(document, dict) else []
    if len(lists) > 1:
        raise FileRefused("header_ambiguous", "the document holds two lists")
    return lists[0] if lists else []
