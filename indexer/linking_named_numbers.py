"""CUIs within the cell of a name: whose they are may be meant too (docs/answers.md section 4, "In the name's cell")."""

# ruff: noqa: S608  the texts put into SQL are this package's own column lists
from __future__ import annotations

from typing import Any

import pyarrow as pa

from core.identifiers_in_names import cuis_in_name
from indexer.linking_database import LinkingDatabase
from indexer.linking_on_file import STANDARDS
from indexer.standard import ALERT_PROTECTED

_FIELDS: list[pa.Field[Any]] = [pa.field("place", pa.int64()), pa.field("cui", pa.int64())]
_SCHEMA = pa.schema(_FIELDS)
_THIRTEEN_DIGITS = "([0-9][^0-9]*){13}"


def collect_named_numbers(database: LinkingDatabase) -> None:
    """Makes `named_number`(place, cui): records that are linked by name and state no CUI but in their name's cell."""
    stated = database.stream(f"""
        SELECT place, name FROM person_staged
        WHERE cui IS NULL AND name IS NOT NULL AND NOT is_owner
              AND (alert_kind <> 0 OR alert_flags & {ALERT_PROTECTED} <> 0 OR clearance & {STANDARDS} <> 0)
              AND regexp_matches(name, '{_THIRTEEN_DIGITS}')
    """)
    database.run("CREATE TABLE named_number (place BIGINT, cui BIGINT)")
    for batch in stated:
        found = [{"place": r["place"], "cui": cui} for r in batch.to_pylist() for cui in cuis_in_name(r["name"])]
        database.connection.register("found", pa.Table.from_pylist(found, schema=_SCHEMA))
        database.run("INSERT INTO named_number SELECT place, cui FROM found")
        database.connection.unregister("found")
