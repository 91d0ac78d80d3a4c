"""gaps.parquet, with what stands beside it: days that registers lost, as was known at each delivery."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb
import numpy as np

from core.mart.layout import OPEN_END, SourceEntry, read_as, written_as
from indexer.mart.coverage import Counts, Gap, gaps_of_places

_DAY = timedelta(1)


def write_gaps(db: duckdb.DuckDBPyConnection, sources: list[SourceEntry], out: Path) -> None:
    """gaps.parquet, development.parquet and unmapped.parquet; the latter two of the tables that sources filled."""
    db.execute("CREATE TABLE IF NOT EXISTS development (source VARCHAR, municipality VARCHAR, needed INTEGER)")
    db.execute("CREATE TABLE IF NOT EXISTS unmapped (source VARCHAR, text VARCHAR, rows BIGINT)")
    db.execute(
        "CREATE TABLE gaps (source VARCHAR, department VARCHAR, first_day DATE, after_day DATE, expected DOUBLE, "
        "share DOUBLE, country_share DOUBLE, known_from DATE, known_until DATE)"
    )
    for source in sources:
        if source.first_day is None or source.last_day is None or source.day_precision != "day":
            continue
        for gap, known_from, known_until in _gaps_of(db, source, source.first_day, out):
            db.execute(
                "INSERT INTO gaps VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", [source.id, *gap, known_from, known_until]
            )
    for name in ("gaps", "development", "unmapped"):
        path = written_as(out / f"{name}.parquet")
        db.execute(f"COPY (SELECT * FROM {name} ORDER BY ALL) TO {path} (FORMAT parquet)")  # noqa: S608


def _gaps_of(
    db: duckdb.DuckDBPyConnection, source: SourceEntry, first: date, out: Path
) -> list[tuple[Gap, date, date]]:
    """Returns gaps of departments and municipalities, with the vintages at which each is known: from one delivery to
    another."""
    files = read_as(out / f"{source.fact}.{source.id}.") + "*.parquet"
    rows = db.execute(
        "SELECT municipality, date_diff('day', ?, occurred) AS day, date_diff('day', ?, known_from) AS since, "
        "date_diff('day', ?, known_until) AS until, sum(n)::BIGINT AS n "
        "FROM read_parquet(?) WHERE principal GROUP BY ALL",
        [first, first, first, files],
    ).fetchnumpy()
    towns, place = np.unique(rows["municipality"].astype(str), return_inverse=True)
    found: list[tuple[Gap, date, date]] = []
    open_ones: dict[tuple[str, date, date], tuple[Gap, date]] = {}
    needed = dict(db.execute("SELECT municipality, needed FROM development WHERE source = ?", [source.id]).fetchall())
    for vintage, following in pairwise([*sorted({each.delivered for each in source.delivered}), OPEN_END]):
        held = ((rows["since"] <= (vintage - first).days) & (rows["until"] > (vintage - first).days)).nonzero()[0]
        days = _days_of_newest_year(source, vintage)
        counts = _counts(towns, place[held], rows["day"][held], rows["n"][held], (days[-1] - _DAY - first).days + 1)
        now = {each[:3]: each for each in gaps_of_places(counts, first, _complete_before(days, needed))}
        for key in [key for key in open_ones if key not in now]:
            gap, since = open_ones.pop(key)
            found.append((gap, since, vintage))
        for key, gap in now.items():
            open_ones[key] = gap, open_ones[key][1] if key in open_ones else vintage
        if following == OPEN_END:
            found += [(gap, since, OPEN_END) for gap, since in open_ones.values()]
    return found


def _counts(towns: Any, place: Any, day: Any, n: Any, length: int) -> dict[str, Counts]:
    """Municipality -> its counts a day, until the last delivery or the last record, whichever is later."""
    length = max(length, int(day.max()) + 1 if len(day) else 1)
    flat = np.bincount(place * length + day, weights=n, minlength=len(towns) * length).astype(np.int64)
    return dict(zip(towns.tolist(), flat.reshape(len(towns), length), strict=True))


def _days_of_newest_year(source: SourceEntry, vintage: date) -> list[date]:
    """Returns the days of delivery of a vintage's newest year up to then, oldest first; none later than its end."""
    known = [each for each in source.delivered if each.delivered <= vintage]
    year = max(each.year for each in known)
    return sorted(min(each.delivered, date(year + 1, 1, 1)) for each in known if each.year == year)


def _complete_before(days: list[date], needed: dict[str, int]) -> Callable[[str], date]:
    """Municipality or department -> the day before which the newest year's days are held for all but complete."""
    whole = needed.get("", 1)

    def before(place: str) -> date:
        wanted = needed.get(place, whole)
        return days[-wanted] if len(days) >= wanted else date.min

    return before
