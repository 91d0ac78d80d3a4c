"""XLSX workbooks, written row by row in constant memory."""

from __future__ import annotations

import datetime
from pathlib import Path

import pyarrow as pa
import xlsxwriter

# A fixed time of making: the same seed gives the same bytes.
_CREATED = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC).replace(tzinfo=None)


class Workbook:
    """One workbook. xlsxwriter streams one sheet at a time, so rows of the sheets are kept until `close`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._sheets: dict[str, list[pa.Table]] = {}

    def append(self, sheet: str, rows: pa.Table) -> None:
        """Adds rows to a sheet; all columns are text or date32, null = empty cell."""
        self._sheets.setdefault(sheet, []).append(rows)

    def close(self) -> None:
        """Writes the file: a title line above the header, as the institutions' exports have."""
        book = xlsxwriter.Workbook(str(self._path), {"constant_memory": True})
        book.set_properties({"created": _CREATED})
        day = book.add_format({"num_format": "dd/mm/yyyy"})
        for name, tables in self._sheets.items():
            sheet = book.add_worksheet(name)
            sheet.write_string(0, 0, f"LISTADO DE {name}")
            for place, column in enumerate(tables[0].column_names):
                sheet.write_string(1, place, column)
            row = 2
            for table in tables:
                for values in zip(*(column.to_pylist() for column in table.columns), strict=True):
                    for place, value in enumerate(values):
                        if isinstance(value, datetime.date):
                            sheet.write_datetime(row, place, datetime.datetime(value.year, value.month, value.day), day)  # noqa: DTZ001
                        elif value is not None:
                            sheet.write_string(row, place, value)
                    row += 1
        book.close()
