"""Rows that a clerk must put together, and orders hurt in dates and states. Kinds: docs/damage.md."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from nation import days
from nation.border import Ban
from nation.damage_names import without_number
from nation.days import NO_DAY
from nation.heard import Heard
from nation.hearing import hear_exactly
from nation.justice import (
    CANCELLED,
    EXECUTED,
    MEASURES,
    PENDING,
    ProtectionOrder,
    Warrant,
    causa,
    courts,
    draw_offences,
    numbers,
)
from nation.people import NOBODY, Ints
from nation.prosecution import Missing
from nation.world import World

if TYPE_CHECKING:
    from nation.cast_events import Events

MOST = 500  # records of a block: its numbers of causas of this kind
_COURTS = ("oj",), ("oj", "sapo"), ("sapo",), ("oj", "sapo", "mp"), ("mp", "oj")


@dataclass
class Desk:
    """The maker of damaged rows: persons without other events, and numbers that nothing else has."""

    world: World
    events: Events
    rng: np.random.Generator
    persons: list[int]  # living adults without another alert, shuffled; taken from the end
    women_with_vehicles: list[int]
    owners: list[tuple[int, Ints]] = field(default_factory=list)  # (vehicle, persons) to be made its owners
    made: int = 0

    @property
    def today(self) -> int:
        """Day of the nation."""
        return self.world.plan.today

    def number(self) -> int:
        """The next free number of a causa."""
        self.made += 1
        return numbers(self.world, MOST, 3)[self.made - 1]

    def day(self, oldest: int = 1_500) -> int:
        """A past day."""
        return self.today - int(self.rng.integers(20, oldest))

    def heard(self, *damage: str, with_cui: bool = True) -> Heard:
        """An exact row about the next person, with the CUI, or by name, birth date and sex."""
        found = hear_exactly(self.world, self.persons.pop(), with_cui=with_cui)
        if not with_cui:
            without_number(found)
        found.damage = list(damage)
        return found

    def warrant(self, rows: dict[str, tuple[Heard, str, int]], issued: int, court: int = -1) -> Warrant:
        """Adds a warrant. rows: as Warrant.sightings."""
        place = int(self.rng.integers(0, len(courts()))) if court < 0 else court
        code, name = courts()[place]
        made = Warrant(causa(code, issued, self.number()), name, draw_offences(1, self.rng)[0], issued, dict(rows))
        self.events.justice.warrants.append(made)
        return made

    def carry(self, heard: Heard, *, free: bool) -> None:
        """Puts a damaged person into a pending alert of some register. free: only where dates and numbers are texts."""
        issued, draw = self.day(), self.rng.random()
        if not free and draw < 0.12:
            heard.full = " ".join(part for part in heard.parts.values() if part)
            self.events.bans.append(
                Ban(f"ARR-D{self.number():09d}", f"01103-D{self.made}", courts()[0][1], issued, NO_DAY, PENDING, heard)
            )
        elif draw < 0.25:
            number = f"DES-D{self.number():08d}"
            missing = Missing(number, False, "BUSQUEDA INMEDIATA", issued, PENDING, issued, heard)
            self.events.prosecution.missing.append(missing)
        elif draw < 0.4:
            self.order(heard, self.heard(), issued)
        else:
            registers = _COURTS[int(self.rng.integers(0, len(_COURTS)))]
            self.warrant(dict.fromkeys(registers, (heard, PENDING, issued)), issued)

    def order(self, restrained: Heard, protected: Heard, start: int) -> ProtectionOrder:
        """Adds a protection order in force."""
        code, court = courts()[3]
        made = ProtectionOrder(
            causa(code, start, self.number()), court, MEASURES[0], start, self.today + 200, PENDING, start,
            restrained, protected,
        )  # fmt: skip
        self.events.justice.orders.append(made)
        return made


def _doubled(desk: Desk, *, closed_last: bool) -> None:
    heard = desk.heard("row_doubled_state")
    issued = desk.day(2_000)
    rows = [(PENDING, issued), (EXECUTED, min(issued + 300, desk.today - 5))]
    first = desk.warrant({"oj": (heard, *rows[0 if closed_last else 1])}, issued)
    last = (EXECUTED, desk.today - 3) if closed_last else (PENDING, desk.today - 3)
    again = copy.copy(first)
    again.sightings = {"oj": (heard, *last)}
    first.truly = again.truly = not closed_last
    desk.events.justice.warrants.append(again)


def _twice(desk: Desk) -> None:
    heard, issued = desk.heard("row_doubled"), desk.day()
    made = desk.warrant({"oj": (heard, PENDING, issued), "sapo": (heard, PENDING, issued)}, issued)
    desk.events.justice.warrants.append(copy.copy(made))


def _reissued(desk: Desk) -> None:
    heard = desk.heard("reissued")
    closed = desk.today - 2_200
    first = desk.warrant({"oj": (heard, EXECUTED, closed)}, closed - 90)
    again = copy.copy(first)
    again.issued = desk.today - int(desk.rng.integers(20, 200))
    again.sightings = {"sapo": (heard, PENDING, again.issued)}
    first.truly = again.truly = True
    desk.events.justice.warrants.append(again)


def _two_courts(desk: Desk) -> None:
    heard, issued = desk.heard("two_courts"), desk.day(1_000)
    first = desk.warrant(dict.fromkeys(("oj", "sapo"), (heard, EXECUTED, issued + 10)), issued, court=0)
    other = copy.copy(first)
    other.court, other.number = courts()[5][1], f"{first.causa}-B"
    other.sightings = dict.fromkeys(("oj", "sapo"), (heard, PENDING, issued))
    first.truly = other.truly = True  # the person is wanted, by the second
    desk.events.justice.warrants.append(other)


def _court_spelled(desk: Desk, *, closed: bool) -> None:
    heard, issued = desk.heard("court_spelled"), desk.day(1_000)
    made = desk.warrant(
        {"oj": (heard, CANCELLED if closed else PENDING, issued + 12), "sapo": (heard, PENDING, issued)},
        issued,
        court=0,
    )
    made.court_written = made.court.replace("JUZGADO PRIMERO DE PRIMERA INSTANCIA", "JDO. 1o. 1a. INST.")


def _co_accused(desk: Desk) -> None:
    first, second, issued = desk.heard("co_accused"), desk.heard("co_accused"), desk.day()
    made = desk.warrant({"oj": (first, PENDING, issued)}, issued)
    other = copy.copy(made)
    other.number, other.sightings = f"{made.causa}-2", {"oj": (second, PENDING, issued)}
    desk.events.justice.warrants.append(other)


def _state(desk: Desk, kind: str, words: list[str]) -> None:
    heard, issued = desk.heard(kind), desk.day()
    made = desk.warrant(dict.fromkeys(("oj", "sapo"), (heard, PENDING, issued)), issued)
    made.state_written = words[int(desk.rng.integers(0, len(words)))]


def _authority_without_number(desk: Desk) -> None:
    heard, issued = desk.heard("authority_without_number"), desk.day()
    named = copy.deepcopy(heard)
    without_number(named)
    desk.warrant({"oj": (named, PENDING, issued), "sapo": (heard, PENDING, issued)}, issued)


def _twin(desk: Desk) -> None:
    people = desk.world.people
    pairs: dict[tuple[int, int], list[int]] = {}
    alive = people.alive()
    for person in np.flatnonzero((people.mother != NOBODY) & alive).tolist():
        pairs.setdefault((int(people.mother[person]), int(people.birth[person])), []).append(person)
    free = set(desk.persons)
    twins = [pair for pair in pairs.values() if len(pair) > 1 and pair[0] in free]
    if twins:
        desk.persons.remove(twins[0][0])
        desk.persons.append(twins[0][0])
        desk.carry(desk.heard("twin", with_cui=False), free=True)


def _until(desk: Desk, kind: str, text: str, *, start: bool = False) -> None:
    order = desk.order(desk.heard(kind), desk.heard(), desk.today - 400)
    year = days.date(desk.today).year
    text = text.format(next=year + 1, last=year - 1)
    if start:
        order.start_written = text
    else:
        order.end_written = text


def _exchanged(desk: Desk) -> None:
    order = desk.order(desk.heard("validity_exchanged"), desk.heard(), desk.today - 90)
    texts = [days.date(day).strftime(days.SLASHED) for day in (order.start, order.end)]
    order.end_written, order.start_written = texts


def _victim(desk: Desk, how: str) -> None:
    """Adds an order that names a woman badly; the plate of the woman's vehicle must not lead to the address."""
    if not desk.women_with_vehicles:
        return
    her = hear_exactly(desk.world, desk.women_with_vehicles.pop())
    her.damage = ["victim_named"]
    order = desk.order(desk.heard(), her, desk.today - 60)
    if how == "name":
        without_number(her)
    elif how == "digit":
        her.cui = f"{her.cui[:3]}{(int(her.cui[3]) + 1) % 10}{her.cui[4:]}"
    elif how == "state":
        order.state_written = "VIGNTE"
    else:
        order.start_written = "31/02/2026"


