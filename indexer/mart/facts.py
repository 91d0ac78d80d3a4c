"""Staged deliveries of one year become facts: which version of a unit was known from when to when, an offence a row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb

from core.mart.layout import FACT_COLUMNS, OPEN_END, read_as, written_as
from indexer.mart.standardising import COLUMNS


@dataclass
class YearCounts:
    """Of one year: late = first known after a delivery that could have had it; corrected, withdrawn = later ones."""

    rows: int
    late: int
    corrected: int
    withdrawn: int


def write_facts(
    db: duckdb.DuckDBPyConnection, deliveries: Sequence[tuple[date, Path]], out: Path, sort: bool = True
) -> YearCounts:
    """Writes the facts of one source's year from all its deliveries, oldest first (day, staged rows)."""
    days = [day for day, _ in deliveries]
    _make_versions(db, deliveries)
    last = len(days)
    starts = "[" + ", ".join(f"DATE '{day}'" for day in days) + "]"
    ends = "[" + ", ".join(f"DATE '{day}'" for day in [*days[1:], OPEN_END]) + "]"
    made = {
        "principal": "iccs = offences[1]",
        "department": "left(municipality, 2)",
        "known_from": f"{starts}[first]",
        "known_until": f"{ends}[last]",
    }
    columns = ", ".join(f"CAST({made.get(name, name)} AS {kind}) AS {name}" for name, kind in FACT_COLUMNS.items())
    order = "ORDER BY iccs, department, occurred" if sort else ""
    db.execute(
        f"COPY (SELECT {columns} FROM (SELECT *, unnest(offences) AS iccs FROM versions) {order}) "  # noqa: S608
        f"TO {written_as(out)} (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 122880)"
    )
    counts = YearCounts(_number(db, f"SELECT coalesce(sum(n), 0) FROM versions WHERE last = {last}"), 0, 0, 0)  # noqa: S608
    if last > 1:
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
    db.execute("DROP TABLE versions")
    return counts


def _make_versions(db: duckdb.DuckDBPyConnection, deliveries: Sequence[tuple[date, Path]]) -> None:
    """The table `versions`: a row a unit and content, with the numbers (from 1) of the first and last delivery in a
    row that had it."""
    columns = ", ".join(COLUMNS)
    if len(deliveries) == 1:
        db.execute(
            f"CREATE OR REPLACE TEMP TABLE versions AS SELECT row_number() OVER () AS unit_no, record_key, "  # noqa: S608
            f"offences, {columns}, 1 AS first, 1 AS last FROM read_parquet(?)",
            [read_as(deliveries[0][1])],
        )
        return
    parts = " UNION ALL ".join(
        f"SELECT *, {number} AS delivery FROM read_parquet(?)"  # noqa: S608
        for number in range(1, len(deliveries) + 1)
    )
    taken = ", ".join(f"any_value({name}) AS {name}" for name in COLUMNS)
    db.execute(
        "CREATE OR REPLACE TEMP TABLE versions AS SELECT row_number() OVER () AS unit_no, * FROM ("  # noqa: S608
        f"SELECT record_key, any_value(offences) AS offences, {taken}, min(delivery) AS first, max(delivery) AS last "
        "FROM (SELECT *, delivery - row_number() OVER (PARTITION BY record_key, content ORDER BY delivery) AS island "
        f"FROM ({parts})) GROUP BY record_key, content, island)",
        [read_as(path) for _, path in deliveries],
    )


def _number(db: duckdb.DuckDBPyConnection, query: str) -> int:
    row = db.execute(query).fetchone()
    return int(row[0]) if row else 0
