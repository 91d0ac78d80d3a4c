"""The truth, kept apart from the registers: who has which identifiers, and whom each record is about."""

from __future__ import annotations

import numpy as np
import orjson
import pyarrow.parquet as pq

from bench.nation import days, tables
from bench.nation.cast_cases import cases
from bench.nation.columns import TEXT, Table, array, table
from bench.nation.fleet import PLATE_TYPES
from bench.nation.people import NOBODY
from bench.nation.vocabulary import ACCENTED
from bench.nation.world import World
from bench.nation.written_names import parent_names, right_names


def write(world: World) -> int:
    """Writes the block's part of truth/persons, vehicles and records; returns persons."""
    folder = world.plan.folder / "truth"
    folder.mkdir(parents=True, exist_ok=True)
    pq.write_table(_persons(world), folder / "persons.parquet", compression="zstd")
    pq.write_table(_vehicles(world), folder / "vehicles.parquet", compression="zstd")
    pq.write_table(_records(world), folder / "records.parquet", compression="zstd")
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


def _records(world: World) -> Table:
    persons = np.array([person for _, _, person in world.noted], dtype=np.int32)
    return table(
        {
            "register": array([register for register, _, _ in world.noted], TEXT),
            "record_id": array([record for _, record, _ in world.noted], TEXT),
            "cui": world.papers.cui_texts().take(array(persons, mask=persons == NOBODY)),
        }
    )
