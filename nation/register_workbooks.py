"""DGSP (inmates, releases, escapes) and DIGESSP (private security guards): XLSX workbooks."""

from __future__ import annotations

import pyarrow.parquet as pq

from nation import days, tables
from nation.columns import DATE, Column, array, table, texts
from nation.days import NO_DAY
from nation.gathering import SHEET_SUFFIX
from nation.heard import Heard
from nation.prisons import ESCAPED, INSIDE, Guard, Prisons
from nation.world import World
from nation.written_names import PARTS


def _sheet(world: World, register: str, book: str, sheet: str, columns: dict[str, Column]) -> None:
    folder = world.plan.folder / "registers" / register
    folder.mkdir(parents=True, exist_ok=True)
    pq.write_table(table(columns), folder / f"{book}.{sheet}{SHEET_SUFFIX}")


def _text(values: list[str]) -> Column:
    return texts([value or None for value in values])


def _days(values: list[int]) -> Column:
    return array([None if value == NO_DAY else days.date(value) for value in values], DATE)


def _whole_name(heard: Heard) -> str:
    return " ".join(part for part in (heard.part(name) for name in PARTS[:5]) if part)


def _inmate(heard: list[Heard]) -> dict[str, Column]:
    return {
        "DPI": _text([f"{h.cui[:4]} {h.cui[4:9]} {h.cui[9:]}" if h.cui else "NO PORTA" for h in heard]),
        "NOMBRE COMPLETO": _text([_whole_name(h) for h in heard]),
        "FECHA NAC.": _days([NO_DAY if h.month_only else h.birth for h in heard]),
        "SEXO": _text([("", "FEMENINO", "MASCULINO")[h.sex] for h in heard]),
        "DEPARTAMENTO": _text([tables.departments()[h.department - 1].name if h.department else "" for h in heard]),
    }


def write_prisons(world: World, prisons: Prisons) -> int:
    """Writes the block's part of internos.xlsx: three sheets; returns rows."""
    for sheet, rows in (
        ("INTERNOS", [row for row in prisons.stays if row.status == INSIDE]),
        ("EGRESOS", [row for row in prisons.stays if row.status != INSIDE]),
    ):
        columns = {
            "NO. REGISTRO": _text([row.number for row in rows]),
            **_inmate([row.person for row in rows]),
            "CENTRO": _text([row.prison for row in rows]),
            "FECHA INGRESO": _days([row.admitted for row in rows]),
            "FECHA EGRESO": _days([row.released for row in rows]),
            "SITUACION": _text([row.status for row in rows]),
            "COD. DELITO": _text([row.offence["code"] for row in rows]),
            "DELITO": _text([row.offence["text"] for row in rows]),
        }
        _sheet(world, "dgsp", "internos", sheet, columns)
    escapes = prisons.escapes
    columns = {
        "NO. EVASION": _text([row.number for row in escapes]),
        **_inmate([row.person for row in escapes]),
        "CENTRO": _text([row.prison for row in escapes]),
        "FECHA EVASION": _days([row.day for row in escapes]),
        "SITUACION": _text([row.status for row in escapes]),
        "FECHA SITUACION": _days([row.status_day for row in escapes]),
        "COD. DELITO": _text([row.offence["code"] for row in escapes]),
        "DELITO": _text([row.offence["text"] for row in escapes]),
        "PELIGROSO": _text(["SI" if row.offence["armed"] == "1" else "NO" for row in escapes]),
    }
    _sheet(world, "dgsp", "internos", "EVASIONES", columns)
    for stay in prisons.stays:
        world.note("dgsp", stay.number, stay.person.person)
    for escape in escapes:
        world.note_alert(
            "dgsp", escape.number, escape.person, "ESCAPE", escape.status == ESCAPED,
            without=("cedula", "document", "age", "parents"),
        )  # fmt: skip
    return len(prisons.stays) + len(escapes)


def write_guards(world: World, guards: list[Guard]) -> int:
    """Writes the block's part of agentes.xlsx; returns rows."""
    columns = {
        "CREDENCIAL": _text([row.credential for row in guards]),
        "CUI": _text([row.person.cui for row in guards]),
        "NOMBRE DEL AGENTE": _text([_whole_name(row.person) for row in guards]),
        "EMPRESA": _text([row.company for row in guards]),
        "FECHA DE EMISION": _days([row.issued for row in guards]),
        "VENCE": _days([row.expires for row in guards]),
        "ARMA ASIGNADA": _text([row.weapon for row in guards]),
    }
    _sheet(world, "digessp", "agentes", "AGENTES", columns)
    for guard in guards:
        world.note("digessp", guard.credential, guard.person.person)
    return len(guards)
