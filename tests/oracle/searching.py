"""SearchPersons and ListRecords (docs/answers.md section 13)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ronda.v1 import check_service_pb2, error_pb2, level_pb2, section_pb2
from tests.core import naive_names
from tests.oracle import agreement, heading, showing
from tests.oracle.agreement import AGREES
from tests.oracle.asked import QuestionError, birth_of, invalid
from tests.oracle.candidates import candidate
from tests.oracle.finding import POSSIBLE, name_fits
from tests.oracle.record import PERSON, Subject

if TYPE_CHECKING:
    from tests.oracle.view import View

BROAD = 100
PAGE_DEFAULT = 20


def page(items: list[Any], size: int, offset: int) -> tuple[list[Any], int | None]:
    """(one page, the next offset)."""
    if not 0 <= size <= 100:
        raise invalid("page_size")
    size = size or PAGE_DEFAULT
    following = offset + size
    return items[offset:following], following if following < len(items) else None


def search_persons(view: View, request: Any, offset: int) -> tuple[Any, int | None]:
    key = naive_names.name_key(request.names)
    if not request.names.strip():
        raise QuestionError(error_pb2.ERROR_REASON_QUESTION_EMPTY, "names")
    if len(request.names) > 200 or not key:
        raise invalid("names")
    if not 0 <= request.department <= 22:
        raise invalid("department")
    fits = [
        s for s in name_fits(view, key, birth_of(request, "birth_date"), request.sex) if _in_range(view, s, request)
    ]
    text = naive_names.name_text({}, request.names)
    fits.sort(key=lambda s: (agreement.names(text, view.comparable(s)) != AGREES, s.place))
    response = check_service_pb2.SearchPersonsResponse()
    shown, following = page(fits, request.page_size, offset)
    _fill(view, response, shown, offset, persons_only=True)
    response.candidates_total = len(fits)
    if len(fits) > BROAD:
        dated = request.HasField("birth_date") or request.birth_year_from or request.birth_year_to
        free = (("birth_date", dated), ("department", request.department), ("sex", request.sex))
        response.narrow_by = next((name for name, given in free if not given), "")
    return response, following


def _in_range(view: View, subject: Subject, request: Any) -> bool:
    year = view.birth(subject)[0]
    if year and request.birth_year_from and year < request.birth_year_from:
        return False
    if year and request.birth_year_to and year > request.birth_year_to:
        return False
    departments = [c.birth_department for c in view.comparable(subject) if c.birth_department]
    return not (request.department and departments and request.department not in departments)


def _fill(view: View, response: Any, shown: list[Subject], offset: int, persons_only: bool) -> None:
    for ordinal, subject in enumerate(shown, 1):
        response.candidates.append(candidate(view, subject, POSSIBLE, [], ordinal)[0])
    head = response.answer
    head.level = max([c.level for c in response.candidates], default=level_pb2.LEVEL_INSUFFICIENT)
    heading.fill_registers(view, head, persons_only)


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
