"""SearchPersons and ListRecords (docs/answers.md section 13)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ronda.v1 import check_service_pb2, error_pb2, level_pb2
from tests.core.free_text import naive_free_names
from tests.core.names import naive_names
from tests.oracle import comparing, heading, showing
from tests.oracle.agreement import AGREES, UNKNOWN
from tests.oracle.asked import PersonQuestion, QuestionError, birth_of, invalid
from tests.oracle.candidates import candidate
from tests.oracle.finding import POSSIBLE
from tests.oracle.lost_letters import mended
from tests.oracle.naming import BROAD, LAST_FILLER_YEAR, Asked, name_fits, narrowing
from tests.oracle.record import PERSON, Subject

if TYPE_CHECKING:
    from tests.oracle.view import View

PAGE_DEFAULT = 20
WHITE_SPACE = " \t\n\v\f\r"


def page(items: list[Any], size: int, offset: int) -> tuple[list[Any], int | None]:
    """(one page, the next offset)."""
    if not 0 <= size <= 100:
        raise invalid("page_size")
    size = size or PAGE_DEFAULT
    following = offset + size
    return items[offset:following], following if following < len(items) else None


def search_persons(view: View, request: Any, offset: int) -> tuple[Any, int | None]:
    asked = _asked(view, request)
    fits = name_fits(view, asked)
    response = check_service_pb2.SearchPersonsResponse()
    shown, following = page(fits, request.page_size, offset)
    for ordinal, fit in enumerate(shown, 1):
        compared = _compared(view, asked, fit.subject)
        response.candidates.append(candidate(view, fit.subject, POSSIBLE, compared, ordinal, fit)[0])
    head = response.answer
    head.level = max([c.level for c in response.candidates], default=level_pb2.LEVEL_INSUFFICIENT)
    heading.fill_registers(view, head, persons_only=True)
    response.candidates_total = len(fits)
    if len(fits) > BROAD:
        response.narrow_by = narrowing(fits, view, asked)
    return response, following


def _asked(view: View, request: Any) -> Asked:
    parts = {f.name: getattr(request.name, f.name) for f in request.name.DESCRIPTOR.fields}
    question = PersonQuestion(birth=birth_of(request, "birth_date"), sex=request.sex)
    if any(parts.values()):
        key_parts = {p: text for p, text in parts.items() if p != "married_surname"}
        question.name_key = naive_names.name_key_of_parts(**key_parts)
        if not question.name_key:
            raise invalid("name")
        if request.names.strip(WHITE_SPACE):
            raise QuestionError(error_pb2.ERROR_REASON_QUESTION_AMBIGUOUS, "names")
        question.name_text = mended(naive_names.name_text({p: parts[p] for p in naive_names.PARTS}, parts["full"]))
    else:
        if not request.names.strip(WHITE_SPACE):
            raise QuestionError(error_pb2.ERROR_REASON_QUESTION_EMPTY, "names")
        if len(request.names) > 200:
            raise invalid("names")
        names, birth = naive_free_names.free_name(request.names, view.this_year)
        if naive_free_names.unread_digits(names, birth):
            raise invalid("names")
        question.name_key = naive_names.name_key(names)
        if not question.name_key:
            raise invalid("names")
        question.name_text = mended(naive_names.name_text({}, names))
        if not any(question.birth):
            question.birth = birth
    if not 0 <= request.department <= 22:
        raise invalid("department")
    if request.municipality and not 101 <= request.municipality <= 2299:
        raise invalid("municipality")
    question.father = mended(naive_names.name_text({}, request.father_name))
    question.mother = mended(naive_names.name_text({}, request.mother_name))
    asked = Asked(question, searched=True, page=request.page_size)
    asked.year_from, asked.year_to = request.birth_year_from, request.birth_year_to
    asked.department, asked.municipality = request.department, request.municipality
    if request.age_to:
        asked.year_from = max(asked.year_from, view.this_year - request.age_to - 1)
    if request.age_from:
        asked.year_to = min(asked.year_to or 9999, view.this_year - request.age_from)
    return asked


def _compared(view: View, asked: Asked, subject: Subject) -> comparing.Comparisons:
    """As a question by name compares; a year within the years asked agrees, and so does the department of birth."""
    claims = view.comparable(subject)
    compared = comparing.person(view, asked.question, subject, True)
    if (asked.year_from or asked.year_to) and not any(asked.question.birth):
        years = [c.birth[0] for c in claims if c.birth[0] > LAST_FILLER_YEAR]
        inside = any(asked.year_from <= y <= (asked.year_to or 9999) for y in years)
        compared.append((level_pb2.CRITERION_BIRTH_DATE, AGREES if inside else UNKNOWN))
    if asked.department:
        here = any(c.birth_department == asked.department for c in claims)
        compared.append((level_pb2.CRITERION_DEPARTMENT, AGREES if here else UNKNOWN))
    return compared


def list_records(view: View, request: Any, offset: int) -> tuple[Any, int | None]:
    if not re.fullmatch("[0-9a-f]{32}", request.subject_id):
        raise invalid("subject_id")
    subject = view.oracle.by_id.get(request.subject_id)
    if subject is None or not view.exists(subject):
        raise QuestionError(error_pb2.ERROR_REASON_SUBJECT_NOT_FOUND, "subject_id")
    sections = showing.PERSON_SECTIONS if subject.about == PERSON else showing.VEHICLE_SECTIONS
    if request.section not in sections:
        raise invalid("section")
    from tests.oracle.listing import list_section

    return list_section(view, request, subject, offset)
