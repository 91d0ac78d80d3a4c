"""The data of a generation about one person, record by record: released or withheld.

Withheld, and listed for the reviewer alone: discreet alerts, warrants that are still to be served, records that may be
another person's, and data that names other persons.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from google.protobuf.json_format import MessageToDict

from core.access.grant import Grant
from core.engine.entry import Engine, Method
from core.errors import QuestionError
from ronda.v1 import alert_pb2, person_pb2, section_pb2
from ronda.v1 import check_service_pb2 as checks
from ronda.v1 import register_service_pb2 as registers

_PAGE = 100
# Fields that name somebody else: the record is released without them.
_THIRD_PARTIES: dict[int, tuple[str, ...]] = {section_pb2.SECTION_FAMILY: ("name", "cui")}
_SECRET_WARRANTS = (alert_pb2.ALERT_STATE_PENDING, alert_pb2.ALERT_STATE_SUSPENDED, alert_pb2.ALERT_STATE_UNSPECIFIED)


@dataclass(frozen=True)
class Held:
    """One record. `kept_back`: the reason to withhold it, "" = released; `data`: without other persons."""

    section: str
    sensitivity: str
    register: str
    record_id: str
    data: dict[str, Any]
    others: dict[str, Any]  # what names other persons, for the reviewer
    kept_back: str


@dataclass(frozen=True)
class Holdings:
    """The data of one generation about a CUI. subject_id: 16 bytes, None = nothing is on file."""

    generation: str
    subject_id: bytes | None
    registers: list[dict[str, str]]
    records: list[Held]


def subject_id_of(engine: Engine, cui: str, clock_ms: int) -> bytes | None:
    """Subject id of a CUI; None = nothing is on file. Raises core.errors.QuestionError, DossierDamaged."""
    check = checks.CheckPersonRequest(cui=cui).SerializeToString()
    content = engine.answer(Method.CHECK_PERSON, check, Grant.everything(), clock_ms)
    response = checks.CheckPersonResponse.FromString(content)
    return bytes.fromhex(response.person.subject_id) if response.HasField("person") else None


def holdings(engine: Engine, cui: str, clock_ms: int) -> Holdings:
    """Reads all of it. Raises core.errors.QuestionError when the CUI is none, DossierDamaged."""
    subject_id = subject_id_of(engine, cui, clock_ms)
    listed = registers.ListRegistersResponse.FromString(
        engine.answer(Method.LIST_REGISTERS, b"", Grant.everything(), clock_ms)
    )
    found = [_register(register) for register in listed.registers]
    records = list(_records(engine, subject_id.hex(), clock_ms)) if subject_id is not None else []
    return Holdings(engine.generation_id, subject_id, found, records)


def _register(register: Any) -> dict[str, str]:
    status = register.status
    as_of = status.as_of.ToDatetime().isoformat() + "Z" if status.HasField("as_of") else ""
    return {"id": status.register_id, "name": status.name, "owner": register.owner, "as_of": as_of}


def _records(engine: Engine, subject: str, clock_ms: int) -> Iterator[Held]:
    """Yields the records by section, then sensitivity: each pair is read with a grant that shows nothing else."""
    sections = [
        number for number in section_pb2.Section.values() if 0 < number < section_pb2.SECTION_VEHICLE_REGISTRATION
    ]
    for section in sections:
        for sensitivity in section_pb2.Sensitivity.values()[1:]:
            grant = Grant({sensitivity: 1 << section})
            yield from _pages(engine, subject, section, sensitivity, grant, clock_ms)


def _pages(engine: Engine, subject: str, section: int, sensitivity: int, grant: Grant, clock_ms: int) -> Iterator[Held]:
    request = checks.ListRecordsRequest(subject_id=subject, section=section, page_size=_PAGE)  # type: ignore[arg-type]
    while True:
        try:
            content = engine.answer(Method.LIST_RECORDS, request.SerializeToString(), grant, clock_ms)
        except QuestionError:  # nothing of this pair is on file
            return
        response = checks.ListRecordsResponse.FromString(content)
        for message in _messages(response.person, section):
            yield _held(message, section, sensitivity)
        if not response.next_page_token:
            return
        request.page_token = response.next_page_token


def _messages(person: person_pb2.Person, section: int) -> list[Any]:
    return list(getattr(person, person.DESCRIPTOR.fields_by_number[section].name))


def _held(message: Any, section: int, sensitivity: int) -> Held:
    data = MessageToDict(message, preserving_proto_field_name=True)
    reference = data.pop("record", {})
    others = {name: data.pop(name) for name in _THIRD_PARTIES.get(section, ()) if name in data}
    why = ""
    if sensitivity == section_pb2.SENSITIVITY_DISCREET or section == section_pb2.SECTION_DISCREET_ALERT:
        why = "discreet alert"
    elif section == section_pb2.SECTION_WARRANT and message.state in _SECRET_WARRANTS:
        why = "warrant to be served"
    elif section == section_pb2.SECTION_DAMAGED_RECORD or message.record.possible:
        why = "perhaps another person's"
    return Held(
        section_pb2.Section.Name(section).removeprefix("SECTION_"),
        section_pb2.Sensitivity.Name(sensitivity).removeprefix("SENSITIVITY_"),
        reference.get("register_id", ""),
        reference.get("record_id", ""),
        data,
        others,
        why,
    )
