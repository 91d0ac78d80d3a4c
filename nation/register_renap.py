"""RENAP, the civil registry: a PostgreSQL schema and the COPY file of its persons."""

from __future__ import annotations

import numpy as np

from nation import days, identifiers, tables
from nation.columns import NOTHING, TEXT, Column, array, compute
from nation.delimited import copy_bytes, write_part
from nation.papers import street_texts
from nation.people import FEMALE, NOBODY, WIDOWED, Ints
from nation.vocabulary import ACCENTED
from nation.world import World
from nation.written_names import parent_names, right_names

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


def municipality_codes(department: Ints, municipality: Ints) -> Column:
    """INE codes of four digits."""
    return identifiers.digits(department.astype(np.int64) * 100 + municipality, 4)


def _of_relative(column: Column, place: Ints) -> Column:
    return column.take(array(place, mask=place == NOBODY))


def write(world: World) -> int:
    """Writes the block's persons; returns rows."""
    people, papers, plan = world.people, world.papers, world.plan
    rng = plan.random("renap")
    n = people.count
    every = np.arange(n, dtype=np.int32)
    names = right_names(world, every, ACCENTED)
    cui = papers.cui_texts()
    orders = array([""] + [d.cedula_order for d in tables.departments()])
    cedula = array(papers.cedula, mask=papers.cedula == 0)
    professions = array(tables.column("professions", "name"))
    has_home = array(rng.random(n) < 0.97)
    moved = np.where(rng.random(n) < 0.5, people.birth, plan.today - rng.integers(30, 4000, n)).astype(np.int32)
    photo = compute.binary_join_element_wise("RENAP/F/", compute.utf8_slice_codeunits(cui, 0, 3), "/", cui, ".jp2", "")
    widow = array((people.civil_status == WIDOWED) & (people.sex == FEMALE))
    married = compute.if_else(
        widow,
        compute.binary_join_element_wise("VIUDA DE", names.parts["married_surname"], " "),
        names.parts["married_surname"],
    )
    adult = array(people.age(plan.today) >= 18)
    columns = {
        "cui": cui,
        "primer_nombre": names.parts["first_given"],
        "segundo_nombre": names.parts["second_given"],
        "tercer_nombre": names.parts["third_given"],
        "primer_apellido": names.parts["first_surname"],
        "segundo_apellido": names.parts["second_surname"],
        "apellido_casada": married,
        "fecha_nacimiento": days.texts(people.birth, days.ISO),
        "sexo": array(["", "F", "M"]).take(array(people.sex)),
        "depto_nacimiento": identifiers.digits(people.birth_department.astype(np.int64), 2),
        "muni_nacimiento": municipality_codes(people.birth_department, people.birth_municipality),
        "nacionalidad": array(["GTM"]).take(array(np.zeros(n, dtype=np.int32))),
        "estado_civil": array(list("SCUDV")).take(array(people.civil_status)),
        "profesion": professions.take(array(papers.profession)),
        "cui_padre": _of_relative(cui, people.father),
        "nombre_padre": parent_names(world, every, mother=False, style=ACCENTED),
        "cui_madre": _of_relative(cui, people.mother),
        "nombre_madre": parent_names(world, every, mother=True, style=ACCENTED),
        "cui_conyuge": _of_relative(cui, people.spouse),
        "nombre_conyuge": _of_relative(names.full(), people.spouse),
        "cedula_orden": compute.if_else(compute.is_valid(cedula), orders.take(array(people.birth_department)), NOTHING),
        "cedula_registro": cedula.cast(TEXT),
        "pasaporte": papers.passport_texts(),
        "direccion": compute.if_else(has_home, street_texts().take(array(papers.street)), NOTHING),
        "zona": array(papers.zone, mask=papers.zone == 0).cast(TEXT),
        "depto_residencia": identifiers.digits(people.home_department.astype(np.int64), 2),
        "muni_residencia": municipality_codes(people.home_department, people.home_municipality),
        "telefono": array(papers.telephone, mask=(papers.telephone == 0) | (rng.random(n) < 0.6)).cast(TEXT),
        "fecha_vecindad": days.texts(moved, days.ISO),
        "fecha_defuncion": days.texts(people.death, days.ISO),
        "foto_referencia": compute.if_else(adult, photo, NOTHING),
        "version_registro": array(rng.integers(1, 5, n)).cast(TEXT),
    }
    write_part(plan.folder, "registers/renap/persona.copy", copy_bytes(columns))
    return n
