"""The engine answers as the oracle does, on a nation built by the real pipeline from all registers.

`RONDA_ORACLE_QUESTIONS` asks more than the 150 questions of every run (`./run test-long`: 3,000); `RONDA_ORACLE_SEED`
asks others.
"""

from __future__ import annotations

import collections
import difflib
import itertools
import os

import pytest

from ronda.v1 import check_service_pb2 as checks
from ronda.v1 import section_pb2
from tests.kit.comparison import PAGED, ask
from tests.kit.nation_kit import BuiltNation
from tests.kit.questions import Drawer, Question
from tests.kit.registers_read import assert_registers_equal

QUESTIONS = int(os.environ.get("RONDA_ORACLE_QUESTIONS", "150"))
SEED = int(os.environ.get("RONDA_ORACLE_SEED", "20261124"))
SHOWN = 5
# The first of these to run reads all registers into the oracle: minutes, where other tests run beside it.
pytestmark = pytest.mark.timeout(1800)


@pytest.mark.slow
def test_engine_answers_as_the_oracle_does(large_nation: BuiltNation) -> None:
    """Every kind of identifier, names, what is seen, one box, lists, searches and clearance, under masks and clocks."""
    drawer = Drawer(large_nation.oracle, SEED)
    differing: list[str] = []
    asked: collections.Counter[str] = collections.Counter()
    answered: collections.Counter[str] = collections.Counter()
    for number, question in enumerate(drawer.questions(QUESTIONS)):
        masks, clock = drawer.masks(), drawer.clock(large_nation.as_of_ms)
        both = ask(large_nation.engine, large_nation.oracle, question, masks, clock)
        asked[question.method] += 1
        answered[question.method] += not both.oracle.startswith("error")
        if not both.equal:
            lines = difflib.unified_diff(both.oracle.splitlines(), both.engine.splitlines(), "oracle", "engine", n=1)
            differing.append(f"{number} {question.method} {question.request}\n" + "\n".join(list(lines)[:40]))
    assert not differing, f"{len(differing)} of {QUESTIONS} differ\n" + "\n\n".join(differing[:SHOWN])
    assert len(asked) == 7, "every method was asked"
    assert all(answered[method] > asked[method] // 2 for method in asked), "most questions were answered"


def test_registers_are_read_as_the_oracle_reads_them(large_nation: BuiltNation) -> None:
    """Rows read and refused, sections and needed sections of every register; persons and vehicles."""
    assert_registers_equal(large_nation)


def test_a_search_with_a_parent_counts_those_left_before_it_looks_wider(large_nation: BuiltNation) -> None:
    """Once the engine counted before it compared the parents, and left out the less likely ones."""
    given = ("ROSA", "JUAN")
    surnames = ("CUNIL", "CASTILLO", "CHOC", "QUEJ")
    masks = dict.fromkeys(range(1, 6), 2**64 - 1)
    wider = 0
    for first, (one, two) in itertools.product(given, itertools.permutations(surnames, 2)):
        name = {"first_given": first, "first_surname": one, "second_surname": two}
        request = checks.SearchPersonsRequest(name=name, father_name="KEVIN ROBERTO CUNIL GOMEZ")
        question = Question("SearchPersons", request)
        both = ask(large_nation.engine, large_nation.oracle, question, masks, large_nation.as_of_ms)
        assert both.equal, request
        wider += "score: 0.00" in both.engine
    assert wider


@pytest.mark.parametrize("words", ["PATRICIA WENDY CHOC JUL", "WENDY ANA CHOC JULI", "PATRI WENDY CHOC JUL"])
def test_two_words_beside_a_short_form_find_who_has_an_alert(large_nation: BuiltNation, words: str) -> None:
    """Once names that share two words of four were passed over as exchanged; a short form leaves nothing over."""
    masks = dict.fromkeys(range(1, 6), 2**64 - 1)
    for method in (checks.CheckPersonRequest, checks.SearchPersonsRequest):
        request = method()
        if isinstance(request, checks.CheckPersonRequest):
            request.name.full = words
        else:
            request.names = words
        question = Question(type(request).__name__.removesuffix("Request"), request)
        both = ask(large_nation.engine, large_nation.oracle, question, masks, large_nation.as_of_ms)
        assert both.equal, question.method


@pytest.mark.parametrize("ending", [", 25", ",25.", "; 25", " 25", ", 07", ", 5", ", 125"])
@pytest.mark.parametrize("label", ["", "nombre: ", "NOMBRES Y APELLIDOS ", "n "])
def test_an_age_behind_a_comma_is_no_word_of_a_name(large_nation: BuiltNation, label: str, ending: str) -> None:
    """Once the oracle took it for a word, and did not find a longer name on file that holds all that was asked."""
    masks = dict.fromkeys(range(1, 6), 2**64 - 1)
    for words in ("WENDY CHOC JUL", "MARIA DE LEON", "JUAN PEREZ", "JUAN"):
        for method in (checks.CheckRequest, checks.CheckPersonRequest, checks.CheckVehicleRequest):
            request = method(query=f"{label}{words}{ending}")
            question = Question(method.DESCRIPTOR.name.removesuffix("Request"), request)
            assert ask(large_nation.engine, large_nation.oracle, question, masks, large_nation.as_of_ms).equal, request


def test_claims_that_differ_by_their_cui_alone_are_two(large_nation: BuiltNation) -> None:
    """Once the municipality of the one was lost where the other came first: a car's owner with the CUI, and without."""
    without_identity = 2**64 - 1 - (1 << section_pb2.SECTION_IDENTITY) - (1 << section_pb2.SECTION_TAX)
    masks = dict.fromkeys(range(1, 6), without_identity)
    asked = 0
    for subject in large_nation.oracle.names_on_file.subjects:
        owned = [
            link.record
            for link in subject.links
            if link.record.section == section_pb2.SECTION_OWNED_VEHICLE and link.record.name_text
        ]
        if asked == 40 or not subject.has_cui or len({record.cui for record in owned}) < 2:
            continue
        asked += 1
        names = owned[0].name_text.replace("\x1f", " ")
        for municipality in (int(subject.key[-4:]), 101, 1321):
            request = checks.SearchPersonsRequest(names=names, municipality=municipality)
            question = Question("SearchPersons", request)
            assert ask(large_nation.engine, large_nation.oracle, question, masks, large_nation.as_of_ms).equal, request
    assert asked == 40


def test_pages_of_an_older_generation_say_no_level_in_either(large_nation: BuiltNation) -> None:
    drawer = Drawer(large_nation.oracle, SEED + 1)
    masks = dict.fromkeys(range(1, 6), 2**64 - 1)
    drawn = [q for q in drawer.questions(200) if q.method in PAGED]
    levels = 0
    for question in drawn:
        both = ask(large_nation.engine, large_nation.oracle, question, masks, large_nation.as_of_ms, superseded=True)
        assert both.equal, f"{question.method} {question.request}"
        assert " LEVEL_" not in both.engine.replace("LEVEL_UNSPECIFIED", "")
        levels += not both.engine.startswith("error")
    assert levels > 10
