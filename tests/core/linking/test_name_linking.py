"""Many records to names.bin at once: the persons that each may mean, against a comparison with everybody."""

from __future__ import annotations

import math
import random
from pathlib import Path

import pyarrow as pa
import pytest

from core.calendar import compare_birth_dates
from core.errors import GenerationDamaged
from core.linking.index import NameIndex, build_names, name_roles
from core.linking.scan import NameScan
from core.linking.sweep import POPULATION_LEAST, NameSweep
from core.names.keys import phonetic_key
from tests.core import naive_calendar
from tests.core.linking.test_name_index import built, claim
from tests.core.names.noisy_names import pairs
from tests.oracle import naming
from tests.oracle.name_linking import ALERT_SCORE, counted_once
from tests.oracle.name_tokens import WEIGHTS

AGREES, DISAGREES = 1, 2
SEX_SAME, SEX_DIFFERS = WEIGHTS["SEX_SAME"], WEIGHTS["SEX_DIFFERS"]
Asked = tuple[str, int, int]  # name, birth year or 0, sex


def batch_of(asked: list[Asked]) -> pa.RecordBatch:
    names, years, sexes = zip(*asked, strict=True)
    return pa.record_batch(
        {
            "name_text": pa.array(names, pa.string()),
            "birth_year": pa.array([year or None for year in years], pa.int16()),
            "birth_month": pa.array([None] * len(asked), pa.int8()),
            "birth_mday": pa.array([None] * len(asked), pa.int8()),
            "sex": pa.array(sexes, pa.uint8()),
        }
    )


MARRIED = 3  # core.names.reading's number of the role


def of_initials_alone(name: str) -> bool:
    """Returns whether it has no word but a husband's surname; such a name finds nobody and is found by nobody."""
    return all(len(token) == 1 for token, role in name_roles(name) if role != MARRIED)


def swept(index: NameIndex, asked: list[Asked]) -> dict[tuple[int, int], int]:
    """Returns (row, entity) -> evidence for pairs with names that agree; every pair comes once."""
    return {pair: evidence for pair, (names, evidence, _) in fitting(index, asked).items() if names == AGREES}


def fitting(index: NameIndex, asked: list[Asked]) -> dict[tuple[int, int], tuple[int, int, bool]]:
    """(row, entity) -> agreement of the names, evidence, whether the alert score is reached."""
    found = NameSweep(index).fitting(batch_of(asked))
    pairs_found = list(zip(found["row"], found["entity"], strict=True))
    assert len(set(pairs_found)) == len(pairs_found)
    told = zip(found["names"], found["evidence"], found["alerts"], strict=True)
    return {
        (int(row), int(entity)): (int(names), int(evidence), bool(alerts))
        for (row, entity), (names, evidence, alerts) in zip(pairs_found, told, strict=True)
    }


@pytest.mark.parametrize("seed", [11, pytest.param(12, marks=pytest.mark.long)])
def test_all_whose_names_agree_are_found(tmp_path: Path, seed: int) -> None:
    noisy = pairs(800, seed)
    people = [filed for _, filed in noisy]
    index = built(tmp_path / "names.bin", [claim(n, name) for n, name in enumerate(people)])
    asked: list[Asked] = [(name, 0, 0) for name, _ in noisy if not of_initials_alone(name)]
    scan = NameScan(people, index.frequencies)
    expected: dict[tuple[int, int], int] = {}
    for row, (name, _, _) in enumerate(asked):
        agreements, evidence, *_ = scan.compare(name)
        agreeing = [n for n, agreement in enumerate(agreements) if agreement == AGREES]
        expected |= {(row, n): evidence[n] for n in agreeing if not of_initials_alone(people[n])}
    found = swept(index, asked)
    assert len(expected) > 150
    assert set(expected) - set(found) == set(), "missed"
    assert found == expected


LETTERS = ["A", "E", "U", "HE", "AH", "HU", "G", "GARCIA", "S", "SS"]
LETTERS += ["ANA", "ANAMARIA", "MARIA", "PEREZ", "PEREZLOPEZ", "LOPEZ"]


