"""One box: every kind that fits the text is looked up (docs/answers.md section 8)."""

# The oracle keeps enum values as plain numbers; the stubs want their enum types.
# mypy: disable-error-code="assignment,no-any-return"

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ronda.v1 import alert_pb2, check_service_pb2, error_pb2, level_pb2
from tests.core.free_text import naive_free_names
from tests.core.identifiers import naive_identifiers
from tests.core.identifiers.naive_identifiers import IdentifierError, IdentifierKind
from tests.core.names import naive_names
from tests.oracle import comparing, heading, showing, vehicle_answer
from tests.oracle.agreement import AGREES
from tests.oracle.alerts import open_hits
from tests.oracle.asked import (
    QUERY_LIMIT,
    Identifier,
    PersonQuestion,
    QuestionError,
    VehicleQuestion,
    asked_cui,
    invalid,
    plate,
)
from tests.oracle.candidates import add_comparisons, gather, shown_level, similar_alerts
from tests.oracle.chosen import doubted, only_persons_tried
from tests.oracle.finding import NOT_FOUND, POSSIBLE, UNVERIFIED, Finding, by_identifier, by_name
from tests.oracle.finding_vehicles import by_vehicle_identifier
from tests.oracle.lost_letters import mended
from tests.oracle.record import PERSON, Subject
from tests.oracle.suggesting import lost_digit, misformed_plates, suggestions

if TYPE_CHECKING:
    from tests.oracle.view import View

PERSON_KINDS = {
    IdentifierKind.CUI: ("cui", level_pb2.CRITERION_CUI),
    IdentifierKind.NIT: ("nit", level_pb2.CRITERION_NIT),
    IdentifierKind.CEDULA: ("cedula", level_pb2.CRITERION_CEDULA),
    IdentifierKind.DOCUMENT: ("document", level_pb2.CRITERION_DOCUMENT),
    IdentifierKind.DOCUMENT_NUMBER: ("document_number", level_pb2.CRITERION_DOCUMENT_WITHOUT_COUNTRY),
    IdentifierKind.LICENCE: ("licence", level_pb2.CRITERION_LICENCE),
    IdentifierKind.TELEPHONE: ("telephone", level_pb2.CRITERION_TELEPHONE),
}
VEHICLE_KINDS = {
    IdentifierKind.VIN: ("vin", level_pb2.CRITERION_VIN),
    IdentifierKind.CHASSIS_TAIL: ("chassis_tail", level_pb2.CRITERION_CHASSIS_TAIL),
    IdentifierKind.ENGINE: ("engine", level_pb2.CRITERION_ENGINE),
}
STRENGTH = ("cui", "document", "nit", "licence", "plate", "vin", "cedula")
CONTRACT_KINDS = {
    "cui": check_service_pb2.IDENTIFIER_KIND_CUI,
    "nit": check_service_pb2.IDENTIFIER_KIND_NIT,
    "cedula": check_service_pb2.IDENTIFIER_KIND_CEDULA,
    "document": check_service_pb2.IDENTIFIER_KIND_DOCUMENT,
    "document_number": check_service_pb2.IDENTIFIER_KIND_DOCUMENT,
    "licence": check_service_pb2.IDENTIFIER_KIND_LICENCE,
    "telephone": check_service_pb2.IDENTIFIER_KIND_TELEPHONE,
    "plate": check_service_pb2.IDENTIFIER_KIND_PLATE,
    "vin": check_service_pb2.IDENTIFIER_KIND_VIN,
    "chassis_tail": check_service_pb2.IDENTIFIER_KIND_CHASSIS_TAIL,
    "engine": check_service_pb2.IDENTIFIER_KIND_ENGINE,
    "name": check_service_pb2.IDENTIFIER_KIND_NAME,
}


@dataclass
class Tried:
    """One kind tried."""

    asked: Identifier  # kind "name" for a name
    canonical: str
    finding: Finding
    question: PersonQuestion | VehicleQuestion  # as its own field would ask

    @property
    def kind(self) -> str:
        return self.asked.kind

    @property
    def strength(self) -> tuple[int, int]:
        typed = self.kind in STRENGTH and (self.kind != "plate" or self.asked.certain)
        return (STRENGTH.index(self.kind) if typed else len(STRENGTH), CONTRACT_KINDS[self.kind])

    @property
    def of_persons(self) -> bool:
        return self.kind == "name" or self.kind in {name for name, _ in PERSON_KINDS.values()}


def is_dated(tried: Tried) -> bool:
    """A name with a year of birth."""
    return tried.kind == "name" and isinstance(tried.question, PersonQuestion) and bool(tried.question.birth[0])


def check(view: View, request: Any) -> check_service_pb2.CheckResponse:
    tried = try_all(view, request.query, request.country)
    make = check_service_pb2.CheckResponse
    return heading.trimmed(lambda limit: doubted(request, answer(view, request, tried, make(), limit)))


