"""PNC-SIPOL: detentions and incidents, a PostgreSQL schema and its COPY files."""

from __future__ import annotations

from nation import days
from nation.columns import TEXT, Column, array
from nation.delimited import copy_bytes, write_part
from nation.heard import Heard
from nation.policing import Policing
from nation.world import World

SCHEMA = """\
-- PNC, Sistema de Información Policial: vista de consulta.
CREATE SCHEMA sipol;
CREATE TABLE sipol.detencion (
    id_detencion        bigint NOT NULL,
    fecha_hora          timestamp,
    cui                 numeric(13),
    nombre_detenido     varchar(200),     -- APELLIDOS, NOMBRES
    fecha_nacimiento    date,
    edad                smallint,
    sexo                smallint,         -- 1 masculino, 2 femenino, 9 ignorado
    nombre_madre        varchar(200),
    cod_departamento    smallint,         -- 10 + INE
    cod_delito          varchar(12),
    delito              varchar(120),
    comisaria           varchar(80),
    resultado           varchar(80),
    visible_constancia  boolean NOT NULL
);
CREATE TABLE sipol.incidente (
    id_incidente        bigint NOT NULL,
    fecha               date,
    cui                 numeric(13),
    nombre              varchar(200),
    tipo_incidente      varchar(80),
    calidad             varchar(40),
    comisaria           varchar(80)
);
CREATE TABLE sipol.corte (fecha_corte timestamptz NOT NULL);
"""
INDEXES = """\
ALTER TABLE sipol.detencion ADD PRIMARY KEY (id_detencion);
ALTER TABLE sipol.incidente ADD PRIMARY KEY (id_incidente);
"""
COPIES = {
    "sipol.detencion": "detencion.copy",
    "sipol.incidente": "incidente.copy",
    "sipol.corte": "corte.copy",
}


def _column(values: list[str | None]) -> Column:
    return array(values, TEXT)


def _surnames_first(heard: Heard) -> str:
    given = [heard.part(name) for name in ("first_given", "second_given", "third_given")]
    surnames = [heard.part(name) for name in ("first_surname", "second_surname")]
    return f"{' '.join(part for part in surnames if part)}, {' '.join(part for part in given if part)}"


def write(world: World, policing: Policing) -> int:
    """Writes the block's part of both tables; returns rows."""
    rows = policing.detentions
    # A date with an unknown day does not fit a date column: SIPOL leaves it out.
    columns = {
        "id_detencion": _column([str(row.number) for row in rows]),
        "fecha_hora": _column(
            [f"{days.text(row.day, days.ISO)} {row.number % 24:02d}:{row.number % 60:02d}:00" for row in rows]
        ),
        "cui": _column([row.person.cui or None for row in rows]),
        "nombre_detenido": _column([_surnames_first(row.person) for row in rows]),
        "fecha_nacimiento": _column(
            [None if row.person.month_only else row.person.birth_text(days.ISO) or None for row in rows]
        ),
        "edad": _column([_age_text(row.person.age_on(row.day, world.plan.today)) for row in rows]),
        "sexo": _column([("9", "2", "1")[row.person.sex] for row in rows]),
        "nombre_madre": _column([row.person.mother or None for row in rows]),
        "cod_departamento": _column([str(10 + row.department) for row in rows]),
        "cod_delito": _column([row.offence["code"] for row in rows]),
        "delito": _column([row.offence["text"] for row in rows]),
        "comisaria": _column([row.station for row in rows]),
        "resultado": _column([row.outcome or None for row in rows]),
        "visible_constancia": _column(["t" if row.visible else "f" for row in rows]),
    }
    write_part(world.plan.folder, "registers/sipol/detencion.copy", copy_bytes(columns))
    for row in rows:
        world.note("sipol", f"D-{row.number}", row.person.person)
    return len(rows) + _write_incidents(world, policing)


def _age_text(age: int | None) -> str | None:
    return None if age is None else str(age)


def _write_incidents(world: World, policing: Policing) -> int:
    rows = policing.incidents
    columns = {
        "id_incidente": _column([str(row.number) for row in rows]),
        "fecha": _column([days.text(row.day, days.ISO) for row in rows]),
        "cui": _column([row.person.cui or None for row in rows]),
        "nombre": _column([_surnames_first(row.person) for row in rows]),
        "tipo_incidente": _column([row.kind for row in rows]),
        "calidad": _column([row.role for row in rows]),
        "comisaria": _column([row.station for row in rows]),
    }
    write_part(world.plan.folder, "registers/sipol/incidente.copy", copy_bytes(columns))
    for row in rows:
        world.note("sipol", f"I-{row.number}", row.person.person)
    return len(rows)
