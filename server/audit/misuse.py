"""The misuse report: patterns of look-ups that a supervisor should ask about. None is proof of anything.

| rule | reported when |
|---|---|
| enumeration | an officer asks `RUN` times or more, one after another, for CUIs or plates at most `STEP` apart, pauses under `RUN_GAP_MS`; or policy marked it |
| night | `NIGHT_LOOKS` or more from 22:00 to 05:00 (Guatemala), where they are less than `NIGHT_SHARE` of the officer's; or policy marked them |
| off-unit | the officer's unit is not the device's; or policy marked it |
| repeated | one subject asked for `REPEATS` times or more by one officer; or policy marked it |
| break-glass | every use, retries too |

Except for break-glass, a retry of a request id counts once. The enumeration rule opens the questions, because it needs
their numbers.
"""  # noqa: E501 - a table

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from google.protobuf.message import DecodeError

from core.audit.reader import Flag, How
from core.audit.rows import ENTRY_ROW, QUESTION_ROW, query_rows
from core.engine.entry import Method
from core.identifiers.api import cui_digits, plate
from core.identifiers.types import IdentifierError
from ronda.v1 import check_service_pb2 as contract
from server.audit.looking import Tool
from server.audit.reading import ALTERED, AuditReader, Segment, opened_question

RUN = 8
STEP = 5
RUN_GAP_MS = 600_000
NIGHT_LOOKS = 5
NIGHT_SHARE = 0.2
REPEATS = 5

_HOUR_MS = 3_600_000
_GUATEMALA_MS = -6 * _HOUR_MS  # no daylight saving time
_TOOLS = min(Tool)  # methods from here on are looks into the log itself
_REQUESTS: dict[int, Any] = {
    Method.CHECK: contract.CheckRequest,
    Method.CHECK_PERSON: contract.CheckPersonRequest,
    Method.CHECK_VEHICLE: contract.CheckVehicleRequest,
}


@dataclass(frozen=True)
class Finding:
    """One pattern. who: "nip institution" of the officer, else the device; count: look-ups; times in ms UTC."""

    rule: str
    who: str
    count: int
    first_ms: int
    last_ms: int


@dataclass(frozen=True, slots=True)
class _Look:
    time_ms: int
    flags: int
    apart: bool  # the officer's unit is not the device's
    number: tuple[str, int] | None  # what was asked, where it is one of a row: (series, number)


@dataclass
class _Officer:
    looks: list[_Look] = field(default_factory=list)
    break_glass: list[int] = field(default_factory=list)  # times
    subjects: dict[tuple[str, bytes], list[int]] = field(
        default_factory=lambda: defaultdict(list)
    )  # by (hash key, hash)


def who_is(identity: dict[str, Any]) -> str:
    """The officer, else the device, else the tool; "altered" where what says it was altered."""
    if identity == ALTERED:
        return "altered"
    if identity.get("nip"):
        return f"{identity['nip']} {identity.get('institution', '')}".strip()
    return str(identity.get("device") or identity.get("tool") or "?")


def number_of(method: int, question: bytes) -> tuple[str, int] | None:
    """The series and the number asked for: a CUI's running number in its municipality, a plate's digits among its
    letters; None for anything else."""
    make = _REQUESTS.get(method)
    if make is None or not question:
        return None
    try:
        request = make.FromString(question)
    except DecodeError:
        return None
    text = getattr(request, "cui", "") or request.query
    digits, valid = cui_digits(text) if text else (None, False)
    if digits is not None and valid:
        return f"cui {digits[9:]}", int(digits[:8])
    text = getattr(request, "plate", "") or request.query
    try:
        found = plate(text)
    except IdentifierError:
        return None
    return (f"plate {found.type}{found.number[3:]}", int(found.number[:3])) if found.number[:3].isdecimal() else None


def report(reader: AuditReader, since_ms: int = 0, until_ms: int | None = None) -> list[Finding]:
    """Findings, by rule, the most look-ups first. Raises KeyMissing."""
    officers: dict[str, _Officer] = defaultdict(_Officer)
    for id_ in reader.segments(since_ms, until_ms):
        with reader.open(id_) as segment:
            if segment is not None:
                _gather(reader, segment, since_ms, until_ms, officers)
    findings = [finding for who, officer in officers.items() for finding in _of_officer(who, officer)]
    return sorted(findings, key=lambda finding: (finding.rule, -finding.count, finding.who))


