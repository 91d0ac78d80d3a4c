"""The SQL of a build, from staged rows to facts and roll-ups: one text for every engine that reads Parquet.

What engines write differently stands in `Dialect`, and nowhere else. DuckDB runs it in every build; whether
Spark makes the same facts of the same rows is a check of its own (`./run mart-spark-check`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from core.mart.layout import FACT_COLUMNS, OPEN_END, columns_of
from core.mart.rollups import Grain, Rollup
from indexer.mart.standardising import staged_columns

_SUMS = ("n", "suspects")

DAY_OF: dict[Grain, str] = {
    "span": "greatest(CAST(date_trunc('week', occurred) AS DATE), CAST(date_trunc('month', occurred) AS DATE))",
    "weekday": "CAST(date_trunc('month', occurred) AS DATE) + CAST((day(occurred) - 1) % 7 AS INTEGER)",
    "month": "CAST(date_trunc('month', occurred) AS DATE)",
}
"""Grain -> SQL of the day that stands for the others."""


@dataclass(frozen=True)
class Dialect:
    """Patterns of what is written differently. numbered: a number of each row, in whatever order."""

    text: str
    numbered: str
    array: str
    element: str  # of an array, from 1
    rows_of: str  # a row an element

    def type_of(self, kind: str) -> str:
        """The name of a type of core/mart/layout.py."""
        return self.text if kind == "VARCHAR" else kind


DUCKDB = Dialect("VARCHAR", "row_number() OVER ()", "[{}]", "{0}[{1}]", "unnest({})")
SPARK = Dialect("STRING", "monotonically_increasing_id()", "array({})", "element_at({0}, {1})", "explode({})")


def versions(dialect: Dialect, fact: str, deliveries: Sequence[str]) -> str:
    """A row a unit and content, with the numbers (from 1) of the first and last delivery in a row that had it.

    deliveries: SQL of the staged rows of each, oldest first.
    """
    names = [*staged_columns(fact)]
    if len(deliveries) == 1:
        columns = ", ".join(names)
        return (
            f"SELECT {dialect.numbered} AS unit_no, record_key, offences, {columns}, "  # noqa: S608 # of fixed names
            f"1 AS first, 1 AS last FROM {deliveries[0]}"
        )
    parts = " UNION ALL ".join(
        f"SELECT *, {number} AS delivery FROM {rows}"  # noqa: S608 # of fixed names
        for number, rows in enumerate(deliveries, 1)
    )
    taken = ", ".join(f"any_value({name}) AS {name}" for name in names)
    return (
        f"SELECT {dialect.numbered} AS unit_no, * FROM ("  # noqa: S608 # of fixed names
        f"SELECT record_key, any_value(offences) AS offences, {taken}, min(delivery) AS first, max(delivery) AS last "
        "FROM (SELECT *, delivery - row_number() OVER (PARTITION BY record_key, content ORDER BY delivery) AS island "
        f"FROM ({parts})) GROUP BY record_key, content, island)"
    )


def facts(dialect: Dialect, fact: str, days: Sequence[date], rows: str) -> str:
    """An offence a row, of the versions in `rows`. days: those of the deliveries, oldest first."""
    starts = dialect.array.format(", ".join(f"DATE '{day}'" for day in days))
    ends = dialect.array.format(", ".join(f"DATE '{day}'" for day in [*days[1:], OPEN_END]))
    made = {
        "principal": f"iccs = {dialect.element.format('offences', 1)}",
        "department": "left(municipality, 2)",
        "known_from": dialect.element.format(starts, "first"),
        "known_until": dialect.element.format(ends, "last"),
    }
    columns = ", ".join(
        f"CAST({made.get(name, name)} AS {dialect.type_of(kind)}) AS {name}" for name, kind in columns_of(fact).items()
    )
    spread = f"SELECT *, {dialect.rows_of.format('offences')} AS iccs FROM {rows}"  # noqa: S608 # of fixed names
    return f"SELECT {columns} FROM ({spread}) ORDER BY iccs, department, occurred"  # noqa: S608


def rollup(dialect: Dialect, each: Rollup, rows: str) -> str:
    """A roll-up of the facts, or of another roll-up, in `rows`."""
    kept = ("principal", "iccs", "department", *each.columns, "known_from", "known_until")
    columns = ", ".join(f"CAST({name} AS {dialect.type_of(FACT_COLUMNS[name])}) AS {name}" for name in kept)
    sums = ", ".join(f"CAST(sum({name}) AS BIGINT) AS {name}" for name in _SUMS)
    return (
        f"SELECT {DAY_OF[each.grain]} AS occurred, {columns}, {sums} FROM {rows} "  # noqa: S608 # of fixed names
        "GROUP BY ALL ORDER BY iccs, department, occurred"
    )
