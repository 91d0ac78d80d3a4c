"""Roll-ups: every one adds up to its facts, at every vintage, and is made where it is worth its place alone."""

from __future__ import annotations

import datetime
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from core.mart.layout import OPEN_END
from core.mart.rollups import ROLLUPS, Rollup, rollup_files
from indexer.mart.rollups import write_rollups
from indexer.mart.statements import DAY_OF
from tests.kit.incident_nation import IncidentNation

_DAYS = pd.date_range("2023-12-28", "2025-01-05")


@pytest.mark.parametrize("rollup", ROLLUPS, ids=lambda each: each.name)
def test_it_adds_up_to_the_facts_it_was_made_of(incident_nation: IncidentNation, rollup: Rollup) -> None:
    folder, mart = incident_nation.folder, incident_nation.mart
    made = {
        source.id: files for source in mart.sources if (files := rollup_files(mart, source.fact, source.id).get(rollup))
    }
    source, files = next(iter(made.items()))
    year, name = next(iter(files.items()))
    facts = pd.read_parquet(folder / f"{rollup.fact}.{source}.{year}.parquet")
    rolled = pd.read_parquet(folder / name)
    assert len(rolled) <= len(facts)
    assert set(rolled["occurred"].map(lambda day: day.year)) == {year}
    keys = ["principal", "iccs", "department", "known_from", "known_until", *rollup.columns]

    def sums(table: pd.DataFrame) -> pd.Series:
        months = table["occurred"].map(lambda day: day.month)
        return table.groupby([*(table[key] for key in keys), months], dropna=False)["n"].sum().sort_index()

    pd.testing.assert_series_equal(sums(rolled), sums(facts), check_dtype=False)


def test_the_day_that_stands_for_others_is_of_their_week_weekday_and_month() -> None:
    days = ", ".join(f"DATE '{day:%Y-%m-%d}'" for day in _DAYS)
    rows = duckdb.execute(
        f"SELECT occurred, {DAY_OF['span']}, {DAY_OF['weekday']}, {DAY_OF['month']} "
        f"FROM (SELECT unnest([{days}]) AS occurred)"
    ).fetchall()
    for day, span, weekday, month in rows:
        week = day - datetime.timedelta(day.weekday())
        assert span == max(week, day.replace(day=1))
        assert weekday.weekday() == day.weekday()
        assert weekday.replace(day=1) == day.replace(day=1)
        assert weekday.day <= 7
        assert month == day.replace(day=1)


def test_few_facts_are_not_rolled(tmp_path: Path) -> None:
    facts = tmp_path / "fact_incident.x.2024.parquet"
    day = datetime.date(2024, 3, 7)
    one = {"occurred": day, "iccs": "0101", "principal": True, "department": "01", "municipality": "0101", "hour": 3}
    one |= {"mechanism": None, "known_from": day, "known_until": OPEN_END, "n": 1, "suspects": None}
    pd.DataFrame([one] * 50).astype({"suspects": "Int32", "mechanism": "string"}).to_parquet(facts)
    with duckdb.connect() as db:
        write_rollups(db, facts, "fact_incident", "x", 2024, rolled_from=51)
        assert len(list(tmp_path.iterdir())) == 1
        write_rollups(db, facts, "fact_incident", "x", 2024, rolled_from=50)
    assert len(list(tmp_path.glob("rollup.*.x.2024.parquet"))) == 5  # fifty facts, all the same
