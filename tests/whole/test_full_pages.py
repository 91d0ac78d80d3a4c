"""Pages of a search that fewer fit than it shows: engine and oracle fill them alike, and hide the same."""

from __future__ import annotations

import random

import pytest

from core.linking.index import name_roles
from ronda.v1 import check_service_pb2 as checks
from ronda.v1 import level_pb2, section_pb2
from tests.kit.comparison import ask
from tests.kit.nation_kit import BuiltNation
from tests.kit.questions import Question
from tests.oracle.name_holders import shares_a_word
from tests.oracle.record import Subject
from tests.whole.test_name_questions import search

EVERYTHING = dict.fromkeys(range(1, 6), 2**64 - 1)
PET_NAMES = ("YUPILON", "CHEMAQUIL", "WISTOX", "ÑUÑUCA")
QUESTIONS = 40


def _surnames(nation: BuiltNation, chance: random.Random) -> list[str]:
    while True:
        subject = chance.choice(nation.oracle.names_on_file.subjects)
        records = [link.record for link in subject.links if "\x1f" in link.record.name_text]
        if records:
            return records[0].name_text.split("\x1f")[1].split()[:2]


def _request(nation: BuiltNation, chance: random.Random) -> checks.SearchPersonsRequest:
    surnames = _surnames(nation, chance)
    request = checks.SearchPersonsRequest(page_size=chance.choice([0, 3, 20, 100]))
    request.names = " ".join([chance.choice(PET_NAMES), *surnames[: chance.choice([1, 2])]])
    kind = chance.randrange(5)
    if kind == 0:
        request.birth_date.year = 1985
        request.birth_date.month = 3
    elif kind == 1:
        request.birth_year_from, request.birth_year_to = 1970, 1990
    elif kind == 2:
        request.mother_name = "MARIA " + surnames[-1]
    elif kind == 3:
        request.department = 16
    return request


def test_pages_are_filled_as_the_oracle_fills_them(large_nation: BuiltNation) -> None:
    chance = random.Random(20261201)
    filled = 0
    for _ in range(QUESTIONS):
        request = _request(large_nation, chance)
        masks = chance.choice([EVERYTHING, dict.fromkeys(range(1, 6), 2**64 - 1 - (1 << section_pb2.SECTION_IDENTITY))])
        both = ask(large_nation.engine, large_nation.oracle, Question("SearchPersons", request), masks,
                   large_nation.as_of_ms)  # fmt: skip
        assert both.equal, request
        filled += "weak: true" in both.engine
    assert filled > QUESTIONS // 2


@pytest.mark.parametrize("page_size", [0, 7, 100])
def test_a_pet_name_beside_a_surname_fills_a_page_of_weak_ones(large_nation: BuiltNation, page_size: int) -> None:
    found = search(large_nation, names="YUPILON LOPEZ", page_size=page_size)
    assert len(found.candidates) == (page_size or 20)
    assert all(c.weak and c.level == level_pb2.LEVEL_INSUFFICIENT for c in found.candidates if c.score < 0.05)
    assert not found.next_page_token
    assert found.ByteSize() < 64 * 1024


def _alone(nation: BuiltNation) -> tuple[Subject, str, int]:
    """Returns somebody, a word that goes with no name of other sections, and the sections that hold it."""
    for subject in nation.oracle.names_on_file.subjects:
        texts: dict[str, set[int]] = {}
        for link in subject.links:
            if link.record.name_text:
                texts.setdefault(link.record.name_text, set()).add(link.section)
        for text, sections in texts.items():
            others = [other for other, where in texts.items() if not where & sections]
            if not others or section_pb2.SECTION_IDENTITY in sections:
                continue
            for word, _ in name_roles(text):
                if len(word) > 4 and not shares_a_word([word], others):
                    return subject, word, sum(1 << section for section in sections)
    pytest.fail("nobody has a word of one section alone")


def test_a_hidden_name_fills_no_page(large_nation: BuiltNation) -> None:
    """A person found by a hidden alias alone is not shown, weak or not: the page would say that there is one."""
    subject, word, sections = _alone(large_nation)
    seen = search(large_nation, names=f"YUPILON {word}", page_size=100)
    assert subject.subject_id in [c.subject_id for c in seen.candidates]
    masks = dict.fromkeys(EVERYTHING, EVERYTHING[1] & ~sections)
    hidden = search(large_nation, masks, names=f"YUPILON {word}", page_size=100)
    assert subject.subject_id not in [c.subject_id for c in hidden.candidates]