def _gather(
    reader: AuditReader, segment: Segment, since_ms: int, until_ms: int | None, officers: dict[str, _Officer]
) -> None:
    keys = reader.keys(segment)
    identities = segment.identities()
    names = {place: who_is(identity) for place, identity in identities.items()}

    def name_of(place: int) -> str:
        return names[place] if place in names else who_is(segment.asker(place))

    apart = {
        place
        for place, identity in identities.items()
        if identity.get("unit") and identity.get("device_unit") and identity["unit"] != identity["device_unit"]
    }
    question_bytes, entry_bytes = query_rows(segment.data, segment.end, segment.altered)
    questions = np.frombuffer(question_bytes, np.dtype(QUESTION_ROW))
    entries = np.frombuffer(entry_bytes, np.dtype(ENTRY_ROW))
    looked = (questions["method"] < _TOOLS) & (questions["time_ms"] >= since_ms)
    if until_ms is not None:
        looked &= questions["time_ms"] <= until_ms
    for row in questions[looked & (questions["flags"] & Flag.BREAK_GLASS != 0)]:
        officers[name_of(int(row["identity"]))].break_glass.append(int(row["time_ms"]))
    wanted = looked & (questions["flags"] & Flag.RETRY == 0)
    for row in questions[wanted]:
        place = int(row["identity"])
        record = segment.record(int(row["offset"]))
        number = number_of(record.method, opened_question(record, keys) or b"")
        look = _Look(record.time_ms, record.flags, place in apart, number)
        officers[name_of(place)].looks.append(look)
    asked = entries[(entries["how"] == How.ASKED)]
    for entry in asked[wanted[asked["question"]]]:
        question = questions[int(entry["question"])]
        subject = (str(segment.header["hash_key"]), bytes(entry["subject"]))
        officers[name_of(int(question["identity"]))].subjects[subject].append(int(question["time_ms"]))


def _finding(rule: str, who: str, times: Sequence[int]) -> Finding:
    return Finding(rule, who, len(times), min(times), max(times))


def _at_night(time_ms: int) -> bool:
    hour = (time_ms + _GUATEMALA_MS) // _HOUR_MS % 24
    return hour >= 22 or hour < 5


def _of_officer(who: str, officer: _Officer) -> Iterator[Finding]:
    looks = sorted(officer.looks, key=lambda look: look.time_ms)
    if officer.break_glass:
        yield _finding("break-glass", who, officer.break_glass)
    for rule, flag in (("enumeration", Flag.ENUMERATION), ("repeated", Flag.REPEATED)):
        if marked := [look.time_ms for look in looks if look.flags & flag]:
            yield _finding(rule, who, marked)
    if away := [look.time_ms for look in looks if look.apart or look.flags & Flag.OFF_UNIT]:
        yield _finding("off-unit", who, away)
    night = [look.time_ms for look in looks if _at_night(look.time_ms)]
    if len(night) >= NIGHT_LOOKS and len(night) < NIGHT_SHARE * len(looks):
        yield _finding("night", who, night)
    elif marked := [look.time_ms for look in looks if look.flags & Flag.OFF_HOURS]:
        yield _finding("night", who, marked)
    for times in officer.subjects.values():
        if len(times) >= REPEATS:
            yield _finding("repeated", who, times)
    run: list[_Look] = []
    for look in [*(each for each in looks if each.number is not None), None]:
        if look is not None and run and _follows(run[-1], look):
            run.append(look)
            continue
        if len(run) >= RUN:
            yield _finding("enumeration", who, [each.time_ms for each in run])
        run = [look] if look is not None else []


def _follows(before: _Look, after: _Look) -> bool:
    if before.number is None or after.number is None or before.number[0] != after.number[0]:
        return False
    return 0 < abs(after.number[1] - before.number[1]) <= STEP and after.time_ms - before.time_ms <= RUN_GAP_MS
