"""The cast's vehicles: the first vehicles of the first block, with fixed plates, VINs and owners."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nation import cast_people, identifiers, tables
from nation.columns import Column, array, concatenate
from nation.days import NO_DAY
from nation.fleet import COLOURS, COMPANY, PERSON, PLATE_TYPES, UNKNOWN, Fleet, FormerPlates, Ownerships

# (owner, share, days ago from, days ago until or 0 = now). An owner is a key of the cast, "company" or "unknown".
Owner = tuple[str, int, int, int]


@dataclass(frozen=True)
class Machine:
    """One vehicle of the cast. `plate_of`: it bears the plate of that other vehicle instead of its own."""

    key: str
    make: str
    line: str
    colour: str
    model_year: int
    owners: tuple[Owner, ...]
    plate_type: str = "P"
    plate_of: str = ""
    days_ago: int = 900  # since when it bears its plate


MACHINES: tuple[Machine, ...] = (
    Machine("clean_vehicle", "TOYOTA", "COROLLA", "BLANCO", 2016, (("clean", 0, 900, 0),)),
    Machine("wanted_owner", "MITSUBISHI", "L200", "ROJO", 2012, (("wanted", 0, 800, 0),)),
    Machine("company_vehicle", "ISUZU", "NPR", "BLANCO", 2014, (("company", 0, 900, 0),), plate_type="C"),
    Machine("several_owners", "HONDA", "CR-V", "GRIS", 2018, (("clean", 50, 700, 0), ("wanted", 50, 700, 0))),
    Machine("unknown_owner", "NISSAN", "SENTRA", "AZUL", 2009, (("unknown", 0, 900, 0),)),
    Machine("former_owner", "KIA", "RIO", "NEGRO", 2015, (("former_owner_wanted", 0, 900, 401), ("clean", 0, 400, 0))),
    Machine("stolen_vehicle", "TOYOTA", "HILUX", "GRIS", 2019, (("traveller", 0, 900, 0),)),
    Machine("recovered_vehicle", "MAZDA", "3", "ROJO", 2017, (("traveller", 0, 900, 0),)),
    Machine("stolen_plate", "HYUNDAI", "TUCSON", "PLATEADO", 2020, (("clean", 0, 600, 0),)),
    Machine("stolen_engine", "SUZUKI", "SWIFT", "VERDE", 2011, (("traveller", 0, 900, 0),)),
    Machine("cloned_plate", "TOYOTA", "YARIS", "AZUL", 2013, (("clean", 0, 900, 0),)),
    Machine("clone", "CHEVROLET", "AVEO", "NEGRO", 2008, (("traveller", 0, 900, 0),)),
    Machine("reissued_plate_now", "FORD", "RANGER", "BLANCO", 2021, (("clean", 0, 300, 0),), days_ago=300),
    Machine("reissued_plate_before", "FORD", "ESCAPE", "BEIGE", 2005, (("traveller", 0, 2_000, 0),), days_ago=399),
    Machine("duplicated_plate_1", "KIA", "SPORTAGE", "GRIS", 2010, (("clean", 0, 900, 0),)),
    Machine("duplicated_plate_2", "JEEP", "CHEROKEE", "VERDE", 2007, (("traveller", 0, 900, 0),),
            plate_of="duplicated_plate_1"),
    Machine("dead_owner", "NISSAN", "FRONTIER", "BLANCO", 2006, (("deceased_wanted", 0, 5_000, 0),), days_ago=5_000),
    Machine("protected_owner", "HONDA", "CIVIC", "ROJO", 2014, (("victim", 0, 900, 0),)),
    Machine("motorcycle", "HONDA", "CG125", "NEGRO", 2022, (("clean", 0, 300, 0),), plate_type="M"),
)  # fmt: skip
PLACES = {machine.key: place for place, machine in enumerate(MACHINES)}
TOTAL = len(MACHINES)
REISSUED_UNTIL = 400  # days ago, when the former bearer gave the plate up
_VIN_SERIAL = 9_900_000


def _replaced(column: Column, first: Column) -> Column:
    return concatenate([first, column.slice(len(first))])


def plant(fleet: Fleet, today: int) -> None:
    """Makes the first vehicles those of the cast."""
    lines = tables.rows("vehicle_lines")
    kinds = np.array([PLATE_TYPES.index(machine.plate_type) for machine in MACHINES], dtype=np.int64)
    plates = np.arange(TOTAL, dtype=np.int64)
    for place, machine in enumerate(MACHINES):
        if machine.plate_of:
            plates[place] = PLACES[machine.plate_of]
        fleet.line[place] = next(
            number
            for number, row in enumerate(lines)
            if (row["make"], row["line"], row["plate_type"]) == (machine.make, machine.line, machine.plate_type)
        )
        fleet.plate_type[place] = kinds[place]
        fleet.colour[place] = COLOURS.index(machine.colour)
        fleet.model_year[place] = machine.model_year
        fleet.plate_from[place] = today - machine.days_ago
        fleet.status[place] = 0
    makers = [row["wmi"] for row in lines]
    vin_serial = _VIN_SERIAL + np.arange(TOTAL, dtype=np.int64)
    checked = np.ones(TOTAL, dtype=np.bool_)
    vins = identifiers.vins(
        makers, fleet.line[:TOTAL].astype(np.int64), fleet.model_year[:TOTAL].astype(np.int64), vin_serial, checked,
        np.random.default_rng(7),
    )  # fmt: skip
    fleet.vin = _replaced(fleet.vin, vins)
    fleet.plate = _replaced(fleet.plate, identifiers.cast_plates(plates))
    fleet.engine = _replaced(fleet.engine, array([f"CAST{i:04d}ENG{i * 37 % 1_000:03d}" for i in range(TOTAL)]))


def add_ownerships(owned: Ownerships, today: int) -> Ownerships:
    """The cast's ownerships before those of everybody else."""
    columns: list[list[int]] = [[] for _ in range(6)]
    for place, machine in enumerate(MACHINES):
        for owner, share, since, until in machine.owners:
            kind = {"company": COMPANY, "unknown": UNKNOWN}.get(owner, PERSON)
            row = (
                place,
                kind,
                cast_people.PLACES[owner] if kind == PERSON else 0,
                share,
                today - since,
                today - until if until else NO_DAY,
            )
            for column, value in zip(columns, row, strict=True):
                column.append(value)
    own = (owned.vehicle, owned.kind, owned.owner, owned.share, owned.since, owned.until)
    return Ownerships(
        *(np.concatenate([np.array(new, dtype=np.int32), old]) for new, old in zip(columns, own, strict=True))
    )


def add_former_plates(former: FormerPlates, fleet: Fleet, today: int) -> FormerPlates:
    """The former bearer of the re-issued plate."""
    heir, before = PLACES["reissued_plate_now"], PLACES["reissued_plate_before"]

    def first(value: int) -> np.ndarray[tuple[int], np.dtype[np.int32]]:
        return np.array([value], dtype=np.int32)

    return FormerPlates(
        np.concatenate([first(before), former.vehicle]),
        np.concatenate([first(int(fleet.plate_type[heir])), former.plate_type]),
        concatenate([fleet.plate.slice(heir, 1), former.plate]),
        np.concatenate([first(today - 2_000), former.since]),
        np.concatenate([first(today - REISSUED_UNTIL), former.until]),
    )
