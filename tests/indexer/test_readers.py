"""Readers: each format as it should be, with bad rows, and cut or mis-encoded."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from indexer.manifest.sources import Source
from indexer.readers import csv as csv_reader
from indexer.readers import text_lines
from indexer.readers.batch import BadRow, Unreadable
from indexer.readers.registry import newest_file, read_file

Rows = dict[int, list[str | None]]
SOURCE: TypeAdapter[Source] = TypeAdapter(Source)


def source(form: str, **keys: Any) -> Source:
    return SOURCE.validate_python({"name": "s", "format": form, "path": "f", "as_of": {"from": "mtime"}, **keys})


def read(given: Source, path: Path, data: bytes, columns: list[str]) -> tuple[Rows, dict[int, str], set[int]]:
    """(cells by row number, rule by bad row, rows with undecodable bytes)."""
    path.write_bytes(data)
    rows: Rows = {}
    bad: dict[int, str] = {}
    damaged: set[int] = set()
    for batch in read_file(given, path, columns):
        cells = [column.to_pylist() for column in batch.columns]
        for i, number in enumerate(batch.rows.tolist()):
            assert number not in rows
            rows[number] = [column[i] for column in cells]
            if batch.undecodable is not None and batch.undecodable[i]:
                damaged.add(number)
        assert all(isinstance(row, BadRow) and row.row not in rows for row in batch.bad)
        bad |= {row.row: row.rule for row in batch.bad}
    return rows, bad, damaged


@pytest.fixture(params=[8 << 20, 16], ids=["one block", "many blocks"])
def block_bytes(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """Files are read whole, and in blocks smaller than a row."""
    monkeypatch.setattr(text_lines, "BLOCK_BYTES", request.param)
    return int(request.param)


CSV = source("csv", encoding="utf-8", delimiter=";")


@pytest.mark.usefixtures("block_bytes")
@pytest.mark.parametrize("encoding", ["utf-8", "latin-1", "cp1252", "cp850"])
def test_csv_in_every_encoding(tmp_path: Path, encoding: str) -> None:
    given = source("csv", encoding=encoding, delimiter=";")
    data = 'A;B\r\nñ;Ñandú\r\n"x;""y""";2\r\n'.encode(encoding)
    rows, bad, damaged = read(given, tmp_path / "f", data, ["B", "A"])
    assert rows == {1: ["Ñandú", "ñ"], 2: ["2", 'x;"y"']}
    assert not bad and not damaged


@pytest.mark.usefixtures("block_bytes")
def test_csv_with_bad_lines_and_bytes(tmp_path: Path) -> None:
    data = b'A;B\n1;2\n\n3\n4;5;6\n7;"8\n9;\xff\nx\ry;10\n"a" "b;11\n12;13'
    given = source("csv", delimiter=";", final_line_break=False)
    rows, bad, damaged = read(given, tmp_path / "f", data, ["A", "B"])
    assert rows == {1: ["1", "2"], 6: ["9", "�"], 7: ["x y", "10"], 9: ["12", "13"]}
    assert damaged == {6}
    assert bad == {3: "wrong_column_count", 4: "wrong_column_count", 5: "malformed_row", 8: "malformed_row"}
    for cut in (b"1;2;3", b"1", b'1;"2'):
        with pytest.raises(Unreadable, match="cut"):
            read(given, tmp_path / "f", b"A;B\n1;2\n" + cut, ["A", "B"])


@pytest.mark.usefixtures("block_bytes")
def test_csv_without_header_and_quotes(tmp_path: Path) -> None:
    given = source("csv", columns=["A", "B"], quote="")
    rows, bad, _ = read(given, tmp_path / "f", b'1,"2\n3,4"\n', ["B"])
    assert (rows, bad) == ({1: ['"2'], 2: ['4"']}, {})


@pytest.mark.usefixtures("block_bytes")
def test_csv_with_line_breaks_in_cells(tmp_path: Path) -> None:
    given = source("csv", multiline=True)
    rows, bad, _ = read(given, tmp_path / "f", b'A,B\n1,"dos\nlineas"\n3,4\n', ["A", "B"])
    assert (rows, bad) == ({1: ["1", "dos\nlineas"], 3: ["3", "4"]}, {})


