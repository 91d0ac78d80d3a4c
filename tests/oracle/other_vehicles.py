"""Vehicles that a report by plate means besides its bearer: answers.md section 4, "Plate against everything else"."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from ronda.v1 import level_pb2, section_pb2
from tests.oracle.record import Record, Subject
from tests.oracle.values import _any_case

if TYPE_CHECKING:
    from tests.oracle.linking import Linking

POSSIBLE = level_pb2.LEVEL_POSSIBLE
AT_MOST = 50
SEEN = ("make", "line", "colour", "model_year")


class Bearing(Protocol):
    """A vehicle's assignment of a plate."""

    record: Record
    subject: Subject

    def maybe(self, days: tuple[int, int]) -> bool: ...


def join(
    linking: Linking,
    plated: Sequence[tuple[Record, list[Subject]]],
    bearers: Mapping[tuple[str, str, str], Sequence[Bearing]],
    on_file: Mapping[Subject, list[Record]],
) -> None:
    """Joins them. plated: alerts by plate alone, with their vehicles. on_file: records of each that are no alerts."""
    for record, meant in plated:
        known = [subject for subject in meant if subject in on_file]
        by_engine = _by_engine(record, known, on_file)
        others = [(subject, level_pb2.CRITERION_ENGINE) for subject in by_engine]
        by_seen = _by_what_is_seen(record, known, bearers, on_file)
        others += [(subject, level_pb2.CRITERION_MAKE) for subject in by_seen if subject not in by_engine]
        contradicted = _is_described(record) and _is_otherwise(record, _known_as(known, on_file))
        for subject in known if others or contradicted else ():
            for link in subject.links:
                if link.record is record:
                    link.level = POSSIBLE
        for subject, criterion in others:
            is_whole = bool(record.plate_type) or criterion == level_pb2.CRITERION_MAKE
            joined = dataclasses.replace(record, plate="", plate_type="") if is_whole else record
            linking.join(joined, subject, criterion, POSSIBLE)


def _by_engine(record: Record, known: list[Subject], on_file: Mapping[Subject, list[Record]]) -> list[Subject]:
    found = [s for s, records in on_file.items() if record.engine and any(r.engine == record.engine for r in records)]
    return [] if len(found) > AT_MOST or any(subject in known for subject in found) else found


def _by_what_is_seen(
    record: Record,
    known: list[Subject],
    bearers: Mapping[tuple[str, str, str], Sequence[Bearing]],
    on_file: Mapping[Subject, list[Record]],
) -> list[Subject]:
    if not _is_described(record):
        return []
    own = _known_as(known, on_file)
    if own and not _is_otherwise(record, own):
        return []
    found = set()
    for (kind, number, country), bearings in bearers.items():
        if kind == f"typed {record.plate_type}" and country == "GTM" and _is_one_slip(record.plate, number):
            found |= {b.subject for b in bearings if b.maybe(record.days)}
    alike = [s for s in found if s not in known and _is_alike(record, _registrations(on_file.get(s, [])))]
    return alike if len(alike) <= AT_MOST else []


def _is_described(record: Record) -> bool:
    stated = sum(bool(getattr(record, name)) for name in SEEN)
    return record.plate_country == "GTM" and bool(record.plate_type) and stated >= 2


def _known_as(known: list[Subject], on_file: Mapping[Subject, list[Record]]) -> list[Record]:
    return [claim for subject in known for claim in _registrations(on_file[subject])]


def _is_otherwise(record: Record, claims: list[Record]) -> bool:
    """Returns whether most of what the report describes is quite otherwise on file."""
    agree, disagree = _compared(record, claims)
    return disagree >= 2 and disagree > agree


def _registrations(records: list[Record]) -> list[Record]:
    return [record for record in records if record.section == section_pb2.SECTION_VEHICLE_REGISTRATION]


def _is_alike(record: Record, claims: list[Record]) -> bool:
    agree, disagree = _compared(record, claims)
    return agree >= 2 and disagree == 0


def _is_one_slip(a: str, b: str) -> bool:
    apart = [place for place in range(len(a)) if a[place : place + 1] != b[place : place + 1]]
    if len(a) != len(b) or not apart or any(a[place].isdigit() != b[place].isdigit() for place in apart):
        return False
    return len(apart) == 1 or (
        len(apart) == 2 and apart[1] == apart[0] + 1 and a[apart[0]] == b[apart[1]] and a[apart[1]] == b[apart[0]]
    )


def _compared(record: Record, claims: list[Record]) -> tuple[int, int]:
    """Returns how many fields agree, and how many disagree with all that state them."""
    outcomes = []
    for name in SEEN:
        stated = [getattr(claim, name) for claim in claims if getattr(claim, name)]
        if getattr(record, name) and stated:
            outcomes.append(any(_agrees(name, getattr(record, name), each) for each in stated))
    return sum(outcomes), len(outcomes) - sum(outcomes)


def _agrees(name: str, a: str | int, b: str | int) -> bool:
    if name == "model_year":
        return a == b
    a, b = _any_case(str(a)), _any_case(str(b))
    if name == "colour":
        return not set(a.split()).isdisjoint(b.split())
    return a == b or (min(len(a), len(b)) >= 3 and (a.startswith(b) or b.startswith(a)))
