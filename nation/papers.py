"""A person's papers and residence: CUI, NIT, cédula, passport, telephone, profession, address."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from nation import days, identifiers, tables
from nation.block import BLOCK_PERSONS, BlockPlan
from nation.columns import NOTHING, Column, array, compute
from nation.people import FEMALE, Ints, People

Longs = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

NO_NIT = -1
NIT_IS_CUI = -2  # registered since March 2025: a national's CUI is the NIT
_LAST_CEDULA_BIRTH = 1995  # cédulas were given at 18, until 2013
_CEDULAS_A_BLOCK = BLOCK_PERSONS // 4  # of one order
CAST_CEDULA = 8_000_000
CAST_TELEPHONE = 59_990_000
_WRONG_CUIS = 1 / 20_000  # of persons
_STREETS = 4_000


@dataclass
class Papers:
    """Columns, one entry a person."""

    cui: Longs
    nit: Longs  # serial for `identifiers.nits`; NO_NIT, NIT_IS_CUI
    cedula: Ints  # registro; 0 = none. The order is that of the department of birth
    passport: Flags  # its number is the CUI's first nine digits
    telephone: Ints  # eight digits; 0 = none
    profession: Ints
    street: Ints
    zone: Ints  # 0 = none

    def cui_texts(self) -> Column:
        """13 digits."""
        return identifiers.digits(self.cui, 13)

    def nit_texts(self) -> Column:
        """Returns the NITs without hyphen; null = none."""
        own = identifiers.nits(np.maximum(self.nit, 0))
        text = compute.if_else(array(self.nit == NIT_IS_CUI), self.cui_texts(), own)
        return compute.if_else(array(self.nit == NO_NIT), NOTHING, text)

    def passport_texts(self) -> Column:
        """Nine digits; null = none."""
        number = compute.utf8_slice_codeunits(self.cui_texts(), 0, 9)
        return compute.if_else(array(self.passport), number, NOTHING)


def give_papers(people: People, plan: BlockPlan) -> Papers:
    """Identifiers that are unique in the nation, and what else a register asks."""
    rng = plan.random("papers")
    n = people.count
    number = identifiers.cui_numbers(plan.cui_candidates[0], n, plan.cui_candidates[1])
    wrong = rng.random(n) < _WRONG_CUIS
    number = np.where(wrong, number // 10 * 10 + (number % 10 + 1) % 10, number)
    age = people.age(plan.today)
    adult = age >= 18
    serial = plan.first_person + np.arange(n, dtype=np.int64)
    taxed = adult & people.alive() & (rng.random(n) < 0.68)
    recent = taxed & (rng.random(n) < np.where(age < 21, 0.6, 0.03))
    born = days.years(people.birth)
    had_cedula = (born < _LAST_CEDULA_BIRTH) & (rng.random(n) < 0.93)
    phone = (3 + rng.integers(0, 3, n)) * 10_000_000 + rng.integers(0, 9_900_000, n)
    return Papers(
        cui=identifiers.cuis(
            number, people.birth_department.astype(np.int64), people.birth_municipality.astype(np.int64)
        ),
        nit=np.where(recent, NIT_IS_CUI, np.where(taxed, serial, NO_NIT)),
        cedula=_cedulas(people.birth_department, had_cedula, plan.index),
        passport=people.alive() & (rng.random(n) < np.where(adult, 0.2, 0.05)),
        telephone=np.where(adult & (rng.random(n) < 0.7), phone, 0).astype(np.int32),
        profession=_professions(people.sex, age, rng),
        street=rng.integers(0, _STREETS, n).astype(np.int32),
        zone=np.where(rng.random(n) < 0.6, rng.integers(1, 19, n), 0).astype(np.int32),
    )


def _cedulas(department: Ints, had: Flags, block: int) -> Ints:
    """Registro numbers, counted within each order."""
    number = np.zeros(len(department), dtype=np.int32)
    for code in range(1, 23):
        holders = np.flatnonzero(had & (department == code))[:_CEDULAS_A_BLOCK]
        number[holders] = block * _CEDULAS_A_BLOCK + np.arange(len(holders)) + 1
    return number


def _professions(sex: Ints, age: Ints, rng: np.random.Generator) -> Ints:
    chosen = np.zeros(len(sex), dtype=np.int32)
    for letter, code in (("F", FEMALE), ("M", 3 - FEMALE)):
        fits = np.array([row["sex"] in (letter, "A") for row in tables.rows("professions")])
        weight = tables.scaled(np.where(fits, tables.weights("professions"), 0))
        there = np.flatnonzero(sex == code)
        chosen[there] = rng.choice(len(weight), len(there), p=weight)
    chosen[age < 18] = tables.column("professions", "name").index("ESTUDIANTE")
    return chosen


def damaged_cedula(order: str, damage: int) -> str:
    """An order as damaged registers write it: 0 = right, 1 = "A-01", 2 = Ñ lost through CP850 ("¥-15"), 3 = "&-15"."""
    letter, number = order.split("-")
    if damage == 1:
        return f"{letter}-{int(number):02d}"
    if damage >= 2 and letter == "Ñ":
        return f"{'¥' if damage == 2 else '&'}-{number}"
    return order


@cache
def street_texts() -> Column:
    """Street, avenue or hamlet with its number, as a clerk writes it."""
    rng = np.random.default_rng(1)
    ordinal = ["1A.", "2A.", "3A.", "4A.", "5A.", "6A.", "7A.", "8A.", "9A.", "10A.", "11 ", "12 ", "13 ", "14 "]
    hamlets = ["EL ROSARIO", "LAS FLORES", "LOS ENCUENTROS", "SAN JOSÉ LAS LÁGRIMAS", "CHIPACÁ", "PACHUM", "LA UNIÓN",
               "EL CARMEN", "BUENA VISTA", "SAN ANTONIO", "LA ESPERANZA", "CHUATUJ", "RÍO BLANCO", "PIEDRA PARADA",
               "LA CUMBRE", "MONTE CRISTO", "SANTA ELENA", "EL CHAL", "CAMPUR", "TZAMPETEY"]  # fmt: skip
    texts = []
    for _ in range(_STREETS):
        kind = rng.integers(0, 4)
        if kind < 2:
            way = "CALLE" if kind else "AVENIDA"
            text = f"{ordinal[rng.integers(0, 14)]} {way} {rng.integers(1, 30)}-{rng.integers(1, 99):02d}"
        elif kind == 2:
            text = f"ALDEA {hamlets[rng.integers(0, 20)]}, SECTOR {rng.integers(1, 9)}"
        else:
            lot, row = rng.integers(1, 400), "ABCDEFGH"[rng.integers(0, 8)]
            text = f"COLONIA {hamlets[rng.integers(0, 20)]}, LOTE {lot} MZ. {row}"
        texts.append(text)
    return array(texts)
