"""The cases: what to ask of the cast, and what the answer must be when every register is fresh and the grant full.

Words as in docs/answers.md; shape in docs/nation.md. An expectation names only what the case is about.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from nation import cast_people, cast_vehicles, days, identifiers, tables
from nation.cast_events import FOREIGNERS, TRAVELLER_CROSSINGS, UNKNOWN_FOREIGNER
from nation.fleet import PLATE_TYPES
from nation.papers import CAST_TELEPHONE
from nation.world import World

Json = dict[str, Any]


class Cases:
    """Collects the cases of one nation."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._parts = {part.key: part for part in cast_people.every_part()}
        self.cases: list[Json] = []

    def person(self, name: str, request: Json, level: str, status: str = "FOUND", **expect: Any) -> None:
        """A CheckPerson case."""
        self._add(name, "CheckPerson", request, level, status, expect)

    def vehicle(self, name: str, request: Json, level: str, status: str = "FOUND", **expect: Any) -> None:
        """A CheckVehicle case."""
        self._add(name, "CheckVehicle", request, level, status, expect)

    def other(self, name: str, method: str, request: Json, **expect: Any) -> None:
        """Any other method."""
        self.cases.append({"name": name, "method": method, "request": request, "expect": expect})

    def _add(self, name: str, method: str, request: Json, level: str, status: str, expect: Json) -> None:
        common: Json = {"level": level, "identity_status": status, "hits": []}
        self.cases.append({"name": name, "method": method, "request": request, "expect": common | expect})

    def cui(self, key: str) -> str:
        """CUI of a person of the cast."""
        return f"{int(self._world.papers.cui[cast_people.PLACES[key]]):013d}"

    def nit(self, key: str) -> str:
        """NIT of a person of the cast."""
        return str(self._world.papers.nit_texts()[cast_people.PLACES[key]].as_py())

    def cedula(self, key: str) -> str:
        """Cédula of a person of the cast."""
        place = cast_people.PLACES[key]
        order = tables.departments()[self._parts[key].department - 1].cedula_order
        return f"{order} {self._world.papers.cedula[place]}"

    def name(self, key: str) -> str:
        """Whole name of a person of the cast."""
        part = self._parts[key]
        return " ".join([*part.given, *part.surnames])

    def birth(self, key: str) -> Json:
        """Birth date as PartialDate."""
        born = days.date(int(self._world.people.birth[cast_people.PLACES[key]]))
        return {"year": born.year, "month": born.month, "day": born.day}

    def plate(self, key: str) -> str:
        """Typed plate of a vehicle of the cast."""
        place, fleet = cast_vehicles.PLACES[key], self._world.fleet
        return f"{PLATE_TYPES[fleet.plate_type[place]]}-{fleet.plate[place].as_py()}"

    def vin(self, key: str) -> str:
        """VIN of a vehicle of the cast."""
        return str(self._world.fleet.vin[cast_vehicles.PLACES[key]].as_py())


def hit(kind: str, level: str = "HIT", subject: str = "PERSON", **more: Any) -> Json:
    """An expected hit."""
    return {"kind": kind, "level": level, "subject": subject, **more}


def cases(world: World) -> Json:
    """Every case, for truth/cases.json."""
    found = Cases(world)
    _identity(found)
    _warrants(found)
    _other_alerts(found)
    _names(found)
    _foreigners(found)
    _vehicles(found)
    _plates(found)
    _lists_and_clearance(found)
    return {
        "as_of": days.date(world.plan.today).isoformat(),
        "persons": {key: f"{int(world.papers.cui[place]):013d}" for key, place in cast_people.PLACES.items()},
        "vehicles": {key: {"plate": found.plate(key), "vin": found.vin(key)} for key in cast_vehicles.PLACES},
        "cases": found.cases,
    }


