"""Records of vehicles and plates joined to subjects (docs/answers.md section 4)."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from typing import TYPE_CHECKING

from ronda.v1 import level_pb2, section_pb2
from tests.oracle import other_vehicles
from tests.oracle.record import PLATE, VEHICLE, Record, Subject, holds_surely

if TYPE_CHECKING:
    from tests.oracle.linking import Linking

HIT, POSSIBLE = level_pb2.LEVEL_HIT, level_pb2.LEVEL_POSSIBLE
SINCE_EVER, FOR_EVER = -(10**9), 10**9
AT_MOST = 50
PlateKey = tuple[str, str, str]


def link(linking: Linking, records: list[Record]) -> None:
    bearers: dict[PlateKey, list[Bearing]] = defaultdict(list)
    by_engine: dict[str, set[Subject]] = defaultdict(set)
    for record in records:
        has_number = record.about != PLATE and (record.vin or record.chassis)
        if has_number and record.plate and record.section == section_pb2.SECTION_PLATE_ASSIGNMENT:
            bearing = Bearing(record, _numbered(linking, record))
            bearers["", record.plate, record.plate_country].append(bearing)
            if record.plate_type or record.plate_country != "GTM":
                bearers["typed " + record.plate_type, record.plate, record.plate_country].append(bearing)
    second = _second_numbers(records)
    later: list[Record] = []
    by_plate: list[tuple[Record, list[Subject]]] = []
    ends = [
        record
        for record in records
        if _may_be_an_end(record) and not bearers.get(_key(record)) and record.chassis not in second
    ]
    for record in records:
        if record.about == PLATE:
            _plate(linking, record)
        elif record.vin or record.chassis:
            vins = second.get(record.vin or record.chassis, set()) if _is_alert(record) else set()
            subject = linking.subject(f"vin:{min(vins)}", VEHICLE) if len(vins) == 1 else _numbered(linking, record)
            others = bearers.get(_key(record), []) if record.alert is not None and record.alert.kind else []
            contradicts = _names_another(record, [b for b in others if b.subject is subject], others)
            if contradicts:
                # neither vehicle is known by what is the other's
                numbered = dataclasses.replace(record, plate="", plate_type="")
                linking.join(numbered, subject, level_pb2.CRITERION_VIN, POSSIBLE)
                for other in _may_have_borne(record, others)[0]:
                    plated = dataclasses.replace(record, vin="", chassis="")
                    linking.join(plated, other, level_pb2.CRITERION_PLATE, POSSIBLE)
            else:
                linking.join(record, subject, level_pb2.CRITERION_VIN, HIT)
            if len(vins) > 1:
                for vin in sorted(vins):
                    linking.join(record, linking.subject(f"vin:{vin}", VEHICLE), level_pb2.CRITERION_VIN, POSSIBLE)
            if record.engine:
                by_engine[record.engine].add(subject)
        else:
            later.append(record)
    only_engine = []
    for record in later:
        if record.plate and (record.plate_type or record.plate_country != "GTM" or bearers.get(_key(record))):
            meant = _by_plate(linking, record, bearers.get(_key(record), []))
            for subject in meant:
                if record.engine:
                    by_engine[record.engine].add(subject)
            if record.alert is not None and record.alert.kind:
                by_plate.append((record, meant))
        else:
            only_engine.append(record)
    for record in only_engine:
        subjects = by_engine.get(record.engine, set()) if record.engine else set()
        is_alert = record.alert is not None and record.alert.kind
        if len(subjects) == 1 or (is_alert and 1 < len(subjects) <= AT_MOST):
            for subject in sorted(subjects, key=lambda s: s.key):
                linking.join(record, subject, level_pb2.CRITERION_ENGINE, POSSIBLE)
        else:
            own = linking.subject(f"vehicle-record:{record.register_id}:{record.record_id}", VEHICLE)
            linking.join(record, own, 0, HIT)
    other_vehicles.join(linking, by_plate, bearers, _on_file(linking))
    _link_ends(linking, records, ends)


def _is_alert(record: Record) -> bool:
    return record.about != PLATE and record.alert is not None and bool(record.alert.kind)


def _second_numbers(records: list[Record]) -> dict[str, set[str]]:
    """Chassis numbers that no vehicle has for its own: the VINs beside which they stand, 50 at most."""
    plain = [r for r in records if r.about != PLATE and not _is_alert(r)]
    own = {r.vin or r.chassis for r in plain}
    found: dict[str, set[str]] = defaultdict(set)
    for record in plain:
        if record.vin and record.chassis and record.chassis not in own:
            found[record.chassis].add(record.vin)
    return {number: vins for number, vins in found.items() if len(vins) <= AT_MOST}


def _on_file(linking: Linking) -> dict[Subject, list[Record]]:
    """Returns what no alert says of vehicles, by VIN or chassis."""
    return {
        subject: [link.record for link in subject.links if link.record.alert is None or not link.record.alert.kind]
        for key, subject in linking.by_key.items()
        if key.startswith(("vin:", "chassis:"))
    }


def _may_be_an_end(record: Record) -> bool:
    """Returns whether the only number is short enough to be the last characters of one."""
    number = (
        "" if record.about == PLATE or record.vin or record.alert is None or not record.alert.kind else record.chassis
    )
    return 6 <= len(number) <= 8 and any(c.isdigit() for c in number)


def _link_ends(linking: Linking, records: list[Record], ends: list[Record]) -> None:
    numbers = {n for r in records if r.about != PLATE and (n := r.vin or r.chassis)}
    whole = {r.chassis for r in records if r.about != PLATE and not r.vin and not (r.alert and r.alert.kind)}
    for record in ends:
        found = [n for n in numbers if n.endswith(record.chassis) and n != record.chassis]
        if record.chassis in whole or len(found) > AT_MOST:
            continue
        unplated = dataclasses.replace(record, plate="", plate_type="")
        for number in found:
            key = f"vin:{number}" if f"vin:{number}" in linking.by_key else f"chassis:{number}"
            linking.join(unplated, linking.by_key[key], level_pb2.CRITERION_VIN, POSSIBLE)


def _numbered(linking: Linking, record: Record) -> Subject:
    return linking.subject(f"vin:{record.vin}" if record.vin else f"chassis:{record.chassis}", VEHICLE)


class Bearing:
    """A vehicle's assignment of a plate."""

    def __init__(self, record: Record, subject: Subject) -> None:
        self.record, self.subject = record, subject
        self.first = SINCE_EVER if record.valid_from is None else record.valid_from
        self.last = FOR_EVER if record.valid_to is None else record.valid_to

    def surely(self, days: tuple[int, int]) -> bool:
        r = self.record
        return all(holds_surely(r.valid_from, r.valid_to, r.spans, day) for day in days)

    def maybe(self, days: tuple[int, int]) -> bool:
        return self.first <= days[1] and days[0] <= self.last


