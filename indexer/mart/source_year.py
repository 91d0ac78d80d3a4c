"""All years of one source: its facts, its counts, what it did not map, how late its reports come."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb

from core.mart.layout import SourceEntry, read_as
from indexer.mart.coverage import FREQUENT, Known, needed_deliveries
from indexer.mart.facts import YearCounts, write_facts, write_no_facts
from indexer.mart.manifests import IncidentManifest
from indexer.mart.rollups import write_rollups
from indexer.mart.staging import Staged, StagingRoom


def build_source(
    db: duckdb.DuckDBPyConnection,
    manifest: IncidentManifest,
    room: StagingRoom,
    staged: list[Staged],
    out: Path,
    rolled_from: int,
) -> SourceEntry:
    """Writes <fact>.<source>.<year>.parquet, its roll-ups from `rolled_from` facts on, and rows of `unmapped` and
    `development` into the database."""
    used = [each for each in staged if not each.entry.rule]
    counts = YearCounts(0, 0, 0, 0)
    unreadable: dict[str, int] = {}
    unmapped: dict[str, int] = {}
    for year in sorted({each.entry.year for each in used}):
        of_year = [each for each in used if each.entry.year == year]
        path = out / f"{manifest.fact}.{manifest.id}.{year}.parquet"
        deliveries = [(each.entry.delivered, room.rows_of(each.entry)) for each in of_year]
        found = write_facts(db, manifest.fact, deliveries, path)
        write_rollups(db, path, manifest.fact, manifest.id, year, rolled_from)
        counts = YearCounts(
            counts.rows + found.rows,
            counts.late + found.late,
            counts.corrected + found.corrected,
            counts.withdrawn + found.withdrawn,
        )
        for name, number in of_year[-1].unreadable.items():  # of what holds: the last delivery
            unreadable[name] = unreadable.get(name, 0) + number
        for text, number in of_year[-1].unmapped.items():
            unmapped[text] = unmapped.get(text, 0) + number
    if not used:
        write_no_facts(db, manifest.fact, out / f"{manifest.fact}.{manifest.id}.0000.parquet")
    _keep_unmapped(db, manifest.id, unmapped)
    first, last = _days(db, manifest, out) if used else (None, None)
    monthly = any(each.day_precision == "month" for each in used)
    if used:
        _keep_development(db, manifest, used, out)
    return SourceEntry(
        id=manifest.id,
        institution=manifest.institution,
        title=manifest.title,
        fact=manifest.fact,
        primary=manifest.primary,
        date_basis=manifest.date_basis,
        day_precision="month" if monthly else "day",
        counts=manifest.counts,
        stale_after_days=manifest.stale_after_days,
        first_day=first,
        last_day=last,
        deliveries=[each.entry for each in staged],
        rows=counts.rows,
        late=counts.late,
        corrected=counts.corrected,
        withdrawn=counts.withdrawn,
        unmapped_rows=sum(unmapped.values()),
        unreadable=unreadable,
        demo=manifest.demo,
    )


def _days(db: duckdb.DuckDBPyConnection, manifest: IncidentManifest, out: Path) -> tuple[date | None, date | None]:
    files = read_as(out / f"{manifest.fact}.{manifest.id}.") + "*.parquet"
    row = db.execute("SELECT min(occurred), max(occurred) FROM read_parquet(?)", [files]).fetchone()
    return (row[0], row[1]) if row else (None, None)


def _keep_unmapped(db: duckdb.DuckDBPyConnection, source: str, unmapped: dict[str, int]) -> None:
    db.execute("CREATE TABLE IF NOT EXISTS unmapped (source VARCHAR, text VARCHAR, rows BIGINT)")
    for text, rows in sorted(unmapped.items()):
        db.execute("INSERT INTO unmapped VALUES (?, ?, ?)", [source, text, rows])


def _keep_development(db: duckdb.DuckDBPyConnection, manifest: IncidentManifest, used: list[Staged], out: Path) -> None:
    """Keeps the number of deliveries that a week needs, from the years that are delivered often."""
    db.execute("CREATE TABLE IF NOT EXISTS development (source VARCHAR, municipality VARCHAR, needed INTEGER)")
    days: dict[int, list[date]] = {}
    for each in used:
        days.setdefault(each.entry.year, []).append(each.entry.delivered)
    often = [year for year, delivered in days.items() if len(delivered) >= FREQUENT]
    if not often:
        return
    files = [read_as(out / f"{manifest.fact}.{manifest.id}.{year}.parquet") for year in often]
    rows = db.execute(
        "SELECT municipality, CAST(date_trunc('week', occurred) AS DATE) + 6, known_from, sum(n) "
        "FROM read_parquet(?) WHERE principal AND known_until = DATE '9999-12-31' GROUP BY ALL",
        [files],
    ).fetchall()
    last = max(each.entry.delivered for each in used)
    deliveries = sorted({day for year in often for day in days[year]})
    known = [Known(place, week_end, known_from, int(n)) for place, week_end, known_from, n in rows]
    for place, needed in sorted(needed_deliveries(known, deliveries, last).items()):
        db.execute("INSERT INTO development VALUES (?, ?, ?)", [manifest.id, place, needed])
