"""The institutions' files: each in its own form, which changes from year to year, with the faults of real ones."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import xlsxwriter

from nation import days

_CREATED = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC).replace(tzinfo=None)  # the same seed, the same bytes

Cells = Sequence[Any]
Ints = npt.NDArray[np.int64]


def texts(names: Sequence[str], numbers: Ints) -> list[str]:
    """The name of each number."""
    return [names[number] for number in numbers.tolist()]


def dates(numbers: Ints, form: str) -> list[str]:
    """Day numbers as text, each day made once."""
    made = {number: days.date(number).strftime(form) for number in np.unique(numbers).tolist()}
    return [made[number] for number in numbers.tolist()]


def excel_days(numbers: Ints) -> list[int]:
    """Day numbers as spreadsheets count them, from 1899-12-30."""
    return [int(each) for each in (numbers + 25569).tolist()]


def write_csv(
    path: Path,
    columns: dict[str, Cells],
    *,
    delimiter: str = ",",
    encoding: str = "utf-8",
    title: str = "",
    total: bool = True,
    bom: bool = False,
) -> None:
    """A CSV file, a title line above its header and a row TOTAL below, both where asked for."""
    rows = zip(*columns.values(), strict=True)
    lines = [title] if title else []
    lines.append(delimiter.join(columns))
    before = len(lines)
    lines.extend(delimiter.join(map(str, row)) for row in rows)
    if total:
        lines.append(delimiter.join(["TOTAL", str(len(lines) - before), *[""] * (len(columns) - 2)]))
    path.parent.mkdir(parents=True, exist_ok=True)
    text = "\r\n".join(lines) + "\r\n"
    path.write_bytes((b"\xef\xbb\xbf" if bom else b"") + text.encode(encoding))


def write_xlsx(path: Path, columns: dict[str, Cells], *, sheet: str, title: str, total: bool = True) -> None:
    """A workbook with a title line, a blank line, the header, and a row TOTAL."""
    path.parent.mkdir(parents=True, exist_ok=True)
    book = xlsxwriter.Workbook(str(path), {"constant_memory": True})
    book.set_properties({"created": _CREATED})
    page = book.add_worksheet(sheet)
    page.write_string(0, 0, title)
    for place, name in enumerate(columns):
        page.write_string(2, place, name)
    row = 3
    for values in zip(*columns.values(), strict=True):
        for place, value in enumerate(values):
            if value != "":
                page.write(row, place, value)
        row += 1
    if total:
        page.write_string(row, 0, "TOTAL")
        page.write_number(row, 1, row - 3)
    book.close()
