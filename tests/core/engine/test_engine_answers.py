"""Answers of the engine by docs/answers.md, on a small generation; the property test against the oracle is wider."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.access.grant import Grant
from core.engine.entry import Engine
from core.errors import DossierDamaged
from core.generation.store import Generation
from ronda.v1 import alert_pb2, level_pb2, register_pb2, section_pb2
from ronda.v1 import check_service_pb2 as checks
from tests.core.engine.engine_kit import (
    CLEAN_CUI,
    CLOCK_MS,
    DEAD_CUI,
    DISCREET,
    DISCREET_CUI,
    UNKNOWN_CUI,
    WANTED_CUI,
    ask,
    build_engine,
    check_person,
    check_vehicle,
    hiding,
)

DAY_MS = 86_400_000
HIT, POSSIBLE, INCOMPLETE = level_pb2.LEVEL_HIT, level_pb2.LEVEL_POSSIBLE, level_pb2.LEVEL_INCOMPLETE
INSUFFICIENT, CLEAR = level_pb2.LEVEL_INSUFFICIENT, level_pb2.LEVEL_CLEAR


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("engine") / "generation"


@pytest.fixture(scope="module")
def engine(directory: Path) -> Iterator[Engine]:
    yield build_engine(directory)


def notes(answer: checks.Answer) -> list[str]:
    return [note.code for note in answer.notes]


class TestLevels:
    def test_a_pending_warrant_on_the_cui_asked_is_a_hit(self, engine: Engine) -> None:
        response = check_person(engine, cui="1587 56444 0904")
        assert response.answer.level == HIT
        (hit,) = response.answer.hits
        assert (hit.kind, hit.level) == (alert_pb2.ALERT_KIND_WARRANT, HIT)
        assert hit.record.record_id == "w0"
        assert hit.subject.subject_id == response.person.subject_id
        assert hit.source_state == register_pb2.REGISTER_STATE_FRESH

    def test_who_is_found_and_has_nothing_is_clear(self, engine: Engine) -> None:
        answer = check_person(engine, cui=CLEAN_CUI).answer
        assert (answer.level, answer.coverage) == (CLEAR, level_pb2.COVERAGE_COMPLETE)
        assert answer.identity_status == level_pb2.IDENTITY_STATUS_FOUND

    def test_a_cui_that_nobody_has_is_never_clear(self, engine: Engine) -> None:
        response = check_person(engine, cui=UNKNOWN_CUI)
        assert response.answer.level == POSSIBLE
        assert response.answer.identity_status == level_pb2.IDENTITY_STATUS_NOT_FOUND
        assert notes(response.answer) == ["DOCUMENT_NOT_ON_FILE"]
        assert not response.HasField("person")
        assert not response.suggestions

    def test_a_name_alone_is_never_clear_and_never_a_hit(self, engine: Engine) -> None:
        assert check_person(engine, name={"full": "Maria Choc"}).answer.level == INSUFFICIENT
        assert check_person(engine, name={"full": "Juan Carlos Perez Lopez"}).answer.level == POSSIBLE

    def test_two_words_of_a_wanted_name_tell_too_little(self, engine: Engine) -> None:
        response = check_person(engine, name={"full": "Juan Perez"})
        assert (response.answer.level, notes(response.answer)) == (INSUFFICIENT, ["SIMILAR_NAME_ALERT"])
        assert response.answer.notes[0].text == "hay 1 persona con alerta de nombre parecido: pida el DPI"
        assert [(c.weak, c.level, c.alerts) for c in response.candidates] == [(True, INSUFFICIENT, 1)]

    def test_whole_name_and_birth_date_that_fit_one_person_are_certain(self, engine: Engine) -> None:
        response = check_person(
            engine, name={"full": "Juan Carlos Perez Lopez"}, birth_date={"year": 1980, "month": 5, "day": 17}
        )
        assert response.answer.level == HIT

    def test_names_that_contradict_a_cui_lower_the_hit(self, engine: Engine) -> None:
        answer = check_person(engine, cui=WANTED_CUI, name={"full": "Rigoberto Ajanel"}).answer
        assert answer.level == POSSIBLE
        assert answer.identity_status == level_pb2.IDENTITY_STATUS_CONFLICT
        assert level_pb2.CAUTION_FLAG_IDENTIFIERS_DISAGREE in answer.cautions

    def test_two_namesakes_are_candidates(self, engine: Engine) -> None:
        response = check_person(engine, name={"full": "Ana Lucia Tzul"})
        assert not response.HasField("person")
        assert [(c.name, c.level) for c in response.candidates] == [("ANA LUCIA TZUL QUEJ", INSUFFICIENT)] * 2
        assert response.candidates_total == 2


class TestClock:
    def test_an_alert_ends_with_its_last_day(self, engine: Engine) -> None:
        assert len(check_person(engine, cui=DEAD_CUI).answer.hits) == 1
        later = check_person(engine, cui=DEAD_CUI, clock_ms=CLOCK_MS + 3 * DAY_MS)
        assert not later.answer.hits
        assert [hit.notes[0].code for hit in later.person.closed_alerts] == ["CLOSED_EXPIRED"]
        assert later.answer.level == POSSIBLE, "the document of a dead person"

    def test_a_stale_alert_register_makes_clear_incomplete_and_back(self, engine: Engine) -> None:
        assert check_person(engine, cui=CLEAN_CUI, clock_ms=CLOCK_MS + 2 * DAY_MS).answer.level == INCOMPLETE
        assert check_person(engine, cui=CLEAN_CUI).answer.level == CLEAR, "states are not kept beyond their time"

    def test_age_is_of_the_day_asked(self, engine: Engine) -> None:
        assert check_person(engine, cui=CLEAN_CUI).person.age == 33
        assert check_person(engine, cui=CLEAN_CUI, clock_ms=CLOCK_MS + 365 * DAY_MS).person.age == 34


class TestMasks:
    def test_a_discreet_alert_leaves_no_trace(self, engine: Engine) -> None:
        seen = check_person(engine, cui=DISCREET_CUI)
        assert seen.answer.level == HIT
        hidden = check_person(engine, hiding(section_pb2.SECTION_DISCREET_ALERT, DISCREET), cui=DISCREET_CUI)
        assert (hidden.answer.level, hidden.answer.hits_total) == (CLEAR, 0)
        assert [t.section for t in hidden.person.totals] == [section_pb2.SECTION_IDENTITY]

    def test_hidden_warrants_make_the_register_withheld_never_clear(self, engine: Engine) -> None:
        response = check_person(engine, hiding(section_pb2.SECTION_IDENTITY), cui=CLEAN_CUI)
        states = {r.register_id: r.state for r in response.answer.registers}
        assert states["renap"] == register_pb2.REGISTER_STATE_WITHHELD
        assert response.answer.level == INCOMPLETE
        assert response.answer.identity_status == level_pb2.IDENTITY_STATUS_UNVERIFIED

    def test_sections_named_cut_what_is_shown_and_no_level(self, engine: Engine) -> None:
        context = {"sections": [section_pb2.SECTION_FINE]}
        response = check_person(engine, cui=WANTED_CUI, context=context)
        assert response.answer.level == HIT
        assert not response.person.identity_claims
        assert [(t.section, t.total, t.shown) for t in response.person.totals] == [(1, 1, 0), (5, 1, 0)]

    def test_nothing_shown_means_nothing_found(self, engine: Engine) -> None:
        response = check_person(engine, Grant([0] * 5), cui=WANTED_CUI)
        assert not response.HasField("person")
        assert response.answer.hits_total == 0


class TestVehicles:
    def test_the_owner_of_a_clean_car_is_the_hit(self, engine: Engine) -> None:
        response = check_vehicle(engine, plate="p123bcd")
        assert (response.vehicle.vehicle_level, response.vehicle.owner_level, response.answer.level) == (
            CLEAR,
            HIT,
            HIT,
        )
        (owner,) = response.vehicle.owners
        assert owner.person.warrants
        assert response.answer.hits[0].subject.kind == alert_pb2.HIT_SUBJECT_KIND_OWNER
        assert response.vehicle.bears_asked_plate

    def test_a_former_bearer_is_a_candidate_and_a_caution(self, engine: Engine) -> None:
        response = check_vehicle(engine, plate="P-123BCD")
        assert response.candidates_total == 1
        assert level_pb2.CAUTION_FLAG_REISSUED_PLATE in response.answer.cautions

    def test_what_is_seen_is_compared(self, engine: Engine) -> None:
        response = check_vehicle(engine, plate="P-777XYZ", make="Toyota", colour="azul")
        agreements = {c.criterion: c.agreement for c in response.answer.comparisons}
        assert agreements[level_pb2.CRITERION_MAKE] == level_pb2.AGREEMENT_AGREES
        assert level_pb2.CAUTION_FLAG_MISMATCH in response.answer.cautions
        assert response.vehicle.vehicle_level == CLEAR

    def test_a_plate_without_type_is_not_certain(self, engine: Engine) -> None:
        assert check_vehicle(engine, plate="777XYZ").answer.level == INSUFFICIENT

    def test_a_misread_plate_is_suggested_when_it_is_on_file(self, engine: Engine) -> None:
        response = check_vehicle(engine, plate="P-777XVZ")
        assert response.answer.level == POSSIBLE
        assert "P-777XYZ" in response.suggestions


def test_one_box_finds_by_what_the_text_is(engine: Engine) -> None:
    for query, found in ((WANTED_CUI, "person"), ("P-123BCD", "vehicle"), ("maria choc caal", "person")):
        response = ask(engine, "Check", checks.CheckRequest(query=query), checks.CheckResponse)
        assert response.WhichOneof("subject") == found
        assert response.detected[0].found


def test_who_is_there_for_an_alert_alone_does_not_put_the_name_on_file(engine: Engine) -> None:
    """One surname of two is another: he is a weak candidate for his warrant's sake."""
    request = checks.CheckRequest(query="Juan Carlos Mejia Lopez")
    response = ask(engine, "Check", request, checks.CheckResponse)
    assert [(c.weak, c.alerts) for c in response.candidates] == [(True, 1)]
    assert (response.answer.level, notes(response.answer)) == (INSUFFICIENT, ["NAME_NOT_ON_FILE", "SIMILAR_NAME_ALERT"])
    assert [(d.kind, d.found) for d in response.detected] == [(checks.IDENTIFIER_KIND_NAME, False)]
    assert [c.agreement for c in response.answer.comparisons] == [level_pb2.AGREEMENT_UNKNOWN]
    typed = check_person(engine, name={"full": "Juan Carlos Mejia Lopez"}).answer
    assert (typed.level, notes(typed)) == (INSUFFICIENT, ["NAME_NOT_ON_FILE", "SIMILAR_NAME_ALERT"])


def test_a_damaged_dossier_is_told_and_nobody_else_is_shown(directory: Path, engine: Engine, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(directory, copy)
    content = bytearray((copy / "dossiers.bin").read_bytes())
    place = content.index(b"JUAN CARLOS")
    content[place] ^= 1
    (copy / "dossiers.bin").write_bytes(content)
    damaged = Engine(Generation.open(copy))
    with pytest.raises(DossierDamaged) as error:
        check_person(damaged, cui=WANTED_CUI)
    assert WANTED_CUI not in str(error.value)
    assert check_person(damaged, cui=CLEAN_CUI).answer.level == CLEAR


def test_answers_have_their_own_ids_from_every_thread(engine: Engine) -> None:
    request = checks.CheckPersonRequest(cui=WANTED_CUI)
    ids: list[str] = []

    def work() -> None:
        for _ in range(200):
            ids.append(ask(engine, "CheckPerson", request, checks.CheckPersonResponse).answer.answer_id)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(ids)) == 800
    assert all(one[14] == "7" and one[19] in "89ab" for one in ids)
