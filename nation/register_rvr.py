"""RVR, the police's register of stolen vehicles, plates and engines: CSV in CP850."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from nation import days, tables
from nation.columns import TEXT, Column, array
from nation.delimited import csv_bytes, write_part
from nation.fleet import COLOURS, PLATE_TYPES
from nation.justice import draw_days
from nation.people import NOBODY
from nation.world import Noted, World
from nation.written_plates import fault_kind, written_plate

STOLEN, RECOVERED = "ROBADO", "RECUPERADO"
# Shares of the persons on file.
_STOLEN_VEHICLES = 0.0012
_RECOVERED_VEHICLES = 0.0018
_PLATES = 0.0008
_ENGINES = 0.0001


@dataclass
class Theft:
    """One report: a vehicle with what is known of it, a plate alone, or an engine alone. "" = not stated."""

    report: str
    day: int
    place: str
    state: str
    state_day: int
    plate: str = ""
    vin: str = ""
    engine: str = ""
    make: str = ""
    line: str = ""
    colour: str = ""
    model_year: str = ""
    means: str = ""  # the truth: "VIN n", "PLATE n"; "" = no vehicle on file
    damage: list[str] = field(default_factory=list)  # the truth: ids of docs/damage.md
    day_written: str = ""  # as it stands in the row, where not in the register's own way

    def shows(self) -> str:
        """The row's data, as words: plate, vin, engine."""
        return " ".join(word for word in ("plate", "vin", "engine") if getattr(self, word))


@dataclass
class Thefts:
    """A block's reports, by file."""

    vehicles: list[Theft] = field(default_factory=list)
    plates: list[Theft] = field(default_factory=list)
    engines: list[Theft] = field(default_factory=list)


def theft_of(world: World, vehicle: int, report: str, day: int, *, recovered: int | None = None) -> Theft:
    """A report that states all of a vehicle; `recovered`: the day on which it was found."""
    fleet = world.fleet
    line = tables.rows("vehicle_lines")[fleet.line[vehicle]]
    return Theft(
        report=report,
        day=day,
        place=_place(vehicle),
        state=STOLEN if recovered is None else RECOVERED,
        state_day=day if recovered is None else recovered,
        plate=f"{PLATE_TYPES[fleet.plate_type[vehicle]]}-{fleet.plate[vehicle].as_py()}",
        vin=fleet.vin[vehicle].as_py(),
        engine=fleet.engine[vehicle].as_py(),
        make=line["make"],
        line=line["line"],
        colour=COLOURS[fleet.colour[vehicle]],
        model_year=str(fleet.model_year[vehicle]),
        means=f"VIN {fleet.vin[vehicle].as_py()}",
    )


def _place(number: int) -> str:
    departments = tables.departments()
    department = departments[number % 22]
    return f"{department.municipalities[number % len(department.municipalities)]}, {department.name}".upper()


def make_thefts(world: World) -> Thefts:
    """Random reports about vehicles outside the cast."""
    rng, plan, cast = world.plan.random("thefts"), world.plan, world.cast_vehicles
    counts = [max(2, round(plan.persons * share)) for share in (_STOLEN_VEHICLES, _RECOVERED_VEHICLES, _PLATES)]
    counts.append(max(1, round(plan.persons * _ENGINES)))
    total = sum(counts)
    vehicles = cast + rng.permutation(world.fleet.count - cast)[:total]
    happened = draw_days(world, total, 6, rng)
    draws = rng.random((total, 3))
    thefts = Thefts()
    for i, vehicle in enumerate(vehicles.tolist()):
        report = f"RVR-{days.date(happened[i]).year}-{plan.index * 1_000 + i:06d}"
        kind = int(np.searchsorted(np.cumsum(counts), i, side="right"))
        found_on = min(happened[i] + 1 + int(draws[i, 0] * 300), plan.today - 1)
        theft = theft_of(world, vehicle, report, happened[i], recovered=found_on if kind == 1 else None)
        bearing = f"PLATE {theft.plate}"
        theft.plate = written_plate(theft.plate, draws[i, 1])
        theft.damage += fault_kind(draws[i, 1])
        if kind <= 1:
            if draws[i, 2] < 0.1:
                theft.vin = theft.engine = ""
                theft.damage.append("plate_dated")
            elif draws[i, 2] < 0.2:
                theft.plate, theft.damage = "", []
            thefts.vehicles.append(theft)
        elif kind == 2:
            # A thief took one of the pair: the other went on being borne, or was given up.
            only = Theft(report, theft.day, theft.place, theft.state, theft.state_day, plate=theft.plate)
            only.means, only.damage = bearing, theft.damage
            thefts.plates.append(only)
        else:
            only = Theft(report, theft.day, theft.place, theft.state, theft.state_day, engine=theft.engine)
            only.means, only.damage = theft.means, ["engine_only"]
            thefts.engines.append(only)
    return thefts


def write(world: World, thefts: Thefts) -> int:
    """Writes the block's reports; returns rows."""
    return sum(
        _write_file(world, name, rows)
        for name, rows in (("vehiculos", thefts.vehicles), ("placas", thefts.plates), ("motores", thefts.engines))
    )


def _write_file(world: World, name: str, rows: list[Theft]) -> int:
    def column(values: list[str]) -> Column:
        return array(values, TEXT)

    columns = {
        "NUM_REPORTE": column([row.report for row in rows]),
        "FECHA_DENUNCIA": column([row.day_written or days.date(row.day).strftime(days.SLASHED) for row in rows]),
        "LUGAR": column([row.place for row in rows]),
        "ESTADO": column([row.state for row in rows]),
        "FECHA_ESTADO": column([days.date(row.state_day).strftime(days.SLASHED) for row in rows]),
        "NUM_DENUNCIA": column(["MP001-" + row.report[4:] for row in rows]),
    }
    if name != "motores":
        columns["PLACA"] = column([row.plate or "SIN DATO" for row in rows])
    if name != "placas":
        columns["MOTOR"] = column([row.engine or "N/A" for row in rows])
    if name == "vehiculos":
        columns["CHASIS"] = column([row.vin or "N/A" for row in rows])
        columns["MARCA"] = column([row.make for row in rows])
        columns["LINEA"] = column([row.line for row in rows])
        columns["COLOR"] = column([row.colour for row in rows])
        columns["MODELO"] = column([row.model_year or "-1" for row in rows])
    kind = {"vehiculos": "STOLEN_VEHICLE", "placas": "STOLEN_PLATE", "motores": "STOLEN_ENGINE"}[name]
    world.noted += [
        Noted("rvr", row.report, NOBODY, kind, row.state == STOLEN, row.means, tuple(row.damage), row.shows())
        for row in rows
    ]
    content = csv_bytes(columns, head=world.plan.first, encoding="cp850")
    write_part(world.plan.folder, f"registers/rvr/{name}.csv", content)
    return len(rows)
