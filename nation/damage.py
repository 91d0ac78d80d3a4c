"""Damaged alert rows of a block: each kind of docs/damage.md in turn, about persons and vehicles with no other alert.

So the answer about its subject shows whether a row was recognised. The truth keeps the damage.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from nation import tables
from nation.border import Crossings, Foreigners
from nation.damage_names import NAMES, WRITTEN_DATES
from nation.damage_numbers import OF_FOREIGNERS, WITH_CEDULA, WITH_CUI, Slip, free_cui
from nation.damage_rows import MOST, ROWS, Desk
from nation.damage_vehicles import VEHICLES, Yard
from nation.days import NO_DAY
from nation.fleet import PERSON, Ownerships
from nation.heard import Heard
from nation.justice import PENDING
from nation.vocabulary import PLAIN
from nation.world import World
from nation.written_names import right_names

if TYPE_CHECKING:
    from nation.cast_events import Events

NOBODY_SHARE = 0.015  # of the alert rows, damaged ones too: they mean nobody on file
_TRIES = 80  # persons tried for a kind that only fits some (a CUI that begins with 0, a name with an accent)


def apply(world: World, events: Events, foreigners: Foreigners, crossings: Crossings) -> None:
    """Adds the block's damaged rows, and its rows that mean nobody, to the events; vehicles get their many owners."""
    rng = world.plan.random("damage")
    alerts = _alert_rows(events)
    wanted = min(round(alerts * world.plan.damage), MOST - 120)
    if not wanted:
        return
    desk, yard = _desk(world, events, rng), _yard(world, events, rng)
    abroad = _Abroad(world, foreigners, crossings, rng)
    makers: list[Callable[[], None]] = []
    for name, slip in [*WITH_CUI.items(), *WITH_CEDULA.items(), *NAMES.items(), *WRITTEN_DATES.items()]:
        makers.append(lambda name=name, slip=slip: _person(desk, name, slip))  # type: ignore[misc]
    for name, slip in OF_FOREIGNERS.items():
        makers.append(lambda name=name, slip=slip: abroad.carry(desk, name, slip))  # type: ignore[misc]
    makers += [lambda row=row: row(desk) for row in ROWS.values()]  # type: ignore[misc]
    makers += [lambda report=report: report(yard) for report in VEHICLES.values()]  # type: ignore[misc]
    # Blocks go on where the last one stopped, so that a large nation has as many of each kind.
    first = world.plan.index * wanted
    for number in range(first, first + wanted):
        makers[number % len(makers)]()
    for number in range(max(1, round((alerts + wanted) * NOBODY_SHARE)) if world.plan.damage else 0):
        _means_nobody(desk, number)
    _own(world, desk)


def _person(desk: Desk, name: str, slip: Slip) -> None:
    """Carries a person hurt by this slip; who can't be is put back at the other end."""
    dated, cedula = name in WRITTEN_DATES, name in WITH_CEDULA
    for _ in range(_TRIES):
        heard = desk.heard(name, with_cui=name in WITH_CUI or cedula)
        person = heard.person
        if slip(heard, desk.world, desk.rng):
            if cedula:
                issued = desk.day()
                desk.warrant({"sapo": (heard, PENDING, issued)}, issued)
            else:
                desk.carry(heard, free=dated)
            return
        desk.persons.insert(0, person)


def _means_nobody(desk: Desk, number: int) -> None:
    """A name, birth date and sex of somebody on no register; every other one with a number that is nobody's."""
    people, rng = desk.world.people, desk.rng
    mixed = rng.choice(np.flatnonzero(people.alive())[people.cast :], 3)
    parts = [right_names(desk.world, mixed[[i]].astype(np.int32), PLAIN).parts for i in range(3)]
    given = {part: parts[0][part][0].as_py() for part in ("first_given", "second_given")}
    surnames = {"first_surname": parts[1]["first_surname"][0].as_py(),
                "second_surname": parts[2]["first_surname"][0].as_py()}  # fmt: skip
    heard = Heard(
        parts={part: text for part, text in (given | surnames).items() if text},
        birth=int(people.birth[mixed[0]]) + int(rng.integers(-900, 900)),
        sex=int(people.sex[mixed[0]]),
        damage=["not_on_file"],
    )
    heard.full = " ".join(heard.parts.values())
    if number % 2:
        heard.cui = free_cui(desk.world, f"{int(desk.world.papers.cui[mixed[1]]):013d}")
    desk.carry(heard, free=False)


