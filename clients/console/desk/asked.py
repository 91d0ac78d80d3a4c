"""A desk's form as a question: the purpose and case that the page shows go with each question, and no others."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from clients.client.connection import request_context
from clients.client.questions import BothSubjects, NoDate, Question, check_question
from ronda.v1 import check_service_pb2 as contract
from ronda.v1 import context_pb2

if TYPE_CHECKING:
    from collections.abc import Mapping

PURPOSES = {
    "INVESTIGATION": "Investigación",
    "WARRANT_SERVICE": "Cumplimiento de una orden",
    "VICTIM_PROTECTION": "Protección de una víctima",
    "TRAFFIC_STOP": "Control en la vía",
    "BORDER": "Frontera",
    "CLEARANCE": "Constancia",
    "AUDIT": "Auditoría",
    "TRAINING": "Capacitación",
    "BREAK_GLASS": "Peligro para la vida (exige una razón)",
}
"""Purposes that a desk may ask for, by the end of their names in the contract. None is chosen beforehand."""
PERSON_FIELDS = {
    "cui": "CUI",
    "document": "Pasaporte, PAÍS:NÚMERO",
    "name": "Nombre",
    "birth_date": "Nacimiento, dd/mm/aaaa",
    "father_name": "Padre",
    "mother_name": "Madre",
}
VEHICLE_FIELDS = {"plate": "Placa", "vin": "VIN o su final", "engine": "Motor"}
LONGEST = 200
"""Characters of one field: more than any name, number or sentence of a question."""
_CHOSEN, _COMPARED = contract.SUBJECT_FOUND_CHOSEN_BY_NAME, contract.SUBJECT_FOUND_DOCUMENT_COMPARED


class NotAsked(Exception):
    """The form is no question; its text says why, in Spanish."""


@dataclass(frozen=True)
class Why:
    """The reason for asking. All three are texts of the form."""

    purpose: str = ""
    case_number: str = ""
    reason: str = ""

    @property
    def words(self) -> str:
        """The purpose in Spanish."""
        return PURPOSES.get(self.purpose, "")

    def context(self) -> context_pb2.RequestContext:
        """A context of its own for each question. Raises NotAsked."""
        if self.purpose not in PURPOSES:
            raise NotAsked("Elija el motivo de la consulta.")
        number = context_pb2.Purpose.Value(f"PURPOSE_{self.purpose}")
        return request_context(number, self.case_number, self.reason)


@dataclass(frozen=True)
class Asked:
    """A form that was read. `fields`: what was typed; `question`: the request."""

    why: Why
    box: str
    fields: dict[str, str]
    question: Question | None = field(default=None)

    @property
    def words(self) -> str:
        """The question as a print states it."""
        labels = PERSON_FIELDS | VEHICLE_FIELDS
        return "; ".join([*filter(None, [self.box]), *(f"{labels[k]}: {v}" for k, v in self.fields.items())])


def why_of(form: Mapping[str, str]) -> Why:
    """Returns the reason that the page showed when its form was sent. Raises NotAsked."""
    return Why(*(field_of(form, name, label) for name, label in _WHY.items()))


def asked_of(form: Mapping[str, str]) -> Asked:
    """Returns the form without its question: what is shown again beside an error. Raises NotAsked."""
    labels = PERSON_FIELDS | VEHICLE_FIELDS
    fields = {name: text for name, label in labels.items() if (text := field_of(form, name, label))}
    return Asked(why_of(form), field_of(form, "caja", "consulta"), fields)


def question_of(asked: Asked) -> Question:
    """Returns the request of a form. Raises NotAsked."""
    context = asked.why.context()
    if not asked.box and not asked.fields:
        raise NotAsked("Escriba qué consultar: placa, CUI, documento, o nombre con fecha de nacimiento.")
    if asked.box and asked.fields:
        raise NotAsked("Escriba en la caja o en los campos, no en ambos.")
    person = {name: asked.fields.get(name, "") for name in PERSON_FIELDS}
    vehicle = {name: asked.fields.get(name, "") for name in VEHICLE_FIELDS}
    try:
        return check_question(context, asked.box, person, vehicle)
    except BothSubjects:
        raise NotAsked("Consulte a una persona o un vehículo, no ambos a la vez.") from None
    except NoDate:
        raise NotAsked("Nacimiento: escriba dd/mm/aaaa, mm/aaaa o el año.") from None


def chosen_of(form: Mapping[str, str]) -> Question:
    """Returns the request about somebody on a list, as chosen or as compared with a document. Raises NotAsked."""
    context = why_of(form).context()
    found = _COMPARED if form.get("comparado") == "si" else _CHOSEN
    handle, cui, plate, name = (field_of(form, name, "la lista") for name in ("manejo", "cui", "placa", "nombre"))
    if plate and not handle and not cui:
        return Question("CheckVehicle", contract.CheckVehicleRequest(context=context, plate=plate))
    if name and not handle and not cui:
        return check_question(context, "", {"name": name}, {})
    if not handle and not cui:
        raise NotAsked("Elija de la lista.")
    request = contract.CheckPersonRequest(context=context, subject_found=found, handle=handle)
    if not handle:
        request.cui = cui
    return Question("CheckPerson", request)


def records_of(form: Mapping[str, str]) -> contract.ListRecordsRequest:
    """Returns the request for a page of the records behind a count. Raises NotAsked."""
    section = form.get("seccion", "")
    if not section.isascii() or not section.isdecimal() or len(section) > 4:
        raise NotAsked("Abra los asientos desde su respuesta.")
    return contract.ListRecordsRequest(
        context=why_of(form).context(),
        subject_id=field_of(form, "sujeto", "la respuesta"),
        section=int(section),  # type: ignore[arg-type]
        page_size=PAGE,
        page_token=form.get("pagina", ""),
    )


PAGE = 20
"""Records of one page of a section."""
_WHY = {"motivo": "motivo", "caso": "número de caso", "razon": "razón"}


def field_of(form: Mapping[str, str], name: str, label: str) -> str:
    """Returns a field without blanks around it. Raises NotAsked."""
    text = form.get(name, "").strip()
    if len(text) > LONGEST:
        raise NotAsked(f"{label[:1].upper()}{label[1:]}: {LONGEST} letras a lo más.")
    return text
