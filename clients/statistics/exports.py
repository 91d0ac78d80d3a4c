"""A table as a file: CSV, XLSX, Parquet, or a Frictionless data package; what a figure needs goes with it.

A hidden figure is an empty cell with `oculta` = true beside it, never a zero. What is not of a source says DEMO in each
row, for a table is passed on without its metadata.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from clients.agency.cells import neutral
from clients.statistics import words
from clients.statistics.asking import FigureTable
from ronda.v1 import statistics_service_pb2 as contract

Row = dict[str, Any]
DEMO = "DEMO"
_TEXT, _WHOLE, _NUMBER, _BOOLEAN = "string", "integer", "number", "boolean"


def columns(table: FigureTable) -> dict[str, str]:
    """Names and types (of Frictionless's Table Schema)."""
    found: dict[str, str] = {}
    for dimension in table.frame.by:
        heading = words.HEADINGS[dimension].replace(" ", "_")
        found |= {f"{heading}_codigo": _TEXT, heading: _TEXT}
    found |= {"cifra": _WHOLE, "oculta": _BOOLEAN, "estado": _TEXT}
    if any(cell.population for cell in table.cells):
        found |= {"tasa_por_100000": _NUMBER, "poblacion": _WHOLE}
    if any(cell.HasField("expected") for cell in table.cells):
        found |= {"esperado": _NUMBER, "limite_inferior": _NUMBER, "limite_superior": _NUMBER, "cambio": _TEXT}
    elif table.frame.change_method:
        found |= {"un_anio_antes": _WHOLE, "z": _NUMBER, "cambio": _TEXT}
    if table.frame.demo:
        found |= {DEMO: _TEXT}
    return found


def rows(table: FigureTable) -> list[Row]:
    """A row a cell, with every column of `columns`; None = empty."""
    names = columns(table)
    found = []
    for cell in table.cells:
        row: Row = {}
        for dimension, key in zip(table.frame.by, cell.keys, strict=True):
            heading = words.HEADINGS[dimension].replace(" ", "_")
            row |= {f"{heading}_codigo": key.code, heading: key.text}
        row |= {
            "cifra": cell.value if cell.HasField("value") else None,
            "oculta": not cell.HasField("value"),
            "estado": contract.CellState.Name(cell.state).removeprefix("CELL_STATE_"),
            "tasa_por_100000": cell.rate if cell.HasField("rate") else None,
            "poblacion": cell.population or None,
            "un_anio_antes": cell.before if cell.HasField("before") else None,
            "z": cell.z if cell.HasField("z") else None,
            "esperado": cell.expected if cell.HasField("expected") else None,
            "limite_inferior": cell.low if cell.HasField("expected") else None,
            "limite_superior": cell.high if cell.HasField("expected") else None,
            "cambio": words.CHANGES[cell.change],
            DEMO: DEMO,
        }
        found.append({name: row[name] for name in names})
    return found


def metadata(table: FigureTable) -> dict[str, Any]:
    """Returns the facts common to all its figures."""
    frame = table.frame
    return {
        "fuente": f"{frame.source.institution}: {frame.source.title}",
        "cuenta": frame.source.counts,
        "regla": words.RULE_TEXTS.get(frame.rule, "?"),
        "delitos": "cada delito" if frame.every_offence else "el más grave",
        "delito": f"{frame.offence.code} {frame.offence.text}".strip() or "todos",
        "clasificacion": "ICCS v1.0",
        "conocido_al": _day(frame.vintage),
        "ultima_entrega": _day(frame.as_of),
        "poblacion": frame.population,
        "divulgacion": frame.disclosure,
        "cobertura": list(frame.coverage),
        "DEMO": list(frame.demo),
        "celdas": frame.cells,
        "ocultas": frame.hidden,
        "probadas": frame.tested,
        "cambio": frame.change_method,
        "almacen": frame.mart_id,
    }


def _day(day: Any) -> str:
    return f"{day.year:04}-{day.month:02}-{day.day:02}" if day.year else ""


def csv_bytes(table: FigureTable) -> bytes:
    """UTF-8 with a mark, as spreadsheets want it."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(columns(table)), lineterminator="\r\n")
    writer.writeheader()
    for row in rows(table):
        writer.writerow({name: _plain(value) for name, value in row.items()})
    return text.getvalue().encode("utf-8-sig")


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return neutral(value)
    return "" if value is None else str(value).lower() if isinstance(value, bool) else value


def metadata_beside(path: Path) -> Path:
    """Returns the path of a CSV's metadata."""
    return path.with_name(f"{path.stem}.metadata.json")


def _write_csv(table: FigureTable, path: Path) -> None:
    """The table, and beside it <name>.metadata.json: a CSV has no place for what a figure needs."""
    path.write_bytes(csv_bytes(table))
    metadata_beside(path).write_text(json.dumps(metadata(table), ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def _write_xlsx(table: FigureTable, path: Path) -> None:
    """A sheet `cifras` and a sheet `metadatos`."""
    import xlsxwriter  # noqa: PLC0415 # of this form alone

    path.touch(exist_ok=False)  # raises OSError; xlsxwriter's own error is none
    with xlsxwriter.Workbook(str(path), {"strings_to_formulas": False, "strings_to_urls": False}) as book:
        sheet = book.add_worksheet("cifras")
        for place, name in enumerate(columns(table)):
            sheet.write_string(0, place, name)
        for number, row in enumerate(rows(table), 1):
            for place, value in enumerate(row.values()):
                if value is not None:
                    sheet.write(number, place, value)
        sheet = book.add_worksheet("metadatos")
        for number, (name, value) in enumerate(metadata(table).items()):
            sheet.write_string(number, 0, name)
            sheet.write_string(number, 1, "\n".join(value) if isinstance(value, list) else str(value))


def _write_parquet(table: FigureTable, path: Path) -> None:
    """Writes the table with the metadata in the file's own, key `ronda`."""
    import pyarrow as pa  # noqa: PLC0415 # of this form alone
    import pyarrow.parquet as pq  # noqa: PLC0415

    types: dict[str, Any] = {_TEXT: pa.string(), _WHOLE: pa.int64(), _NUMBER: pa.float64(), _BOOLEAN: pa.bool_()}
    schema = pa.schema(
        [(name, types[kind]) for name, kind in columns(table).items()],
        metadata={"ronda": json.dumps(metadata(table), ensure_ascii=False)},
    )
    pq.write_table(pa.Table.from_pylist(rows(table), schema=schema), path)


def _write_package(table: FigureTable, path: Path) -> None:
    """A directory with datapackage.json and cifras.csv (Data Package v1: specs.frictionlessdata.io)."""
    path.mkdir()
    content = csv_bytes(table).removeprefix(b"\xef\xbb\xbf")  # v1 says UTF-8; readers take the mark for a letter
    (path / "cifras.csv").write_bytes(content)
    frame = table.frame
    fields = [{"name": name, "type": kind} for name, kind in columns(table).items()]
    package = {
        "profile": "tabular-data-package",
        "name": f"ronda-{frame.source.id.replace('_', '-')}-{frame.offence.code or 'todos'}",
        "title": f"{'DEMO: ' if frame.demo else ''}{frame.source.title}: {frame.offence.text or 'todos los delitos'}",
        "description": frame.disclosure,
        "sources": [{"title": f"{frame.source.institution}: {frame.source.title}"}],
        "resources": [
            {
                "profile": "tabular-data-resource",
                "name": "cifras",
                "path": "cifras.csv",
                "format": "csv",
                "mediatype": "text/csv",
                "encoding": "utf-8",
                "bytes": len(content),
                "hash": f"sha256:{hashlib.sha256(content).hexdigest()}",
                "schema": {"fields": fields, "missingValues": [""]},
            }
        ],
        "ronda": metadata(table),
    }
    (path / "datapackage.json").write_text(json.dumps(package, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


WRITERS: dict[str, Callable[[FigureTable, Path], None]] = {
    ".csv": _write_csv,
    ".xlsx": _write_xlsx,
    ".parquet": _write_parquet,
    "": _write_package,
}
"""Ending of the path -> what writes it; without one a directory, a data package."""
