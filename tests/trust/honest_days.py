"""Honest days of a town, question by question, in three units of police and one of investigators.

Seeded. A patrol's day has a morning's and an evening's rush, and one officer's a checkpoint with 40 plates in an hour;
three in ten of these questions find nobody: half of the plates and VINs among those are typed wrong and at once asked
again as they should be, which lies near, the others are strangers. Half of the people are of the town; some come as
families with numbers given one after the other, and some lorries as fleets. A person not found counts as nobody,
though a register need not know all of them.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

from tests.trust.walks import (
    CUI,
    DOCUMENT,
    LETTERS,
    LICENCE,
    PLATE,
    VIN,
    Asked,
    asked,
    cui_digits,
    cui_serial,
    place,
    plate_text,
)

TOWN = 1401
NAME, TELEPHONE = 64, 7
MINUTE_MS = 60_000
NOT_FOUND = 0.3
_RUSH = {6: 14, 7: 30, 8: 22, 12: 16, 16: 14, 17: 28, 18: 30, 19: 18}  # look-ups in an hour
_QUIET = 6
_VINS = ("3N1CK3CD", "JTFHX02P", "8AJBA3CD")  # three models that every second man drives


@dataclass(frozen=True)
class Look:
    """One look-up of a day."""

    clock_ms: int
    officer: str
    unit: str
    car: str
    allowance: str
    asked: Asked


def days(seed: int, midnight_ms: int, count: int = 30) -> Iterator[Look]:
    """So many days of all, each day in the order of the clock."""
    rng = random.Random(seed)
    for day in range(count):
        start = midnight_ms + day * 1440 * MINUTE_MS
        looks: list[Look] = []
        for number in range(9):
            unit = f"pnc/zona-{number % 3 + 1}"
            who = (f"pnc/{20000 + number}", unit, f"car-{number // 2}", "patrol")
            hours = range(6, 14) if (number + day) % 2 else range(12, 20)
            for hour in hours:
                looks += _hour(rng, who, start + hour * 60 * MINUTE_MS, _RUSH.get(hour, _QUIET))
        checkpoint = (f"pnc/{20000 + day % 9}", f"pnc/zona-{day % 9 % 3 + 1}", f"car-{day % 9 // 2}", "patrol")
        looks += _checkpoint(rng, checkpoint, start + 21 * 60 * MINUTE_MS)
        for number in range(3):
            who = (f"pnc/{30000 + number}", "pnc/deic", f"desk-{number}", "desk")
            for hour in range(8, 17):
                looks += _desk(rng, who, start + hour * 60 * MINUTE_MS)
        yield from sorted(looks, key=lambda look: look.clock_ms)


def _looks(
    rng: random.Random, who: tuple[str, str, str, str], start_ms: int, within_min: int, questions: list[Asked]
) -> Iterator[Look]:
    moments = sorted(rng.randrange(within_min * MINUTE_MS) for _ in questions)
    for moment, question in zip(moments, questions, strict=True):
        yield Look(start_ms + moment, *who, question)


def _hour(rng: random.Random, who: tuple[str, str, str, str], start_ms: int, about: int) -> Iterator[Look]:
    questions: list[Asked] = []
    while len(questions) < about:
        questions += _stopped(rng)
    yield from _looks(rng, who, start_ms, 60, questions)


def _checkpoint(rng: random.Random, who: tuple[str, str, str, str], start_ms: int) -> Iterator[Look]:
    questions: list[Asked] = []
    while len(questions) < 40:
        questions += _typed(rng, PLATE, plate_text(rng))
    yield from _looks(rng, who, start_ms, rng.choice([15, 60]), questions)


def _stopped(rng: random.Random) -> list[Asked]:
    """A car and its driver, a pedestrian, a family, a fleet, a stranger."""
    kind = rng.random()
    if kind < 0.5:
        found = _typed(rng, PLATE, plate_text(rng))
        return found + (_typed(rng, CUI, _person(rng)) if rng.random() < 0.5 else [])
    if kind < 0.8:
        person = _person(rng)
        again = [asked(CUI, person, True)] if rng.random() < 0.1 else []  # the partner asks for the same one
        return _typed(rng, CUI, person) + again
    if kind < 0.86:
        return _typed(rng, LICENCE, _person(rng))
    if kind < 0.90:
        return _typed(rng, VIN, f"{rng.choice(_VINS)}{rng.randrange(10)}KM{rng.randrange(300_000):06d}")
    if kind < 0.94:
        return [asked(DOCUMENT, f"SLV:0{rng.randrange(6_000_000):07d}", None if rng.random() < 0.8 else True)]
    if kind < 0.975:
        home, first = TOWN, cui_serial(rng)
        return [asked(CUI, cui_digits(first + member, home), True) for member in range(rng.randrange(2, 7))]
    series, first = "".join(rng.choices(LETTERS, k=3)), rng.randrange(990)
    return [asked(PLATE, f"GTM:{first + lorry:03d}{series}", True) for lorry in range(rng.randrange(2, 5))]


def _person(rng: random.Random) -> str:
    return cui_digits(cui_serial(rng), TOWN if rng.random() < 0.5 else place(rng))


def _typed(rng: random.Random, kind: int, text: str) -> list[Asked]:
    """One question; of what is not found, half was typed wrong and is asked again."""
    if rng.random() >= NOT_FOUND:
        return [asked(kind, text, True)]
    if rng.random() < 0.5 or kind in (CUI, LICENCE):  # a wrong digit makes a number that cannot exist: none is asked
        return [asked(kind, text, False)]
    at = rng.choice([i for i in range(len(text)) if text[i].isdigit()])
    wrong = text[:at] + str((int(text[at]) + rng.randrange(1, 10)) % 10) + text[at + 1 :]
    return [asked(kind, wrong, False), asked(kind, text, True)]


def _desk(rng: random.Random, who: tuple[str, str, str, str], start_ms: int) -> Iterator[Look]:
    """A case: names, telephones of one company, a suspect's family, who is looked at again."""
    questions: list[Asked] = []
    for _ in range(rng.randrange(1, 4)):
        suspect = cui_serial(rng)
        questions += [asked(NAME, f"APELLIDO NOMBRE {rng.randrange(10**6)}", rng.random() < 0.5) for _ in range(3)]
        questions += _typed(rng, CUI, cui_digits(suspect, TOWN))
        questions += [asked(CUI, cui_digits(suspect + rng.randrange(1, 400), TOWN), True) for _ in range(2)]
        questions += [asked(TELEPHONE, f"{rng.choice('345')}{rng.randrange(10**7):07d}", None) for _ in range(3)]
        questions += [*_typed(rng, PLATE, plate_text(rng)), asked(CUI, cui_digits(suspect, TOWN), True)]
    yield from _looks(rng, who, start_ms, 60, questions)
