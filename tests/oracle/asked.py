"""A request's fields, checked and made canonical (docs/answers.md section 8)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ronda.v1 import error_pb2, level_pb2
from tests.core import naive_calendar
from tests.core.identifiers import naive_countries, naive_identifiers
from tests.core.identifiers.naive_identifiers import IdentifierError, IdentifierKind
from tests.core.names import naive_names
from tests.oracle.lost_letters import mended
from tests.oracle.record import Birth, Record

QUERY_LIMIT = 200


class QuestionError(Exception):
    """The request breaks a rule."""

    def __init__(self, reason: int, field_name: str) -> None:
        super().__init__(f"{error_pb2.ErrorReason.Name(reason)} {field_name}")
        self.reason = reason
        self.field = field_name


def invalid(field_name: str) -> QuestionError:
    return QuestionError(error_pb2.ERROR_REASON_FIELD_INVALID, field_name)


@dataclass(frozen=True)
class Identifier:
    """One identifier asked. `value` canonical; a plate is (type, number, country)."""

    kind: str
    criterion: int
    value: Any

    def is_of(self, record: Record) -> bool:
        """Returns whether a record carries it."""
        if self.kind == "cui":
            return bool(record.cui == self.value)
        if self.kind == "nit":
            return record.nit == self.value or (self.is_cui and record.cui == self.value)
        if self.kind == "document":
            return all(record.document) and ":".join(record.document) == self.value
        if self.kind == "document_number":
            return bool(record.document[1] == self.value)
        if self.kind == "vin":
            return self.value in (record.vin, record.chassis)
        if self.kind == "chassis_tail":
            return any(n and _is_tail(self.value, n) for n in (record.vin, record.chassis))
        if self.kind == "engine":
            return bool(record.engine) and (record.engine == self.value or _is_tail(self.value, record.engine))
        return bool(getattr(record, self.kind) == self.value)

    @property
    def is_cui(self) -> bool:
        return len(self.value) == 13 and naive_identifiers.problem(IdentifierKind.CUI, self.value) is None

    @property
    def impossible(self) -> bool:
        """A CUI that breaks its rule, its length too, be it one without its leading zero."""
        broken = self.kind == "cui" and naive_identifiers.problem(IdentifierKind.CUI, self.value) is not None
        return broken or (self.kind == "cui" and len(self.value) != 13)

    @property
    def national(self) -> bool:
        """Returns whether it is an identifier that Guatemala gives."""
        if self.kind == "document":
            return str(self.value).startswith("GTM:")
        if self.kind == "plate":
            return bool(self.value[0]) and self.value[2] == "GTM"
        return self.kind in ("cui", "cedula", "nit", "licence", "vin")

    @property
    def foreign(self) -> bool:
        if self.kind == "document_number":
            return True
        return (self.kind == "document" and not self.national) or (self.kind == "plate" and self.value[2] != "GTM")

    @property
    def certain(self) -> bool:
        if self.kind == "plate":
            return bool(self.value[0]) or self.foreign
        return self.kind in ("cui", "document", "nit", "licence", "cedula", "vin")

    @property
    def identified_as(self) -> tuple[str, ...]:
        """Returns what a register must identify to speak with authority of it."""
        if self.kind in ("document", "document_number"):
            return ("foreign_document",) if self.foreign else ("document",)
        return ("nit", "cui") if self.kind == "nit" and self.is_cui else (self.kind,)


def _is_tail(tail: str, number: str) -> bool:
    return 6 <= len(tail) <= 8 and number.endswith(tail)


@dataclass
class PersonQuestion:
    identifiers: list[Identifier] = field(default_factory=list)  # in request field order
    name_key: str = ""
    name_text: str = ""
    birth: Birth = (0, 0, 0)
    sex: int = 0
    father: str = ""
    mother: str = ""
    anything: bool = False

    @property
    def principal(self) -> Identifier | None:
        order = ("cui", "document", "document_number", "nit", "licence", "cedula", "telephone")
        return next((i for kind in order for i in self.identifiers if i.kind == kind), None)


def identifier(kind: IdentifierKind, criterion: int, name: str, text: str, field_name: str = "") -> Identifier:
    try:
        return Identifier(name, criterion, naive_identifiers.canonical(kind, text))
    except IdentifierError as error:
        raise invalid(field_name or name) from error


def document(request: Any) -> Identifier | None:
    given = request.document
    if not request.HasField("document") or not (given.country or given.number):
        return None
    if not given.number:
        raise invalid("document.number")
    if not given.country and (beside := naive_countries.split(given.number)):
        try:
            number = naive_identifiers.document(beside[0], beside[1])
        except IdentifierError as error:
            raise invalid("document.number") from error
        return Identifier("document", level_pb2.CRITERION_DOCUMENT, number)
    if not given.country:
        return identifier(
            IdentifierKind.DOCUMENT_NUMBER,
            level_pb2.CRITERION_DOCUMENT_WITHOUT_COUNTRY,
            "document_number",
            given.number,
            "document.number",
        )
    try:
        country = naive_identifiers.country_code(given.country)
    except IdentifierError as error:
        raise invalid("document.country") from error
    try:
        return Identifier("document", level_pb2.CRITERION_DOCUMENT, naive_identifiers.document(country, given.number))
    except IdentifierError as error:
        raise invalid("document.number") from error


def asked_cui(text: str) -> str | None:
    """The digits of a CUI, whatever rule they break: 13, or 12 or 14 that are read in no other way."""
    return naive_identifiers.cui_digits(text)[0] or naive_identifiers.miscounted_cui(text)


def person_question(request: Any) -> PersonQuestion:
    question = PersonQuestion()
    kinds = (
        (IdentifierKind.CUI, level_pb2.CRITERION_CUI, "cui"),
        (IdentifierKind.NIT, level_pb2.CRITERION_NIT, "nit"),
        (IdentifierKind.CEDULA, level_pb2.CRITERION_CEDULA, "cedula"),
    )
    for kind, criterion, name in kinds:
        if getattr(request, name):
            digits = asked_cui(getattr(request, name)) if name == "cui" else None
            asked = Identifier(name, criterion, digits) if digits else None
            question.identifiers.append(asked or identifier(kind, criterion, name, getattr(request, name)))
    papers = document(request)
    if papers is not None:
        question.identifiers.append(papers)
    for kind, criterion, name in (
        (IdentifierKind.LICENCE, level_pb2.CRITERION_LICENCE, "licence"),
        (IdentifierKind.TELEPHONE, level_pb2.CRITERION_TELEPHONE, "telephone"),
    ):
        if getattr(request, name):
            question.identifiers.append(identifier(kind, criterion, name, getattr(request, name)))
    name = request.name
    if request.HasField("name") and any(getattr(name, f.name) for f in name.DESCRIPTOR.fields):
        parts = ("first_given", "second_given", "third_given", "first_surname", "second_surname", "full")
        question.name_key = naive_names.name_key_of_parts(**{p: getattr(name, p) for p in parts})
        if not question.name_key:
            raise invalid("name")
        text = naive_names.name_text({p: getattr(name, p) for p in naive_names.PARTS}, name.full)
        if naive_names.names_nobody(text):
            question.name_key = ""
        else:
            question.name_text = mended(text)
    question.birth = birth_of(request, "birth_date")
    question.sex = request.sex
    for parent in ("father", "mother"):
        stated = getattr(request, f"{parent}_name")
        if not naive_names.names_nobody(stated):
            setattr(question, parent, mended(naive_names.name_text({}, stated)))
    seen = (question.birth[0], any(question.birth), question.sex, request.father_name, request.mother_name)
    question.anything = bool(question.identifiers or question.name_key or any(seen))
    return question


def birth_of(request: Any, name: str) -> Birth:
    date = getattr(request, name)
    if not request.HasField(name):
        return (0, 0, 0)
    if naive_calendar.date_problem(date.year, date.month, date.day):
        raise invalid(name)
    return (date.year, date.month, date.day)


@dataclass
class VehicleQuestion:
    identifiers: list[Identifier] = field(
        default_factory=list
    )  # in request field order, which is the order of principals
    make: str = ""
    colour: str = ""
    model_year: int = 0


def plate(text: str, country: str, field_name: str = "plate") -> Identifier:
    if country:
        try:
            country = naive_identifiers.country_code(country)
        except IdentifierError as error:
            raise invalid("plate_country" if field_name == "plate" else "country") from error
    try:
        found = naive_identifiers.plate(text, country or "GTM")
    except IdentifierError as error:
        raise invalid(field_name) from error
    criterion = level_pb2.CRITERION_PLATE if found.type or found.country != "GTM" else level_pb2.CRITERION_PLATE_UNTYPED
    return Identifier("plate", criterion, (found.type, found.number, found.country))


def vehicle_question(request: Any) -> VehicleQuestion:
    question = VehicleQuestion(make=request.make, colour=request.colour, model_year=request.model_year)
    if request.plate:
        question.identifiers.append(plate(request.plate, request.plate_country))
    for kind, criterion, name in (
        (IdentifierKind.VIN, level_pb2.CRITERION_VIN, "vin"),
        (IdentifierKind.CHASSIS_TAIL, level_pb2.CRITERION_CHASSIS_TAIL, "chassis_tail"),
        (IdentifierKind.ENGINE, level_pb2.CRITERION_ENGINE, "engine"),
    ):
        if getattr(request, name):
            question.identifiers.append(identifier(kind, criterion, name, getattr(request, name)))
    return question
