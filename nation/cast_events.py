"""The events of the cast: warrants, orders, thefts and all others that the cases of `cast_cases` ask about."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

import numpy as np

from nation import cast_people, cast_vehicles, days, tables
from nation.border import Ban, Crossings, Foreigners
from nation.days import NO_DAY
from nation.heard import Heard
from nation.hearing import hear_exactly
from nation.justice import (
    CANCELLED,
    EXECUTED,
    MEASURES,
    PENDING,
    Justice,
    ProtectionOrder,
    Sentence,
    Warrant,
    causa,
    courts,
)
from nation.papers import damaged_cedula
from nation.people import FEMALE, MALE, NOBODY
from nation.policing import Detention, PoliceRecord, Policing, station
from nation.prisons import ESCAPED, PRISONS, Escape, Prisons
from nation.prosecution import MISUSED, Discreet, DocumentReport, Missing, Prosecution
from nation.register_rvr import STOLEN, Theft, Thefts, theft_of
from nation.world import World

TRAVELLER_CROSSINGS = 45
FOREIGN_CROSSINGS = 3
# (key, country, passport, given names, surnames, sex, birth year). The third is in no register.
FOREIGNERS = (
    ("foreigner_clean", "SLV", "A99000001", ("Xiomara",), ("Quintanal", "Urbizo"), FEMALE, 1990),
    ("foreigner_wanted", "HND", "F9900002", ("Wilmer", "Eliud"), ("Zúniga", "Bográn"), MALE, 1985),
)
# The first warrant's case is no younger: examples/cancel.json names it, in whichever year a nation is made.
_OPENED = days.number(datetime.date(2025, 12, 31))
UNKNOWN_FOREIGNER = ("MEX", "G99000003")


@dataclass
class Events:
    """The parts of a block that the cast is added to."""

    justice: Justice
    prosecution: Prosecution
    policing: Policing
    prisons: Prisons
    thefts: Thefts
    bans: list[Ban]


def add(world: World, events: Events) -> None:
    """Adds the cast's events to those of the first block."""
    _add_warrants(world, events.justice)
    _add_orders(world, events.justice)
    _add_sentences(world, events.justice)
    _add_prosecution(world, events.prosecution)
    _add_policing(world, events.policing)
    _add_thefts(world, events.thefts)
    today = world.plan.today
    events.bans.append(
        Ban("ARR-CAST-1", "01103-CAST-1", courts()[0][1], today - 200, NO_DAY, PENDING, _all_of(world, "travel_ban"))
    )
    events.prisons.escapes.append(
        Escape("EV-CAST-1", PRISONS[3], today - 40, ESCAPED, today - 40, _offence("CP-252"), _all_of(world, "escaped"))
    )


def _offence(code: str) -> dict[str, str]:
    return next(row for row in tables.rows("offences") if row["code"] == code)


def _all_of(world: World, key: str) -> Heard:
    return hear_exactly(world, cast_people.PLACES[key])


def _only(world: World, key: str, *, birth: bool = False, age: int | None = None, department: int = 0) -> Heard:
    """A row by name, without a CUI."""
    heard = hear_exactly(world, cast_people.PLACES[key], with_cui=False)
    heard.birth = heard.birth if birth else NO_DAY
    heard.age, heard.department = age, department
    return heard


def _warrant(number: int, ago: int, today: int, offence: str) -> Warrant:
    code, court = courts()[number % len(courts())]
    opened = min(today - ago, _OPENED) if number == 0 else today - ago
    return Warrant(causa(code, opened, 900_000 + number), court, _offence(offence), today - ago)


