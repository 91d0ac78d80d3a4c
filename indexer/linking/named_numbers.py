"""CUIs within the cell of a name: their bearers may be meant too (docs/answers.md section 4, "In the name's cell")."""

# ruff: noqa: S608  the texts put into SQL are this package's own column lists
from __future__ import annotations

from core.identifiers.in_names import cuis_in_name
from indexer.linking.database import LinkingDatabase

THIRTEEN_DIGITS = "([0-9][^0-9]*){13}"


def collect_named_numbers(database: LinkingDatabase) -> None:
    """Makes `named_number`(place, cui): records that are linked by name and state no CUI but in their name's cell."""
    stated = database.stream(f"""
        SELECT place, name FROM noted_staged
        WHERE cui IS NULL AND name IS NOT NULL AND NOT is_owner
              AND regexp_matches(name, '{THIRTEEN_DIGITS}')
    """)
    database.run("CREATE TABLE named_number (place BIGINT, cui BIGINT)")
    for batch in stated:
        found = [(row["place"], cui) for row in batch.to_pylist() for cui in cuis_in_name(row["name"])]
        database.insert_cuis("named_number", found)
