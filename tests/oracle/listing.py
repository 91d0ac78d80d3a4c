"""ListRecords: one section of one subject (docs/answers.md section 13)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ronda.v1 import check_service_pb2, level_pb2, section_pb2
from tests.oracle import heading, showing
from tests.oracle.alerts import open_hits
from tests.oracle.finding import HIT, Finding
from tests.oracle.record import PERSON, Subject
from tests.oracle.searching import PAGE_DEFAULT, page
from tests.oracle.vehicle_answer import (
    fill_owner,
    is_present,
    owner_hits,
    owner_level,
    sorted_owners,
    vehicle_hits,
)

if TYPE_CHECKING:
    from tests.oracle.view import View


def list_section(view: View, request: Any, subject: Subject, offset: int) -> tuple[Any, int | None]:
    """(Response, the next offset); half the page as long as it passes 60 KiB."""
    size = request.page_size or PAGE_DEFAULT
    while True:
        response, following = _page(view, request, subject, offset, size)
        if response.ByteSize() <= heading.ANSWER_AT_MOST or size <= 1:
            return response, following
        size //= 2


def _page(view: View, request: Any, subject: Subject, offset: int, size: int) -> tuple[Any, int | None]:
    response = check_service_pb2.ListRecordsResponse()
    persons = subject.about == PERSON
    target = response.person if persons else response.vehicle
    target.SetInParent()
    if request.section == section_pb2.SECTION_OWNER:
        links = sorted_owners(view, subject)
    else:
        links = showing.of_section(view, subject, request.section)
        if request.section in showing.WHEREABOUTS and showing.is_protected(view, subject):
            links = []
    shown, following = page(links, size, offset)
    if request.section == section_pb2.SECTION_OWNER:
        for ordinal, link in enumerate(links, 1):
            if link in shown:
                hits = owner_hits(view, link, ordinal, HIT) if is_present(view, link) else []
                level = owner_level(view, link, hits)
                fill_owner(view, response.vehicle.owners.add(), link, ordinal, level, hits, request, 5)
    else:
        showing.show_records(view, target, shown)
    target.subject_id = subject.subject_id
    if persons:
        response.person.kind = subject.kind  # type: ignore[assignment]
    if links:
        target.totals.add(section=request.section, total=len(links), shown=len(shown))
    response.total = len(links)
    response.answer.level = level_of(view, subject)  # type: ignore[assignment]
    heading.fill_registers(view, response.answer, persons)
    return response, following


def level_of(view: View, subject: Subject) -> int:
    """Level as for a certain question that found the subject."""
    found = level_pb2.IDENTITY_STATUS_FOUND
    if subject.about == PERSON:
        where = showing.hit_subject(1, subject)
        withheld = view.adolescents_hidden(subject)
        level = heading.level(
            view, open_hits(view, subject, HIT, where), found, True, False, False, "person", False, withheld
        )
        return max(level, level_pb2.LEVEL_INSUFFICIENT) if view.may_be_meant(subject) else level
    hits = vehicle_hits(view, Finding(subject=subject, link=HIT), by_plate=False)
    level = heading.level(view, hits, found, True, False, False, "vehicle")
    for ordinal, link in enumerate(sorted_owners(view, subject), 1):
        if is_present(view, link):
            level = max(level, owner_level(view, link, owner_hits(view, link, ordinal, HIT)))
    return level
