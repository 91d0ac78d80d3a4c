"""Clear: a batch of subjects against a standard (docs/answers.md section 12)."""

# The oracle keeps enum values as plain numbers; the stubs want their enum types.
# mypy: disable-error-code="index,arg-type"

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ronda.v1 import alert_pb2, error_pb2, level_pb2, person_pb2, section_pb2
from ronda.v1 import clearance_service_pb2 as contract
from tests.core import naive_calendar
from tests.core.identifiers.naive_identifiers import IdentifierKind
from tests.core.names import naive_names
from tests.oracle import agreement, showing
from tests.oracle.agreement import AGREES, DISAGREES
from tests.oracle.alerts import hit_of, is_adolescents_order, is_criterion_1, reference, stored_alerts
from tests.oracle.asked import Identifier, PersonQuestion, QuestionError, identifier, invalid, plate
from tests.oracle.finding import HIT, NOT_FOUND, POSSIBLE, UNVERIFIED, Finding, by_identifier, certain_fit, like
from tests.oracle.finding_vehicles import by_vehicle_identifier
from tests.oracle.lost_letters import mended
from tests.oracle.naming import Asked, found_beside, name_fits
from tests.oracle.record import PERSON, Link, Subject
from tests.oracle.registers import Register
from tests.oracle.vehicle_answer import bears_asked, plates_of

if TYPE_CHECKING:
    from tests.oracle.view import View

WANTED = contract.CLEARANCE_STANDARD_WANTED
WANTED_KINDS = (
    alert_pb2.ALERT_KIND_WARRANT,
    alert_pb2.ALERT_KIND_TRAVEL_BAN,
    alert_pb2.ALERT_KIND_ESCAPE,
    alert_pb2.ALERT_KIND_STOLEN_VEHICLE,
    alert_pb2.ALERT_KIND_STOLEN_PLATE,
    alert_pb2.ALERT_KIND_STOLEN_ENGINE,
    alert_pb2.ALERT_KIND_DAMAGED_RECORD,
)
STANDARDS = {
    contract.CLEARANCE_STANDARD_POLICE_RECORD: "police",
    contract.CLEARANCE_STANDARD_CRIMINAL_RECORD: "criminal",
    contract.CLEARANCE_STANDARD_RENAS: "renas",
}
REFERENCES_AT_MOST = 5
STATUS_REASONS = {
    level_pb2.IDENTITY_STATUS_DECEASED: contract.CLEARANCE_REASON_DECEASED,
    level_pb2.IDENTITY_STATUS_MISUSED: contract.CLEARANCE_REASON_MISUSED,
    level_pb2.IDENTITY_STATUS_CONFLICT: contract.CLEARANCE_REASON_CONFLICT,
    level_pb2.IDENTITY_STATUS_NOT_FOUND: contract.CLEARANCE_REASON_NOT_FOUND,
}
Verdict = tuple[int, int, list[Link]]


def clear(view: View, standard: int, batch: Any) -> contract.ClearResponse:
    if standard not in contract.ClearanceStandard.values() or not standard:
        raise invalid("standard")
    rows = len(batch.row_ids)
    for name in ("cuis", "names", "birth_dates", "plates", "vins"):
        if len(getattr(batch, name)) not in (0, rows):
            raise invalid(name)
    if rows > 1000:
        raise invalid("row_ids")
    response = contract.ClearResponse(generation_id=view.oracle.generation_id, row_ids=batch.row_ids)
    persons = bool(batch.cuis or batch.names or not (batch.plates or batch.vins))
    vehicles = bool(batch.plates or batch.vins)
    for register in view.oracle.registers:
        if (persons and is_needed(register, standard, "person")) or (
            vehicles and is_needed(register, standard, "vehicle")
        ):
            response.registers.append(register.status(view.masks, view.clock_ms, persons_only=not vehicles))
    for place in range(rows):
        row = {
            name: (getattr(batch, name)[place] if getattr(batch, name) else empty)
            for name, empty in (("cuis", ""), ("names", ""), ("birth_dates", 0), ("plates", ""), ("vins", ""))
        }
        try:
            result, reason, links = clear_row(view, standard, row)
        except QuestionError as error:
            result, reason, links = contract.CLEARANCE_RESULT_INVALID, contract.CLEARANCE_REASON_UNSPECIFIED, []
            response.row_errors.add(row_id=batch.row_ids[place], reason=error.reason, field=error.field)
        response.results.append(result)
        response.reasons.append(reason)
        for link in links[:REFERENCES_AT_MOST]:
            response.reference_rows.append(place)
            reference(link, response.references.add())
    return response


def is_needed(register: Register, standard: int, kind: str) -> bool:
    """Returns whether NO_RECORD rests on this register."""
    identifying = {"person": {"cui"}, "vehicle": {"plate", "vin"}}[kind]
    if register.identifies & identifying:
        return True
    if standard == WANTED:
        return register.has_role(kind, "alert")
    return kind == "person" and STANDARDS[standard] in register.standards


