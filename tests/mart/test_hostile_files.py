"""Files that are made to harm, or are harmed: each costs itself, and the other deliveries are read."""

from __future__ import annotations

import datetime
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from indexer.build.errors import BuildRefused
from tests.mart.small_sources import COUNTS, EVENTS, HEAD, SmallSources, event

DAY = datetime.date(2024, 3, 7)
GOOD, BAD = "hechos_2024_20250115.csv", "hechos_2024_20250715"
COUNT_HEAD = ("año", "mes", "municipio", "delito", "sexo", "casos")
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"


def events(count: int = 20) -> list[list[Any]]:
    return [event(n, DAY + datetime.timedelta(n % 200)) for n in range(count)]


def workbook(path: Path, before: str, rows: str) -> None:
    """The least that readers take for a workbook, with this text in its one sheet."""
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types"/>',
        "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="r" '
        f'Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets><sheet name="a" sheetId="1" '
        'r:id="r"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="r" '
        f'Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
        "xl/worksheets/sheet1.xml": f'{before}<worksheet xmlns="{_MAIN}"><sheetData>{rows}</sheetData></worksheet>',
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as book:
        for name, text in parts.items():
            book.writestr(name, text)


def cells(row: int, texts: Any) -> str:
    found = (f'<c r="{chr(65 + n)}{row}" t="inlineStr"><is><t>{text}</t></is></c>' for n, text in enumerate(texts))
    return f'<row r="{row}">{"".join(found)}</row>'


def a_cell_at_the_end_of_the_sheet(path: Path) -> None:
    workbook(path, "", cells(1, HEAD) + cells(2, events()[0]) + '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>')


def a_text_of_gigabytes(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as book:
        workbook_parts = path.with_suffix(".parts")
        workbook(workbook_parts, "", "")
        with zipfile.ZipFile(workbook_parts) as parts:
            for name in parts.namelist():
                if "sheet1" not in name:
                    book.writestr(name, parts.read(name))
        workbook_parts.unlink()
        with book.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as sheet:
            sheet.write(f'<worksheet xmlns="{_MAIN}"><sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>'.encode())
            for _ in range(1500):
                sheet.write(b"A" * (1 << 20))
            sheet.write(b"</t></is></c></row></sheetData></worksheet>")


def entities_within_entities(path: Path) -> None:
    made = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12))
    workbook(path, f'<!DOCTYPE l [<!ENTITY a0 "lol">{made}]>', cells(1, HEAD) + cells(2, ["&a11;", *events()[0][1:]]))


def half_a_workbook(path: Path) -> None:
    workbook(path, "", cells(1, HEAD) + cells(2, events()[0]))
    path.write_bytes(path.read_bytes()[:-200])


@pytest.mark.parametrize(
    "make",
    [
        a_cell_at_the_end_of_the_sheet,
        pytest.param(a_text_of_gigabytes, marks=pytest.mark.slow),
        entities_within_entities,
        half_a_workbook,
    ],
)
def test_a_hostile_workbook_costs_itself(tmp_path: Path, make: Callable[[Path], None]) -> None:
    sources = SmallSources(tmp_path)
    sources.csv(GOOD, events())
    make(sources.files / f"{BAD}.xlsx")
    summary = sources.build()
    assert summary.mart.sources[0].rows == 20
    ((_, refused),) = summary.refused
    assert refused.rule in {"file_unreadable", "file_too_large", "header_missing"}


@pytest.mark.parametrize(
    "document",
    [
        "[" * 100_000 + "]" * 100_000,
        '[{"id":NaN}]',
        '[{"id":"H1"}, 3, null]',
        '[{"id":"\\ud800","fecha":"2024-03-07"}]',
    ],
)
def test_a_hostile_document_costs_itself(tmp_path: Path, document: str) -> None:
    sources = SmallSources(tmp_path)
    sources.csv(GOOD, events())
    (sources.files / f"{BAD}.json").write_text(document, encoding="utf-8")
    summary = sources.build()
    assert summary.mart.sources[0].rows == 20
    assert len(summary.refused) == 1


def test_numbers_without_end_are_no_numbers(tmp_path: Path) -> None:
    """Python turns no text of over 4,300 digits into a number, and has no date in the year 99,999,999,999."""
    digits = "9" * 5000
    sources = SmallSources(tmp_path / "events")
    sources.csv(
        GOOD, [*events(), ["H900", DAY, digits, "0101", "ROBO", "", digits], ["H901", DAY, "1", digits, "ROBO"]]
    )
    summary = sources.build()
    assert (summary.mart.sources[0].rows, summary.mart.sources[0].deliveries[0].refused) == (21, 1)
    counts = SmallSources(tmp_path / "counts", COUNTS)
    rows = [["99999999999", "1", "0101", "ROBO", "1", "5"], ["2024", digits, "0101", "ROBO", "1", "5"]]
    rows += [["2024", "1", "0102", "ROBO", "1", digits], ["2024", "1", "0103", "ROBO", "1", "7"]]
    counts.csv("cuadro_2024_20250115.csv", rows, COUNT_HEAD)
    assert counts.build().mart.sources[0].rows == 7


