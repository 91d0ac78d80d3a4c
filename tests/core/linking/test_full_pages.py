"""Pages of a search by name are full: whoever holds a rare word of those asked, in order of evidence.

The ceiling is a scan of everybody by the same evidence; a page must hold nearly everybody in the scan's first twenty.
"""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from core.linking.index import NameIndex
from core.linking.scan import NameScan
from core.names import frequencies as name_frequencies
from tests.core.linking.test_name_index import built, claim, entities

PERSONS = 20_000
ASKED = 120
PAGE = 20
SOUNDS = ("BAR", "CHI", "DO", "FLE", "GUN", "KA", "LOM", "MIZ", "NEL", "PRO", "QUI", "RAS", "SUT", "TRE", "VUL", "ZON")


def _weighted(table: str) -> tuple[list[str], list[float]]:
    words, weights = [], []
    for line in table.split("\n"):
        bits, _, listed = line.partition(":")
        for word in listed.split():
            words.append(word)
            weights.append(2 ** (-int(bits) / 100))
    return words, weights


def _rare(chance: random.Random) -> str:
    return "".join(chance.sample(SOUNDS, 3))


class Town:
    """Persons with two given names and two surnames, some of them of few families; and who is asked for how."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.given = _weighted(name_frequencies.GIVEN_NAMES)
        self.surnames = _weighted(name_frequencies.SURNAMES)
        self.families = [_rare(self.chance) for _ in range(1_500)]
        self.names = [self._person() for _ in range(PERSONS)]

    def _person(self) -> list[str]:
        given = self.chance.choices(*self.given, k=2)
        surnames = self.chance.choices(*self.surnames, k=2)
        for place in range(2):
            if self.chance.random() < 0.3:
                surnames[place] = self.chance.choice(self.families)
        return given + surnames

    def texts(self) -> list[str]:
        return [f"{a} {b}\x1f{c} {d}" for a, b, c, d in self.names]

    def asked(self, name: list[str], kind: int) -> str:
        """A pet name that stands in no table; other given names; two slips in each of two words; an added word."""
        first, second, one, other = name
        if kind == 0:
            return f"{_rare(self.chance)} {one}"
        if kind == 1:
            return f"{' '.join(self.chance.choices(*self.given, k=2))} {one} {other}"
        if kind == 2:
            return f"{self._slips(first)} {self._slips(one)} {other}"
        return f"{second} {_rare(self.chance)} {other}"

    def _slips(self, word: str) -> str:
        letters = list(word)
        for _ in range(2):
            letters[self.chance.randrange(len(letters))] = self.chance.choice("AEIOULNRSTC")
        return "".join(letters)


def _first(index: NameIndex, asked: str) -> list[int]:
    return [match.entity for match in index.search(asked, filling=True, limit=PAGE).matches]


@pytest.mark.parametrize("seed", [20261201])
def test_a_page_holds_whom_a_scan_of_everybody_puts_first(tmp_path: Path, seed: int) -> None:
    town = Town(seed)
    texts = town.texts()
    index = built(tmp_path / "names.bin", [claim(n, text) for n, text in enumerate(texts)])
    scan = NameScan(texts, index.frequencies)
    ours, ceiling = {5: 0, 20: 0}, {5: 0, 20: 0}
    for number in range(ASKED):
        meant = town.chance.randrange(PERSONS)
        asked = town.asked(town.names[meant], number % 4)
        found = _first(index, asked)
        evidence = scan.compare(asked)[1]
        best = sorted(range(PERSONS), key=lambda n: (-evidence[n], n))[:PAGE]
        for most in (5, 20):
            ours[most] += meant in found[:most]
            ceiling[most] += meant in best[:most]
    for most in (5, 20):
        assert ours[most] >= ceiling[most] - 0.02 * ASKED, f"among {most}: {ours[most]}, a scan {ceiling[most]}"
    assert ceiling[20] > ASKED // 2


def _surnames(holders: int) -> list[str]:
    return [f"ANA{n}\x1fZACHRISSON" if n < holders else f"EVA{n}\x1fOTRO" for n in range(4_000)]


@pytest.mark.parametrize("holders", [1, 19, 20, 21, 900, 1_500, 4_000])
def test_a_known_surname_with_an_unknown_first_word_fills_by_surname(tmp_path: Path, holders: int) -> None:
    """A pet name that no table has, and a surname of few or of everybody."""
    index = built(tmp_path / "names.bin", [claim(n, name) for n, name in enumerate(_surnames(holders))])
    found = _first(index, "YUPILON ZACHRISSON")
    assert len(found) == min(holders, PAGE)
    assert set(found) <= set(range(holders))


def test_who_shares_no_word_fills_no_page(tmp_path: Path) -> None:
    index = built(tmp_path / "names.bin", [claim(n, name) for n, name in enumerate(_surnames(30))])
    assert _first(index, "YUPILON MBAPPETO") == []


def test_a_check_and_linking_look_no_wider(tmp_path: Path) -> None:
    """Only filling a page does: everything else finds the same persons."""
    index = built(tmp_path / "names.bin", [claim(n, name) for n, name in enumerate(_surnames(30))])
    assert entities(index, "YUPILON ZACHRISSON") == []


def test_a_page_stands_in_order_of_evidence_and_of_the_file(tmp_path: Path) -> None:
    """Those who share more stand first; equals as they stand on file, though more hold the word than are looked at."""
    names = [f"ANA{n}\x1fZACHRISSON" for n in range(3_000)]
    names[700] = "YUPI\x1fZACHRISSON"
    index = built(tmp_path / "names.bin", [claim(n, name) for n, name in enumerate(names)])
    matches = index.search("YUPILON ZACHRISSON", filling=True, limit=PAGE).matches
    assert [m.evidence for m in matches] == sorted((m.evidence for m in matches), reverse=True)
    equals = [m.entity for m in matches if m.evidence == matches[-1].evidence]
    assert equals == sorted(equals)
