"""SAT's vehicle register: vehicles, plates given up, and owners, as `;` CSV in CP1252."""

from __future__ import annotations

import numpy as np

from nation import days, identifiers, tables
from nation.columns import NOTHING, TEXT, Column, array, compute
from nation.delimited import csv_bytes, write_part
from nation.fleet import COLOURS, COMPANY, PERSON, PLATE_TYPES, UNKNOWN
from nation.people import Ints
from nation.vocabulary import PLAIN
from nation.world import World
from nation.written_names import right_names

_STATUSES = ["ACTIVO", "INACTIVO", "DE BAJA"]


def _texts(values: list[str], which: Ints) -> Column:
    return array(values).take(array(which))


def write(world: World) -> int:
    """Writes the block's vehicles, former plates and ownerships; returns rows."""
    return _write_vehicles(world) + _write_former_plates(world) + _write_owners(world)


def described(world: World, vehicles: Ints) -> dict[str, Column]:
    """Returns a vehicle's description, in SAT's columns."""
    fleet = world.fleet
    line = array(fleet.line[vehicles])
    return {
        "TIPO_VEHICULO": array(tables.column("vehicle_lines", "kind")).take(line),
        "MARCA": array(tables.column("vehicle_lines", "make")).take(line),
        "LINEA": array(tables.column("vehicle_lines", "line")).take(line),
        "MODELO": array(fleet.model_year[vehicles]).cast(TEXT),
        "COLOR": _texts(COLOURS, fleet.colour[vehicles]),
    }


def _write_vehicles(world: World) -> int:
    fleet, plan = world.fleet, world.plan
    columns = {
        "TIPO_PLACA": _texts(PLATE_TYPES, fleet.plate_type),
        "NUMERO_PLACA": fleet.plate,
        "FECHA_PLACA": days.texts(fleet.plate_from, days.SLASHED),
        "CHASIS_VIN": fleet.vin,
        "MOTOR": fleet.engine,
        **described(world, np.arange(fleet.count, dtype=np.int32)),
        "ESTADO": _texts(_STATUSES, fleet.status),
    }
    content = csv_bytes(columns, head=plan.first, encoding="cp1252", delimiter=";")
    write_part(plan.folder, "registers/sat/vehiculos.csv", content)
    return fleet.count


def _write_former_plates(world: World) -> int:
    former, fleet, plan = world.former_plates, world.fleet, world.plan
    columns = {
        "CHASIS_VIN": fleet.vin.take(array(former.vehicle)),
        "TIPO_PLACA": _texts(PLATE_TYPES, former.plate_type),
        "NUMERO_PLACA": former.plate,
        "FECHA_ALTA": days.texts(former.since, days.SLASHED),
        "FECHA_BAJA": days.texts(former.until, days.SLASHED),
    }
    content = csv_bytes(columns, head=plan.first, encoding="cp1252", delimiter=";")
    write_part(plan.folder, "registers/sat/placas_anteriores.csv", content)
    return len(former.vehicle)


def _write_owners(world: World) -> int:
    owned, fleet, plan = world.ownerships, world.fleet, world.plan
    rng = plan.random("sat owners")
    person = np.where(owned.kind == PERSON, owned.owner, 0).astype(np.int32)
    company = np.where(owned.kind == COMPANY, owned.owner, 0).astype(np.int32)
    is_person, is_company = array(owned.kind == PERSON), array(owned.kind == COMPANY)
    unknown = array(owned.kind == UNKNOWN)
    # The tax register knows an owner by NIT; by CUI alone where there is no NIT or the clerk took the DPI.
    nit = world.papers.nit_texts().take(array(person))
    company_nit = identifiers.nits(world.companies.nit[company])
    both = array(rng.random(len(person)) < 0.7)
    cui = compute.if_else(
        compute.or_(both, compute.is_null(nit)), world.papers.cui_texts().take(array(person)), NOTHING
    )
    name = right_names(world, person, PLAIN).full(surname_first=True)
    vehicle = array(owned.vehicle)
    plate = compute.binary_join_element_wise(
        _texts(PLATE_TYPES, fleet.plate_type[owned.vehicle]), fleet.plate.take(vehicle), "-"
    )
    columns = {
        "CHASIS_VIN": fleet.vin.take(vehicle),
        "PLACA": plate,
        **described(world, owned.vehicle),
        "NIT": compute.if_else(is_person, nit, compute.if_else(is_company, company_nit, NOTHING)),
        "CUI": compute.if_else(is_person, cui, NOTHING),
        "NOMBRE_PROPIETARIO": compute.if_else(
            unknown, "SIN DATO", compute.if_else(is_person, name, world.companies.names.take(array(company)))
        ),
        "TIPO_PROPIETARIO": array(["I", "J", "N/A"]).take(array(owned.kind)),
        "PORCENTAJE": array(owned.share, mask=owned.share == 0).cast(TEXT),
        "FECHA_ALTA": days.texts(owned.since, days.SLASHED),
        "FECHA_BAJA": compute.fill_null(days.texts(owned.until, days.SLASHED), "01/01/0001"),
    }
    content = csv_bytes(columns, head=plan.first, encoding="cp1252", delimiter=";")
    write_part(plan.folder, "registers/sat/propietarios.csv", content)
    return len(person)
