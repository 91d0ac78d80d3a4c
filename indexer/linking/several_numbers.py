"""Records with two numbers, of two persons, or with a number of several: all may be meant, and none is certain.

docs/answers.md section 4, "Several numbers".

    noted_staged x crosswalk, persons on file by a document, NIT, licence or cédula alone
      --> persons of another number of the record than the one that makes its subject      second_number
    noted_staged x shared_number --> persons that fit name and birth date best; a number that no register
      vouches for counts unless the name is another's                                      shared_meant
    the same, of records that have a CUI --> others with the number that fit as well as the CUI's person
"""

# ruff: noqa: S608  the texts put into SQL are this package's own column lists
from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, groupby
from operator import itemgetter
from typing import Any

import pyarrow as pa

from core.calendar import compare_birth_dates
from core.names.comparison import compare_texts
from indexer.linking.database import LinkingDatabase
from indexer.linking.on_file import claims_on_file
from indexer.linking.persons import KINDS
from indexer.linking.weak import date_parts
from ronda.v1.level_pb2 import AGREEMENT_AGREES as AGREES
from ronda.v1.level_pb2 import AGREEMENT_DISAGREES as DISAGREES

_FIELDS: list[pa.Field[Any]] = [
    pa.field("place", pa.int64()),
    pa.field("cui", pa.int64()),
    pa.field("criterion", pa.uint8()),
]
_SCHEMA = pa.schema(_FIELDS)


def collect_second_numbers(database: LinkingDatabase) -> None:
    """Makes `second_number`(place, cui, text, criterion), of the records that linking by name looks at.

    Needs `resolved`, `crosswalk`, `shared_number`, `crossed_claim` and `text_person`.
    """
    _collect_second(database)
    if database.holds("shared_number"):
        database.give("shared_meant", _SCHEMA, chain(_shared(database), _beside(database)))
        database.run("INSERT INTO second_number SELECT place, cui, NULL, criterion FROM shared_meant")
        database.forget("shared_meant")
    database.drop("shared_number")


def _shared(database: LinkingDatabase) -> Iterator[pa.RecordBatch]:
    """Yields the persons with a number of records without a subject on file."""
    stated = _stated_in("unsure", "name_text, birth")
    found = database.stream(f"""
        WITH unsure AS (SELECT n.* FROM noted_staged n JOIN resolved r USING (place)
                        WHERE NOT n.is_owner AND n.cui IS NULL AND r.cui IS NULL),
        meant AS (SELECT s.place, n.cui, min(s.kind)::UTINYINT AS criterion, any_value(s.name_text) AS name_text,
                         any_value(s.birth) AS birth, bool_or(n.sure) AS sure
                  FROM ({stated}) s JOIN shared_number n USING (kind, identifier) GROUP BY s.place, n.cui),
        claim AS (SELECT cui, list({{'name': name_text, 'birth': birth}}) AS claims
                  FROM ({claims_on_file("name_text, birth")}) SEMI JOIN meant USING (cui) GROUP BY cui)
        SELECT m.*, c.claims FROM meant m LEFT JOIN claim c USING (cui) ORDER BY m.place, m.cui
    """)
    rows = [row for batch in found for row in batch.to_pylist()]  # of few numbers
    for _, of_one in groupby(rows, key=itemgetter("place")):
        told = [(_agreeing(row), row) for row in of_one if row["sure"] or not _is_anothers(row)]
        most = max((count for count, _ in told), default=0)
        best = [{name: row[name] for name in _SCHEMA.names} for count, row in told if count == most]
        yield pa.RecordBatch.from_pylist(best, schema=_SCHEMA)


