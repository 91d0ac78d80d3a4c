"""A table as a file: the same figures in every form, hidden ones never a zero, and what belongs to them beside them."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from clients.statistics.asking import FigureTable
from clients.statistics.exports import WRITERS
from clients.statistics.tables import uncts
from ronda.command import app
from ronda.commands.institution import statistics as commands
from ronda.v1 import context_pb2
from ronda.v1 import statistics_service_pb2 as contract
from ronda.v1.value_pb2 import CodedText, PartialDate


def cell(code: str, text: str, value: int | None, **more: Any) -> contract.StatisticsCell:
    found = contract.StatisticsCell(keys=[CodedText(code=code, text=text)], state=contract.CELL_STATE_COMPLETE, **more)
    if value is not None:
        found.value = value
    return found


@pytest.fixture
def table() -> FigureTable:
    frame = contract.StatisticsFrame(
        source=contract.StatisticsSource(id="pnc_victimas", institution="PNC", title="Víctimas", counts="víctimas"),
        rule=contract.COUNTING_RULE_VICTIM,
        offence=CodedText(code="0101", text="Homicidio intencional"),
        vintage=PartialDate(year=2025, month=11, day=20),
        as_of=PartialDate(year=2025, month=11, day=19),
        by=[contract.DIMENSION_DEPARTMENT],
        disclosure="redondeado",
        coverage=["falta algo"],
        demo=["inventado"],
        cells=3,
        hidden=1,
        tested=1,
    )
    cells = [
        cell("01", "Guatemala; «=SUM(A1)»", 120, rate=3.5, population=3_400_000, before=115, z=0.5, change=1),
        cell("02", "El Progreso", None),
        cell("03", "=1+1", 10),
    ]
    return FigureTable(frame, cells)


FIGURES = [120, None, 10]


def nones(values: Any) -> list[int | None]:
    return [None if pd.isna(value) else int(value) for value in values]


def test_every_form_holds_the_same_figures(table: FigureTable, tmp_path: Path) -> None:
    for ending, write in WRITERS.items():
        write(table, tmp_path / f"cifras{ending}")
    dtype = {"departamento_codigo": str}
    tables = {
        "csv": pd.read_csv(tmp_path / "cifras.csv", dtype=dtype),
        "xlsx": pd.read_excel(tmp_path / "cifras.xlsx", sheet_name="cifras", dtype=dtype, engine="openpyxl"),
        "parquet": pd.read_parquet(tmp_path / "cifras.parquet"),
        "package": pd.read_csv(tmp_path / "cifras" / "cifras.csv", dtype=dtype),
    }
    for form, found in tables.items():
        assert nones(found["cifra"]) == FIGURES, form
        assert [bool(each) for each in found["oculta"]] == [False, True, False], form
        assert list(found["departamento_codigo"]) == ["01", "02", "03"], form
        shown = [text.removeprefix("'") for text in found["departamento"]]  # a spreadsheet would run what begins with =
        assert shown == [each.keys[0].text for each in table.cells], form
        assert list(found.columns) == list(tables["csv"].columns)


def test_metadata_goes_with_the_figures(table: FigureTable, tmp_path: Path) -> None:
    for ending, write in WRITERS.items():
        write(table, tmp_path / f"cifras{ending}")
    package = json.loads((tmp_path / "cifras" / "datapackage.json").read_text(encoding="utf-8"))
    sheet = openpyxl.load_workbook(tmp_path / "cifras.xlsx")["metadatos"]
    found = [
        json.loads((tmp_path / "cifras.metadata.json").read_text(encoding="utf-8")),
        json.loads(pq.read_schema(tmp_path / "cifras.parquet").metadata[b"ronda"]),
        package["ronda"],
        {row[0].value: row[1].value for row in sheet.iter_rows()},
    ]
    for metadata in found:
        assert metadata["conocido_al"] == "2025-11-20"
        assert metadata["ultima_entrega"] == "2025-11-19"
        assert "inventado" in metadata["DEMO"]
        assert "falta algo" in metadata["cobertura"]
        assert metadata["divulgacion"] == "redondeado"


def test_what_is_not_real_says_so_in_each_row(table: FigureTable, tmp_path: Path) -> None:
    for ending, write in WRITERS.items():
        write(table, tmp_path / f"cifras{ending}")
    found = [
        pd.read_csv(tmp_path / "cifras.csv"),
        pd.read_excel(tmp_path / "cifras.xlsx", sheet_name="cifras", engine="openpyxl"),
        pd.read_parquet(tmp_path / "cifras.parquet"),
        pd.read_csv(tmp_path / "cifras" / "cifras.csv"),
    ]
    assert all(set(each["DEMO"]) == {"DEMO"} for each in found)
    package = json.loads((tmp_path / "cifras" / "datapackage.json").read_text(encoding="utf-8"))
    assert package["title"].startswith("DEMO: ")
    del table.frame.demo[:]
    WRITERS[".csv"](table, tmp_path / "real.csv")
    assert "DEMO" not in pd.read_csv(tmp_path / "real.csv").columns


@pytest.mark.parametrize(
    ("out", "said"),
    [
        ("there.csv", "ya existe"),
        ("beside.csv", "beside.metadata.json: ya existe"),
        ("dangling.csv", "ya existe"),
        ("nowhere/x.xlsx", "no hay tal directorio"),
        ("x.pdf", "termine en"),
    ],
)
def test_nothing_is_written_over_nor_beside(tmp_path: Path, out: str, said: str) -> None:
    for name in ("there.csv", "beside.metadata.json"):
        (tmp_path / name).write_text("mine", encoding="utf-8")
    (tmp_path / "dangling.csv").symlink_to(tmp_path / "elsewhere.csv")
    asked = ["statistics", "homicides", "--year", "2025", "--server", "127.0.0.1:1", "--out", str(tmp_path / out)]
    done = CliRunner().invoke(app, asked)
    assert done.exit_code == 2
    assert said in done.stderr
    assert (tmp_path / "there.csv").read_text(encoding="utf-8") == "mine"
    assert not (tmp_path / "elsewhere.csv").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--month", "trece"], "escriba un mes"),
        (["--month", "0"], "escriba un mes"),
        (["--department", "Atlántida"], "no hay tal departamento"),
        (["--municipality", "la democracia"], "0503 (Escuintla), 1312 (Huehuetenango)"),
        (["--sex", "otro"], "escriba F"),
    ],
)
def test_what_is_typed_wrong_is_said_before_anybody_is_asked(words: list[str], said: str) -> None:
    done = CliRunner().invoke(app, ["statistics", "homicides", "--year", "2025", "--server", "127.0.0.1:1", *words])
    assert done.exit_code == 2
    assert said in " ".join(done.stderr.replace("│", " ").split())


def test_places_and_months_are_known_by_name() -> None:
    assert [commands.read_month(each) for each in ("3", "03", "Marzo", "mar")] == ["3"] * 4
    assert [commands.read_department(each) for each in ("17", "Petén", "PETEN", " peten ")] == ["17"] * 4
    assert [commands.read_municipality(each) for each in ("0108", "108", "mixco")] == ["0108"] * 3
    assert [commands.read_sex(each) for each in ("f", "Mujeres", "m")] == ["F", "F", "M"]


def test_a_workbook_runs_nothing(table: FigureTable, tmp_path: Path) -> None:
    WRITERS[".xlsx"](table, tmp_path / "cifras.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "cifras.xlsx")["cifras"]
    assert {value.data_type for row in sheet.iter_rows() for value in row} <= {"s", "n", "b"}


def test_the_package_says_what_its_file_is(table: FigureTable, tmp_path: Path) -> None:
    """Data Package v1 (Frictionless): profile, resource with path, schema of every column, size and hash."""
    WRITERS[""](table, tmp_path / "paquete")
    package = json.loads((tmp_path / "paquete" / "datapackage.json").read_text(encoding="utf-8"))
    (resource,) = package["resources"]
    content = (tmp_path / "paquete" / resource["path"]).read_bytes()
    assert package["profile"] == "tabular-data-package"
    assert resource["bytes"] == len(content)
    assert resource["hash"] == f"sha256:{hashlib.sha256(content).hexdigest()}"
    head = content.decode(resource["encoding"]).splitlines()[0].split(",")
    assert [field["name"] for field in resource["schema"]["fields"]] == head
    assert {field["type"] for field in resource["schema"]["fields"]} <= {"string", "integer", "number", "boolean"}


def test_the_tables_of_un_cts_are_questions_that_may_be_asked() -> None:
    for name, (title, wanted) in uncts(2024).items():
        request = wanted.request(context_pb2.RequestContext(), None)
        assert request.filter.first_year == request.filter.last_year == 2024
        assert len(request.by) <= 3
        assert title and name == name.lower()
