"""Roll-ups of a year's facts (core/mart/rollups.py), where they are worth their place."""

from __future__ import annotations

from pathlib import Path

import duckdb

from core.mart.layout import read_as, written_as
from core.mart.rollups import ROLLUPS, Rollup
from indexer.mart.statements import DUCKDB, rollup

ROLLED_FROM = 100_000
"""Facts of a year below which none is made: so few are asked as soon. 0 = all are made, be they worth it or not."""
_WORTH = 2  # facts a row of a roll-up, at least
_ROW_GROUP = 20_480


def write_rollups(
    db: duckdb.DuckDBPyConnection, facts: Path, fact: str, source: str, year: int, rolled_from: int = ROLLED_FROM
) -> None:
    """Writes them beside `facts`, the file of one source's year."""
    of_facts = _rows(db, facts)
    if of_facts < rolled_from:
        return
    made: list[tuple[Rollup, Path, int]] = []
    # The ones with the most columns first: the others are sums of them.
    for each in sorted((each for each in ROLLUPS if each.fact == fact), key=lambda each: -len(each.columns)):
        fits = [(rows, path) for other, path, rows in made if _holds(other, each)]
        _, base = min(fits, default=(of_facts, facts))
        out = facts.with_name(each.file(source, year))
        _write(db, each, base, out)
        rows = _rows(db, out)
        if rolled_from and rows * _WORTH > of_facts:
            out.unlink()
        else:
            made.append((each, out, rows))


def _holds(other: Rollup, each: Rollup) -> bool:
    return other.grain == each.grain and set(each.columns) <= set(other.columns)


def _write(db: duckdb.DuckDBPyConnection, each: Rollup, base: Path, out: Path) -> None:
    rows = f"read_parquet({written_as(Path(read_as(base)))})"
    db.execute(
        f"COPY ({rollup(DUCKDB, each, rows)}) TO {written_as(out)} "
        f"(FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {_ROW_GROUP})"
    )


def _rows(db: duckdb.DuckDBPyConnection, path: Path) -> int:
    row = db.execute("SELECT sum(num_rows) FROM parquet_file_metadata(?)", [read_as(path)]).fetchone()
    return int(row[0] or 0) if row else 0
