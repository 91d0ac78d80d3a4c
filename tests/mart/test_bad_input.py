"""Bad files and rows: a named answer each, nothing silently dropped, nothing summed twice."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from core.mart.layout import FOLDER, current_mart
from indexer.build.errors import BuildRefused
from indexer.manifest.loading import ManifestError
from tests.mart.small_sources import COUNTS, EVENTS, HEAD, SmallSources, event, only_delivery

DAY = datetime.date(2024, 3, 7)
FILE = "hechos_2024_20250115.csv"
COUNT_HEAD = ("año", "mes", "municipio", "delito", "sexo", "casos")


def events(count: int) -> list[list[Any]]:
    return [event(n, DAY + datetime.timedelta(n % 200)) for n in range(count)]


def refusals(sources: SmallSources, mart_id: str) -> dict[str, int]:
    table = pd.read_parquet(sources.data / FOLDER / mart_id / "refused.parquet")
    return {str(rule): int(n) for rule, n in table.groupby("rule").size().items()}


def test_a_total_that_agrees_is_left_out(tmp_path: Path) -> None:
    sources = SmallSources(tmp_path)
    sources.csv(FILE, [*events(20), ["TOTAL", "20", "", "", "", "", ""]])
    delivery = only_delivery(sources.build())
    assert (delivery.rows, delivery.total_rows, delivery.refused, delivery.rule) == (20, 1, 0, "")


def test_a_total_that_disagrees_refuses_the_file_and_the_one_before_stands(tmp_path: Path) -> None:
    sources = SmallSources(tmp_path)
    sources.csv(FILE, events(20))
    sources.csv("hechos_2024_20250715.csv", [*events(30), ["TOTAL", "31", "", "", "", "", ""]])
    summary = sources.build()
    ((_, refused),) = summary.refused
    assert (refused.rule, refused.detail) == ("total_disagrees", "row 32 says 31, the rows above it make 30")
    assert summary.mart.sources[0].rows == 20


def test_subtotals_of_counts_are_checked_and_left_out(tmp_path: Path) -> None:
    sources = SmallSources(tmp_path, COUNTS)
    rows = [
        ["2024", "1", "0101", "HOMICIDIO", "1", "5"],
        ["2024", "1", "0102", "HOMICIDIO", "1", "7"],
        ["SUBTOTAL", "", "", "", "", "12"],
        ["2024", "1", "0901", "HOMICIDIO", "1", "3"],
        ["SUBTOTAL", "", "", "", "", "3"],
        ["TOTAL GENERAL", "", "", "", "", "15"],
    ]
    sources.csv("cuadro_2024_20250115.csv", rows, COUNT_HEAD)
    assert only_delivery(sources.build()).rows == 15
    rows[2][-1] = "13"
    sources.csv("cuadro_2024_20250115.csv", rows, COUNT_HEAD)
    with_old = sources.build()
    assert [each.rule for _, each in with_old.refused] == ["total_disagrees"]


def test_a_departments_row_above_its_towns_is_not_summed_again(tmp_path: Path) -> None:
    sources = SmallSources(tmp_path, COUNTS)
    rows = [
        ["2024", "1", "0100", "HOMICIDIO", "1", "12"],
        ["2024", "1", "0101", "HOMICIDIO", "1", "5"],
        ["2024", "1", "0102", "HOMICIDIO", "1", "7"],
        ["2024", "1", "0900", "HOMICIDIO", "1", "2"],  # no sum of anything: two in places not known
        ["2024", "1", "0901", "HOMICIDIO", "1", "4"],
    ]
    sources.csv("cuadro_2024_20250115.csv", rows, COUNT_HEAD)
    summary = sources.build()
    assert (only_delivery(summary).rows, only_delivery(summary).total_rows) == (18, 1)


def test_two_files_of_one_year_and_day_are_both_refused(tmp_path: Path) -> None:
    sources = SmallSources(tmp_path)
    sources.csv(FILE, events(20))
    sources.xlsx("hechos_2024_20250715_a.xlsx", events(20))
    sources.csv("hechos_2024_20250715_b.csv", events(21))
    summary = sources.build()
    assert {each.rule for _, each in summary.refused} == {"two_files_one_year"}
    assert len(summary.refused) == 2
    assert summary.mart.sources[0].rows == 20


def test_the_same_file_twice_counts_once(tmp_path: Path) -> None:
    sources = SmallSources(tmp_path)
    sources.csv("hechos_2024_20250115.csv", events(20))
    sources.csv("hechos_2024_20250115 (1).csv", events(20))
    summary = sources.build()
    assert [each.rule for _, each in summary.refused] == ["same_file_twice"]
    assert summary.mart.sources[0].rows == 20


def test_rows_that_cannot_be_read_are_named_and_counted(tmp_path: Path) -> None:
    sources = SmallSources(tmp_path)
    good = events(20)
    bad = [
        event(100, DAY, municipality="0199"),
        event(101, DAY, municipality="9901"),
        event(102, datetime.date(2023, 1, 1)),
        event(103, DAY, offence=""),
        event(0, DAY),  # again
        ["", *event(104, DAY)[1:]],
        ["H105", "31/02/2024", *event(105, DAY)[2:]],
    ]
    sources.csv(FILE, [*good, *bad])
    summary = sources.build()
    assert only_delivery(summary).rows == 20
    assert only_delivery(summary).refused == len(bad)
    assert refusals(sources, summary.mart.id) == {
        "municipality_unknown": 2,
        "date_of_another_year": 1,
        "offence_missing": 1,
        "record_twice": 1,
        "record_id_missing": 1,
        "date_impossible": 1,
    }


def test_negative_counts_are_refused(tmp_path: Path) -> None:
    sources = SmallSources(tmp_path, COUNTS)
    rows = [["2024", "1", "0101", "HOMICIDIO", "1", n] for n in ("5", "-2", "dos")]
    rows[1][2], rows[2][2] = "0102", "0103"
    sources.csv("cuadro_2024_20250115.csv", rows, COUNT_HEAD)
    summary = sources.build()
    assert only_delivery(summary).rows == 5
    assert refusals(sources, summary.mart.id) == {"count_negative": 1, "count_unreadable": 1}


def test_a_date_after_its_delivery_is_refused(tmp_path: Path) -> None:
    sources = SmallSources(tmp_path)
    sources.csv("hechos_2024_20240601.csv", [*events(20), event(50, datetime.date(2024, 12, 1))])
    summary = sources.build()
    assert refusals(sources, summary.mart.id)["date_after_delivery"] >= 1


def test_an_offence_that_no_map_knows_is_counted_and_named(tmp_path: Path) -> None:
    sources = SmallSources(tmp_path)
    strange = [event(n, DAY, offence="DELITO DE LA LUNA") for n in range(50, 56)]
    rare = [event(60, DAY, offence="EL DE JUAN")]
    sources.csv(FILE, [*events(20), *strange, *rare])
    summary = sources.build()
    source = summary.mart.sources[0]
    assert (source.rows, source.unmapped_rows) == (27, 7)
    table = pd.read_parquet(sources.data / FOLDER / summary.mart.id / "unmapped.parquet")
    assert dict(zip(table["text"], table["rows"], strict=True)) == {"DELITO DE LA LUNA": 6, "(textos raros)": 1}
    assert (sources.facts(summary)["iccs"] == "99").sum() == 7


@pytest.mark.parametrize(
    ("head", "rule"),
    [
        (("a", "b", "c", "d", "e", "f", "g"), "header_missing"),
        (("id", "fecha", "hora", "lugar", "delito", "otro delito", "sindicados"), "column_missing"),
        (("id", "fecha", "fecha", "municipio", "delito", "otro delito", "sindicados"), "header_ambiguous"),
    ],
)
def test_a_header_that_says_too_little_or_too_much_refuses_the_file(
    tmp_path: Path, head: tuple[str, ...], rule: str
) -> None:
    sources = SmallSources(tmp_path)
    sources.csv(FILE, events(5))
    sources.csv("hechos_2024_20250715.csv", events(5), head)
    assert [each.rule for _, each in sources.build().refused] == [rule]


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 no workbook"])
def test_a_file_that_is_none_is_refused(tmp_path: Path, content: bytes) -> None:
    sources = SmallSources(tmp_path)
    sources.csv(FILE, events(5))
    (sources.files / "hechos_2024_20250715.xlsx").write_bytes(content)
    assert [each.rule for _, each in sources.build().refused] == ["file_unreadable" if content else "file_empty"]


def test_a_build_without_a_file_that_can_be_used_leaves_the_mart_that_answers(tmp_path: Path) -> None:
    sources = SmallSources(tmp_path)
    with pytest.raises(BuildRefused, match="no manifest's file"):
        sources.build()
    sources.csv(FILE, events(5))
    first = sources.build().mart.id
    (sources.manifests / "0.toml").write_text(EVENTS.replace("penal_code", "no_such_map"), encoding="utf-8")
    with pytest.raises(BuildRefused, match="no map"):
        sources.build()
    assert current_mart(sources.data) == first


def test_a_file_that_nobody_claims_is_named(tmp_path: Path) -> None:
    sources = SmallSources(tmp_path)
    sources.csv(FILE, events(5))
    sources.csv("otra_cosa.csv", events(5))
    assert sources.build().unclaimed == ["otra_cosa.csv"]


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ('fact = "fact_incident"', 'fact = "fact_other"', "fact"),
        ("(?P<delivered>", "(?P<day>", "files"),
        ('offence = ["delito"]', 'street = ["calle"]', "street"),
        ("primary = true", "primary = true\nsecret = 1", "secret"),
    ],
)
def test_a_manifest_that_breaks_a_rule_is_named(tmp_path: Path, old: str, new: str, key: str) -> None:
    sources = SmallSources(tmp_path, EVENTS.replace(old, new))
    sources.csv(FILE, events(5))
    with pytest.raises(ManifestError, match=key):
        sources.build()


def test_no_value_of_a_row_is_in_what_a_build_leaves_of_refusals(tmp_path: Path) -> None:
    sources = SmallSources(tmp_path)
    sources.csv(FILE, [*events(5), ["2357111360101", DAY, "14", "0199", "HOMICIDIO", "", 1]], HEAD)
    summary = sources.build()
    for path in (sources.data / FOLDER / summary.mart.id).iterdir():
        assert b"2357111360101" not in path.read_bytes()


@pytest.mark.parametrize(
    ("line", "rule", "refused"),
    [
        ('H900,2024-03-07,14:00,0101,"ROBO,,1', "quote_unclosed", 0),  # takes the rows below into its cell
        ("H900,2024-03-07,14:00,0101,ROBO,,1,shifted", "", 1),
        ("H900,2024-03-07,14:00,0101," + "x" * 2_000_000 + ",,1", "", 1),
        ("H900", "", 1),
    ],
)
def test_a_line_that_is_no_row_is_never_lost_in_silence(tmp_path: Path, line: str, rule: str, refused: int) -> None:
    sources = SmallSources(tmp_path)
    sources.csv("hechos_2024_20240601.csv", [event(n, DAY) for n in range(3)])
    sources.csv(FILE, events(20))
    path = sources.files / FILE
    rows = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join([*rows[:10], line, *rows[10:], ""]), encoding="utf-8")
    (source,) = sources.build().mart.sources
    delivery = source.deliveries[-1]
    assert (delivery.rule, delivery.refused) == (rule, refused)
    assert rule or delivery.rows == 20


def test_a_file_in_another_encoding_says_so(tmp_path: Path) -> None:
    sources = SmallSources(tmp_path)
    sources.csv(FILE, events(5))
    sources.csv("hechos_2024_20250715.csv", events(5), encoding="utf-16")
    assert [each.rule for _, each in sources.build().refused] == ["encoding_unknown"]


def test_a_directory_may_have_any_name(tmp_path: Path) -> None:
    sources = SmallSources(tmp_path / "policía's [files] *")
    sources.csv(FILE, events(5))
    assert only_delivery(sources.build()).rows == 5
