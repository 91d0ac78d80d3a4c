"""One sheet of a workbook, held whole."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from python_calamine import CalamineWorkbook

from core.files.sheet_size import SheetTooLarge, check_size
from indexer.manifest.sources import XlsxSource
from indexer.readers.batch import BATCH_ROWS, Batch, Unreadable, batch_of_rows, require_columns
from indexer.readers.text_lines import open_source


def read_xlsx(source: XlsxSource, path: Path, columns: list[str]) -> Iterator[Batch]:
    """Batches of the asked columns; rows are counted from the one after the header. Raises Unreadable."""
    open_source(path).close()
    try:
        check_size(path, source.sheet)
        workbook = CalamineWorkbook.from_path(str(path))
        sheets = workbook.sheet_names
        if source.sheet is not None and source.sheet not in sheets:
            raise Unreadable(f"sheet {source.sheet!r} is missing")
        name = source.sheet if source.sheet is not None else sheets[0]
        table = workbook.get_sheet_by_name(name).to_python(skip_empty_area=False)
    except Unreadable:
        raise
    except SheetTooLarge:
        raise Unreadable("the sheet states more rows, columns or text in a cell than any list holds") from None
    except Exception as error:  # calamine's errors share no root
        raise Unreadable(f"no whole workbook: {type(error).__name__}") from error
    if len(table) < source.header_row:
        raise Unreadable("the sheet has no header row")
    header = [_text(cell) or "" for cell in table[source.header_row - 1]]
    require_columns(columns, header)
    places = [header.index(column) for column in columns]
    size = path.stat().st_size
    rows: list[int] = []
    cells: list[list[str | None]] = []
    for number, row in enumerate(table[source.header_row :], 1):
        if any(cell != "" and cell is not None for cell in row):
            rows.append(number)
            cells.append([_text(row[place]) for place in places])
        if len(rows) == BATCH_ROWS:
            yield batch_of_rows(rows, cells, columns, [], size)
            rows, cells = [], []
    yield batch_of_rows(rows, cells, columns, [], size)


def _text(cell: Any) -> str | None:
    if cell is None or isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else repr(cell)
    if isinstance(cell, dt.datetime):
        return cell.date().isoformat() if cell.time() == dt.time() else cell.strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(cell, dt.date):
        return cell.isoformat()
    return str(cell)
