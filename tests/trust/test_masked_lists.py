"""Lists show a patrol year and last digits; a handle opens an entry, and the server knows that it was chosen."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest

from core.access.grant import Grant
from core.engine.entry import Engine, Method
from core.errors import QuestionError
from core.generation.store import Generation
from ronda.v1 import alert_pb2, error_pb2, level_pb2
from ronda.v1 import check_service_pb2 as checks
from tests.kit.nation_kit import BuiltNation
from tests.kit.questions import Drawer
from tests.lane.laned import Laned, start_laned
from tests.server.running_server import Failure, call, until
from tests.trust.viewers import INVESTIGATION, STOP, Viewer

CHOSEN_BY_NAME, DOCUMENT_COMPARED = 512, 1024  # of the audit record
MINUTE = 60_000
_OF_PERSONS = {"Check": Method.CHECK, "CheckPerson": Method.CHECK_PERSON, "SearchPersons": Method.SEARCH_PERSONS}


@pytest.fixture(scope="module")
def laned(small_nation: BuiltNation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laned]:
    running = start_laned(small_nation, Path(tmp_path_factory.mktemp("masked")))
    yield running
    assert running.server.events("internal_error") == []
    running.server.stop()


@pytest.fixture(scope="module")
def wanted(small_nation: BuiltNation) -> tuple[str, str]:
    """CUI and name of one with a warrant."""
    cui = small_nation.cast["persons"]["wanted"]
    content = small_nation.engine.answer(
        Method.CHECK_PERSON, checks.CheckPersonRequest(cui=cui).SerializeToString(), Grant.everything(), _now()
    )
    return cui, checks.CheckPersonResponse.FromString(content).person.name


def _now() -> int:
    return time.time_ns() // 1_000_000


def _listed(viewer: Viewer, wanted: tuple[str, str]) -> checks.Candidate:
    """Returns the wanted one, as a list by name shows that person."""
    cui, name = wanted
    answer = viewer(checks.SearchPersonsRequest(names=name))
    assert answer.candidates
    numbers = cui, cui[-4:]
    (found,) = [each for each in answer.candidates if each.name == name and (each.cui or each.cui_tail) in numbers]
    return found  # type: ignore[no-any-return]


def test_a_patrol_sees_year_and_last_digits_and_an_investigator_all(laned: Laned, wanted: tuple[str, str]) -> None:
    listed = _listed(Viewer(laned.kit, laned.address, "pnc/patrol", STOP), wanted)
    assert listed.cui == ""
    assert listed.cui_tail == wanted[0][-4:]
    assert listed.birth_date.year > 1900
    assert (listed.birth_date.month, listed.birth_date.day) == (0, 0)
    assert listed.handle
    assert listed.department
    whole = _listed(Viewer(laned.kit, laned.address, "pnc/investigator", INVESTIGATION), wanted)
    assert (whole.cui, whole.cui_tail, whole.handle) == (wanted[0], "", "")
    assert whole.birth_date.day
    assert whole.birth_date.year == listed.birth_date.year
    assert whole.subject_id


def test_no_byte_of_a_patrols_list_holds_the_id_of_a_person(small_nation: BuiltNation) -> None:
    """ListRecords would open the entry, to any officer and at any time, as one that was asked for."""
    everything, masked = [(1 << 63) - 1] * 5, Grant([(1 << 63) - 1] * 5, masks_lists=True)
    persons: set[str] = set()
    of_hits: set[str] = set()
    for question in Drawer(small_nation.oracle, seed=7).questions(600):
        if question.method not in _OF_PERSONS:
            continue
        method, content = _OF_PERSONS[question.method], question.request.SerializeToString()
        try:
            whole = small_nation.engine.answer(method, content, Grant(everything), small_nation.as_of_ms)
            kept_back = small_nation.engine.answer(method, content, masked, small_nation.as_of_ms)
        except QuestionError:
            continue
        answer = getattr(checks, f"{question.method}Response").FromString(whole)
        listed = {each.subject_id for each in answer.candidates if each.kind}
        hits = [hit.subject for hit in answer.answer.hits]
        alerted = {each.subject_id for each in hits if each.kind == alert_pb2.HIT_SUBJECT_KIND_CANDIDATE}
        assert [each for each in listed | alerted if each.encode() in kept_back] == []
        persons, of_hits = persons | listed, of_hits | alerted
    assert len(persons) > 50
    assert of_hits


def test_no_byte_of_a_patrols_list_holds_a_cui(laned: Laned, wanted: tuple[str, str]) -> None:
    patrol = Viewer(laned.kit, laned.address, "pnc/patrol", STOP)
    assert wanted[0].encode() not in patrol.raw(checks.SearchPersonsRequest(names=wanted[1]))
    assert wanted[0].encode() not in patrol.raw(checks.SearchPersonsRequest(names=wanted[1].split()[-1], page_size=100))


@pytest.mark.parametrize("transport", ["grpcio", "lane"])
@pytest.mark.parametrize(
    ("said", "level", "flag"),
    [
        (checks.SUBJECT_FOUND_UNSPECIFIED, level_pb2.LEVEL_POSSIBLE, CHOSEN_BY_NAME),
        (checks.SUBJECT_FOUND_BY_IDENTIFIER, level_pb2.LEVEL_POSSIBLE, CHOSEN_BY_NAME),
        (checks.SUBJECT_FOUND_DOCUMENT_COMPARED, level_pb2.LEVEL_HIT, DOCUMENT_COMPARED),
    ],
)
def test_a_handle_opens_its_entry_as_chosen_from_a_list(
    laned: Laned, wanted: tuple[str, str], transport: str, said: checks.SubjectFound, level: int, flag: int
) -> None:
    """The client may state anything: only that the document was compared is believed."""
    patrol = Viewer(laned.kit, laned.address, "pnc/patrol", STOP)
    request = checks.CheckPersonRequest(handle=_listed(patrol, wanted).handle, subject_found=said)
    request.context.CopyFrom(patrol.context)
    channel = laned.kit.channel(laned.both[transport], patrol.client)
    content = call(channel, "CheckService/CheckPerson", request.SerializeToString(), metadata=patrol.client.metadata)
    answer = checks.CheckPersonResponse.FromString(content)
    assert wanted[0] in {claim.cui for claim in answer.person.identity_claims}
    assert answer.answer.level == level
    assert laned.newest()[0].flags & (CHOSEN_BY_NAME | DOCUMENT_COMPARED) == flag


def test_a_handle_is_of_its_caller_alone(laned: Laned, wanted: tuple[str, str]) -> None:
    handle = _listed(Viewer(laned.kit, laned.address, "pnc/patrol", STOP), wanted).handle
    other = Viewer(laned.kit, laned.address, "pnc/patrol", STOP)
    for asked in (handle, handle[:-1] + ("A" if handle[-1] != "A" else "B"), handle[:-4], "x" * 48):
        with pytest.raises(grpc.RpcError) as caught:
            other(checks.CheckPersonRequest(handle=asked))
        assert Failure(caught.value).reason == "HANDLE_INVALID"


def test_a_handle_is_short_lived_and_stands_alone(small_nation: BuiltNation, wanted: tuple[str, str]) -> None:
    engine, now = small_nation.engine, _now()
    masked = Grant([(1 << 63) - 1] * 5, masks_lists=True)

    def asked(engine: Engine, request: object, at_ms: int) -> bytes:
        method = Method.SEARCH_PERSONS if isinstance(request, checks.SearchPersonsRequest) else Method.CHECK_PERSON
        return engine.answer(method, request.SerializeToString(), masked, at_ms)  # type: ignore[attr-defined]

    listed = checks.SearchPersonsResponse.FromString(
        asked(engine, checks.SearchPersonsRequest(names=wanted[1]), now)
    ).candidates[0]
    opened = checks.CheckPersonRequest(handle=listed.handle)
    assert asked(engine, opened, now + 15 * MINUTE)
    with pytest.raises(QuestionError) as late:
        asked(engine, opened, now + 17 * MINUTE)
    assert late.value.reason == error_pb2.ERROR_REASON_HANDLE_INVALID
    with pytest.raises(QuestionError) as beside:
        asked(engine, checks.CheckPersonRequest(handle=listed.handle, cui=wanted[0]), now)
    assert beside.value.reason == error_pb2.ERROR_REASON_QUESTION_AMBIGUOUS
    another_key = Engine(Generation.open(small_nation.generation_directory), bytes(16))
    with pytest.raises(QuestionError) as elsewhere:
        asked(another_key, opened, now)
    assert elsewhere.value.reason == error_pb2.ERROR_REASON_HANDLE_INVALID


def test_a_handle_ends_with_its_generation(laned: Laned, wanted: tuple[str, str]) -> None:
    patrol = Viewer(laned.kit, laned.address, "pnc/patrol", STOP)
    before = _listed(patrol, wanted).handle
    generation = laned.published.publish()
    until(lambda: patrol(checks.SearchPersonsRequest(names=wanted[1])).answer.generation_id == generation, 20)
    with pytest.raises(grpc.RpcError) as caught:
        patrol(checks.CheckPersonRequest(handle=before))
    assert Failure(caught.value).reason == "HANDLE_INVALID"
    assert patrol(checks.CheckPersonRequest(handle=_listed(patrol, wanted).handle)).person.name == wanted[1]