class _Abroad:
    """Foreigners on file: those who crossed the border."""

    def __init__(self, world: World, foreigners: Foreigners, crossings: Crossings, rng: np.random.Generator) -> None:
        self._world, self._foreigners = world, foreigners
        seen = np.unique(crossings.foreigner[crossings.foreigner >= 0])
        self._places: list[int] = rng.permutation(seen[seen > 1]).tolist()  # the first two are the cast's
        self._countries = tables.column("countries", "alpha3")

    def carry(self, desk: Desk, name: str, slip: Slip) -> None:
        """Carries a foreigner hurt by this slip, as a warrant of the court, which alone states passports."""
        while self._places:
            heard = self._heard(self._places.pop())
            truth = heard.means
            if slip(heard, desk.world, desk.rng):
                heard.damage, heard.means = [name], truth
                issued = desk.day()
                desk.warrant({"oj": (heard, PENDING, issued)}, issued)
                return

    def _heard(self, place: int) -> Heard:
        foreigners, words = self._foreigners, self._world.vocabulary.words
        given = [text for text in words(foreigners.given[place], PLAIN).to_pylist() if text]
        surnames = [text for text in words(foreigners.surnames[place], PLAIN).to_pylist() if text]
        parts = dict(zip(("first_given", "second_given", "third_given"), given, strict=False))
        parts |= dict(zip(("first_surname", "second_surname"), surnames, strict=False))
        country, number = self._countries[foreigners.country[place]], foreigners.number[place]
        return Heard(
            document_country=country, document=number, means=f"PASSPORT {country} {number}", parts=parts,
            full=" ".join(given + surnames), birth=int(foreigners.birth[place]), sex=int(foreigners.sex[place]),
        )  # fmt: skip


def _alert_rows(events: Events) -> int:
    justice, prosecution, thefts = events.justice, events.prosecution, events.thefts
    rows = sum(len(warrant.sightings) for warrant in justice.warrants) + len(justice.orders) + len(events.bans)
    rows += len(prosecution.missing) + len(prosecution.documents) + len(prosecution.discreet)
    return rows + len(events.prisons.escapes) + len(thefts.vehicles) + len(thefts.plates) + len(thefts.engines)


def _busy(events: Events) -> set[int]:
    """Returns persons with an alert or protection order."""
    found = {heard.person for w in events.justice.warrants for heard, _, _ in w.sightings.values()}
    found |= {h.person for order in events.justice.orders for h in (order.restrained, order.protected)}
    prosecution = events.prosecution
    found |= {row.person.person for row in prosecution.missing} | {row.person.person for row in prosecution.documents}
    found |= {row.person.person for row in prosecution.discreet} | {row.person.person for row in events.bans}
    return found | {row.person.person for row in events.prisons.escapes}


def _desk(world: World, events: Events, rng: np.random.Generator) -> Desk:
    busy, owned = _busy(events), world.ownerships
    adults = [person for person in world.people.ordinary(world.plan.today, 19, 80).tolist() if person not in busy]
    owns = set(owned.owner[(owned.kind == PERSON) & (owned.until == NO_DAY)].tolist())
    women = [person for person in adults if person in owns and world.people.sex[person] == 1]
    victims = rng.permutation(np.array(women, dtype=np.int64))[:100].tolist()
    rest = rng.permutation(np.array(sorted(set(adults) - set(victims)), dtype=np.int64)).tolist()
    return Desk(world, events, rng, rest, victims)


def _yard(world: World, events: Events, rng: np.random.Generator) -> Yard:
    reported = {theft.means for theft in events.thefts.vehicles + events.thefts.engines}
    plates = {theft.means for theft in events.thefts.plates}
    fleet = world.fleet
    vins = fleet.vin.to_pylist()
    yard = Yard(world, events.thefts, rng, [])
    free = [
        place
        for place in range(world.cast_vehicles, fleet.count)
        if f"VIN {vins[place]}" not in reported and f"PLATE {yard.plate(place)}" not in plates
    ]
    yard.vehicles = rng.permutation(np.array(free, dtype=np.int64)).tolist()
    return yard


def _own(world: World, desk: Desk) -> None:
    """Makes the desk's persons present owners of its vehicles: the first of each longest."""
    if not desk.owners:
        return
    owned = world.ownerships
    vehicle = np.concatenate([np.full(len(persons), place) for place, persons in desk.owners])
    owner = np.concatenate([persons for _, persons in desk.owners])
    since = np.concatenate([world.plan.today - 3_000 + 90 * np.arange(len(persons)) for _, persons in desk.owners])
    keep = ~np.isin(owned.vehicle, vehicle)
    added = (
        vehicle,
        np.full(len(vehicle), PERSON),
        owner,
        np.zeros(len(vehicle)),
        since,
        np.full(len(vehicle), NO_DAY),
    )
    columns = (owned.vehicle, owned.kind, owned.owner, owned.share, owned.since, owned.until)
    joined = [np.concatenate([old[keep], new]).astype(np.int32) for old, new in zip(columns, added, strict=True)]
    order = np.argsort(joined[0], kind="stable")
    world.ownerships = Ownerships(*(column[order] for column in joined))
