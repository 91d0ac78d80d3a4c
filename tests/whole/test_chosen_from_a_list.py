"""A person chosen from a list that a name had found is neither certain nor clear until the document was compared."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest

from core.audit.reader import Flag
from ronda.v1 import alert_pb2, level_pb2
from ronda.v1 import check_service_pb2 as checks
from tests.indexer.small_registers import cui_of
from tests.kit.asker import Asker
from tests.kit.small_world import SmallWorld
from tests.replay.replay_kit import Log
from tests.server.running_server import RunningServer

CHOSEN = checks.SUBJECT_FOUND_CHOSEN_BY_NAME
COMPARED = checks.SUBJECT_FOUND_DOCUMENT_COMPARED
GIVEN = (checks.SUBJECT_FOUND_UNSPECIFIED, checks.SUBJECT_FOUND_BY_IDENTIFIER)
CLEAR, INSUFFICIENT, POSSIBLE, HIT = (
    level_pb2.LEVEL_CLEAR,
    level_pb2.LEVEL_INSUFFICIENT,
    level_pb2.LEVEL_POSSIBLE,
    level_pb2.LEVEL_HIT,
)
WANTED, CLEAN = cui_of(1), cui_of(2)
NOTE = "elegido de una lista por nombre: compare el DPI"


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Asker, Log]]:
    world = SmallWorld()
    world.person(1, "JUAN JOSE PEREZ LOPEZ")
    world.warrant("W1", WANTED, "JUAN JOSE PEREZ LOPEZ", "1980-05-17")
    world.person(2, "OSCAR ORTIZ REYES")
    world.car(1, "P-111BCD", [{"CUI": WANTED}])
    directory = Path(tmp_path_factory.mktemp("chosen"))
    data, audit = world.build(directory), directory / "audit"
    server = RunningServer(data, directory / "log", workers=1, audit=audit)
    try:
        yield Asker(server.wait_ready()), Log(data, audit)
    finally:
        server.stop()


@pytest.fixture
def asker(log: tuple[Asker, Log]) -> Asker:
    return log[0]


def asked(cui: str, found: int) -> list[Any]:
    """The same question by typed field and by both boxes."""
    return [
        checks.CheckPersonRequest(cui=cui, subject_found=found),  # type: ignore[arg-type]
        checks.CheckPersonRequest(query=cui, subject_found=found),  # type: ignore[arg-type]
        checks.CheckRequest(query=cui, subject_found=found),  # type: ignore[arg-type]
    ]


@pytest.mark.parametrize(("cui", "level"), [(WANTED, POSSIBLE), (CLEAN, INSUFFICIENT)])
def test_who_was_chosen_is_neither_red_nor_green(asker: Asker, cui: str, level: int) -> None:
    for request in asked(cui, CHOSEN):
        answer = asker(request).answer
        assert answer.level == level
        assert all(hit.level <= POSSIBLE for hit in answer.hits)
        assert [(note.code, note.text) for note in answer.notes] == [("CHOSEN_BY_NAME", NOTE)]
        assert not answer.comparisons, "nobody gave anything that could agree"


@pytest.mark.parametrize("found", [*GIVEN, COMPARED])
def test_an_identifier_and_a_compared_document_are_certain(asker: Asker, found: int) -> None:
    for cui, level in ((WANTED, HIT), (CLEAN, CLEAR)):
        for request in asked(cui, found):
            answer = asker(request).answer
            assert (answer.level, list(answer.notes)) == (level, [])
            assert [c.agreement for c in answer.comparisons] == [level_pb2.AGREEMENT_AGREES]


def test_what_was_said_beside_the_choice_is_still_compared(asker: Asker) -> None:
    request = checks.CheckPersonRequest(cui=WANTED, subject_found=CHOSEN)
    request.name.full = "JUAN JOSE PEREZ LOPEZ"
    request.birth_date.year, request.birth_date.month, request.birth_date.day = 1980, 5, 17
    answer = asker(request).answer
    assert answer.level == POSSIBLE
    assert {c.criterion for c in answer.comparisons} == {level_pb2.CRITERION_NAMES, level_pb2.CRITERION_BIRTH_DATE}


def test_an_owner_reached_by_a_full_plate_is_not_chosen(asker: Asker) -> None:
    response = asker(checks.CheckRequest(query="P-111BCD", subject_found=CHOSEN))
    assert response.answer.level == HIT
    assert [hit.subject.kind for hit in response.answer.hits] == [alert_pb2.HIT_SUBJECT_KIND_OWNER]
    assert not response.answer.notes


def test_another_value_is_refused(asker: Asker) -> None:
    with pytest.raises(grpc.RpcError) as refused:
        asker(checks.CheckRequest(query=WANTED, subject_found=9))  # type: ignore[arg-type]
    assert isinstance(refused.value, grpc.Call)
    assert refused.value.code() == grpc.StatusCode.INVALID_ARGUMENT


def test_the_record_says_it_and_the_answer_is_made_again(log: tuple[Asker, Log]) -> None:
    asker, kept = log
    told = {}
    for found in (CHOSEN, COMPARED, *GIVEN):
        answer = asker(checks.CheckPersonRequest(cui=WANTED, subject_found=found)).answer
        replayed = kept.replayed(answer.answer_id, 0)
        assert replayed["result"] == "EQUAL"
        (record,) = [each for each in kept.answered() if each["record"] == replayed["record"]]
        told[found] = record["flags"] & (Flag.CHOSEN_BY_NAME | Flag.DOCUMENT_COMPARED)
    assert told == {CHOSEN: Flag.CHOSEN_BY_NAME, COMPARED: Flag.DOCUMENT_COMPARED, GIVEN[0]: 0, GIVEN[1]: 0}