def _identity(c: Cases) -> None:
    c.person("clean", {"cui": c.cui("clean")}, "CLEAR", coverage="COMPLETE", notes=[], cautions=[])
    c.other("clean_one_box", "Check", {"query": c.cui("clean")}, level="CLEAR", identity_status="FOUND", hits=[])
    c.person("clean_by_nit", {"nit": c.nit("clean")}, "CLEAR")
    c.person("clean_by_cedula", {"cedula": c.cedula("clean")}, "CLEAR")
    c.person("clean_by_passport", {"document": {"country": "GTM", "number": c.cui("clean")[:9]}}, "CLEAR")
    telephone = str(CAST_TELEPHONE + cast_people.PLACES["clean"])
    c.person("clean_by_telephone", {"telephone": telephone}, "INSUFFICIENT")
    c.person("unknown_cui", {"cui": cast_people.unknown_cui()}, "POSSIBLE", "NOT_FOUND", notes=["DOCUMENT_NOT_ON_FILE"])
    c.person("deceased", {"cui": c.cui("deceased")}, "POSSIBLE", "DECEASED", notes=["DECEASED"])
    c.person("deceased_wanted", {"cui": c.cui("deceased_wanted")}, "HIT", "DECEASED", notes=["DECEASED"],
             hits=[hit("WARRANT")])  # fmt: skip
    c.person("minor", {"cui": c.cui("minor")}, "CLEAR", person_cautions=["MINOR"], totals={"DETENTION": 1})
    c.person("misused_identity", {"cui": c.cui("misused")}, "POSSIBLE", "MISUSED", notes=["MISUSED"],
             hits=[hit("DOCUMENT", "POSSIBLE", action="RETAIN_DOCUMENT")],
             person_cautions=["MISUSED_IDENTITY"])  # fmt: skip
    c.person("one_cui_two_names", {"cui": c.cui("two_names")}, "POSSIBLE", "CONFLICT", notes=["CONFLICT"])
    c.person("borrowed_dpi", {"cui": c.cui("clean"), "name": {"full": c.name("traveller")}}, "POSSIBLE", "CONFLICT",
             notes=["NAME_DIFFERS", "IDENTIFIERS_DISAGREE"], cautions=["IDENTIFIERS_DISAGREE"])  # fmt: skip
    c.person("contradicting_identifiers", {"cui": c.cui("clean"), "nit": c.nit("traveller")}, "POSSIBLE",
             notes=["IDENTIFIERS_DISAGREE"], cautions=["IDENTIFIERS_DISAGREE"])  # fmt: skip
    c.person("invalid_cui_on_file", {"cedula": c.cedula("invalid_cui")}, "CLEAR",
             person_cautions=["INVALID_IDENTIFIER_ON_FILE"])  # fmt: skip
    c.other("invalid_cui_asked", "CheckPerson", {"cui": c.cui("invalid_cui")}, error={"field": "cui"})
    c.person("armed", {"cui": c.cui("armed")}, "CLEAR", person_cautions=["ARMED"], totals={"FIREARM": None})


def _warrants(c: Cases) -> None:
    c.person("wanted", {"cui": c.cui("wanted")}, "HIT", hits=[
        hit("WARRANT", action="ARREST", sources=["oj", "mp", "sapo"], cautions=["ARMED"]),
    ])  # fmt: skip
    c.other("wanted_one_box", "Check", {"query": c.cui("wanted")}, level="HIT", identity_status="FOUND",
            hits=[hit("WARRANT")])  # fmt: skip
    c.person("wanted_by_name_and_birth_date", {"cui": c.cui("wanted_by_name")}, "HIT", hits=[
        hit("WARRANT", agrees=["NAMES", "BIRTH_DATE", "SEX"]),
    ])  # fmt: skip
    for number in (1, 2):
        key = f"wanted_by_several_{number}"
        c.person(key, {"cui": c.cui(key)}, "POSSIBLE", hits=[hit("WARRANT", "POSSIBLE")])
    c.person("name_too_common", {"cui": c.cui("namesake_1")}, "CLEAR", name_only_alerts=1,
             homonyms=cast_people.NAMESAKES - 1, person_cautions=["HOMONYMS"])  # fmt: skip
    c.person("homonym_wanted", {"cui": c.cui("homonym_wanted")}, "HIT", hits=[hit("WARRANT")], homonyms=1)
    c.person("homonym_clean", {"cui": c.cui("homonym_clean")}, "CLEAR", homonyms=1, person_cautions=["HOMONYMS"])
    c.person("twin_wanted", {"cui": c.cui("twin_wanted")}, "HIT", hits=[hit("WARRANT")])
    c.person("twin_clean", {"cui": c.cui("twin_clean")}, "CLEAR", homonyms=0)
    c.person("cancelled_in_oj_pending_in_sapo", {"cui": c.cui("cancelled_in_oj")}, "CLEAR",
             closed=[{"kind": "WARRANT", "state": "CANCELLED", "note": "CLOSED_CANCELLED"}])  # fmt: skip
    c.person("not_listed_by_oj", {"cui": c.cui("not_in_oj")}, "POSSIBLE",
             hits=[hit("WARRANT", "POSSIBLE", notes=["NOT_LISTED"], sources=["sapo"])])  # fmt: skip
    c.person("executed_warrant", {"cui": c.cui("executed_warrant")}, "CLEAR",
             closed=[{"kind": "WARRANT", "state": "EXECUTED", "note": "CLOSED_EXECUTED"}])  # fmt: skip
    c.person("refused_warrant_row", {"cui": c.cui("damaged_record")}, "POSSIBLE",
             hits=[hit("DAMAGED_RECORD", "POSSIBLE", action="CONSULT")])  # fmt: skip
    c.person("wanted_by_damaged_cedula", {"cui": c.cui("wanted_by_cedula")}, "HIT",
             hits=[hit("WARRANT", sources=["oj", "sapo"])])  # fmt: skip


