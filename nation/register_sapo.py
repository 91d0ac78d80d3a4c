"""SAPO, the police's copy of warrants and the archive of police records: CSV in Latin-1."""

from __future__ import annotations

from nation import days, tables
from nation.columns import TEXT, Column, array
from nation.delimited import csv_bytes, write_part
from nation.heard import Heard
from nation.justice import CANCELLED, EXECUTED, LAPSED, PENDING, SUSPENDED, Justice
from nation.papers import damaged_cedula
from nation.policing import Policing
from nation.vocabulary import plain
from nation.world import World

_STATES = {
    PENDING: "VIGENTE",
    EXECUTED: "EJECUTADA",
    CANCELLED: "CANCELADA",
    SUSPENDED: "SUSPENDIDA",
    LAPSED: "CADUCADA",
}
_CEDULA_GIVEN = 3  # of four rows without a CUI about somebody who had a cédula, one states it


def _column(values: list[str]) -> Column:
    return array(values, TEXT)


def write(world: World, justice: Justice, policing: Policing) -> int:
    """Writes the block's part of both files; returns rows."""
    return _write_warrants(world, justice) + _write_records(world, policing)


def _cedula(world: World, heard: Heard, row: int) -> str:
    """Orden and registro as an old fiche has them, damaged in every way that is known."""
    if heard.cedula:
        return heard.cedula
    if heard.cui or heard.person < 0 or row % 4 != _CEDULA_GIVEN or not world.papers.cedula[heard.person]:
        return ""
    order = tables.departments()[world.people.birth_department[heard.person] - 1].cedula_order
    return f"{damaged_cedula(order, row // 4 % 4)} {world.papers.cedula[heard.person]}"


def _person(world: World, heard: list[Heard], written: list[int]) -> dict[str, Column]:
    """Columns of persons; written: the day of each row."""
    departments = tables.departments()
    ages = [h.age_on(day, world.plan.today) for h, day in zip(heard, written, strict=True)]
    return {
        "CUI": _column([h.cui or "-1" for h in heard]),
        "CEDULA": _column([_cedula(world, h, i) or "N/A" for i, h in enumerate(heard)]),
        "PRIMER_NOMBRE": _column([h.part("first_given") for h in heard]),
        "SEGUNDO_NOMBRE": _column([h.part("second_given") for h in heard]),
        "PRIMER_APELLIDO": _column([h.part("first_surname") for h in heard]),
        "SEGUNDO_APELLIDO": _column([h.part("second_surname") for h in heard]),
        "FECHA_NACIMIENTO": _column([h.birth_text(days.SLASHED) or "01/01/1900" for h in heard]),
        "EDAD": _column(["-1" if age is None else str(age) for age in ages]),
        "SEXO": _column([("", "M", "H")[h.sex] for h in heard]),  # mujer, hombre
        "DEPARTAMENTO": _column(
            [plain(departments[h.department - 1].name) if h.department else "SIN DATO" for h in heard]
        ),
        "NOMBRE_PADRE": _column([h.father or "SIN DATO" for h in heard]),
        "NOMBRE_MADRE": _column([h.mother or "SIN DATO" for h in heard]),
    }


def _write_warrants(world: World, justice: Justice) -> int:
    rows = [(w, *w.sightings["sapo"]) for w in justice.warrants if "sapo" in w.sightings]
    columns = {
        "NO_ORDEN": _column(["SAPO-" + w.record for w, _, _, _ in rows]),
        "NO_CAUSA": _column([w.causa for w, _, _, _ in rows]),
        "JUZGADO": _column([w.court_written or plain(w.court) for w, _, _, _ in rows]),
        "COD_DELITO": _column([w.offence["code"] for w, _, _, _ in rows]),
        "DELITO": _column([w.offence["text"] for w, _, _, _ in rows]),
        "FECHA_EMISION": _column([days.date(w.issued).strftime(days.SLASHED) for w, _, _, _ in rows]),
        "ESTADO": _column([w.state_written or _STATES[state] for w, _, state, _ in rows]),
        "FECHA_ESTADO": _column([days.date(day).strftime(days.SLASHED) for _, _, _, day in rows]),
        **_person(world, [heard for _, heard, _, _ in rows], [w.issued for w, _, _, _ in rows]),
    }
    content = csv_bytes(columns, head=world.plan.first, encoding="latin-1")
    write_part(world.plan.folder, "registers/sapo/ordenes_captura.csv", content)
    for warrant, heard, _, _ in rows:
        world.note_alert("sapo", "SAPO-" + warrant.record, heard, "WARRANT", warrant.in_force)
    return len(rows)


def _write_records(world: World, policing: Policing) -> int:
    rows = policing.records
    columns = {
        "NO_FICHA": _column([row.number for row in rows]),
        "FECHA": _column([days.date(row.day).strftime(days.SLASHED) for row in rows]),
        "COD_DELITO": _column([row.offence["code"] for row in rows]),
        "DELITO": _column([row.offence["text"] for row in rows]),
        "COMISARIA": _column([row.station for row in rows]),
        "CONSTANCIA": _column(["S" if row.visible else "N" for row in rows]),
        **_person(world, [row.person for row in rows], [row.day for row in rows]),
    }
    content = csv_bytes(columns, head=world.plan.first, encoding="latin-1")
    write_part(world.plan.folder, "registers/sapo/antecedentes.csv", content)
    for row in rows:
        world.note("sapo", row.number, row.person.person)
    return len(rows)
