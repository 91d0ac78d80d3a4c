"""Staged extracts of an earlier release: adds the columns that they do not have yet.

After an upgrade, a register with a failing source is carried forward from the earlier release's staged files.
"""

# ruff: noqa: S608  the texts put into SQL are this package's own column names and file names
from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import duckdb
import pyarrow.parquet as pq

from core.files.replacement import replacing
from indexer.standard import STANDARD_SCHEMA

# Values of later columns, by those that were there; other columns have none.
_TOLD_BY = {
    "state_first": "(TRY(make_date(nullif(state_date, 0) // 10000, state_date // 100 % 100, state_date % 100))"
    " - DATE '1970-01-01')",
    "issued_first": "coalesce(issued_day, sort_day)",
    "part": 'row_number() OVER (PARTITION BY section, record_id, version, "row")',  # both sides of an order are two
}


def complete_columns(files: Sequence[Path]) -> None:
    """Rewrites those of the files that lack nullable columns of STANDARD_SCHEMA, each durably and as a whole.

    Raises KeyError for a file that lacks a column of which every row must say something.
    """
    for file in files:
        missing = [field for field in STANDARD_SCHEMA if field.name not in pq.read_schema(file).names]
        if not missing:
            continue
        for field in missing:
            if not field.nullable:
                raise KeyError(f"{file.name}: staged by a release without the column {field.name}")
        _rewrite(file, {field.name for field in missing})


def _rewrite(file: Path, missing: set[str]) -> None:
    columns = ", ".join(
        f'{_TOLD_BY.get(name, "NULL")} AS "{name}"' if name in missing else f'"{name}"'
        for name in STANDARD_SCHEMA.names
    )
    source = str(file).replace("'", "''")
    with duckdb.connect() as connection:
        rows = connection.sql(f"SELECT {columns} FROM read_parquet('{source}')").to_arrow_reader(65_536)
        with replacing(file) as draft, pq.ParquetWriter(draft, STANDARD_SCHEMA, compression="lz4") as writer:
            for batch in rows:
                writer.write_batch(batch.cast(STANDARD_SCHEMA))
