"""Numbers, no CUIs, that are one slip from a stated one (docs/answers.md section 5, "Numbers weighed", "Only hidden").

records with a number in doubt: of those without a name, and of orders that hide an address
    --> every number one slip from it     other_slip
    --> persons with one of these on file near_other
"""

# ruff: noqa: S608  the texts put into SQL are this package's own column lists
from __future__ import annotations

from collections.abc import Iterator
from string import ascii_uppercase, digits

import pyarrow as pa

from indexer.linking.database import LinkingDatabase
from indexer.linking.near_named import SHORTEST

KINDS = ("document", "nit", "licence", "cedula")
_FIELDS: list[pa.Field[pa.DataType]] = [
    pa.field("place", pa.int64()),
    pa.field("kind", pa.string()),
    pa.field("number", pa.string()),
]
_SCHEMA = pa.schema(_FIELDS)
# As numbers of each kind: a NIT without a valid check is one too.
_STATED = " UNION ALL ".join(
    f"SELECT place, '{kind}' AS kind, {'coalesce(nit, loose_number)' if kind == 'nit' else kind} AS number, hides "
    "FROM said"
    for kind in KINDS
)


def collect_near_others(database: LinkingDatabase) -> None:
    """Makes near_other(place, cui, text, hides). Needs `name_only`, `unborne_record` and `resolved`.

    hides: of an order that hides an address; else of a record without a name.
    """
    numbers = ", ".join(f"s.{kind}" for kind in KINDS)
    database.run(f"""
        CREATE TABLE other_stated AS
        WITH said AS (SELECT o.place, o.hides, {numbers}, s.loose_number
                      FROM name_only o JOIN noted_staged s USING (place) LEFT JOIN unborne_record u USING (place)
                      WHERE (o.hides OR o.name_key IS NULL) AND s.cui IS NULL AND NOT coalesce(u.borne, false))
        SELECT * FROM ({_STATED}) WHERE number IS NOT NULL
    """)
    database.run("CREATE TABLE near_other (place BIGINT, cui BIGINT, text VARCHAR, hides BOOLEAN)")
    if database.holds("other_stated"):
        database.give("other_slip", _SCHEMA, _slips(database))
        for kind in KINDS:
            if database.holds("other_stated", f"kind = '{kind}'"):
                database.run(f"""
                    INSERT INTO near_other
                    SELECT DISTINCT s.place, coalesce(p.cui, r.cui), r.text, o.hides
                    FROM (SELECT * FROM other_slip WHERE kind = '{kind}') s JOIN other_stated o USING (place, kind)
                    JOIN person_staged p ON p.{kind} = s.number LEFT JOIN resolved r ON r.place = p.place
                    WHERE p.alert_kind = 0 AND NOT p.is_owner
                """)
        database.forget("other_slip")
    database.drop("other_stated")


def _slips(database: LinkingDatabase) -> Iterator[pa.RecordBatch]:
    for batch in database.stream("SELECT DISTINCT place, kind, number FROM other_stated ORDER BY ALL"):
        rows = [{**row, "number": slip} for row in batch.to_pylist() for slip in slips_of_text(row["number"])]
        yield pa.RecordBatch.from_pylist(rows, schema=_SCHEMA)


def slips_of_text(number: str) -> set[str]:
    """Every number with another character, two neighbours exchanged, or one lost or too many; a document's country
    stays."""
    country, colon, text = number.rpartition(":")
    signs = digits + ascii_uppercase
    found = {text[:at] + sign + text[at + 1 :] for at in range(len(text)) for sign in signs}
    found |= {text[:at] + sign + text[at:] for at in range(len(text) + 1) for sign in signs}
    found |= {text[:at] + text[at + 1 :] for at in range(len(text))}
    found |= {text[:at] + text[at + 1] + text[at] + text[at + 2 :] for at in range(len(text) - 1)}
    if len(text) < SHORTEST:
        return set()
    return {country + colon + each for each in found if each != text and len(each) >= SHORTEST}