@pytest.mark.usefixtures("block_bytes")
def test_csv_with_a_quote_that_never_closes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_reader, "MULTILINE_MAX", 3)
    given = source("csv", multiline=True)
    data = b'A,B\n1,"x\n' + b"".join(b"%d,2\n" % i for i in range(2, 10))
    rows, bad, _ = read(given, tmp_path / "f", data, ["A"])
    assert bad == {1: "malformed_row"}
    assert rows == {i: [str(i)] for i in range(2, 10)}


FIXED = source(
    "fixed_width",
    record_length=8,
    encoding="latin-1",
    columns=[{"name": "A", "start": 1, "width": 3}, {"name": "B", "start": 4, "width": 5}],
)


@pytest.mark.usefixtures("block_bytes")
@pytest.mark.parametrize("encoding", ["utf-8", "latin-1", "cp1252", "cp850"])
def test_fixed_width_in_every_encoding(tmp_path: Path, encoding: str) -> None:
    given = source("fixed_width", **{**FIXED.model_dump(include={"record_length", "columns"}), "encoding": encoding})
    rows, bad, damaged = read(given, tmp_path / "f", "ñ 1Ñandú\n  2Perez\n".encode(encoding), ["B", "A"])
    assert (rows, bad, damaged) == ({1: ["Ñandú", "ñ 1"], 2: ["Perez", "  2"]}, {}, set())


@pytest.mark.usefixtures("block_bytes")
def test_fixed_width_with_bad_lines_and_bytes(tmp_path: Path) -> None:
    rows, bad, _ = read(FIXED, tmp_path / "f", b"abc12345\nabc\n\nabc123456\r\nxyz54321\r\n", ["A"])
    assert (rows, bad) == ({1: ["abc"], 5: ["xyz"]}, {2: "wrong_length", 4: "wrong_length"})
    given = source("fixed_width", **{**FIXED.model_dump(include={"record_length", "columns"}), "encoding": "cp1252"})
    rows, _, damaged = read(given, tmp_path / "f", b"abc12345\nab\x8112345\n", ["A"])
    assert (rows, damaged) == ({1: ["abc"], 2: ["ab�"]}, {2})


JSONL = source("jsonl")


@pytest.mark.usefixtures("block_bytes")
def test_jsonl(tmp_path: Path) -> None:
    data = (
        b'{"a": {"b": "\xc3\xb1"}, "n": 7, "f": 2.0, "t": true, "l": [1]}\n\n{"a": 1}\n[1]\n{"a": \n'
        b'{"a": {"b": "\xff"}}\n{"n": null, "f": 1.5}'
    )
    rows, bad, damaged = read(JSONL, tmp_path / "f", data, ["a.b", "n", "f", "t", "l"])
    assert rows == {
        1: ["ñ", "7", "2", "true", "[1]"],
        3: [None] * 5,
        6: ["�", None, None, None, None],
        7: [None, None, "1.5", None, None],
    }
    assert bad == {4: "malformed_row", 5: "malformed_row"}
    assert damaged == {6}


XML = source("xml", row_tag="R")
XML_FILE = """<?xml version="1.0" encoding="UTF-8"?>
<!-- <R>not a row</R> --><x:L xmlns:x="urn:x" corte="2026">
<x:R id="1"><N><P>Ana</P><P>Eva</P></N><D cod="7">a &amp; b</D></x:R>
<R/><R id="3"><N>roto</R>
<R id="4"><D>&nope;</D></R><R id="5"><N><P>José</P></N></R>
<RX id="9"/><R id="6"><N>
<R id="7"><D>x<i>y</i>z</D></R>
</x:L>
<!-- end -->
"""


def test_xml(tmp_path: Path) -> None:
    rows, bad, _ = read(XML, tmp_path / "f", XML_FILE.encode(), ["@id", "N/P", "D", "D/@cod"])
    assert rows == {
        1: ["1", "Ana", "a & b", "7"],
        2: [None] * 4,
        5: ["5", "José", None, None],
        7: ["7", None, "xyz", None],
    }
    assert bad == {3: "malformed_row", 4: "malformed_row", 6: "malformed_row"}