def _add_warrants(world: World, justice: Justice) -> None:
    today = world.plan.today
    foreigner = FOREIGNERS[1]
    abroad = Heard(
        document_country=foreigner[1],
        document=foreigner[2],
        means=f"PASSPORT {foreigner[1]} {foreigner[2]}",
        parts={"first_given": "WILMER", "second_given": "ELIUD", "first_surname": "ZUNIGA", "second_surname": "BOGRAN"},
        full="WILMER ELIUD ZUNIGA BOGRAN",
        birth=_foreign_birth(foreigner[6]),
        sex=MALE,
    )
    by_cedula = _only(world, "wanted_by_cedula")
    place = cast_people.PLACES["wanted_by_cedula"]
    by_cedula.cedula = f"{damaged_cedula('Ñ-15', 2)} {world.papers.cedula[place]}"
    by_age = _only(world, "wanted_by_several_1", age=35, department=16)
    # What each register says: (key of the row's person or the row itself, state, days ago of that state).
    rows: list[tuple[str, int, dict[str, tuple[Heard, str, int]]]] = [
        ("CP-252", 410, {r: (_all_of(world, "wanted"), PENDING, 410) for r in ("oj", "sapo", "mp")}),
        ("CP-132", 300, {"oj": (_only(world, "wanted_by_name", birth=True), PENDING, 300)}),
        ("CP-263", 250, {"oj": (by_age, PENDING, 250)}),
        ("CP-251", 500, {"oj": (_only(world, "namesake_1", department=20), PENDING, 500)}),
        ("CP-247", 120, {r: (_all_of(world, "homonym_wanted"), PENDING, 120) for r in ("oj", "sapo")}),
        ("CP-261", 90, {"oj": (_all_of(world, "twin_wanted"), PENDING, 90)}),
        ("CP-242", 2_000, {"oj": (_all_of(world, "deceased_wanted"), PENDING, 2_000)}),
        ("CP-263", 700, {"oj": (_all_of(world, "cancelled_in_oj"), CANCELLED, 30),
                         "sapo": (_all_of(world, "cancelled_in_oj"), PENDING, 700)}),
        ("CP-144", 350, {"sapo": (_all_of(world, "not_in_oj"), PENDING, 350)}),
        ("CP-246", 60, {"oj": (_all_of(world, "damaged_record"), PENDING, 60)}),
        ("CP-409", 900, {r: (_all_of(world, "executed_warrant"), EXECUTED, 800) for r in ("oj", "sapo")}),
        ("CP-LN38", 150, {"oj": (abroad, PENDING, 150)}),
        ("CP-201", 610, {"sapo": (by_cedula, PENDING, 610),
                         "oj": (_only(world, "wanted_by_cedula", birth=True), PENDING, 610)}),
        ("CP-251", 77, {"oj": (_all_of(world, "former_owner_wanted"), PENDING, 77)}),
    ]  # fmt: skip
    for number, (offence, ago, sightings) in enumerate(rows):
        warrant = _warrant(number, ago, today, offence)
        warrant.sightings = {r: (heard, state, today - since) for r, (heard, state, since) in sightings.items()}
        warrant.damaged = any(
            heard.person == cast_people.PLACES["damaged_record"] for heard, _, _ in sightings.values()
        )
        justice.warrants.append(warrant)


def _add_orders(world: World, justice: Justice) -> None:
    today = world.plan.today
    for number, (restrained, start, end) in enumerate((("aggressor", 30, -150), ("aggressor_expired", 300, 100))):
        code, court = courts()[3]
        justice.orders.append(
            ProtectionOrder(
                causa=causa(code, today - start, 910_000 + number),
                court=court,
                measures=MEASURES[0],
                start=today - start,
                end=today - end,
                state=PENDING,
                state_day=today - start,
                restrained=_all_of(world, restrained),
                protected=_all_of(world, "victim"),
            )
        )


def _add_sentences(world: World, justice: Justice) -> None:
    today = world.plan.today
    rows = [
        ("sentenced", "CP-252", 2_500, True, False),
        ("sentenced", "CP-144", 200, False, False),
        ("sentenced", "CP-246", 5_000, True, True),
        ("expunged", "CP-251", 4_000, True, True),
        ("renas", "CP-173", 1_500, True, False),
    ]
    for number, (key, offence, ago, final, expunged) in enumerate(rows):
        code, court = courts()[number]
        justice.sentences.append(
            Sentence(causa(code, today - ago, 920_000 + number), court, _offence(offence), today - ago, 48, final,
                     expunged, _all_of(world, key))
        )  # fmt: skip


def _add_prosecution(world: World, prosecution: Prosecution) -> None:
    today = world.plan.today
    prosecution.missing += [
        Missing("AK-CAST-1", True, "ALBA-KENETH", today - 5, PENDING, today - 5, _all_of(world, "missing_child")),
        Missing(
            "DES-CAST-1", False, "ISABEL-CLAUDINA", today - 12, PENDING, today - 12, _all_of(world, "missing_woman")
        ),
    ]
    prosecution.documents.append(DocumentReport("DOC-CAST-1", MISUSED, today - 60, PENDING, _all_of(world, "misused")))
    prosecution.discreet.append(
        Discreet("AD-CAST-1", "MP, FISCALIA CONTRA EL CRIMEN ORGANIZADO",
                 "OBSERVAR Y REPORTAR LUGAR, FECHA Y ACOMPAÑANTES",
                 today - 20, NO_DAY, PENDING, _all_of(world, "discreet"))
    )  # fmt: skip


