"""The entries of a hot list: the alerts that the engine shows for each identifier of an alerted subject.

The engine is asked, so that the list gives exactly the on-line answer to the same grant at that moment. Also left out:
every alert that is not of sensitivity OPEN, and everybody under 18. One exception: orders of adolescents' courts, about
past or present minors, as the engine shows them without the offence (docs/answers.md section 10, "Minors").
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from google.protobuf.message import Message

from core.access.grant import Grant
from core.call.confirmations import Confirmations
from core.engine.entry import Engine, Method
from core.errors import CoreError, QuestionError
from core.generation.reader import DossierReader, EntityKind
from core.generation.store import Generation
from core.identifiers.kinds import SUBJECT_KEY, IdentifierKind
from ronda.v1 import (
    alert_pb2,
    check_service_pb2,
    context_pb2,
    hotlist_service_pb2,
    level_pb2,
    section_pb2,
    value_pb2,
)
from server.calls.alerted import alerted_subjects
from server.logs import WARNING, log

PERSON_KINDS = (alert_pb2.ALERT_KIND_WARRANT, alert_pb2.ALERT_KIND_ESCAPE, alert_pb2.ALERT_KIND_TRAVEL_BAN)
VEHICLE_KINDS = (
    alert_pb2.ALERT_KIND_STOLEN_VEHICLE,
    alert_pb2.ALERT_KIND_STOLEN_PLATE,
    alert_pb2.ALERT_KIND_STOLEN_ENGINE,
)
GRAVEST_FIRST = (
    alert_pb2.ALERT_KIND_ESCAPE,
    alert_pb2.ALERT_KIND_WARRANT,
    alert_pb2.ALERT_KIND_STOLEN_VEHICLE,
    alert_pb2.ALERT_KIND_STOLEN_PLATE,
    alert_pb2.ALERT_KIND_STOLEN_ENGINE,
    alert_pb2.ALERT_KIND_TRAVEL_BAN,
)
# Sections that a list shows something of: who it is, and the alerts.
SECTIONS = (
    section_pb2.SECTION_IDENTITY,
    section_pb2.SECTION_WARRANT,
    section_pb2.SECTION_TRAVEL_BAN,
    section_pb2.SECTION_PRISON,
    section_pb2.SECTION_VEHICLE_REGISTRATION,
    section_pb2.SECTION_PLATE_ASSIGNMENT,
    section_pb2.SECTION_VEHICLE_ALERT,
)
ADOLESCENTS = 1 << 63  # of a mask, beside its sections: the list is for a purpose to act
MASK = sum(1 << section for section in SECTIONS) | ADOLESCENTS
_OF_MINORS = (alert_pb2.ALERT_KIND_WARRANT, alert_pb2.ALERT_KIND_ESCAPE)
_ADOLESCENTS_ACTION = "BRING_TO_JUDGE"
_NEEDED = 1 << section_pb2.SECTION_IDENTITY  # to know who is under 18, shown or not
_EPOCH = date(1970, 1, 1)
_KINDS = {
    IdentifierKind.CUI: check_service_pb2.IDENTIFIER_KIND_CUI,
    IdentifierKind.DOCUMENT: check_service_pb2.IDENTIFIER_KIND_DOCUMENT,
    IdentifierKind.PLATE: check_service_pb2.IDENTIFIER_KIND_PLATE,
    IdentifierKind.VIN: check_service_pb2.IDENTIFIER_KIND_VIN,
}
_STORED: dict[int, IdentifierKind] = {listed: stored for stored, listed in _KINDS.items()}
_OF_PERSONS = (IdentifierKind.CUI, IdentifierKind.DOCUMENT)
ListKey = tuple[int, str]
"""An identifier as a list has it: of check_service_pb2.IdentifierKind, and its text."""
_References = set[tuple[str, str, str]]  # subject, register and record of alerts


@dataclass(frozen=True)
class Listed:
    """An entry and where it belongs. gravity: 0 = the gravest."""

    key_kind: int  # of check_service_pb2.IdentifierKind
    gravity: int
    issued: int  # yyyymmdd, parts unknown as 0
    entry: hotlist_service_pb2.HotlistEntry


class Listing:
    """The entries of one generation or view for one mask of OPEN sections (a part of MASK), at one moment."""

    def __init__(
        self,
        generation: Generation,
        mask: int,
        clock_ms: int,
        today: date,
        said: Confirmations | None = None,
        fed: Iterable[bytes] = (),
    ) -> None:
        """said: what issuing institutions said of hits; a hit that one denied is at most possible. fed: ids of the
        subjects that lie over a view's base."""
        self._generation = generation
        self._fed = fed
        self._mask = mask
        self._clock_ms = clock_ms
        self._today = (today - _EPOCH).days
        self._engine = Engine(generation)
        self._engine.confirmations = said
        self._purpose = context_pb2.PURPOSE_UNSPECIFIED if mask & ADOLESCENTS else context_pb2.PURPOSE_CLEARANCE
        self._grant = Grant([mask & ~ADOLESCENTS | _NEEDED, 0, 0, 0, 0])
        self.left_out = 0  # damaged dossiers, identifiers that the engine refuses, alerts that one answer did not hold

    def entries(self) -> Iterator[Listed]:
        """Every entry, in no order. What is left out for damage is logged and counted. Raises GenerationDamaged."""
        open_alerts: dict[tuple[int, str], _References] = {}  # of every subject that bears the identifier
        for reader in self._alerted():
            own = _references(reader)
            for key in self._keys(reader) if own else ():
                open_alerts.setdefault(key, set()).update(own)
        for (kind, text), references in open_alerts.items():
            yield from self._of(kind, text, references)

    def of_key(self, key: ListKey) -> list[Listed]:
        """The entries of one identifier, as `entries` has them and in a list's order; none = it is on no list."""
        kind, text = _STORED[key[0]], key[1]
        borne: _References = set()
        try:
            for reader in bearers(self._generation, key):
                if (kind, text) in self._keys(reader):
                    borne |= _references(reader)
        except CoreError as error:
            log("hotlist_dossier_left_out", level=WARNING, error=error)
            return []
        found = list(self._of(kind, text, borne)) if borne else []
        return sorted(found, key=lambda each: (each.gravity, -each.issued))

    def _of(self, kind: int, text: str, references: _References) -> Iterator[Listed]:
        return self._of_person(kind, text, references) if kind in _OF_PERSONS else self._of_vehicle(kind, text)

    def _alerted(self) -> Iterator[DossierReader]:
        for subject_id in dict.fromkeys((*alerted_subjects(self._generation.directory), *self._fed)):
            try:
                found = [
                    DossierReader(self._generation.dossier(e)) for e in self._generation.lookup(SUBJECT_KEY, subject_id)
                ]
            except CoreError as error:
                log("hotlist_dossier_left_out", level=WARNING, error=error)
                self.left_out += 1
                continue
            yield from (reader for reader in found if reader.subject_id == subject_id)

    def _keys(self, reader: DossierReader) -> Iterator[tuple[int, str]]:
        person = reader.kind in (EntityKind.PERSON, EntityKind.UNIDENTIFIED)
        for identifier in reader.identifiers():
            if (
                identifier.kind not in _KINDS
                or identifier.sensitivity > 1
                or person != (identifier.kind in _OF_PERSONS)
            ):
                continue
            over = identifier.valid_to is not None and identifier.valid_to < self._today
            to_come = identifier.valid_from is not None and identifier.valid_from > self._today
            if not over and not to_come:
                yield identifier.kind, identifier.text

    def _of_person(self, kind: int, text: str, open_alerts: _References) -> Iterator[Listed]:
        """Yields the entries of each person with this identifier. With several, none is named and alerts are only
        possible."""
        request = check_service_pb2.CheckPersonRequest()
        request.context.purpose = self._purpose
        request.context.sections.append(section_pb2.SECTION_IDENTITY)
        if kind == IdentifierKind.CUI:
            request.cui = text
        else:
            request.document.country, _, request.document.number = text.partition(":")
        answer = self._answered(Method.CHECK_PERSON, request, check_service_pb2.CheckPersonResponse)
        if answer is None:
            return
        one = answer.HasField("person")
        minor = one and level_pb2.CAUTION_FLAG_MINOR in answer.answer.cautions
        self.left_out += max(0, answer.answer.hits_total - len(answer.answer.hits))
        candidates = {each.subject_id: each for each in answer.candidates}
        name = answer.person.name if one and self._mask >> section_pb2.SECTION_IDENTITY & 1 else ""
        for hit in answer.answer.hits:
            if hit.kind not in PERSON_KINDS or _reference(hit.subject.subject_id, hit) not in open_alerts:
                continue
            if hit.action.code == _ADOLESCENTS_ACTION:
                yield _listed(kind, text, hit, name, "")
            elif minor:
                continue
            elif not one and hit.subject.subject_id not in candidates:
                self.left_out += 1  # nobody says whether it is a minor
            elif one or not self._may_be_minor(candidates[hit.subject.subject_id].birth_date):
                yield _listed(kind, text, hit, name, "")

    def _may_be_minor(self, born: value_pb2.PartialDate) -> bool:
        """Returns whether the person may be under 18, by the known parts of the birth date."""
        if not born.year:
            return False
        today = _EPOCH + timedelta(days=self._today)
        return today.year * 10000 + today.month * 100 + today.day < _last(born) + 180000

    def _of_vehicle(self, kind: int, text: str) -> Iterator[Listed]:
        request = check_service_pb2.CheckVehicleRequest()
        request.context.sections.append(section_pb2.SECTION_VEHICLE_REGISTRATION)
        if kind == IdentifierKind.VIN:
            request.vin = text
        else:
            plate, _, request.plate_country = text.partition("|")
            request.plate = plate.removeprefix("?-")
        answer = self._answered(Method.CHECK_VEHICLE, request, check_service_pb2.CheckVehicleResponse)
        if answer is None:
            return
        description = ""
        for stated in answer.vehicle.registrations[:1]:
            year = str(stated.model_year) if stated.model_year else ""
            description = " ".join(word for word in (stated.make, stated.line, stated.colour, year) if word)
        owner = alert_pb2.HIT_SUBJECT_KIND_OWNER
        for hit in answer.answer.hits:
            if hit.kind in VEHICLE_KINDS and hit.subject.kind != owner:
                yield _listed(kind, text, hit, "", description)

    def _answered(self, method: Method, request: Message, response: Any) -> Any:
        """Returns the engine's answer; None if the engine refuses the identifier, or a dossier is damaged: it is left
        out."""
        try:
            asked = request.SerializeToString()
            return response.FromString(self._engine.answer(method, asked, self._grant, self._clock_ms))
        except QuestionError:
            self.left_out += 1
            return None
        except CoreError as error:
            log("hotlist_dossier_left_out", level=WARNING, error=error)
            self.left_out += 1
            return None


