"""Links by the name and the parents, without regard to birth date and sex (docs/answers.md section 5).

    records that state parents x bearers of their name, or of a longer one that holds all of it    name_bearer
      --> persons that agree with every stated parent                                             name_kin

A clerk who writes another birth date rarely invents a father and a mother; brothers and sisters have other names.
"""

# ruff: noqa: S608  the texts put into SQL are this package's own column lists
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from core.calendar import compare_birth_dates
from core.names.comparison import compare_texts
from indexer.linking.database import LinkingDatabase
from indexer.linking.hiding import FEW_BEARERS
from indexer.linking.weak import best, date_parts
from ronda.v1.level_pb2 import AGREEMENT_AGREES as AGREES
from ronda.v1.level_pb2 import AGREEMENT_DISAGREES as DISAGREES
from ronda.v1.level_pb2 import AGREEMENT_UNKNOWN as UNKNOWN

# of `name_only`: both parents beside a name; or one, beside a name of three words or more
STATED_PARENTS = "(coalesce(father, mother) IS NOT NULL AND (long_name OR father IS NOT NULL AND mother IS NOT NULL))"
_FIELDS: list[pa.Field[Any]] = [
    pa.field("place", pa.int64()),
    pa.field("entity", pa.uint32()),
    pa.field("names", pa.uint8()),
    pa.field("birth", pa.uint8()),
    pa.field("sex", pa.uint8()),
]
_SCHEMA = pa.schema(_FIELDS)


def meet_by_parents(database: LinkingDatabase) -> None:
    """Makes `name_met` of `name_near`: the same with `by_parents`, and who is met by name and both parents alone."""
    database.give("name_kin", _SCHEMA, _kin(database))
    database.run("""
        CREATE TABLE name_met AS
        SELECT n.*, k.place IS NOT NULL AS by_parents FROM name_near n LEFT JOIN name_kin k USING (place, entity)
        UNION ALL
        SELECT k.place, k.entity, NULL, k.birth, k.sex, k.names, false, false, false, false, true
        FROM name_kin k ANTI JOIN name_near n USING (place, entity);
        DROP TABLE name_near
    """)
    database.forget("name_kin")


def _kin(database: LinkingDatabase) -> Iterator[pa.RecordBatch]:
    if not database.holds("name_only", STATED_PARENTS):
        return
    claim = "{'birth': c.birth, 'sex': c.sex, 'father': c.father, 'mother': c.mother}"
    pairs = database.stream(f"""
        SELECT b.place, b.entity, min(b.names) AS names, any_value(r.birth) AS birth, any_value(r.sex) AS sex,
               any_value(r.doubted) AS doubted, any_value(r.void) AS void,
               any_value(r.father) AS father, any_value(r.mother) AS mother, list({claim}) AS claims
        FROM (SELECT * FROM name_bearer QUALIFY {FEW_BEARERS}) b
        JOIN (SELECT * FROM name_only WHERE {STATED_PARENTS}) r USING (place) JOIN named_claim c USING (entity)
        GROUP BY b.place, b.entity ORDER BY b.place, b.entity
    """)
    for batch in pairs:
        found = [row for row in batch.to_pylist() if any(_has_parents(row, claim) for claim in row["claims"])]
        told = [{**row, "birth": _births(row), "sex": _sexes(row)} for row in found]
        yield pa.RecordBatch.from_pylist([{name: row[name] for name in _SCHEMA.names} for row in told], schema=_SCHEMA)


def _has_parents(row: dict[str, Any], claim: dict[str, Any]) -> bool:
    stated = [parent for parent in ("father", "mother") if row[parent]]
    return all(claim[parent] and compare_texts(row[parent], claim[parent]) == AGREES for parent in stated)


def _births(row: dict[str, Any]) -> int:
    """The agreement of the birth dates. A doubtful date may agree by its year; a void one rules nobody out."""
    asked = [row["birth"]] if row["birth"] else []
    asked += [row["birth"] // 10_000 * 10_000] if asked and row["doubted"] else []
    filed = [claim["birth"] for claim in row["claims"] if claim["birth"]]
    found = best(compare_birth_dates(date_parts(mine), date_parts(theirs)) for mine in asked for theirs in filed)
    return UNKNOWN if row["void"] and found == DISAGREES else found


def _sexes(row: dict[str, Any]) -> int:
    filed = [claim["sex"] for claim in row["claims"] if claim["sex"]]
    return best(AGREES if sex == row["sex"] else DISAGREES for sex in filed if row["sex"])
