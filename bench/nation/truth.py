"""The truth, kept apart from the registers: who has which identifiers, and whom each record is about."""

from __future__ import annotations

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from bench.nation import days, tables
from bench.nation.cast_cases import cases
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


def _persons(world: World) -> pa.Table:
    people, papers = world.people, world.papers
    every = np.arange(people.count, dtype=np.int32)
    cui = papers.cui_texts()
    orders = [""] + [d.cedula_order for d in tables.departments()]
    cedulas = [
        f"{orders[department]} {number}" if number else None
        for department, number in zip(people.birth_department.tolist(), papers.cedula.tolist(), strict=True)
    ]
    return pa.table(
        {
            "cui": cui,
            "nit": papers.nit_texts(),
            "cedula": pa.array(cedulas, pa.string()),
            "passport": papers.passport_texts(),
            "telephone": pa.array(papers.telephone, mask=papers.telephone == 0).cast(pa.string()),
            **right_names(world, every, ACCENTED).parts,
            "birth_date": days.dates(people.birth),
            "death_date": days.dates(people.death),
            "sex": pa.array(people.sex.astype(np.uint8)),
            "birth_department": pa.array(people.birth_department.astype(np.uint8)),
            "birth_municipality": pa.array(people.birth_municipality.astype(np.uint8)),
            "home_department": pa.array(people.home_department.astype(np.uint8)),
            "father_name": parent_names(world, every, mother=False, style=ACCENTED),
            "mother_name": parent_names(world, every, mother=True, style=ACCENTED),
            "father_cui": cui.take(pa.array(people.father, mask=people.father == NOBODY)),
            "mother_cui": cui.take(pa.array(people.mother, mask=people.mother == NOBODY)),
        }
    )


def _vehicles(world: World) -> pa.Table:
    fleet = world.fleet
    return pa.table(
        {
            "vin": fleet.vin,
            "engine": fleet.engine,
            "plate_type": pa.array(PLATE_TYPES).take(pa.array(fleet.plate_type)),
            "plate": fleet.plate,
        }
    )


def _records(world: World) -> pa.Table:
    persons = np.array([person for _, _, person in world.noted], dtype=np.int32)
    return pa.table(
        {
            "register": pa.array([register for register, _, _ in world.noted], pa.string()),
            "record_id": pa.array([record for _, record, _ in world.noted], pa.string()),
            "cui": world.papers.cui_texts().take(pa.array(persons, pa.int32(), mask=persons == NOBODY)),
        }
    )