def _listed(kind: int, text: str, hit: alert_pb2.Hit, name: str, description: str) -> Listed:
    entry = hotlist_service_pb2.HotlistEntry(
        key=text,
        kind=hit.kind,
        name=name,
        description=description,
        action=hit.action,
        authority=hit.authority,
        record=hit.record,
        cautions=hit.cautions,
        valid_from=_number(hit.valid_from) if hit.HasField("valid_from") else 0,
        valid_to=_last(hit.valid_to) if hit.HasField("valid_to") else 0,
    )
    entry.record.possible = hit.record.possible or hit.level != level_pb2.LEVEL_HIT
    return Listed(_KINDS[IdentifierKind(kind)], GRAVEST_FIRST.index(hit.kind), _number(hit.issued), entry)


def _number(day: value_pb2.PartialDate) -> int:
    """yyyymmdd; a part that is not known counts as the first."""
    return day.year * 10000 + (day.month or 1) * 100 + (day.day or 1) if day.year else 0


def _last(day: value_pb2.PartialDate) -> int:
    """yyyymmdd; a part that is not known counts as the last; 0 = not known at all."""
    if not day.year:
        return 0
    if not day.month:
        return day.year * 10000 + 1231
    if day.day:
        return _number(day)
    following = date(day.year + day.month // 12, day.month % 12 + 1, 1) - timedelta(days=1)
    return following.year * 10000 + following.month * 100 + following.day


def _references(reader: DossierReader) -> _References:
    """Returns the references of a dossier's pending alerts that a list may show."""
    pending = alert_pb2.ALERT_STATE_PENDING
    found = [alert.hit for alert in reader.alerts() if alert.state == pending and _may_be_listed(alert)]
    return {_reference(reader.subject_id.hex(), alert_pb2.Hit.FromString(hit)) for hit in found}


def _may_be_listed(alert: Any) -> bool:
    of_a_minor = alert.sensitivity == section_pb2.SENSITIVITY_MINOR and alert.kind in _OF_MINORS
    return alert.sensitivity <= section_pb2.SENSITIVITY_OPEN or of_a_minor


def _reference(subject_id: str, hit: alert_pb2.Hit) -> tuple[str, str, str]:
    return subject_id, hit.record.register_id, hit.record.record_id


def keys_of(reader: DossierReader) -> set[ListKey]:
    """Returns every identifier of a dossier that a list may have, for any caller and any time."""
    return {(_KINDS[IdentifierKind(each.kind)], each.text) for each in reader.identifiers() if each.kind in _KINDS}


def bearers(generation: Generation, key: ListKey) -> list[DossierReader]:
    """Returns the subjects that state an identifier; for a plate by its number, with any type. Raises CoreError."""
    kind, text = _STORED[key[0]], key[1]
    if kind == IdentifierKind.PLATE:  # "P-123BCD|GTM" is found as GTM:123BCD
        plate, _, country = text.partition("|")
        text = f"{country}:{plate.partition('-')[2]}"
    return [DossierReader(generation.dossier(entity)) for entity in generation.lookup(kind, text)]


def subject(generation: Generation, subject_id: bytes) -> DossierReader | None:
    """The dossier of a subject. Raises CoreError."""
    for entity in generation.lookup(SUBJECT_KEY, subject_id):
        reader = DossierReader(generation.dossier(entity))
        if reader.subject_id == subject_id:
            return reader
    return None
