"""Rows of a clearance agency in a country of dense ranges: honest files, and guesses hidden among people on file."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import count, islice
from pathlib import Path

from core.access.caller import EVERY_METHOD, Caller
from core.access.grant import Grant
from core.access.limits import Limits
from core.errors import LimitExceeded
from server.trust.allowances import read_allowances
from tests.trust.walks import CUI, cui_digits, place

ROOT = Path(__file__).parents[2]
BULK = read_allowances(ROOT / "server" / "trust" / "example" / "limits.toml")["bulk"]
NOW = 1_790_000_000_000
DAY = 86_400_000
Row = tuple[bytes, bool]  # key, whether it finds somebody
DENSE = 50_000  # serials of each municipality, of which every second is somebody's


def agency_of(limits: Limits, name: str = "agency") -> Caller:
    caller = Caller(b"{}", device=name.encode(), officer=f"clerk of {name}".encode(), limits=limits)
    rules = {each: BULK.limit(each) for each in ("neighbours", "misses")}
    caller.give(6, Grant.everything(), methods=EVERY_METHOD, **rules)  # type: ignore[arg-type]
    return caller


def first_serial(municipality: int) -> int:
    return 20_000_000 + municipality * 7_919 % 10_000_000


def row_of(serial: int, municipality: int) -> Row:
    exists = random.Random(serial << 16 | municipality).random() < 0.5
    return bytes([CUI]) + cui_digits(serial, municipality).encode(), exists


def anybody(rng: random.Random, municipality: int | None = None, *, exists: bool = True) -> Row:
    """Returns numbers of the country's dense ranges."""
    while True:
        home = municipality or place(rng)
        row = row_of(first_serial(home) + rng.randrange(DENSE), home)
        if row[1] == exists:
            return row


def honest_file(rng: random.Random, unknown: float, municipality: int | None = None) -> Iterator[Row]:
    while True:
        yield anybody(rng, municipality, exists=rng.random() >= unknown)


def guesses(rng: random.Random, share: float, known: list[Row] | None = None) -> Iterator[Row]:
    """A range from its beginning on, among people who are known to be on file, the same ones again or always others."""
    home = place(rng)
    serials = count(first_serial(home) + 10_000)
    while True:
        if rng.random() < share:
            yield row_of(next(serials), home)
        else:
            yield rng.choice(known) if known else anybody(rng)


def rows_passed(caller: Caller, rows: Iterator[Row], most: int, at_ms: int, rows_a_day: int = 1_000_000) -> list[Row]:
    """The rows until one is refused."""
    found: list[Row] = []
    for number, row in enumerate(islice(rows, most)):
        try:
            caller.take_rows_asked(6, [row], at_ms + number * DAY // rows_a_day)
        except LimitExceeded as error:
            assert error.limit in ("neighbours", "misses")
            return found
        found.append(row)
    return found
