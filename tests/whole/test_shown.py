"""The persons shown, as the core gathers it for the audit record, against what stands in the response's bytes."""

from __future__ import annotations

import collections
from typing import Any

import pytest

from core.access.grant import Grant
from core.engine.entry import METHODS, Shown
from core.errors import QuestionError
from ronda.v1 import alert_pb2, person_pb2, section_pb2, vehicle_pb2
from ronda.v1 import check_service_pb2 as checks
from ronda.v1 import clearance_service_pb2 as clearance
from tests.kit.nation_kit import BuiltNation
from tests.kit.questions import Drawer, Question

QUESTIONS = 700
ASKED, OWNER, CANDIDATE, ROW, LISTED = range(1, 6)
SUGGESTED = 7
VEHICLE, PLATE = 4, 5
RECORD_SECTIONS: set[int] = set(section_pb2.Section.values()) - {0}
OWNER_SECTION = section_pb2.SECTION_OWNER

# Sections whose records may stand behind a hit of a kind.
OF_KIND: dict[int, set[int]] = {
    alert_pb2.ALERT_KIND_WARRANT: {section_pb2.SECTION_WARRANT},
    alert_pb2.ALERT_KIND_TRAVEL_BAN: {section_pb2.SECTION_TRAVEL_BAN},
    alert_pb2.ALERT_KIND_PROTECTION_ORDER: {section_pb2.SECTION_PROTECTION_ORDER},
    alert_pb2.ALERT_KIND_MISSING_PERSON: {section_pb2.SECTION_MISSING_PERSON},
    alert_pb2.ALERT_KIND_MISSING_CHILD: {section_pb2.SECTION_MISSING_PERSON},
    alert_pb2.ALERT_KIND_ESCAPE: {section_pb2.SECTION_PRISON},
    alert_pb2.ALERT_KIND_DOCUMENT: {section_pb2.SECTION_DOCUMENT_ALERT},
    alert_pb2.ALERT_KIND_DISCREET: {section_pb2.SECTION_DISCREET_ALERT},
    alert_pb2.ALERT_KIND_STOLEN_VEHICLE: {section_pb2.SECTION_VEHICLE_ALERT},
    alert_pb2.ALERT_KIND_STOLEN_PLATE: {section_pb2.SECTION_VEHICLE_ALERT},
    alert_pb2.ALERT_KIND_STOLEN_ENGINE: {section_pb2.SECTION_VEHICLE_ALERT},
    alert_pb2.ALERT_KIND_OTHER: {section_pb2.SECTION_OTHER_RECORD, section_pb2.SECTION_VEHICLE_OTHER_RECORD},
    alert_pb2.ALERT_KIND_DAMAGED_RECORD: {
        section_pb2.SECTION_DAMAGED_RECORD,
        section_pb2.SECTION_VEHICLE_DAMAGED_RECORD,
    },
}

Key = tuple[str, int, int]  # subject id, how, row


