"""Every question of the client, blocking and asyncio, to a real server with mTLS, tokens and its audit log."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace

import pytest

from clients.client.asking import Why
from clients.client.asynchronous import AsyncRonda
from clients.client.blocking import Ronda
from clients.client.clearance import Row
from clients.client.failures import CallFailure, NotAllowed, NotSignedIn, QuestionRefused
from clients.client.identity import Identity, NoToken, Token
from core.audit.reader import Flag
from ronda.v1 import check_service_pb2 as contract
from ronda.v1.clearance_service_pb2 import (
    CLEARANCE_RESULT_INVALID,
    CLEARANCE_RESULT_NO_RECORD,
    CLEARANCE_RESULT_WITH_RECORD,
)
from ronda.v1.level_pb2 import LEVEL_HIT, LEVEL_POSSIBLE
from tests.client.enrolled import Enrolled
from tests.server.requests import CUI, CUI_WRONG_DIGIT
from tests.trust.conftest import TrustedServer

WANTED_PLATE = "P-323ZZB"
WANTED = "8750313310502"


@pytest.fixture
def ronda(trusted: TrustedServer, patrol: Identity) -> Iterator[Ronda]:
    with Ronda(trusted.address, patrol, why="TRAFFIC_STOP") as client:
        yield client


DESK = Why("INVESTIGATION", case_number="MP001-2026-1")


def test_every_question(trusted: TrustedServer) -> None:
    with Ronda(trusted.address, Enrolled(trusted, "desk-1", "investigator").identity, why=DESK) as ronda:
        ask_all(ronda)
    assert trusted.newest()[0].identity["nip"]


def ask_all(ronda: Ronda) -> None:
    found = ronda.check(WANTED)
    assert found.answer.level == LEVEL_HIT
    assert {kind.kind for kind in found.detected} == {contract.IDENTIFIER_KIND_CUI}
    assert ronda.check_person(cui=WANTED, birth_date="1990").answer.answer_id
    assert ronda.check_person(cui=WANTED, subject_found="CHOSEN_BY_NAME").answer.level == LEVEL_POSSIBLE
    assert ronda.check_person(cui=WANTED, subject_found="DOCUMENT_COMPARED").answer.level == LEVEL_HIT
    vehicle = ronda.check_vehicle(plate=WANTED_PLATE).vehicle
    assert vehicle.subject_id
    assert ronda.search_persons("zachrisson", page_size=2).candidates_total
    assert ronda.search_vehicles(plate_pattern="P-3*").candidates_total
    assert ronda.records(found.person.subject_id, "WARRANT").total
    assert ronda.registers().registers
    assert ronda.generation().generation_id == found.answer.generation_id


def test_every_question_awaited(trusted: TrustedServer) -> None:
    desk = Enrolled(trusted, "desk-2", "investigator").identity

    async def ask() -> None:
        async with AsyncRonda(trusted.address, desk, why=DESK) as ronda:
            one, two = await asyncio.gather(ronda.check(WANTED), ronda.check_vehicle(plate=WANTED_PLATE))
            assert one.answer.level == two.answer.level == LEVEL_HIT
            assert (await ronda.check_person(name="Ramiro Zachrisson")).answer.answer_id
            assert (await ronda.search_persons("zachrisson")).candidates_total
            assert (await ronda.search_vehicles(plate_pattern="P-3*")).candidates_total
            assert (await ronda.records(one.person.subject_id, "WARRANT")).total
            assert (await ronda.registers()).registers
            assert (await ronda.generation()).generation_id
            with pytest.raises(QuestionRefused):
                await ronda.check("")

    asyncio.run(ask())


def test_what_breaks_a_rule_names_the_field(ronda: Ronda) -> None:
    with pytest.raises(QuestionRefused) as refused:
        ronda.check_person(cui="123")
    assert refused.value.reason == "FIELD_INVALID"
    assert not refused.value.retryable
    assert [violation.field for violation in refused.value.violations] == ["cui"]


@pytest.mark.parametrize(
    ("field", "value"),
    [("model_year", "dos mil"), ("plate", 7), ("colour", b"\xff"), ("plait", "P-123BCD"), ("model_year", -1 << 40)],
)
def test_what_no_field_takes_is_named_before_it_is_sent(ronda: Ronda, field: str, value: object) -> None:
    with pytest.raises(QuestionRefused) as refused:
        ronda.check_vehicle(**{field: value})  # type: ignore[arg-type]
    assert [violation.field for violation in refused.value.violations] == [field]


def test_a_purpose_that_is_none_or_not_permitted(ronda: Ronda) -> None:
    with pytest.raises(QuestionRefused):
        ronda.check(CUI, why="SIGHTSEEING")
    with pytest.raises(NotAllowed) as refused:
        ronda.check(CUI, why="AUDIT")
    assert refused.value.reason == "FORBIDDEN"


def test_a_kept_question_counts_once(ronda: Ronda, trusted: TrustedServer) -> None:
    request = contract.CheckRequest(context=Why("TRAFFIC_STOP").frame(), query=CUI)
    first, again = ronda.ask(request), ronda.ask(request)
    assert first.answer.answer_id != again.answer.answer_id
    newest = trusted.newest(2)
    assert [bool(record.flags & Flag.RETRY) for record in newest] == [True, False]


def test_a_token_is_fetched_before_it_expires_and_when_it_is_refused(trusted: TrustedServer) -> None:
    device, asked = Enrolled(trusted, "patrol-7"), []

    def fetch() -> Token:
        asked.append(1)
        if len(asked) == 1:  # the device's clock is a day behind: it thinks that this one lasts
            return Token(device.token_at(1_700_000_000), 1e11)
        return Token(device.token(), 1.0 if len(asked) == 2 else 1e11)

    with Ronda(trusted.address, replace(device.identity, token=fetch), why="TRAFFIC_STOP") as ronda:
        assert ronda.check(CUI).answer.answer_id
        assert len(asked) == 3, "the refused one was renewed, and one that has run out by our own clock is not shown"
        assert ronda.check(CUI).answer.answer_id
        assert len(asked) == 3


def test_a_token_that_expires_in_use_is_fetched_awaited(trusted: TrustedServer) -> None:
    device = Enrolled(trusted, "patrol-6")
    tokens = iter([device.token_at(1_700_000_000), device.token()])

    async def ask() -> None:
        identity = replace(device.identity, token=lambda: Token(next(tokens), 1e11))
        async with AsyncRonda(trusted.address, identity, why="TRAFFIC_STOP") as ronda:
            assert (await ronda.check(CUI)).answer.answer_id

    asyncio.run(ask())


def test_a_token_in_a_file_is_read_when_it_changed(trusted: TrustedServer) -> None:
    device = Enrolled(trusted, "patrol-8")
    device.write(device.token_at(4_000_000_000))
    with Ronda(trusted.address, device.identity, why="TRAFFIC_STOP") as ronda:
        with pytest.raises(NotSignedIn) as refused:
            ronda.check(CUI)
        assert refused.value.reason == "TOKEN_NOT_YET_VALID"
        device.write(device.token())
        assert ronda.check(CUI).answer.answer_id


def test_a_token_of_another_device_is_told(trusted: TrustedServer, patrol: Identity) -> None:
    stolen = replace(Enrolled(trusted, "patrol-9").identity, token=patrol.token)
    with Ronda(trusted.address, stolen, why="TRAFFIC_STOP") as ronda, pytest.raises(NotSignedIn) as refused:
        ronda.check(CUI)
    assert refused.value.reason == "TOKEN_NOT_BOUND"


def test_a_token_that_is_not_there_is_told_by_its_file(trusted: TrustedServer, patrol: Identity) -> None:
    missing = replace(patrol, token=trusted.kit.directory / "no.token")
    with Ronda(trusted.address, missing, why="TRAFFIC_STOP") as ronda, pytest.raises(NoToken, match=r"no\.token"):
        ronda.check(CUI)


@pytest.fixture
def clerk(trusted: TrustedServer) -> Identity:
    """Yields an asker who may clear."""
    return Enrolled(trusted, "clerk-1", "clearance", "digecam").identity


def test_rows_are_cleared_in_their_order(trusted: TrustedServer, clerk: Identity) -> None:
    rows = [Row(cui=WANTED), Row(cui=CUI_WRONG_DIGIT), Row(name="Nadie Ninguno Nunca", birth_date="1990-02-03")]
    wanted = [rows[number % 3] for number in range(5_500)]
    with Ronda(trusted.address, clerk, why="CLEARANCE") as ronda:
        results = list(ronda.clear(iter(wanted), "WANTED", channels=3, window=4))
    assert [one.row for one in results] == wanted
    assert len({one.generation_id for one in results}) == 1
    assert len({one.answer_id for one in results}) == 6
    assert [one.result for one in results[:3]] == [
        CLEARANCE_RESULT_WITH_RECORD,
        CLEARANCE_RESULT_INVALID,
        CLEARANCE_RESULT_NO_RECORD,
    ]
    assert results[0].references
    assert results[1].error is not None
    assert results[1].error.field == "cuis"


def test_rows_are_cleared_awaited(trusted: TrustedServer, clerk: Identity) -> None:
    async def clear() -> list[int]:
        async with AsyncRonda(trusted.address, clerk, why="CLEARANCE") as ronda:
            return [one.result async for one in ronda.clear([WANTED] * 1_001, "WANTED")]

    assert asyncio.run(clear()) == [CLEARANCE_RESULT_WITH_RECORD] * 1_001


def test_no_rows_ask_nothing_and_a_standard_that_is_none_is_told(trusted: TrustedServer, clerk: Identity) -> None:
    with Ronda(trusted.address, clerk, why="CLEARANCE") as ronda:
        assert list(ronda.clear([], "WANTED")) == []
        with pytest.raises(QuestionRefused):
            list(ronda.clear([WANTED], "GOOD_CONDUCT"))
        with pytest.raises(QuestionRefused, match="row 1"):
            list(ronda.clear([WANTED, Row(name="A B", birth_date="1990")], "WANTED"))
        with pytest.raises(CallFailure) as gone:
            list(ronda.clear([WANTED], "WANTED", generation_id="20200101T000000Z-00000000"))
        assert gone.value.reason == "GENERATION_GONE"
