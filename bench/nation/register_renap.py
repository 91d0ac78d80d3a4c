"""RENAP, the civil registry: a PostgreSQL schema and the COPY file of its persons."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bench.nation import days, identifiers, tables
from bench.nation.delimited import copy_bytes, write_part
from bench.nation.papers import street_texts
from bench.nation.people import NOBODY, Ints
from bench.nation.vocabulary import ACCENTED
from bench.nation.world import World
from bench.nation.written_names import parent_names, right_names

SCHEMA = """\
-- RENAP, sistema registral: extracto para consulta de la PNC.
CREATE SCHEMA renap;
CREATE TABLE renap.persona (
    cui                 varchar(13) NOT NULL,
    primer_nombre       varchar(60),
    segundo_nombre      varchar(60),
    tercer_nombre       varchar(60),
    primer_apellido     varchar(60),
    segundo_apellido    varchar(60),
    apellido_casada     varchar(60),
    fecha_nacimiento    date,
    sexo                char(1),          -- M masculino, F femenino
    depto_nacimiento    char(2),          -- INE
    muni_nacimiento     char(4),          -- INE, departamento y municipio
    nacionalidad        char(3),
    estado_civil        char(1),          -- S soltero, C casado, U unido, D divorciado, V viudo
    profesion           varchar(60),
    cui_padre           varchar(13),
    nombre_padre        varchar(200),
    cui_madre           varchar(13),
    nombre_madre        varchar(200),
    cui_conyuge         varchar(13),
    nombre_conyuge      varchar(200),
    cedula_orden        varchar(5),
    cedula_registro     numeric(8),
    pasaporte           varchar(12),
    direccion           varchar(200),
    zona                varchar(4),
    depto_residencia    char(2),
    muni_residencia     char(4),
    telefono            varchar(12),
    fecha_vecindad      date,
    fecha_defuncion     date,
    foto_referencia     varchar(60),
    version_registro    integer NOT NULL
);
CREATE TABLE renap.corte (fecha_corte timestamptz NOT NULL);
"""
INDEXES = "ALTER TABLE renap.persona ADD PRIMARY KEY (cui);\n"
COPIES = {"renap.persona": "persona.copy", "renap.corte": "corte.copy"}


def municipality_codes(department: Ints, municipality: Ints) -> pa.Array:
    """INE codes of four digits."""
    return identifiers.digits(department.astype(np.int64) * 100 + municipality, 4)


def _of_relative(column: pa.Array, place: Ints) -> pa.Array:
    return column.take(pa.array(place, mask=place == NOBODY))


def write(world: World) -> int:
    """Writes the block's persons; returns rows."""
    people, papers, plan = world.people, world.papers, world.plan
    rng = plan.random("renap")
    n = people.count
    every = np.arange(n, dtype=np.int32)
    names = right_names(world, every, ACCENTED)
    cui = papers.cui_texts()
    orders = pa.array([""] + [d.cedula_order for d in tables.departments()])
    cedula = pa.array(papers.cedula, mask=papers.cedula == 0)
    professions = pa.array(tables.column("professions", "name"))
    has_home = pa.array(rng.random(n) < 0.97)
    nothing = pa.scalar(None, pa.string())
    moved = np.where(rng.random(n) < 0.5, people.birth, plan.today - rng.integers(30, 4000, n)).astype(np.int32)
    photo = pc.binary_join_element_wise("RENAP/F/", pc.utf8_slice_codeunits(cui, 0, 3), "/", cui, ".jp2", "")
    adult = pa.array(people.age(plan.today) >= 18)
    columns = {
        "cui": cui,
        "primer_nombre": names.parts["first_given"],
        "segundo_nombre": names.parts["second_given"],
        "tercer_nombre": names.parts["third_given"],
        "primer_apellido": names.parts["first_surname"],
        "segundo_apellido": names.parts["second_surname"],
        "apellido_casada": names.parts["married_surname"],
        "fecha_nacimiento": days.texts(people.birth, days.ISO),
        "sexo": pa.array(["", "F", "M"]).take(pa.array(people.sex)),
        "depto_nacimiento": identifiers.digits(people.birth_department.astype(np.int64), 2),
        "muni_nacimiento": municipality_codes(people.birth_department, people.birth_municipality),
        "nacionalidad": pa.array(["GTM"]).take(pa.array(np.zeros(n, dtype=np.int32))),
        "estado_civil": pa.array(list("SCUDV")).take(pa.array(people.civil_status)),
        "profesion": professions.take(pa.array(papers.profession)),
        "cui_padre": _of_relative(cui, people.father),
        "nombre_padre": parent_names(world, every, mother=False, style=ACCENTED),
        "cui_madre": _of_relative(cui, people.mother),
        "nombre_madre": parent_names(world, every, mother=True, style=ACCENTED),
        "cui_conyuge": _of_relative(cui, people.spouse),
        "nombre_conyuge": _of_relative(names.full(), people.spouse),
        "cedula_orden": pc.if_else(pc.is_valid(cedula), orders.take(pa.array(people.birth_department)), nothing),
        "cedula_registro": cedula.cast(pa.string()),
        "pasaporte": papers.passport_texts(),
        "direccion": pc.if_else(has_home, street_texts().take(pa.array(papers.street)), nothing),
        "zona": pa.array(papers.zone, mask=papers.zone == 0).cast(pa.string()),
        "depto_residencia": identifiers.digits(people.home_department.astype(np.int64), 2),
        "muni_residencia": municipality_codes(people.home_department, people.home_municipality),
        "telefono": pa.array(papers.telephone, mask=(papers.telephone == 0) | (rng.random(n) < 0.6)).cast(pa.string()),
        "fecha_vecindad": days.texts(moved, days.ISO),
        "fecha_defuncion": days.texts(people.death, days.ISO),
        "foto_referencia": pc.if_else(adult, photo, nothing),
        "version_registro": pa.array(rng.integers(1, 5, n)).cast(pa.string()),
    }
    write_part(plan.folder, "registers/renap/persona.copy", copy_bytes(columns))
    return n