def _beside(database: LinkingDatabase) -> Iterator[pa.RecordBatch]:
    """Yields the others that a number beside a CUI means, where no register vouches for the number.

    They count where name and birth date fit them as well as the CUI's person (docs/statute.md, rule 13).
    """
    found = database.stream(f"""
        WITH owned AS (SELECT n.*, coalesce(n.cui, r.cui) AS own FROM noted_staged n LEFT JOIN resolved r USING (place)
                       WHERE NOT n.is_owner AND coalesce(n.cui, r.cui) IS NOT NULL),
        meant AS (SELECT s.place, n.cui, s.own, min(s.kind)::UTINYINT AS criterion,
                         any_value(s.name_text) AS name_text, any_value(s.birth) AS birth
                  FROM ({_stated_in("owned", "name_text, birth, own")}) s JOIN shared_number n USING (kind, identifier)
                  WHERE NOT n.sure AND n.cui <> s.own GROUP BY s.place, n.cui, s.own),
        claim AS (SELECT cui, list({{'name': name_text, 'birth': birth}}) AS claims
                  FROM ({claims_on_file("name_text, birth")})
                  SEMI JOIN (SELECT cui FROM meant UNION SELECT own FROM meant) USING (cui) GROUP BY cui)
        SELECT m.*, c.claims, o.claims AS own_claims
        FROM meant m LEFT JOIN claim c USING (cui) LEFT JOIN claim o ON o.cui = m.own
    """)
    for batch in found:
        rows = [row for row in batch.to_pylist() if not _is_anothers(row)]
        alike = [row for row in rows if _agreeing(row) >= _agreeing({**row, "claims": row["own_claims"]})]
        yield pa.RecordBatch.from_pylist([{name: r[name] for name in _SCHEMA.names} for r in alike], schema=_SCHEMA)


def _stated_in(table: str, columns: str) -> str:
    """Returns the query of every number but the CUI that the table's rows state, with these columns beside."""
    return " UNION ALL ".join(
        f"SELECT place, {criterion} AS kind, {kind} AS identifier, {columns} FROM {table} WHERE {kind} IS NOT NULL"
        for kind, criterion in KINDS.items()
    )


def _is_anothers(row: dict[str, Any]) -> bool:
    """Returns whether the record states a name, and every name of the bearer on file DISAGREES with it."""
    names = [claim["name"] for claim in row["claims"] or [] if claim["name"]]
    return bool(row["name_text"] and names) and all(compare_texts(row["name_text"], n) == DISAGREES for n in names)


def _agreeing(row: dict[str, Any]) -> int:
    """Returns how many of name and birth date agree."""
    claims, birth = row["claims"] or [], row["birth"]
    names = (compare_texts(row["name_text"] or "", claim["name"]) for claim in claims if claim["name"])
    births = (compare_birth_dates(date_parts(birth), date_parts(c["birth"])) for c in claims if birth and c["birth"])
    return (AGREES in names) + (AGREES in births)


def _collect_second(database: LinkingDatabase) -> None:
    several = " + ".join(f"({kind} IS NOT NULL)::INTEGER" for kind in ("cui", *KINDS))
    if not database.holds("noted_staged", f"NOT is_owner AND {several} > 1"):
        database.run("CREATE TABLE second_number (place BIGINT, cui BIGINT, text VARCHAR, criterion UTINYINT)")
        return
    stated = " UNION ALL ".join(
        f"SELECT place, {criterion} AS kind, {kind} AS identifier, '{kind}:' || {kind} AS text "
        f"FROM several WHERE {kind} IS NOT NULL"
        for kind, criterion in KINDS.items()
    )
    database.run(f"""
        CREATE TABLE second_number AS
        WITH several AS (SELECT * FROM noted_staged WHERE NOT is_owner AND {several} > 1),
        stated AS ({stated}),
        own AS (SELECT place, coalesce(s.cui, r.cui) AS cui, r.text FROM several s LEFT JOIN resolved r USING (place)),
        found AS (SELECT place, c.cui, NULL::VARCHAR AS text, kind FROM stated JOIN crosswalk c USING (kind, identifier)
                  UNION ALL
                  SELECT place, NULL, text, kind FROM stated ANTI JOIN crosswalk c USING (kind, identifier)
                  WHERE text IN (SELECT text FROM text_person))
        SELECT f.place, f.cui, f.text, min(f.kind)::UTINYINT AS criterion FROM found f JOIN own o USING (place)
        WHERE CASE WHEN f.cui IS NULL THEN f.text IS DISTINCT FROM o.text ELSE f.cui IS DISTINCT FROM o.cui END
        GROUP BY f.place, f.cui, f.text
    """)
