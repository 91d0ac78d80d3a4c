"""Tránsito: driving licences and fines, CSV in UTF-8, dates yyyy-mm-dd, amounts as "Q1,250.00"."""

from __future__ import annotations

import numpy as np

from nation import days, identifiers, tables
from nation.columns import NOTHING, Column, array, compute
from nation.delimited import csv_bytes, write_part
from nation.fleet import PLATE_TYPES
from nation.traffic import LICENCE_TYPES, NO_VEHICLE, UNKNOWN_DRIVER, Fines, Licences
from nation.world import World
from nation.written_names import faulty_names, joined
from nation.written_plates import written_plates


def write(world: World, licences: Licences, fines: Fines) -> int:
    """Writes the block's part of both files; returns rows."""
    return _write_licences(world, licences) + _write_fines(world, fines)


def _numbers(world: World, licences: Licences) -> Column:
    cui = world.papers.cui_texts().take(array(licences.person))
    letters = array(LICENCE_TYPES).take(array(licences.kind))
    serial = world.plan.first_person + licences.person.astype(np.int64)
    old = compute.binary_join_element_wise(letters, identifiers.digits(serial, 8), "-")
    return compute.if_else(array(licences.free_number), old, cui)


def _write_licences(world: World, licences: Licences) -> int:
    names = faulty_names(world, licences.person, 0.04, world.plan.random("licence names"))
    columns = {
        "NUMERO_LICENCIA": _numbers(world, licences),
        "TIPO": array(LICENCE_TYPES).take(array(licences.kind)),
        "CUI": world.papers.cui_texts().take(array(licences.person)),
        "NOMBRES": joined(names.parts["first_given"], names.parts["second_given"], names.parts["third_given"]),
        "APELLIDOS": joined(names.parts["first_surname"], names.parts["second_surname"]),
        "FECHA_EMISION": days.texts(licences.issued, days.ISO),
        "FECHA_VENCIMIENTO": days.texts(licences.expires, days.ISO),
        "ESTADO": array(["VIGENTE", "VENCIDA", "SUSPENDIDA"]).take(array(licences.status)),
        "SEXO": array(["N/A", "FEMENINO", "MASCULINO"]).take(array(world.people.sex[licences.person])),
    }
    content = csv_bytes(columns, head=world.plan.first, encoding="utf-8")
    write_part(world.plan.folder, "registers/transito/licencias.csv", content)
    return len(licences.person)


def _write_fines(world: World, fines: Fines) -> int:
    rng, fleet = world.plan.random("fine rows"), world.fleet
    no_vehicle, no_driver = array(fines.vehicle == NO_VEHICLE), array(fines.person == UNKNOWN_DRIVER)
    vehicle, person = np.maximum(fines.vehicle, 0), np.maximum(fines.person, 0)
    types = array(PLATE_TYPES).take(array(fleet.plate_type[vehicle]))
    plate = written_plates(types, fleet.plate.take(array(vehicle)), rng)
    names = faulty_names(world, person, 0.2, rng)
    amounts = [f"Q{int(row['amount_centavos']) / 100:,.2f}" for row in tables.rows("infractions")]
    infraction = array(fines.infraction)
    columns = {
        "NO_REMISION": identifiers.digits(fines.number, 12),
        "FECHA": days.texts(fines.day, days.ISO),
        "PLACA": compute.if_else(no_vehicle, NOTHING, plate),
        "CUI_CONDUCTOR": compute.if_else(no_driver, NOTHING, world.papers.cui_texts().take(array(person))),
        "NOMBRE_CONDUCTOR": compute.if_else(no_driver, "SIN DATO", names.full()),
        "COD_INFRACCION": array(tables.column("infractions", "code")).take(infraction),
        "INFRACCION": array(tables.column("infractions", "text")).take(infraction),
        "MONTO": array(amounts).take(infraction),
        "PAGADA": array(["N", "S", ""]).take(array(fines.paid)),
    }
    content = csv_bytes(columns, head=world.plan.first, encoding="utf-8")
    write_part(world.plan.folder, "registers/transito/remisiones.csv", content)
    return len(fines.number)
