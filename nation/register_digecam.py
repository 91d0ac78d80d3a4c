"""DIGECAM: firearms and firearm licences, CSV with `|`, holders by CUI or, before 2013, by cédula."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nation import days, identifiers, tables
from nation.columns import NOTHING, TEXT, array, compute
from nation.days import Days
from nation.delimited import csv_bytes, write_part
from nation.papers import damaged_cedula
from nation.people import Ints
from nation.world import World
from nation.written_names import faulty_names

_OF_ADULTS = 0.05
_MAKES = ["GLOCK", "TAURUS", "SMITH & WESSON", "JERICHO", "BERETTA", "CZ", "REMINGTON", "MOSSBERG", "TANFOGLIO"]
_CALIBRES = ["9 mm", ".380 ACP", ".38 SPL", ".40 S&W", "12 GA", ".22 LR", ".45 ACP"]
_CAST_SERIAL = 900_000_000


@dataclass
class Firearms:
    """Columns, one entry a firearm with its owner's licence."""

    person: Ints
    serial: np.ndarray[tuple[int], np.dtype[np.int64]]
    make: Ints
    calibre: Ints
    registered: Days
    expires: Days
    by_cedula: np.ndarray[tuple[int], np.dtype[np.bool_]]


def make_firearms(world: World, cast: list[int]) -> Firearms:
    """One firearm for a share of the adults, and one for each of `cast` (places in the block)."""
    rng, today = world.plan.random("firearms"), world.plan.today
    adults = world.people.ordinary(today, 25, 80)
    owners = adults[rng.random(len(adults)) < _OF_ADULTS]
    person = np.concatenate([np.array(cast, dtype=np.int32), owners]).astype(np.int32)
    n = len(person)
    registered = (today - 30 - (rng.random(n) * 7_000).astype(np.int32)).astype(np.int32)
    old = (registered < days.number(days.EPOCH.replace(year=2012))) & (world.papers.cedula[person] > 0)
    old[: len(cast)] = False
    return Firearms(
        person=person,
        serial=np.concatenate(
            [_CAST_SERIAL + np.arange(len(cast), dtype=np.int64), world.plan.first_person + owners.astype(np.int64)]
        ),
        make=rng.integers(0, len(_MAKES), n).astype(np.int32),
        calibre=rng.integers(0, len(_CALIBRES), n).astype(np.int32),
        registered=registered,
        expires=(registered + rng.choice([1_095, 3_650], n)).astype(np.int32),
        by_cedula=old & (rng.random(n) < 0.5),
    )


def write(world: World, arms: Firearms) -> int:
    """Writes the block's part of armas.csv and licencias.csv; returns rows."""
    cui = world.papers.cui_texts().take(array(arms.person))
    holder = {
        "cui": compute.if_else(array(arms.by_cedula), NOTHING, cui),
        "cedula": array(_cedulas(world, arms), TEXT),
        "nombre": faulty_names(world, arms.person, 0.1, world.plan.random("firearm names")).full(surname_first=True),
    }
    licence = compute.binary_join_element_wise("LP-", identifiers.digits(arms.serial, 9), "")
    columns = {
        "no_registro": compute.binary_join_element_wise("R-", identifiers.digits(arms.serial, 9), ""),
        "no_serie": compute.binary_join_element_wise("SN", identifiers.digits(arms.serial * 31 + 17, 11), ""),
        "marca": array(_MAKES).take(array(arms.make)),
        "calibre": array(_CALIBRES).take(array(arms.calibre)),
        "fecha_registro": days.texts(arms.registered, days.SLASHED),
        **holder,
    }
    carried = np.flatnonzero(arms.make % 2 == 0)
    kept = array(carried)
    licences = {
        "no_licencia": licence.take(kept),
        "vence": days.texts(arms.expires[carried], days.SLASHED),
        "fecha_emision": days.texts(arms.registered[carried], days.SLASHED),
        **{name: column.take(kept) for name, column in holder.items()},
    }
    for name, table in (("armas", columns), ("licencias", licences)):
        content = csv_bytes(table, head=world.plan.first, encoding="utf-8", delimiter="|")
        write_part(world.plan.folder, f"registers/digecam/{name}.csv", content)
    return len(arms.person) + len(carried)


def _cedulas(world: World, arms: Firearms) -> list[str | None]:
    orders = [d.cedula_order for d in tables.departments()]
    people, papers = world.people, world.papers
    return [
        f"{damaged_cedula(orders[people.birth_department[person] - 1], place % 4)} {papers.cedula[person]}"
        if old
        else None
        for place, (person, old) in enumerate(zip(arms.person.tolist(), arms.by_cedula.tolist(), strict=True))
    ]
