"""The second alert list: the same on every Python, each kind with its stated share, truth consistent, halves apart."""

from __future__ import annotations

import datetime
import hashlib
import json
import re
import shutil
from math import sqrt
from pathlib import Path
from typing import Any

import pytest
import typer

from bench.foreign_list import __main__ as command
from bench.foreign_list import clerk, dates, files, pairs, questions, strangers
from bench.foreign_list.aliases import KINDS, make_alias
from bench.foreign_list.cultures import cultures
from bench.foreign_list.draws import Draws
from bench.foreign_list.entries import COMMON, list_names, name_list
from bench.foreign_list.halves import half_of
from bench.foreign_list.lineage import draw_lineage, sibling, son_of
from bench.foreign_list.listed import listed
from bench.foreign_list.shapes import SHAPES, words_of
from bench.foreign_list.shares import shares_of
from bench.foreign_list.short_forms import bare
from bench.foreign_list.written import text_of

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "foreign-list.md"
SIGMAS = 5


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("foreign-list")
    files.write(out, files.SEED, files.SAMPLE)
    return out


@pytest.fixture(scope="module")
def rows(sample: Path) -> dict[str, list[dict[str, Any]]]:
    return {
        name: [json.loads(line) for line in (sample / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()]
        for name in files.NAMES
    }


def test_the_sample_is_the_one_agreed_on(sample: Path) -> None:
    """On each Python: a change of the generator, or of a table, voids the bars and is made on purpose (--accept)."""
    made = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sample.iterdir()}
    assert made == files.known_digests("sample")
    assert set(files.known_digests("whole")) == set(made)


def test_rows_do_not_depend_on_how_many_are_made(rows: dict[str, list[dict[str, Any]]]) -> None:
    few = files.Sizes(persons=5, strangers=5, relatives=5, guatemalans=5, pairs=5)
    for name in ("listed", "strangers", "guatemalans", "pairs", "questions"):
        made = list(files.rows_of(name, files.SEED, few))
        assert made == rows[name][: len(made)]


def test_another_seed_is_another_list() -> None:
    mine, other = ([listed(seed, number).text for number in range(1, 60)] for seed in (1, 2))
    assert len(set(mine) & set(other)) < 6


def test_the_page_states_every_group(sample: Path) -> None:
    assert set(stated()) == set(shares_of(sample))


