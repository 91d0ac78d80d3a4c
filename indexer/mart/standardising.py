"""The table `raw` becomes a staged file of standard rows; what cannot be read is refused by row, field and rule.

Each distinct text of a column is read once, in Python (cells.py), and joined: millions of rows have few distinct texts.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from core.mart.layout import MORE_COLUMNS, written_as
from core.mart.vocabulary import NOWHERE, TOWN_UNKNOWN, UNMAPPED
from indexer.mart import cells
from indexer.mart.cells import Places, Unreadable, fold, said
from indexer.mart.headers import FileRefused, Header
from indexer.mart.manifests import MAPPED, OFFENCE_FIELDS, IncidentManifest
from indexer.mart.totals import take_out_sums, take_out_totals

_MOST_DISTINCT = 200_000  # texts of one column: more, and it is not what the manifest says
_NAMED_FROM = 5  # rows: a rarer text of an offence is counted and not named, it may be about one person
_NAMED_CHARACTERS = 80
_MOST_UNITS = 100_000_000  # of a file: more, and its counts are none
_NUMBER_OF_SOMEBODY = re.compile(r"(?:\d ?){8}")  # in an offence's text: of a document, a telephone
NO_OFFENCE = "''"  # SQL of the code of what is none

# Of the staged file, besides row_no, record_key, content and offences.
COLUMNS: dict[str, pa.DataType] = {
    "occurred": pa.date32(),
    "hour": pa.int8(),
    "municipality": pa.string(),
    "zone": pa.int8(),
    "sex": pa.string(),
    "age_band": pa.string(),
    "relation": pa.string(),
    "mechanism": pa.string(),
    "step": pa.string(),
    "n": pa.int32(),
    "suspects": pa.int32(),
}


def staged_columns(fact: str) -> dict[str, pa.DataType]:
    """COLUMNS, and those of this fact alone."""
    return {**COLUMNS, **{name: pa.string() for name in MORE_COLUMNS.get(fact, {})}}


@dataclass
class Standardised:
    """The result for a file."""

    rows: int = 0
    refused: int = 0
    total_rows: int = 0
    day_precision: str = "day"
    unreadable: dict[str, int] = field(default_factory=dict)
    unmapped: dict[str, int] = field(default_factory=dict)


@dataclass
class _Map:
    """One of the joins: name of its table, columns of `raw` that it reads, column that it fills."""

    table: str
    places: list[int]
    fills: str
    required: bool


def standardise(
    db: duckdb.DuckDBPyConnection,
    manifest: IncidentManifest,
    header: Header,
    broken: int,
    places: Places,
    offences: dict[str, str],
    year: int,
    delivered: datetime.date,
    out: Path,
    refused: Path,
) -> Standardised:
    """Writes `out` (standard rows) and `refused` (row_no, field, rule). Raises FileRefused."""
    counted = header.places.get("count")
    told = Standardised(total_rows=take_out_totals(db, header.width, counted, broken), refused=broken)
    maps = _maps(db, manifest, header, places)
    offence_tables = _offence_maps(db, header, offences)
    _count_unread(db, maps, told)
    _count_unmapped(db, offence_tables, told)
    _join(db, header, maps, offence_tables, (*staged_columns(manifest.fact),), year, delivered)
    _refuse_doubles(db)
    if counted is not None:
        keys = [name for name in (*staged_columns(manifest.fact), "offences") if name not in ("municipality", "n")]
        told.total_rows += take_out_sums(db, keys)
    columns = "row_no, field, rule"
    db.execute(f"COPY (SELECT {columns} FROM refused ORDER BY row_no) TO {written_as(refused)} (FORMAT parquet)")  # noqa: S608
    told.refused += _number(db, "SELECT count(*) FROM refused")
    told.rows = _number(db, "SELECT coalesce(sum(n), 0) FROM standard")
    if told.rows > _MOST_UNITS:
        raise FileRefused("count_too_large", f"over {_MOST_UNITS:,} units in one file")
    if not told.rows:
        raise FileRefused("no_rows", f"{told.refused} rows refused")
    if "date" not in header.places and "day" not in header.places:
        told.day_precision = "month"
    columns = ", ".join(staged_columns(manifest.fact))
    db.execute(
        f"COPY (SELECT record_key, hash({columns}, offences) AS content, offences, {columns} FROM standard) "  # noqa: S608
        f"TO {written_as(out)} (FORMAT parquet, COMPRESSION zstd)"
    )
    db.execute("DROP TABLE standard")
    return told


def _maps(db: duckdb.DuckDBPyConnection, manifest: IncidentManifest, header: Header, places: Places) -> list[_Map]:
    """Reads every distinct text of the columns that are there."""
    at = header.places
    readers: list[tuple[str, tuple[str, ...], Callable[..., Any], bool]] = [
        ("hour", ("hour",), cells.read_hour, False),
        ("zone", ("zone",), cells.read_zone, False),
        ("age_band", ("age",), cells.read_age, False),
        ("suspects", ("suspects",), cells.read_small, False),
        ("n", ("count",), cells.read_count, True),
    ]
    for name, codes in MAPPED.items():
        words = manifest.values.get(name, {}) or ({code: code for code in codes} if manifest.own else {})
        readers.append((name, (name,), cells.word_reader(words), False))
    if "date" in at:
        readers.append(("occurred", ("date",), cells.read_day, True))
    elif "day" in at:
        readers.append(("occurred", ("year", "month", "day"), cells.read_parts, True))
    else:
        readers.append(("occurred", ("year", "month"), lambda year, month: cells.read_parts(year, month, None), True))
    if "municipality" in at:
        readers.append(("municipality", ("municipality",), places.whole, True))
    else:
        readers.append(("municipality", ("department", "town"), places.halves, True))
    kinds = staged_columns(manifest.fact)
    made = []
    for fills, fields, read, required in readers:
        if all(name in at for name in fields):
            one = _Map(f"map_{fills}", [at[name] for name in fields], fills, required)
            _fill_map(db, one, read, kinds[fills])
            made.append(one)
    return made


def _distinct(db: duckdb.DuckDBPyConnection, columns: Iterable[int], name: str) -> list[tuple[str, ...]]:
    texts = ", ".join(f"coalesce(c{place}, '')" for place in columns)
    query = f"SELECT DISTINCT {texts} FROM raw LIMIT {_MOST_DISTINCT + 1}"  # noqa: S608 # of numbers
    found: list[tuple[str, ...]] = db.execute(query).fetchall()
    if len(found) > _MOST_DISTINCT:
        raise FileRefused("column_meaningless", f"{name}: over {_MOST_DISTINCT} different texts")
    return found


def _fill_map(db: duckdb.DuckDBPyConnection, one: _Map, read: Callable[..., Any], kind: pa.DataType) -> None:
    texts = _distinct(db, one.places, one.fills)
    values: list[Any] = []
    rules: list[str | None] = []
    for text in texts:
        try:
            values.append(read(*(cell or None for cell in text)))
            rules.append(None)
        except Unreadable as error:
            values.append(None)
            rules.append(str(error))
    keys = [pa.array([text[n] for text in texts], pa.string()) for n in range(len(one.places))]
    names = [f"k{n}" for n in range(len(one.places))]
    value = pa.array(values, kind)
    _table(db, one.table, pa.table([*keys, value, pa.array(rules, pa.string())], names=[*names, "value", "rule"]))


def _offence_maps(db: duckdb.DuckDBPyConnection, header: Header, offences: dict[str, str]) -> list[tuple[str, int]]:
    """Tables text -> ICCS code, one a column of offences: name, column of `raw`."""
    made = []
    for name in OFFENCE_FIELDS:
        if name not in header.places:
            continue
        place = header.places[name]
        texts = [text for (text,) in _distinct(db, [place], name)]
        codes = [None if said(text) is None else offences.get(fold(text), UNMAPPED) for text in texts]
        table = pa.table([pa.array(texts, pa.string()), pa.array(codes, pa.string())], names=["k0", "value"])
        _table(db, f"map_{name}", table)
        made.append((f"map_{name}", place))
    return made


def _table(db: duckdb.DuckDBPyConnection, name: str, table: pa.Table) -> None:
    db.register("given", table)
    db.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT * FROM given")  # noqa: S608 # a fixed name
    db.unregister("given")


def _join(
    db: duckdb.DuckDBPyConnection,
    header: Header,
    maps: list[_Map],
    offence_tables: list[tuple[str, int]],
    names: Sequence[str],
    year: int,
    delivered: datetime.date,
) -> None:
    """Makes `standard` and `refused` of `raw`, which is held no longer: of millions of rows, memory has one table."""
    filled = {one.fills: f"{one.table}.value" for one in maps}
    types = {"occurred": "DATE", "hour": "TINYINT", "zone": "TINYINT", "n": "INTEGER", "suspects": "INTEGER"}
    nothing = {name: f"CAST(NULL AS {types.get(name, 'VARCHAR')})" for name in names}
    nothing |= {"n": "1", "municipality": f"'{NOWHERE}{TOWN_UNKNOWN}'"}
    columns = [f"{filled.get(name, nothing[name])} AS {name}" for name in names]
    joins = [
        f"LEFT JOIN {one.table} ON "
        + " AND ".join(f"coalesce(raw.c{place}, '') = {one.table}.k{n}" for n, place in enumerate(one.places))
        for one in maps
    ]
    joins += [f"LEFT JOIN {table} ON coalesce(raw.c{place}, '') = {table}.k0" for table, place in offence_tables]
    codes = ", ".join(f"{table}.value" for table, _ in offence_tables)
    # Sorted, the gravest comes first: ICCS numbers its sections by gravity, and what is not mapped is 99.
    listed = f"[{codes or NO_OFFENCE}]" if len(offence_tables) < 2 else f"list_sort(list_distinct([{codes}]))"
    rules = [f"WHEN {one.table}.rule IS NOT NULL THEN {one.table}.rule" for one in maps if one.required]
    fields = [f"WHEN {one.table}.rule IS NOT NULL THEN '{one.fills}'" for one in maps if one.required]
    day = "map_occurred.value"
    later = [
        (f"year({day}) <> {year}", "date_of_another_year", "occurred"),
        (f"{day} > DATE '{delivered}'", "date_after_delivery", "occurred"),
        *((f"{table}.value IS NULL", "offence_missing", "offence") for table, _ in offence_tables[:1]),
    ]
    # Without an id a row is what it says but for its count: the same again is the same row twice.
    said_of_it = [place for name, place in sorted(header.places.items()) if name != "count"]
    key = f"hash({', '.join(f'raw.c{place}' for place in said_of_it)})"
    if "record_id" in header.places:
        key = f"hash(trim(raw.c{header.places['record_id']}))"
        later.append((f"raw.c{header.places['record_id']} IS NULL", "record_id_missing", "record_id"))
    rules += [f"WHEN {test} THEN '{rule}'" for test, rule, _ in later]
    fields += [f"WHEN {test} THEN '{name}'" for test, _, name in later]
    db.execute(
        f"CREATE OR REPLACE TEMP TABLE standard AS SELECT raw.row_no, {key} AS record_key, {', '.join(columns)}, "  # noqa: S608
        f"{listed} AS offences, "
        f"CASE {' '.join(rules)} END AS rule, CASE {' '.join(fields)} END AS field FROM raw {' '.join(joins)}"
    )
    db.execute(
        "CREATE OR REPLACE TEMP TABLE refused AS SELECT row_no, field, rule FROM standard WHERE rule IS NOT NULL"
    )
    if _number(db, "SELECT count(*) FROM refused"):
        db.execute("DELETE FROM standard WHERE rule IS NOT NULL")
    db.execute("DROP TABLE raw")


def _refuse_doubles(db: duckdb.DuckDBPyConnection) -> None:
    """A record, or a row of the same dimensions, that stands twice: the first counts, nothing is summed twice."""
    if not _number(db, "SELECT count(*) - count(DISTINCT record_key) FROM standard"):
        return
    db.execute(
        "CREATE OR REPLACE TEMP TABLE doubles AS SELECT row_no FROM standard "
        "QUALIFY row_number() OVER (PARTITION BY record_key ORDER BY row_no) > 1"
    )
    db.execute("INSERT INTO refused SELECT row_no, 'record_id', 'record_twice' FROM doubles")
    db.execute("DELETE FROM standard WHERE row_no IN (SELECT row_no FROM doubles)")
    db.execute("DROP TABLE doubles")


def _count_unread(db: duckdb.DuckDBPyConnection, maps: list[_Map], told: Standardised) -> None:
    for one in maps:
        if one.required or not _number(db, f"SELECT count(*) FROM {one.table} WHERE rule IS NOT NULL"):  # noqa: S608
            continue
        told.unreadable[one.fills] = _number(
            db,
            f"SELECT count(*) FROM raw JOIN {one.table} m ON coalesce(raw.c{one.places[0]}, '') = m.k0 "  # noqa: S608
            "WHERE m.rule IS NOT NULL",
        )


def _count_unmapped(db: duckdb.DuckDBPyConnection, tables: list[tuple[str, int]], told: Standardised) -> None:
    """Counted, and named where the text is no matter of one person."""
    for table, place in tables:
        rows = db.execute(
            f"SELECT m.k0, count(*) FROM raw JOIN {table} m ON coalesce(raw.c{place}, '') = m.k0 "  # noqa: S608
            f"WHERE m.value = '{UNMAPPED}' GROUP BY m.k0 ORDER BY m.k0"
        ).fetchall()
        for text, count in rows:
            name = fold(text)[:_NAMED_CHARACTERS]
            if count < _NAMED_FROM or _NUMBER_OF_SOMEBODY.search(name):
                name = "(textos raros)"
            told.unmapped[name] = told.unmapped.get(name, 0) + int(count)


def _number(db: duckdb.DuckDBPyConnection, query: str) -> int:
    row = db.execute(query).fetchone()
    return int(row[0]) if row else 0
