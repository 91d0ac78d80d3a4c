"""CheckVehicle: the answer about a vehicle, its plate and its owners (docs/answers.md sections 8 to 11)."""

# The oracle keeps enum values as plain numbers; the stubs want their enum types.
# mypy: disable-error-code="assignment,no-any-return"

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ronda.v1 import alert_pb2, check_service_pb2, error_pb2, level_pb2, person_pb2, section_pb2
from tests.core.names import naive_names
from tests.oracle import agreement, comparing, heading, showing
from tests.oracle.agreement import AGREES
from tests.oracle.alerts import closed_hits, open_hits, reference, stored_alerts
from tests.oracle.asked import PersonQuestion, QuestionError, VehicleQuestion, vehicle_question
from tests.oracle.candidates import add_comparisons, gather, shown_level
from tests.oracle.finding import HIT, POSSIBLE, Finding
from tests.oracle.finding_vehicles import bearings, by_vehicle_identifier, taken_for_an_end
from tests.oracle.lost_letters import mended
from tests.oracle.naming import Asked, name_fits
from tests.oracle.record import PLATE, Link, Subject, holds_surely
from tests.oracle.showing import hit_subject
from tests.oracle.suggesting import suggestions

if TYPE_CHECKING:
    from tests.oracle.view import View

OWNERS_AT_MOST = 10
PERSON_RECORDS = 5
WANTED_KINDS = (alert_pb2.ALERT_KIND_WARRANT, alert_pb2.ALERT_KIND_ESCAPE, alert_pb2.ALERT_KIND_TRAVEL_BAN)
OWNER = section_pb2.SECTION_OWNER
VEHICLE_KIND, PLATE_KIND = alert_pb2.HIT_SUBJECT_KIND_VEHICLE, alert_pb2.HIT_SUBJECT_KIND_PLATE


def check_vehicle(view: View, request: Any) -> check_service_pb2.CheckVehicleResponse:
    from tests.oracle.one_box import check_vehicle_box

    typed = ("plate", "plate_country", "vin", "chassis_tail", "engine", "make", "colour", "model_year")
    given = [name for name in typed if getattr(request, name)]
    if request.query and [name for name in given if name != "plate_country"]:
        raise QuestionError(error_pb2.ERROR_REASON_QUESTION_AMBIGUOUS, "query")
    if request.query:
        return check_vehicle_box(view, request)
    question = vehicle_question(request)
    if not [name for name in given if name != "plate_country"]:
        raise QuestionError(error_pb2.ERROR_REASON_QUESTION_EMPTY, "query")
    question.identifiers[:] = [taken_for_an_end(view, one) for one in question.identifiers]
    finding = by_vehicle_identifier(view, question.identifiers[0]) if question.identifiers else Finding()
    return heading.trimmed(lambda limit: answer(view, request, question, finding, limit))


def answer(view: View, request: Any, question: VehicleQuestion, finding: Finding, limit: int) -> Any:
    response = check_service_pb2.CheckVehicleResponse()
    vehicle = finding.subject
    if _names_another(view, question, vehicle):
        finding = replace(finding, link=min(finding.link, POSSIBLE))
    found = vehicle is not None or bool(finding.others)
    comparisons = comparing.vehicle(view, question, vehicle, found)
    disagree = comparing.disagree(comparisons)
    by_plate = bool(question.identifiers) and question.identifiers[0].kind == "plate"
    hits = vehicle_hits(view, finding, by_plate)
    owner_hits: list[Any] = []
    if vehicle is not None:
        owner_hits = fill_vehicle(view, response.vehicle, vehicle, request, hits, finding, by_plate, limit)
    others = [(v, POSSIBLE) for v in finding.others if v is not vehicle]
    rest = further(view, question, finding, [v for v, _ in others] + finding.former)
    shown = [*others, *((v, POSSIBLE) for v in finding.former), *rest]
    if vehicle is not None:
        shown = [(v, POSSIBLE) for v, _ in shown]
    candidate_hits = _candidates(view, response, question, shown, finding)
    if vehicle is None:
        hits += candidate_hits
    principal = question.identifiers[0] if question.identifiers else None
    head = response.answer
    national = heading.counts_as_national(view, principal, finding.status)
    own_level = heading.level(
        view, hits, finding.status, finding.certain, national, disagree, "vehicle", finding.several_bear
    )
    head.level = own_level
    if vehicle is not None:
        response.vehicle.vehicle_level = own_level
        head.level = max(own_level, response.vehicle.owner_level)
    head.level = max(head.level, shown_level(view, shown, former=finding.former, beside=vehicle is not None))
    head.identity_status = finding.status
    heading.fill_registers(view, head, persons_only=False)
    heading.fill_hits(head, hits + owner_hits)
    add_comparisons(head.comparisons, comparisons)
    cautions = list(response.vehicle.cautions)
    for flag, holds in (
        (level_pb2.CAUTION_FLAG_IDENTIFIERS_DISAGREE, disagree),
        (level_pb2.CAUTION_FLAG_MISMATCH, comparing.mismatch(comparisons)),
        (level_pb2.CAUTION_FLAG_REISSUED_PLATE, bool(finding.former)),
    ):
        if holds:
            cautions.append(flag)
    head.cautions.extend(sorted(cautions))
    asked = [principal] if principal is not None else []
    owned = sorted_owners(view, vehicle) if vehicle is not None else []
    further_notes = {"OWNER_NAME_ALERT"} if any(name_alert(view, link) for link in owned) else set()
    if any(_is_grey_for_hidden_orders(view, link, finding.link) for link in owned):
        further_notes.add("ADOLESCENTS_HIDDEN")
    heading.fill_notes(view, head, asked, finding.status, disagree, False, not found, further_notes)
    if not finding.found and principal is not None:
        found_near, response.suggestions_on_file = suggestions(view, [principal])
        response.suggestions.extend(found_near)
    return response


