"""Driving licences and fines of a block, in columns: there are hundreds of thousands in a nation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nation import tables
from nation.days import Days
from nation.people import Ints
from nation.world import World

# Shares of the persons on file, of the adults, of the vehicles.
_LICENCE_OF_ADULTS = 0.24
_FINES_A_VEHICLE = 0.22
LICENCE_TYPES = ["A", "B", "C", "M", "E"]
_TYPE_SHARES = [0.14, 0.18, 0.3, 0.36, 0.02]
UNKNOWN_DRIVER = -1
NO_VEHICLE = -1


@dataclass
class Licences:
    """Columns, one entry a licence."""

    person: Ints
    kind: Ints  # index into LICENCE_TYPES
    issued: Days
    expires: Days
    free_number: npt.NDArray[np.bool_]  # an old number of its own; else it is the CUI
    status: Ints  # 0 vigente, 1 vencida, 2 suspendida


@dataclass
class Fines:
    """Columns, one entry a fine (remisión)."""

    number: npt.NDArray[np.int64]
    day: Days
    vehicle: Ints  # NO_VEHICLE = plate not noted
    person: Ints  # UNKNOWN_DRIVER = by plate only
    infraction: Ints  # row of data/infractions.tsv
    paid: Ints  # 0 no, 1 yes, 2 not stated


def make_licences(world: World) -> Licences:
    """Licences of ordinary adults; the cast has its own."""
    rng, today = world.plan.random("licences"), world.plan.today
    adults = world.people.ordinary(today, 18, 85)
    person = adults[rng.random(len(adults)) < _LICENCE_OF_ADULTS]
    n = len(person)
    issued = (today - 1 - (rng.random(n) ** 1.5 * 3_000).astype(np.int32)).astype(np.int32)
    expires = (issued + rng.choice([365, 1095, 1460], n)).astype(np.int32)
    status = np.where(expires < today, 1, np.where(rng.random(n) < 0.01, 2, 0)).astype(np.int32)
    old = (rng.random(n) < 0.04) & (expires < today)
    kind = rng.choice(len(LICENCE_TYPES), n, p=_TYPE_SHARES).astype(np.int32)
    return Licences(person.astype(np.int32), kind, issued, expires, old, status)


def make_fines(world: World, licences: Licences) -> Fines:
    """Fines of ordinary vehicles and drivers."""
    rng, fleet = world.plan.random("fines"), world.fleet
    n = int(fleet.count * _FINES_A_VEHICLE)
    drivers = licences.person if len(licences.person) else world.people.ordinary(world.plan.today, 18)
    known = rng.random(n) < 0.6
    vehicle = rng.integers(world.cast_vehicles, fleet.count, n)
    noted = rng.random(n) < 0.96
    return Fines(
        number=np.array([world.plan.serial(i) for i in range(n)], dtype=np.int64),
        day=(world.plan.today - 1 - (rng.random(n) ** 1.3 * 2_500).astype(np.int32)).astype(np.int32),
        vehicle=np.where(noted | ~known, vehicle, NO_VEHICLE).astype(np.int32),
        person=np.where(known, drivers[rng.integers(0, len(drivers), n)], UNKNOWN_DRIVER).astype(np.int32),
        infraction=rng.choice(len(tables.rows("infractions")), n, p=tables.weights("infractions")).astype(np.int32),
        paid=rng.choice(3, n, p=[0.35, 0.6, 0.05]).astype(np.int32),
    )