def test_a_count_that_may_be_a_thousand_or_one_is_refused(tmp_path: Path) -> None:
    sources = SmallSources(tmp_path, COUNTS)
    rows = [["2024", str(n), "0101", "ROBO", "1", count] for n, count in enumerate(("5", "1.000", "12.0", "1500"), 1)]
    sources.csv("cuadro_2024_20250115.csv", rows, COUNT_HEAD)
    summary = sources.build()
    assert summary.mart.sources[0].rows == 5 + 12 + 1500
    assert summary.mart.sources[0].deliveries[0].refused == 1


def test_counts_beyond_any_country_refuse_the_file(tmp_path: Path) -> None:
    sources = SmallSources(tmp_path, COUNTS)
    rows = [["2024", str(month), f"01{town:02}", "ROBO", "1", "9999999"] for month in (1, 2) for town in range(1, 18)]
    sources.csv("cuadro_2023_20240115.csv", [["2023", "1", "0101", "ROBO", "1", "5"]], COUNT_HEAD)
    sources.csv("cuadro_2024_20250115.csv", rows, COUNT_HEAD)
    assert [each.rule for _, each in sources.build().refused] == ["count_too_large"]


def test_what_is_no_file_is_named(tmp_path: Path) -> None:
    sources = SmallSources(tmp_path)
    sources.csv(GOOD, events())
    os.mkfifo(sources.files / f"{BAD}.csv")  # who opens one waits for ever
    (sources.files / "hechos_2024_20250815.csv").symlink_to("/dev/zero")
    summary = sources.build()
    assert summary.mart.sources[0].rows == 20
    assert [(each.rule, each.detail) for _, each in summary.refused] == [("file_unreadable", "is no file")] * 2


def test_a_file_name_that_is_no_text_is_named(tmp_path: Path) -> None:
    sources = SmallSources(tmp_path, EVENTS.replace("(?P<delivered>\\d{8}).*", "(?P<delivered>\\d{8}).*"))
    sources.csv(GOOD, events())
    (sources.files / os.fsdecode(b"hechos_2024_20250715_\xff.csv")).write_bytes(b"x\n")
    ((_, refused),) = sources.build().refused
    assert refused.file == "hechos_2024_20250715_?.csv"


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        ("código;x\n".encode("latin-1"), "encoding_unknown"),
        (b"codigo_municipio;anio;poblacion\n0101;2024;100\n", "column_missing"),
        (b"codigo_municipio,anio,poblacion\n0101,99999999999,100\n", "year_unreadable"),
        (b"codigo_municipio,anio,poblacion\n0101,2024," + b"9" * 5000 + b"\n", "count_unreadable"),
        (b"codigo_municipio,anio,poblacion\n0101,2024,1.000\n", "count_ambiguous"),
        (b"codigo_municipio,anio,poblacion\n0101\n", "count_unreadable"),
        (b"codigo_municipio,anio,poblacion\n" + b"1" * 200_000 + b",2024,5\n", "unreadable"),
    ],
)
def test_a_population_that_cannot_be_read_stops_the_build_by_name(tmp_path: Path, content: bytes, rule: str) -> None:
    population = """
kind = "population"
id = "poblacion"
institution = "INE"
title = "Población"
file = "proyecciones.csv"

[columns]
municipality = ["codigo_municipio"]
year = ["anio"]
population = ["poblacion"]
"""
    sources = SmallSources(tmp_path, EVENTS, population)
    sources.csv(GOOD, events())
    (sources.files / "proyecciones.csv").write_bytes(content)
    with pytest.raises(BuildRefused, match=rule):
        sources.build()


def test_an_offences_text_with_a_number_of_somebody_is_not_named(tmp_path: Path) -> None:
    sources = SmallSources(tmp_path)
    texts = ("ROBO A DPI 2357 11136 0101", "EXTORSION DEL 5555-1234", "USURPACION, DECRETO 22-2008")
    strange = [event(100 * place + n, DAY, offence=text) for place, text in enumerate(texts, 1) for n in range(6)]
    sources.csv(GOOD, [*events(), *strange], delimiter=";")
    (source,) = sources.build().mart.sources
    assert source.unmapped_rows == 18
    for path in (sources.data / "mart").rglob("unmapped.parquet"):
        content = path.read_bytes()
        assert b"USURPACION" in content
        assert b"2357" not in content
        assert b"5555" not in content
