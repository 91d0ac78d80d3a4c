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

from clients.statistics.asking import FigureTable
from clients.statistics.exports import WRITERS
from clients.statistics.tables import uncts
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
        assert list(found["departamento"]) == [each.keys[0].text for each in table.cells], form
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
