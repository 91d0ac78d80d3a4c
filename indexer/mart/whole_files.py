"""Reads workbooks and JSON documents whole, in a child process: harm to the reader costs that file and not the build.

Such harm is a bomb, a cell at the far end of the sheet, or a crash.

`python -m indexer.mart.whole_files`: the task as JSON on stdin, the rows as an Arrow file, the header or the refusal as
JSON on stdout. The child's memory has a limit, and it lives no longer than MOST_S.
"""

from __future__ import annotations

import datetime
import resource
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa

from core.files.regular_file import read_file
from core.machine.parent_death import with_parent
from indexer.mart.headers import MOST_TITLE_ROWS, FileRefused, Header, find_header

MOST_WHOLE_BYTES = 512 * 1024 * 1024
MOST_MEMORY_BYTES = 4 * 1024 * 1024 * 1024
MOST_S = 600.0
MOST_COLUMNS = 200

Columns = Mapping[str, Sequence[str]]
Required = Sequence[Sequence[Sequence[str]]]


def read_whole(path: Path, columns: Columns, required: Required, out: Path) -> Header:
    """Writes `out`, an Arrow file: row_no and a column of text a column, c0, c1... Raises FileRefused."""
    if path.stat().st_size > MOST_WHOLE_BYTES:
        raise FileRefused("file_too_large", f"a {path.suffix[1:]} file is read whole: give it as CSV")
    task = orjson.dumps({"path": str(path), "columns": columns, "required": required, "out": str(out)})
    try:
        done = subprocess.run(
            with_parent("indexer.mart.whole_files"),
            input=task,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=MOST_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise FileRefused("file_too_large", f"reading it takes over {MOST_S:.0f} s: give it as CSV") from None
    try:
        told = orjson.loads(done.stdout)
    except orjson.JSONDecodeError:  # it was ended: by the system, or by its own library
        raise FileRefused("file_unreadable", "its reader failed on it, or needed over 4 GiB: give it as CSV") from None
    if "rule" in told:
        raise FileRefused(told["rule"], told["detail"])
    return Header(**told)


def main() -> None:
    """The child."""
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY_BYTES, MOST_MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    task = orjson.loads(sys.stdin.buffer.read())
    try:
        told = asdict(_read(Path(task["path"]), task["columns"], task["required"], Path(task["out"])))
    except FileRefused as refused:
        told = {"rule": refused.rule, "detail": refused.detail}
    except MemoryError:
        told = {"rule": "file_too_large", "detail": "its reader needs over 4 GiB: give it as CSV"}
    sys.stdout.buffer.write(orjson.dumps(told))


def _read(path: Path, columns: Columns, required: Required, out: Path) -> Header:
    rows = _sheet_rows(path, columns, required) if path.suffix.lower() == ".xlsx" else _json_rows(path)
    header = find_header(rows[:MOST_TITLE_ROWS], columns, required)
    if header.width > MOST_COLUMNS:
        raise FileRefused("columns_too_many", f"over {MOST_COLUMNS}")
    first = header.row + 2
    kept = [(first + n, row) for n, row in enumerate(rows[header.row + 1 :]) if any(cell.strip() for cell in row)]
    arrays: list[Any] = [pa.array([number for number, _ in kept], pa.int64())]
    arrays += [
        pa.array([(row[place] or None) if place < len(row) else None for _, row in kept], pa.string())
        for place in range(header.width)
    ]
    table = pa.table(arrays, names=["row_no", *(f"c{place}" for place in range(header.width))])
    with pa.OSFile(str(out), "wb") as file, pa.ipc.new_file(file, table.schema) as writer:
        writer.write_table(table)
    return header


# ---- XLSX ----


def _sheet_rows(path: Path, columns: Columns, required: Required) -> list[list[str]]:
    """Rows of the first sheet that has the header. Raises FileRefused."""
    from python_calamine import CalamineError, CalamineWorkbook  # noqa: PLC0415 # of this form alone

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
    content = read_file(path)
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
    if len(names) > MOST_COLUMNS:
        raise FileRefused("columns_too_many", f"over {MOST_COLUMNS}")
    return [names, *([_text(record.get(name)) for name in names] for record in records)]


def _list_of_objects(document: Any) -> list[Any]:
    if isinstance(document, list):
        return document
    lists = [value for value in document.values() if isinstance(value, list)] if isinstance(document, dict) else []
    if len(lists) > 1:
        raise FileRefused("header_ambiguous", "the document holds two lists")
    return lists[0] if lists else []


if __name__ == "__main__":
    main()
