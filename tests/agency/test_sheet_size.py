"""Workbooks that state more than they hold, and files with values that no text has: refused, and no process ends."""

from __future__ import annotations

import zipfile
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from core.files.sheet_size import SheetTooLarge, check_size
from tests.agency.test_bad_input import NOBODY
from tests.agency.test_clear import CLEAN

_SHEET = "xl/worksheets/sheet1.xml"
_HEAD = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
_END = "</sheetData></worksheet>"
_LIST = f'<row r="1"><c r="A1" t="inlineStr"><is><t>DPI</t></is></c></row><row r="2"><c r="A2"><v>{CLEAN}</v></c></row>'


def _book(path: Path, rows: str, repeated: str = "", times: int = 0) -> Path:
    """Returns a workbook with these rows in its first sheet, and behind them so many times a piece."""
    plain = path.with_suffix(".plain")
    openpyxl.Workbook().save(plain)
    with zipfile.ZipFile(plain) as source, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            if name != _SHEET:
                target.writestr(name, source.read(name))
        with target.open(_SHEET, "w", force_zip64=True) as sheet:
            sheet.write(f"{_HEAD}{rows}".encode())
            for _ in range(times):
                sheet.write(repeated.encode())
            sheet.write(_END.encode())
    plain.unlink()
    return path


@pytest.mark.parametrize(
    "far",
    [
        '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>',
        '<row><c r="XFD1048576"><v>1</v></c></row>',
        "<row><c r='ZZ1048576'><v>1</v></c></row>",
        '<row><c r="A9999999"><v>1</v></c></row>',
        '<row><c r="ZZZZZZZZ9999999999999"><v>1</v></c></row>',
        '<row><c r="A99999999999999999999"><v>1</v></c></row>',
    ],
)
def test_a_cell_at_the_end_of_the_sheet_is_told(tmp_path: Path, far: str) -> None:
    path = _book(tmp_path / "in.xlsx", _LIST + far)
    done = NOBODY.clear(path, tmp_path / "out.csv", "--dry-run")
    assert (done.status, "más de lo que una lista ocupa" in done.text) == (2, True), done.text
    assert [each.name for each in tmp_path.iterdir()] == ["in.xlsx"]


@pytest.mark.parametrize(
    ("rows", "repeated", "times"),
    [
        (_LIST, "<row/>" * 100_000, 11),
        (f'{_LIST}<row><c t="inlineStr"><is><t>', "A" * 1_000_000, 6),
        (f'{_LIST}<row><c r="', "A" * 1_000_000, 6),
        (f'{_LIST}<row r="1048576"><c r="A1048576"><v>1</v></c></row><row>', "<c><v>1</v></c>", 1_000),
        (f"{_LIST}<row>", "<c><v>1</v></c>", 20_000),
    ],
)
def test_a_sheet_of_more_than_any_program_writes_is_told(tmp_path: Path, rows: str, repeated: str, times: int) -> None:
    with pytest.raises(SheetTooLarge):
        check_size(_book(tmp_path / "in.xlsx", rows, repeated, times))


@pytest.mark.parametrize(
    "far",
    [
        "",
        '<row r="1048576"><c r="AZ1048576"><v>1</v></c></row>',
        '<row><c r="XFD9"/></row>',
        f"<row>{'<c><v>1</v></c>' * 50}</row>" * 10_000,
    ],
)
def test_a_list_of_any_size_that_a_sheet_has_is_read(tmp_path: Path, far: str) -> None:
    check_size(_book(tmp_path / "in.xlsx", _LIST + far))


def test_times_that_no_calendar_has_cost_their_rows(tmp_path: Path) -> None:
    path = tmp_path / "in.parquet"
    times = pa.array([2**62, 0], pa.timestamp("us"))
    names = ["ISABEL AYCINENA", "ISABEL AYCINENA"]
    pq.write_table(pa.table({"NOMBRE": names, "FECHA NACIMIENTO": times}), path)
    done = NOBODY.clear(path, tmp_path / "out.csv", "--dry-run", "--map", "name=NOMBRE,born=FECHA NACIMIENTO")
    assert (done.status, "no válidas: 1" in done.text) == (0, True), done.text


def test_half_a_letter_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    path.write_text(f'{{"DPI": "{CLEAN}", "NOMBRE": "\\ud800"}}\n')
    done = NOBODY.clear(path, tmp_path / "out.csv", "--dry-run", "--yes")
    assert (done.status, "línea 1: no es un objeto JSON" in done.text) == (2, True), done.text
    path.write_text(f'{{"DPI": "{CLEAN}", "NOMBRE": "\\u00c1na \\ud83d\\ude00"}}\n' * 1_001 + '{"DPI": "\\ud800"}\n')
    done = NOBODY.clear(path, tmp_path / "out.csv", "--dry-run", "--yes")
    assert (done.status, "no válidas: 1" in done.text) == (0, True), done.text
