"""Facts and vintages: every way of writing the same year gives the same facts; what was known is known for ever."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from core.mart.layout import FOLDER
from tests.mart.small_sources import HEAD, SmallSources, event

DAY = datetime.date(2024, 3, 7)


def rows() -> list[list[Any]]:
    towns, offences = ("0101", "0920", "2217", "1603"), ("HOMICIDIO", "EXTORSIÓN", "ROBO")
    return [event(n, DAY + datetime.timedelta(n), towns[n % 4], offences[n % 3]) for n in range(60)]


def excel(day: datetime.date) -> int:
    return (day - datetime.date(1899, 12, 30)).days


def written(sources: SmallSources, form: str) -> None:
    """The same rows as institutions may publish them."""
    table = rows()
    match form:
        case "plain":
            sources.csv("hechos_2024_20250115.csv", table)
        case "reordered, lost zeros, Latin-1, semicolons":
            order = (4, 3, 1, 0, 6, 2, 5)
            turned = [[[*row][place] for place in order] for row in table]
            for row in turned:
                row[1] = str(int(row[1]))
            head = [HEAD[place].upper() for place in order]
            sources.csv("hechos_2024_20250115.csv", turned, head, ";", "latin-1")
        case "workbook with day numbers and a title":
            turned = [[row[0], excel(datetime.date.fromisoformat(row[1])), 14, int(row[3]), *row[4:]] for row in table]
            sources.xlsx("hechos_2024_20250115.xlsx", turned, title="HECHOS 2024")
        case "list in an object":
            sources.json("hechos_2024_20250115.json", {"datos": [dict(zip(HEAD, row, strict=True)) for row in table]})


FORMS = (
    "plain",
    "reordered, lost zeros, Latin-1, semicolons",
    "workbook with day numbers and a title",
    "list in an object",
)


@pytest.mark.parametrize("form", FORMS)
def test_every_form_gives_the_same_facts(tmp_path: Path, form: str) -> None:
    sources = SmallSources(tmp_path)
    written(sources, form)
    facts = sources.facts(sources.build())
    expected = pd.DataFrame(rows(), columns=list(HEAD))
    codes = {"HOMICIDIO": "0101", "EXTORSIÓN": "02051", "ROBO": "0401"}
    told = sorted(zip(expected["delito"].map(codes), expected["municipio"], expected["fecha"], strict=True))
    found = sorted(zip(facts["iccs"], facts["municipality"], facts["occurred"].astype(str), strict=True))
    assert [(a, b, str(c)[:10]) for a, b, c in found] == told
    assert set(facts["hour"]) == {14}
    assert list(facts["department"]) == [code[:2] for code in facts["municipality"]]


def test_an_event_with_two_offences_has_two_rows_and_one_principal(tmp_path: Path) -> None:
    sources = SmallSources(tmp_path)
    table = [event(1, DAY, offence="AMENAZAS", other="HOMICIDIO"), event(2, DAY, offence="DE NADIE", other="ROBO")]
    sources.csv("hechos_2024_20250115.csv", [*table, event(3, DAY, offence="ASESINATO", other="HOMICIDIO")])
    facts = sources.facts(sources.build()).sort_values(["unit_no", "iccs"])
    assert [tuple(row) for row in facts[["iccs", "principal"]].to_numpy()] == [
        ("0101", True), ("02012", False), ("0401", True), ("99", False), ("0101", True),
    ]  # fmt: skip


def known(facts: pd.DataFrame, day: str) -> int:
    when = pd.Timestamp(day)
    starts, ends = (
        pd.to_datetime(facts["known_from"]),
        pd.to_datetime(facts["known_until"].astype(str), errors="coerce"),
    )
    return int(((starts <= when) & ((ends > when) | ends.isna())).sum())


def test_what_was_known_on_a_day_can_be_asked_again(tmp_path: Path) -> None:
    sources = SmallSources(tmp_path)
    first = rows()[:40]
    sources.csv("hechos_2024_20240601.csv", first)
    corrected = [*first[:30], *[[*row[:3], "0102", *row[4:]] for row in first[30:38]], *rows()[40:50]]
    sources.csv("hechos_2024_20250115.csv", corrected)  # eight corrected, two withdrawn, ten new
    summary = sources.build()
    source = summary.mart.sources[0]
    assert (source.rows, source.corrected, source.withdrawn) == (48, 8, 2)
    # Those of the ten that had happened before the first delivery could have been in it.
    assert source.late == sum(row[1] <= "2024-06-01" for row in rows()[40:50])
    facts = sources.facts(summary)
    assert [known(facts, day) for day in ("2024-05-31", "2024-06-01", "2025-01-14", "2025-01-15")] == [0, 40, 40, 48]
    changed = facts[facts["municipality"] == "0102"]
    assert len(changed) == 8
    assert set(pd.to_datetime(changed["known_from"])) == {pd.Timestamp("2025-01-15")}


def test_a_delivery_whose_file_is_gone_stays(tmp_path: Path) -> None:
    sources = SmallSources(tmp_path)
    sources.csv("hechos_2024_20240601.csv", rows()[:40])
    sources.csv("hechos_2024_20250115.csv", rows())
    before = sources.facts(sources.build())
    (sources.files / "hechos_2024_20240601.csv").unlink()
    summary = sources.build()
    pd.testing.assert_frame_equal(before.drop(columns="unit_no"), sources.facts(summary).drop(columns="unit_no"))
    assert any("kept" in note for note in summary.mart.sources[0].deliveries[0].notes)


def test_the_same_files_give_the_same_facts_and_old_marts_go(tmp_path: Path) -> None:
    sources = SmallSources(tmp_path)
    sources.csv("hechos_2024_20250115.csv", rows())
    builds = [sources.build() for _ in range(5)]
    digests = [[entry.sha256 for name, entry in each.mart.files.items() if name.startswith("fact")] for each in builds]
    assert digests[0] == digests[-1]
    kept = [path.name for path in (sources.data / FOLDER).iterdir() if (path / "MART.json").is_file()]
    assert sorted(kept) == sorted(each.mart.id for each in builds[-3:])


def test_the_key_of_disclosure_is_made_once(tmp_path: Path) -> None:
    sources = SmallSources(tmp_path)
    sources.csv("hechos_2024_20250115.csv", rows())
    sources.build()
    path = sources.data / FOLDER / "disclosure.key"
    first = path.read_bytes()
    sources.build()
    assert (len(first), path.read_bytes(), path.stat().st_mode & 0o777) == (32, first, 0o600)
