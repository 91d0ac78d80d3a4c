"""Numbers that are nearly those of a record's namesakes (docs/answers.md section 5, "Numbers weighed").

    records with a number in doubt x bearers of their name x the numbers that these have on file --> near_named

A number one slip off has little weight by itself, but among a thousand bearers of a name it shows which one is meant.
"""

# ruff: noqa: S608  the texts put into SQL are this package's own column lists
from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pyarrow as pa

from indexer.linking.database import LinkingDatabase
from ronda.v1.level_pb2 import AGREEMENT_AGREES as AGREES

NEAR_BITS = 12.0  # what a NIT, licence, cédula or document one slip off says for who bears the name
FAR_CUI_BITS = 20.0  # and a CUI with two digits wrong, wherever they stand
SHORTEST = 5  # characters of a number that may be a slip of another
_KINDS = ("document", "nit", "licence", "cedula")
_FIELDS: list[pa.Field[Any]] = [
    pa.field("place", pa.int64()),
    pa.field("entity", pa.uint32()),
    pa.field("bits", pa.float64()),
]
_SCHEMA = pa.schema(_FIELDS)


def collect_near_named(database: LinkingDatabase, bearers_most: int) -> None:
    """Gives near_named(place, entity, bits). Needs `name_pair`, `unborne_record`, `named_person` and `resolved`."""
    database.give("near_named", _SCHEMA, _near(database, bearers_most))


def _near(database: LinkingDatabase, bearers_most: int) -> Iterator[pa.RecordBatch]:
    loose = "SELECT place FROM noted_staged WHERE loose_number IS NOT NULL"
    if not database.holds("unborne_record") and not database.holds("noted_staged", "loose_number IS NOT NULL"):
        return
    database.run(f"""
        CREATE TABLE alike_pair AS
        SELECT p.place, p.entity, n.cui, n.text
        FROM name_pair p LEFT JOIN unborne_record u USING (place) JOIN named_person n USING (entity)
        WHERE p.names = {AGREES} AND p.entity IS DISTINCT FROM u.own_entity
              AND (u.place IS NOT NULL OR p.place IN ({loose}))
        QUALIFY count(*) OVER (PARTITION BY place) <= {bearers_most}
    """)
    kinds = ", ".join(_KINDS)
    held = " UNION ".join(f"SELECT cui, text, '{kind}' AS kind, {kind} AS number FROM carrier" for kind in _KINDS)
    stated = " UNION ".join(
        f"SELECT place, '{kind}' AS kind, {'coalesce(nit, loose_number)' if kind == 'nit' else kind} AS number "
        "FROM noted_staged SEMI JOIN alike_pair USING (place)"
        for kind in _KINDS
    )
    pairs = database.stream(f"""
        WITH of_cui AS (SELECT DISTINCT cui FROM alike_pair WHERE cui IS NOT NULL),
        of_text AS (SELECT DISTINCT text FROM alike_pair WHERE text IS NOT NULL),
        plain AS (SELECT place, cui, {kinds} FROM person_staged
                  WHERE alert_kind = 0 AND NOT is_owner AND coalesce({kinds}) IS NOT NULL),
        carrier AS (SELECT cui, NULL::VARCHAR AS text, {kinds} FROM plain SEMI JOIN of_cui USING (cui)
                    UNION ALL SELECT r.cui, r.text, {kinds} FROM plain p JOIN resolved r USING (place)
                    WHERE p.cui IS NULL
                          AND (r.cui IN (SELECT cui FROM of_cui) OR r.text IN (SELECT text FROM of_text))),
        held AS ({held}),
        stated AS ({stated})
        SELECT a.place, a.entity, s.number AS stated, h.number AS held, false AS of_cui
        FROM alike_pair a JOIN stated s USING (place)
        JOIN held h ON h.kind = s.kind AND (h.cui = a.cui OR h.text = a.text)
        WHERE s.number IS NOT NULL AND h.number IS NOT NULL AND abs(length(s.number) - length(h.number)) <= 1
        UNION ALL
        SELECT a.place, a.entity, printf('%013d', s.cui), printf('%013d', a.cui), true
        FROM alike_pair a JOIN noted_staged s USING (place) WHERE s.cui IS NOT NULL AND a.cui IS NOT NULL
    """)
    for batch in pairs:
        rows = ((row, _bits(row["stated"], row["held"], row["of_cui"])) for row in batch.to_pylist())
        found = [{"place": row["place"], "entity": row["entity"], "bits": bits} for row, bits in rows if bits]
        yield pa.RecordBatch.from_pylist(found, schema=_SCHEMA)
    database.drop("alike_pair")


def _bits(stated: str, held: str, of_cui: bool) -> float:
    if of_cui:
        return FAR_CUI_BITS if sum(a != b for a, b in zip(stated, held, strict=True)) == 2 else 0.0
    stated_country, _, stated_number = stated.rpartition(":")
    country, _, number = held.rpartition(":")
    is_near = country == stated_country and is_one_slip_off(stated_number, number)
    return NEAR_BITS if is_near and min(len(number), len(stated_number)) >= SHORTEST else 0.0


def is_one_slip_off(one: str, other: str) -> bool:
    """Returns whether they differ by another character, two neighbours exchanged, or one lost or too many."""
    if len(one) != len(other):
        short, long = sorted((one, other), key=len)
        return len(long) - len(short) == 1 and any(long[:at] + long[at + 1 :] == short for at in range(len(long)))
    apart = [at for at, (a, b) in enumerate(zip(one, other, strict=True)) if a != b]
    exchanged = any((one[a] + one[b]) == (other[b] + other[a]) and b == a + 1 for a, b in pairwise(apart))
    return len(apart) == 1 or (len(apart) == 2 and exchanged)