def clear_row(view: View, standard: int, row: dict[str, Any]) -> Verdict:
    given = [name for name in ("cuis", "plates", "vins") if row[name]]
    if len(given) > 1 or (row["names"] and given not in ([], ["cuis"])):
        raise invalid(given[-1])
    if not given and not row["names"]:
        raise QuestionError(error_pb2.ERROR_REASON_QUESTION_EMPTY, "")
    birth = (row["birth_dates"] // 10000, row["birth_dates"] // 100 % 100, row["birth_dates"] % 100)
    if any(birth) and (not all(birth) or naive_calendar.date_problem(*birth)):
        raise invalid("birth_dates")
    if row["names"] and not naive_names.name_key(row["names"]):
        raise invalid("names")
    if naive_names.names_nobody(row["names"]):
        if not given:
            raise invalid("names")
        row = {**row, "names": ""}
    if given == ["cuis"]:
        return _cui_row(view, standard, row)
    if given:
        if standard != WANTED:
            raise invalid(given[0])
        return _vehicle_row(view, standard, row)
    if not all(birth):
        raise invalid("birth_dates")
    return _name_row(view, standard, row["names"], birth)


def under_standard(view: View, subject: Subject, standard: int) -> list[tuple[Link, int, bool]]:
    """Records under the standard in stored order: (record, level, by criterion 1)."""
    if standard == WANTED:
        if _is_child(view, subject):
            return []
        where = showing.hit_subject(1, subject)
        return [
            (a.first, hit_of(view, a, HIT, where, certifying=True).level, a.criterion_1)
            for a in stored_alerts(view, subject)
            if a.in_force(view.today) and a.kind in WANTED_KINDS and not is_adolescents_order(view, a)
        ]
    found = []
    for section in [*showing.PERSON_SECTIONS, *showing.VEHICLE_SECTIONS]:
        for link in showing.of_section(view, subject, section):
            if (
                STANDARDS[standard] in link.record.standards
                and STANDARDS[standard] in view.register(link).standards
                and (link.record.certificate_visible or link.record.certificate_untold)
                and link.sensitivity not in (section_pb2.SENSITIVITY_EXPUNGED, section_pb2.SENSITIVITY_MINOR)
            ):
                damaged = link.section == section_pb2.SECTION_DAMAGED_RECORD or link.record.certificate_untold
                found.append((link, POSSIBLE if damaged else link.level, is_criterion_1(link)))
    return found


def _cui_row(view: View, standard: int, row: dict[str, Any]) -> Verdict:
    asked = identifier(IdentifierKind.CUI, level_pb2.CRITERION_CUI, "cui", row["cuis"], "cuis")
    finding = by_identifier(view, asked, PersonQuestion(identifiers=[asked]))
    records = under_standard(view, finding.subject, standard) if finding.subject is not None else []
    contradicted = finding.subject is not None and _contradicts(view, finding.subject, standard, row)
    minors = _minors(view, standard, [finding.subject] if finding.subject is not None else [])
    crowded = standard == WANTED and finding.subject is not None and _may_be_meant(view, finding.subject)
    return _verdict(view, standard, finding, records, contradicted, "person", crowded, minors)


def _contradicts(view: View, subject: Subject, standard: int, row: dict[str, Any]) -> bool:
    """Returns whether the name or birth date is another's, or the name finds somebody else with a record."""
    birth = (row["birth_dates"] // 10000, row["birth_dates"] // 100 % 100, row["birth_dates"] % 100)
    text = mended(naive_names.name_text({}, row["names"]))
    claims = view.comparable(subject)
    names = agreement.names(text, claims)
    if DISAGREES in (names, agreement.birth_dates(birth, claims)):
        return True
    if names == AGREES or not text or not any(claim.name_text for claim in claims):
        return False
    try:
        fits = found_beside(view, Asked(PersonQuestion(name_text=text, birth=birth), cleared=True))
    except QuestionError:
        return True
    others = [fit.subject for fit in fits if fit.subject is not subject]
    return any(under_standard(view, other, standard) for other in others)


def _minors(view: View, standard: int, people: list[Subject]) -> tuple[bool, bool]:
    """Returns whether one of them has an adolescent's order that the grant shows MINOR.

    Besides, whether one is not of age, and the grant does not show every such order.
    """
    if standard != WANTED:
        return False, False
    minor, sees = section_pb2.SENSITIVITY_MINOR, _sees_minors(view)
    seen = any(
        is_adolescents_order(view, alert) and view.shows(alert.first.section, minor)
        for person in people
        if not _is_child(view, person)
        for alert in stored_alerts(view, person)
    )
    persons = [p for p in people if p.kind != person_pb2.SUBJECT_KIND_ORGANISATION and not view.is_of_age(p)]
    return seen, any(_is_child(view, person) or not sees for person in persons)


def _sees_minors(view: View) -> bool:
    sections = (section_pb2.SECTION_WARRANT, section_pb2.SECTION_PRISON)
    return all(view.shows(s, section_pb2.SENSITIVITY_MINOR) for s in sections)


def _is_child(view: View, subject: Subject) -> bool:
    """A child for certain: nothing of it counts against orders."""
    person = subject.about == PERSON and subject.kind != person_pb2.SUBJECT_KIND_ORGANISATION
    return person and bool(subject.birth[0]) and not view.is_of_age(subject)


def _may_be_meant(view: View, subject: Subject) -> bool:
    return bool(view.may_be_meant(subject)) and not _is_child(view, subject)


def _verdict(
    view: View,
    standard: int,
    finding: Finding,
    records: list[tuple[Link, int, bool]],
    contradicted: bool,
    kind: str,
    crowded: bool = False,
    minors: tuple[bool, bool] = (False, False),
) -> Verdict:
    certain = [link for link, level, criterion_1 in records if level == HIT and criterion_1]
    if finding.status in STATUS_REASONS:
        return contract.CLEARANCE_RESULT_REVIEW, STATUS_REASONS[finding.status], []
    if contradicted:
        return contract.CLEARANCE_RESULT_REVIEW, contract.CLEARANCE_REASON_CONFLICT, []
    if certain:
        return contract.CLEARANCE_RESULT_WITH_RECORD, contract.CLEARANCE_REASON_RECORD, certain
    if records or crowded:
        links = [link for link, _, _ in records]
        return contract.CLEARANCE_RESULT_REVIEW, contract.CLEARANCE_REASON_NAME_MATCH, links
    if minors[0]:
        return contract.CLEARANCE_RESULT_REVIEW, contract.CLEARANCE_REASON_NOT_OF_AGE, []
    if kind == "vehicle" and not finding.certain:
        return contract.CLEARANCE_RESULT_REVIEW, contract.CLEARANCE_REASON_UNCERTAIN_IDENTIFIER, []
    if finding.status == UNVERIFIED or not _all_fresh(view, standard, kind):
        return contract.CLEARANCE_RESULT_INCOMPLETE, contract.CLEARANCE_REASON_REGISTER_NOT_FRESH, []
    if minors[1]:
        return contract.CLEARANCE_RESULT_INCOMPLETE, contract.CLEARANCE_REASON_NOT_OF_AGE, []
    return contract.CLEARANCE_RESULT_NO_RECORD, contract.CLEARANCE_REASON_NOTHING_ON_FILE, []


def _all_fresh(view: View, standard: int, kind: str) -> bool:
    return all(r.fresh(view.masks, view.clock_ms) for r in view.oracle.registers if is_needed(r, standard, kind))


def _vehicle_row(view: View, standard: int, row: dict[str, Any]) -> Verdict:
    asked: Identifier
    if row["plates"]:
        asked = plate(row["plates"], "", "plates")
        if not asked.certain:
            return contract.CLEARANCE_RESULT_REVIEW, contract.CLEARANCE_REASON_UNCERTAIN_IDENTIFIER, []
    else:
        asked = identifier(IdentifierKind.VIN, level_pb2.CRITERION_VIN, "vin", row["vins"], "vins")
    finding = by_vehicle_identifier(view, asked)
    if asked.kind == "vin" and not finding.found and view.identifiers_loaded("vin"):
        finding.status = NOT_FOUND
    by_plate = asked.kind == "plate"
    records = []
    if finding.subject is not None and (not by_plate or bears_asked(view, finding)):
        records += _capped(under_standard(view, finding.subject, standard), finding.link)
    for subject, link in plates_of(view, finding, by_plate):
        records += _capped(under_standard(view, subject, standard), link)
    return _verdict(view, standard, finding, records, False, "vehicle")


def _capped(records: list[tuple[Link, int, bool]], link: int) -> list[tuple[Link, int, bool]]:
    return [(record, min(level, link), criterion_1) for record, level, criterion_1 in records]


def _name_row(view: View, standard: int, name: str, birth: tuple[int, int, int]) -> Verdict:
    links: list[Link] = []
    question = PersonQuestion(name_text=mended(naive_names.name_text({}, name)), birth=birth)
    try:
        fits = name_fits(view, Asked(question, cleared=True))
        if certain_fit(view, question, fits) is not None:
            fits = like(fits)
    except QuestionError:
        return contract.CLEARANCE_RESULT_REVIEW, contract.CLEARANCE_REASON_UNCERTAIN_IDENTIFIER, []
    for fit in fits:
        links += [link for link, _, _ in under_standard(view, fit.subject, standard)]
    if links or (standard == WANTED and any(_may_be_meant(view, fit.subject) for fit in fits)):
        return contract.CLEARANCE_RESULT_REVIEW, contract.CLEARANCE_REASON_NAME_MATCH, links
    seen, hidden = _minors(view, standard, [fit.subject for fit in fits])
    if seen:
        return contract.CLEARANCE_RESULT_REVIEW, contract.CLEARANCE_REASON_NOT_OF_AGE, []
    if not _all_fresh(view, standard, "person"):
        return contract.CLEARANCE_RESULT_INCOMPLETE, contract.CLEARANCE_REASON_REGISTER_NOT_FRESH, []
    if hidden:
        return contract.CLEARANCE_RESULT_INCOMPLETE, contract.CLEARANCE_REASON_NOT_OF_AGE, []
    return contract.CLEARANCE_RESULT_NO_RECORD, contract.CLEARANCE_REASON_NAME_ONLY, []
