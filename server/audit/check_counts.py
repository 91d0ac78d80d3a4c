"""Checks as numbers, from the audit log: how many of each kind in each hour, without any person.

Only a record's time, method, purpose, status, and the levels and sections of the hits are read. The officer, the
subject and the question are neither opened nor kept. A retry counts once; a record that stands for several refusals
counts as many. An altered record counts nowhere, and is named. The log holds no department of a unit, so a check has no
place.
"""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np

from core.audit.reader import Flag, Question, read_question
from core.audit.rows import QUESTION_ROW, query_rows
from core.documents import json_of
from core.files.regular_file import read_file
from core.files.replacement import replace_file
from ronda.v1.context_pb2 import Purpose
from ronda.v1.level_pb2 import Level
from ronda.v1.section_pb2 import Section
from server.audit.methods import LOOK_UPS
from server.audit.seals import read_seals
from server.audit.segments import (
    AlteredRecord,
    HeaderAltered,
    SegmentDamaged,
    SegmentId,
    altered_records,
    list_segments,
    mapped,
    read_header,
)

COLUMNS = ("fecha", "hora", "proposito", "metodo", "nivel", "alerta", "consultas")
"""Columns of a delivery; indexer/mart/sources/ronda_consultas.toml reads them."""
HITS = tuple(
    (name, 1 << Section.Value(f"SECTION_{name}"))
    for name in (
        "WARRANT",
        "PRISON",
        "MISSING_PERSON",
        "PROTECTION_ORDER",
        "TRAVEL_BAN",
        "VEHICLE_ALERT",
        "DOCUMENT_ALERT",
    )
)
"""Word -> its bit of an entry's sections. The first that was shown counts; discreet alerts are left out."""
_ALERTS = (Level.LEVEL_POSSIBLE, Level.LEVEL_HIT)
_DISCREET = 1  # flag of an entry
_COUNTRY = ZoneInfo("America/Guatemala")

Kind = tuple[str, int, str, str, str, str]
"""Day, hour, purpose, method, level, hit."""


def count_checks(audit: Path, kept: Path) -> tuple[Counter[Kind], list[AlteredRecord]]:
    """Counts the checks of every segment that exists. kept: directory that caches the counts of sealed segments.

    Returns the altered records too. Raises SealsDamaged.
    """
    sealed = read_seals(audit).sealed
    total: Counter[Kind] = Counter()
    altered: list[AlteredRecord] = []
    for segment in list_segments(audit):
        path = kept / f"{segment.log}-{segment.number:08}.json"
        if segment in sealed and path.is_file():
            total.update({tuple(kind): n for *kind, n in json_of(read_file(path).decode())})
            continue
        found, wrong = _of_segment(audit, segment)
        altered += wrong
        if segment in sealed and not wrong:  # else it is reported each time
            kept.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps([[*kind, n] for kind, n in sorted(found.items())]), encoding="utf-8")
        total.update(found)
    return total, altered


def _of_segment(audit: Path, segment: SegmentId) -> tuple[Counter[Kind], list[AlteredRecord]]:
    found: Counter[Kind] = Counter()
    altered: set[int] = set()
    with mapped(segment.path(audit)) as data:
        try:
            read_header(data)
        except HeaderAltered:
            return found, [AlteredRecord(segment, 0)]
        except SegmentDamaged:
            return found, []  # one in the making; `ronda audit verify` tells of those that are not
        rows = np.frombuffer(query_rows(data, len(data), altered)[0], dtype=np.dtype(QUESTION_ROW))
        wanted = np.isin(rows["method"], list(LOOK_UPS)) & ((rows["flags"] & int(Flag.RETRY)) == 0)
        for offset in rows["offset"][wanted].tolist():
            question = read_question(data, offset)
            found[_kind(question)] += question.overlay_sequence if question.flags & Flag.SUMMED else 1
    return found, altered_records(audit, segment, altered)


def _kind(question: Question) -> Kind:
    when = datetime.fromtimestamp(question.time_ms / 1000, _COUNTRY)
    level = max((entry.level for entry in question.entries), default=0)
    hit = "NONE"
    shown = Level.Name(level).removeprefix("LEVEL_") if level else ""
    told = "REFUSED" if question.status else shown
    if level in _ALERTS:
        sections = 0
        for entry in question.entries:
            sections |= entry.sections if entry.level in _ALERTS else 0
        hit = next((name for name, bit in HITS if sections & bit), "NONE")
        if hit == "NONE" and any(entry.flags & _DISCREET for entry in question.entries):
            told = ""  # a discreet alert alone does not even show its number
    purpose = Purpose.Name(question.purpose).removeprefix("PURPOSE_") if question.purpose in Purpose.values() else ""
    return when.date().isoformat(), when.hour, purpose, LOOK_UPS[question.method], told, hit


def deliver_checks(audit: Path, out: Path, today: date) -> list[AlteredRecord]:
    """Writes consultas_<year>_<today>.csv of this year and the last into `out`, replacing today's.

    What was counted earlier than that stays as it was delivered: segments are dropped after their years. Returns the
    records that count nowhere, for they are not as they were written.
    """
    if not (audit / "logs").is_dir():
        return []
    counts, altered = count_checks(audit, out / "counted")
    made = []
    for year in (today.year - 1, today.year):
        rows = sorted((kind, n) for kind, n in counts.items() if int(kind[0][:4]) == year and n)
        if not rows:
            continue
        path = out / f"consultas_{year}_{today:%Y%m%d}.csv"
        text = io.StringIO(newline="")
        writer = csv.writer(text)
        writer.writerow(COLUMNS)
        writer.writerows([*kind, n] for kind, n in rows)
        replace_file(path, text.getvalue().encode(), mode=0o644)
        made.append(path)
    for old in set(out.glob("consultas_*.csv")) - set(made):
        old.unlink()  # read already: what was known then stays in the staged deliveries
    return altered
