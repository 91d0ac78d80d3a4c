"""Deliveries against those before them: cut ones, ones of tomorrow, rivals that come later, sums that are none."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import pytest

from indexer.build.errors import BuildRefused
from indexer.mart.building import MartOptions, MartSummary, build_mart
from tests.mart.small_sources import COUNTS, SmallSources, event

DAY = datetime.date(2024, 3, 7)
COUNT_HEAD = ("año", "mes", "municipio", "delito", "sexo", "casos")


def events(count: int) -> list[list[Any]]:
    return [event(n, DAY + datetime.timedelta(n % 200)) for n in range(count)]


def accepted(sources: SmallSources, *names: str) -> MartSummary:
    options = MartOptions(
        sources.data, sources.files, sources.manifests, sources.own, memory_mib=256, threads=1, accept_shrink=names
    )
    return build_mart(options)


def test_a_delivery_that_was_cut_is_not_used_until_somebody_says_that_it_is_right(tmp_path: Path) -> None:
    sources = SmallSources(tmp_path)
    sources.csv("hechos_2024_20250115.csv", events(200))
    sources.csv("hechos_2024_20250715.csv", events(150))
    for _ in range(2):  # again and again
        summary = sources.build()
        ((_, refused),) = summary.refused
        assert refused.rule == "shrunk"
        assert refused.detail.startswith("150 units, 200 in the delivery of 2025-01-15.")
        assert "--accept-shrink hechos/2024" in refused.detail
        assert (summary.mart.sources[0].rows, summary.mart.sources[0].withdrawn) == (200, 0)
    summary = accepted(sources, "hechos/2024")
    assert (summary.mart.sources[0].rows, summary.mart.sources[0].withdrawn) == (150, 50)
    assert any("accepted" in note for note in summary.mart.sources[0].deliveries[-1].notes)
    assert sources.build().refused == []  # what was accepted stays so


def test_a_file_that_is_cut_under_its_own_name_does_not_replace_what_was_read(tmp_path: Path) -> None:
    sources = SmallSources(tmp_path)
    sources.csv("hechos_2024_20250115.csv", events(200))
    sources.build()
    sources.csv("hechos_2024_20250115.csv", events(20))
    summary = sources.build()
    assert [each.rule for _, each in summary.refused] == ["shrunk"]
    assert summary.mart.sources[0].rows == 200
    assert len(sources.facts(summary)) == 200


def test_few_units_fewer_are_corrections(tmp_path: Path) -> None:
    sources = SmallSources(tmp_path)
    sources.csv("hechos_2024_20250115.csv", events(20))
    sources.csv("hechos_2024_20250715.csv", events(11))
    assert sources.build().mart.sources[0].rows == 11


@pytest.mark.parametrize("name", ["hechos", "nadie/2024", "hechos/24", "hechos/٢٠٢٤"])
def test_what_cannot_be_accepted_is_named(tmp_path: Path, name: str) -> None:
    sources = SmallSources(tmp_path)
    sources.csv("hechos_2024_20250115.csv", events(20))
    with pytest.raises(BuildRefused, match="accept-shrink"):
        accepted(sources, name)


def test_a_delivery_of_a_day_to_come_is_refused(tmp_path: Path) -> None:
    sources = SmallSources(tmp_path)
    sources.csv("hechos_2024_20250115.csv", events(20))
    sources.csv("hechos_2024_20991231.csv", events(30))
    summary = sources.build()
    assert [each.rule for _, each in summary.refused] == ["delivered_in_future"]
    assert summary.mart.as_of.year < 2099
    assert summary.mart.sources[0].delivered[-1].delivered == datetime.date(2025, 1, 15)


def test_a_rival_that_comes_after_the_first_was_read_leaves_neither(tmp_path: Path) -> None:
    sources = SmallSources(tmp_path)
    sources.csv("hechos_2024_20240601.csv", events(20))
    sources.csv("hechos_2024_20250115.csv", events(50))
    assert sources.build().mart.sources[0].rows == 50
    sources.csv("hechos_2024_20250115_b.csv", events(80))
    summary = sources.build()
    assert [each.rule for _, each in summary.refused] == ["two_files_one_year"] * 2
    assert summary.mart.sources[0].rows == 20


def counted(tmp_path: Path, rows: list[list[Any]]) -> MartSummary:
    sources = SmallSources(tmp_path, COUNTS)
    sources.csv("cuadro_2023_20240115.csv", [["2023", "1", "0101", "ROBO", "1", "5"]], COUNT_HEAD)
    sources.csv("cuadro_2024_20250115.csv", rows, COUNT_HEAD)
    return sources.build()


def test_events_whose_town_is_not_known_are_no_sum_though_one_equals_a_towns(tmp_path: Path) -> None:
    rows = [["2024", month, "0100", "ROBO", "1", 1] for month in range(1, 5)]
    rows += [["2024", 1, "0101", "ROBO", "1", 1], ["2024", 2, "0101", "ROBO", "1", 9]]
    assert counted(tmp_path, rows).mart.sources[0].rows == 5 + 14


def test_a_departments_rows_that_all_but_sum_its_towns_refuse_the_file(tmp_path: Path) -> None:
    rows = []
    for month in range(1, 13):
        rows += [["2024", month, "0100", "ROBO", "1", 12 + month], ["2024", month, "0101", "ROBO", "1", 5 + month]]
        rows.append(["2024", month, "0102", "ROBO", "1", 6 if month == 7 else 7])
    summary = counted(tmp_path, rows)
    ((_, refused),) = summary.refused
    assert refused.rule == "total_disagrees"
    assert refused.detail.endswith("says 19, its towns' rows make 18")
    assert summary.mart.sources[0].rows == 5


def test_a_staged_delivery_that_was_cut_off_is_read_again_or_named(tmp_path: Path) -> None:
    sources = SmallSources(tmp_path)
    sources.csv("hechos_2024_20240901.csv", events(20))
    sources.csv("hechos_2024_20250115.csv", events(50))
    sources.build()
    staged = sources.data / "mart" / "staging" / "hechos" / "2024-20250115.parquet"
    staged.write_bytes(staged.read_bytes()[:50])
    assert sources.build().mart.sources[0].rows == 50
    staged.write_bytes(staged.read_bytes()[:50])
    (sources.files / "hechos_2024_20250115.csv").unlink()
    summary = sources.build()
    assert [each.rule for _, each in summary.refused] == ["staging_damaged"]
    assert summary.mart.sources[0].rows == 20