def check_person_box(view: View, request: Any) -> check_service_pb2.CheckPersonResponse:
    tried = [t for t in try_all(view, request.query, "") if t.of_persons]
    if not tried:
        raise invalid("query")
    make = check_service_pb2.CheckPersonResponse
    return heading.trimmed(lambda limit: doubted(request, answer(view, request, tried, make(), limit)))


def check_vehicle_box(view: View, request: Any) -> check_service_pb2.CheckVehicleResponse:
    tried = [t for t in try_all(view, request.query, request.plate_country) if not t.of_persons]
    if not tried:
        raise invalid("query")
    make = check_service_pb2.CheckVehicleResponse
    return heading.trimmed(lambda limit: answer(view, request, tried, make(), limit))


def try_all(view: View, query: str, country: str) -> list[Tried]:
    if not query.strip():
        raise QuestionError(error_pb2.ERROR_REASON_QUESTION_EMPTY, "query")
    if len(query) > QUERY_LIMIT:
        raise invalid("query")
    try:
        if country:
            naive_identifiers.country_code(country)
    except IdentifierError as error:
        raise invalid("country") from error
    query = naive_free_names.without_bare_age(query)
    detected = naive_identifiers.detect(query, country)
    digits = asked_cui(query)
    if not detected and digits:
        detected = [(IdentifierKind.CUI, digits)]
    if not detected:
        raise invalid("query")
    tried = [_try(view, kind, text, query, country) for kind, text in detected]
    return sorted(tried, key=lambda t: CONTRACT_KINDS[t.kind])


def _try(view: View, kind: IdentifierKind, text: str, query: str, country: str) -> Tried:
    if kind == IdentifierKind.NAME:
        name, birth = naive_free_names.free_name(query, view.this_year)
        if naive_free_names.unread_digits(name, birth):
            raise invalid("query")
        key = naive_names.name_key(name)
        if not key:
            raise invalid("query")
        question = PersonQuestion(name_key=key, name_text=mended(naive_names.name_text({}, name)), birth=birth)
        named = Identifier("name", level_pb2.CRITERION_NAMES, key)
        return Tried(named, text, by_name(view, question, "query"), question)
    if kind == IdentifierKind.PLATE:
        asked = plate(query, country, "query")
        return Tried(asked, text, by_vehicle_identifier(view, asked), VehicleQuestion(identifiers=[asked]))
    if kind in VEHICLE_KINDS:
        name, criterion = VEHICLE_KINDS[kind]
        asked = Identifier(name, criterion, text)
        return Tried(asked, text, by_vehicle_identifier(view, asked), VehicleQuestion(identifiers=[asked]))
    name, criterion = PERSON_KINDS[kind]
    asked = Identifier(name, criterion, text)
    one = PersonQuestion(identifiers=[asked])
    return Tried(asked, text, by_identifier(view, asked, one), one)


def answer(view: View, request: Any, tried: list[Tried], response: Any, limit: int) -> Any:
    finders = sorted((t for t in tried if t.finding.found), key=lambda t: t.strength)
    subjects = {t.finding.subject for t in finders if t.finding.subject is not None}
    plain = all(t.finding.subject is not None or not t.finding.others for t in finders)
    for t in tried:
        response.detected.add(kind=CONTRACT_KINDS[t.kind], found=t.finding.on_file, canonical=t.canonical)
    if len(subjects) == 1 and plain:
        best = next(t for t in finders if t.finding.subject is not None)
        _one(view, request, response, best, [t.finding for t in finders], limit)
    elif subjects or any(t.finding.others for t in finders):
        _several(view, response, tried, finders)
    else:
        _none(view, request, response, tried, finders)
    return response


def _one(view: View, request: Any, response: Any, best: Tried, findings: list[Finding], limit: int) -> None:
    """The answer that the typed question would give, with the strongest kind's link."""
    from tests.oracle.person_answer import answer as person_answer

    subject = best.finding.subject
    assert subject is not None
    if isinstance(best.question, PersonQuestion):
        typed = person_answer(view, request, best.question, best.finding, limit)
        response.person.CopyFrom(typed.person)
    else:
        finding = best.finding
        for other in findings:
            finding.plates += [p for p in other.plates if p not in finding.plates]
            finding.former += [v for v in other.former if v not in finding.former and v is not subject]
        typed = vehicle_answer.answer(view, request, best.question, finding, limit)
        response.vehicle.CopyFrom(typed.vehicle)
    response.answer.CopyFrom(typed.answer)
    response.candidates.extend(typed.candidates)
    response.candidates_total = typed.candidates_total


def _compare(view: View, tried: Tried, subject: Subject | None, found: bool) -> comparing.Comparisons:
    if isinstance(tried.question, PersonQuestion):
        return comparing.person(view, tried.question, subject, found)
    return comparing.vehicle(view, tried.question, subject, found)


def _held(view: View, finders: list[Tried], subject: Subject) -> comparing.Comparisons:
    """Returns, of several kinds that found, those by which the subject is held."""
    return [
        compared
        for t in sorted(finders, key=lambda t: CONTRACT_KINDS[t.kind])
        if t.of_persons == (subject.about == PERSON) and t.kind != "name"
        for compared in _compare(view, t, subject, True)
        if compared[1] == AGREES
    ]