def _many_owners(desk: Desk) -> None:
    fleet, rng = desk.world.fleet, desk.rng
    heard, issued = desk.heard("many_owners"), desk.day()
    desk.warrant({"oj": (heard, PENDING, issued)}, issued)
    others = np.array(desk.persons[:200], dtype=np.int32)
    vehicle = int(rng.integers(desk.world.cast_vehicles, fleet.count))
    chosen = rng.choice(others, 13, replace=False)
    desk.owners.append((vehicle, np.concatenate([[heard.person], chosen]).astype(np.int32)))


ROWS: dict[str, Callable[[Desk], None]] = {
    "row_doubled_state closed": lambda desk: _doubled(desk, closed_last=True),
    "row_doubled_state pending": lambda desk: _doubled(desk, closed_last=False),
    "row_doubled": _twice,
    "reissued": _reissued,
    "two_courts": _two_courts,
    "court_spelled closed": lambda desk: _court_spelled(desk, closed=True),
    "court_spelled": lambda desk: _court_spelled(desk, closed=False),
    "co_accused": _co_accused,
    "state_unknown": lambda desk: _state(desk, "state_unknown", ["VIGNTE", "EN TRAMITE", "?"]),
    "state_case": lambda desk: _state(desk, "state_case", ["vigente", "Vigente", " VIGENTE "]),
    "authority_without_number": _authority_without_number,
    "twin": _twin,
    "validity_until_partial": lambda desk: _until(desk, "validity_until_partial", "00/00/{next}"),
    "validity_from_partial": lambda desk: _until(desk, "validity_from_partial", "00/00/{last}", start=True),
    "validity_unreadable": lambda desk: _until(desk, "validity_unreadable", "INDEFINIDO"),
    "validity_unreadable day": lambda desk: _until(desk, "validity_unreadable", "31/02/{next}"),
    "validity_exchanged": _exchanged,
    "victim_named name": lambda desk: _victim(desk, "name"),
    "victim_named digit": lambda desk: _victim(desk, "digit"),
    "victim_named state": lambda desk: _victim(desk, "state"),
    "victim_named date": lambda desk: _victim(desk, "date"),
    "many_owners": _many_owners,
}
