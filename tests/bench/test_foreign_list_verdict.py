"""Rows of a verdict on the second alert list, with matchers of known figures."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bench.foreign_list import files, trigrams, verdict

SIZES = files.Sizes(persons=60, strangers=60, relatives=60, guatemalans=60, pairs=200)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("foreign-list")
    files.write(out, files.SEED, SIZES)
    return out


def rows(made: Path, name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (made / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()]


def values(found: verdict.Verdict) -> dict[str, float]:
    return {row.name: row.value for row in found.rows}


def test_who_knows_the_truth_meets_every_bar(made: Path) -> None:
    meant = {}
    for row in rows(made, "questions"):
        for birth in (row["birth"], ""):
            meant[verdict.Asked(row["asked"], birth, row["sex"])] = row["person"]
    strangers = {row["asked"] for row in rows(made, "strangers") + rows(made, "guatemalans")}

    def search(asked: verdict.Asked) -> list[tuple[str, float]]:
        return [(meant[asked], 1.0)] if asked in meant and asked.name not in strangers else []

    def alerted(asked: verdict.Asked) -> list[str]:
        return [who for who, _ in search(asked)]

    found = verdict.on_questions(search, alerted, made, "A", checked=False)
    goals = {row.name: row.met for row in found.rows if row.goal is not None}
    assert len(goals) == 14
    # Two persons of the list may be asked by the same words.
    assert [name for name, met in goals.items() if not met and "r@1" not in name and "calibration" not in name] == []
    assert values(found)["names only: strangers alerted by the product"] == 0.0
    same = {(row["name_1"], row["name_2"]): row["same"] for row in rows(made, "pairs")}
    pairs = verdict.on_pairs(lambda row: float(same[row["name_1"], row["name_2"]]), made, "A", checked=False)
    assert values(pairs)["pairs: F1"] == values(pairs)["pairs: AUC"] == 1.0
    assert all(row.met is not False for row in pairs.rows)


def test_who_alerts_everybody_finds_all_and_is_told_so(made: Path) -> None:
    everybody = [row["id"] for row in rows(made, "listed")]
    found = verdict.on_questions(
        lambda asked: [(who, 1.0) for who in everybody], lambda asked: everybody, made, "A", checked=False
    )
    figures = values(found)
    assert figures["names only: recall of the product's alerts"] == 1.0
    assert (
        figures["exact birth date: strangers alerted by the product"]
        == figures["names only: sibling alerted by the product"]
        == 1.0
    )
    assert figures["names only: recall at 1.0% of strangers"] == 0.0
    assert figures["names only, all: r@20"] < 1.0
    assert found.tenths[9].pairs > 0 and found.tenths[9].true < found.tenths[9].expected
    assert json.dumps(found.as_dict())


def test_one_in_so_many_is_asked(made: Path) -> None:
    asked: set[verdict.Asked] = set()

    def search(one: verdict.Asked) -> list[tuple[str, float]]:
        asked.add(one)
        return []

    verdict.on_questions(search, None, made, "AB", checked=False)
    all_of_them = len(asked)
    asked.clear()
    verdict.on_questions(search, None, made, "AB", every=4, checked=False)
    assert 0.15 < len(asked) / all_of_them < 0.35


def test_a_plain_matcher_finds_most_and_not_all(made: Path, capsys: pytest.CaptureFixture[str]) -> None:
    matcher = trigrams.Trigrams(rows(made, "listed"))
    found = values(verdict.on_questions(matcher.search, None, made, "A", checked=False))
    assert found["exact birth date: r@5"] > 0.9
    assert found["names only, all: r@20"] > 0.9 and found["noisy birth dates: r@1"] > 0.6
    assert trigrams.alike({"name_1": "Ana Luz", "name_2": "ANA LUZ"}) == 1.0
    trigrams.main(directory=made, every=3, checked=False)
    assert "half A" in capsys.readouterr().out
