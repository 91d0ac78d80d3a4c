"""Records without an identifier: candidates by name key, and the rules S and F (docs/answers.md section 5).

Only alerts and records that count for a clearance come here, so the pairs fit in a stream: records and candidates are
read in name key order side by side, one name at a time.
"""

# ruff: noqa: S608  the texts put into SQL are this package's own column lists and file names
from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from core.calendar import compare_birth_dates
from core.match import compare_texts
from indexer.linking_database import (
    CRITERION_BIRTH_DATE,
    CRITERION_NAMES,
    CRITERION_PARENTS,
    CRITERION_SEX,
    LEVEL_HIT,
    LEVEL_POSSIBLE,
    LINK_LIMIT,
    LinkingDatabase,
)
from indexer.standard import ALERT_PROTECTED, CLEARANCE_CRIMINAL, CLEARANCE_POLICE, CLEARANCE_RENAS

AGREES, DISAGREES, UNKNOWN = 1, 2, 3  # ronda.v1.Agreement
ALERT_STATE_PENDING = 1
SENSITIVITY_OPEN = 1
AGE_BAND_YEARS = 5

_STRENGTH = {AGREES: 2, UNKNOWN: 1, DISAGREES: 0}
_LINK_FIELDS: list[pa.Field[Any]] = [
    pa.field("place", pa.int64()),
    pa.field("cui", pa.int64()),
    pa.field("level", pa.uint8()),
    pa.field("agrees", pa.binary()),
    pa.field("disagrees", pa.binary()),
]
_LINK_SCHEMA = pa.schema(_LINK_FIELDS)
_COUNT_SCHEMA = pa.schema([pa.field("cui", pa.int64()), pa.field("records", pa.int32())])
_FLUSH_ROWS = 50_000


@dataclass
class Side:
    """What a record, or one identity claim of a candidate, says: the columns compared."""

    birth: tuple[int, int, int]
    sex: int
    departments: frozenset[int]
    father: str
    mother: str
    about_year: int = 0
    dead: bool = False
    place: int = 0
    pending_alert: bool = False


@dataclass
class Candidate:
    """A person with a CUI whose identity claims hold the name key."""

    cui: int
    claims: list[Side] = field(default_factory=list)

    @property
    def dead(self) -> bool:
        return any(claim.dead for claim in self.claims)


@dataclass(frozen=True)
class Fit:
    """How one candidate compares with the record; agreements of the best claim for each criterion."""

    candidate: Candidate
    birth: int
    parents: int
    sex: int
    supported: bool  # age band or department agrees


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


def compare_sex(mine: int, theirs: int) -> int:
    """Agreement of two ronda.v1.Sex values."""
    if not mine or not theirs:
        return UNKNOWN
    return AGREES if mine == theirs else DISAGREES


def fit(record: Side, candidate: Candidate) -> Fit | None:
    """The comparison, or None when birth date or sex disagree: no candidate then."""
    birth = best(compare_birth_dates(record.birth, claim.birth) for claim in candidate.claims if claim.birth[0])
    sex = best(compare_sex(record.sex, claim.sex) for claim in candidate.claims if claim.sex)
    if DISAGREES in (birth, sex):
        return None
    parents = UNKNOWN
    if record.father or record.mother:
        stated = (claim for claim in candidate.claims if claim.father or claim.mother)
        parents = best(compare_parents(record, claim) for claim in stated)
    year = record.birth[0] or record.about_year
    banded = any(year and claim.birth[0] and abs(year - claim.birth[0]) <= AGE_BAND_YEARS for claim in candidate.claims)
    supported = banded or any(record.departments & claim.departments for claim in candidate.claims)
    return Fit(candidate, birth, parents, sex, supported)


@dataclass(frozen=True)
class Decision:
    """Whom one record links to, at which level, and whose count of name-only alerts it raises."""

    level: int
    linked: list[Fit]
    counted: list[Candidate]


def decide(record: Side, candidates: Iterable[Candidate]) -> Decision:
    """The rules of section 5 for one record and the persons who bear its name."""
    fits = [found for candidate in candidates if (found := fit(record, candidate)) is not None]
    living = [found for found in fits if not found.candidate.dead]
    alive = bool(living)
    fits = living or fits
    strong = [f for f in fits if f.parents != DISAGREES and AGREES in (f.birth, f.parents)]
    if strong:
        linked = strong if len(strong) <= LINK_LIMIT else []
        level = LEVEL_HIT if alive and len(strong) == 1 else LEVEL_POSSIBLE
    else:
        linked = [f for f in fits if f.supported]
        if len(linked) > LINK_LIMIT:
            linked = []
        level = LEVEL_POSSIBLE
    counted: list[Candidate] = []
    if alive and record.pending_alert:
        reached = {f.candidate.cui for f in linked}
        counted = [f.candidate for f in fits if f.candidate.cui not in reached]
    return Decision(level, linked, counted)


def _criteria(found: Fit, outcome: int) -> bytes:
    names = [CRITERION_NAMES] if outcome == AGREES else []
    compared = ((CRITERION_PARENTS, found.parents), (CRITERION_BIRTH_DATE, found.birth), (CRITERION_SEX, found.sex))
    return bytes(names + [criterion for criterion, agreement in compared if agreement == outcome])