def _names_another(record: Record, own: list[Bearing], others: list[Bearing]) -> bool:
    """Returns whether the plate of a report with a VIN is another's: the VIN's never, or only later another's."""
    days = record.days
    if not own:
        return bool(others)
    return all(b.first > days[1] for b in own) and any(b.surely(days) for b in others)


def _may_have_borne(record: Record, bearings: list[Bearing]) -> tuple[list[Subject], bool]:
    """Returns the subjects that the record's plate may mean, and whether it is one for certain."""
    days = record.days
    found = [b for b in bearings if b.surely(days)]
    certain = bool(found)
    if not found:
        found = [b for b in bearings if b.maybe(days)]
    if not found:
        ended = sorted((b for b in bearings if b.last < days[0]), key=lambda b: (-b.last, -b.first, b.subject.key))
        begun = sorted((b for b in bearings if b.first > days[1]), key=lambda b: (b.first, b.subject.key))
        found = ended[:1] + begun[:1]
    subjects = sorted({b.subject for b in found}, key=lambda s: s.key)
    return subjects[:AT_MOST], certain and len(subjects) == 1


def _key(record: Record) -> PlateKey:
    """A Guatemalan plate without its type may be that of any type."""
    typed = record.plate_type or record.plate_country != "GTM"
    return (f"typed {record.plate_type}" if typed else "", record.plate, record.plate_country)


def _plate(linking: Linking, record: Record) -> None:
    """A stolen plate is a subject of its own."""
    if not record.plate:
        own = linking.subject(f"plate-record:{record.register_id}:{record.record_id}", PLATE)
        linking.join(record, own, 0, HIT)
        return
    subject = linking.subject(f"plate:{record.plate_text}|{record.plate_country}", PLATE)
    linking.join(record, subject, level_pb2.CRITERION_PLATE, HIT)


def _by_plate(linking: Linking, record: Record, bearers: list[Bearing]) -> list[Subject]:
    """Joins a record that has only a plate to whoever may have borne it on its date."""
    if not bearers:
        subject = linking.subject(f"vehicle-plate:{record.plate_text}|{record.plate_country}", VEHICLE)
        linking.join(record, subject, level_pb2.CRITERION_PLATE, HIT)
        return [subject]
    chosen, certain = _may_have_borne(record, bearers)
    typed = record.plate_type or record.plate_country != "GTM"
    for subject in chosen:
        linking.join(record, subject, level_pb2.CRITERION_PLATE, HIT if certain and typed else POSSIBLE)
    return chosen