def test_xml_with_bytes_outside_its_encoding(tmp_path: Path) -> None:
    rows, _, damaged = read(XML, tmp_path / "f", b"<L><R><A>\xff</A></R><R><A>b</A></R></L>", ["A"])
    assert (rows, damaged) == ({1: ["�"], 2: ["b"]}, {1})


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "empty"),
        (b"nothing", "no root"),
        (b'<!DOCTYPE x [<!ENTITY a "b">]><L><R/></L>', "DOCTYPE"),
        (b'<?xml version="1.0" encoding="ISO-8859-1"?><L><R/></L>', "another encoding"),
        (b"<L><R></R><R><A>", "within a row"),
        (b"<L><R></R>", "not closed"),
        (b"<L><R></R></M>", "not closed"),
    ],
)
def test_xml_that_cannot_be_read(tmp_path: Path, data: bytes, why: str) -> None:
    with pytest.raises(Unreadable, match=why):
        read(XML, tmp_path / "f", data, ["A"])


def workbook(rows: list[list[object]]) -> bytes:
    held = io.BytesIO()
    book = xlsxwriter.Workbook(held, {"default_date_format": "dd/mm/yyyy"})
    book.add_worksheet("Otra")
    sheet = book.add_worksheet("Hoja")
    for number, row in enumerate(rows):
        sheet.write_row(number, 0, row)
    book.close()
    return held.getvalue()


