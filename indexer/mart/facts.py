"""Staged deliveries of one year become facts: which version of a unit was known from when to when, an offence a row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb

from core.mart.layout import columns_of, read_as, written_as
from indexer.mart.statements import DUCKDB, facts, versions


@dataclass
class YearCounts:
    """Counts of one year: late = first known after a delivery that could have had it; corrected, withdrawn = later
    ones."""

    rows: int
    late: int
    corrected: int
    withdrawn: int


def write_facts(
    db: duckdb.DuckDBPyConnection, fact: str, deliveries: Sequence[tuple[date, Path]], out: Path
) -> YearCounts:
    """Writes the facts of one source's year from all its deliveries, oldest first (day, staged rows)."""
    days = [day for day, _ in deliveries]
    last = len(days)
    # Of one delivery a view: of millions of rows nothing is held.
    held_as = "VIEW" if last == 1 else "TABLE"
    staged = [f"read_parquet({written_as(Path(read_as(path)))})" for _, path in deliveries]
    db.execute(f"CREATE OR REPLACE TEMP {held_as} versions AS {versions(DUCKDB, fact, staged)}")
    db.execute(
        f"COPY ({facts(DUCKDB, fact, days, 'versions')}) TO {written_as(out)} "
        "(FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 122880)"
    )
    counts = YearCounts(_number(db, f"SELECT coalesce(sum(n), 0) FROM versions WHERE last = {last}"), 0, 0, 0)  # noqa: S608
    if last > 1:
        starts = "[" + ", ".join(f"DATE '{day}'" for day in days) + "]"
        counts.late = _number(
            db,
            f"SELECT count(*) FROM versions v WHERE first > 1 AND first > 1 + len(list_filter({starts}, "  # noqa: S608
            "lambda x: x <= occurred)) AND NOT EXISTS "
            "(SELECT 1 FROM versions w WHERE w.record_key = v.record_key AND w.first < v.first)",
        )
        ended = f"SELECT count(*) FROM versions v WHERE last < {last} AND"  # noqa: S608
        again = "EXISTS (SELECT 1 FROM versions w WHERE w.record_key = v.record_key AND w.first > v.last)"
        counts.corrected = _number(db, f"{ended} {again}")
        counts.withdrawn = _number(db, f"{ended} NOT {again}")
    db.execute(f"DROP {held_as} versions")
    return counts


def write_no_facts(db: duckdb.DuckDBPyConnection, fact: str, out: Path) -> None:
    """An empty file: the table is there, and nothing has delivered to it."""
    columns = ", ".join(f"CAST(NULL AS {kind}) AS {name}" for name, kind in columns_of(fact).items())
    db.execute(f"COPY (SELECT {columns} WHERE false) TO {written_as(out)} (FORMAT parquet)")


def _number(db: duckdb.DuckDBPyConnection, query: str) -> int:
    row = db.execute(query).fetchone()
    return int(row[0]) if row else 0
