"""Tránsito: driving licences and fines, CSV in UTF-8, dates yyyy-mm-dd, amounts as "Q1,250.00"."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bench.nation import days, identifiers, tables
from bench.nation.delimited import csv_bytes, write_part
from bench.nation.fleet import PLATE_TYPES
from bench.nation.traffic import LICENCE_TYPES, NO_VEHICLE, UNKNOWN_DRIVER, Fines, Licences
from bench.nation.world import World
from bench.nation.written_names import faulty_names, joined
from bench.nation.written_plates import written_plates

_NOTHING = pa.scalar(None, pa.string())


def write(world: World, licences: Licences, fines: Fines) -> int:
    """Writes the block's part of both files; returns rows."""
    return _write_licences(world, licences) + _write_fines(world, fines)


def _numbers(world: World, licences: Licences) -> pa.Array:
    cui = world.papers.cui_texts().take(pa.array(licences.person))
    letters = pa.array(LICENCE_TYPES).take(pa.array(licences.kind))
    serial = world.plan.first_person + licences.person.astype(np.int64)
    old = pc.binary_join_element_wise(letters, identifiers.digits(serial, 8), "-")
    return pc.if_else(pa.array(licences.free_number), old, cui)


def _write_licences(world: World, licences: Licences) -> int:
    names = faulty_names(world, licences.person, 0.04, world.plan.random("licence names"))
    columns = {
        "NUMERO_LICENCIA": _numbers(world, licences),
        "TIPO": pa.array(LICENCE_TYPES).take(pa.array(licences.kind)),
        "CUI": world.papers.cui_texts().take(pa.array(licences.person)),
        "NOMBRES": joined(names.parts["first_given"], names.parts["second_given"], names.parts["third_given"]),
        "APELLIDOS": joined(names.parts["first_surname"], names.parts["second_surname"]),
        "FECHA_EMISION": days.texts(licences.issued, days.ISO),
        "FECHA_VENCIMIENTO": days.texts(licences.expires, days.ISO),
        "ESTADO": pa.array(["VIGENTE", "VENCIDA", "SUSPENDIDA"]).take(pa.array(licences.status)),
        "SEXO": pa.array(["N/A", "FEMENINO", "MASCULINO"]).take(pa.array(world.people.sex[licences.person])),
    }
    content = csv_bytes(columns, head=world.plan.first, encoding="utf-8")
    write_part(world.plan.folder, "registers/transito/licencias.csv", content)
    return len(licences.person)


def _write_fines(world: World, fines: Fines) -> int:
    rng, fleet = world.plan.random("fine rows"), world.fleet
    no_vehicle, no_driver = pa.array(fines.vehicle == NO_VEHICLE), pa.array(fines.person == UNKNOWN_DRIVER)
    vehicle, person = np.maximum(fines.vehicle, 0), np.maximum(fines.person, 0)
    types = pa.array(PLATE_TYPES).take(pa.array(fleet.plate_type[vehicle]))
    plate = written_plates(types, fleet.plate.take(pa.array(vehicle)), rng)
    names = faulty_names(world, person, 0.2, rng)
    amounts = [f"Q{int(row['amount_centavos']) / 100:,.2f}" for row in tables.rows("infractions")]
    infraction = pa.array(fines.infraction)
    columns = {
        "NO_REMISION": identifiers.digits(fines.number, 12),
        "FECHA": days.texts(fines.day, days.ISO),
        "PLACA": pc.if_else(no_vehicle, _NOTHING, plate),
        "CUI_CONDUCTOR": pc.if_else(no_driver, _NOTHING, world.papers.cui_texts().take(pa.array(person))),
        "NOMBRE_CONDUCTOR": pc.if_else(no_driver, "SIN DATO", names.full()),
        "COD_INFRACCION": pa.array(tables.column("infractions", "code")).take(infraction),
        "INFRACCION": pa.array(tables.column("infractions", "text")).take(infraction),
        "MONTO": pa.array(amounts).take(infraction),
        "PAGADA": pa.array(["N", "S", ""]).take(pa.array(fines.paid)),
    }
    content = csv_bytes(columns, head=world.plan.first, encoding="utf-8")
    write_part(world.plan.folder, "registers/transito/remisiones.csv", content)
    return len(fines.number)
