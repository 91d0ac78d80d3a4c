"""The truth, kept apart from the registers: each person's identifiers, and each record's subject."""

from __future__ import annotations

import numpy as np
import orjson
import pyarrow.parquet as pq

from nation import days, tables
from nation.cast_cases import cases
from nation.columns import TEXT, Table, array, compute, table
from nation.days import NO_DAY
from nation.fleet import PERSON, PLATE_TYPES
from nation.people import NOBODY
from nation.vocabulary import ACCENTED
from nation.world import World
from nation.written_names import parent_names, right_names


def write(world: World) -> int:
    """Writes the block's part of truth/persons, vehicles and records; returns persons."""
    folder = world.plan.folder / "truth"
    folder.mkdir(parents=True, exist_ok=True)
    pq.write_table(_persons(world), folder / "persons.parquet", compression="zstd")
    pq.write_table(_vehicles(world), folder / "vehicles.parquet", compression="zstd")
    pq.write_table(_records(world), folder / "records.parquet", compression="zstd")
    pq.write_table(_owners(world), folder / "owners.parquet", compression="zstd")
    if world.plan.first:
        (folder / "cases.json").write_bytes(orjson.dumps(cases(world), option=orjson.OPT_INDENT_2) + b"\n")
    return world.people.count


def _persons(world: World) -> Table:
    people, papers = world.people, world.papers
    every = np.arange(people.count, dtype=np.int32)
    cui = papers.cui_texts()
    orders = [""] + [d.cedula_order for d in tables.departments()]
    cedulas = [
        f"{orders[department]} {number}" if number else None
        for department, number in zip(people.birth_department.tolist(), papers.cedula.tolist(), strict=True)
    ]
    return table(
        {
            "cui": cui,
            "nit": papers.nit_texts(),
            "cedula": array(cedulas, TEXT),
            "passport": papers.passport_texts(),
            "telephone": array(papers.telephone, mask=papers.telephone == 0).cast(TEXT),
            **right_names(world, every, ACCENTED).parts,
            "birth_date": days.dates(people.birth),
            "death_date": days.dates(people.death),
            "sex": array(people.sex.astype(np.uint8)),
            "birth_department": array(people.birth_department.astype(np.uint8)),
            "birth_municipality": array(people.birth_municipality.astype(np.uint8)),
            "home_department": array(people.home_department.astype(np.uint8)),
            "father_name": parent_names(world, every, mother=False, style=ACCENTED),
            "mother_name": parent_names(world, every, mother=True, style=ACCENTED),
            "father_cui": cui.take(array(people.father, mask=people.father == NOBODY)),
            "mother_cui": cui.take(array(people.mother, mask=people.mother == NOBODY)),
        }
    )


def _vehicles(world: World) -> Table:
    fleet = world.fleet
    return table(
        {
            "vin": fleet.vin,
            "engine": fleet.engine,
            "plate_type": array(PLATE_TYPES).take(array(fleet.plate_type)),
            "plate": fleet.plate,
        }
    )


def _owners(world: World) -> Table:
    """Persons who own a vehicle today."""
    owned, fleet = world.ownerships, world.fleet
    now = np.flatnonzero((owned.kind == PERSON) & (owned.until == NO_DAY))
    vehicle = owned.vehicle[now]
    types = array(PLATE_TYPES).take(array(fleet.plate_type[vehicle]))
    return table(
        {
            "vin": fleet.vin.take(array(vehicle)),
            "plate": compute.binary_join_element_wise(types, fleet.plate.take(array(vehicle)), "-"),
            "cui": world.papers.cui_texts().take(array(owned.owner[now])),
        }
    )


def _records(world: World) -> Table:
    noted = world.noted
    persons = np.array([row.person for row in noted], dtype=np.int32)
    cui = world.papers.cui_texts().take(array(persons, mask=persons == NOBODY))
    stated = array([row.means or None for row in noted], TEXT)
    return table(
        {
            "register": array([row.register for row in noted], TEXT),
            "record_id": array([row.record_id for row in noted], TEXT),
            "cui": cui,
            "means": compute.coalesce(stated, compute.binary_join_element_wise("CUI", cui, " ")),
            "kind": array([row.kind for row in noted], TEXT),
            "in_force": array([row.in_force for row in noted]),
            "damage": array([" ".join(row.damage) for row in noted], TEXT),
            "shows": array([row.shows for row in noted], TEXT),
        }
    )
