"""Records with two numbers, of two persons: both may be meant, and neither is certain (docs/answers.md section 4).

noted_staged x crosswalk, who is on file by a document, NIT, licence or cédula alone
  --> whom another number of the record finds than the one that makes its subject       second_number
"""

# ruff: noqa: S608  the texts put into SQL are this package's own column lists
from __future__ import annotations

from indexer.linking.database import LinkingDatabase
from indexer.linking.persons import KINDS


def collect_second_numbers(database: LinkingDatabase) -> None:
    """Makes `second_number`(place, cui, text, criterion), of the records that linking by name looks at.

    Needs `resolved`, `crosswalk` and `text_person`.
    """
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
