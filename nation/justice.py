"""The courts' data of a block: warrants, sentences, protection orders, before OJ, SAPO and MP write them down."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache

import numpy as np

from nation import days, tables
from nation.heard import Heard
from nation.hearing import hear
from nation.people import Ints
from nation.world import World

PENDING, EXECUTED, CANCELLED, SUSPENDED, LAPSED = "PENDING", "EXECUTED", "CANCELLED", "SUSPENDED", "LAPSED"

# Shares of the persons on file. 45,000 pending warrants in a nation of 21.7 million, half of them without a CUI.
_PENDING_WARRANTS = 0.0021
_CLOSED_WARRANTS = 0.0055
_WARRANTS_OF_MINORS = 0.02  # of those drawn before the 18th birthday
_SENTENCES = 0.005
_PROTECTION_ORDERS = 0.0035


@dataclass
class Warrant:
    """One warrant and what each register says of it: (person as written, state, day of that state)."""

    causa: str
    court: str
    offence: dict[str, str]  # row of data/offences.tsv
    issued: int
    sightings: dict[str, tuple[Heard, str, int]] = field(default_factory=dict)  # "oj", "sapo", "mp"
    damaged: bool = False  # OJ's row lacks its date: refused, though it still shows a CUI
    number: str = ""  # of the records, where the causa is not enough
    state_written: str = ""  # as it stands in the rows, where not in the register's own words
    court_written: str = ""  # by the police
    truly: bool | None = None  # whether it is in force, where its own rows do not tell

    @property
    def record(self) -> str:
        """The end of the registers' record ids."""
        return self.number or self.causa

    @property
    def in_force(self) -> bool:
        """The truth: the court's word, or the others' where the court does not list it."""
        if self.truly is not None:
            return self.truly
        said = [self.sightings["oj"]] if "oj" in self.sightings else list(self.sightings.values())
        return any(state == PENDING for _, state, _ in said)


@dataclass
class Sentence:
    """A sentence as OJ holds it."""

    causa: str
    court: str
    offence: dict[str, str]
    day: int
    months: int
    final: bool
    expunged: bool
    person: Heard


@dataclass
class ProtectionOrder:
    """A protection order (Decreto 97-96) with both its sides."""

    causa: str
    court: str
    measures: str
    start: int
    end: int
    state: str
    state_day: int
    restrained: Heard
    protected: Heard
    start_written: str = ""  # as it stands in the row, where not in the register's own way
    end_written: str = ""
    state_written: str = ""

    def in_force(self, today: int) -> bool:
        """Returns whether it is in force on a day."""
        return self.state == PENDING and self.start <= today <= self.end


@dataclass
class Justice:
    """All of a block."""

    warrants: list[Warrant]
    sentences: list[Sentence]
    orders: list[ProtectionOrder]


MEASURES = [
    "PROHIBICION DE ACERCARSE A LA VICTIMA Y A SU DOMICILIO",
    "DESALOJO DE LA RESIDENCIA COMUN; PROHIBICION DE INTIMIDAR",
    "PROHIBICION DE ACCESO AL DOMICILIO, LUGAR DE TRABAJO O ESTUDIO DE LA VICTIMA",
    "SUSPENSION DE LA GUARDA Y CUSTODIA; DECOMISO DE ARMAS",
]


@cache
def courts() -> tuple[tuple[str, str], ...]:
    """(code, name) of the courts: the first five digits of a causa are its court's code."""
    kinds = [
        "JUZGADO PRIMERO DE PRIMERA INSTANCIA PENAL",
        "JUZGADO SEGUNDO DE PRIMERA INSTANCIA PENAL",
        "JUZGADO DE PAZ PENAL",
        "JUZGADO DE FEMICIDIO Y VIOLENCIA CONTRA LA MUJER",
    ]
    return tuple(
        (f"{d.ine:02d}{100 + 3 * number:03d}", f"{kind} DE {d.name.upper()}")
        for d in tables.departments()
        for number, kind in enumerate(kinds, 1)
    )


def causa(court_code: str, day: int, number: int) -> str:
    """A causa number: court, year, count."""
    return f"{court_code}-{days.date(day).year}-{number:06d}"


def make_justice(world: World) -> Justice:
    """The block's random court business; the cast's is added to it."""
    return Justice(_warrants(world), _sentences(world), _orders(world))


def draw_days(world: World, count: int, years: float, rng: np.random.Generator) -> list[int]:
    """Past days, more of them recent."""
    return [int(day) for day in world.plan.today - 1 - (rng.random(count) ** 1.4 * years * 365).astype(int)]


def draw_offences(count: int, rng: np.random.Generator, *, only: str = "") -> list[dict[str, str]]:
    """Rows of data/offences.tsv by weight; `only`: of one class."""
    rows = [row for row in tables.rows("offences") if not only or row["class"] == only]
    weight = tables.scaled(np.array([float(row["weight"]) for row in rows]))
    return [rows[i] for i in rng.choice(len(rows), count, p=weight)]


