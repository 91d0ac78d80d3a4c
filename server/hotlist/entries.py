"""What stands on a hot list: the alerts that the engine itself shows for each identifier of an alerted subject.

The engine is asked, so that the list says what an answer on line would say to the same grant at that moment, and
nothing else. Left out besides: every alert that is not of sensitivity OPEN, and everybody under 18.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from google.protobuf.message import Message

from core.access.grant import Grant
from core.engine.entry import Engine, Method
from core.errors import CoreError, QuestionError
from core.generation.reader import Alert, DossierReader, EntityKind
from core.generation.store import Generation
from core.identifiers.kinds import SUBJECT_KEY, IdentifierKind
from ronda.v1 import alert_pb2, check_service_pb2, hotlist_service_pb2, level_pb2, section_pb2, value_pb2
from server.logs import WARNING, log

ALERTED_FILE = "alerted.parquet"  # of a generation: ids of the subjects with a PENDING alert (indexer/linking)
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
MASK = sum(1 << section for section in SECTIONS)
_NEEDED = 1 << section_pb2.SECTION_IDENTITY  # to know who is under 18, shown or not
_EPOCH = date(1970, 1, 1)
_KINDS = {
    IdentifierKind.CUI: check_service_pb2.IDENTIFIER_KIND_CUI,
    IdentifierKind.DOCUMENT: check_service_pb2.IDENTIFIER_KIND_DOCUMENT,
    IdentifierKind.PLATE: check_service_pb2.IDENTIFIER_KIND_PLATE,
    IdentifierKind.VIN: check_service_pb2.IDENTIFIER_KIND_VIN,
}
_OF_PERSONS = (IdentifierKind.CUI, IdentifierKind.DOCUMENT)


@dataclass(frozen=True)
class Listed:
    """An entry and where it belongs. gravity: 0 = the gravest."""

    key_kind: int  # of check_service_pb2.IdentifierKind
    gravity: int
    issued: int  # yyyymmdd, parts unknown as 0
    entry: hotlist_service_pb2.HotlistEntry


class Listing:
    """The entries of one generation for one mask of OPEN sections (a part of MASK), at one moment."""

    def __init__(self, generation: Generation, mask: int, clock_ms: int, today: date) -> None:
        self._generation = generation
        self._mask = mask
        self._clock_ms = clock_ms
        self._today = (today - _EPOCH).days
        self._engine = Engine(generation)
        self._grant = Grant([mask | _NEEDED, 0, 0, 0, 0])
        self._asked: set[tuple[int, str]] = set()

    def entries(self) -> Iterator[Listed]:
        """Every entry, in no order. A dossier that is damaged is left out, and logged. Raises GenerationDamaged."""
        for reader in self._alerted():
            open_alerts = _references(alert for alert in reader.alerts() if alert.sensitivity <= 1)
            if not open_alerts:
                continue
            for kind, text in self._keys(reader):
                if (kind, text) in self._asked:
                    continue
                self._asked.add((kind, text))
                if kind in _OF_PERSONS:
                    yield from self._of_person(kind, text, open_alerts)
                else:
                    yield from self._of_vehicle(kind, text)

    def _alerted(self) -> Iterator[DossierReader]:
        for subject_id in _alerted_subjects(self._generation.directory):
            try:
                found = [
                    DossierReader(self._generation.dossier(e)) for e in self._generation.lookup(SUBJECT_KEY, subject_id)
                ]
            except CoreError as error:
                log("hotlist_dossier_left_out", level=WARNING, error=error)
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

    def _of_person(self, kind: int, text: str, open_alerts: set[tuple[str, str]]) -> Iterator[Listed]:
        request = check_service_pb2.CheckPersonRequest()
        request.context.sections.append(section_pb2.SECTION_IDENTITY)
        if kind == IdentifierKind.CUI:
            request.cui = text
        else:
            request.document.country, _, request.document.number = text.partition(":")
        answer = self._answered(Method.CHECK_PERSON, request, check_service_pb2.CheckPersonResponse)
        if answer is None or level_pb2.CAUTION_FLAG_MINOR in answer.answer.cautions or not answer.HasField("person"):
            return
        named = self._mask >> section_pb2.SECTION_IDENTITY & 1
        for hit in answer.answer.hits:
            if hit.kind in PERSON_KINDS and (hit.record.register_id, hit.record.record_id) in open_alerts:
                yield _listed(kind, text, hit, answer.person.name if named else "", "")

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
        """None where the engine refuses the identifier (of a register's own form), or its dossier is damaged."""
        try:
            asked = request.SerializeToString()
            return response.FromString(self._engine.answer(method, asked, self._grant, self._clock_ms))
        except QuestionError:
            return None
        except CoreError as error:
            log("hotlist_dossier_left_out", level=WARNING, error=error)
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


def _references(alerts: Iterator[Alert]) -> set[tuple[str, str]]:
    """Register and record id of the pending ones."""
    hits = [alert_pb2.Hit.FromString(alert.hit) for alert in alerts if alert.state == alert_pb2.ALERT_STATE_PENDING]
    return {(hit.record.register_id, hit.record.record_id) for hit in hits}


def _alerted_subjects(directory: Path) -> Iterator[bytes]:
    """Raises OSError, ValueError (Arrow's)."""
    for batch in pq.ParquetFile(directory / ALERTED_FILE).iter_batches(columns=["subject_id"]):
        yield from (subject_id for subject_id in batch.column("subject_id").to_pylist() if subject_id is not None)
