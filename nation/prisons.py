"""Inmates, releases and escapes of a block, and private security guards: small registers, row by row."""

from __future__ import annotations

from dataclasses import dataclass

from nation.days import NO_DAY
from nation.heard import Heard
from nation.hearing import hear
from nation.justice import draw_days, draw_offences
from nation.world import World

# Shares of the persons on file.
_INMATES = 0.0011
_RELEASED = 0.003
_ESCAPES = 0.00004
PRISONS = ["CENTRO PREVENTIVO ZONA 18", "GRANJA PENAL PAVON", "GRANJA PENAL CANTEL", "CENTRO EL INFIERNITO ESCUINTLA",
           "COF FRAIJANES", "CENTRO PREVENTIVO COBAN", "CENTRO SANTA ELENA PETEN"]  # fmt: skip
INSIDE, RELEASED, ESCAPED, RECAPTURED = "RECLUIDO", "EN LIBERTAD", "EVADIDO", "RECAPTURADO"


@dataclass
class Stay:
    """One stay in prison."""

    number: str
    prison: str
    admitted: int
    released: int  # NO_DAY = not released
    status: str
    offence: dict[str, str]
    person: Heard


@dataclass
class Escape:
    """One escape."""

    number: str
    prison: str
    day: int
    status: str
    status_day: int
    offence: dict[str, str]
    person: Heard


@dataclass
class Prisons:
    """All of a block."""

    stays: list[Stay]
    escapes: list[Escape]


def make_prisons(world: World) -> Prisons:
    """The block's random inmates; the cast's are added to them."""
    rng, today = world.plan.random("prisons"), world.plan.today
    inside = max(2, round(world.plan.persons * _INMATES))
    gone = max(2, round(world.plan.persons * _RELEASED))
    away = max(1, round(world.plan.persons * _ESCAPES))
    n = inside + gone + away
    adults = world.people.ordinary(today, 19, 75)
    heard = hear(world, adults[rng.integers(0, len(adults), n)], "prisons heard", cui_rate=0.8, fault_rate=0.2)
    admitted, offences = draw_days(world, n, 12, rng), draw_offences(n, rng)
    prison, length = rng.integers(0, len(PRISONS), n), rng.integers(20, 2_500, n)
    prisons = Prisons([], [])
    for i in range(n):
        end = min(admitted[i] + int(length[i]), today - 1)
        if i < inside + gone:
            free = i >= inside
            prisons.stays.append(
                Stay(f"RI-{world.plan.serial(i):010d}", PRISONS[prison[i]], admitted[i], end if free else NO_DAY,
                     RELEASED if free else INSIDE, offences[i], heard[i])
            )  # fmt: skip
        else:
            caught = bool(length[i] % 2)
            prisons.escapes.append(
                Escape(f"EV-{world.plan.serial(i):010d}", PRISONS[prison[i]], admitted[i],
                       RECAPTURED if caught else ESCAPED, end if caught else admitted[i], offences[i], heard[i])
            )  # fmt: skip
    return prisons


_GUARDS = 0.0035
SECURITY_COMPANIES = ["GRUPO GOLAN", "SEGURIDAD ALFA UNO, S.A.", "PROTECCION METROPOLITANA", "VIGILANTES DEL SUR, S.A.",
                      "SERVICIOS DE CUSTODIA QUETZAL"]  # fmt: skip
_WEAPONS = ["ESCOPETA CALIBRE 12", "REVOLVER CALIBRE 38", "PISTOLA 9 MM", ""]


@dataclass
class Guard:
    """A private security guard's registration."""

    credential: str
    company: str
    issued: int
    expires: int
    weapon: str
    person: Heard


def make_guards(world: World) -> list[Guard]:
    """The block's guards."""
    rng = world.plan.random("guards")
    count = max(2, round(world.plan.persons * _GUARDS))
    fit = world.people.ordinary(world.plan.today, 18, 60)
    heard = hear(world, fit[rng.integers(0, len(fit), count)], "guards heard", cui_rate=1.0, fault_rate=0.05)
    issued = draw_days(world, count, 4, rng)
    company, weapon = rng.integers(0, len(SECURITY_COMPANIES), count), rng.integers(0, len(_WEAPONS), count)
    return [
        Guard(f"AG-{world.plan.serial(i):09d}", SECURITY_COMPANIES[company[i]], issued[i], issued[i] + 1_095,
              _WEAPONS[weapon[i]], heard[i])
        for i in range(count)
    ]  # fmt: skip
