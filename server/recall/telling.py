"""Builds the message of a recall for one officer, by what they may see at this moment; or none.

The subject is looked up by an identifier, as the officer might do, with the officer's grant and on the present view.
Data that this answer does not show is not in the message. A subject without an identifier is judged by the alerts of
the dossier alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from google.protobuf.timestamp_pb2 import Timestamp

from core.access.grant import Grant
from core.calendar import guatemala_day
from core.engine.entry import Engine, Method
from core.errors import CoreError
from core.generation.reader import DossierReader, EntityKind
from core.identifiers.kinds import SUBJECT_KEY, IdentifierKind
from ronda.v1 import (
    alert_pb2,
    alert_service_pb2,
    check_service_pb2,
    context_pb2,
    level_pb2,
    register_pb2,
    register_service_pb2,
    section_pb2,
)
from server.logs import WARNING, log
from server.recall.alerts import What, alerts_of
from server.recall.store import Doubt, Row
from server.trust.acting import is_to_act

_GUATEMALA = ZoneInfo("America/Guatemala")
_OPEN = section_pb2.SENSITIVITY_OPEN
_TAIL = 4  # digits, as Candidate.cui_tail
_ASKABLE = (IdentifierKind.CUI, IdentifierKind.VIN, IdentifierKind.PLATE)
# Only what is certain of a record's person; all else is said to be possible.
_CERTAIN = level_pb2.LEVEL_HIT
_DOUBTS = {Doubt.CHOSEN: "elegido de una lista por nombre", Doubt.NAMED: "no se consultó por su número"}
_KINDS: dict[int, str] = {
    alert_pb2.ALERT_KIND_WARRANT: "orden de captura",
    alert_pb2.ALERT_KIND_TRAVEL_BAN: "arraigo",
    alert_pb2.ALERT_KIND_PROTECTION_ORDER: "medida de protección",
    alert_pb2.ALERT_KIND_MISSING_PERSON: "alerta de persona desaparecida",
    alert_pb2.ALERT_KIND_MISSING_CHILD: "alerta de niñez desaparecida",
    alert_pb2.ALERT_KIND_ESCAPE: "alerta de evasión",
    alert_pb2.ALERT_KIND_STOLEN_VEHICLE: "denuncia de vehículo robado",
    alert_pb2.ALERT_KIND_STOLEN_PLATE: "denuncia de placa robada",
    alert_pb2.ALERT_KIND_STOLEN_ENGINE: "denuncia de motor robado",
    alert_pb2.ALERT_KIND_DOCUMENT: "alerta de documento",
}


@dataclass(frozen=True)
class _Asking:
    """The caller, the view and the time of the question. is_chosen: the person was chosen from a list found by name.

    keeps_back: the person stood in such a list, which showed the end of their CUI.
    """

    engine: Engine
    grant: Grant
    clock_ms: int
    purpose: int
    is_chosen: bool
    keeps_back: bool


@dataclass(frozen=True)
class _Answered:
    """The subject as shown by a question by an identifier."""

    records: set[tuple[str, str]]  # of every alert in force on the subject that is shown
    certain: set[tuple[str, str]]  # those of them that are about it for certain
    all: set[tuple[str, str]]  # the same of a vehicle's owners too
    whole: bool  # all hits were sent
    text: str


def told(row: Row, engine: Engine, grant: Grant, clock_ms: int, purpose: int = 0) -> alert_service_pb2.Recall | None:
    """Returns the recall; None: nothing, now. purpose: of the stream. Raises CoreError if the view cannot be read."""
    if not _may_see(grant, row.section):
        return None
    reader = _reader(engine, row.subject)
    record = row.register, row.record
    standing = alerts_of(reader, guatemala_day(clock_ms)) if reader is not None else []
    if not is_to_act(purpose):
        standing = [replace(each, is_open=each.is_open and not each.adolescents) for each in standing]
    stated = [each for each in standing if record in each.records]
    in_force = any(each.pending for each in stated)
    keeps_back = grant.masks_lists and row.doubt == Doubt.NAMED
    asking = _Asking(engine, grant.with_whole_lists(), clock_ms, purpose, row.doubt == Doubt.CHOSEN, keeps_back)
    answered = _answer(reader, asking) if reader is not None else None
    if answered is None and reader is not None and _keys(reader):
        return None  # a person with a number, none of them visible to the officer
    if row.what == What.NEW:
        shown = [each for each in stated if each.pending and each.is_open and _may_see(grant, each.section)]
        if not shown or (answered is not None and answered.whole and record not in answered.records):
            return None
    elif in_force or (stated and not any(each.is_open and _may_see(grant, each.section) for each in stated)):
        return None
    gone = row.what == What.CANCELLED and not stated
    if gone and not _is_fresh(row.register, asking):
        return None
    others = [each for each in standing if each.pending and each.is_open and _may_see(grant, each.section)]
    other_records = {r for each in others for r in each.records} | (answered.all if answered is not None else set())
    same = {r for each in stated for r in each.records} | {record}
    certain = record in answered.certain if answered is not None else any(each.certain for each in stated)
    doubts = (each.doubt for each in stated if each.pending and each.doubt)
    doubt = "" if certain and not row.doubt else next(doubts, "") or _DOUBTS.get(Doubt(row.doubt), "puede ser de otro")
    return _message(row, bool(other_records - same), answered.text if answered is not None else "", doubt)


def _message(row: Row, others: bool, subject_text: str, doubt: str) -> alert_service_pb2.Recall:
    found = alert_service_pb2.Recall(
        recall_id=row.id,
        kind=row.what,  # type: ignore[arg-type]
        alert_kind=row.kind,  # type: ignore[arg-type]
        subject_id=row.subject.hex(),
        subject_text=subject_text,
        answer_id=_uuid(row.answer_id),
        looked_up_at=_timestamp(row.looked_ms),
        changed_at=_timestamp(row.changed_ms),
        expires_at=_timestamp(row.expires_ms),
        other_alerts=others,
        request_id=row.request_id,
        uncertain=bool(doubt) and row.what == What.NEW,
    )
    found.record.register_id, found.record.record_id = row.register, row.record
    found.text = _line(row, others, subject_text, doubt)
    return found


def _line(row: Row, others: bool, subject_text: str, doubt: str) -> str:
    """doubt: why it is not certain; "" = it is."""
    kind = _KINDS.get(row.kind, "alerta")
    who = f" Consulta: {subject_text}," if subject_text else " Consulta"
    looked = f"{who} {datetime.fromtimestamp(row.looked_ms / 1000, UTC).astimezone(_GUATEMALA):%d/%m %H:%M}."
    if row.what == What.NEW and doubt:
        return (
            f"POSIBLE ALERTA NUEVA: {kind} ({row.register.upper()}); {doubt}.{looked} "
            "Consulte de nuevo y confirme la identidad antes de actuar."
        )
    if row.what == What.NEW:
        return f"NUEVA ALERTA: {kind} ({row.register.upper()}).{looked} Consulte de nuevo antes de actuar."
    if row.what == What.MOVED:
        return (
            f"CORREGIDA: {kind} ({row.register.upper()}) vigente es de otro.{looked} Consulte de nuevo antes de actuar."
        )
    said = f"CANCELADA: NO ACTÚE por esta {kind} ({row.register.upper()}).".replace("esta arraigo", "este arraigo")
    return said + looked + (" TIENE OTRA ALERTA VIGENTE: consulte de nuevo." if others else "")


def _may_see(grant: Grant, section: int) -> bool:
    return bool(grant.mask(_OPEN) >> section & 1)


def _is_fresh(register: str, asking: _Asking) -> bool:
    """Returns whether the register is up to date in the serving view.

    A missing or stale register cancels nothing by no longer listing an alert: it was withdrawn, or its ledger was
    restored from an older copy.
    """
    wire = asking.engine.answer(Method.LIST_REGISTERS, b"", Grant.everything(), asking.clock_ms)
    listed = (each.status for each in register_service_pb2.ListRegistersResponse.FromString(wire).registers)
    return any(each.register_id == register and each.state == register_pb2.REGISTER_STATE_FRESH for each in listed)


def _reader(engine: Engine, subject: bytes) -> DossierReader | None:
    generation = engine.generation
    for entity in generation.lookup(SUBJECT_KEY, subject):
        reader = DossierReader(generation.dossier(entity))
        if reader.subject_id == subject:
            return reader
    return None


def _keys(reader: DossierReader) -> list[Any]:
    found = [each for each in reader.identifiers() if each.kind in _ASKABLE]
    return sorted(found, key=lambda each: (_ASKABLE.index(each.kind), each.valid_to is not None))


def _answer(reader: DossierReader, asking: _Asking) -> _Answered | None:
    """Returns the answer about the subject; None: the officer may see no number of it."""
    subject_id = reader.subject_id.hex()
    for key in _keys(reader):
        if key.sensitivity > _OPEN or not _may_see(asking.grant, key.section):
            continue
        person = reader.kind < EntityKind.VEHICLE
        if person != (key.kind == IdentifierKind.CUI):
            continue
        try:
            answer = _asked(key, asking)
        except CoreError as error:  # an identifier that the engine refuses
            log("recall_identifier_left_out", level=WARNING, error=error)
            continue
        hits = answer.answer.hits
        own = [hit for hit in hits if hit.subject.subject_id == subject_id]
        return _Answered(
            _records(own),
            _records(hit for hit in own if hit.level == _CERTAIN),
            _records(hits),
            answer.answer.hits_total <= len(answer.answer.hits),
            _subject_text(key, answer, subject_id, keeps_back=asking.keeps_back),
        )
    return None


def _records(hits: Iterable[alert_pb2.Hit]) -> set[tuple[str, str]]:
    named = [record for hit in hits for record in (hit.record, *(source.record for source in hit.sources))]
    return {(record.register_id, record.record_id) for record in named}


def _asked(key: Any, asking: _Asking) -> Any:
    engine, grant, clock_ms = asking.engine, asking.grant, asking.clock_ms
    context = context_pb2.RequestContext(purpose=asking.purpose)  # type: ignore[arg-type]
    if key.kind == IdentifierKind.CUI:
        person = check_service_pb2.CheckPersonRequest(context=context, cui=key.text)
        if asking.is_chosen:
            person.subject_found = check_service_pb2.SUBJECT_FOUND_CHOSEN_BY_NAME
        wire = engine.answer(Method.CHECK_PERSON, person.SerializeToString(), grant, clock_ms)
        return check_service_pb2.CheckPersonResponse.FromString(wire)
    vehicle = check_service_pb2.CheckVehicleRequest(context=context)
    if key.kind == IdentifierKind.VIN:
        vehicle.vin = key.text
    else:
        plate, _, vehicle.plate_country = key.text.partition("|")
        vehicle.plate = plate.removeprefix("?-")
    wire = engine.answer(Method.CHECK_VEHICLE, vehicle.SerializeToString(), grant, clock_ms)
    return check_service_pb2.CheckVehicleResponse.FromString(wire)


def _subject_text(key: Any, answer: Any, subject_id: str, *, keeps_back: bool) -> str:
    if key.kind == IdentifierKind.CUI:
        name = answer.person.name if answer.person.subject_id == subject_id else ""
        cui = f"CUI que termina en {key.text[-_TAIL:]}" if keeps_back else f"CUI {key.text}"
        return f"{name} ({cui})" if name else cui
    if key.kind == IdentifierKind.VIN:
        return f"VIN {key.text}"
    return f"placa {key.text.partition('|')[0].removeprefix('?-')}"


def _uuid(held: bytes) -> str:
    text = held.hex()
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:])) if text else ""


def _timestamp(ms: int) -> Timestamp:
    found = Timestamp()
    found.FromMilliseconds(ms)
    return found
