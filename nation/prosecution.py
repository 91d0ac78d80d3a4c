"""The Public Prosecutor's data of a block: complaints, missing persons, reported documents, discreet alerts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nation.heard import Heard
from nation.hearing import hear
from nation.justice import CANCELLED, EXECUTED, PENDING, draw_days, draw_offences
from nation.people import Ints
from nation.world import World

# Shares of the persons on file.
_COMPLAINTS = 0.02
_MISSING = 0.0006
_DOCUMENTS = 0.002
_DISCREET = 0.00004
OFFICES = ["FISCALIA DE LA MUJER", "FISCALIA DISTRITAL", "FISCALIA CONTRA EXTORSIONES",
           "FISCALIA DE DELITOS CONTRA LA VIDA", "FISCALIA DE LA NIÑEZ Y ADOLESCENCIA"]  # fmt: skip
_ROLES = ["sindicado", "agraviado", "denunciante"]
_STATUSES = ["EN INVESTIGACION", "DESESTIMADA", "ARCHIVADA", "JUDICIALIZADA"]
STOLEN, LOST, MISUSED = "ROBADO", "EXTRAVIADO", "SUPLANTADO"


@dataclass
class Complaint:
    """A complaint (no causa yet) or a case, and one person's part in it."""

    number: str
    case: bool
    day: int
    role: str
    offence: dict[str, str]
    office: str
    status: str
    person: Heard


@dataclass
class Missing:
    """A report of a missing person; programme "Alba-Keneth" for children, "Isabel-Claudina" for women."""

    number: str
    child: bool
    programme: str
    last_seen: int
    state: str
    state_day: int
    person: Heard


@dataclass
class DocumentReport:
    """A DPI reported as stolen, lost or used by another."""

    number: str
    circumstance: str
    day: int
    state: str
    person: Heard


@dataclass
class Discreet:
    """Observe and tell the owner."""

    number: str
    owner: str
    instruction: str
    start: int
    end: int  # NO_DAY = open
    state: str
    person: Heard


@dataclass
class Prosecution:
    """All of a block."""

    complaints: list[Complaint]
    missing: list[Missing]
    documents: list[DocumentReport]
    discreet: list[Discreet]


def make_prosecution(world: World) -> Prosecution:
    """The block's random business; the cast's is added to it."""
    return Prosecution(_complaints(world), _missing(world), _documents(world), _discreet(world))


def _number(world: World, prefix: str, number: int) -> str:
    return f"{prefix}-{world.plan.serial(number):010d}"


def _some(world: World, stream: str, share: float, youngest: int, oldest: int) -> tuple[Ints, int]:
    rng = world.plan.random(stream)
    count = max(1, round(world.plan.persons * share))
    fit = world.people.ordinary(world.plan.today, youngest, oldest)
    return fit[rng.integers(0, len(fit), count)], count


def _complaints(world: World) -> list[Complaint]:
    persons, count = _some(world, "complaints who", _COMPLAINTS, 15, 90)
    rng = world.plan.random("complaints")
    heard = hear(world, persons, "complaints heard", cui_rate=0.8, fault_rate=0.25)
    happened = draw_days(world, count, 6, rng)
    offences = draw_offences(count, rng)
    role, office, status = (rng.integers(0, n, count) for n in (3, len(OFFICES), 4))
    return [
        Complaint(
            _number(world, "MP001", i), bool(status[i] == 3), happened[i], _ROLES[role[i]], offences[i],
            OFFICES[office[i]], _STATUSES[status[i]], heard[i],
        )
        for i in range(count)
    ]  # fmt: skip


def _missing(world: World) -> list[Missing]:
    persons, count = _some(world, "missing who", _MISSING, 1, 70)
    rng = world.plan.random("missing")
    heard = hear(world, persons, "missing heard", cui_rate=0.7, fault_rate=0.15)
    seen = draw_days(world, count, 5, rng)
    ages = world.people.age(world.plan.today)
    draws = rng.random((count, 2))
    found = []
    for i, person in enumerate(persons.tolist()):
        child = int(ages[person]) - (world.plan.today - seen[i]) / 365.25 < 18
        woman = heard[i].sex == 1
        # An alert is lifted when the person comes home; a child now grown is no child: those were found.
        still = draws[i, 0] < 0.25 and (not child or int(ages[person]) < 17)
        found.append(
            Missing(
                number=_number(world, "AK" if child else "DES", i),
                child=child,
                programme="ALBA-KENETH" if child else ("ISABEL-CLAUDINA" if woman else "BUSQUEDA INMEDIATA"),
                last_seen=seen[i],
                state=PENDING if still else EXECUTED,
                state_day=seen[i] if still else min(seen[i] + 1 + int(draws[i, 1] * 60), world.plan.today - 1),
                person=heard[i],
            )
        )
    return found


def _documents(world: World) -> list[DocumentReport]:
    persons, count = _some(world, "documents who", _DOCUMENTS, 18, 85)
    rng = world.plan.random("documents")
    heard = hear(world, persons, "documents heard", cui_rate=1.0, fault_rate=0.05)
    reported = draw_days(world, count, 4, rng)
    kind = rng.choice(3, count, p=[0.45, 0.52, 0.03])
    # A stolen or lost DPI is replaced, and the report closed, within weeks.
    still = rng.random(count) < np.where(kind == 2, 0.8, 0.05)
    return [
        DocumentReport(
            _number(world, "DOC", i), (STOLEN, LOST, MISUSED)[kind[i]], reported[i],
            PENDING if still[i] else CANCELLED, heard[i],
        )
        for i in range(count)
    ]  # fmt: skip


def _discreet(world: World) -> list[Discreet]:
    persons, count = _some(world, "discreet who", _DISCREET, 20, 70)
    rng = world.plan.random("discreet")
    heard = hear(world, persons, "discreet heard", cui_rate=0.9, fault_rate=0.0)
    start = draw_days(world, count, 1, rng)
    return [
        Discreet(_number(world, "AD", i), "MP, FISCALIA CONTRA EL CRIMEN ORGANIZADO",
                 "OBSERVAR Y REPORTAR LUGAR, FECHA Y ACOMPAÑANTES", start[i], start[i] + 540, PENDING, heard[i])
        for i in range(count)
    ]  # fmt: skip