def odd_names(chance: random.Random, count: int) -> list[str]:
    """Initials that sound like tokens, joined tokens, initials of a husband's surname."""

    def some(most: int) -> str:
        return " ".join(chance.choice(LETTERS) for _ in range(chance.randint(1, most)))

    return [
        f"{some(2)}\x1f{some(2)}" + (f"\x1f{chance.choice(LETTERS)}" if chance.random() < 0.4 else "")
        for _ in range(count)
    ]


def share_a_token(name: str, filed: str) -> bool:
    """Returns whether more than initials makes these alike: a token, its sound, or two tokens joined."""
    mine, theirs = ([token for token, _ in name_roles(text) if len(token) > 1] for text in (name, filed))
    sounds = [{phonetic_key(token) for token in tokens} for tokens in (mine, theirs)]
    joined = [{a + b for a in tokens for b in tokens} for tokens in (mine, theirs)]
    return bool(sounds[0] & sounds[1] or joined[0] & set(theirs) or joined[1] & set(mine))


@pytest.mark.parametrize("year", [0, 1980])
@pytest.mark.parametrize("seed", [21, pytest.param(22, marks=pytest.mark.long)])
def test_initials_joined_tokens_and_married_names_lose_nobody(tmp_path: Path, seed: int, year: int) -> None:
    chance = random.Random(seed)
    people = odd_names(chance, 700)
    index = built(tmp_path / "names.bin", [claim(n, name, year) for n, name in enumerate(people)])
    asked: list[Asked] = [(name, year, 0) for name in odd_names(chance, 300) if not of_initials_alone(name)]
    scan = NameScan(people, index.frequencies)
    expected = {
        (row, n)
        for row, (name, _, _) in enumerate(asked)
        for n, agreement in enumerate(scan.compare(name)[0])
        if agreement == AGREES and share_a_token(name, people[n])
    }
    found = set(swept(index, asked))
    assert len(expected) > 500
    assert expected - found == set(), "missed"
    assert found == expected


def test_what_disagrees_costs_and_the_score_finds_who_is_near(tmp_path: Path) -> None:
    """A person born more than a year off is looked at where nobody nearer fits."""
    chance = random.Random(5)
    noisy = pairs(900, 13)
    years = sorted(chance.choice([0, *range(1940, 2000)]) for _ in noisy)
    sexes = [chance.choice([0, 1, 2]) for _ in noisy]
    people = [claim(n, noisy[n][1], years[n], sex=sexes[n]) for n in range(len(noisy))]
    index = built(tmp_path / "names.bin", people)
    asked: list[Asked] = [
        (name, chance.choice([0, years[n], years[n] + 1, 1970]) if years[n] else 0, chance.choice([0, 1, 2]))
        for n, (name, _) in enumerate(noisy)
        if not of_initials_alone(name)
    ]
    scan = NameScan([name for _, name in noisy], index.frequencies)
    expected, far, nearer = {}, set(), set()
    for row, (name, year, sex) in enumerate(asked):
        agreements, evidences, *_ = scan.compare(name)
        for n, (names, told) in enumerate(zip(agreements, evidences, strict=True)):
            differs = compare_birth_dates((year, 0, 0), (years[n], 0, 0)) == DISAGREES
            evidence = told + born(year, years[n])
            evidence += (SEX_SAME if sex == sexes[n] else SEX_DIFFERS) if sex and sexes[n] else 0
            population = POPULATION_LEAST if differs or names == DISAGREES else len(noisy)
            prior = math.floor(100 * math.log2(population) + 0.5)
            alerts = bool((years[n] or not year) and naming.probability(evidence, prior) >= ALERT_SCORE)
            if (names == AGREES and not differs) or (alerts and year):
                expected[row, n] = (names, evidence, alerts)
                if year and years[n] and abs(year - years[n]) > 1:
                    far.add((row, n))
                elif year and years[n] and not differs and names != DISAGREES:
                    nearer.add(row)
    found = fitting(index, asked)
    wanted = {pair for pair in expected if not (pair in far and pair[0] in nearer)}
    missed = {pair for pair in wanted - set(found) if share_a_token(asked[pair[0]][0], noisy[pair[1]][1])}
    assert missed == set()
    assert {pair: expected[pair] for pair in found} == found
    assert sum(names == AGREES for names, _, _ in found.values()) > 100
    assert sum(names != AGREES for names, _, _ in found.values()) > 100
    assert far & set(found), "a whole name and another year"