def _several(view: View, response: Any, tried: list[Tried], finders: list[Tried]) -> None:
    people: dict[Subject, int] = {}
    hits = []
    for t in finders:
        for subject in [*([t.finding.subject] if t.finding.subject else []), *t.finding.others]:
            people.setdefault(subject, POSSIBLE)
        for plate_subject, link in t.finding.plates:
            where = showing.hit_subject(alert_pb2.HIT_SUBJECT_KIND_PLATE, plate_subject)
            hits += open_hits(view, plate_subject, link, where)
    named = finders[0].finding.by_name if len(finders) == 1 else {}
    ordered = list(people) if named else sorted(people, key=lambda s: s.place)
    alone = finders[0] if len(finders) == 1 else None
    hits += gather(
        view,
        response,
        [(subject, POSSIBLE) for subject in ordered],
        lambda s: _compare(view, alone, s, True) if alone is not None else _held(view, finders, s),
        named,
    )
    if alone is not None:
        add_comparisons(response.answer.comparisons, _compare(view, alone, None, alone.finding.on_file))
    first = finders[0]
    status = first.finding.status if len(finders) == 1 else level_pb2.IDENTITY_STATUS_UNSPECIFIED
    several_bear = any(t.finding.several_bear for t in finders)
    head = response.answer
    national = first.asked.national and len(finders) == 1
    persons = all(t.of_persons for t in finders) and all(s.about == PERSON for s in ordered)
    kind = "person" if persons else "vehicle"
    head.level = heading.level(view, hits, status, False, national, False, kind, several_bear)
    head.level = max(head.level, shown_level(view, [(s, POSSIBLE) for s in ordered], named))
    head.identity_status = status
    heading.fill_hits(head, hits)
    if any(t.finding.former for t in finders):
        head.cautions.append(level_pb2.CAUTION_FLAG_REISSUED_PLATE)
    heading.fill_registers(view, head, persons_only=persons and only_persons_tried(response))
    similar = similar_alerts(view, [(s, POSSIBLE) for s in ordered], named)
    asked = [first.asked] if len(finders) == 1 else []
    nothing = len(tried) == 1 and not first.finding.on_file
    dated = is_dated(first)
    heading.fill_notes(view, head, asked, status, False, first.kind == "name", nothing, similar=similar, dated=dated)


def _none(view: View, request: Any, response: Any, tried: list[Tried], finders: list[Tried]) -> None:
    """Nothing but perhaps a plate's own alerts."""
    hits = []
    for t in finders:
        for plate_subject, link in t.finding.plates:
            where = showing.hit_subject(alert_pb2.HIT_SUBJECT_KIND_PLATE, plate_subject)
            hits += open_hits(view, plate_subject, link, where)
    asked = [t.asked for t in tried]
    found, held = suggestions(view, asked) if not finders else ([], 0)
    further = set()
    meant = None  # a CUI that lost a digit
    if not finders and not found and not isinstance(response, check_service_pb2.CheckVehicleResponse):
        country = getattr(request, "country", "").upper()
        lost = lost_digit(view, request.query, [a.kind for a in asked]) if country in ("", "GTM") else None
        further |= {"DOCUMENT_NOT_ON_FILE"} if lost is not None else set()
        found, held = lost or [], len(lost or [])
        if lost:
            meant = Identifier("cui", level_pb2.CRITERION_CUI, naive_identifiers.miscounted_cui(request.query))
            asked.append(meant)
    nationals = [t for t in tried if t.asked.national]
    unidentified = meant is not None and not view.identifiers_loaded("cui")
    if unidentified or any(t.finding.status == UNVERIFIED and t.kind != "vin" for t in nationals):
        status = UNVERIFIED
    elif meant is not None or [t for t in nationals if t.kind != "vin"]:
        status = NOT_FOUND
    else:
        status = tried[0].finding.status
    certain = meant is not None or any(t.finding.certain for t in tried)
    head = response.answer
    persons = all(t.of_persons for t in tried)
    national = meant is not None or any(heading.counts_as_national(view, t.asked, t.finding.status) for t in tried)
    head.level = heading.level(view, hits, status, certain, national, False, "person" if persons else "vehicle")
    head.identity_status = status
    heading.fill_registers(view, head, persons_only=persons)
    heading.fill_hits(head, hits)
    named = len(tried) == 1 and tried[0].kind == "name"
    unread = not finders and not isinstance(response, check_service_pb2.CheckPersonResponse)
    if unread and not found and not any(a.kind == "plate" for a in asked):
        misformed = misformed_plates(view, request.query)
        further |= {"PLATE_NOT_ON_FILE"} if misformed is not None else set()
        found, held = misformed or [], len(misformed or [])
    heading.fill_notes(view, head, asked, status, False, named, True, further, dated=is_dated(tried[0]))
    if len(tried) == 1:
        add_comparisons(head.comparisons, _compare(view, tried[0], None, False))
    if finders:
        return
    response.suggestions.extend(found)
    response.suggestions_on_file = held
