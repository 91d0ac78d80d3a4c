"""Lists as offices keep them: titles above the heading, merged cells, several sheets, as Excel and LibreOffice save."""

from __future__ import annotations

import datetime
import json
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlsxwriter

from tests.agency.agency_kit import Agency, write
from tests.agency.test_bad_input import NOBODY
from tests.agency.test_clear import CLEAN, WANTED

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
    sheet.append([3, "=1+1", "Fórmula Sin Valor", datetime.date(1990, 1, 1)])
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
    assert (told["filas"], told["primeras"]) == (3, {"6": "CUI: es una fórmula: escriba el valor"}), (
        "not by the name alone"
    )
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


def test_formulas_that_nobody_calculated_are_told_where_they_stand(tmp_path: Path) -> None:
    """In a column of its own letter beyond Z, behind the last value, in a sheet that begins further down."""
    path = tmp_path / "in.xlsx"
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet["AB3"], sheet["AC3"] = "DPI", "Nota"
    sheet["AB4"], sheet["AC4"] = CLEAN, "=1+1"
    sheet["AB5"], sheet["AC5"] = "=AB4", "x"
    sheet["AB8"] = "=AB4"
    book.save(path)
    told = _tried(path, tmp_path / "out.csv", "--map", "cui=DPI")
    why = "CUI: es una fórmula: escriba el valor"
    assert (told["filas"], told["filas_en_blanco"], told["primeras"]) == (3, 2, {"5": why, "8": why})
    with xlsxwriter.Workbook(path) as written:  # with a value it is that value
        sheet = written.add_worksheet()
        sheet.write_row(0, 0, ["DPI"])
        sheet.write_formula(1, 0, "=A3", value=CLEAN)
    assert _tried(path, tmp_path / "out.csv")["no_validas"] == 0
