"""The noise of ./run bench-names: each kind does what it says, and nothing of it comes from core.names.keys."""

from __future__ import annotations

import ast
import random
from pathlib import Path

import pytest

from bench.names import tables
from bench.names.noise import Name, kinds
from bench.names.questions import blur
from bench.names.slips import misheard, misread, slip, typo

NAMES = [
    Name(("JOSE", "LUIS"), ("HERNANDEZ", "QUEJ")),
    Name(("MARIA", "GUADALUPE"), ("DE LA CRUZ", "LOPEZ"), female=True),
    Name(("ANA",), ("PEREZ",), female=True),
    Name(("FRANCISCO",), ("DOMINGUEZ", "TOT")),
    Name(("HELMUT", "JOSE"), ("SCHMIDT", "WONG")),
]
KINDS = kinds(lambda _rng: "ALVARADO")


def _distance(a: str, b: str) -> int:
    """Damerau's (optimal string alignment), by the textbook."""
    rows = [[i + j if i * j == 0 else 0 for j in range(len(b) + 1)] for i in range(len(a) + 1)]
    for i in range(1, len(a) + 1):
        for j in range(1, len(b) + 1):
            rows[i][j] = min(rows[i - 1][j] + 1, rows[i][j - 1] + 1, rows[i - 1][j - 1] + (a[i - 1] != b[j - 1]))
            if i > 1 and j > 1 and a[i - 1] == b[j - 2] and a[i - 2] == b[j - 1]:
                rows[i][j] = min(rows[i][j], rows[i - 2][j - 2] + 1)
    return rows[-1][-1]


def test_a_typo_is_one_edit() -> None:
    rng = random.Random(1)
    for word in ("HERNANDEZ", "TOT", "AA", "XI"):
        for _ in range(200):
            assert _distance(word, typo(word, rng)) == 1


def test_a_slip_always_changes_the_word() -> None:
    rng = random.Random(2)
    for word in ("QUEJ", "LOPEZ", "TOT", "ANA", "ZUÑIGA"):
        assert all(slip(word, rng) != word for _ in range(200))


def test_ear_and_eye() -> None:
    rng = random.Random(3)
    heard = {misheard("QUEJ", rng) for _ in range(100)}
    assert "KEJ" in heard
    seen = {misread("LOBO", rng) for _ in range(100)}
    assert {"L0BO", "LOB0", "LO8O"} <= seen
    assert misheard("AUU", random.Random(4)) in (None, "HAUU")


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_kind_fits_some_name_and_says_when_it_does_not(kind: str) -> None:
    rng = random.Random(5)
    made = [noisy for name in NAMES for _ in range(20) if (noisy := KINDS[kind](name, rng)) is not None]
    assert made
    assert all(noisy.asked().strip() for noisy in made)


def test_two_errors_are_in_two_words() -> None:
    rng = random.Random(6)
    for _ in range(200):
        noisy = KINDS["two errors"](NAMES[0], rng)
        assert noisy is not None
        parts = zip((*NAMES[0].given, *NAMES[0].surnames), (*noisy.given, *noisy.surnames), strict=True)
        assert sum(before != after for before, after in parts) == 2


def test_what_is_dropped_added_and_turned() -> None:
    rng = random.Random(7)
    for _ in range(50):
        turned = KINDS["swapped order"](NAMES[0], rng)
        assert turned is None or sorted(turned.asked().split()) == sorted(NAMES[0].asked().split())
        kept = KINDS["dropped second name"](NAMES[0], rng)
        assert kept is not None and kept.given in (("JOSE",), ("LUIS",)) and kept.surnames == NAMES[0].surnames
    short = KINDS["dropped second surname"](NAMES[0], rng)
    assert short is not None and short.asked() == "JOSE LUIS HERNANDEZ"
    longer = KINDS["added second surname"](NAMES[2], rng)
    assert longer is not None and longer.asked() == "ANA PEREZ ALVARADO"
    assert KINDS["added second surname"](NAMES[0], rng) is None
    married = {noisy.asked() for _ in range(50) if (noisy := KINDS["married name instead"](NAMES[1], rng))}
    assert married == {"MARIA GUADALUPE DE LA CRUZ DE ALVARADO", "MARIA GUADALUPE DE LA CRUZ ALVARADO"}
    assert KINDS["married name added"](NAMES[0], rng) is None  # a man


def test_joined_words_keep_their_letters() -> None:
    rng = random.Random(8)
    for name in NAMES:
        noisy = KINDS["joined tokens"](name, rng)
        if noisy is not None:
            assert noisy.asked().replace(" ", "") == name.asked().replace(" ", "")
            assert len(noisy.asked().split()) < len(name.asked().split())


def test_birth_dates_with_known_noise() -> None:
    rng = random.Random(9)
    assert blur((1985, 3, 7), "swapped", rng) == (1985, 7, 3)
    assert blur((1985, 3, 15), "swapped", rng) is None
    assert blur((1985, 3, 3), "swapped", rng) is None
    assert {blur((1985, 3, 7), "year off by one", rng) for _ in range(30)} == {(1984, 3, 7), (1986, 3, 7)}
    assert blur((1985, 3, 7), "month only", rng) == (1985, 3, 0)


def test_the_length_of_a_name_counts_no_particles() -> None:
    assert NAMES[1].length() == 4
    assert tables.words("Ma. de los Ángeles") == ("MA", "ANGELES")


@pytest.mark.parametrize("module", ["noise", "slips", "tables", "questions", "population"])
def test_the_noise_knows_nothing_of_how_it_is_forgiven(module: str) -> None:
    source = (Path(tables.__file__).parent / f"{module}.py").read_text(encoding="utf-8")
    for node in ast.walk(ast.parse(source)):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        assert not any(name.split(".")[0] in ("core", "indexer", "server") for name in names)
