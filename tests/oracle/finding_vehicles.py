"""Finding vehicles by plate, VIN, chassis tail or engine (docs/answers.md sections 8 and 9)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ronda.v1 import level_pb2, section_pb2
from tests.oracle.asked import Identifier
from tests.oracle.finding import HIT, NOT_FOUND, POSSIBLE, UNSPECIFIED, UNVERIFIED, Finding, status
from tests.oracle.record import PLATE, VEHICLE, Subject

if TYPE_CHECKING:
    from tests.oracle.view import View

FOR_EVER, SINCE_EVER = 10**9, -(10**9)
ASSIGNMENT = section_pb2.SECTION_PLATE_ASSIGNMENT


class Bearing:
    """A plate that a vehicle bears or bore; days None = unknown."""

    def __init__(self, kind: str, number: str, country: str, first: int | None, last: int | None) -> None:
        self.type, self.number, self.country = kind, number, country
        self.first = SINCE_EVER if first is None else first
        self.last = FOR_EVER if last is None else last

    @property
    def text(self) -> str:
        return f"{self.type or '?'}-{self.number}"

    def holds(self, day: int) -> bool:
        return self.first <= day <= self.last


def bearings(view: View, vehicle: Subject) -> list[Bearing]:
    """Visible bearings, in register order."""
    assigned = any(link.section == ASSIGNMENT and link.record.plate for link in vehicle.links)
    found = []
    for link in view.links(vehicle):
        record = link.record
        if not record.plate or (assigned and link.section != ASSIGNMENT):
            continue
        dates = (record.valid_from, record.valid_to) if assigned else (None, None)
        found.append(Bearing(record.plate_type, record.plate, record.plate_country, *dates))
    return found


def fits_plate(asked: tuple[str, str, str], kind: str, number: str, country: str) -> bool:
    return (number, country) == asked[1:] and (not asked[0] or kind in ("", asked[0]))


def by_vehicle_identifier(view: View, asked: Identifier) -> Finding:
    return by_plate(view, asked) if asked.kind == "plate" else by_number(view, asked)


def by_plate(view: View, asked: Identifier) -> Finding:
    finding = Finding(certain=asked.certain)
    present, former = [], []
    for vehicle in view.oracle.vehicles_carrying(asked):
        if vehicle.about == PLATE:
            plates = [link.record for link in view.links(vehicle)]
            if plates and fits_plate(asked.value, plates[0].plate_type, plates[0].plate, plates[0].plate_country):
                equal = asked.foreign or (bool(asked.value[0]) and plates[0].plate_type == asked.value[0])
                finding.plates.append((vehicle, HIT if equal else POSSIBLE))
            continue
        mine = [b for b in bearings(view, vehicle) if fits_plate(asked.value, b.type, b.number, b.country)]
        now = [b for b in mine if b.holds(view.today)]
        before = [b for b in mine if b.last < view.today]
        if now:
            equal = asked.foreign or (bool(asked.value[0]) and any(b.type == asked.value[0] for b in now))
            present.append((vehicle, HIT if equal else POSSIBLE))
        elif before:
            former.append((vehicle, max((b.last, b.first) for b in before)))
    finding.former = [vehicle for vehicle, _ in former]
    counted = [vehicle for vehicle, _ in present]
    if len(present) == 1:
        finding.subject, finding.link = present[0]
        finding.bears = True
        finding.certain = finding.certain and finding.link == HIT
    elif present:
        finding.others = counted
        finding.certain = False
        finding.several_bear = True
    elif former:
        finding.subject = sorted(former, key=lambda f: (-f[1][0], -f[1][1], f[0].place))[0][0]
        finding.former = [v for v in finding.former if v is not finding.subject]
        finding.certain = False
        counted = [finding.subject]
    finding.status = vehicle_status(view, asked, finding.subject, counted)
    return finding


def by_number(view: View, asked: Identifier) -> Finding:
    fits = [
        v
        for v in view.oracle.vehicles_carrying(asked)
        if v.about == VEHICLE and any(asked.is_of(link.record) for link in view.links(v))
    ]
    finding = Finding(others=fits, certain=asked.certain)
    if len(fits) == 1:
        finding.subject, finding.others = fits[0], []
        finding.link = HIT if asked.kind == "vin" else POSSIBLE
    elif fits:
        finding.certain = False
    finding.status = vehicle_status(view, asked, finding.subject, fits)
    return finding


def taken_for_an_end(view: View, asked: Identifier) -> Identifier:
    """A VIN of 6 to 8 characters that no vehicle has whole is asked as the end of one."""
    if asked.kind != "vin" or not 6 <= len(asked.value) <= 8:
        return asked
    whole = by_number(view, asked)
    if whole.subject is not None or whole.others:
        return asked
    return Identifier("chassis_tail", level_pb2.CRITERION_CHASSIS_TAIL, asked.value)


def vehicle_status(view: View, asked: Identifier, vehicle: Subject | None, fits: list[Subject]) -> int:
    if asked.kind in ("chassis_tail", "engine"):
        return view.status_by_name(vehicle) if vehicle is not None else UNSPECIFIED
    if asked.kind == "plate":
        return _plate_status(view, asked, vehicle, fits)
    if not fits:
        return UNVERIFIED
    return status(view, asked, vehicle, fits, False)


def _plate_status(view: View, asked: Identifier, vehicle: Subject | None, fits: list[Subject]) -> int:
    kind, number, country = asked.value
    if country == "GTM" and not view.identifiers_loaded("plate"):
        return UNVERIFIED

    def identified(subject: Subject) -> bool:
        return view.identified(
            subject, "plate", lambda r: fits_plate((kind, number, country), r.plate_type, r.plate, r.plate_country)
        )

    if vehicle is None and fits:
        return UNSPECIFIED
    if vehicle is None or not identified(vehicle):
        return UNVERIFIED if country != "GTM" else NOT_FOUND
    return level_pb2.IDENTITY_STATUS_FOUND
