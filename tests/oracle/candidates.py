"""Candidates of an answer (docs/answers.md section 8)."""

# The oracle keeps enum values as plain numbers; the stubs want their enum types.
# mypy: disable-error-code="assignment"

from __future__ import annotations

from collections.abc import Callable, Container
from typing import TYPE_CHECKING, Any

from ronda.v1 import alert_pb2, check_service_pb2, level_pb2, section_pb2
from tests.oracle.alerts import open_hits
from tests.oracle.comparing import Comparisons
from tests.oracle.finding_vehicles import bearings
from tests.oracle.naming import has_alert
from tests.oracle.record import PERSON, Record, Subject
from tests.oracle.showing import hit_subject

if TYPE_CHECKING:
    from tests.oracle.naming import Fit
    from tests.oracle.view import View

AT_MOST = 20
CANDIDATE = alert_pb2.HIT_SUBJECT_KIND_CANDIDATE


def candidate(
    view: View,
    subject: Subject,
    link: int,
    comparisons: Comparisons,
    ordinal: int,
    fit: Fit | None = None,
    beside: bool = False,
) -> Any:
    """(Candidate, its hits). `beside`: a person or a vehicle stands beside the candidates."""
    hits = open_hits(view, subject, link, hit_subject(CANDIDATE, subject, ordinal))
    found = check_service_pb2.Candidate(subject_id=subject.subject_id, kind=subject.kind)  # type: ignore[arg-type]
    found.alerts = len(hits)
    weak = fit is not None and fit.weak
    found.level = own_level(view, subject, hits, weak, beside)
    if weak:
        hits, found.weak = [], True
    found.identity_status = view.status_by_name(subject)
    if subject.about == PERSON:
        fill_summary(view, subject, found)
    else:
        found.plate = plate(view, subject)
        links = [k for k in view.links(subject) if k.section == section_pb2.SECTION_VEHICLE_REGISTRATION]
        if links:
            found.description = describe(links[0].record)
            found.register_id = links[0].record.register_id
    add_comparisons(found.comparisons, comparisons)
    if fit is not None:
        found.score = view.oracle.names_on_file.score(fit.evidence)
        found.matched_name = fit.matched.name_text.replace("\x1f", " ")
        found.matched_register_id = fit.matched.register_id
    return found, hits


def gather(
    view: View,
    response: Any,
    people: list[tuple[Subject, int]],
    compare: Callable[[Subject], Comparisons],
    by_name: dict[Subject, Fit] | None = None,
    quiet: Container[Subject] = (),
    beside: bool = False,
) -> list[Any]:
    """Adds the candidates, (subject, link): those with alerts first, the weak of them last. Returns the hits of all but
    the weak and the quiet."""

    def level(person: tuple[Subject, int]) -> float:
        hits = open_hits(view, person[0], person[1], hit_subject(CANDIDATE, person[0]))
        if is_weak(by_name, person[0]):
            return 0.5 if hits else 0
        return max((h.level for h in hits), default=0)

    all_hits = []
    for ordinal, (subject, link) in enumerate(sorted(people, key=level, reverse=True), 1):
        compared = compare(subject) if ordinal <= AT_MOST else []
        one, hits = candidate(view, subject, link, compared, ordinal, (by_name or {}).get(subject), beside)
        if ordinal <= AT_MOST:
            response.candidates.append(one)
        if subject not in quiet:
            all_hits += hits
    response.candidates_total = len(people)
    return all_hits


def own_level(view: View, subject: Subject, hits: list[Any], weak: bool, beside: bool) -> int:
    """The level of a candidate: its strongest hit; beside a person or a vehicle none, unless an alert may mean it."""
    if hits and not weak:
        return int(max(hit.level for hit in hits))
    meant = hits if weak else view.may_be_meant(subject)
    return level_pb2.LEVEL_INSUFFICIENT if meant or not beside else level_pb2.LEVEL_UNSPECIFIED


def shown_level(
    view: View,
    people: list[tuple[Subject, int]],
    by_name: dict[Subject, Fit] | None = None,
    former: Container[Subject] = (),
    beside: bool = False,
) -> int:
    """The level below which no answer is that shows these candidates."""
    levels = [level_pb2.LEVEL_UNSPECIFIED]
    for subject, link in people:
        if subject not in former:
            hits = open_hits(view, subject, link, hit_subject(CANDIDATE, subject))
            levels.append(own_level(view, subject, hits, is_weak(by_name, subject), beside))  # type: ignore[arg-type]
    return max(levels)


def is_weak(by_name: dict[Subject, Fit] | None, subject: Subject) -> bool:
    """Returns whether somebody was found by a name that is only a little like his."""
    return by_name is not None and subject in by_name and by_name[subject].weak


def similar_alerts(view: View, people: list[tuple[Subject, int]], by_name: dict[Subject, Fit] | None) -> int:
    """Returns how many weak candidates have an alert."""
    return sum(is_weak(by_name, subject) and has_alert(view, subject) for subject, _ in people)


def add_comparisons(target: Any, comparisons: Comparisons) -> None:
    for criterion, outcome in comparisons:
        target.add(criterion=criterion, agreement=outcome)


def fill_summary(view: View, subject: Subject, found: Any) -> None:
    """Fields of a person: of the first identity claim, each the first that states it."""
    links = sorted(subject.links, key=lambda link: link.record.order)
    claims = [link for link in links if view.is_identity_claim(link)]
    if not claims:
        named = [link for link in links if link.record.name_key]
        opened = [link for link in named if link.sensitivity == section_pb2.SENSITIVITY_OPEN]
        claims = (opened or named)[:1]
    if not claims or not view.sees(claims[0]):
        return
    records = [link.record for link in claims]

    def first(name: str, stated: Any = bool) -> Any:
        return next((getattr(r, name) for r in records if stated(getattr(r, name))), None)

    found.name = first("name") or ""
    found.cui = subject.key.removeprefix("cui:") if subject.has_cui else ""
    birth = first("birth", lambda b: b[0])
    if birth:
        found.birth_date.year, found.birth_date.month, found.birth_date.day = birth
    found.sex = first("sex") or 0
    found.department = first("birth_department") or 0
    named_by = next((r for r in records if r.name), records[0])
    found.register_id = named_by.register_id


def plate(view: View, vehicle: Subject) -> str:
    """The plate borne today, else the one borne last."""
    mine = bearings(view, vehicle)
    now = [b for b in mine if b.holds(view.today)]
    if now:
        return now[0].text
    before = [b for b in mine if b.last < view.today]
    return max(before, key=lambda b: (b.last, b.first)).text if before else ""


def describe(record: Record) -> str:
    """ "MAKE LINE, COLOUR, YEAR", missing parts left out."""
    parts = [" ".join(p for p in (record.make, record.line) if p), record.colour]
    return ", ".join(p for p in [*parts, str(record.model_year or "")] if p)