class Left:
    """A response's content for each subject: its sections, its hits' kinds, its level."""

    def __init__(self) -> None:
        self.sections: dict[Key, set[int]] = collections.defaultdict(set)
        self.kinds: dict[Key, set[int]] = collections.defaultdict(set)
        self.levels: dict[Key, int] = {}
        self.plates: set[Key] = set()
        self.named: set[Key] = set()  # Person.name may be of a record that is not sent

    def put(self, key: Key, message: person_pb2.Person | vehicle_pb2.Vehicle | None, level: int) -> None:
        self.levels[key] = level
        self.sections[key] |= set()
        if message is None:
            return
        if isinstance(message, person_pb2.Person) and message.name:
            self.named.add(key)
        self.sections[key] |= {field.number for field, _ in message.ListFields()} & RECORD_SECTIONS
        for alert in message.closed_alerts:
            if alert.subject.kind == alert_pb2.HIT_SUBJECT_KIND_PLATE:
                self.plate(alert)
            else:
                self.kinds[key].add(alert.kind)

    def plate(self, hit: alert_pb2.Hit) -> None:
        key = (hit.subject.subject_id, ASKED, 0)
        self.plates.add(key)
        self.kinds[key].add(hit.kind)

    def hit(self, hit: alert_pb2.Hit) -> None:
        kind = hit.subject.kind
        if kind == alert_pb2.HIT_SUBJECT_KIND_PLATE:
            self.plate(hit)
            return
        how = {alert_pb2.HIT_SUBJECT_KIND_OWNER: OWNER, alert_pb2.HIT_SUBJECT_KIND_CANDIDATE: CANDIDATE}.get(
            kind, ASKED
        )
        self.kinds[hit.subject.subject_id, how, hit.subject.ordinal].add(hit.kind)

    def response(self, response: Any, question: Question) -> None:
        listed = question.method == "ListRecords"
        how = LISTED if listed else ASKED
        for name in ("person", "vehicle"):
            if name not in response.DESCRIPTOR.fields_by_name or not response.HasField(name):
                continue
            message = getattr(response, name)
            level = message.vehicle_level if name == "vehicle" and not listed else response.answer.level
            self.put((message.subject_id, how, 0), message, level)
            for owner in getattr(message, "owners", ()):
                if owner.HasField("person"):
                    key = (owner.person.subject_id, OWNER, owner.ordinal)
                    self.put(key, owner.person, owner.level)
                    self.sections[key].add(OWNER_SECTION)
        for place, candidate in enumerate(getattr(response, "candidates", ()), 1):
            self.put((candidate.subject_id, CANDIDATE, place), None, candidate.level)
        for hit in response.answer.hits:
            self.hit(hit)


def sections_of(mask: int) -> set[int]:
    return {section for section in range(64) if mask >> section & 1}


def assert_shown(shown: list[Shown], response: Any, question: Question) -> None:
    """Every subject in the response has its entry with its sections and level, and nobody else has one."""
    left = Left()
    left.response(response, question)
    entries: dict[Key, Shown] = {}
    for entry in shown:
        key = (entry.subject_id.hex(), entry.how, entry.row)
        assert key not in entries or entry.sections == 0, "a second entry only names a second register"
        entries.setdefault(key, entry)
    assert left.levels.keys() | left.plates <= entries.keys()
    for key, entry in entries.items():
        found = sections_of(entry.sections)
        if entry.how == SUGGESTED:
            assert (found, entry.level) == (set(), 0)
            assert 1 <= entry.row <= len(response.suggestions)
            continue
        if key not in left.levels:
            assert entry.kind == PLATE or entry.how == OWNER, "a plate without alerts, or an owner left out on request"
            assert key in left.plates or entry.how == OWNER or not found
        elif entry.how == CANDIDATE:
            place = response.candidates[entry.row - 1]
            assert bool(found - {0}) >= bool(place.name or place.cui or place.plate or place.description)
        else:
            assert left.sections[key] <= found
        if key in left.levels:
            assert entry.level == left.levels[key]
        kinds = left.kinds.get(key, set())
        assert all(OF_KIND[kind] & found for kind in kinds)
        if entry.how != CANDIDATE:
            allowed = left.sections.get(key, set()).union(*(OF_KIND[kind] for kind in kinds))
            assert len(found - allowed) <= (key in left.named)


def answer(nation: BuiltNation, question: Question, grant: Grant, clock_ms: int) -> tuple[Any, list[Shown]]:
    request = question.request.SerializeToString()
    content, shown = nation.engine.answer_shown(METHODS[question.method], request, grant, clock_ms)
    return getattr(checks, f"{question.method}Response").FromString(content), shown


@pytest.mark.timeout(600)
def test_the_subjects_shown_are_those_in_the_response(small_nation: BuiltNation) -> None:
    """Identifiers, names, one box, plates, searches, lists and batches, under masks and clocks."""
    drawer = Drawer(small_nation.oracle, 4)
    ways: collections.Counter[int] = collections.Counter()
    for question in drawer.questions(QUESTIONS):
        grant, clock_ms = Grant(drawer.masks()), drawer.clock(small_nation.as_of_ms)
        try:
            if question.method == "Clear":
                shown = assert_rows_shown(small_nation, question, grant, clock_ms)
            else:
                response, shown = answer(small_nation, question, grant, clock_ms)
                assert_shown(shown, response, question)
        except QuestionError:
            continue
        ways.update(entry.how for entry in shown)
    assert set(ways) == {ASKED, OWNER, CANDIDATE, ROW, LISTED, SUGGESTED}