def _other_alerts(c: Cases) -> None:
    c.person("missing_child", {"cui": c.cui("missing_child")}, "HIT", person_cautions=["MINOR"],
             hits=[hit("MISSING_CHILD", action="PROTECT")])  # fmt: skip
    c.person("missing_woman", {"cui": c.cui("missing_woman")}, "HIT", hits=[hit("MISSING_PERSON", action="LOCATE")])
    c.person("aggressor", {"cui": c.cui("aggressor")}, "HIT", hits=[hit("PROTECTION_ORDER", action="ENFORCE_ORDER")])
    c.person("victim", {"cui": c.cui("victim")}, "CLEAR", totals={"PROTECTION_ORDER": 2})
    c.person("expired_order", {"cui": c.cui("aggressor_expired")}, "CLEAR",
             closed=[{"kind": "PROTECTION_ORDER", "state": "PENDING", "note": "CLOSED_EXPIRED"}])  # fmt: skip
    c.person("discreet_alert", {"cui": c.cui("discreet")}, "HIT", hits=[hit("DISCREET", action="OBSERVE")])
    c.person("travel_ban", {"cui": c.cui("travel_ban")}, "HIT", hits=[hit("TRAVEL_BAN", action="DENY_EXIT")])
    c.person("escaped", {"cui": c.cui("escaped")}, "HIT",
             hits=[hit("ESCAPE", action="RECAPTURE", cautions=["ARMED", "ESCAPE_RISK"])])  # fmt: skip


def _names(c: Cases) -> None:
    clean = {"full": c.name("clean")}
    c.person("clean_by_name_and_birth_date", {"name": clean, "birth_date": c.birth("clean")}, "CLEAR")
    c.person("clean_by_name", {"name": clean}, "INSUFFICIENT")
    wanted = {"full": c.name("wanted")}
    c.person("wanted_asked_by_name_and_birth_date", {"name": wanted, "birth_date": c.birth("wanted")}, "HIT",
             hits=[hit("WARRANT")])  # fmt: skip
    c.person("wanted_asked_by_name", {"name": wanted}, "POSSIBLE", hits=[hit("WARRANT", "POSSIBLE")])
    c.person("homonyms_asked_by_name_and_birth_date",
             {"name": {"full": c.name("homonym_clean")}, "birth_date": c.birth("homonym_clean")},
             "POSSIBLE", "UNSPECIFIED", candidates_total=2, hits=[hit("WARRANT", "POSSIBLE", "CANDIDATE")])  # fmt: skip
    c.person("name_not_on_file", {"name": {"full": "Teodulfo Garmendiaz Uzcátegui"}}, "INSUFFICIENT", "UNSPECIFIED",
             notes=["NAME_NOT_ON_FILE"])  # fmt: skip
    c.other("search_clean", "SearchPersons", {"names": "aycinena beltranena"}, candidates_total=1)
    # One more than the namesakes: their warrant, which could not be linked, is a subject of its own.
    c.other("search_namesakes", "SearchPersons", {"names": c.name("namesake_1")},
            candidates_total=cast_people.NAMESAKES + 1)  # fmt: skip


