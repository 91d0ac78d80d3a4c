"""Finished files in the format of their ending: made of a pass's CSV, with the same cells.

Each is written aside and renamed, and the CSV stays until the run is done: after an interruption it is made anew.
"""

from __future__ import annotations

import datetime
import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from itertools import count
from pathlib import Path
from typing import Any

from clients.agency.blocks import BLOCK_BYTES

ROW_NUMBER = "fila"  # the one column that holds numbers
_LONGEST_LINE = 4 * BLOCK_BYTES  # bytes: a row of a block, its quotes doubled, and what it came to
_SHEET_ROWS = 1_048_576  # of XLSX, the heading included
_CELL_UNITS = 32_767  # UTF-16 units of a cell of XLSX; a longer text is cut and ends with an ellipsis
_SAME_DATE = datetime.datetime(2000, 1, 1)  # noqa: DTZ001 - the same rows give the same bytes


def deliver(partial: Path, path: Path, heading: Sequence[str], *, headed: bool) -> None:
    """Makes `path` of the CSV `partial`, in the format of its ending; a CSV is renamed.

    heading: names of the columns; headed: whether they are the first line of `partial`. Raises OSError.
    """
    convert = _CONVERTERS.get(path.suffix.lower())
    if convert is None:
        partial.replace(path)
        return
    aside = path.with_name(f"{path.name}.tmp")
    convert(_table(partial, heading, headed=headed), aside)
    aside.replace(path)


def _table(partial: Path, heading: Sequence[str], *, headed: bool) -> Any:
    """A reader of Arrow batches: all cells are texts but the row's number."""
    import pyarrow as pa  # noqa: PLC0415 - slow to import
    import pyarrow.csv as arrow_csv  # noqa: PLC0415

    unique = [name if heading.index(name) == place else f"{name}_{place}" for place, name in enumerate(heading)]
    types = {name: pa.int64() if name == ROW_NUMBER else pa.string() for name in unique}
    if partial.stat().st_size == 0:  # a part of a file that holds no row
        schema = pa.schema(list(types.items()))
        return pa.RecordBatchReader.from_batches(schema, [])
    return arrow_csv.open_csv(
        partial,
        arrow_csv.ReadOptions(column_names=unique, skip_rows=int(headed), use_threads=False, block_size=_LONGEST_LINE),
        convert_options=arrow_csv.ConvertOptions(column_types=types),
    )


def _write_parquet(table: Any, path: Path) -> None:
    import pyarrow.parquet as pq  # noqa: PLC0415

    with pq.ParquetWriter(path, table.schema) as writer:
        for batch in table:
            writer.write_batch(batch)


def _write_json_lines(table: Any, path: Path) -> None:
    with path.open("w", encoding="utf-8") as out:
        for batch in table:
            out.writelines(f"{json.dumps(row, ensure_ascii=False)}\n" for row in batch.to_pylist())


def _write_workbook(table: Any, path: Path) -> None:
    """Writes sheets of as many rows as a sheet holds, each with the heading; rows go to disk as they come."""
    import xlsxwriter  # noqa: PLC0415

    parts = path.with_name(f"{path.name}.partes")  # xlsxwriter's own files hold the rows too
    shutil.rmtree(parts, ignore_errors=True)
    parts.mkdir(mode=0o700)
    try:
        # Not as a context manager: one that is interrupted would write the workbook to its end first.
        book = xlsxwriter.Workbook(str(path), {"constant_memory": True, "tmpdir": str(parts)})
        book.set_properties({"created": _SAME_DATE})
        texts = book.add_format({"num_format": "@"})
        rows = _rows(table)
        row = next(rows, None)
        for number in count(1):
            sheet = book.add_worksheet("Filas" if number == 1 else f"Filas {number}")
            sheet.set_column(1, len(table.schema) - 1, 22, texts)  # a cell that is typed anew stays a text
            sheet.ignore_errors({"number_stored_as_text": "A1:XFD1048576"})
            sheet.freeze_panes(1, 0)
            _write_texts(sheet, 0, 0, table.schema.names, texts)
            for line in range(1, _SHEET_ROWS):
                if row is None:
                    break
                sheet.write_number(line, 0, row[0])
                _write_texts(sheet, line, 1, row[1:], texts)
                row = next(rows, None)
            if row is None:
                break
        try:
            book.close()
        except xlsxwriter.exceptions.FileCreateError as error:
            raise error.args[0] from None
    finally:
        shutil.rmtree(parts, ignore_errors=True)


def _write_texts(sheet: Any, line: int, place: int, texts: Sequence[str], plain: Any) -> None:
    """Cells beside each other: each a text, whatever it begins with."""
    for column, text in enumerate(texts, place):
        if text.startswith("<r>"):  # xlsxwriter takes it for its own tags and would write it as they are
            sheet.write_rich_string(line, column, "<", plain, _cut(text)[1:])
        elif text:
            sheet.write_string(line, column, _cut(text))


def _rows(table: Any) -> Iterator[tuple[Any, ...]]:
    for batch in table:
        yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)


def _cut(text: str) -> str:
    """A text that a cell holds."""
    if len(text) * 2 <= _CELL_UNITS:
        return text
    units = text.encode("utf-16-le", "replace")
    if len(units) <= 2 * _CELL_UNITS:
        return text
    return units[: 2 * (_CELL_UNITS - 1)].decode("utf-16-le", "ignore") + "…"


_CONVERTERS: dict[str, Callable[[Any, Path], None]] = {
    ".xlsx": _write_workbook,
    ".parquet": _write_parquet,
    ".jsonl": _write_json_lines,
}
ENDINGS = (".csv", *_CONVERTERS)
WORKBOOK = ".xlsx"
