"""Links by an identifier in doubt: names that differ, a birth date that disagrees.

The rule is docs/answers.md section 4, "Link of a record with an identifier". The core applies it to records when it
assembles dossiers (core/assembly/claims.pyx). Here it is needed earlier: for owners, and for records that linking by
name has to look at although they carry an identifier.
"""

# ruff: noqa: S608  the texts put into SQL are this package's own table names
from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from core.calendar import compare_birth_dates
from core.names.bearing import bears_out, points_of_names, points_of_parents
from core.names.comparison import compare_texts
from indexer.linking.database import LAST_FILLER_YEAR, LinkingDatabase
from ronda.v1.level_pb2 import AGREEMENT_AGREES as AGREES
from ronda.v1.level_pb2 import AGREEMENT_DISAGREES as DISAGREES
from ronda.v1.level_pb2 import AGREEMENT_UNKNOWN as UNKNOWN
from ronda.v1.level_pb2 import CRITERION_CEDULA

NO_DATE, YEAR_ALONE, WHOLE_DATE = range(3)  # what a stated birth date says of who else may be meant
_STRENGTH: dict[int, int] = {AGREES: 2, UNKNOWN: 1, DISAGREES: 0}
_FIELDS: list[pa.Field[Any]] = [
    pa.field("place", pa.int64()),
    pa.field("weak", pa.bool_()),
    pa.field("claimed", pa.bool_()),
    pa.field("own_date", pa.bool_()),
]
_SCHEMA = pa.schema(_FIELDS)


@dataclass
class Side:
    """Birth date and parents of a record, or of one identity claim of a person; "" and 0 are unknown."""

    birth: tuple[int, int, int] = (0, 0, 0)
    father: str = ""
    mother: str = ""


def date_parts(birth: int) -> tuple[int, int, int]:
    """Year, month and day of yyyymmdd; 0 = not known."""
    return birth // 10_000, birth // 100 % 100, birth % 100


def best(agreements: Iterable[int]) -> int:
    """The best of the claims that state the thing counts: AGREES > UNKNOWN > DISAGREES; UNKNOWN when none does."""
    return max(agreements, key=_STRENGTH.__getitem__, default=UNKNOWN)


def compare_parents(record: Side, claim: Side) -> int:
    """Agreement of both sides' parents (section 3)."""
    outcomes = compare_each_parent(record, claim)
    if DISAGREES in outcomes:
        return DISAGREES
    return AGREES if AGREES in outcomes else UNKNOWN


def compare_each_parent(record: Side, claim: Side) -> tuple[int, int]:
    """Compares the fathers and the mothers; 0 = not stated by both."""
    father = compare_texts(record.father, claim.father) if record.father and claim.father else 0
    return father, compare_texts(record.mother, claim.mother) if record.mother and claim.mother else 0


def only_parent(record: Side, claim: Side) -> int:
    """Returns which parent alone is the same on both sides, the other being another's: 1 father, 2 mother, 0 none."""
    outcomes = compare_each_parent(record, claim)
    return 1 if outcomes == (AGREES, DISAGREES) else 2 if outcomes == (DISAGREES, AGREES) else 0


def judge_links(database: LinkingDatabase, records: str, claims: str, judged: str) -> None:
    """Makes `judged`(place, weak, claimed, own_date): those of `records` with an identifier in doubt.

    weak: the link is POSSIBLE. claimed: there was something to compare with; of those that are not weak, the names do
    not agree or the birth date disagrees. own_date: the birth date is the subject's, but for a slip, and the name is
    not. records: a table (place, subject, criterion, name_key, name_text, birth, father, mother, dated: what a birth
    date that disagrees counts, WHOLE_DATE, YEAR_ALONE or NO_DATE). claims: a table (subject and the same from name_key
    to mother) of the subjects' claims on file. Most records state exactly the data of the civil registry; only the
    others are compared one by one.
    """
    pairs = database.stream(f"""
        WITH doubtful AS (
            SELECT r.* FROM {records} r ANTI JOIN {claims} k ON k.subject = r.subject AND k.name_key = r.name_key
            AND (r.birth IS NULL OR k.birth = r.birth)
            AND (r.father IS NULL OR r.mother IS NULL
                 OR k.father IS NULL OR k.mother IS NULL OR r.father = k.father OR r.mother = k.mother)
            AND (r.criterion <> {CRITERION_CEDULA} OR r.father IS NULL AND r.mother IS NULL))
        SELECT d.place, d.criterion, d.name_text, d.birth, d.father, d.mother, d.dated,
               k.subject IS NOT NULL AS claimed,
               k.name_text AS claim_name_text, k.birth AS claim_birth, k.father AS claim_father,
               k.mother AS claim_mother
        FROM doubtful d LEFT JOIN {claims} k ON k.subject = d.subject
        ORDER BY d.place
    """)
    database.give(judged, _SCHEMA, (pa.RecordBatch.from_pylist(found, schema=_SCHEMA) for found in _judged(pairs)))


def _judged(pairs: Iterator[pa.RecordBatch]) -> Iterator[list[dict[str, Any]]]:
    place = -1
    claims: list[dict[str, Any]] = []
    for batch in pairs:
        found: list[dict[str, Any]] = []
        for row in batch.to_pylist():
            if row["place"] != place and claims:
                found += _judge(place, claims)
                claims = []
            place = row["place"]
            claims.append(row)
        yield found
    yield _judge(place, claims) if claims else []


def _judge(place: int, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One record, joined with each claim on file of its subject; nothing when all bears it out."""
    of_cedula = rows[0]["criterion"] == CRITERION_CEDULA
    names, births, parents, told = [], [], [], []
    years = []
    own_date = False
    for row in rows:
        if not row["claimed"]:
            return [{"place": place, "weak": of_cedula, "claimed": False, "own_date": False}]
        mine, theirs = _dated(row, ""), _dated(row, "claim_")
        each = compare_each_parent(mine, theirs)
        if any(each):
            parents.append(points_of_parents(*each))
        if mine.birth[0] and theirs.birth[0]:
            births.append(compare_birth_dates(mine.birth, theirs.birth))
            years.append(compare_birth_dates((mine.birth[0], 0, 0), theirs.birth))
            own_date |= births[-1] != DISAGREES and _is_whole(mine.birth) and _is_whole(theirs.birth)
        if row["name_text"] and row["claim_name_text"]:
            names.append(compare_texts(row["name_text"], row["claim_name_text"]))
            told.append(points_of_names(row["name_text"], row["claim_name_text"]))
    name, birth = best(names), best(births)
    counted = birth
    if birth == DISAGREES and rows[0]["dated"] != WHOLE_DATE:
        counted = best(years) if rows[0]["dated"] == YEAR_ALONE else UNKNOWN
    points, parted = max((found for found, _ in told), default=0), bool(told) and all(given for _, given in told)
    weak = not bears_out(points, parted, counted, max(parents, default=0), of_cedula=of_cedula)
    if weak or name != AGREES or birth == DISAGREES:
        return [{"place": place, "weak": weak, "claimed": True, "own_date": own_date and name != AGREES}]
    return []


def _is_whole(birth: tuple[int, int, int]) -> bool:
    return birth[0] > LAST_FILLER_YEAR and bool(birth[1]) and bool(birth[2])


def _dated(row: dict[str, Any], prefix: str) -> Side:
    birth = row[f"{prefix}birth"] or 0
    return Side(
        birth=date_parts(birth),
        father=row[f"{prefix}father"] or "",
        mother=row[f"{prefix}mother"] or "",
    )
