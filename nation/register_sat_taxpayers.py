"""SAT's taxpayers: fixed width in Latin-1, one line a NIT, SAT's own codes for departments and municipalities."""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

from nation import days, identifiers, tables
from nation.columns import TEXT, Column, array, compute
from nation.days import NO_DAY
from nation.delimited import fixed_bytes, write_part
from nation.papers import NO_NIT, street_texts
from nation.people import Ints
from nation.world import World
from nation.written_names import PARTS, WrittenNames, faulty_names, right_names

WIDTHS = {
    "nit": 13,
    "tipo": 1,  # N individual, J jurídica
    "cui": 13,
    "nombre": 120,  # individual: five parts between commas
    "fecha_nacimiento": 8,  # ddmmaaaa, 01010001 = none
    "sexo": 1,  # 1 masculino, 2 femenino
    "departamento": 2,  # alphabetical, 1 to 22
    "municipio": 3,  # SAT's own count, department by department in its own order
    "direccion": 70,
    "telefono": 8,
    "actividad": 40,
    "estado": 2,  # AC, IN, CE
    "fecha_inscripcion": 8,
}
_ACTIVITIES = ["COMERCIO AL POR MENOR", "SERVICIOS PROFESIONALES", "RELACION DE DEPENDENCIA", "TRANSPORTE DE CARGA",
               "AGRICULTURA", "CONSTRUCCION", "SIN ACTIVIDAD", "RESTAURANTES Y COMEDORES"]  # fmt: skip
_FAULTY = 0.06


@cache
def municipality_codes() -> npt.NDArray[np.int64]:
    """SAT's municipality number by INE (department, municipality), shape (23, 40); 0 = none."""
    codes = np.zeros((23, 40), dtype=np.int64)
    count = 0
    for department in sorted(tables.departments(), key=lambda d: d.alphabetical):
        for municipality in range(1, len(department.municipalities) + 1):
            count += 1
            codes[department.ine, municipality] = count
    return codes


def write(world: World) -> int:
    """Writes the block's taxpayers, persons and then companies; returns rows."""
    people, papers, plan = world.people, world.papers, world.plan
    rng = plan.random("sat")
    persons = np.flatnonzero(papers.nit != NO_NIT).astype(np.int32)
    n = len(persons)
    names = _names(world, persons, rng)
    birth = np.where(rng.random(n) < 0.97, people.birth[persons], NO_DAY).astype(np.int32)
    for person, (claimed, born) in world.double_claims.items():  # one CUI, two names
        place = int(np.searchsorted(persons, person))
        names[place] = claimed
        birth[place] = born
    columns = {
        "nit": papers.nit_texts().take(array(persons)),
        "tipo": array(["N"] * n),
        "cui": papers.cui_texts().take(array(persons)),
        "nombre": array(names),
        "fecha_nacimiento": compute.fill_null(days.texts(birth, days.COMPACT), "01010001"),
        "sexo": array(["", "2", "1"]).take(array(people.sex[persons])),
        "direccion": street_texts().take(array(papers.street[persons])),
        "telefono": array(papers.telephone[persons], mask=papers.telephone[persons] == 0).cast(TEXT),
        **_places(people.home_department[persons], people.home_municipality[persons]),
        **_common(n, plan.today, rng),
    }
    content = fixed_bytes(columns, WIDTHS, "latin-1") + _companies(world, rng)
    write_part(plan.folder, "registers/sat/contribuyentes.txt", content)
    return n + len(world.companies.nit)


def _names(world: World, persons: Ints, rng: np.random.Generator) -> list[str]:
    faulty = faulty_names(world, persons, _FAULTY, rng)
    right = right_names(world, persons)
    # The tax register keeps accents for about half of its taxpayers.
    accents = array((rng.random(len(persons)) < 0.5) & (faulty.fault == 0))
    parts = {name: compute.if_else(accents, right.parts[name], faulty.parts[name]) for name in PARTS}
    return list(WrittenNames(parts, faulty.fault).comma_parts().to_pylist())


def _places(department: Ints, municipality: Ints) -> dict[str, Column]:
    own = np.array([0] + [d.alphabetical for d in tables.departments()], dtype=np.int64)
    return {
        "departamento": identifiers.digits(own[department], 2),
        "municipio": identifiers.digits(municipality_codes()[department, municipality], 3),
    }


def _common(n: int, today: int, rng: np.random.Generator) -> dict[str, Column]:
    since = (today - 1 - rng.integers(0, 7_000, n)).astype(np.int32)
    return {
        "actividad": array(_ACTIVITIES).take(array(rng.integers(0, len(_ACTIVITIES), n))),
        "estado": array(["AC", "IN", "CE"]).take(array(rng.choice(3, n, p=[0.9, 0.08, 0.02]))),
        "fecha_inscripcion": days.texts(since, days.COMPACT),
    }


def _companies(world: World, rng: np.random.Generator) -> bytes:
    n = len(world.companies.nit)
    nothing = array([None] * n, TEXT)
    department = rng.choice([1, 1, 1, 3, 5, 9, 12, 16], n).astype(np.int32)
    columns = {
        "nit": identifiers.nits(world.companies.nit),
        "tipo": array(["J"] * n),
        "cui": nothing,
        "nombre": world.companies.names,
        "fecha_nacimiento": array(["01010001"] * n),
        "sexo": nothing,
        "direccion": street_texts().take(array(rng.integers(0, 4_000, n))),
        "telefono": array(rng.integers(22_000_000, 24_999_999, n)).cast(TEXT),
        **_places(department, np.ones(n, dtype=np.int32)),
        **_common(n, world.plan.today, rng),
    }
    return fixed_bytes(columns, WIDTHS, "latin-1")
