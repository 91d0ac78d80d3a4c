"""A published file, CSV, XLSX or JSON, becomes the table `raw`: row_no and a column of text a column, c0, c1...

A CSV is read as a stream by DuckDB; a workbook and a JSON document whole, by a child (indexer/mart/whole_files.py).
"""

from __future__ import annotations

import codecs
import csv
from pathlib import Path

import duckdb
import pyarrow as pa

from core.mart.layout import read_as
from indexer.mart.headers import MOST_TITLE_ROWS, FileRefused, Header, find_header
from indexer.mart.whole_files import MOST_COLUMNS, Columns, Required, read_whole

_CHUNK = 16 * 1024 * 1024
_DELIMITERS = ";,|\t"
_LONGEST_LINE = 1024 * 1024  # characters


def load_raw(
    db: duckdb.DuckDBPyConnection, path: Path, columns: Columns, required: Required, room: Path
) -> tuple[Header, int]:
    """Makes the table `raw`; returns its header and how many lines had no columns to speak of. room: a directory for
    what is read whole. Raises FileRefused."""
    if path.stat().st_size == 0:
        raise FileRefused("file_empty")
    if path.suffix.lower() == ".csv":
        return _load_csv(db, path, columns, required)
    out = room / "reading.arrow"
    try:
        header = read_whole(path, columns, required, out)
        with pa.memory_map(str(out)) as file:
            db.register("raw_arrow", pa.ipc.open_file(file).read_all())
            db.execute("CREATE OR REPLACE TEMP TABLE raw AS SELECT * FROM raw_arrow")
            db.unregister("raw_arrow")
    finally:
        out.unlink(missing_ok=True)
    return header, 0


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
    if header.width > MOST_COLUMNS:
        raise FileRefused("columns_too_many", f"over {MOST_COLUMNS}")
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
    """Returns utf-8 if the whole file is that; else the old one of Windows with the letters of Latin-1."""
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