def born(asked: int, filed: int) -> int:
    """Evidence of two years of birth, 0 = none is stated."""
    grade = naive_calendar.grade((asked, 0, 0), (filed, 0, 0)) if asked and filed else "none"
    return 0 if grade == "none" else counted_once(WEIGHTS["BIRTH_" + grade.upper().replace(" ", "_")])


def test_more_questions_than_one_sweep_holds(tmp_path: Path) -> None:
    """2,048 different tokens fill a sweep: the next begins where it was full."""
    people = [f"ROSA{n}\x1fQUEJ{n} TZOC{n}" for n in range(1_500)]
    index = built(tmp_path / "names.bin", [claim(n, name) for n, name in enumerate(people)])
    found = swept(index, [(name.replace("\x1f", " "), 0, 0) for name in people])
    assert {(n, n) for n in range(len(people))} <= set(found)


def test_a_common_name_is_never_too_broad(tmp_path: Path) -> None:
    """A search stops at 30,000 candidates; linking must know them all."""
    index = built(tmp_path / "names.bin", [claim(n, "JUAN\x1fPEREZ") for n in range(31_000)])
    assert index.search("JUAN PEREZ").too_broad
    assert len(swept(index, [("JUAN PEREZ", 0, 0), ("ANA TZUL", 0, 0)])) == 31_000
    many: list[Asked] = [("JUAN PEREZ", 0, 0)] * 200  # over four million candidates: scored in several goes
    assert len(swept(index, many)) == 200 * 31_000
    year = built(tmp_path / "years.bin", [claim(n, "JUAN\x1fPEREZ", 1980) for n in range(31_000)])
    assert len(swept(year, [("JUAN PEREZ", 1980, 0)])) == 31_000


@pytest.mark.parametrize("names", ["", "J", "J P", "1", "\x00", "A" * 10_000, " ".join(["ANA"] * 200), "🙂", "يوحنا"])
def test_odd_names_find_nobody_or_somebody(tmp_path: Path, names: str) -> None:
    index = built(tmp_path / "names.bin", [claim(0, "ANA\x1fPEREZ LOPEZ"), claim(1, "J\x1fPEREZ")])
    found = swept(index, [(names, 0, 0), ("ANA PEREZ LOPEZ", 0, 0)])
    assert (1, 0) in found


def test_an_empty_index_and_an_empty_batch(tmp_path: Path) -> None:
    index = built(tmp_path / "names.bin", [claim(0, "ANA\x1fPEREZ")])
    assert swept(index, [("OTRO NOMBRE", 0, 0)]) == {}
    assert len(NameSweep(index).fitting(batch_of([("ANA PEREZ", 0, 0)]).slice(0, 0))["row"]) == 0
    build_names(tmp_path / "none.bin", [])
    assert swept(NameIndex(tmp_path / "none.bin"), [("ANA PEREZ", 0, 0)]) == {}


def test_damage_is_told(tmp_path: Path) -> None:
    path = tmp_path / "names.bin"
    built(path, [claim(n, f"ANA\x1fPEREZ{n % 3}") for n in range(600)])
    data = bytearray(path.read_bytes())
    data[64 + 5] ^= 0x55  # in the first person's rows
    path.write_bytes(data)
    with pytest.raises(GenerationDamaged):
        swept(NameIndex(path), [("ANA PEREZ0", 0, 0)])
