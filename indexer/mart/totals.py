"""Rows that repeat what other rows say: TOTAL, SUBTOTAL, a department's row above its towns. Checked, then left out."""

from __future__ import annotations

import duckdb

from indexer.mart.cells import fold, whole_number
from indexer.mart.headers import FileRefused

_GRAND = {"TOTAL", "TOTALES", "TOTAL GENERAL", "GRAN TOTAL", "TOTAL NACIONAL", "TOTAL PAIS", "TOTAL REPUBLICA"}
_MOST = 10_000
_FEWEST_SUMS, _SUMS_FROM = 5, 0.8  # rows of a place that equal its towns', and their share, from which on all should


def take_out_totals(db: duckdb.DuckDBPyConnection, width: int, count_place: int | None, broken: int) -> int:
    """Deletes total rows from `raw`; returns how many. count_place: column of the counts, None = a row is one.

    broken: lines that were not even rows, which a total may count. Raises FileRefused where a total says otherwise
    than its rows: which of the two is right, only the publisher knows.
    """
    label = "coalesce(" + ", ".join(f"c{place}" for place in range(width)) + ")"
    rows = db.execute(
        f"SELECT row_no, {label}, [{', '.join(f'c{place}' for place in range(width))}] FROM raw "  # noqa: S608
        f"WHERE upper({label}) LIKE '%TOTAL%' ORDER BY row_no LIMIT {_MOST}"
    ).fetchall()
    totals = [(row, words, cells) for row, text, cells in rows if _is_total(words := fold(text))]
    if not totals:
        return 0
    amount = "1" if count_place is None else _number(f"c{count_place}")
    numbers = ", ".join(str(row) for row, _, _ in totals)
    before = 0
    for row, words, cells in totals:
        above = "" if words in _GRAND else f"AND row_no > {before}"
        measured = db.execute(
            f"SELECT coalesce(sum({amount}), 0) FROM raw WHERE row_no < {row} {above} "  # noqa: S608
            f"AND row_no NOT IN ({numbers})"
        ).fetchone()
        found = int(measured[0]) if measured else 0
        declared = _declared(cells, words, count_place)
        if declared is not None and declared != found and not (words in _GRAND and declared == found + broken):
            raise FileRefused("total_disagrees", f"row {row} says {declared}, the rows above it make {found}")
        before = row
    db.execute(f"DELETE FROM raw WHERE row_no IN ({numbers})")  # noqa: S608 # of numbers
    return len(totals)


def _is_total(words: str) -> bool:
    return words in _GRAND or words.startswith(("TOTAL ", "SUBTOTAL", "SUB TOTAL"))


def _declared(cells: list[str | None], words: str, count_place: int | None) -> int | None:
    if count_place is not None and cells[count_place] is not None:
        return whole_number(cells[count_place] or "")
    found = (whole_number(cell) for cell in cells if cell and fold(cell) != words)
    return next((number for number in found if number is not None), None)


def _number(column: str) -> str:
    """SQL of a count as spreadsheets write it; what is none counts nothing here, and is refused as a row later."""
    return f"coalesce(try_cast(replace(regexp_replace({column}, '\\.0+$', ''), ',', '') AS BIGINT), 0)"


def take_out_sums(db: duckdb.DuckDBPyConnection, keys: list[str]) -> int:
    """Deletes from `standard` rows of a department, or of nowhere, that are the sums of their towns' rows of the same
    keys.

    For sources that publish counts. A place's rows are all sums, or all events of an unknown town: one that equals its
    towns by chance is no sum. If nearly all agree and some do not, the file contradicts itself. Returns the number
    deleted. Raises FileRefused.
    """
    same = " AND ".join(f"a.{key} IS NOT DISTINCT FROM b.{key}" for key in keys)
    deleted = 0
    for whole, part in (("__00", "left(a.municipality, 2) = left(b.municipality, 2)"), ("0000", "true")):
        found = db.execute(
            "SELECT a.municipality, a.row_no, a.n, coalesce(sum(b.n), 0) FROM standard a LEFT JOIN standard b ON "  # noqa: S608 # of column names
            f"{same} AND {part} AND right(b.municipality, 2) <> '00' "
            f"WHERE a.municipality LIKE '{whole}' AND a.n > 0 GROUP BY ALL ORDER BY a.row_no"
        ).fetchall()
        by_place: dict[str, list[tuple[int, int, int]]] = {}
        for place, row, n, towns in found:
            by_place.setdefault(place, []).append((row, int(n), int(towns)))
        for rows in by_place.values():
            off = [each for each in rows if each[1] != each[2]]
            agree = len(rows) - len(off)
            if off and (agree < _FEWEST_SUMS or agree < _SUMS_FROM * len(rows)):
                continue
            if off:
                row, n, towns = off[0]
                raise FileRefused("total_disagrees", f"row {row} says {n}, its towns' rows make {towns}")
            numbers = ", ".join(str(row) for row, _, _ in rows)
            db.execute(f"DELETE FROM standard WHERE row_no IN ({numbers})")  # noqa: S608 # of numbers
            deleted += len(rows)
    return deleted