def _foreigners(c: Cases) -> None:
    documents = {row[0]: {"country": row[1], "number": row[2]} for row in FOREIGNERS}
    c.person("foreigner_clean", {"document": documents["foreigner_clean"]}, "CLEAR", totals={"BORDER_CROSSING": 3})
    c.person("foreigner_wanted", {"document": documents["foreigner_wanted"]}, "HIT", hits=[hit("WARRANT")])
    unknown = {"country": UNKNOWN_FOREIGNER[0], "number": UNKNOWN_FOREIGNER[1]}
    c.person(
        "foreigner_without_records", {"document": unknown}, "INSUFFICIENT", "UNVERIFIED", notes=["NO_RECORD_FOREIGN"]
    )
    c.person("foreigner_without_country", {"document": {"number": documents["foreigner_wanted"]["number"]}}, "POSSIBLE",
             "NOT_FOUND", hits=[hit("WARRANT", "POSSIBLE")])  # fmt: skip


def _vehicles(c: Cases) -> None:
    def asked(key: str, level: str, vehicle: str, owner: str, **expect: Any) -> None:
        c.vehicle(key, {"plate": c.plate(key)}, level, vehicle_level=vehicle, owner_level=owner, **expect)

    asked("clean_vehicle", "CLEAR", "CLEAR", "CLEAR", coverage="COMPLETE", cautions=[])
    asked("motorcycle", "CLEAR", "CLEAR", "CLEAR")
    asked("wanted_owner", "HIT", "CLEAR", "HIT", hits=[hit("WARRANT", subject="OWNER")])
    asked("company_vehicle", "CLEAR", "CLEAR", "CLEAR", owners=[{"kind": "ORGANISATION", "level": "CLEAR"}])
    asked(
        "several_owners", "HIT", "CLEAR", "HIT", hits=[hit("WARRANT", subject="OWNER")], owner_levels=["CLEAR", "HIT"]
    )
    asked("unknown_owner", "INSUFFICIENT", "CLEAR", "INSUFFICIENT")
    asked("former_owner", "CLEAR", "CLEAR", "CLEAR", owners_shown=2)
    asked("dead_owner", "POSSIBLE", "CLEAR", "POSSIBLE", hits=[hit("WARRANT", "POSSIBLE", "OWNER")])
    asked("protected_owner", "CLEAR", "CLEAR", "CLEAR", owner_without_address=True)
    asked(
        "stolen_vehicle", "HIT", "HIT", "CLEAR", hits=[hit("STOLEN_VEHICLE", subject="VEHICLE", action="SEIZE_VEHICLE")]
    )
    asked("recovered_vehicle", "CLEAR", "CLEAR", "CLEAR",
          vehicle_closed=[{"kind": "STOLEN_VEHICLE", "state": "CANCELLED", "note": "CLOSED_CANCELLED"}])  # fmt: skip
    asked("stolen_plate", "HIT", "HIT", "CLEAR", hits=[hit("STOLEN_PLATE", subject="PLATE", action="SEIZE_PLATE")])
    asked("stolen_engine", "POSSIBLE", "POSSIBLE", "CLEAR", hits=[hit("STOLEN_ENGINE", "POSSIBLE", "VEHICLE")])
    c.vehicle("clean_vehicle_by_vin", {"vin": c.vin("clean_vehicle")}, "CLEAR")
    c.vehicle("unknown_vin", {"vin": "1M8GDM9AXKP042788"}, "INSUFFICIENT", "UNVERIFIED")


