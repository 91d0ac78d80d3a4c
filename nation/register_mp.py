"""MP, the Public Prosecutor: JSON lines, persons as nested objects with two name fields, its own department codes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import orjson

from nation import days, tables
from nation.days import NO_DAY
from nation.delimited import write_part
from nation.heard import Heard
from nation.justice import CANCELLED, EXECUTED, LAPSED, PENDING, SUSPENDED, Justice
from nation.prosecution import Prosecution
from nation.world import World

_STATES = {PENDING: "ACTIVA", EXECUTED: "LOCALIZADA", CANCELLED: "DESACTIVADA"}
_WARRANT_STATES = {PENDING: "SOLICITADA Y EMITIDA", EXECUTED: "EJECUTADA", CANCELLED: "DEJADA SIN EFECTO",
                   SUSPENDED: "SUSPENDIDA", LAPSED: "PRESCRITA"}  # fmt: skip
_SEXES = {0: None, 1: "MUJER", 2: "HOMBRE"}


def write(world: World, justice: Justice, prosecution: Prosecution) -> int:
    """Writes the block's part of the six files; returns rows."""
    files: dict[str, list[dict[str, Any]]] = {
        "denuncias": [_complaint(world, row) for row in prosecution.complaints if not row.case],
        "casos": [_complaint(world, row) for row in prosecution.complaints if row.case],
        "ordenes_solicitadas": list(_warrants(world, justice)),
        "desaparecidos": [_missing(world, row) for row in prosecution.missing],
        "documentos": [_document(world, row) for row in prosecution.documents],
        "alertas_discretas": [_discreet(world, row) for row in prosecution.discreet],
    }
    for name, rows in files.items():
        content = b"".join(orjson.dumps(row) + b"\n" for row in rows)
        write_part(world.plan.folder, f"registers/mp/{name}.jsonl", content)
    return sum(len(rows) for rows in files.values())


def _day(day: int) -> str | None:
    return days.text(day, days.ISO)


def _person(world: World, heard: Heard, day: int) -> dict[str, Any]:
    given = [heard.part(name) for name in ("first_given", "second_given", "third_given")]
    surnames = [heard.part(name) for name in ("first_surname", "second_surname")]
    department = tables.departments()[heard.department - 1].mp_code if heard.department else None
    return {
        "cui": heard.cui or None,
        "pasaporte": {"pais": heard.document_country, "numero": heard.document} if heard.document else None,
        "nombres": " ".join(part for part in given if part),
        "apellidos": " ".join(part for part in surnames if part),
        "fechaNacimiento": heard.birth_text(days.ISO) or None,
        "edadAproximada": heard.age_on(day, world.plan.today),
        "sexo": _SEXES[heard.sex],
        "departamento": department,
        "padre": heard.father or None,
        "madre": heard.mother or None,
    }


def _complaint(world: World, row: Any) -> dict[str, Any]:
    world.note("mp", row.number, row.person.person)
    return {
        "numero": row.number,
        "fecha": _day(row.day),
        "fiscalia": row.office,
        "delito": {"codigo": row.offence["code"], "descripcion": row.offence["text"]},
        "calidad": row.role,
        "estado": row.status,
        "persona": _person(world, row.person, row.day),
    }


def _warrants(world: World, justice: Justice) -> Iterable[dict[str, Any]]:
    for warrant in justice.warrants:
        if "mp" not in warrant.sightings:
            continue
        heard, state, state_day = warrant.sightings["mp"]
        number = "SOA-" + warrant.record
        world.note_alert("mp", number, heard, "WARRANT", warrant.in_force)
        yield {
            "solicitud": number,
            "causa": warrant.causa,
            "juzgado": warrant.court,
            "delito": {"codigo": warrant.offence["code"], "descripcion": warrant.offence["text"]},
            "fechaEmision": _day(warrant.issued),
            "estado": warrant.state_written or _WARRANT_STATES[state],
            "fechaEstado": _day(state_day),
            "persona": _person(world, heard, warrant.issued),
        }


def _missing(world: World, row: Any) -> dict[str, Any]:
    kind = "MISSING_CHILD" if row.child else "MISSING_PERSON"
    world.note_alert("mp", row.number, row.person, kind, row.state == PENDING)
    return {
        "alerta": row.number,
        "tipo": "NIÑEZ" if row.child else "ADULTO",
        "programa": row.programme,
        "vistoPorUltimaVez": _day(row.last_seen),
        "estado": _STATES[row.state],
        "fechaEstado": _day(row.state_day),
        "contacto": "PGN, UNIDAD OPERATIVA ALBA-KENETH, TEL. 1546" if row.child else "MP, TEL. 1572",
        "persona": _person(world, row.person, row.last_seen),
    }


def _document(world: World, row: Any) -> dict[str, Any]:
    world.note_alert("mp", row.number, row.person, "DOCUMENT", row.state == PENDING)
    return {
        "reporte": row.number,
        "documento": f"DPI {row.person.cui}",
        "circunstancia": row.circumstance,
        "fecha": _day(row.day),
        "estado": _STATES[row.state],
        "persona": _person(world, row.person, row.day),
    }


def _discreet(world: World, row: Any) -> dict[str, Any]:
    holds = row.state == PENDING and (row.end == NO_DAY or row.end >= world.plan.today)
    world.note_alert("mp", row.number, row.person, "DISCREET", holds)
    return {
        "alerta": row.number,
        "titular": row.owner,
        "instruccion": row.instruction,
        "desde": _day(row.start),
        "hasta": None if row.end == NO_DAY else _day(row.end),
        "estado": _STATES[row.state],
        "persona": _person(world, row.person, row.start),
    }