_COMMON = "birth, sex, birth_department, residence_department, father, mother"
_RECORD = f"name_key, place, pending_alert, about_year, {_COMMON}"
_CLAIM = f"name_key, cui, death_day, {_COMMON}"


def _record_side(row: tuple[Any, ...]) -> Side:
    _, place, pending_alert, about_year, *common = row
    return _side(*common, about_year=about_year or 0, place=place, pending_alert=pending_alert)


def _claim_side(row: tuple[Any, ...]) -> Side:
    _, _, death_day, *common = row
    return _side(*common, dead=death_day is not None)


def _side(
    birth: int | None, sex: int, born_in: int, lives_in: int, father: str | None, mother: str | None, **more: Any
) -> Side:
    birth = birth or 0
    departments = frozenset((born_in, lives_in)) - {0}
    return Side((birth // 10000, birth // 100 % 100, birth % 100), sex, departments, father or "", mother or "", **more)


class _Columns:
    """Rows gathered for one Parquet file and written in batches."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self.schema = schema
        self.writer = pq.ParquetWriter(path, schema)
        self.rows: list[tuple[Any, ...]] = []

    def add(self, row: tuple[Any, ...]) -> None:
        self.rows.append(row)
        if len(self.rows) >= _FLUSH_ROWS:
            self.flush()

    def flush(self) -> None:
        if self.rows:
            columns = zip(*self.rows, strict=True)
            arrays = [pa.array(c, type=f.type) for c, f in zip(columns, self.schema, strict=True)]
            self.writer.write_batch(pa.record_batch(arrays, schema=self.schema))
            self.rows = []

    def close(self) -> None:
        self.flush()
        self.writer.close()


def _rows(batches: Iterator[pa.RecordBatch]) -> Iterator[tuple[Any, ...]]:
    for batch in batches:
        yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)


def link_names(database: LinkingDatabase) -> None:
    """Makes tables `name_link`(place, cui, level, agrees, disagrees) and `name_count`(cui, records)."""
    standards = CLEARANCE_POLICE | CLEARANCE_CRIMINAL | CLEARANCE_RENAS
    is_alert = f"(alert_kind <> 0 AND alert_flags & {ALERT_PROTECTED} = 0)"
    database.run(f"""
        CREATE TABLE name_only AS
        SELECT place, name_key, birth, about_year, sex, birth_department, residence_department, father, mother,
               {is_alert} AND alert_state = {ALERT_STATE_PENDING} AND sensitivity = {SENSITIVITY_OPEN} AS pending_alert
        FROM person_staged
        WHERE NOT is_owner AND name_key IS NOT NULL AND ({is_alert} OR clearance & {standards} <> 0)
              AND coalesce(cui::VARCHAR, document, nit, licence, cedula) IS NULL
    """)
    database.run("""
        CREATE TABLE candidate AS SELECT DISTINCT cui, name_key FROM identity_staged
        SEMI JOIN (SELECT name_key FROM name_only) w USING (name_key) WHERE cui IS NOT NULL
    """)
    database.run("""
        CREATE TABLE candidate_claim AS
        SELECT cui, birth, sex, birth_department, residence_department, father, mother, death_day
        FROM identity_staged SEMI JOIN candidate USING (cui)
    """)
    # a name is met by the records that bear it only when somebody else bears it too
    records = database.stream(
        f"SELECT {_RECORD} FROM name_only SEMI JOIN candidate USING (name_key) ORDER BY name_key, place"
    )
    claims = database.stream(f"SELECT {_CLAIM} FROM candidate JOIN candidate_claim USING (cui) ORDER BY name_key, cui")
    links = _Columns(database.directory / "name_link.parquet", _LINK_SCHEMA)
    counts = _Columns(database.directory / "name_count.parquet", _COUNT_SCHEMA)
    by_name = zip(
        groupby(_rows(records), key=itemgetter(0)),
        groupby(_rows(claims), key=itemgetter(0)),
        strict=True,
    )
    for (name, named), (claimed_name, claimed) in by_name:
        if name != claimed_name:
            raise AssertionError("records and candidates are not in the same order of names")
        _link_one_name([_record_side(row) for row in named], claimed, links, counts)
    links.close()
    counts.close()
    database.table_of("name_link", [database.directory / "name_link.parquet"], "")
    database.table_of("name_count_parts", [database.directory / "name_count.parquet"], "")
    database.run("""
        CREATE TABLE name_count AS SELECT cui, sum(records)::INTEGER AS records FROM name_count_parts GROUP BY cui;
        DROP TABLE name_count_parts; DROP TABLE name_only; DROP TABLE candidate; DROP TABLE candidate_claim
    """)


def _link_one_name(records: list[Side], claimed: Iterator[tuple[Any, ...]], links: _Columns, counts: _Columns) -> None:
    candidates = []
    for cui, rows in groupby(claimed, key=itemgetter(1)):
        candidates.append(Candidate(cui, [_claim_side(row) for row in rows]))
    counted: dict[int, int] = {}
    for record in records:
        decision = decide(record, candidates)
        for found in decision.linked:
            agrees, disagrees = _criteria(found, AGREES), _criteria(found, DISAGREES)
            links.add((record.place, found.candidate.cui, decision.level, agrees, disagrees))
        for candidate in decision.counted:
            counted[candidate.cui] = counted.get(candidate.cui, 0) + 1
    for row in counted.items():
        counts.add(row)