def _of_age(world: World, persons: Ints, drawn: list[int], rng: np.random.Generator) -> list[int]:
    """Days of warrants against grown-ups: those drawn, but after the 18th birthday, save one in fifty of the others."""
    of_age = world.people.birth[persons].astype(np.int64) + 6575  # 18 years hold four or five leap days
    days_since = np.maximum(world.plan.today - of_age, 1)
    later = of_age + (rng.random(len(drawn)) * days_since).astype(np.int64)
    day = np.array(drawn, dtype=np.int64)
    moved = (day < of_age) & (rng.random(len(drawn)) > _WARRANTS_OF_MINORS)
    return [int(each) for each in np.where(moved, np.minimum(later, world.plan.today - 1), day)]


def numbers(world: World, count: int, kind: int) -> range:
    """Numbers of causas, unique in the nation: kind 0 to 3, up to 500 of each in a block."""
    start = (world.plan.index + 1) * 2_000 + kind * 500
    return range(start, start + count)


def _warrants(world: World) -> list[Warrant]:
    rng = world.plan.random("warrants")
    pending = max(2, round(world.plan.persons * _PENDING_WARRANTS))
    count = pending + max(4, round(world.plan.persons * _CLOSED_WARRANTS))
    adults = world.people.ordinary(world.plan.today, 18, 80)
    persons = adults[rng.integers(0, len(adults), count)]
    rows = {
        register: hear(world, persons, f"warrants {register}", cui_rate=rate, fault_rate=0.35)
        for register, rate in (("oj", 0.5), ("sapo", 0.5), ("mp", 0.5))
    }
    listed = courts()
    court = rng.integers(0, len(listed), count)
    issued = _of_age(world, persons, draw_days(world, count, 9, rng), rng)
    offences = draw_offences(count, rng)
    draws = rng.random((count, 4))
    found = []
    for i, number in enumerate(numbers(world, count, 0)):
        code, name = listed[court[i]]
        warrant = Warrant(causa(code, issued[i], number), name, offences[i], issued[i])
        # A register either knows the CUI of a warrant or nobody does: half of all have none.
        for register in ("sapo", "mp"):
            if not rows["oj"][i].cui:
                rows[register][i].cui = ""
        state = PENDING if i < pending else (EXECUTED, CANCELLED, CANCELLED, SUSPENDED)[int(draws[i, 0] * 4)]
        closed_on = min(issued[i] + 20 + int(draws[i, 1] * 700), world.plan.today - 1)
        state_day = issued[i] if state == PENDING else closed_on
        if not (state == PENDING and draws[i, 2] < 0.03):  # some are in police hands only
            warrant.sightings["oj"] = (rows["oj"][i], state, state_day)
        if draws[i, 2] < 0.8:
            late = state != PENDING and draws[i, 3] < 0.06  # the police have not heard yet
            warrant.sightings["sapo"] = (rows["sapo"][i], PENDING if late else state, issued[i] if late else state_day)
        if draws[i, 3] < 0.4:
            warrant.sightings["mp"] = (rows["mp"][i], state, state_day)
        found.append(warrant)
    return found


def _sentences(world: World) -> list[Sentence]:
    rng = world.plan.random("sentences")
    count = max(4, round(world.plan.persons * _SENTENCES))
    adults = world.people.ordinary(world.plan.today, 18, 85)
    persons = adults[rng.integers(0, len(adults), count)]
    heard = hear(world, persons, "sentences heard", cui_rate=0.75, fault_rate=0.25)
    listed = courts()
    court = rng.integers(0, len(listed), count)
    passed = draw_days(world, count, 20, rng)
    offences = draw_offences(count, rng)
    draws = rng.random((count, 3))
    return [
        Sentence(
            causa=causa(listed[court[i]][0], passed[i], number),
            court=listed[court[i]][1],
            offence=offences[i],
            day=passed[i],
            months=int(6 + draws[i, 0] * 300),
            final=bool(draws[i, 1] < 0.85),
            expunged=bool(draws[i, 2] < 0.08),
            person=heard[i],
        )
        for i, number in enumerate(numbers(world, count, 1))
    ]


def _orders(world: World) -> list[ProtectionOrder]:
    rng = world.plan.random("orders")
    count = max(3, round(world.plan.persons * _PROTECTION_ORDERS))
    adults = world.people.ordinary(world.plan.today, 18, 80)
    sex = world.people.sex[adults]
    men, women = adults[sex == 2], adults[sex == 1]
    restrained = men[rng.integers(0, len(men), count)]
    protected = women[rng.integers(0, len(women), count)]
    sides = [
        hear(world, who, f"orders {side}", cui_rate=rate, fault_rate=0.3)
        for who, side, rate in ((restrained, "restrained", 0.7), (protected, "protected", 0.9))
    ]
    listed = courts()
    court = rng.integers(0, len(listed), count)
    start = draw_days(world, count, 3, rng)
    draws = rng.random((count, 2))
    found = []
    for i, number in enumerate(numbers(world, count, 2)):
        end = start[i] + int(30 + draws[i, 0] * 330)
        state = PENDING if draws[i, 1] < 0.85 else CANCELLED
        found.append(
            ProtectionOrder(
                causa=causa(listed[court[i]][0], start[i], number),
                court=listed[court[i]][1],
                measures=MEASURES[int(draws[i, 0] * len(MEASURES))],
                start=start[i],
                end=end,
                state=state,
                state_day=start[i] if state == PENDING else min(start[i] + 20, world.plan.today - 1),
                restrained=sides[0][i],
                protected=sides[1][i],
            )
        )
    return found
