"""A program's questions as requests of the contract: the purpose, and each question's fields, checked for their kind.

An error names the field and not its value, which protobuf's own errors show.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypedDict, TypeVar

from clients.client.connection import request_context
from clients.client.failures import FieldViolation, QuestionRefused
from clients.client.questions import NoDate, read_date, read_document
from ronda.v1 import check_service_pb2 as contract
from ronda.v1.clearance_service_pb2 import ClearanceStandard, ClearRequest
from ronda.v1.context_pb2 import PURPOSE_UNSPECIFIED, Purpose
from ronda.v1.section_pb2 import Section
from ronda.v1.value_pb2 import ForeignDocument, PartialDate, PersonName, Sex

if TYPE_CHECKING:
    from google.protobuf.message import Message

    from ronda.v1.context_pb2 import RequestContext

_M = TypeVar("_M", bound="Message")


@dataclass(frozen=True)
class Why:
    """The lawful reason of a question, which policy decides by. purpose: a name of the contract, "TRAFFIC_STOP".

    case_number: if policy requires one; reason: for breaking the glass; sections: names of the wanted ones, of the
    contract ("WARRANT"); none: all that the caller may see.
    """

    purpose: str
    case_number: str = ""
    reason: str = ""
    sections: tuple[str, ...] = ()

    def frame(self) -> RequestContext:
        """A context with a new request_id. Raises QuestionRefused for a purpose or section that there is not."""
        number = Purpose.Value(_named("purpose", "PURPOSE_", self.purpose, Purpose)) if self.purpose else None
        context = request_context(PURPOSE_UNSPECIFIED if number is None else number, self.case_number, self.reason)
        names = [_named("sections", "SECTION_", name, Section) for name in self.sections]
        context.sections.extend([Section.Value(name) for name in names])  # type: ignore[misc]
        return context


def as_why(why: Why | str) -> Why:
    """A text is a purpose alone."""
    return why if isinstance(why, Why) else Why(why)


class PersonFields(TypedDict, total=False):
    """The known or seen facts of a person.

    birth_date: a date, "1988", "1988-03", "1988-03-31" or "31/03/1988"; document: "COUNTRY:NUMBER" with the country's
    ISO 3166-1 alpha-3 code, or the number; sex: "M" or "F"; name: as it is written; handle: Candidate.handle, alone;
    subject_found: "CHOSEN_BY_NAME" for a person chosen from a list, "DOCUMENT_COMPARED" once the document was compared.
    """

    cui: str
    nit: str
    cedula: str
    document: str
    licence: str
    telephone: str
    name: str
    birth_date: str | datetime.date
    sex: str
    father_name: str
    mother_name: str
    handle: str
    subject_found: str


class VehicleFields(TypedDict, total=False):
    """The known or seen facts of a vehicle. plate_country: ISO 3166-1 alpha-3, Guatemala if none is given."""

    plate: str
    plate_country: str
    vin: str
    chassis_tail: str
    engine: str
    make: str
    colour: str
    model_year: int


class PersonSearch(TypedDict, total=False):
    """The filters of a search for persons. birth_date, sex: as in PersonFields; department, municipality: INE codes."""

    birth_date: str | datetime.date
    birth_year_from: int
    birth_year_to: int
    age_from: int
    age_to: int
    sex: str
    department: int
    municipality: int
    father_name: str
    mother_name: str
    page_size: int
    page_token: str


class VehicleSearch(TypedDict, total=False):
    """The filters of a search for vehicles. plate_pattern: with ? for one character and * for any number."""

    plate_pattern: str
    make: str
    colour: str
    model_year: int
    vehicle_type: str
    number: str
    page_size: int
    page_token: str


def one_box(context: RequestContext, query: str, country: str) -> contract.CheckRequest:
    """Returns a check of any typed text. Raises QuestionRefused."""
    return _filled(contract.CheckRequest(context=context), {"query": query, "country": country})


def person(context: RequestContext, query: str, fields: Mapping[str, Any]) -> contract.CheckPersonRequest:
    """One person to check. Raises QuestionRefused."""
    return _filled(contract.CheckPersonRequest(context=context), {"query": query, **fields})


def vehicle(context: RequestContext, query: str, fields: Mapping[str, Any]) -> contract.CheckVehicleRequest:
    """One vehicle to check. Raises QuestionRefused."""
    return _filled(contract.CheckVehicleRequest(context=context), {"query": query, **fields})


def persons(context: RequestContext, names: str, fields: Mapping[str, Any]) -> contract.SearchPersonsRequest:
    """Persons to search. Raises QuestionRefused."""
    return _filled(contract.SearchPersonsRequest(context=context), {"names": names, **fields})


def vehicles(context: RequestContext, query: str, fields: Mapping[str, Any]) -> contract.SearchVehiclesRequest:
    """Vehicles to search. Raises QuestionRefused."""
    return _filled(contract.SearchVehiclesRequest(context=context), {"query": query, **fields})


def records(
    context: RequestContext, subject_id: str, section: str, page_size: int, page_token: str
) -> contract.ListRecordsRequest:
    """A page of a section, by its name in the contract ("VEHICLE"). Raises QuestionRefused."""
    number = Section.Value(_named("section", "SECTION_", section, Section))
    given = {"subject_id": subject_id, "section": number, "page_size": page_size, "page_token": page_token}
    return _filled(contract.ListRecordsRequest(context=context), given)


def _named(field: str, prefix: str, name: str, enum: Any) -> str:
    whole = prefix + str(name).upper().removeprefix(prefix)
    if whole not in enum.keys():  # noqa: SIM118 - no dictionary
        raise _broken(field, "no such name in the contract")
    return whole


def _broken(field: str, rule: str) -> QuestionRefused:
    return QuestionRefused("INVALID_ARGUMENT", f"{field}: {rule}", "FIELD_INVALID", [FieldViolation(field, rule)])


def _filled(request: _M, fields: Mapping[str, Any]) -> _M:
    """`request` with its fields; empty ones count as not given."""
    for field, value in fields.items():
        if value in ("", 0, None) and value is not False:
            continue
        if field not in request.DESCRIPTOR.fields_by_name:
            raise _broken(field, "no such field in this question")
        rule = _put(request, field, value)
        if rule:
            raise _broken(field, rule)
    return request


def _put(request: Message, field: str, value: Any) -> str:
    """ "" or the rule that the value breaks; no exception that would keep the value as its context."""
    try:
        if field == "birth_date":
            getattr(request, field).CopyFrom(_date(value))
        elif field == "document":
            request.document.CopyFrom(value if isinstance(value, ForeignDocument) else read_document(value))  # type: ignore[attr-defined]
        elif field == "name":
            request.name.CopyFrom(value if isinstance(value, PersonName) else PersonName(full=value))  # type: ignore[attr-defined]
        elif field == "sex" and isinstance(value, str):
            words = {"M": "SEX_MALE", "F": "SEX_FEMALE"}
            request.sex = Sex.Value(words.get(value.upper(), value))  # type: ignore[attr-defined]
        elif field == "subject_found" and isinstance(value, str):
            found = contract.SubjectFound.Value(f"SUBJECT_FOUND_{value.upper().removeprefix('SUBJECT_FOUND_')}")
            request.subject_found = found  # type: ignore[attr-defined]
        else:
            setattr(request, field, value)
    except NoDate:
        return "a date: yyyy, yyyy-mm, yyyy-mm-dd or dd/mm/yyyy"
    except (TypeError, ValueError, AttributeError):
        return f"{type(value).__name__} or this value does not fit here"
    return ""


def _date(value: Any) -> PartialDate:
    if isinstance(value, PartialDate):
        return value
    if isinstance(value, datetime.date):
        return PartialDate(year=value.year, month=value.month, day=value.day)
    return read_date(value)


def clearance(context: RequestContext, standard: str, generation_id: str) -> ClearRequest:
    """Returns the first message of a clearance stream. Raises QuestionRefused."""
    name = _named("standard", "CLEARANCE_STANDARD_", standard, ClearanceStandard)
    given = {"standard": ClearanceStandard.Value(name), "generation_id": generation_id}
    return _filled(ClearRequest(context=context), given)
