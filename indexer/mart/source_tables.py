"""The tables of a mart beside its facts: dimensions, population, gaps, refused rows."""

from __future__ import annotations

import csv
import hashlib
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from core.mart.layout import SourceEntry, read_as, written_as
from indexer.build.errors import BuildRefused
from indexer.mart import offence_maps
from indexer.mart.cells import Places, Unreadable, fold, read_count, whole_number
from indexer.mart.manifests import PopulationManifest

_CHUNK = 4 * 1024 * 1024
_FIRST_YEAR, _LAST_YEAR = 1900, 2200


def digest_of(path: Path) -> str:
    """SHA-256 of a file."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def write_dimensions(out: Path) -> None:
    """dim_place.parquet and dim_offence.parquet."""
    places = offence_maps.table("places")
    columns = ("municipality", "department", "name", "department_name")
    pq.write_table(
        pa.table({name: pa.array([row[name] for row in places]) for name in columns}), out / "dim_place.parquet"
    )
    codes = offence_maps.table("iccs")
    table = {
        "iccs": pa.array([row["iccs"] for row in codes]),
        "level": pa.array([max(1, len(row["iccs"]) - 2) if len(row["iccs"]) > 2 else 1 for row in codes], pa.int8()),
        "text": pa.array([row["text"] for row in codes]),
    }
    pq.write_table(pa.table(table), out / "dim_offence.parquet")


def write_population(manifest: PopulationManifest, sources: Path, places: Places, out: Path) -> bool:
    """population.parquet, where its file is there. Raises BuildRefused: a rate on half a population is no rate."""
    path = sources / manifest.file
    rows: dict[tuple[str, int], int] = {}
    if path.is_file():
        try:
            with path.open(encoding="utf-8-sig", newline="") as file:
                rows = _persons(manifest, csv.DictReader(file, restval=""), places)
        except UnicodeDecodeError:
            raise BuildRefused(f"{manifest.file}: encoding_unknown: save it as UTF-8") from None
        except csv.Error as error:
            raise BuildRefused(f"{manifest.file}: file_unreadable: {error}") from None
    _write_persons(rows, out)
    return bool(rows)


def _persons(manifest: PopulationManifest, reader: csv.DictReader[str], places: Places) -> dict[tuple[str, int], int]:
    """(Municipality, year) -> persons. Raises BuildRefused."""
    names = {fold(name): name for name in reader.fieldnames or ()}
    columns = {
        key: next((names[fold(word)] for word in words if fold(word) in names), "")
        for key, words in manifest.columns.items()
    }
    if "" in columns.values():
        raise BuildRefused(f"{manifest.file}: column_missing: {', '.join(manifest.columns)}")
    rows: dict[tuple[str, int], int] = {}
    for number, row in enumerate(reader, 2):
        where = f"{manifest.file}: row {number}"
        try:
            place = places.whole(row[columns["municipality"]])
            persons = read_count(row[columns["population"]])
        except Unreadable as error:
            raise BuildRefused(f"{where}: {error}") from None
        year = whole_number(row[columns["year"]] or "")
        if year is None or not _FIRST_YEAR <= year <= _LAST_YEAR:
            raise BuildRefused(f"{where}: year_unreadable")
        if (place, year) in rows:
            raise BuildRefused(f"{where}: record_twice: the same municipality and year")
        rows[place, year] = persons
    return rows


def write_no_population(out: Path) -> None:
    """An empty one: no manifest gives persons, and no rate is shown."""
    _write_persons({}, out)


def _write_persons(rows: dict[tuple[str, int], int], out: Path) -> None:
    table = {
        "municipality": pa.array([place for place, _ in rows], pa.string()),
        "year": pa.array([year for _, year in rows], pa.int32()),
        "population": pa.array(list(rows.values()), pa.int64()),
    }
    pq.write_table(pa.table(table), out)


def write_refusals(db: duckdb.DuckDBPyConnection, staging: Path, sources: list[SourceEntry], out: Path) -> None:
    """refused.parquet: source, file, row, field, rule; of the deliveries that were used, never a value."""
    db.execute("CREATE TABLE refused_rows (source VARCHAR, file VARCHAR, row BIGINT, field VARCHAR, rule VARCHAR)")
    for source in sources:
        for each in source.delivered:
            path = staging / source.id / f"{each.year}-{each.delivered:%Y%m%d}.refused.parquet"
            db.execute(
                "INSERT INTO refused_rows SELECT ?, ?, row_no, field, rule FROM read_parquet(?)",
                [source.id, each.file, read_as(path)],
            )
    target = written_as(out / "refused.parquet")
    db.execute(f"COPY (SELECT * FROM refused_rows ORDER BY ALL) TO {target} (FORMAT parquet)")  # noqa: S608
