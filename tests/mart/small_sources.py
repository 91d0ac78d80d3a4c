"""Small published files, and marts made of them and of the nation's."""

from __future__ import annotations

import datetime
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import xlsxwriter

from core.mart.layout import FOLDER, DeliveryEntry, Mart
from indexer.mart.building import MartOptions, MartSummary, build_mart
from indexer.mart.manifests import SHIPPED
from server.audit.check_counts import COLUMNS as CHECK_COLUMNS

EVENTS = """
kind = "incident"
id = "hechos"
institution = "PNC"
title = "Hechos"
fact = "fact_incident"
primary = true
files = 'hechos_(?P<year>\\d{4})_(?P<delivered>\\d{8}).*\\.(?:csv|xlsx|json)'
offences = "penal_code"
counts = "hechos"

[columns]
record_id = ["id"]
date = ["fecha"]
hour = ["hora"]
municipality = ["municipio"]
offence = ["delito"]
offence_2 = ["otro delito"]
suspects = ["sindicados"]
"""
COUNTS = """
kind = "incident"
id = "cuadros"
institution = "INE"
title = "Cuadros"
fact = "fact_victim"
primary = true
files = 'cuadro_(?P<year>\\d{4})_(?P<delivered>\\d{8})\\.(?:csv|xlsx|json)'
offences = "penal_code"
counts = "víctimas"
date_basis = "registered"

[columns]
year = ["año"]
month = ["mes"]
municipality = ["municipio"]
offence = ["delito"]
sex = ["sexo"]
count = ["casos"]

[values.sex]
"1" = "M"
"2" = "F"
"""

CHECKS, CALLS = ((SHIPPED / f"ronda_{name}.toml").read_text(encoding="utf-8") for name in ("consultas", "llamadas"))
HEAD = ("id", "fecha", "hora", "municipio", "delito", "otro delito", "sindicados")
Cells = Sequence[Any]


class SmallSources:
    """A directory of files, manifests and a data directory."""

    def __init__(self, root: Path, *manifests: str) -> None:
        self.files, self.manifests, self.data = root / "files", root / "manifests", root / "data"
        self.own = root / "own"
        self.files.mkdir(parents=True)
        self.own.mkdir()
        self.manifests.mkdir()
        for number, text in enumerate(manifests or (EVENTS,)):
            (self.manifests / f"{number}.toml").write_text(text, encoding="utf-8")

    def csv(
        self, name: str, rows: Sequence[Cells], head: Cells = HEAD, delimiter: str = ",", encoding: str = "utf-8"
    ) -> None:
        lines = [delimiter.join(map(str, row)) for row in (head, *rows)]
        (self.files / name).write_bytes("\r\n".join([*lines, ""]).encode(encoding))

    def xlsx(self, name: str, rows: Sequence[Cells], head: Cells = HEAD, title: str = "") -> None:
        with xlsxwriter.Workbook(str(self.files / name)) as book:
            sheet = book.add_worksheet("datos")
            for number, row in enumerate([*([[title], []] if title else []), head, *rows]):
                sheet.write_row(number, 0, row)

    def json(self, name: str, document: Any) -> None:
        (self.files / name).write_text(json.dumps(document), encoding="utf-8")

    def build(self) -> MartSummary:
        return build_mart(MartOptions(self.data, self.files, self.manifests, self.own, memory_mib=256, threads=1))

    def checks(self, year: int, delivered: datetime.date, rows: Sequence[Cells]) -> None:
        """Returns Ronda's own counts."""
        lines = [",".join(map(str, row)) for row in (CHECK_COLUMNS, *rows)]
        (self.own / f"consultas_{year}_{delivered:%Y%m%d}.csv").write_text("\n".join([*lines, ""]), encoding="utf-8")

    def facts(self, summary: MartSummary, fact: str = "fact_incident") -> pd.DataFrame:
        return facts_of(self.data, summary.mart, fact)


def facts_of(data: Path, mart: Mart, fact: str, source: str = "") -> pd.DataFrame:
    """All facts of a kind, of one source or all."""
    names = [name for name in mart.files if name.startswith(f"{fact}.{source}")]
    return pd.concat([pd.read_parquet(data / FOLDER / mart.id / name) for name in names], ignore_index=True)


def only_delivery(summary: MartSummary) -> DeliveryEntry:
    """Returns the one delivery of the one source."""
    (source,) = summary.mart.sources
    (delivery,) = source.deliveries
    return delivery


def event(
    number: int, day: datetime.date, municipality: str = "0101", offence: str = "HOMICIDIO", other: str = ""
) -> list[Any]:
    """A row of EVENTS."""
    return [f"H{number}", day.isoformat(), "14:00", municipality, offence, other, 1]
