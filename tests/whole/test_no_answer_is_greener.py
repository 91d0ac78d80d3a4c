"""No answer is greener than a person or thing that it shows, nor than its own clearance or search."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from core.access.grant import Grant
from core.engine.entry import METHODS, Engine
from core.errors import QuestionError
from ronda.v1 import check_service_pb2 as checks
from ronda.v1 import clearance_service_pb2 as clearance
from ronda.v1 import level_pb2, section_pb2, value_pb2
from tests.indexer.small_registers import cui_of
from tests.kit.asker import Asker
from tests.kit.nation_kit import BuiltNation
from tests.kit.questions import Drawer, Question
from tests.kit.small_world import SmallWorld, cleared

QUESTIONS = int(os.environ.get("RONDA_GREENER_QUESTIONS", "3000"))
SEED = int(os.environ.get("RONDA_ORACLE_SEED", "20261130"))
HIT, POSSIBLE, CLEAR = level_pb2.LEVEL_HIT, level_pb2.LEVEL_POSSIBLE, level_pb2.LEVEL_CLEAR
INSUFFICIENT = level_pb2.LEVEL_INSUFFICIENT
BORN, DAY = "1986-04-13", 19860413
YAT, PIRIR = "MARTA PEREZ YAT", "MARTA ELENA PEREZ PIRIR"


@pytest.fixture(scope="module")
def asker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asker]:
    world = SmallWorld()
    world.person(1, YAT, BORN)
    world.warrant("W2", world.person(2, PIRIR, BORN))
    world.warrant("W3", world.person(3, "LUIS CHOC TOT", BORN))
    world.person(4, "LUIS PEDRO CHOC CAAL", BORN)
    world.person(5, "INES ABAC QUEJ COY", BORN)
    world.warrant("W5", "", "INES ABAC QUEJ COY")
    world.car(1, "P-111BCD", [{"CUI": cui_of(5)}])
    yield from world.serve(tmp_path_factory.mktemp("greener"))


@pytest.mark.parametrize("typed", ["marta perez 13/04/1986", "MARTA PEREZ 13-04-86"])
def test_a_longer_name_is_not_shielded_by_a_shorter_one(asker: Asker, typed: str) -> None:
    found = asker(checks.CheckRequest(query=typed))
    assert found.answer.level == POSSIBLE
    assert not found.HasField("person")
    assert {candidate.name: candidate.level for candidate in found.candidates} == {YAT: INSUFFICIENT, PIRIR: POSSIBLE}


def test_the_wanted_one_of_two_who_may_be_meant_is_no_hit(asker: Asker) -> None:
    found = asker(checks.CheckRequest(query="luis choc 13/04/1986"))
    assert (found.answer.level, found.candidates_total) == (POSSIBLE, 2)
    whole = asker(checks.CheckRequest(query="luis choc tot 13/04/1986"))
    assert (whole.answer.level, whole.person.name) == (HIT, "LUIS CHOC TOT")


def test_who_is_reviewed_against_wanted_is_not_clear(asker: Asker) -> None:
    """The only bearer of the name on a warrant without a number: asked, by plate, in a list."""
    cui = cui_of(5)
    assert cleared(asker, cuis=[cui]) == [("REVIEW", "NAME_MATCH")]
    found = asker.person(cui)
    assert (found.answer.level, [note.code for note in found.answer.notes]) == (INSUFFICIENT, ["ONLY_BEARER"])
    car = asker(checks.CheckVehicleRequest(plate="P-111BCD"))
    assert (car.vehicle.vehicle_level, car.vehicle.owner_level, car.answer.level) == (CLEAR, INSUFFICIENT, INSUFFICIENT)
    listed = asker(checks.ListRecordsRequest(subject_id=found.person.subject_id, section=section_pb2.SECTION_IDENTITY))
    assert listed.answer.level == INSUFFICIENT


# ---- random questions in a nation ----


@pytest.fixture(scope="module")
def engine(large_nation: BuiltNation) -> Engine:
    return large_nation.engine


def asked(engine: Engine, question: Question, grant: Grant, clock_ms: int) -> Any:
    """The answer; None where the question is refused."""
    kind = getattr(checks, f"{question.method}Response")
    try:
        return kind.FromString(
            engine.answer(METHODS[question.method], question.request.SerializeToString(), grant, clock_ms)
        )
    except QuestionError:
        return None


def shown_levels(found: Any) -> Iterator[tuple[str, int]]:
    """The level of each person and thing that the answer shows; weak candidates and former bearers left out."""
    vehicle = found.vehicle if "vehicle" in found.DESCRIPTOR.fields_by_name and found.HasField("vehicle") else None
    for hit in found.answer.hits:
        yield "hit", hit.level
    for candidate in getattr(found, "candidates", ()):
        former = vehicle is not None and not any(
            compared.criterion in (level_pb2.CRITERION_PLATE, level_pb2.CRITERION_PLATE_UNTYPED)
            and compared.agreement == level_pb2.AGREEMENT_AGREES
            for compared in candidate.comparisons
        )
        if not candidate.weak and not (former and level_pb2.CAUTION_FLAG_REISSUED_PLATE in found.answer.cautions):
            yield "candidate", candidate.level
    if vehicle is not None:
        yield "vehicle", vehicle.vehicle_level
        yield "owners", vehicle.owner_level
        for owner in vehicle.owners:
            if any(hit.subject.ordinal == owner.ordinal for hit in found.answer.hits):
                yield "owner", owner.level


def by_two_words(drawer: Drawer) -> Question:
    """A given name, a surname and the birth date, as an officer types them."""
    subject = drawer.person()
    words = drawer.value(subject, "name").split() or ["MARIA"]
    birth = drawer.birth(subject) or value_pb2.PartialDate(year=1980, month=3, day=4)
    text = f"{words[0]} {words[-1 if len(words) < 3 else -2]} {birth.day or 1}/{birth.month or 1}/{birth.year}"
    return Question("Check", checks.CheckRequest(query=text))


def test_no_answer_is_greener_than_what_it_shows(large_nation: BuiltNation, engine: Engine) -> None:
    drawer = Drawer(large_nation.oracle, SEED)
    seen: Counter[tuple[str, int]] = Counter()
    for number, question in enumerate(drawer.questions(QUESTIONS)):
        asking = by_two_words(drawer) if number % 4 == 0 else question
        if asking.method == "Clear":
            continue
        found = asked(engine, asking, Grant(drawer.masks()), drawer.clock(large_nation.as_of_ms))
        if found is None:
            continue
        for what, level in shown_levels(found):
            seen[what, found.answer.level] += 1
            assert found.answer.level >= level, f"{what} of {asking.method} {number}"
    assert seen["candidate", POSSIBLE] > 20 and seen["hit", HIT] > 20 and seen["owners", CLEAR] > 20, seen


def test_no_answer_is_greener_than_its_clearance_or_search(large_nation: BuiltNation, engine: Engine) -> None:
    """The table of docs/answers.md, section 12: WITH_RECORD is HIT, REVIEW and INCOMPLETE are not CLEAR."""
    drawer = Drawer(large_nation.oracle, SEED + 1)
    grant, clock = Grant(dict.fromkeys(range(1, 6), 2**64 - 1)), large_nation.as_of_ms
    standard = clearance.CLEARANCE_STANDARD_WANTED
    compared: Counter[str] = Counter()
    for number in range(QUESTIONS // 3):
        subject = drawer.person()
        cui, name, birth = drawer.value(subject, "cui"), drawer.value(subject, "name"), drawer.birth(subject)
        batch = clearance.ClearRequest(standard=standard, row_ids=[1])
        if number % 2 and cui:
            batch.cuis.append(cui)
            found = asked(engine, Question("CheckPerson", checks.CheckPersonRequest(cui=cui)), grant, clock)
        elif name and birth and birth.month and birth.day:
            batch.names.append(name)
            batch.birth_dates.append(birth.year * 10000 + birth.month * 100 + birth.day)
            full = value_pb2.PersonName(full=name)
            check = checks.CheckPersonRequest(name=full, birth_date=birth)
            search = checks.SearchPersonsRequest(name=full, birth_date=birth)
            found = asked(engine, Question("CheckPerson", check), grant, clock)
            searched = asked(engine, Question("SearchPersons", search), grant, clock)
            if found is not None and searched is not None and searched.answer.level >= POSSIBLE:
                compared["search"] += 1
                assert found.answer.level > CLEAR, f"search {number}"
        else:
            continue
        asking = batch.SerializeToString()
        row = clearance.ClearResponse.FromString(engine.clearance(asking, grant, clock).answer(asking, clock))
        result = clearance.ClearanceResult.Name(row.results[0]).removeprefix("CLEARANCE_RESULT_")
        if found is None or result == "INVALID":
            continue
        if row.reasons[0] == clearance.CLEARANCE_REASON_NOT_OF_AGE:
            continue  # no certificate clears a child, whom a check that is to act may show green
        compared[result] += 1
        least = {"WITH_RECORD": HIT, "REVIEW": INSUFFICIENT, "INCOMPLETE": INSUFFICIENT}.get(result, CLEAR)
        assert found.answer.level >= least, f"{result} {number}"
    assert compared["WITH_RECORD"] > 5 and compared["REVIEW"] > 20 and compared["search"] > 5, compared