def _plates(c: Cases) -> None:
    plate = c.plate("cloned_plate")
    disagree: Json = {"notes": ["IDENTIFIERS_DISAGREE"], "cautions": ["IDENTIFIERS_DISAGREE"]}
    c.vehicle("cloned_plate_by_make", {"plate": plate, "make": "Chevrolet"}, "POSSIBLE", **disagree)
    c.vehicle("cloned_plate_by_vin", {"plate": plate, "vin": c.vin("clone")}, "POSSIBLE", **disagree)
    c.vehicle("seen_as_registered", {"plate": plate, "make": "Toyota", "colour": "azul", "model_year": 2013}, "CLEAR",
              cautions=[])  # fmt: skip
    c.vehicle("colour_differs", {"plate": plate, "colour": "negro"}, "CLEAR", cautions=["MISMATCH"])
    c.vehicle("reissued_plate", {"plate": c.plate("reissued_plate_now")}, "CLEAR", cautions=["REISSUED_PLATE"],
              candidates_total=1)  # fmt: skip
    c.vehicle("duplicated_plate", {"plate": c.plate("duplicated_plate_1")}, "POSSIBLE", "UNSPECIFIED",
              candidates_total=2)  # fmt: skip
    untyped = c.plate("clean_vehicle").split("-")[1]
    c.vehicle("plate_without_type", {"plate": untyped}, "INSUFFICIENT")
    unborne = f"P-{identifiers.cast_plates(_one(400))[0].as_py()}"
    c.vehicle("unknown_plate", {"plate": unborne}, "POSSIBLE", "NOT_FOUND", notes=["PLATE_NOT_ON_FILE"])
    c.vehicle("foreign_plate", {"plate": "P123456", "plate_country": "SLV"}, "INSUFFICIENT", "UNVERIFIED",
              notes=["NO_RECORD_FOREIGN"])  # fmt: skip
    pattern = f"P-{untyped[:2]}?{untyped[3:5]}*"
    c.other("search_plate", "SearchVehicles", {"plate_pattern": pattern, "make": "TOYOTA", "model_year": 2016},
            candidates_include=[c.plate("clean_vehicle")])  # fmt: skip


def _one(value: int) -> identifiers.Ints:
    return np.array([value], dtype=np.int64)


def _lists_and_clearance(c: Cases) -> None:
    c.person("traveller", {"cui": c.cui("traveller")}, "CLEAR", totals={"BORDER_CROSSING": TRAVELLER_CROSSINGS})
    c.other("list_crossings", "ListRecords", {"subject_of": {"cui": c.cui("traveller")}, "section": "BORDER_CROSSING"},
            total=TRAVELLER_CROSSINGS)  # fmt: skip
    c.person("sentenced", {"cui": c.cui("sentenced")}, "CLEAR", totals={"SENTENCE": 3, "POLICE_RECORD": 1})
    rows = [
        ("sentenced", "CRIMINAL_RECORD", "WITH_RECORD", "RECORD"),
        ("sentenced", "POLICE_RECORD", "WITH_RECORD", "RECORD"),
        ("expunged", "CRIMINAL_RECORD", "NO_RECORD", "NOTHING_ON_FILE"),
        ("not_certificate", "POLICE_RECORD", "NO_RECORD", "NOTHING_ON_FILE"),
        ("renas", "RENAS", "WITH_RECORD", "RECORD"),
        ("clean", "RENAS", "NO_RECORD", "NOTHING_ON_FILE"),
        ("clean", "CRIMINAL_RECORD", "NO_RECORD", "NOTHING_ON_FILE"),
        ("wanted", "WANTED", "WITH_RECORD", "RECORD"),
        ("clean", "WANTED", "NO_RECORD", "NOTHING_ON_FILE"),
        ("deceased", "WANTED", "REVIEW", "DECEASED"),
        ("misused", "CRIMINAL_RECORD", "REVIEW", "MISUSED"),
        ("two_names", "CRIMINAL_RECORD", "REVIEW", "CONFLICT"),
        ("wanted_by_several_1", "WANTED", "REVIEW", "NAME_MATCH"),
    ]
    for key, standard, result, reason in rows:
        request = {"standard": standard, "cuis": [c.cui(key)]}
        c.other(f"clear_{standard.lower()}_{key}", "Clear", request, results=[result], reasons=[reason])
    unknown = {"standard": "WANTED", "cuis": [cast_people.unknown_cui()]}
    c.other("clear_wanted_unknown_cui", "Clear", unknown, results=["REVIEW"], reasons=["NOT_FOUND"])