def test_xlsx(tmp_path: Path) -> None:
    given = source("xlsx", sheet="Hoja", header_row=2)
    data = workbook([["Listado"], ["A", "B", "C"], ["ñ", 2547325860101, 1.5], [], ["", True, ""]])
    rows, bad, _ = read(given, tmp_path / "f.xlsx", data, ["A", "B", "C"])
    assert (rows, bad) == ({1: ["ñ", "2547325860101", "1.5"], 3: ["", "true", ""]}, {})
    with pytest.raises(Unreadable, match="sheet 'No' is missing"):
        read(source("xlsx", sheet="No"), tmp_path / "f.xlsx", data, ["A"])
    with pytest.raises(Unreadable, match="no whole workbook"):
        read(given, tmp_path / "f.xlsx", data[: len(data) // 2], ["A"])


def spoilt(data: bytes, sheet: int, row: str) -> bytes:
    """The workbook with one row more in this sheet."""
    held = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as before, zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as after:
        for name in before.namelist():
            content = before.read(name)
            if name == f"xl/worksheets/sheet{sheet}.xml":
                content = content.replace(b"<sheetData/>", b"<sheetData></sheetData>")
                content = content.replace(b"</sheetData>", row.encode() + b"</sheetData>")
            after.writestr(name, content)
    return held.getvalue()


@pytest.mark.parametrize(
    "row",
    [
        '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>',
        '<row r="9"><c r="ZZZZZZZZ9999999999999"><v>1</v></c></row>',
        f'<row r="9"><c r="A9" t="inlineStr"><is><t>{"A" * 4_000_000}</t></is></c></row>',
    ],
)
def test_a_sheet_that_states_more_than_it_holds_is_a_named_failure(tmp_path: Path, row: str) -> None:
    """Its reader would set memory aside for all of that, until the system ended the process."""
    data = workbook([["A"], [1]])
    with pytest.raises(Unreadable, match="more rows, columns or text in a cell than any list holds"):
        read(source("xlsx", sheet="Hoja"), tmp_path / "f.xlsx", spoilt(data, 2, row), ["A"])
    with pytest.raises(Unreadable, match="more rows, columns or text in a cell than any list holds"):
        read(source("xlsx"), tmp_path / "f.xlsx", spoilt(data, 1, row), ["A"])
    far = spoilt(data, 1, row) if "AAAA" not in row else data
    assert read(source("xlsx", sheet="Hoja"), tmp_path / "f.xlsx", far, ["A"])[0] == {1: ["1"]}, "another sheet's"


def parquet(columns: dict[str, pa.Array[Any]]) -> bytes:
    held = io.BytesIO()
    pq.write_table(pa.table(columns), held)
    return held.getvalue()


def test_parquet_of_every_type(tmp_path: Path) -> None:
    data = parquet(
        {
            "t": pa.array(["ñ", None]),
            "i": pa.array([1, None]),
            "f": pa.array([2.0, 2.5]),
            "b": pa.array([True, False]),
            "d": pa.array([0, 1], pa.date32()),
            "z": pa.array([1_795_219_200_000, None], pa.timestamp("ms", "UTC")),
            "n": pa.array([90_061, None], pa.timestamp("s")),
            "k": pa.array(["x", "y"]).dictionary_encode(),
            "y": pa.array([b"ok", b"\xff"], pa.binary()),
        }
    )
    rows, bad, damaged = read(source("parquet"), tmp_path / "f", data, list("tifbdznky"))
    assert rows == {
        1: ["ñ", "1", "2", "true", "1970-01-01", "2026-11-20 18:00:00", "1970-01-02 01:01:01", "x", "ok"],
        2: [None, None, "2.5", "false", "1970-01-02", None, None, "y", "�"],
    }
    assert (bad, damaged) == ({}, {2})


PLAIN: list[tuple[str, Source, bytes]] = [
    ("csv", CSV, b"A;B\n1;2\n3;4\n"),
    ("fixed_width", FIXED, b"abc12345\nabc12345\n"),
    ("jsonl", JSONL, b'{"A": 1}\n{"A": 2}\n'),
    ("xml", XML, b"<L><R><A>1</A></R><R><A>2</A></R></L>"),
    ("xlsx", source("xlsx", sheet="Hoja"), workbook([["A"], [1], [2]])),
    ("parquet", source("parquet"), parquet({"A": pa.array(["1", "2"])})),
]
EVERY_FORMAT = pytest.mark.parametrize(("given", "data"), [p[1:] for p in PLAIN], ids=[p[0] for p in PLAIN])


@EVERY_FORMAT
def test_a_file_cut_within_a_row_cannot_be_read(tmp_path: Path, given: Source, data: bytes) -> None:
    for lost in (1, 2, 3) if given.format not in ("fixed_width", "jsonl") else (2, 3):
        with pytest.raises(Unreadable):
            read(given, tmp_path / "f", data[:-lost], ["A"])


@EVERY_FORMAT
def test_an_empty_file_cannot_be_read(tmp_path: Path, given: Source, data: bytes) -> None:
    with pytest.raises(Unreadable):
        read(given, tmp_path / "f", b"", ["A"])


@EVERY_FORMAT
def test_a_missing_file_and_a_directory_cannot_be_read(tmp_path: Path, given: Source, data: bytes) -> None:
    (tmp_path / "d").mkdir()
    for path in (tmp_path / "none", tmp_path / "d"):
        with pytest.raises(Unreadable):
            list(read_file(given, path, ["A"]))


@pytest.mark.parametrize("form", ["csv", "xlsx", "parquet", "fixed_width"])
def test_a_missing_column_cannot_be_read(tmp_path: Path, form: str) -> None:
    _, given, data = next(p for p in PLAIN if p[0] == form)
    with pytest.raises(Unreadable, match="column 'Z' is missing"):
        read(given, tmp_path / "f", data, ["Z"])


def test_a_file_without_line_breaks_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_lines, "LINE_BYTES_MAX", 100)
    with pytest.raises(Unreadable, match="longer than 100 bytes"):
        read(JSONL, tmp_path / "f", b"x" * 1000, ["A"])


def test_the_newest_file_by_name(tmp_path: Path) -> None:
    for name in ("x_20260101.csv", "x_20260102.csv", "y.csv"):
        (tmp_path / name).write_bytes(b"")
    assert newest_file(tmp_path, "x_*.csv").name == "x_20260102.csv"
    with pytest.raises(Unreadable, match="no file fits"):
        newest_file(tmp_path, "z_*")


def splice(data: bytes, at: int, cut: int, put: bytes) -> bytes:
    return data[:at] + put + data[at + cut :]


@EVERY_FORMAT
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(fuzz=st.data())
def test_damaged_files_are_refused_or_read(tmp_path: Path, given: Source, data: bytes, fuzz: st.DataObject) -> None:
    """A file damaged in any way: Unreadable, or rows and bad rows, each number once."""
    for _ in range(fuzz.draw(st.integers(1, 3))):
        at = fuzz.draw(st.integers(0, len(data)))
        data = splice(data, at, fuzz.draw(st.integers(0, 4)), fuzz.draw(st.binary(max_size=6)))
    run: Callable[[], object] = lambda: read(given, tmp_path / "f", data, ["A"])  # noqa: E731
    try:
        run()
    except Unreadable as error:
        assert error.why


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cells=st.lists(st.lists(st.text(st.characters(codec="utf-8"), max_size=8), min_size=2, max_size=2), min_size=1))
def test_what_is_written_is_read(tmp_path: Path, cells: list[list[str]]) -> None:
    lines = [json.dumps({"a": a, "b": b}, ensure_ascii=False) for a, b in cells]
    rows, bad, _ = read(JSONL, tmp_path / "f", "\n".join([*lines, ""]).encode(), ["a", "b"])
    assert (list(rows.values()), bad) == (cells, {})