def _add_policing(world: World, policing: Policing) -> None:
    today = world.plan.today
    policing.detentions.append(
        Detention(900_000, today - 100, _offence("CP-251"), station(1), 1, "ENTREGADO A JUZGADO DE NIÑEZ", False,
                  _all_of(world, "minor"))
    )  # fmt: skip
    for number, (key, visible) in enumerate((("not_certificate", False), ("sentenced", True))):
        policing.records.append(
            PoliceRecord(
                f"AP-CAST-{number + 1}", today - 3_000, _offence("CP-409"), station(1), visible, _all_of(world, key)
            )
        )


def _add_thefts(world: World, thefts: Thefts) -> None:
    today, places = world.plan.today, cast_vehicles.PLACES
    whole = theft_of(world, places["stolen_plate"], "", today)
    engine = theft_of(world, places["stolen_engine"], "", today)
    thefts.vehicles += [
        theft_of(world, places["stolen_vehicle"], "RVR-CAST-1", today - 15),
        theft_of(world, places["recovered_vehicle"], "RVR-CAST-2", today - 400, recovered=today - 380),
    ]
    thefts.plates.append(
        Theft("RVR-CAST-3", today - 25, "MIXCO, GUATEMALA", STOLEN, today - 25, plate=whole.plate,
              means=f"PLATE {whole.plate}")
    )  # fmt: skip
    thefts.engines.append(
        Theft(
            "RVR-CAST-4",
            today - 35,
            "VILLA NUEVA, GUATEMALA",
            STOLEN,
            today - 35,
            engine=engine.engine,
            means=engine.means,
        )
    )


def _foreign_birth(year: int) -> int:
    return days.number(days.EPOCH.replace(year=year, month=6, day=15))


def add_double_claim(world: World) -> None:
    """The tax register says that one CUI is somebody else."""
    world.double_claims[cast_people.PLACES["two_names"]] = (
        "TZORIN,GUARAN,,DEMETRIO,",
        days.number(days.EPOCH.replace(year=1961, month=2, day=11)),
    )


def add_travel(world: World, foreigners: Foreigners, crossings: Crossings) -> tuple[Foreigners, Crossings]:
    """The cast's two foreigners and all crossings of the cast, before those of the others."""
    crossings.foreigner[crossings.foreigner >= 0] += len(FOREIGNERS)
    return _add_foreigners(world, foreigners), _add_crossings(world, crossings)


def _add_foreigners(world: World, foreigners: Foreigners) -> Foreigners:
    countries = tables.column("countries", "alpha3")
    numbers = world.vocabulary.numbers

    def first(values: list[int]) -> np.ndarray[tuple[int], np.dtype[np.int32]]:
        return np.array(values, dtype=np.int32)

    given = np.array([numbers([*row[3], *[""] * (3 - len(row[3]))]) for row in FOREIGNERS], dtype=np.int32)
    surnames = np.array([numbers(list(row[4])) for row in FOREIGNERS], dtype=np.int32)
    return Foreigners(
        country=np.concatenate([first([countries.index(row[1]) for row in FOREIGNERS]), foreigners.country]),
        number=[row[2] for row in FOREIGNERS] + foreigners.number,
        given=np.concatenate([given, foreigners.given]),
        surnames=np.concatenate([surnames, foreigners.surnames]),
        sex=np.concatenate([first([row[5] for row in FOREIGNERS]), foreigners.sex]),
        birth=np.concatenate([first([_foreign_birth(row[6]) for row in FOREIGNERS]), foreigners.birth]),
    )


def _add_crossings(world: World, crossings: Crossings) -> Crossings:
    traveller = cast_people.PLACES["traveller"]
    who = [(traveller, -1)] * TRAVELLER_CROSSINGS
    who += [(NOBODY, place) for place in range(len(FOREIGNERS)) for _ in range(FOREIGN_CROSSINGS)]
    n = len(who)
    number = np.arange(n, dtype=np.int32)
    own = (
        np.array([person for person, _ in who], dtype=np.int32),
        np.array([foreigner for _, foreigner in who], dtype=np.int32),
        (world.plan.today - 3 - number * 9).astype(np.int32),
        (number * 1_201 % 86_400).astype(np.int32),
        number % 2 == 0,
        np.full(n, 1, dtype=np.int32),
        np.zeros(n, dtype=np.int32),
        np.array([person >= 0 for person, _ in who]),
    )
    rest = (crossings.person, crossings.foreigner, crossings.day, crossings.second, crossings.entry, crossings.post,
            crossings.country, crossings.by_passport)  # fmt: skip
    return Crossings(*(np.concatenate(pair) for pair in zip(own, rest, strict=True)))
