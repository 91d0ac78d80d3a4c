"""Dossiers as an answer shows them: sections, totals, computed fields (docs/answers.md section 10)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ronda.v1 import alert_pb2, check_service_pb2, level_pb2, section_pb2
from tests.oracle.alerts import closed_hits, reference
from tests.oracle.record import Link, Subject

if TYPE_CHECKING:
    from tests.oracle.view import View

OWNER = section_pb2.SECTION_OWNER
WHEREABOUTS = (section_pb2.SECTION_ADDRESS, section_pb2.SECTION_TELEPHONE, section_pb2.SECTION_SECURITY_GUARD)
OWNER_PERSON_SECTIONS = (1, 2, 5, 6, 7, 8, 9, 10, 11, 24)
CLOSED_AT_MOST = 20
PERSON_SECTIONS = range(1, 25)
VEHICLE_SECTIONS = range(32, 39)


def hit_subject(kind: int, subject: Subject, ordinal: int = 0) -> alert_pb2.HitSubject:
    return alert_pb2.HitSubject(kind=kind, ordinal=ordinal, subject_id=subject.subject_id)  # type: ignore[arg-type]


def newest_first(links: list[Link]) -> list[Link]:
    def order(link: Link) -> tuple[Any, ...]:
        day = link.record.sort_day
        return (day is None, -(day or 0), link.record.order)

    return sorted(links, key=order)


def of_section(view: View, subject: Subject, section: int) -> list[Link]:
    return newest_first([link for link in view.links(subject) if link.section == section])


def show_records(view: View, message: Any, links: list[Link]) -> None:
    """Adds records of one section to Person or Vehicle."""
    from tests.oracle.reading import section_field

    for link in links:
        copy = getattr(message, section_field(link.section).name).add()
        copy.CopyFrom(link.record.message)
        reference(link, copy.record)


def is_protected(view: View, subject: Subject) -> bool:
    """Returns whether a protection order protects the person today, seen or not."""
    for link in subject.links:
        alert = link.record.alert
        if alert is None or not alert.hides:
            continue
        if alert.valid_to is None or alert.valid_to >= view.today:  # one that is to begin hides already
            return True
    return any(a.valid_to is None or a.valid_to >= view.today for a in subject.hidden_by)


def hides_whereabouts(view: View, subject: Subject, owner: bool = False) -> bool:
    """Returns whether the caller reads neither the person's whereabouts nor that a telephone is the person's."""
    desk = view.shows(section_pb2.SECTION_PROTECTION_ORDER, section_pb2.SENSITIVITY_VICTIM) and not owner
    return is_protected(view, subject) and not desk


def wanted(request: Any, section: int) -> bool:
    """Returns whether the request's context names the section, or none."""
    named = request.context.sections
    return not named or section in named


def fill_sections(
    view: View, message: Any, subject: Subject, sections: Any, request: Any, limit: int, only: tuple[int, ...] = ()
) -> None:
    for section in sections:
        if only and section not in only:
            continue
        links = of_section(view, subject, section)
        if section == OWNER or not links:
            continue
        shown = links[:limit] if wanted(request, section) else []
        show_records(view, message, shown)
        message.totals.add(section=section, total=len(links), shown=len(shown))


def fill_person(
    view: View,
    message: Any,
    subject: Subject,
    request: Any,
    hits: list[alert_pb2.Hit],
    limit: int,
    owner: int = 0,
) -> None:
    """Person of an answer. `hits`: those of this person; `owner`: ordinal when shown as an owner."""
    from tests.oracle import candidates

    only = OWNER_PERSON_SECTIONS if owner else tuple(PERSON_SECTIONS)
    if hides_whereabouts(view, subject, owner > 0):
        only = tuple(s for s in only if s not in WHEREABOUTS)
    fill_sections(view, message, subject, PERSON_SECTIONS, request, limit, only)
    message.subject_id = subject.subject_id
    message.kind = subject.kind
    age = view.age(subject)
    if age is not None:
        message.age = age
    kind = alert_pb2.HIT_SUBJECT_KIND_OWNER if owner else alert_pb2.HIT_SUBJECT_KIND_PERSON
    message.closed_alerts.extend(closed_hits(view, subject, hit_subject(kind, subject, owner))[:CLOSED_AT_MOST])
    for name, value in (
        ("homonyms", view.homonyms(subject)),
        ("name_only_alerts", view.name_only_alerts(subject)),
    ):
        if value is not None:
            setattr(message, name, value)
    message.cautions.extend(person_cautions(view, subject, hits))
    summary = check_service_pb2.Candidate()
    candidates.fill_summary(view, subject, summary)
    message.name, message.name_register_id = summary.name, summary.register_id


def person_cautions(view: View, subject: Subject, hits: list[alert_pb2.Hit]) -> list[int]:
    armed = any(link.section == section_pb2.SECTION_FIREARM for link in view.links(subject)) or any(
        level_pb2.CAUTION_FLAG_ARMED in hit.cautions for hit in hits
    )
    age = view.age(subject)
    return [
        flag
        for flag, holds in (
            (level_pb2.CAUTION_FLAG_ARMED, armed),
            (level_pb2.CAUTION_FLAG_MINOR, age is not None and age < 18),
            (level_pb2.CAUTION_FLAG_HOMONYMS, bool(view.homonyms(subject))),
            (level_pb2.CAUTION_FLAG_MISUSED_IDENTITY, view.is_misused(subject)),
            (
                level_pb2.CAUTION_FLAG_INVALID_IDENTIFIER_ON_FILE,
                any(not c.cui_valid for c in view.identity_claims(subject)),
            ),
        )
        if holds
    ]
