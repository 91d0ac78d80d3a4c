"""SearchVehicles (docs/answers.md section 13)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ronda.v1 import check_service_pb2, error_pb2, level_pb2, section_pb2
from tests.core.identifiers import naive_identifiers
from tests.core.identifiers.naive_identifiers import IdentifierError, IdentifierKind
from tests.core.names import naive_names
from tests.oracle import heading, vehicle_words
from tests.oracle.agreement import AGREES, DISAGREES, UNKNOWN
from tests.oracle.asked import Identifier, QuestionError, invalid
from tests.oracle.candidates import candidate
from tests.oracle.comparing import colours_agree, makes_agree
from tests.oracle.finding import POSSIBLE
from tests.oracle.finding_vehicles import Bearing, bearings
from tests.oracle.record import PERSON, PLATE, Record, Subject
from tests.oracle.vehicle_words import Pattern, Words

if TYPE_CHECKING:
    from tests.oracle.view import View

NUMBERS = (
    (IdentifierKind.VIN, level_pb2.CRITERION_VIN, "vin"),
    (IdentifierKind.CHASSIS_TAIL, level_pb2.CRITERION_CHASSIS_TAIL, "chassis_tail"),
    (IdentifierKind.ENGINE, level_pb2.CRITERION_ENGINE, "engine"),
)
NO_VIN_LETTERS = str.maketrans("IOQ", "100")


class Sought:
    """The typed field where there is one, else what the free text says."""

    def __init__(self, request: Any) -> None:
        fold = naive_names.fold
        words = Words()
        if request.query.strip():
            try:
                words = vehicle_words.read(request.query)
            except vehicle_words.Refused as error:
                raise invalid("query") from error
        self.patterns: list[Pattern] = [words.plate] if words.plate else []
        if request.plate_pattern.strip():
            try:
                self.patterns = vehicle_words.plate_patterns(request.plate_pattern)
            except vehicle_words.Refused as error:
                raise invalid("plate_pattern") from error
        self.number = request.number if request.number.strip() else words.number
        self.make = fold(request.make) or words.make
        self.words = words.words
        self.type = fold(request.vehicle_type)
        self.kinds = vehicle_words.kinds(self.type) if self.type else words.kinds
        self.colour = fold(request.colour)
        self.colours = vehicle_words.colours(self.colour) if self.colour else words.colours
        self.model_year = request.model_year or words.model_year
        seen = (self.make, self.words, self.type, self.kinds, self.colour, self.colours, self.model_year)
        if not (self.patterns or self.number or any(seen)):
            raise QuestionError(error_pb2.ERROR_REASON_QUESTION_EMPTY, "query")

    def numbers(self, as_vin: bool) -> tuple[list[Identifier], int]:
        """(the number as each kind that it fits, letters read as digits)."""
        found, misread = [], 0
        for kind, criterion, name in NUMBERS[: 2 if as_vin else 3]:
            try:
                text = naive_identifiers.EXACT[kind](self.number)
            except IdentifierError:
                continue
            if as_vin:
                misread = sum(text.count(c) for c in "IOQ")
                text = text.translate(NO_VIN_LETTERS)
            found.append(Identifier(name, criterion, text))
        return found, misread

    def plate(self, view: View, vehicle: Subject) -> tuple[int, Bearing, bool] | None:
        """(characters misread, the bearing that fits best, whether its type was asked)."""
        best = None
        for bearing in bearings(view, vehicle):
            for kind, number in self.patterns:
                count = vehicle_words.misread(number, bearing.number) if kind in ("", bearing.type) else None
                if count is None:
                    continue
                order = (count, bearing.number, bearing.type, bearing.country)
                if best is None or order < best[0]:
                    best = (order, bearing, bool(kind))
        return (best[0][0], best[1], best[2]) if best else None

    def seen(self, view: View, vehicle: Subject) -> dict[int, int]:
        """Criterion -> agreement with the visible registrations."""
        stated = [k.record for k in view.links(vehicle) if k.section == section_pb2.SECTION_VEHICLE_REGISTRATION]
        compared: dict[int, int] = {}
        if self.make or self.words:
            made = [r for r in stated if (self.make and r.make) or (self.words and (r.make or r.line))]
            compared[level_pb2.CRITERION_MAKE] = _any(self._is_made(r) for r in made)
        if self.type or self.kinds:
            kinds = [naive_names.fold(r.message.type) for r in stated if naive_names.fold(r.message.type)]
            told = [k for k in kinds if k == self.type or vehicle_words.kinds(k) or not self.kinds]
            agree = (k == self.type or bool(vehicle_words.kinds(k) & self.kinds) for k in told)
            compared[level_pb2.CRITERION_VEHICLE_TYPE] = _any(agree)
        if self.colour or self.colours:
            same = (colours_agree(self.colour, self.colours, r.colour) for r in stated if r.colour)
            compared[level_pb2.CRITERION_COLOUR] = _any(same)
        if self.model_year:
            compared[level_pb2.CRITERION_MODEL_YEAR] = _any(
                self.model_year == r.model_year for r in stated if r.model_year
            )
        return compared

    def _is_made(self, record: Record) -> bool:
        make, line = naive_names.fold(record.make), naive_names.fold(record.line)
        if self.make and not (make and makes_agree(self.make, record.make)):
            return False
        texts = [t for text in (make, line) for t in (*text.split(), text.replace(" ", ""))]
        return all(any(t == w or (len(w) >= 3 and t.startswith(w)) for t in texts) for w in self.words)


def _any(found: Any) -> int:
    outcomes = list(found)
    if not outcomes:
        return UNKNOWN
    return AGREES if any(outcomes) else DISAGREES


def _by_plate(view: View, sought: Sought) -> list[tuple[Subject, int, dict[int, int]]]:
    wanted = sought.patterns
    sought.patterns = wanted or [("", "*")]
    found = []
    for vehicle in view.oracle.subjects:
        if vehicle.about in (PERSON, PLATE):
            continue
        seen = sought.seen(view, vehicle)
        best = sought.plate(view, vehicle)
        if best is not None and DISAGREES not in seen.values():
            count, bearing, _ = best
            found.append(((count, bearing.number, bearing.type, bearing.country, vehicle.place), vehicle, count))
    sought.patterns = wanted
    return [(vehicle, count, {}) for _, vehicle, count in sorted(found, key=lambda f: f[0])]


def _by_number(view: View, sought: Sought, asked: list[Identifier], misread: int) -> list[Any]:
    found = []
    for vehicle in view.oracle.subjects:
        if vehicle.about in (PERSON, PLATE) or DISAGREES in sought.seen(view, vehicle).values():
            continue
        held = [a for a in asked if any(a.is_of(link.record) for link in view.links(vehicle))]
        best = sought.plate(view, vehicle) if sought.patterns else None
        if not held or (sought.patterns and best is None):
            continue
        count = misread + (best[0] if best else 0)
        found.append((vehicle, count, {held[0].criterion: UNKNOWN if misread else AGREES}))
    return sorted(found, key=lambda f: (f[1], f[0].place))


def _find(view: View, sought: Sought) -> list[tuple[Subject, int, dict[int, int]]]:
    if not sought.number:
        return _by_plate(view, sought)
    asked, _ = sought.numbers(as_vin=False)
    if not asked:
        raise invalid("number")
    found = _by_number(view, sought, asked, 0)
    if not found:
        asked, misread = sought.numbers(as_vin=True)
        if misread:
            found = _by_number(view, sought, asked, misread)
    return found


def search_vehicles(view: View, request: Any, offset: int) -> tuple[Any, int | None]:
    from tests.oracle.searching import page

    sought = Sought(request)
    found = _find(view, sought)
    response = check_service_pb2.SearchVehiclesResponse()
    shown, following = page(found, request.page_size, offset)
    for ordinal, (vehicle, misread, by_number) in enumerate(shown, 1):
        comparisons: list[tuple[int, int]] = []
        best = sought.plate(view, vehicle)
        if best is not None:
            criterion = level_pb2.CRITERION_PLATE if best[2] else level_pb2.CRITERION_PLATE_UNTYPED
            comparisons.append((criterion, UNKNOWN if best[0] else AGREES))
        comparisons += [*by_number.items(), *sought.seen(view, vehicle).items()]
        shown_one = candidate(view, vehicle, POSSIBLE, comparisons, ordinal)[0]
        shown_one.matched_plate = best[1].text if best is not None else ""
        shown_one.misread_characters = misread
        response.candidates.append(shown_one)
    response.candidates_total = len(found)
    response.answer.level = max([c.level for c in response.candidates], default=level_pb2.LEVEL_INSUFFICIENT)
    heading.fill_registers(view, response.answer, persons_only=False)
    return response, following