def vehicle_hits(view: View, finding: Finding, by_plate: bool) -> list[Any]:
    """Hits of the vehicle and of plates."""
    hits = []
    vehicle = finding.subject
    if vehicle is not None and (not by_plate or bears_asked(view, finding)):
        hits += open_hits(view, vehicle, finding.link, hit_subject(VEHICLE_KIND, vehicle))
    for plate, link in plates_of(view, finding, by_plate):
        hits += open_hits(view, plate, link, hit_subject(PLATE_KIND, plate))
    return hits


def bears_asked(view: View, finding: Finding) -> bool:
    """Returns whether the vehicle found by a plate bears it today (else it is the latest former bearer)."""
    return finding.subject is not None and finding.bears


def plates_of(view: View, finding: Finding, by_plate: bool) -> list[tuple[Subject, int]]:
    """Returns plate subjects with alerts that count: of the asked plate, or of those that the vehicle bears today."""
    if by_plate or finding.subject is None:
        return finding.plates
    borne = [b for b in bearings(view, finding.subject) if b.holds(view.today)]
    keys = [f"plate:{b.text}|{b.country}" for b in borne]
    found = [s for s in view.oracle.subjects if s.about == PLATE and s.key in keys and view.exists(s)]
    return [(plate, finding.link) for plate in found]


def fill_vehicle(
    view: View,
    message: Any,
    vehicle: Subject,
    request: Any,
    hits: list[Any],
    finding: Finding,
    by_plate: bool,
    limit: int,
) -> list[Any]:
    """Fills Vehicle; returns the owners' hits."""
    from tests.oracle.showing import fill_sections

    owners = sorted_owners(view, vehicle)
    fill_sections(view, message, vehicle, (32, 33), request, limit)
    owner_hits = _owners(view, message, owners, request, finding.link, limit)
    fill_sections(view, message, vehicle, (35, 36, 37, 38), request, limit)
    message.subject_id = vehicle.subject_id
    closed = []
    if not by_plate or bears_asked(view, finding):
        closed += closed_hits(view, vehicle, hit_subject(VEHICLE_KIND, vehicle))
    for plate, _ in plates_of(view, finding, by_plate):
        closed += closed_hits(view, plate, hit_subject(PLATE_KIND, plate))
    message.closed_alerts.extend(closed[: showing.CLOSED_AT_MOST])
    message.bears_asked_plate = by_plate and bears_asked(view, finding)
    if any(level_pb2.CAUTION_FLAG_ARMED in hit.cautions for hit in hits):
        message.cautions.append(level_pb2.CAUTION_FLAG_ARMED)
    return owner_hits


def is_present(view: View, link: Link) -> bool:
    first, last = link.record.valid_from, link.record.valid_to
    return (first is None or first <= view.today) and (last is None or last >= view.today)


def sorted_owners(view: View, vehicle: Subject) -> list[Link]:
    """Visible owners: present ones by their alerts, then others; each by first day descending, then register order."""

    def order(link: Link) -> tuple[Any, ...]:
        first = link.record.valid_from
        present = is_present(view, link)
        alerted = max((h.level for h in owner_hits(view, link, 0, HIT)), default=0) if present else 0
        return (not present, -alerted, first is None, -(first or 0), link.record.order)

    return sorted((link for link in view.links(vehicle) if link.section == OWNER), key=order)


def _owners(view: View, message: Any, owners: list[Link], request: Any, link: int, limit: int) -> list[Any]:
    hits: list[Any] = []
    levels = []
    asked = showing.wanted(request, OWNER)
    for ordinal, owner in enumerate(owners, 1):
        present = is_present(view, owner)
        own_hits = owner_hits(view, owner, ordinal, link) if present else []
        level = owner_level(view, owner, own_hits)
        if present:
            levels.append(level)
            hits += own_hits
        if asked and ordinal <= OWNERS_AT_MOST:
            fill_owner(view, message.owners.add(), owner, ordinal, level, own_hits, request, limit)
    seen = view.shows(OWNER, section_pb2.SENSITIVITY_OPEN)
    nobody = level_pb2.LEVEL_INSUFFICIENT if seen else level_pb2.LEVEL_UNSPECIFIED
    message.owner_level = max(levels, default=nobody)
    if owners:
        message.totals.add(section=OWNER, total=len(owners), shown=len(message.owners))
    return hits


