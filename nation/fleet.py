"""Companies and vehicles of a block, with their plates and owners, present and former."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nation import identifiers, tables
from nation.block import VEHICLES_PER_PERSON, BlockPlan
from nation.columns import Column, array, compute
from nation.days import NO_DAY, YEAR, Days, years
from nation.people import Ints, People

Longs = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

COLOURS = ["BLANCO", "NEGRO", "GRIS", "ROJO", "AZUL", "PLATEADO", "VERDE", "BEIGE", "CAFE", "AMARILLO"]
_COLOUR_SHARES = [20, 17, 18, 14, 11, 8, 4, 4, 3, 1]
PLATE_TYPES = ["P", "M", "C", "A", "U", "MT", "O", "MO", "TC", "CD", "MI", "EXT"]
_TYPE_SHARES = [40, 42, 11.4, 1, 0.8, 1.4, 0.6, 0.2, 2, 0.2, 0.1, 0.3]
PERSON, COMPANY, UNKNOWN = 0, 1, 2
_COMPANIES_PER_PERSON = 0.012


@dataclass
class Companies:
    """Organisations known by their NIT."""

    nit: Longs  # serials
    names: Column


@dataclass
class Fleet:
    """Columns, one entry a vehicle."""

    count: int
    line: Ints  # row of data/vehicle_lines.tsv
    plate_type: Ints  # index into PLATE_TYPES
    plate: Column  # "123BCD", borne now
    plate_from: Days
    colour: Ints
    model_year: Ints
    vin: Column  # VIN, or a chassis number that is none
    engine: Column
    status: Ints  # 0 active, 1 inactive, 2 struck off


@dataclass
class Ownerships:
    """Columns, one entry an owner of a vehicle, present or former."""

    vehicle: Ints
    kind: Ints  # PERSON, COMPANY, UNKNOWN
    owner: Ints  # place among the persons or companies of the block
    share: Ints  # percent; 0 = not stated
    since: Days
    until: Days  # NO_DAY = owner now


@dataclass
class FormerPlates:
    """Columns, one entry a plate that a vehicle no longer bears."""

    vehicle: Ints
    plate_type: Ints
    plate: Column
    since: Days
    until: Days


def make_companies(plan: BlockPlan) -> Companies:
    """Companies with plain names; NITs unique in the nation."""
    rng = plan.random("companies")
    n = max(20, int(plan.persons * _COMPANIES_PER_PERSON))
    heads = ["TRANSPORTES", "DISTRIBUIDORA", "COMERCIAL", "SERVICIOS", "INVERSIONES", "CONSTRUCTORA", "AGROPECUARIA",
             "IMPORTADORA", "SEGURIDAD", "LOGISTICA"]  # fmt: skip
    middles = ["DEL SUR", "LA BENDICION", "MAYA", "DEL ATLANTICO", "QUETZAL", "EL PROGRESO", "SAN JOSE", "LOS ALTOS",
               "CENTROAMERICANA", "DEL NORTE", "LA CEIBA", "DOS HERMANOS", "TIKAL", "EL VOLCAN"]  # fmt: skip
    tails = ["SOCIEDAD ANONIMA", "S.A.", "Y COMPAÑIA LIMITADA", "S. A."]
    names = [
        f"{heads[a]} {middles[b]} {c}, {tails[d]}"
        for a, b, c, d in zip(
            rng.integers(0, 10, n), rng.integers(0, 14, n), rng.integers(1, 999, n), rng.integers(0, 4, n), strict=True
        )
    ]
    serial = identifiers.COMPANY_NIT + plan.index * 1_000 + np.arange(n, dtype=np.int64)
    return Companies(serial, array(names))


def make_fleet(plan: BlockPlan) -> Fleet:
    """Vehicles, 300 a thousand persons."""
    rng = plan.random("fleet")
    n = round(plan.persons * VEHICLES_PER_PERSON)
    kind = rng.choice(len(PLATE_TYPES), n, p=tables.scaled(np.array(_TYPE_SHARES))).astype(np.int32)
    line = _lines(kind, rng)
    age = np.minimum(rng.gamma(2.0, 6.0, n), 45)
    this_year = int(years(np.array([plan.today], dtype=np.int32))[0])
    model_year = np.clip(this_year - age.astype(np.int32), 1980, this_year).astype(np.int32)
    serial = plan.first_vehicle + np.arange(n, dtype=np.int64)
    makers = tables.column("vehicle_lines", "wmi")
    north_american = np.array([code[0] in "12345" for code in makers])[line]
    vin = identifiers.vins(
        makers,
        line.astype(np.int64),
        model_year.astype(np.int64),
        serial,
        north_american | (rng.random(n) < 0.35),
        plan.random("vins"),
    )
    frame = rng.random(n) < np.where(model_year < 1998, 0.5, 0.01)
    short = compute.binary_join_element_wise(
        array(["AE101-", "RN85-", "EE90-", "B13-"]).take(array(rng.integers(0, 4, n))),
        identifiers.digits(serial + 1_000_000, 7),
        "",
    )
    codes = array(["1NZ", "2NZ", "4A", "G4", "K20", "MR20", "4D56", "JC40E"])
    engine = compute.binary_join_element_wise(
        codes.take(array(rng.integers(0, 8, n))), identifiers.digits(serial * 7 + 11, 8), ""
    )
    since = (plan.today - rng.random(n) * np.minimum(age + 0.2, 21) * YEAR).astype(np.int32) - 1
    return Fleet(
        count=n,
        line=line,
        plate_type=kind,
        plate=identifiers.plates(serial, kind.astype(np.int64)),
        plate_from=since,
        colour=rng.choice(len(COLOURS), n, p=tables.scaled(np.array(_COLOUR_SHARES, dtype=np.float64))).astype(
            np.int32
        ),
        model_year=model_year,
        vin=compute.if_else(array(frame), short, vin),
        engine=engine,
        status=rng.choice(3, n, p=[0.93, 0.05, 0.02]).astype(np.int32),
    )


def _lines(kind: Ints, rng: np.random.Generator) -> Ints:
    types = tables.column("vehicle_lines", "plate_type")
    chosen = np.zeros(len(kind), dtype=np.int32)
    for number, name in enumerate(PLATE_TYPES):
        fits = np.array([t == name for t in types])
        there = np.flatnonzero(kind == number)
        weight = tables.scaled(np.where(fits, tables.weights("vehicle_lines"), 0))
        chosen[there] = rng.choice(len(weight), len(there), p=weight)
    return chosen


def make_ownerships(plan: BlockPlan, fleet: Fleet, people: People, companies: Companies, cast: int) -> Ownerships:
    """Returns owners of every vehicle but the first `cast` ones; the cast names the owners of those."""
    rng = plan.random("owners")
    vehicle = np.arange(cast, fleet.count, dtype=np.int32)
    n = len(vehicle)
    since = fleet.plate_from[vehicle].copy()
    sold = rng.random(n) < 0.25
    since[sold] += (rng.random(int(sold.sum())) * (plan.today - 1 - since[sold])).astype(np.int32)
    shared = np.flatnonzero(rng.random(n) < 0.03)
    half = np.zeros(n, dtype=np.int32)
    half[shared] = 50
    former = np.flatnonzero(sold)
    which = np.concatenate([vehicle, vehicle[shared], vehicle[former]])
    start = np.concatenate([since, since[shared], fleet.plate_from[vehicle[former]]])
    end = np.concatenate([np.full(n + len(shared), NO_DAY, dtype=np.int32), since[former] - 1])
    total = len(which)
    kind = rng.choice(3, total, p=[0.87, 0.11, 0.02]).astype(np.int32)
    adults = people.ordinary(plan.today, 18)
    owner = np.where(
        kind == PERSON, adults[rng.integers(0, len(adults), total)], rng.integers(0, len(companies.nit), total)
    )
    order = np.argsort(which, kind="stable")
    columns = (which, kind, owner, np.concatenate([half, half[shared], np.zeros(len(former), np.int32)]), start, end)
    return Ownerships(*(column[order].astype(np.int32) for column in columns))


def make_former_plates(plan: BlockPlan, fleet: Fleet, cast: int) -> FormerPlates:
    """Two in a hundred vehicles bore another plate before; half of those plates were re-issued to another vehicle."""
    rng = plan.random("former plates")
    vehicle = np.flatnonzero(rng.random(fleet.count) < 0.02).astype(np.int32)
    vehicle = vehicle[vehicle >= cast][:400]
    n = len(vehicle)
    serial = identifiers.FORMER_PLATE + plan.index * 400 + np.arange(n, dtype=np.int64)
    own = identifiers.plates(serial, fleet.plate_type[vehicle].astype(np.int64))
    # Re-issued: the plate that another vehicle of the same type bears now.
    heir = rng.integers(min(cast, fleet.count - 1), fleet.count, n).astype(np.int32)
    again = (rng.random(n) < 0.5) & (fleet.plate_type[heir] == fleet.plate_type[vehicle]) & (heir != vehicle)
    plate = compute.if_else(array(again), fleet.plate.take(array(heir)), own)
    end = np.where(again, np.minimum(fleet.plate_from[heir], fleet.plate_from[vehicle]), fleet.plate_from[vehicle]) - 1
    since = end - (rng.random(n) * 5 * YEAR).astype(np.int32) - 30
    return FormerPlates(vehicle, fleet.plate_type[vehicle], plate, since.astype(np.int32), end.astype(np.int32))
