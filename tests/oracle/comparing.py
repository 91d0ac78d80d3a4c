"""The given fields compared with a subject: `comparisons` (docs/answers.md section 8)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ronda.v1 import level_pb2, section_pb2
from tests.core import naive_calendar
from tests.core.names import naive_names
from tests.oracle import agreement, vehicle_words
from tests.oracle.agreement import AGREES, DISAGREES, UNKNOWN
from tests.oracle.asked import Identifier, PersonQuestion, VehicleQuestion
from tests.oracle.finding import person_holds, persons_with
from tests.oracle.finding_vehicles import bearings, by_plate, fits_plate
from tests.oracle.record import Birth, Subject

if TYPE_CHECKING:
    from tests.oracle.view import View

PARTLY, NEAR = level_pb2.AGREEMENT_PARTLY, level_pb2.AGREEMENT_NEAR
Comparisons = list[tuple[int, int]]
SEEN_ONLY = (level_pb2.CRITERION_COLOUR, level_pb2.CRITERION_MODEL_YEAR)


def person(view: View, question: PersonQuestion, subject: Subject | None, found: bool) -> Comparisons:
    """(criterion, agreement) of all that was given. Without a subject the principal AGREES when something was found."""
    principal = question.principal
    result: Comparisons = []
    for asked in question.identifiers:
        if subject is not None:
            outcome = _identifier(view, subject, asked)
        else:
            outcome = AGREES if asked is principal and found else UNKNOWN
        result.append((asked.criterion, outcome))
    claims = view.comparable(subject) if subject is not None else []
    if question.name_key:
        outcome = agreement.names(question.name_text, claims)
        if subject is None and principal is None and found:
            outcome = AGREES
        named = any(c.name_text for c in claims)
        result.append((level_pb2.CRITERION_NAMES, NEAR if outcome == UNKNOWN and named else outcome))
    if any(question.birth):
        outcome = agreement.birth_dates(question.birth, claims)
        if outcome == UNKNOWN:
            outcome = _nearness(question.birth, [c.birth for c in claims if c.birth[0]])
        result.append((level_pb2.CRITERION_BIRTH_DATE, outcome))
    if question.sex:
        result.append((level_pb2.CRITERION_SEX, agreement.sexes(question.sex, claims)))
    if question.father or question.mother:
        outcome = agreement.parents(question.father, question.mother, claims)
        both = any((question.father and c.father) or (question.mother and c.mother) for c in claims)
        result.append((level_pb2.CRITERION_PARENTS, NEAR if outcome == UNKNOWN and both else outcome))
    return result


def _nearness(asked: Birth, filed: list[Birth]) -> int:
    """Returns how near a birth date is that neither agrees nor disagrees.

    Fillers state nothing, but beside the same day of another century.
    """
    filed = [b for b in filed if min(b[0], asked[0]) > 1900 or naive_calendar.grade(asked, b) == "century"]
    if not asked[0] or not filed:
        return UNKNOWN
    part = any(b[0] == asked[0] and all(not x or not y or x == y for x, y in zip(asked, b, strict=True)) for b in filed)
    return PARTLY if part else NEAR


def _identifier(view: View, subject: Subject, asked: Identifier) -> int:
    records = [link.record for link in view.links(subject)]
    if person_holds(view, subject, asked):
        return AGREES
    if asked.kind == "telephone":
        return UNKNOWN
    if asked.kind == "document":
        country = asked.value.split(":")[0]
        another = any(r.document[1] and r.document[0] == country for r in records)
    elif asked.kind == "document_number":
        another = any(r.document[1] for r in records)
    else:
        another = any(getattr(r, asked.kind) for r in records)
    return DISAGREES if another or persons_with(view, asked) else UNKNOWN


def vehicle(view: View, question: VehicleQuestion, subject: Subject | None, found: bool) -> Comparisons:
    result: Comparisons = []
    for number, asked in enumerate(question.identifiers):
        if subject is not None:
            outcome = _vehicle_identifier(view, subject, asked)
        else:
            outcome = AGREES if number == 0 and found else UNKNOWN
        result.append((asked.criterion, outcome))
    stated = []
    if subject is not None:
        stated = [k.record for k in view.links(subject) if k.section == section_pb2.SECTION_VEHICLE_REGISTRATION]
    if question.make:
        asked_make = naive_names.fold(question.make)
        result.append((level_pb2.CRITERION_MAKE, _any(makes_agree(asked_make, r.make) for r in stated if r.make)))
    if question.colour:
        colour = naive_names.fold(question.colour)
        outcomes = (colours_agree(colour, vehicle_words.colours(colour), r.colour) for r in stated if r.colour)
        result.append((level_pb2.CRITERION_COLOUR, _any(outcomes)))
    if question.model_year:
        years = (question.model_year == r.model_year for r in stated if r.model_year)
        result.append((level_pb2.CRITERION_MODEL_YEAR, _any(years)))
    return result


def makes_agree(asked: str, make: str) -> bool:
    """`asked` folded. Equal, or one a prefix of the other of three or more letters."""
    filed = naive_names.fold(make)
    shorter = min(asked, filed, key=len)
    return asked == filed or (len(shorter) >= 3 and (asked.startswith(filed) or filed.startswith(asked)))


def colours_agree(asked: str, named: set[str], colour: str) -> bool:
    """`asked` folded, and the colours that it names: equal, or a colour in common."""
    filed = naive_names.fold(colour)
    return asked == filed or bool(named & vehicle_words.colours(filed))


def _any(outcomes: object) -> int:
    found = list(outcomes)  # type: ignore[call-overload]
    if not found:
        return UNKNOWN
    return AGREES if any(found) else DISAGREES


def _vehicle_identifier(view: View, subject: Subject, asked: Identifier) -> int:
    if asked.kind == "plate":
        borne = [b for b in bearings(view, subject) if b.holds(view.today)]
        if any(fits_plate(asked.value, b.type, b.number, b.country) for b in borne):
            return AGREES
        finding = by_plate(view, asked)
        others = finding.subject not in (None, subject) or bool(finding.others)
        return DISAGREES if borne or others else UNKNOWN
    records = [link.record for link in view.links(subject)]
    if any(asked.is_of(r) for r in records):
        return AGREES
    another = any(r.engine for r in records) if asked.kind == "engine" else any(r.vin or r.chassis for r in records)
    return DISAGREES if another or _another_vehicle(view, asked) else UNKNOWN


def _another_vehicle(view: View, asked: Identifier) -> bool:
    return any(any(asked.is_of(link.record) for link in view.links(v)) for v in view.oracle.vehicles_carrying(asked))


def disagree(comparisons: Comparisons) -> bool:
    """Returns whether the caution IDENTIFIERS_DISAGREE is due."""
    return any(outcome == DISAGREES and criterion not in SEEN_ONLY for criterion, outcome in comparisons)


def mismatch(comparisons: Comparisons) -> bool:
    return any(outcome == DISAGREES and criterion in SEEN_ONLY for criterion, outcome in comparisons)