def owner_hits(view: View, link: Link, ordinal: int, question: int) -> list[Any]:
    person = link.owner
    if person is None:
        return []
    level = min(question, link.owner_level)
    if not holds_surely(link.record.valid_from, link.record.valid_to, link.record.spans, view.today):
        level = min(level, POSSIBLE)
    if view.is_dead(person):
        level = min(level, POSSIBLE)
    return open_hits(view, person, level, hit_subject(alert_pb2.HIT_SUBJECT_KIND_OWNER, person, ordinal))


def owner_level(view: View, link: Link, hits: list[Any]) -> int:
    if hits:
        return int(max(h.level for h in hits))
    if is_present(view, link) and _known_by_name(link):
        return POSSIBLE if name_alert(view, link) else level_pb2.LEVEL_INSUFFICIENT
    if is_present(view, link) and name_alert(view, link):
        return POSSIBLE
    if link.owner is None or not view.exists(link.owner):
        return level_pb2.LEVEL_INSUFFICIENT
    if not view.needed_fresh("person") or is_withheld(view, link):
        return level_pb2.LEVEL_INCOMPLETE
    return level_pb2.LEVEL_INSUFFICIENT if view.may_be_meant(link.owner) else level_pb2.LEVEL_CLEAR


def is_withheld(view: View, link: Link) -> bool:
    """Returns whether adolescents' orders of the present owner are hidden."""
    return is_present(view, link) and link.owner is not None and view.adolescents_hidden(link.owner)


def _is_grey_for_hidden_orders(view: View, link: Link, question: int) -> bool:
    return is_withheld(view, link) and (
        owner_level(view, link, owner_hits(view, link, 0, question)) == level_pb2.LEVEL_INCOMPLETE
    )


def _known_by_name(link: Link) -> bool:
    return link.owner is not None and link.owner.kind == person_pb2.SUBJECT_KIND_UNIDENTIFIED


def _unborne(view: View, link: Link) -> bool:
    """Returns an owner with a number that nothing bears out: another's, or one that no identity register holds."""
    if link.owner is None:
        return False
    unheld = link.owner.kind == person_pb2.SUBJECT_KIND_PERSON and not view.identity_claims(link.owner)
    return link.owner_level != HIT or unheld


def name_alert(view: View, link: Link) -> bool:
    """Returns whether a wanted one bears the name of a present owner known by it alone, or by a doubtful number."""
    unsure = _known_by_name(link) or _unborne(view, link)
    if not is_present(view, link) or not unsure or owner_hits(view, link, 0, HIT):
        return False
    name = mended(naive_names.name_text({}, link.record.message.name))
    if not name:
        return False
    try:
        fits = name_fits(view, Asked(PersonQuestion(name_text=name), field="names"))
    except QuestionError:
        return False
    alike = [fit.subject for fit in fits if agreement.names(name, view.claims(fit.subject)) == AGREES]
    alerts = [alert for subject in alike for alert in stored_alerts(view, subject)]
    return any(alert.kind in WANTED_KINDS and alert.in_force(view.today) for alert in alerts)


def fill_owner(
    view: View, message: Any, link: Link, ordinal: int, level: int, hits: list[Any], request: Any, limit: int
) -> None:
    stored = link.record.message
    message.CopyFrom(stored)
    reference(link, message.record)
    message.ordinal = ordinal
    message.level = level
    if link.owner is None:
        return
    message.kind = link.owner.kind
    message.identity_status = view.status_by_name(link.owner)
    showing.fill_person(view, message.person, link.owner, request, hits, min(PERSON_RECORDS, limit), owner=ordinal)


def _names_another(view: View, question: VehicleQuestion, subject: Subject | None) -> bool:
    """Returns whether a VIN is that of others, and not of what the principal finds."""
    found = [by_vehicle_identifier(view, asked) for asked in question.identifiers[1:] if asked.kind == "vin"]
    held = [[*([other.subject] if other.subject else []), *other.others] for other in found]
    return subject is not None and any(vehicles and subject not in vehicles for vehicles in held)


def further(view: View, question: VehicleQuestion, finding: Finding, known: list[Subject]) -> list[tuple[Subject, int]]:
    """Vehicles found by the further identifiers, in subject order."""
    links: dict[Subject, int] = {}
    for asked in question.identifiers[1:]:
        other = by_vehicle_identifier(view, asked)
        for vehicle in [*([other.subject] if other.subject else []), *other.others]:
            if vehicle is not finding.subject and vehicle not in known:
                link = HIT if asked.kind == "vin" else POSSIBLE
                links[vehicle] = max(links.get(vehicle, 0), link)
    return sorted(links.items(), key=lambda item: item[0].place)


def _candidates(
    view: View, response: Any, question: VehicleQuestion, shown: list[tuple[Subject, int]], finding: Finding
) -> list[Any]:
    beside = finding.subject is not None
    return gather(
        view, response, shown, lambda v: comparing.vehicle(view, question, v, True), quiet=finding.former, beside=beside
    )
