"""Links by an identifier that nothing else bears out: names differ and neither birth date nor parents agree.

The rule is docs/answers.md section 4, "Link of a record with an identifier"; the core applies it to records when it
assembles dossiers (core/assembly.pyx), here it is needed before that: of owners, and of records that linking by name
has to look at although they carry an identifier.
"""

# ruff: noqa: S608  the texts put into SQL are this package's own table names
from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from core.calendar import compare_birth_dates
from core.match import compare_texts
from indexer.linking_database import CRITERION_CEDULA, LinkingDatabase

AGREES, DISAGREES, UNKNOWN = 1, 2, 3  # ronda.v1.Agreement

_STRENGTH = {AGREES: 2, UNKNOWN: 1, DISAGREES: 0}
_SCHEMA = pa.schema([("place", pa.int64())])


@dataclass
class Side:
    """What a record, or one identity claim of a person, says of birth date and parents; "" and 0 are unknown."""

    birth: tuple[int, int, int] = (0, 0, 0)
    father: str = ""
    mother: str = ""


def best(agreements: Iterable[int]) -> int:
    """The best of the claims that state the thing counts: AGREES > UNKNOWN > DISAGREES; UNKNOWN when none does."""
    return max(agreements, key=_STRENGTH.__getitem__, default=UNKNOWN)


def compare_parents(record: Side, claim: Side) -> int:
    """Agreement of both sides' parents (section 3)."""
    outcomes = [
        compare_texts(mine, theirs)
        for mine, theirs in ((record.father, claim.father), (record.mother, claim.mother))
        if mine and theirs
    ]
    if DISAGREES in outcomes:
        return DISAGREES
    return AGREES if AGREES in outcomes else UNKNOWN


def find_weak(database: LinkingDatabase, records: str, claims: str, weak: str) -> None:
    """Makes table `weak`(place): those of `records` whose link by identifier is only POSSIBLE.

    records: a table (place, subject, criterion, name_key, name_text, birth, father, mother). claims: a table (subject
    and the same from name_key on) of the subjects' identity claims. Most records bear the very name that the civil
    registry has; only the others are compared one by one.
    """
    pairs = database.stream(f"""
        WITH doubtful AS (
            SELECT r.* FROM {records} r ANTI JOIN {claims} k ON k.subject = r.subject AND k.name_key = r.name_key)
        SELECT d.place, d.criterion, d.name_text, d.birth, d.father, d.mother, k.subject IS NOT NULL AS claimed,
               k.name_text AS claim_name_text, k.birth AS claim_birth, k.father AS claim_father,
               k.mother AS claim_mother
        FROM doubtful d LEFT JOIN {claims} k ON k.subject = d.subject
        ORDER BY d.place
    """)
    path = database.directory / f"{weak}.parquet"
    with pq.ParquetWriter(path, _SCHEMA) as file:
        for places in _weak_places(pairs):
            file.write_batch(pa.record_batch([pa.array(places, pa.int64())], schema=_SCHEMA))
    database.table_of(weak, [path], "")
    path.unlink()


def _weak_places(pairs: Iterator[pa.RecordBatch]) -> Iterator[list[int]]:
    place = -1
    claims: list[dict[str, Any]] = []
    for batch in pairs:
        weak = []
        for row in batch.to_pylist():
            if row["place"] != place and claims:
                if _is_weak(claims):
                    weak.append(place)
                claims = []
            place = row["place"]
            claims.append(row)
        yield weak
    if claims and _is_weak(claims):
        yield [place]


def _is_weak(rows: list[dict[str, Any]]) -> bool:
    """Whether one record, joined with each identity claim of its subject, is linked only perhaps."""
    supported = False
    names = []
    for row in rows:
        if not row["claimed"]:
            continue
        mine, theirs = _dated(row, ""), _dated(row, "claim_")
        supported |= compare_birth_dates(mine.birth, theirs.birth) == AGREES or compare_parents(mine, theirs) == AGREES
        names.append(compare_texts(row["name_text"] or "", row["claim_name_text"] or ""))
    if rows[0]["criterion"] == CRITERION_CEDULA:
        return not supported and AGREES not in names
    return bool(names) and all(outcome == DISAGREES for outcome in names) and not supported


def _dated(row: dict[str, Any], prefix: str) -> Side:
    birth = row[f"{prefix}birth"] or 0
    return Side(
        birth=(birth // 10000, birth // 100 % 100, birth % 100),
        father=row[f"{prefix}father"] or "",
        mother=row[f"{prefix}mother"] or "",
    )
