"""Ways through a list, and an honest officer's questions: what is asked, as the core's keys, and what it finds.

A walk finds as many as an honest officer does (FOUND): what gives it away is where it goes, not what it finds.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

FOUND = 0.7
LETTERS = "BCDFGHJKLMNPQRSTVWXYZ"
CUI, CEDULA, DOCUMENT, LICENCE, PLATE, VIN, ENGINE = 1, 3, 4, 6, 8, 9, 11
_ALNUM = "ABCDEFGHJKLMNPRSTUVWXYZ0123456789"


@dataclass(frozen=True)
class Asked:
    """One look-up. found: None = a register that need not know it."""

    key: bytes
    found: bool | None


def asked(kind: int, text: str, found: bool | None) -> Asked:
    """A look-up by a KEY_* of core/generation/dossier.pxd and its canonical text."""
    return Asked(bytes([kind]) + text.encode(), found)


def cui_digits(serial: int, place: int) -> str:
    """A CUI of a municipality, with its check digit."""
    digits = f"{serial:08d}"
    check = sum(int(digit) * weight for digit, weight in zip(digits, range(2, 10), strict=True)) % 11
    return f"{digits}{check % 10}{place:04d}"


def cui_serial(rng: random.Random) -> int:
    """Returns the serial of an adult's CUI: they are counted in the whole country."""
    return rng.randrange(15_000_000, 39_000_000)


def place(rng: random.Random) -> int:
    """A municipality, as a CUI ends."""
    return rng.randrange(1, 23) * 100 + rng.randrange(1, 18)


def plate_text(rng: random.Random) -> str:
    """A plate; three of five bear one of sixty series of letters, as the cars of a few years do."""
    number = rng.randrange(1000)
    if rng.random() < 0.6:
        series = rng.randrange(60)
        return f"GTM:{number:03d}{'JKL'[series % 3]}{LETTERS[series // 3]}{rng.choice(LETTERS)}"
    return f"GTM:{number:03d}" + "".join(rng.choices(LETTERS, k=3))


def real(rng: random.Random) -> Asked:
    """Returns somebody on file that an honest officer may ask for anywhere in the country."""
    if rng.random() < 0.5:
        return asked(PLATE, plate_text(rng), True)
    return asked(CUI, cui_digits(cui_serial(rng), place(rng)), True)


def _on(rng: random.Random, kind: int, texts: Iterator[str]) -> Iterator[Asked]:
    for text in texts:
        yield asked(kind, text, rng.random() < FOUND)


def _steps(rng: random.Random, size: int, step: int = 21) -> Iterator[int]:
    start = rng.randrange(size)
    while True:
        yield start % size
        start += step


def every_21st(rng: random.Random) -> Iterator[Asked]:
    here, first = place(rng), cui_serial(rng)
    return _on(rng, CUI, (cui_digits(first + 21 * i, here) for i in range(10**6)))


def ten_ranges_in_turn(rng: random.Random) -> Iterator[Asked]:
    ranges = [(place(rng), cui_serial(rng)) for _ in range(10)]
    texts = (cui_digits(ranges[i % 10][1] + 21 * (i // 10), ranges[i % 10][0]) for i in range(10**6))
    return _on(rng, CUI, texts)


def any_order(rng: random.Random) -> Iterator[Asked]:
    here, first = place(rng), cui_serial(rng)
    return _on(rng, CUI, (cui_digits(first + rng.randrange(2500), here) for _ in range(10**6)))


def one_serial_everywhere(rng: random.Random) -> Iterator[Asked]:
    """The number fixed, the municipality counted through."""
    first = cui_serial(rng)
    return _on(rng, CUI, (cui_digits(first + i // 300, place(rng)) for i in range(10**6)))


def documents(rng: random.Random) -> Iterator[Asked]:
    """Returns documents of several countries in turn; a foreign one need not be on file."""
    texts = (f"{('SLV', 'HND', 'NIC')[i % 3]}:B{n:07d}" for i, n in enumerate(_steps(rng, 10**7)))
    return (asked(DOCUMENT, text, True if rng.random() < FOUND else None) for text in texts)


def cedulas(rng: random.Random) -> Iterator[Asked]:
    return _on(rng, CEDULA, (f"A-1 {n:06d}" for n in _steps(rng, 10**6)))


def licences(rng: random.Random) -> Iterator[Asked]:
    here = place(rng)
    return _on(rng, LICENCE, (cui_digits(15_000_000 + n, here) for n in _steps(rng, 10**7)))


def plate_letters(rng: random.Random) -> Iterator[Asked]:
    """The digits fixed, the letters in any order."""
    number = rng.randrange(1000)
    return _on(rng, PLATE, (f"GTM:{number:03d}" + "".join(rng.choices(LETTERS, k=3)) for _ in range(10**6)))


def plate_numbers(rng: random.Random) -> Iterator[Asked]:
    series = "".join(rng.choices(LETTERS, k=3))
    return _on(rng, PLATE, (f"GTM:{n:03d}{series}" for n in _steps(rng, 1000)))


def vins(rng: random.Random) -> Iterator[Asked]:
    """The tail counted, the check character as it falls."""
    model, plant = "".join(rng.choices(_ALNUM, k=8)), "".join(rng.choices(_ALNUM, k=2))
    return _on(rng, VIN, (f"{model}{rng.choice('0123456789X')}{plant}{n:06d}" for n in _steps(rng, 10**6)))


def vin_heads(rng: random.Random) -> Iterator[Asked]:
    """The other hand: the tail fixed, the model counted."""
    tail = f"{rng.randrange(10**6):06d}"
    return _on(rng, VIN, ("".join(rng.choices(_ALNUM, k=9)) + f"KM{tail}" for _ in range(10**6)))


def engines(rng: random.Random) -> Iterator[Asked]:
    return _on(rng, ENGINE, (f"2TR{n:07d}" for n in _steps(rng, 10**7)))


def half_real(rng: random.Random) -> Iterator[Asked]:
    """Each number of the walk hidden by somebody who is on file."""
    for walked in every_21st(rng):
        yield walked
        yield real(rng)


def guesses(rng: random.Random) -> Iterator[Asked]:
    """No walk at all: whole CUIs at random, of which one in fifty is somebody's."""
    while True:
        yield asked(CUI, cui_digits(rng.randrange(10**8), place(rng)), rng.random() < 0.02)


WALKS: dict[str, Callable[[random.Random], Iterator[Asked]]] = {
    walk.__name__: walk
    for walk in (
        every_21st,
        ten_ranges_in_turn,
        any_order,
        one_serial_everywhere,
        documents,
        cedulas,
        licences,
        plate_letters,
        plate_numbers,
        vins,
        vin_heads,
        engines,
        half_real,
        guesses,
    )
}