def stated() -> dict[str, dict[str, float]]:
    """Title -> kind -> share, as docs/foreign-list.md states them."""
    parts = re.split(r"^### (.+)$", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    found = {}
    for title, text in zip(parts[1::2], parts[2::2], strict=True):
        cells = re.findall(r"(\w+)\s+(\d+\.\d)(?=[,.])", text.split("\n## ")[0])
        found[title] = {kind: float(share) / 100 for kind, share in cells}
    return found


def counted(rows: dict[str, list[dict[str, Any]]], title: str) -> int:
    """Returns the number that a share is taken of."""
    totals = {
        "kinds of alias": sum(len(row["aliases"]) for row in rows["listed"]),
        "kinds of slip": sum(len(row["noise"]) for row in rows["questions"]),
        "noise of a birth date": sum(row["birth_kind"] not in ("none", "exact") for row in rows["questions"]),
        "relatives and namesakes": len(rows["relatives"]),
        "pairs of one person": len(rows["pairs"]) // 2,
        "pairs of two": len(rows["pairs"]) // 2,
    }
    whole = (
        len(rows["questions"])
        if title in ("what is asked", "slips of a question", "birth date asked")
        else len(rows["listed"])
    )
    return totals.get(title, whole)


@pytest.mark.parametrize("title", list(stated()))
def test_each_kind_occurs_with_its_stated_share(
    title: str, sample: Path, rows: dict[str, list[dict[str, Any]]]
) -> None:
    total, seen = counted(rows, title), shares_of(sample)[title]
    said = stated()[title]
    assert set(seen) <= set(said)
    for kind, share in said.items():
        # Rows of one person are alike: a person's questions count as one in three.
        few = total / 3 if len(rows["questions"]) == total else total
        allowed = SIGMAS * sqrt(share * (1 - share) / few) + 0.005
        assert abs(seen.get(kind, 0.0) - share) <= allowed, kind


def test_the_weights_are_what_the_page_states() -> None:
    page = stated()
    for title, weights in (
        ("birth dates on the list", dates.ON_LIST), ("birth date asked", dates.GIVEN),
        ("pairs of one person", pairs.SAME), ("pairs of two", pairs.DIFFERENT),
    ):  # fmt: skip
        assert set(page[title]) == set(weights)
        assert max(abs(page[title][kind] - weight / 100) for kind, weight in weights.items()) < 0.02, title
    shares = {name: culture.share for name, culture in cultures().items()}
    total = 0.0
    for share in shares.values():
        total += share
    assert set(page["cultures of the listed"]) == set(shares)
    assert max(abs(page["cultures of the listed"][name] - share / total) for name, share in shares.items()) < 0.015
    assert set(page["kinds of alias"]) == set(KINDS)
    assert set(page["noise of a birth date"]) == set(dates.NOISE)
    assert set(page["kinds of slip"]) == set(clerk.KINDS)
    assert len(shares) >= 25


def test_no_alias_is_the_name_or_another_alias(rows: dict[str, list[dict[str, Any]]]) -> None:
    for row in rows["listed"]:
        texts = [bare(row["name"]), *(bare(alias["name"]) for alias in row["aliases"])]
        assert len(set(texts)) == len(texts), row
        assert all(text == text.strip() and "  " not in text and text for text in texts), row
        assert len(row["aliases"]) <= 6


def test_parts_say_what_the_name_says(rows: dict[str, list[dict[str, Any]]]) -> None:
    parted = [row for row in rows["listed"] if row["parts"]]
    assert len(parted) > len(rows["listed"]) / 3
    for row in parted:
        in_name = set(bare(row["name"]).replace(",", "").split())
        in_parts = set(bare(" ".join(row["parts"].values())).split())
        # A suffix is in no field.
        assert in_parts <= in_name and in_name - in_parts <= {"jr.", "jr", "ii"}, row


def test_the_truth_of_questions_is_on_the_list(rows: dict[str, list[dict[str, Any]]]) -> None:
    people = {row["id"]: row for row in rows["listed"]}
    assert len(rows["questions"]) == len(people) * questions.EACH
    for row in rows["questions"]:
        person = people[row["person"]]
        assert row["half"] == person["half"] == half_of(person["id"], files.SEED)
        assert row["birth_on_list"] == person["birth_kind"]
        if row["source"] == "alias":
            assert row["kind"] in {alias["kind"] for alias in person["aliases"]}
        if row["birth_kind"] == "exact" and person["birth"]:
            assert row["birth"].startswith(person["birth"])
        assert bool(row["birth"]) == (row["birth_kind"] != "none")


def test_a_noisy_date_is_of_the_kind_that_it_says() -> None:
    draws = Draws(3, "dates")
    for _ in range(2_000):
        day = dates.birth(draws)
        text, kind = dates.noisy(day, draws)
        if kind == "month_only":
            assert text == day.isoformat()[:7]
        elif kind == "year_only":
            assert text == day.isoformat()[:4]
        else:
            asked = datetime.date.fromisoformat(text)
            assert dates.grade(day, asked) == kind or kind in ("year_off", "day_month_swapped", "one_or_two_days")
            assert asked != day


def test_strangers_are_nobody_of_the_list_and_relatives_say_whose(rows: dict[str, list[dict[str, Any]]]) -> None:
    people = {row["id"]: row for row in rows["listed"]}
    assert all(not row["person"] and not row["relation"] for row in rows["strangers"])
    namesakes = 0
    for row in rows["relatives"]:
        person = people[row["person"]]
        assert row["relation"] in strangers.RELATIONS
        assert row["half"] == person["half"]
        if person["birth_kind"] == "full":
            assert (row["birth"] == person["birth"]) == (row["relation"] == "twin")
        if row["relation"] == "namesake":
            same = sorted(bare(row["asked"]).split()) == sorted(bare(person["name"]).replace(",", "").split())
            namesakes += same
        if row["relation"] == "son":
            assert person["sex"] == row["sex"] == "M"
    assert namesakes > 5


def test_siblings_are_two_persons(rows: dict[str, list[dict[str, Any]]]) -> None:
    siblings = [row for row in rows["pairs"] if row["kind"] == "sibling"]
    assert siblings and not any(row["same"] for row in siblings)
    assert {row["kind"] for row in rows["pairs"] if row["same"]} == set(pairs.SAME)
    assert {row["kind"] for row in rows["pairs"] if not row["same"]} == set(pairs.DIFFERENT)
    draws = Draws(5, "siblings")
    for culture in cultures().values():
        for _ in range(20):
            person = draw_lineage(culture, draws)
            other = sibling(person, draws)
            assert other.given[0].text != person.given[0].text or len(other.given) > 1
            assert (other.family, other.father, other.maternal) == (person.family, person.father, person.maternal)
            if person.sex == "M":
                assert son_of(person, draws).father == person.given[0]


def test_pairs_are_balanced_and_no_pair_is_twice_the_same_name(rows: dict[str, list[dict[str, Any]]]) -> None:
    assert sum(row["same"] for row in rows["pairs"]) * 2 == len(rows["pairs"])
    assert all(bare(row["name_1"]) != bare(row["name_2"]) for row in rows["pairs"])
    for row in rows["pairs"]:
        if row["kind"] == "original_script":
            assert not re.search("[A-Za-z]", row["name_1" if not row["same"] else "name_2"]), row


def test_halves_are_disjoint_and_about_as_large(rows: dict[str, list[dict[str, Any]]]) -> None:
    for name in files.NAMES:
        of = {row["id"]: row["half"] for row in rows[name]}
        assert len(of) == len(rows[name])
        assert 0.4 < sum(half == "A" for half in of.values()) / len(of) < 0.6
    by_person = {(row["person"], row["half"]) for row in rows["questions"] + rows["relatives"]}
    assert len(by_person) == len({person for person, _ in by_person})


def test_reading_the_held_back_half_is_said(sample: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    mine = files.read(sample, "pairs", "A", checked=False)
    assert capsys.readouterr().err == ""
    held_back = files.read(sample, "pairs", "B", checked=False)
    assert "half B" in capsys.readouterr().err
    assert not {row["id"] for row in mine} & {row["id"] for row in held_back}
    assert {row["half"] for row in mine} == {"A"}
    with pytest.raises(ValueError, match="half"):
        files.read(sample, "pairs", "C", checked=False)
    shutil.copy(sample / "pairs.jsonl", tmp_path)
    with pytest.raises(files.ChangedError, match=r"pairs\.jsonl"):
        files.read(tmp_path, "pairs", "A")


def test_every_culture_and_shape_makes_names_and_aliases() -> None:
    draws = Draws(7, "all")
    assert {culture.shape for culture in cultures().values()} == set(SHAPES)
    for culture in cultures().values():
        made = dict.fromkeys(KINDS, 0)
        for _ in range(25):
            person = draw_lineage(culture, draws)
            words = words_of(person, draws)
            assert len(text_of(words).split()) >= 2 or "-" in text_of(words) or culture.shape in ("korean", "chinese")
            for kind in KINDS:
                made[kind] += make_alias(kind, person, words, draws) is not None
        assert sum(count > 0 for count in made.values()) >= 6, (culture.name, made)


def test_the_lists_are_sound() -> None:
    for name in list_names():
        entries = name_list(name).entries
        forms = [(entry.forms[0], entry.script) for entry in entries]
        assert len(set(forms)) == len(forms), (name, sorted(form for form in set(forms) if forms.count(form) > 1))
        assert all(form.strip() == form and form for entry in entries for form in entry.forms), name
    assert name_list("spanish_surnames").entries[0].rank < COMMON


def test_nothing_of_the_matcher_is_known_to_the_list() -> None:
    # these hold the matcher against the list, and make nothing of it
    measuring = {"measured", "product", "peers", "before", "score_curve", "date_count", "standing"}
    for path in (ROOT / "bench" / "foreign_list").glob("*.py"):
        if path.stem in measuring:
            continue
        text = path.read_text(encoding="utf-8")
        assert not re.findall(rf"bench\.foreign_list(?: import |\.)(?:{'|'.join(sorted(measuring))})\b", text), path
        imported = re.findall(r"^(?:from|import) ([\w.]+)", text, re.MULTILINE)
        assert not [
            name for name in imported if name.split(".")[0] in ("core", "indexer", "server", "clients", "ronda")
        ], path
        assert not [name for name in imported if name.startswith("bench.names")], path


def test_the_command_says_whether_the_files_are_those_agreed_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(files, "SAMPLE", files.Sizes(persons=20, strangers=20, relatives=20, guatemalans=20, pairs=20))
    monkeypatch.setattr(files, "DIGESTS", {"sample": tmp_path / "SHA256.sample"})

    def run(seed: int, accept: bool) -> tuple[int, dict[str, Any]]:
        with pytest.raises(typer.Exit) as ended:
            command.main(seed=seed, out=tmp_path / "out", as_json=True, sample=True, accept=accept)
        return ended.value.exit_code, json.loads(capsys.readouterr().out)

    code, said = run(files.SEED, accept=True)
    assert code == 0 and said["agreed"] is True
    assert said["sha256"] == files.known_digests("sample")
    assert {path.stem for path in (tmp_path / "out").iterdir()} == set(files.NAMES)
    code, said = run(9, accept=False)
    assert code == 0 and said["agreed"] is None
    files.DIGESTS["sample"].write_text(files.digest_text(said["sha256"]), encoding="utf-8")
    code, said = run(files.SEED, accept=False)
    assert code == command.CHANGED and said["agreed"] is False


def test_the_digests_of_another_seed_are_not_written(tmp_path: Path) -> None:
    with pytest.raises(typer.BadParameter, match="seed"):
        command.main(seed=9, out=tmp_path, sample=True, accept=True)
    assert list(tmp_path.iterdir()) == []
