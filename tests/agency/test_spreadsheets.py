"""Lists as offices keep them: titles above the heading, merged cells, several sheets, as Excel and LibreOffice save."""

from __future__ import annotations

import datetime
import json
import re
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlsxwriter

from clients.agency.cells import read_name
from tests.agency.agency_kit import Agency, rewrite, write
from tests.agency.test_bad_input import NOBODY
from tests.agency.test_clear import CLEAN, WANTED

TRANSITIONAL = (
    "http://schemas.openxmlformats.org/spreadsheetml/2006/main",
    "http://schemas.openxmlformats.org/officeDocument/2006/relationships",
)
STRICT = ("http://purl.oclc.org/ooxml/spreadsheetml/main", "http://purl.oclc.org/ooxml/officeDocument/relationships")
HEADS = ["No.", "DPI", "Nombre completo", "Fecha de\nnacimiento"]


def _tried(path: Path, out: Path, *options: str) -> dict[str, Any]:
    done = NOBODY.clear(path, out, "--dry-run", "--json", *options)
    assert done.status == 0, done.text
    told: dict[str, Any] = json.loads(done.text)
    return told


def _office_book(path: Path) -> Path:
    """A title over merged cells, a blank row, the heading, numbers and dates as such, a sheet of notes behind it."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Personal"
    sheet["A1"] = "LISTADO DE PERSONAL, noviembre"
    sheet.merge_cells("A1:D1")
    sheet.append([])
    sheet.append(HEADS)
    sheet.append([1, int(CLEAN), "Isabel Aurora Aycinena Beltranena", datetime.date(1988, 3, 14)])
    sheet.append([2, f"{WANTED[:4]} {WANTED[4:9]} {WANTED[9:]}", "Ramiro Anselmo Zachrisson Urruela", "02/11/1979"])
    sheet.append([3, "x", "Sin Número", datetime.date(1990, 1, 1)])
    book.create_sheet("Notas").append(["otra cosa"])
    book.save(path)
    return path


def test_a_workbook_of_an_office(agency: Agency, tmp_path: Path) -> None:
    done = agency.clear(_office_book(tmp_path / "in.xlsx"), tmp_path / "out.csv", "--map", "cui=DPI")
    assert done.codes == {"4": "NO_RECORD/NOTHING_ON_FILE", "5": "WITH_RECORD/RECORD", "6": "INVALID/UNSPECIFIED"}
    assert done.summary["entrada"]["encabezado"] == "fila 3, tras 1 de título"
    assert done.summary["entrada"]["hoja"] == "«Personal»; no se leen: «Notas»"
    assert "no se leen: «Notas»" in done.text


def test_its_columns_are_found(tmp_path: Path) -> None:
    told = _tried(_office_book(tmp_path / "in.xlsx"), tmp_path / "out.csv")
    assert told["columnas"] == {"cui": "DPI", "name": "Nombre completo", "born": "Fecha de nacimiento"}
    assert (told["filas"], told["primeras"]) == (3, {"6": "CUI: caracteres no permitidos"}), "not by the name alone"
    assert told["codificacion"] == "", "a workbook is no text"


def test_a_workbook_of_another_writer(tmp_path: Path) -> None:
    """Strings kept in the sheet, a heading twice, an empty column, a row with blanks alone."""
    path = tmp_path / "in.xlsx"
    with xlsxwriter.Workbook(path, {"strings_to_numbers": False, "constant_memory": True}) as book:
        sheet = book.add_worksheet()
        for place, row in enumerate((["DPI", "", "Observaciones", "Observaciones"], [CLEAN, "", "a", "b"], [" ", " "])):
            sheet.write_row(place, 0, row)
        sheet.write_number(3, 0, int(WANTED))
    told = _tried(path, tmp_path / "out.csv")
    assert (told["columnas"], told["filas"], told["filas_en_blanco"]) == ({"cui": "DPI"}, 2, 1)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize(
    ("lines", "delimiter"),
    [
        ([f"DPI;Nombre;Año\n{CLEAN};Pérez, Ana;1988\n{WANTED};Ñandú, José;1979\n"], ";"),
        (["sep=;\r\n", f"DPI;Nombre;Año\r\n{CLEAN};Pérez, Ana;1988\r\n{WANTED};Ñandú, José;1979\r\n"], ";"),
        ([f'"DPI"\t"Nombre\ny apellido"\t"Año"\n"{CLEAN}"\t"Ana;\nPérez"\t1988\n{WANTED}\tÑandú\t1979\n'], "\t"),
        ([f"Oficina,,\n,,\nDPI,Nombre,Año\n{CLEAN},Ana,1988\n{WANTED},Ñandú,1979\n,,\n"], ","),
    ],
)
def test_texts_as_they_are_saved(tmp_path: Path, lines: list[str], delimiter: str, encoding: str) -> None:
    path = tmp_path / "in.csv"
    path.write_bytes("".join(lines).encode(encoding))
    told = _tried(path, tmp_path / "out.csv", "--map", "cui=DPI")
    assert (told["delimitador"], told["filas"], told["no_validas"]) == (delimiter, 2, 0)


def test_a_heading_that_only_the_clerk_knows(tmp_path: Path) -> None:
    path = write(
        tmp_path / "in.csv", "Lista", "Código,Persona,Nac.", "1,Juana Pérez,14/03/1988", "2,Ana Sic,01/01/1990"
    )
    told = _tried(path, tmp_path / "out.csv", "--map", "name=Persona,born=Nac.")
    assert (told["encabezado"], told["filas"]) == ("fila 2, tras 1 de título", 2)


@pytest.mark.parametrize("state", ["hidden", "veryHidden"])
def test_a_hidden_first_sheet_is_refused_by_name(tmp_path: Path, state: str) -> None:
    """The clerk sees another list in Excel: it was not asked, and the hidden one was."""
    path = tmp_path / "in.xlsx"
    book = openpyxl.Workbook()
    first = book.active
    assert first is not None
    first.title, first.sheet_state = "oculta", state
    first.append(["DPI"])
    book.create_sheet("Lista").append(["DPI"])
    book.active = 1
    book.save(path)
    done = NOBODY.clear(path, tmp_path / "out.csv", "--map", "cui=DPI")
    assert (done.status, "la primera hoja, «oculta», está oculta" in done.text) == (2, True), done.text
    assert [each.name for each in tmp_path.iterdir()] == ["in.xlsx"]


def test_a_formula_that_nobody_calculated_is_named_by_its_cell(tmp_path: Path) -> None:
    """In a column of its own letter beyond Z, in a sheet that begins further down; nobody is asked."""
    path = tmp_path / "in.xlsx"
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet["AB3"], sheet["AC3"] = "DPI", "Nota"
    sheet["AB4"], sheet["AB5"] = CLEAN, "=AB4"
    book.save(path)
    done = NOBODY.clear(path, tmp_path / "out.csv", "--map", "cui=DPI")
    assert (done.status, "la celda AB5 tiene una fórmula sin valor" in done.text) == (2, True), done.text
    assert [each.name for each in tmp_path.iterdir()] == ["in.xlsx"]


@pytest.mark.parametrize(
    ("cell", "refused"),
    [
        ('<c r="A2"><f>B2</f></c>', True),
        ('<c r="A2"><f>B2</f><v></v></c>', True),
        ('<c><f>B2</f></c>', True),
        ('<x:c xmlns:x="NS" r="A2"><x:f>B2</x:f></x:c>', True),
        ('<c r="A2" t="str"><f>IF(B2="","",B2)</f><v></v></c>', False),
        (f'<c r="A2" t="str"><f>B2</f><v>{CLEAN}</v></c>', False),
        (f'<c r="A2"><f>B2</f><v>{CLEAN}</v></c>', False),
    ],
)  # fmt: skip
@pytest.mark.parametrize("strict", [False, True])
def test_formulas_as_programs_write_them(tmp_path: Path, cell: str, refused: bool, strict: bool) -> None:
    """Without a value; with a value that is an empty text; of a workbook that was saved as "strict"."""
    path = tmp_path / "in.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["DPI", "Nombre"])
        sheet.write_string(1, 0, "HERE")
    space = STRICT if strict else TRANSITIONAL

    def changed(name: str, part: str) -> str:
        part = re.sub(r'<c r="A2".*?</c>', cell.replace("NS", space[0]), part)
        if strict and name.startswith("xl/"):
            for was, now in zip(TRANSITIONAL, STRICT, strict=True):
                part = part.replace(was, now)
        return part

    rewrite(path, changed)
    done = NOBODY.clear(path, tmp_path / "out.csv", "--map", "cui=DPI", "--dry-run")
    assert (done.status, "la celda A2" in done.text) == ((2, True) if refused else (0, False)), done.text


@pytest.mark.parametrize("kind", ["xlsx", "csv"])
def test_an_error_of_a_spreadsheet_costs_its_row(tmp_path: Path, kind: str) -> None:
    """It is no empty cell: a person without a number would be judged by the name alone."""
    path = tmp_path / f"in.{kind}"
    errors = ["#N/A", "#REF!", "#DIV/0!", "#VALUE!"] if kind == "xlsx" else ["#N/D", "#¡REF!", "#¿NOMBRE?", "Err:502"]
    heads = ["DPI", "Nombre", "Nacimiento", "Nota"]
    rows = [[error, "Ana Pérez", "14/03/1988", ""] for error in errors]
    rows += [["", errors[0], "14/03/1988", ""], ["", "Ana Pérez", errors[0], ""], [CLEAN, "", "", errors[0]]]
    if kind == "xlsx":
        book = openpyxl.Workbook()
        sheet = book.active
        assert sheet is not None
        for row in [heads, *rows]:
            sheet.append(row)
        book.save(path)
    else:
        write(path, *(",".join(row) for row in [heads, *rows]))
    told = _tried(path, tmp_path / "out.csv", "--map", "cui=DPI,name=Nombre,born=Nacimiento")
    assert (told["filas"], told["filas_en_blanco"], told["no_validas"]) == (7, 0, 6)
    assert all("muestra un error" in rule for rule in told["reglas"]), told["reglas"]


@pytest.mark.parametrize("name", ["#5", "Núm. #3!", "N/A", "#HASHTAG"])
def test_what_is_no_error(name: str) -> None:
    assert read_name(name) == name
