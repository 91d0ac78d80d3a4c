"""Results that a spreadsheet opens: workbooks with texts as cells, CSV with the mark of UTF-8."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path

import openpyxl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from clients.agency import formats
from clients.agency.cells import csv_cell, neutral
from tests.agency.agency_kit import Agency, table, workbook_rows, write
from tests.agency.test_clear import CLEAN, WANTED

HEADING = ("fila", "DPI", "resultado")
STRANGE = [
    "0101234560101", "=1+1", "+502", "-5", "@SUM(A1)", "=HYPERLINK(\"http://x\")", "\t=1", "a\x00b\x1b[2Jc", "_x0041_",
    "<r></c><c><f>1+1</f></c></r>", "<r><t>x</t></r>", " blancos ", "http://un.sitio", "1E5", "TRUE", "#N/A", "🙂" * 40,
    "x" * 40_000, "ñ" + "🙂" * 20_000,
]  # fmt: skip


def _delivered(path: Path, rows: list[list[str]]) -> Path:
    """A workbook of the lines that a pass writes."""
    partial = path.with_name("partial.tmp")
    lines = [",".join(HEADING), *(",".join([str(number), *map(csv_cell, row)]) for number, row in enumerate(rows, 2))]
    write(partial, *lines)
    formats.deliver(partial, path, HEADING, headed=True)
    return path


def _texts(path: Path) -> list[str]:
    """The second column, below the heading, as another program reads it."""
    return [str(row[1]) for row in CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).to_python()[1:]]


def test_every_cell_is_a_text_and_none_a_formula(tmp_path: Path) -> None:
    out = _delivered(tmp_path / "out.xlsx", [[text, "x"] for text in STRANGE])
    for text, cell in zip(STRANGE, _texts(out), strict=True):
        written = neutral(text)
        if len(written.encode("utf-16-le")) > 2 * 32_767:
            assert cell.endswith("…") and written.startswith(cell[:-1])
            assert len(cell.encode("utf-16-le")) >= 2 * 32_766
        else:
            assert cell == written
    sheet = openpyxl.load_workbook(out).active
    assert sheet is not None
    kinds = {(cell.data_type, cell.number_format) for row in sheet.iter_rows(min_row=2, min_col=2) for cell in row}
    assert kinds == {("s", "@")}
    assert b"<f>" not in zipfile.ZipFile(out).read("xl/worksheets/sheet1.xml")


@given(st.lists(st.text(st.characters(codec="utf-8"), max_size=12), min_size=1, max_size=20))
def test_what_is_written_is_read_back(tmp_path_factory: pytest.TempPathFactory, texts: list[str]) -> None:
    out = _delivered(tmp_path_factory.mktemp("any") / "out.xlsx", [[text, "x"] for text in texts])
    assert _texts(out) == [neutral(text) for text in texts]


def test_more_rows_than_a_sheet_holds_go_on_in_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formats, "_SHEET_ROWS", 5)
    rows = [[f"{number:013d}", "x"] for number in range(8)]
    for many, sheets in ((8, ["Filas", "Filas 2"]), (4, ["Filas"]), (0, ["Filas"])):
        out = _delivered(tmp_path / "out.xlsx", rows[:many])
        book = openpyxl.load_workbook(out)
        assert book.sheetnames == sheets
        assert [row["DPI"] for row in workbook_rows(out)] == [row[0] for row in rows[:many]]


def test_the_same_rows_are_the_same_bytes(tmp_path: Path) -> None:
    first, second = (_delivered(tmp_path / name, [[CLEAN, "x"]]).read_bytes() for name in ("a.xlsx", "b.xlsx"))
    assert first == second


def test_a_workbook_takes_no_memory_of_its_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows are taken from the file as they are written: at the last one the first ones are on the disk."""
    taken: list[int] = []
    sizes: list[int] = []

    def _table(*_: object, **__: object) -> pa.RecordBatchReader:
        def batches() -> Iterator[pa.RecordBatch]:
            for start in range(0, 20_000, 1_000):
                numbers = list(range(start, start + 1_000))
                taken.append(start)
                sizes.append(sum(each.stat().st_size for each in tmp_path.rglob("*") if each.is_file()))
                yield pa.record_batch({"fila": numbers, "DPI": ["x" * 100] * 1_000, "resultado": ["y"] * 1_000})

        return pa.RecordBatchReader.from_batches(next(batches()).schema, batches())

    monkeypatch.setattr(formats, "_table", _table)
    formats.deliver(tmp_path / "partial.tmp", tmp_path / "out.xlsx", HEADING, headed=True)
    assert len(taken) == 21 and sizes[-1] > 18_000 * 100


def test_a_csv_that_excel_opens(agency: Agency, tmp_path: Path) -> None:
    path = write(tmp_path / "in.csv", "DPI,Año", f"{WANTED},ñ", f"{CLEAN},1", "x,2")
    marked = agency.clear(path, tmp_path / "out.csv", "--map", "cui=DPI", "--bom")
    plain = agency.clear(path, tmp_path / "plain.csv", "--map", "cui=DPI")
    for one, other in (
        (marked.out, plain.out),
        *((marked.beside(n), plain.beside(n)) for n in ("rechazos.csv", "homonimos.csv")),
    ):
        assert one.read_bytes() == b"\xef\xbb\xbf" + other.read_bytes()
    assert not plain.out.read_bytes().startswith(b"\xef")
    for ending in (".xlsx", ".parquet"):
        assert agency.clear(path, tmp_path / f"book{ending}", "--map", "cui=DPI", "--bom").status == 5
    assert [str(row["fila"]) for row in workbook_rows(tmp_path / "book.xlsx")] == [
        row["fila"] for row in table(plain.out)
    ]
    assert [row["codigo"] for row in workbook_rows(tmp_path / "book.rechazos.xlsx")] == list(plain.rejects.values())


def test_what_beside_a_workbook_stands_is_as_private_as_a_csv(agency: Agency, tmp_path: Path) -> None:
    running = agency.start(write(tmp_path / "in.csv", "DPI", WANTED), tmp_path / "out.xlsx")
    running.communicate(timeout=60)
    assert {path.name: oct(path.stat().st_mode & 0o077) for path in tmp_path.glob("out.*")} == dict.fromkeys(
        ("out.xlsx", "out.rechazos.xlsx", "out.homonimos.xlsx", "out.resumen.json", "out.recibo.pdf"), "0o0"
    )
