"""Records of vehicles and plates joined to subjects (docs/answers.md section 4)."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from ronda.v1 import level_pb2, section_pb2
from tests.oracle.record import PLATE, VEHICLE, Record, Subject

if TYPE_CHECKING:
    from tests.oracle.linking import Linking

HIT, POSSIBLE = level_pb2.LEVEL_HIT, level_pb2.LEVEL_POSSIBLE
SINCE_EVER, FOR_EVER = -(10**9), 10**9
AT_MOST = 50
PlateKey = tuple[str, str, str]


def link(linking: Linking, records: list[Record]) -> None:
    bearers: dict[PlateKey, list[tuple[int, int, str, Subject]]] = defaultdict(list)
    later: list[Record] = []
    by_engine: dict[str, set[Subject]] = defaultdict(set)
    for record in records:
        if record.about == PLATE:
            _plate(linking, record)
            continue
        number = record.vin or record.chassis
        if not number:
            later.append(record)
            continue
        subject = linking.subject(f"vin:{record.vin}" if record.vin else f"chassis:{record.chassis}", VEHICLE)
        linking.join(record, subject, level_pb2.CRITERION_VIN, HIT)
        if record.engine:
            by_engine[record.engine].add(subject)
        if record.section == section_pb2.SECTION_PLATE_ASSIGNMENT and record.plate:
            first = SINCE_EVER if record.valid_from is None else record.valid_from
            last = FOR_EVER if record.valid_to is None else record.valid_to
            bearers[_key(record)].append((first, last, number, subject))
    only_engine = []
    for record in later:
        if record.plate and (record.plate_type or record.plate_country != "GTM"):
            for subject in _by_plate(linking, record, bearers[_key(record)]):
                if record.engine:
                    by_engine[record.engine].add(subject)
        else:
            only_engine.append(record)
    for record in only_engine:
        subjects = by_engine.get(record.engine, set()) if record.engine else set()
        if len(subjects) == 1:
            linking.join(record, next(iter(subjects)), level_pb2.CRITERION_ENGINE, POSSIBLE)
        else:
            own = linking.subject(f"vehicle-record:{record.register_id}:{record.record_id}", VEHICLE)
            linking.join(record, own, 0, HIT)


def _key(record: Record) -> PlateKey:
    return record.plate_type, record.plate, record.plate_country


def _plate(linking: Linking, record: Record) -> None:
    """A stolen plate is a subject of its own."""
    if not record.plate:
        own = linking.subject(f"plate-record:{record.register_id}:{record.record_id}", PLATE)
        linking.join(record, own, 0, HIT)
        return
    subject = linking.subject(f"plate:{record.plate_text}|{record.plate_country}", PLATE)
    linking.join(record, subject, level_pb2.CRITERION_PLATE, HIT)


def _by_plate(linking: Linking, record: Record, bearers: list[tuple[int, int, str, Subject]]) -> list[Subject]:
    """Joins a record that has only a plate to whoever bore it on its date."""
    if not bearers:
        subject = linking.subject(f"vehicle-plate:{record.plate_text}|{record.plate_country}", VEHICLE)
        linking.join(record, subject, level_pb2.CRITERION_PLATE, HIT)
        return [subject]
    day = FOR_EVER if record.sort_day is None else record.sort_day
    holding = {number: s for first, last, number, s in bearers if first <= day <= last}
    if holding:
        level = HIT if len(holding) == 1 else POSSIBLE
        chosen = [holding[number] for number in sorted(holding)[:AT_MOST]]
    else:
        ended = [b for b in bearers if b[1] < day]
        if ended:
            level = HIT
            chosen = [sorted(ended, key=lambda b: (-b[1], -b[0], b[2]))[0][3]]
        else:
            level = POSSIBLE
            chosen = [sorted(bearers, key=lambda b: (b[0], b[2]))[0][3]]
    for subject in chosen:
        linking.join(record, subject, level_pb2.CRITERION_PLATE, level)
    return chosen
