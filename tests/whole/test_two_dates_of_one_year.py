"""A person who has two days of one year on file is found, and meant, by either (docs/answers.md 3, 5, 13)."""

from __future__ import annotations

import random
from pathlib import Path

from tests.indexer.small_registers import cui_of
from tests.kit.engine_and_oracle import EngineAndOracle
from tests.kit.small_world import SmallWorld

GIVEN = ["JUAN", "CARLOS", "MARIA", "JOSE", "LUIS", "ANA", "PEDRO", "HUGO", "WENDY", "MARVIN", "J", "A", "E"]
SURNAMES = ["PEREZ", "LOPEZ", "GARCIA", "TZUL", "CAAL", "BATZ", "GODOY", "POP", "ICAL", "CUC", "AJ", "EJ", "O"]
PERSONS = 400


def _born(rng: random.Random) -> str:
    kind = rng.random()
    if kind < 0.15:
        return rng.choice(["1900-01-01", "1899-12-30", "1753-01-01", "1900", "1800-05-05"])
    if kind < 0.25:
        return ""
    if kind < 0.35:
        return str(rng.randint(1940, 2004))
    year = rng.choice([1885, 1985, 1986, 1984, 1995, 1958, 2085, 1901, 1902])
    return f"{year}-{rng.randint(1, 4):02d}-{rng.randint(1, 5):02d}"


def test_whom_each_of_many_warrants_means(tmp_path: Path) -> None:
    """Few words and few years; one in five has another name and birth date on file, often of the same year."""
    rng, world = random.Random(1), SmallWorld()

    def name(*of: list[str]) -> str:
        return " ".join(rng.choice(words) for words in of)

    for n in range(1, PERSONS):
        cui = world.person(n, name(GIVEN, GIVEN, SURNAMES, SURNAMES), _born(rng), SEXO=rng.choice("MF"))
        if rng.random() < 0.2:
            world.person(n, name(GIVEN, GIVEN, SURNAMES), _born(rng))
        if rng.random() < 0.2:
            world.warrant(f"w{n}", cui if rng.random() < 0.5 else "", name(GIVEN, SURNAMES, SURNAMES), _born(rng))
    both = EngineAndOracle(world.write(tmp_path))
    alerted = sum(bool(both.person(cui=cui_of(n)).answer.hits) for n in range(1, PERSONS))
    assert alerted > 20
