"""The police's data of a block: detentions, incidents, police records."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nation import tables
from nation.heard import Heard
from nation.hearing import hear
from nation.justice import draw_days, draw_offences
from nation.world import World

# Shares of the persons on file.
_DETENTIONS = 0.02
_INCIDENTS = 0.012
_RECORDS = 0.015
_OUTCOMES = ["CONSIGNADO A JUZGADO", "LIBRE POR FALTA DE MERITO", "MEDIDA SUSTITUTIVA", "PRISION PREVENTIVA", ""]
_INCIDENT_KINDS = [
    "RIÑA",
    "ACCIDENTE DE TRANSITO",
    "VIOLENCIA INTRAFAMILIAR",
    "ESCANDALO EN LA VIA PUBLICA",
    "DENUNCIA DE ROBO",
]
_INCIDENT_ROLES = ["INVOLUCRADO", "TESTIGO", "AGRAVIADO"]


@dataclass
class Detention:
    """One detention of one person."""

    number: int
    day: int
    offence: dict[str, str]
    station: str
    department: int  # INE, where it happened
    outcome: str
    visible: bool  # on a certificate
    person: Heard


@dataclass
class Incident:
    """One person's part in an incident."""

    number: int
    day: int
    kind: str
    role: str
    station: str
    person: Heard


@dataclass
class PoliceRecord:
    """An entry of the archive of police records."""

    number: str
    day: int
    offence: dict[str, str]
    station: str
    visible: bool
    person: Heard


@dataclass
class Policing:
    """All of a block."""

    detentions: list[Detention]
    incidents: list[Incident]
    records: list[PoliceRecord]


def station(department: int) -> str:
    """The police headquarters of a department."""
    return f"COMISARIA {10 + department} {tables.departments()[department - 1].name.upper()}"


def make_policing(world: World) -> Policing:
    """The block's random police work; the cast's is added to it."""
    return Policing(_detentions(world), _incidents(world), _records(world))


def _heard(world: World, stream: str, share: float, youngest: int, cui_rate: float) -> list[Heard]:
    rng = world.plan.random(stream + " who")
    count = max(2, round(world.plan.persons * share))
    # Some are arrested again and again.
    fit = world.people.ordinary(world.plan.today, youngest, 75)
    chosen = fit[(rng.random(count) ** 1.3 * len(fit)).astype(np.int64)]
    return hear(world, chosen, stream + " heard", cui_rate=cui_rate, fault_rate=0.3)


def _detentions(world: World) -> list[Detention]:
    heard = _heard(world, "detentions", _DETENTIONS, 14, 0.75)
    rng, n = world.plan.random("detentions"), len(heard)
    happened = draw_days(world, n, 12, rng)
    offences = draw_offences(n, rng)
    outcome, visible, away = rng.integers(0, len(_OUTCOMES), n), rng.random(n) < 0.9, rng.integers(1, 23, n)
    return [
        Detention(
            world.plan.serial(i), happened[i], offences[i], station(heard[i].department or int(away[i])),
            heard[i].department or int(away[i]), _OUTCOMES[outcome[i]], bool(visible[i]), heard[i],
        )
        for i in range(n)
    ]  # fmt: skip


def _incidents(world: World) -> list[Incident]:
    heard = _heard(world, "incidents", _INCIDENTS, 14, 0.7)
    rng, n = world.plan.random("incidents"), len(heard)
    happened = draw_days(world, n, 6, rng)
    kind, role, away = rng.integers(0, 5, n), rng.integers(0, 3, n), rng.integers(1, 23, n)
    return [
        Incident(world.plan.serial(i), happened[i], _INCIDENT_KINDS[kind[i]], _INCIDENT_ROLES[role[i]],
                 station(int(away[i])), heard[i])
        for i in range(n)
    ]  # fmt: skip


def _records(world: World) -> list[PoliceRecord]:
    heard = _heard(world, "records", _RECORDS, 18, 0.6)
    rng, n = world.plan.random("records"), len(heard)
    happened = draw_days(world, n, 25, rng)
    offences = draw_offences(n, rng)
    visible, away = rng.random(n) < 0.85, rng.integers(1, 23, n)
    return [
        PoliceRecord(f"AP-{world.plan.serial(i):010d}", happened[i], offences[i], station(int(away[i])),
                     bool(visible[i]), heard[i])
        for i in range(n)
    ]  # fmt: skip
