"""All that is true in a block, before any register writes it down."""

from __future__ import annotations

from dataclasses import dataclass, field

from nation import cast_people, cast_vehicles
from nation.block import BlockPlan
from nation.fleet import (
    Companies,
    Fleet,
    FormerPlates,
    Ownerships,
    make_companies,
    make_fleet,
    make_former_plates,
    make_ownerships,
)
from nation.heard import Heard
from nation.naming import name_people
from nation.papers import Papers, give_papers
from nation.people import People, make_people
from nation.vocabulary import Vocabulary


@dataclass(frozen=True)
class Noted:
    """The truth of a row: its subject, and, for an alert, its kind and its damage."""

    register: str
    record_id: str
    person: int  # of the block; NOBODY = means nobody of it
    kind: str = ""  # of an alert: WARRANT...; PROTECTED = the other side of a protection order
    in_force: bool = False  # whether somebody is truly to be stopped for it on the as-of date
    means: str = ""  # "CUI n", "PASSPORT country n", "VIN n", "PLATE n"; "" = a person of the block, or nobody on file
    damage: tuple[str, ...] = ()  # ids of docs/damage.md
    shows: str = ""  # what the row tells of its person besides a name


@dataclass
class World:
    """The truth of a block. Registers copy it, each with its own faults."""

    plan: BlockPlan
    vocabulary: Vocabulary
    people: People
    papers: Papers
    companies: Companies
    fleet: Fleet
    cast_vehicles: int  # the first so many vehicles are the cast's
    ownerships: Ownerships
    former_plates: FormerPlates
    # Persons that the tax register claims under another name: (five comma parts, birth day).
    double_claims: dict[int, tuple[str, int]] = field(default_factory=dict)
    noted: list[Noted] = field(default_factory=list)  # by the registers

    def note(self, register: str, record_id: str, person: int) -> None:
        """Keeps the truth of a record: which person of the block it is about (NOBODY = none)."""
        self.noted.append(Noted(register, record_id, person))

    def note_alert(
        self, register: str, record_id: str, heard: Heard, kind: str, in_force: bool, *, without: tuple[str, ...] = ()
    ) -> None:
        """Keeps the truth of an alert row about a person. without: what the register has no field for."""
        shows = " ".join(word for word in heard.shows().split() if word not in without)
        self.noted.append(
            Noted(register, record_id, heard.person, kind, in_force, heard.means, tuple(heard.damage), shows)
        )


def make_world(plan: BlockPlan, vocabulary: Vocabulary) -> World:
    """The block's persons and vehicles, with the cast in the first block."""
    people = make_people(plan)
    if plan.first:
        cast_people.detach(people)
    name_people(people, vocabulary, plan)
    papers = give_papers(people, plan)
    companies = make_companies(plan)
    fleet = make_fleet(plan)
    vehicles = cast_vehicles.TOTAL if plan.first else 0
    if plan.first:
        cast_people.plant(people, papers, vocabulary, plan)
        cast_vehicles.plant(fleet, plan.today)
    ownerships = make_ownerships(plan, fleet, people, companies, vehicles)
    former = make_former_plates(plan, fleet, vehicles)
    if plan.first:
        ownerships = cast_vehicles.add_ownerships(ownerships, plan.today)
        former = cast_vehicles.add_former_plates(former, fleet, plan.today)
    return World(plan, vocabulary, people, papers, companies, fleet, vehicles, ownerships, former)