def assert_rows_shown(nation: BuiltNation, question: Question, grant: Grant, clock_ms: int) -> list[Shown]:
    """Each row with a reference names a subject with that record's section; every entry has its row's result."""
    request = question.request.SerializeToString()
    stream = nation.engine.clearance(request, grant, clock_ms)
    content, shown = stream.answer_shown(request, clock_ms)
    response = clearance.ClearResponse.FromString(content)
    rows = collections.defaultdict(list)
    for entry in shown:
        assert entry.how == ROW
        assert entry.level == response.results[entry.row]
        rows[entry.row].append(entry)
    referred = set(response.reference_rows)
    for row in range(len(response.row_ids)):
        assert (row in referred) == any(entry.sections for entry in rows[row])
    found = {clearance.CLEARANCE_REASON_RECORD, clearance.CLEARANCE_REASON_DECEASED, clearance.CLEARANCE_REASON_MISUSED}
    assert all(rows[row] for row, reason in enumerate(response.reasons) if reason in found)
    return shown


def test_a_plate_shows_its_owners_and_a_name_all_who_fit(small_nation: BuiltNation) -> None:
    """An auditor asks later who was seen through a plate, a telephone, a name, a batch."""
    clock_ms, everything = small_nation.as_of_ms, Grant.everything()
    cast = small_nation.cast
    wanted = person_id(small_nation, cast["persons"]["wanted"])
    plate = checks.CheckVehicleRequest(plate=cast["vehicles"]["wanted_owner"]["plate"])
    response, shown = answer(small_nation, Question("CheckVehicle", plate), everything, clock_ms)
    owners = {bytes.fromhex(owner.person.subject_id) for owner in response.vehicle.owners}
    assert owners == {entry.subject_id for entry in shown if entry.how == OWNER}
    search = checks.SearchPersonsRequest(names=name_of(small_nation, cast["persons"]["wanted"]))
    _, shown = answer(small_nation, Question("SearchPersons", search), everything, clock_ms)
    assert wanted in {entry.subject_id for entry in shown if entry.how == CANDIDATE}
    batch = clearance.ClearRequest(
        standard=clearance.CLEARANCE_STANDARD_WANTED, row_ids=[7, 9], cuis=["", cast["persons"]["wanted"]]
    )
    content = batch.SerializeToString()
    _, shown = small_nation.engine.clearance(content, everything, clock_ms).answer_shown(content, clock_ms)
    assert [(entry.subject_id, entry.row, entry.level, sections_of(entry.sections)) for entry in shown] == [
        (wanted, 1, clearance.CLEARANCE_RESULT_WITH_RECORD, {section_pb2.SECTION_WARRANT})
    ]


def test_a_discreet_alert_is_marked_whether_or_not_it_is_seen(small_nation: BuiltNation) -> None:
    registers = [register["id"] for register in small_nation.manifest["registers"]]
    request = Question("CheckPerson", checks.CheckPersonRequest(cui=small_nation.cast["persons"]["discreet"]))
    full = (1 << 64) - 1
    for grant, sensitive in ((Grant.everything(), 2), (Grant([full, 0, full, full, full]), 0)):
        _, shown = answer(small_nation, request, grant, small_nation.as_of_ms)
        (entry,) = [entry for entry in shown if entry.flags & 1]
        assert entry.flags == 1 | sensitive
        assert registers[entry.register] == "mp"


def person_id(nation: BuiltNation, cui: str) -> bytes:
    response, _ = answer(
        nation, Question("CheckPerson", checks.CheckPersonRequest(cui=cui)), Grant.everything(), nation.as_of_ms
    )
    return bytes.fromhex(response.person.subject_id)


def name_of(nation: BuiltNation, cui: str) -> str:
    response, _ = answer(
        nation, Question("CheckPerson", checks.CheckPersonRequest(cui=cui)), Grant.everything(), nation.as_of_ms
    )
    name = response.person.identity_claims[0].name
    return " ".join(filter(None, (name.first_given, name.second_given, name.first_surname, name.second_surname)))
